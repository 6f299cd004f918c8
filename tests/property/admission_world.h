/* A server in virtual time whose phones come at random and want answers by a deadline: the
 * dispatcher decides, workers compute AlexNet as `joint bench` measured it on one thread. */
#ifndef TESTS_PROPERTY_ADMISSION_WORLD_H
#define TESTS_PROPERTY_ADMISSION_WORLD_H

#include "scheduler/dispatch/dispatch.h"
#include "tests/unit/shm_random.h"

enum {
    ADMISSION_CUTS = 6,
    ADMISSION_BATCH = 8,
    ADMISSION_SLOTS = 4096,
    ADMISSION_WORKERS = 4,
    ADMISSION_CLASSES = 4,
    ADMISSION_SOURCES = 16,
    ADMISSION_RUNS = 4,
};

#define ADMISSION_MS 1e6

/* Phones of one kind: random arrivals, all their cuts alike often. */
struct admission_source {
    uint8_t class_index;
    uint64_t client; /* the first's number */
    uint32_t client_count;
    double load; /* of what full batches of these requests could be served, by all workers */
    double deadline_times; /* of the unloaded time; 0: none */
    uint32_t cut_count, cuts[ADMISSION_CUTS];
};

/* What became of the requests of a class, or of a client (below a bound of clients). */
struct admission_tally {
    uint64_t offered, over_credit, late_verdict, full, ceiling, admitted;
    uint64_t granted, sent_in_vain; /* of those that were asked before: and was refused after all */
    uint64_t in_time, late, dropped;
};

/* One that ended, in the order of the ends. */
struct admission_end {
    uint64_t arrived_ns, started_ns, ended_ns;
    uint64_t page_wait_ns, promised_wait_ns;
    uint16_t from;
    uint8_t class_index;
    bool is_answered, is_in_time;
};

struct admission_row {
    uint32_t slot;
    uint16_t row, from, to;
};

struct admission_run {
    uint32_t number, row_count, at, segment_end;
    uint16_t to;
    uint8_t urgency;
    bool is_begun;
    bool is_held; /* its segment stands still while a more urgent one runs inside of it */
    uint64_t spent_ns, left_ns; /* of a segment that was held */
    uint64_t stops, compute_ns;
    double speed;
    struct admission_row rows[DISPATCH_MAX_BATCH];
};

struct admission_worker {
    uint32_t run_count, current; /* current: the one that computes, or run_count */
    struct admission_run runs[ADMISSION_RUNS];
    uint64_t segment_began_ns, segment_ends_ns;
};

struct admission_request {
    bool is_in, is_started;
    struct dispatch_request facts;
    uint64_t started_ns;
    uint64_t page_wait_ns; /* of its class, just before it came */
    uint64_t promised_wait_ns; /* of itself, when it was let in */
    uint32_t rows_left;
};

/* A tensor that is on its way, in a ring by when it arrives. */
struct admission_coming {
    struct dispatch_request facts;
    uint64_t page_wait_ns;
};

struct admission_world {
    struct dispatch *dispatch;
    struct shm_random random;
    uint32_t worker_count;
    bool uses_credits; /* asks dispatch_admits() before it submits */
    double noise; /* of what a dispatch takes: 0.1 for a tenth to both sides */
    double slowness; /* what it takes over what the dispatcher was told; 1 */
    uint64_t transfer_ns; /* of a tensor; 0: none, and nobody asks before it comes */
    bool is_transfer_known; /* to the dispatcher; true */
    struct admission_coming coming[ADMISSION_SLOTS];
    uint32_t coming_first, coming_count;
    uint64_t now_ns;
    struct admission_source sources[ADMISSION_SOURCES];
    uint64_t next_ns[ADMISSION_SOURCES];
    uint32_t source_count;
    struct admission_worker workers[ADMISSION_WORKERS];
    struct admission_request requests[ADMISSION_SLOTS];
    uint32_t free_slots[ADMISSION_SLOTS], free_count;
    struct admission_tally classes[ADMISSION_CLASSES];
    struct admission_tally *clients; /* [client_bound] */
    uint32_t client_bound;
    struct admission_end *ends; /* [end_bound] */
    uint32_t end_count, end_bound;
    uint64_t open_most; /* most requests that were in at once */
    uint64_t runs, rows;
};

/* The configuration with the sizes set; classes and the rest are the caller's to change. */
struct dispatch_config admission_config(uint32_t workers, const struct dispatch_class *classes,
                                        uint32_t class_count);
int admission_world_init(struct admission_world *world, const struct dispatch_config *config,
                         uint32_t client_bound, uint32_t end_bound);
void admission_world_fini(struct admission_world *world);
/* From now on; sources may be changed while it runs. */
void admission_world_offer(struct admission_world *world, uint32_t source,
                           const struct admission_source *what);
/* Until that time. */
void admission_world_run(struct admission_world *world, uint64_t until_ns);
/* Forgets what was counted. */
void admission_world_clear(struct admission_world *world);

/* Unloaded time of a request from that cut, in nanoseconds. */
double admission_alone_ns(uint32_t cut);

#endif
