/* A whole run: a thread for each lane, watched by the caller's thread until all are over.
 *
 *   loadtest_run_create(&run, &plan, ports, port_count);
 *   loadtest_run_go(run, &watch);
 *   outcome = loadtest_run_outcome(run);
 *   loadtest_run_destroy(run); */
#ifndef SCHEDULER_LOADTEST_RUN_H
#define SCHEDULER_LOADTEST_RUN_H

#include "scheduler/loadtest/lane.h"

struct loadtest_run;

/* All lanes together; a field that is in loadtest_lane_result means the same here. */
struct loadtest_outcome {
    struct loadtest_tally *tally;
    struct jtp_client_stats stats;
    struct port_counters port;
    uint64_t window_ns; /* the longest of the lanes' */
    uint64_t cpu_ns; /* the sum */
    uint64_t longest_turn_ns, stray;
    uint32_t real_time_threads; /* at the end */
    bool is_silent, is_interrupted;
};

struct loadtest_watch {
    void *user;
    /* Every second, in the caller's thread; NULL: nobody looks. */
    void (*tick)(void *user, uint64_t elapsed_ns, const struct loadtest_lane_progress *progress);
};

/* One lane for each port, on its queue 0. Takes all memory. 0 or a negative errno, as lane_create.
 */
int loadtest_run_create(struct loadtest_run **run, const struct loadtest_plan *plan,
                        struct port *const *ports, uint32_t port_count);
void loadtest_run_destroy(struct loadtest_run *run); /* accepts NULL */

/* Returns once all lanes are over. SIGINT and SIGTERM end the run early: the threads block them,
 * the caller's takes them; after one, their handlers are gone, so that a second ends the process.
 * 0, or -EAGAIN: a thread could not be started, and nothing was sent by the others. */
int loadtest_run_go(struct loadtest_run *run, const struct loadtest_watch *watch);

const struct loadtest_outcome *loadtest_run_outcome(const struct loadtest_run *run);

/* The samples of a lane, for verifying. */
const struct loadtest_sample *loadtest_run_samples(const struct loadtest_run *run, uint32_t lane,
                                                   uint32_t *count);

/* The records of a lane; NULL: there is no such lane. */
const struct loadtest_records *loadtest_run_records(const struct loadtest_run *run, uint32_t lane);

#endif
