/* The dispatcher's rules once more, over flat arrays, as plainly as they can be said: no heap, no
 * hash, no bucket that is kept. Every question is answered by looking at everything. */
#ifndef TESTS_PROPERTY_DISPATCH_REFERENCE_H
#define TESTS_PROPERTY_DISPATCH_REFERENCE_H

#include "scheduler/dispatch/dispatch.h"

enum {
    REFERENCE_REQUESTS = 64,
    REFERENCE_WORKERS = 4,
    REFERENCE_MODELS = 3,
    REFERENCE_CUTS = 9,
    REFERENCE_SIZES = 4, /* of batches that were measured */
    REFERENCE_ROWS = 64, /* of a path */
    REFERENCE_CLASSES = 3,
    REFERENCE_RUNS = 64,
    REFERENCE_USUAL = 128, /* urgency of what was put before nobody */
    REFERENCE_RUN_ROWS = 512, /* that were ever given to a dispatch */
};

enum reference_state {
    REFERENCE_NONE,
    REFERENCE_QUEUED,
    REFERENCE_RUNS_NOW,
};

struct reference_request {
    enum reference_state state;
    struct dispatch_request facts;
    bool is_alone, is_cancelled, has_run;
    bool is_row_done[64], is_row_running[64]; /* a test's requests have no more rows */
    uint32_t chunk; /* first row of what runs or is to run next */
    uint32_t worker; /* UINT32_MAX: any */
    uint64_t sequence, came_ns;
    uint64_t start_by_ns, drop_ns; /* by what was known when it began to wait */
};

struct reference_model {
    bool is_there;
    uint32_t cut_count, max_batch, size_count, sizes[REFERENCE_SIZES];
    uint64_t layer_ns[REFERENCE_SIZES][REFERENCE_CUTS]; /* so many rows together; as loaded */
    struct reference_cell {
        uint32_t count, next;
        uint64_t ratios[10]; /* measured over loaded, in units of 1/65536; the last ten */
    } cells[REFERENCE_SIZES][REFERENCE_CUTS], any;
    uint32_t doubts;
    bool has_rows[REFERENCE_CUTS];
    bool has_worker[REFERENCE_WORKERS];
    /* When a request last came to be run from here to there; and the interval, lately. */
    bool has_come[REFERENCE_CUTS][REFERENCE_CUTS], has_gap[REFERENCE_CUTS][REFERENCE_CUTS];
    uint64_t came_ns[REFERENCE_CUTS][REFERENCE_CUTS], gap_ns[REFERENCE_CUTS][REFERENCE_CUTS];
    struct reference_flow {
        uint32_t count;
        uint64_t last_ns, gap_ns; /* between those that may go with others, lately */
    } flows[REFERENCE_CUTS];
    struct reference_flow class_flows[REFERENCE_CLASSES][REFERENCE_CUTS]; /* of one class alone */
    bool is_to_look; /* for who joins: something happened since it was looked for last */
    uint64_t look_at_ns; /* when one that was looked at will have waited long enough; 0: none */
};

struct reference_run {
    bool is_open;
    uint32_t worker, number, row_count, answered_count, missed_count;
    uint16_t model, from, to;
    uint8_t urgency;
    bool is_alone; /* nobody joins it */
    uint32_t at; /* where rows can enter next */
    uint32_t part_from, part_rows;
    uint64_t part_began_ns; /* 0: none runs */
    uint64_t expected_ns;
    struct dispatch_row rows[REFERENCE_RUN_ROWS];
    bool is_answered[REFERENCE_RUN_ROWS];
};

struct reference {
    struct dispatch_config config;
    uint32_t class_most[REFERENCE_CLASSES];
    double usual_ns[REFERENCE_CLASSES]; /* from arrival to deadline */
    uint64_t class_came_ns[REFERENCE_CLASSES]; /* 0: never */
    struct reference_request requests[REFERENCE_REQUESTS];
    struct reference_model models[REFERENCE_MODELS];
    uint64_t began_ns[REFERENCE_WORKERS], ends_ns[REFERENCE_WORKERS], busy_ns;
    struct reference_run runs[REFERENCE_RUNS];
    uint32_t run_count;
    uint64_t next_sequence;
};

/* As dispatch.h says of each. */
void reference_init(struct reference *reference, const struct dispatch_config *config);
void reference_add_model(struct reference *reference, uint32_t model,
                         const struct dispatch_model *facts);
int reference_remove_model(struct reference *reference, uint32_t model);
void reference_worker_has(struct reference *reference, uint32_t worker, uint32_t model);
void reference_worker_lost_model(struct reference *reference, uint32_t worker, uint32_t model);
void reference_worker_gone(struct reference *reference, uint32_t worker, uint64_t latest_ns);
enum dispatch_verdict reference_submit(struct reference *reference,
                                       const struct dispatch_request *request, uint64_t now_ns);
void reference_requeue(struct reference *reference, const struct dispatch_request *request,
                       bool is_alone, uint64_t now_ns);
int reference_cancel(struct reference *reference, uint32_t slot);
bool reference_row_done(struct reference *reference, uint32_t worker, uint32_t number,
                        uint32_t slot, uint16_t row, bool was_run, uint64_t now_ns);
int reference_run_done(struct reference *reference, uint32_t worker, uint32_t number,
                       uint64_t now_ns);
void reference_segment(struct reference *reference, uint32_t worker, uint32_t number, uint32_t from,
                       uint32_t to, uint32_t rows, uint64_t began_ns, uint64_t ended_ns,
                       uint64_t now_ns);
void reference_measure(const struct reference *reference, uint64_t now_ns,
                       struct dispatch_load *load);

/* What is to be done now, but for the number of a dispatch; nothing is changed. */
bool reference_choose(const struct reference *reference, uint64_t now_ns,
                      struct dispatch_action *action);
/* In mode join, when there is nothing else: who joins or goes before what runs. Models that are
 * looked at in vain are not looked at again before something happens. */
bool reference_join(struct reference *reference, uint64_t now_ns, struct dispatch_action *action);
/* It is done. */
void reference_apply(struct reference *reference, const struct dispatch_action *action,
                     uint64_t now_ns);

/* Shared by the sources. Rows that may run together; what they take: as loaded, as a rule, at most.
 */
enum reference_time {
    REFERENCE_LOADED,
    REFERENCE_TYPICAL,
    REFERENCE_SAFE,
};

uint32_t reference_batch(const struct reference_model *model, uint32_t from, uint32_t to);
uint64_t reference_ns(const struct reference_model *model, enum reference_time time, uint32_t from,
                      uint32_t to, uint32_t rows);
/* ... that are known to run together. */
uint64_t reference_together_ns(const struct reference_model *model, enum reference_time time,
                               uint32_t from, uint32_t to, uint32_t rows);
void reference_measure_layers(struct reference_model *model, uint32_t from, uint32_t to,
                              uint32_t rows, uint64_t took_ns);
void reference_doubt(struct reference_model *model);
/* Rows that go into the next dispatch of the request. */
uint32_t reference_chunk_rows(const struct reference *reference,
                              const struct reference_request *request);
uint32_t reference_rows_left(const struct reference_request *request);
bool reference_is_single(const struct reference *reference,
                         const struct reference_request *request);
uint32_t reference_open_count(const struct reference *reference, uint32_t worker);
uint64_t reference_order_ns(const struct reference *reference,
                            const struct reference_request *request);
bool reference_is_before(const struct reference *reference, const struct reference_request *a,
                         const struct reference_request *b);
/* When it and those of its class that wait for the same are to be put before others that are in no
 * such hurry; 0: at once. */
uint64_t reference_class_ready_ns(const struct reference *reference,
                                  const struct reference_request *request);
/* It waits, and may go with others of its model across cuts. */
bool reference_may_join(const struct reference *reference, const struct reference_request *request);

#endif
