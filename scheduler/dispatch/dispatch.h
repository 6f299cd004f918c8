/* Which requests run together, when, and on which worker: the first dispatcher. Pure: no clock, no
 * memory but what it took at the beginning, no shared memory; jointd and tests drive it alike.
 *
 *   submit ──> bucket (model, from, to), by deadline ──> dispatch on a worker ──> finished
 *
 * Among the buckets the one whose most urgent request has the earliest deadline goes first, with as
 * many of its rows as the model's batch takes, the most urgent first, and as stay in time together.
 * A request without a deadline, or with one far away, counts as due patience_ns after it arrived. A
 * worker that has nothing to do waits for a batch to fill only while more requests of the bucket
 * are expected soon enough to be worth it: README.md has the rule. A lone request starts at once.
 *
 * A request's rows run in one dispatch if they fit in a batch, else in several one after the other,
 * on one worker: the next begins to wait when each row of the one before was answered. Where rows
 * can not be told apart (has_rows) a batch is one row. The owner numbers requests by a slot below
 * max_requests, workers and models alike.
 * The order of a turn is: what happened (submit, cancel, segments, row and run done, worker up and
 * down),
 * then dispatch_next() until there is nothing. All times are monotonic nanoseconds. */
#ifndef SCHEDULER_DISPATCH_DISPATCH_H
#define SCHEDULER_DISPATCH_DISPATCH_H

#include <stdbool.h>
#include <stdint.h>

#define DISPATCH_NO_DEADLINE UINT64_MAX
#define DISPATCH_MAX_BATCH 64u

/* Which requests run together. */
enum dispatch_mode {
    DISPATCH_ALONE, /* none */
    DISPATCH_PER_CUT, /* of the same cuts */
    DISPATCH_ACROSS, /* of one model, wherever they enter and leave */
};

/* A class of requests. What a class may take when others want it too. */
struct dispatch_class {
    uint32_t weight; /* 1 and up: its share of the workers' time, beside the others' */
    uint32_t max_queued;
    uint64_t ceiling_ns; /* computing time of it that may wait, for each worker; UINT64_MAX: any */
};

struct dispatch_config {
    uint32_t max_requests; /* slots; queued and running together; no default */
    uint32_t max_workers; /* no default */
    uint32_t max_models; /* no default */
    uint32_t max_queued; /* requests that wait; no default */
    uint32_t class_count; /* no default */
    const struct dispatch_class *classes; /* [class_count], copied; no default */
    enum dispatch_mode mode; /* DISPATCH_ACROSS */
    uint64_t max_delay_ns; /* 2 ms: how long one may wait for others to run with */
    uint64_t commit_ahead_ns; /* 200 us: a worker is given its next dispatch when the one it runs is
                               * predicted to end so soon, so that it never waits for us */
    uint64_t max_run_ns; /* 2 ms: how long a path runs, at most, before the worker looks who has
                          * come (a layer is not divided); 0: to the end, whoever comes */
    bool has_admission; /* true: refuses what would be late behind what waits, or make that late;
                         * false: only what would be late alone */
    uint64_t target_delay_ns; /* 0: how long what waits may take before clients are given fewer
                               * credits; 0: half of the usual time until a deadline, at least as
                               * long as two usual dispatches */
    uint64_t patience_ns; /* 1 s: what is not due before so long after its arrival is as if it
                           * were, so that nothing starves */
};

/* What the planner of batches needs of a model. Copied. */
struct dispatch_model {
    uint32_t cut_count;
    uint32_t max_batch; /* 1..DISPATCH_MAX_BATCH */
    uint32_t size_count; /* of batches that were measured */
    const uint32_t *sizes; /* [size_count]: ascending, the first 1, the last max_batch */
    const uint64_t
        *remaining_ns; /* [size_count][cut_count]: from the cut to the end, so many rows */
    const bool *has_rows; /* [cut_count]: rows of a batch can be told apart here */
};

/* What was asked about a request before it came. */
enum dispatch_grant {
    DISPATCH_UNASKED,
    DISPATCH_SHARE_ASKED, /* whether its client may have it */
    DISPATCH_TRIED, /* that, and whether it can be in time */
};

struct dispatch_request {
    uint32_t slot; /* the owner's name for it */
    uint16_t model, from, to;
    uint16_t rows;
    uint8_t class_index;
    uint8_t grant; /* enum dispatch_grant; the dispatcher's own */
    uint64_t client; /* whose it is, for fairness: the same over connections */
    uint64_t arrived_ns; /* of one that is expected: when it will be here, UINT64_MAX: not known */
    uint64_t deadline_ns;
};

enum dispatch_verdict {
    DISPATCH_QUEUED,
    DISPATCH_FULL, /* as many wait as may: come again later */
    DISPATCH_LATE, /* could not be ready by its deadline, or only by making others late */
    DISPATCH_NO_MODEL,
    DISPATCH_OVER_CREDIT, /* its client has what it may have, and others wait */
    DISPATCH_CEILING, /* as much of its class waits as may */
};

/* One row of a dispatch. */
struct dispatch_row {
    uint32_t slot;
    uint16_t row; /* of the request, from 0 */
};

enum dispatch_action_kind {
    DISPATCH_RUN, /* a new dispatch for a worker: a path over the cuts [from, to) */
    DISPATCH_JOIN, /* more rows for one that runs, at cuts that it has not reached, as far as is
                    * known: those that come too late are to be answered as missed */
    DISPATCH_DROP, /* a queued request can not be ready by its deadline any more, or only by making
                    * more than itself late: reject it */
};

#define DISPATCH_STOP_WORDS 6u

struct dispatch_action {
    enum dispatch_action_kind kind;
    uint32_t slot; /* DROP */
    uint32_t worker; /* RUN and JOIN, as are all below */
    uint32_t number; /* RUN: of the dispatch, not in use by an open one of this worker; JOIN: whose
                      * it joins */
    uint16_t model, from, to; /* the least of the rows' cuts, and the largest */
    uint8_t urgency; /* RUN: of those that a worker was given, it runs at each cut the one with the
                      * largest; of equals the one given first */
    uint32_t row_count;
    uint64_t predicted_ns; /* RUN: of the whole path, as a rule; JOIN: what is added by it */
    uint64_t stops[DISPATCH_STOP_WORDS]; /* RUN: bit k: a segment ends at cut k */
    struct dispatch_row rows[DISPATCH_MAX_BATCH]; /* each enters and leaves at its request's cuts */
};

struct dispatch;

struct dispatch_config dispatch_config_default(void);

/* Takes all its memory. 0, -EINVAL or -ENOMEM. */
int dispatch_create(const struct dispatch_config *config, struct dispatch **dispatch);
void dispatch_destroy(struct dispatch *dispatch); /* accepts NULL */
/* What may change while it runs. */
void dispatch_set_delay(struct dispatch *dispatch, uint64_t max_delay_ns);
int dispatch_set_class_limit(struct dispatch *dispatch, uint32_t class_index, uint32_t max_queued);
int dispatch_set_class(struct dispatch *dispatch, uint32_t class_index,
                       const struct dispatch_class *limits); /* -EINVAL: no such class, no weight */
void dispatch_set_target_delay(struct dispatch *dispatch, uint64_t target_delay_ns);

/* A model that can be named from now on. 0, -EINVAL, -EEXIST, -ENOMEM. */
int dispatch_add_model(struct dispatch *dispatch, uint32_t model,
                       const struct dispatch_model *facts);
/* Once nothing of it is queued or running; -EBUSY. */
int dispatch_remove_model(struct dispatch *dispatch, uint32_t model);

/* A worker that takes work, with this model or one more; and one that takes none any more. What it
 * ran is forgotten: its requests are neither queued nor running, and the owner calls
 * dispatch_requeue() for those that live on. */
void dispatch_worker_has(struct dispatch *dispatch, uint32_t worker, uint32_t model);
void dispatch_worker_lost_model(struct dispatch *dispatch, uint32_t worker, uint32_t model);
void dispatch_worker_gone(struct dispatch *dispatch, uint32_t worker);

/* Asked before memory is taken for a request: DISPATCH_QUEUED, go on, or DISPATCH_OVER_CREDIT. */
enum dispatch_verdict dispatch_admits(struct dispatch *dispatch, uint32_t class_index,
                                      uint64_t client, uint64_t now_ns);
/* The first that holds: DISPATCH_NO_MODEL, DISPATCH_LATE alone; OVER_CREDIT: it could be in time,
 * but those who had less shall; LATE; CEILING; FULL. */
enum dispatch_verdict dispatch_submit(struct dispatch *dispatch,
                                      const struct dispatch_request *request, uint64_t now_ns);
/* The same question, before the tensor has come. One that is let in is expected, under its slot,
 * and counts as its client's, until dispatch_submit() with the same facts but for its times says
 * that it is here, or until it could not be in time any more. What will be here soon, by its
 * deadline, is tried as if it were here, and counts as what waits; of what will not, only its share
 * is asked. What is submitted then is not asked again for its share, but has to be in time still.
 */
enum dispatch_verdict dispatch_expect(struct dispatch *dispatch,
                                      const struct dispatch_request *request, uint64_t now_ns);
/* It will not come. False: it was not expected, or not any more. */
bool dispatch_unexpect(struct dispatch *dispatch, uint32_t slot);
/* A request whose worker died: it waits again, over all limits, from its first row, in a dispatch
 * of its own if is_alone. */
void dispatch_requeue(struct dispatch *dispatch, const struct dispatch_request *request,
                      bool is_alone, uint64_t now_ns);
/* 0: it was queued and is forgotten. -EBUSY: it is running, tell the worker; its rows must still be
 * done; no more of them are started. -ENOENT. */
int dispatch_cancel(struct dispatch *dispatch, uint32_t slot);

/* What a worker said. A row that missed its dispatch (was_run false) waits again, once each row of
 * its request in that dispatch was answered: for the same worker if a row of the request was run
 * there and the worker still has the model, else for any. True if that was the request's last row,
 * or the last that ran of a cancelled one: it is forgotten now. False also for words about rows
 * that do not run. */
bool dispatch_row_done(struct dispatch *dispatch, uint32_t worker, uint32_t number, uint32_t slot,
                       uint16_t row, bool was_run, uint64_t now_ns);
/* The dispatch is closed; compute_ns, unless 0, corrects the prediction. Rows that were not
 * answered are still to be. -ENOENT. */
int dispatch_run_done(struct dispatch *dispatch, uint32_t worker, uint32_t number,
                      uint64_t compute_ns, uint64_t now_ns);

/* As the worker said: a part of a dispatch's path has begun (ended_ns 0) or is over. Says where the
 * dispatch is, and what that part took. -ENOENT: no such dispatch; -EINVAL: no such cuts or rows.
 */
int dispatch_segment(struct dispatch *dispatch, uint32_t worker, uint32_t number, uint32_t from,
                     uint32_t to, uint32_t rows, uint64_t started_ns, uint64_t ended_ns,
                     uint64_t now_ns);

/* What is to be done now; false: nothing before dispatch_timeout_ns(), or before something happens.
 */
bool dispatch_next(struct dispatch *dispatch, uint64_t now_ns, struct dispatch_action *action);
uint64_t dispatch_timeout_ns(const struct dispatch *dispatch); /* UINT64_MAX: not by itself */

struct dispatch_load {
    uint32_t queued, running; /* requests */
    uint64_t oldest_arrived_ns; /* of those queued; UINT64_MAX: none */
    uint64_t predicted_wait_ns; /* until a worker could begin what comes now */
    uint64_t busy_ns; /* of all workers together since the beginning */
    uint32_t workers; /* that take work */
};

void dispatch_measure(const struct dispatch *dispatch, uint64_t now_ns, struct dispatch_load *load);
enum dispatch_admit { DISPATCH_OPEN, DISPATCH_PROBABILISTIC, DISPATCH_CLOSED };

struct dispatch_class_load {
    uint32_t queued;
    uint64_t queued_ns; /* what that will take of one worker's time */
    uint64_t predicted_wait_ns; /* of one that came now with the class's usual deadline */
    enum dispatch_admit admit; /* CLOSED: nobody; PROBABILISTIC: those within their share */
    uint64_t retry_after_ns; /* of CLOSED: when that may have changed */
};

void dispatch_measure_class(const struct dispatch *dispatch, uint32_t class_index, uint64_t now_ns,
                            struct dispatch_class_load *load);
/* What was predicted when it was queued; 0 once it is forgotten. */
uint64_t dispatch_predicted_wait_ns(const struct dispatch *dispatch, uint32_t slot);
/* How many requests each client may have open; 0: there is no need to say. */
uint32_t dispatch_credits(const struct dispatch *dispatch);
uint32_t dispatch_class_queued(const struct dispatch *dispatch, uint32_t class_index);
/* Requests of the model that wait at each of the cuts below cut_count, into queued[]. */
void dispatch_measure_cuts(const struct dispatch *dispatch, uint32_t model, uint32_t *queued,
                           uint32_t cut_count);
/* How long one request of so many rows would compute alone. 0: no such model or cuts. */
uint64_t dispatch_predict_ns(const struct dispatch *dispatch, uint32_t model, uint32_t from,
                             uint32_t to, uint32_t rows);

/* Since the beginning, for metrics. */
#define DISPATCH_RATIOS 16u
struct dispatch_counts {
    uint64_t runs, rows; /* given to workers */
    uint64_t joined_rows; /* that entered elsewhere than where their path began */
    uint64_t late_joins; /* rows given by JOIN */
    uint64_t preempted; /* dispatches that others were put before */
    uint64_t saved_ns; /* what joins saved, as predicted */
    uint64_t ratio[DISPATCH_RATIOS]; /* dispatches by measured over predicted time: the first
                                      * under dispatch_ratio_bound(0), the last without a bound */
};

void dispatch_count(const struct dispatch *dispatch, struct dispatch_counts *counts);
/* The upper bound of ratio[index]; infinite for the last and all after it. */
double dispatch_ratio_bound(uint32_t index);

#endif
