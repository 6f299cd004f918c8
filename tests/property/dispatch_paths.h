/* A server in virtual time around a dispatcher that lets requests join across cuts: workers run
 * paths part by part, rows enter and leave on the way. Its own books say what must hold, whatever
 * the rules of choice; beside it, where there is no admission, the reference says what must be
 * chosen.
 *
 * In a world without faults, parts take exactly what was said of them when the model was added. */
#ifndef TESTS_PROPERTY_DISPATCH_PATHS_H
#define TESTS_PROPERTY_DISPATCH_PATHS_H

#include "tests/property/dispatch_reference.h"
#include "tests/unit/shm_random.h"

enum {
    PATHS_REQUESTS = 64,
    PATHS_WORKERS = 3,
    PATHS_MODELS = 2,
    PATHS_CUTS = 9,
    PATHS_OPEN = 8, /* dispatches in a worker's hands */
    PATHS_DEATHS = 3,
};

enum paths_end {
    PATHS_DONE,
    PATHS_DROPPED,
    PATHS_CANCELLED,
    PATHS_GIVEN_UP,
    PATHS_ENDS,
};

struct paths_model {
    uint32_t cut_count, max_batch, size_count;
    uint32_t sizes[4];
    uint64_t layer_ns[4][PATHS_CUTS];
    bool has_rows[PATHS_CUTS];
};

struct paths_request {
    bool is_in, is_cancelled, is_alone;
    struct dispatch_request facts;
    uint64_t done, running; /* rows */
    uint32_t worker, deaths;
};

struct paths_row {
    struct dispatch_row said;
    bool is_active;
};

struct paths_run {
    struct dispatch_action said;
    uint32_t at, row_count;
    bool has_begun;
    uint64_t compute_ns;
    struct paths_row rows[DISPATCH_MAX_BATCH];
};

/* A part that stands still while a more urgent one runs inside of it. */
struct paths_held {
    bool is_there;
    uint32_t number, end, part_rows;
    uint64_t spent_ns, left_ns;
};

struct paths_worker {
    bool is_up, is_hung, is_running;
    uint32_t run_count, running, end, part_rows;
    uint64_t spent_ns; /* on the part that runs, before it was held */
    uint64_t began_ns, ends_ns;
    struct paths_held held;
    struct paths_run runs[PATHS_OPEN]; /* in the order given */
};

struct paths {
    struct dispatch *dispatch;
    bool has_reference;
    struct reference reference;
    struct shm_random random;
    struct dispatch_config config;
    uint64_t now_ns;
    bool has_faults;
    bool has_patient; /* the second class has much more time than the first */
    bool is_crowded; /* all come for one model, which may have large batches */
    uint32_t most_come; /* requests in a step, less one */
    struct paths_model models[PATHS_MODELS];
    struct paths_worker workers[PATHS_WORKERS];
    struct paths_request requests[PATHS_REQUESTS];
    uint64_t submitted_count, row_count, ended_counts[PATHS_ENDS], late_count, missed_count;
    uint64_t held_count;
    uint64_t compared_count; /* decisions that were the reference's */
    const char *wrong;
};

int paths_init(struct paths *paths, uint64_t seed, bool has_faults);
void paths_fini(struct paths *paths);
void paths_step(struct paths *paths);
void paths_drain(struct paths *paths);

/* For the sources. */
void paths_expect(struct paths *paths, bool holds, const char *what);
bool paths_chance(struct paths *paths, uint32_t percent);
uint64_t paths_between(struct paths *paths, uint64_t least, uint64_t most);
bool paths_is_over(const struct paths *paths);
void paths_end(struct paths *paths, uint32_t slot, enum paths_end end);
/* So many rows over [from, to), added up layer by layer. */
uint64_t paths_part_ns(const struct paths_model *model, uint32_t from, uint32_t to, uint32_t rows);
/* What is done (NULL: nothing) is what the reference does; and it does nothing before the timeout.
 */
void paths_compare(struct paths *paths, const struct dispatch_action *action);
void paths_check_timeout(struct paths *paths);
void paths_take(struct paths *paths, const struct dispatch_action *action);
void paths_work(struct paths *paths, uint32_t worker);
void paths_kill(struct paths *paths, uint32_t worker);
void paths_raise(struct paths *paths, uint32_t worker);

#endif
