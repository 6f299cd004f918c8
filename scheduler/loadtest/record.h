/* One request that counted, as the generator saw it: kept where a report looks closer than at
 * totals. */
#ifndef SCHEDULER_LOADTEST_RECORD_H
#define SCHEDULER_LOADTEST_RECORD_H

#include "scheduler/loadtest/tally.h"

#define LOADTEST_UNTOLD UINT32_MAX

struct loadtest_record {
    uint64_t due_ns; /* from the beginning of what counts */
    uint64_t latency_ns; /* from then to its end, whatever that was */
    uint32_t phone; /* from 0, over all lanes */
    uint32_t queue_us, compute_us; /* of answers, as told */
    uint32_t told_wait_us; /* the last load that any reply told before it left; LOADTEST_UNTOLD */
    uint32_t told_age_us; /* how old that was */
    uint16_t entry; /* of the mix */
    uint16_t batch; /* of answers */
    uint8_t end; /* enum loadtest_end */
    uint8_t reason; /* of rejects */
    bool is_admitted; /* by what the generator can know: see loadtest_tally.dropped */
};

/* Of one lane, in the order in which they ended. */
struct loadtest_records {
    struct loadtest_record *items;
    uint32_t count, capacity;
    uint64_t missing; /* for want of room */
};

#endif
