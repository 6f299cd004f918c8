/* A server in virtual time around a dispatcher: phones that submit and cancel, workers that
 * compute, miss rows, answer late, hang and die, models that come and go. Its own books say what
 * must hold, whatever the rules of choice; beside it the reference says what must be chosen. */
#ifndef TESTS_PROPERTY_DISPATCH_WORLD_H
#define TESTS_PROPERTY_DISPATCH_WORLD_H

#include "tests/property/dispatch_reference.h"
#include "tests/unit/shm_random.h"

enum {
    WORLD_CUTS = 6,
    WORLD_WORKER_RUNS = 4,
    WORLD_DEATHS = 3, /* a request that saw so many is given up */
};

/* What became of a request. */
enum world_end {
    WORLD_DONE,
    WORLD_DROPPED,
    WORLD_CANCELLED,
    WORLD_GIVEN_UP,
    WORLD_ENDS,
};

struct world_request {
    bool is_in; /* accepted, and not ended */
    bool is_alone, is_cancelled;
    struct dispatch_request facts;
    uint64_t done, running; /* rows */
    uint32_t worker; /* whose hands it is in; UINT32_MAX */
    uint32_t deaths;
};

struct world_run {
    bool is_closed;
    struct dispatch_action action;
    uint64_t answered, ran; /* rows */
};

struct world_worker {
    bool is_up, is_hung;
    bool has_model[REFERENCE_MODELS];
    uint32_t run_count;
    struct world_run runs[WORLD_WORKER_RUNS]; /* in the order given */
    uint64_t began_ns, ends_ns; /* of the first that it has not computed */
    uint32_t speed_percent;
};

struct world {
    struct dispatch *dispatch;
    struct reference reference;
    struct shm_random random;
    struct dispatch_config config;
    uint64_t now_ns;
    bool has_faults; /* workers miss, hang, die; models come and go */
    struct world_worker workers[REFERENCE_WORKERS];
    struct world_request requests[REFERENCE_REQUESTS];
    uint64_t submitted_count, run_count, row_count, ended_counts[WORLD_ENDS];
    const char *wrong; /* the first thing that does not hold; NULL */
};

/* 0, or -ENOMEM. All follows from the seed. */
int world_init(struct world *world, uint64_t seed);
void world_fini(struct world *world);

/* Something happens, then the dispatcher has its turn; time may pass. */
void world_step(struct world *world);
/* No more comes and nothing breaks: all that is in must end. */
void world_drain(struct world *world);

/* Notes it if it is the first. */
void world_expect(struct world *world, bool holds, const char *what);

/* For the two sources. */
bool world_chance(struct world *world, uint32_t percent);
bool world_is_over(const struct world *world);
void world_turn(struct world *world);
void world_row_done(struct world *world, uint32_t worker, struct world_run *run, uint32_t row,
                    bool was_run);
void world_kill(struct world *world, uint32_t worker);
void world_raise(struct world *world, uint32_t worker);
void world_work(struct world *world, uint32_t worker);
void world_end(struct world *world, uint32_t slot, enum world_end end);

#endif
