/* One thread's share of the phones, on one queue of one port.
 *
 *   struct loadtest_lane *lane;
 *   loadtest_lane_create(&lane, &plan, port, 0, index, lane_count);
 *   loadtest_lane_begin(lane, loadtest_clock_ns());
 *   while (loadtest_lane_turn(lane))
 *       ;
 *   loadtest_lane_result(lane, &result);
 *   loadtest_lane_destroy(lane);
 *
 * Phone number p belongs to lane p % lane_count. All calls but progress and stop are from the
 * thread that uses the queue. The port is the caller's: the kernel's, DPDK's or a test's. No server
 * is asked here whether it is there: loadtest_probe() does that, before. */
#ifndef SCHEDULER_LOADTEST_LANE_H
#define SCHEDULER_LOADTEST_LANE_H

#include "dataplane/port/port.h"
#include "scheduler/loadtest/plan.h"
#include "scheduler/loadtest/record.h"
#include "scheduler/loadtest/tally.h"

struct loadtest_lane;

/* An answer that was kept, to be compared with a local run. */
struct loadtest_sample {
    uint16_t entry, tensor; /* of the mix, of its messages */
    bool is_taken; /* by a request under way */
    bool is_kept; /* answer is there */
    uint8_t *answer; /* plan.model->answer_bytes */
};

struct loadtest_lane_result {
    const struct loadtest_tally *tally; /* the lane's own */
    const struct loadtest_sample *samples;
    uint32_t sample_count;
    const struct loadtest_records *records;
    struct jtp_client_stats stats; /* summed over the phones, of the whole run */
    struct port_counters port;
    uint64_t window_ns; /* the time that counts, as it was */
    uint64_t cpu_ns; /* of the thread in that time */
    uint64_t longest_turn_ns; /* in that time: how long nothing was looked at */
    uint64_t stray; /* datagrams that were for none of the phones */
    bool is_silent; /* ended by the server's silence */
    bool is_interrupted;
};

/* Read by any thread while the lane runs. */
struct loadtest_lane_progress {
    uint64_t offered, answered, rejected, late, open; /* warm-up included */
};

/* Takes all its memory. 0, -ENOMEM or -EINVAL: more in flight than its phones may have open. */
int loadtest_lane_create(struct loadtest_lane **lane, const struct loadtest_plan *plan,
                         struct port *port, uint32_t queue, uint32_t index, uint32_t lane_count);
void loadtest_lane_destroy(struct loadtest_lane *lane); /* accepts NULL */

void loadtest_lane_begin(struct loadtest_lane *lane, uint64_t start_ns);

/* Receives, lets time pass, offers and sends; sleeps in port_wait() where there is nothing to do,
 * for 50 ms at most. False: the run is over. */
bool loadtest_lane_turn(struct loadtest_lane *lane);

/* Any thread: no new requests, those open are cancelled; the lane is over soon after. */
void loadtest_lane_stop(struct loadtest_lane *lane);

void loadtest_lane_progress(const struct loadtest_lane *lane,
                            struct loadtest_lane_progress *progress);

/* Once it is over. */
void loadtest_lane_result(const struct loadtest_lane *lane, struct loadtest_lane_result *result);

#endif
