/* What a run does, the same for all its threads, which only read it. */
#ifndef SCHEDULER_LOADTEST_PLAN_H
#define SCHEDULER_LOADTEST_PLAN_H

#include "dataplane/proto/client.h"
#include "scheduler/loadtest/costs.h"
#include "scheduler/loadtest/messages.h"
#include "scheduler/loadtest/schedule.h"

struct loadtest_plan {
    struct jtp_address server;
    const struct loadtest_model *model;
    const struct loadtest_mix *mix;
    const struct loadtest_messages *messages;
    const struct loadtest_schedule *schedule; /* the open loop's; NULL: closed */
    uint32_t closed_count; /* requests in flight in a closed loop, of all threads */
    uint32_t client_count; /* phones, of all threads */
    uint32_t requests_per_client; /* that a phone may have open; default: 4 */
    uint32_t packets_per_client; /* that a phone may have in flight; default: 128 */
    uint64_t warmup_ns; /* before what counts; default: 1 s */
    uint64_t duration_ns; /* of what counts */
    uint64_t deadline_ns; /* of each request; 0: none, and 10 s until a phone gives up */
    const uint64_t *deadlines_ns; /* by entry of the mix; NULL, the default: deadline_ns for all */
    uint64_t first_client; /* what the first phone calls itself, the others count on; default: 1 */
    uint64_t late_send_ns; /* sent so much after its time is not on schedule; default: 1 ms */
    uint64_t silence_ns; /* a server that answers nothing for so long is gone; default: 3 s */
    uint64_t seed; /* default: 1 */
    uint8_t class_index; /* default: 0 */
    /* Phones choose their splits by these; mix is then every cut before the last. NULL, the
     * default: cuts are drawn from the mix. */
    const struct loadtest_costs *costs;
    uint32_t sample_count; /* answers that are kept for comparison; default: 0 */
    bool has_records; /* keeps one of each request that counts; default: no */
};

/* The defaults; what has none is zero. */
struct loadtest_plan loadtest_plan_default(void);

/* Of a request of that entry of the mix; 0: none. */
static inline uint64_t loadtest_plan_deadline_ns(const struct loadtest_plan *plan, uint32_t entry)
{
    return plan->deadlines_ns ? plan->deadlines_ns[entry] : plan->deadline_ns;
}

/* The configuration of each phone, but for its seed and number. */
void loadtest_plan_client_config(const struct loadtest_plan *plan,
                                 struct jtp_client_config *config);

/* Memory that each phone takes, its part of the tables included; the tensors are shared by all. */
size_t loadtest_plan_bytes_per_client(const struct loadtest_plan *plan);

#endif
