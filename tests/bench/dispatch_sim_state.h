/* What a simulated server knows; for dispatch_sim*.c alone. */
#ifndef TESTS_BENCH_DISPATCH_SIM_STATE_H
#define TESTS_BENCH_DISPATCH_SIM_STATE_H

#include "tests/bench/dispatch_sim.h"
#include "tests/unit/shm_random.h"

enum {
    SIM_SLOTS = 4096,
    SIM_PATHS = 8,
};

struct sim_row {
    struct dispatch_row said;
    uint16_t from, to;
    bool is_active;
};

/* A dispatch in a worker's hands. */
struct sim_path {
    struct dispatch_action said;
    uint32_t at;
    uint32_t row_count, kept_rows;
    bool has_news; /* somebody enters */
    uint64_t compute_ns;
    struct sim_row rows[DISPATCH_MAX_BATCH];
};

/* A part of a path. */
struct sim_part {
    bool is_there;
    uint32_t number, end; /* of its dispatch, and the cut where it ends */
    uint32_t rows;
    uint64_t spent_ns; /* before it was put off */
    uint64_t began_ns, ends_ns; /* of the rest */
};

struct sim_worker {
    uint32_t path_count;
    struct sim_path paths[SIM_PATHS]; /* in the order given */
    struct sim_part part; /* that runs */
    struct sim_part held; /* that stands still meanwhile */
    uint32_t last_number;
};

struct sim {
    struct sim_config config;
    struct sim_result *result;
    struct dispatch *dispatch;
    struct shm_random random;
    uint64_t now_ns, next_ns[SIM_MOST_STREAMS]; /* the next arrival */
    uint32_t offered;
    struct sim_worker workers[SIM_MOST_WORKERS];
    struct dispatch_request requests[SIM_SLOTS];
    uint32_t stream_of[SIM_SLOTS];
    uint32_t free_slots[SIM_SLOTS], free_count;
    double *slowdowns[SIM_MOST_STREAMS];
};

double sim_unit(struct sim *sim); /* over 0, up to 1 */
void sim_answer(struct sim *sim, uint32_t slot);

/* dispatch_sim_worker.c */
void sim_worker_take(struct sim *sim, const struct dispatch_action *action);
/* Its part is over, if it is: it says so and begins the next. */
void sim_worker_work(struct sim *sim, uint32_t worker);

#endif
