/* What a dispatcher knows: requests by slot, buckets, models, workers. For the files of this folder
 * alone. */
#ifndef SCHEDULER_DISPATCH_STATE_H
#define SCHEDULER_DISPATCH_STATE_H

#include "scheduler/dispatch/admission.h"
#include "scheduler/dispatch/batch_cost.h"
#include "scheduler/dispatch/bucket_table.h"
#include "scheduler/dispatch/credits.h"
#include "scheduler/dispatch/demand.h"
#include "scheduler/dispatch/dispatch.h"
#include "scheduler/dispatch/order_heap.h"
#include "scheduler/dispatch/path.h"
#include "scheduler/dispatch/share.h"

#define DISPATCH_NONE UINT32_MAX
#define DISPATCH_WORKER_RUNS 2u /* given to a worker at once: the one it runs, and the next */
/* Records of dispatches: a closed one stays until each of its rows was answered. */
#define DISPATCH_WORKER_RECORDS 4u

enum request_state {
    REQUEST_NONE,
    REQUEST_QUEUED, /* in a bucket; none of its rows runs */
    REQUEST_RUNS, /* in a worker's hands; in no bucket */
    REQUEST_EXPECTED, /* let in, not come yet; in no bucket */
};

/*   first_row                 rows
 *   ┌───────── chunk ──┐     │        chunk: what fits in one dispatch
 *   0 . . . │ 1 0 1 1 │ . . .         bit b of a mask is row first_row + b
 *   done    │ wait/run│ not begun  */
struct request {
    struct dispatch_request facts;
    uint8_t state;
    bool is_alone; /* is to run in a dispatch of its own */
    bool is_cancelled;
    bool is_reserved; /* expected: it stands in the demand */
    bool has_run; /* a row of it was done: it stays with its worker */
    uint32_t first_row;
    uint64_t waiting, running; /* rows of the chunk */
    uint64_t order_ns; /* the most urgent has the least; ties by sequence */
    uint64_t sequence;
    uint64_t came_ns; /* when it began to wait */
    uint64_t start_by_ns; /* the latest start at which a full batch still meets its deadline */
    uint64_t alone_ns; /* what is left of it, typical */
    uint64_t rows_left; /* of all, when it began to wait */
    uint32_t bucket;
    uint32_t older, newer; /* in the bucket */
    uint32_t worker; /* that runs it, or runs it on; DISPATCH_NONE */
    uint32_t held_before, held_after; /* list of the worker's */
    struct admission_claim claim;
};

/* How often requests come to a cut of a model, and how many wait there. */
struct flow {
    uint64_t last_ns, gap_ns; /* between them, lately */
    uint32_t count; /* up to 2 */
    uint32_t queued;
};

struct model {
    bool is_there;
    struct flow *flows; /* [1 + class_count][cost.cut_count]: of all, and of each class */
    struct batch_cost cost;
    struct admission_habit habit;
    uint32_t request_count; /* queued or running */
    uint32_t open_count; /* dispatches that run */
    uint64_t queued_ns; /* sum over its buckets */
    struct order_heap ready; /* buckets that any worker may run, the most urgent first */
    struct order_heap crowd; /* requests that may run with others across cuts, likewise */
    uint32_t crowd_count;
    struct order_heap coming; /* of those that are expected, those that will be in the crowd */
    uint32_t coming_count;
    bool wants_join; /* somebody came, or got room, since joins were last looked for */
    uint64_t join_at_ns; /* when somebody has waited long enough for its like; 0: nobody waits so */
    uint64_t *workers; /* [worker_words]: bit set: has it */
};

struct run {
    bool is_open; /* given, and not closed by the worker */
    uint32_t number;
    uint32_t row_count; /* that were given */
    uint32_t missed_count;
    uint8_t urgency;
    bool is_alone; /* nobody joins it */
    uint16_t model, from, to;
    uint64_t pending; /* rows that were not answered; the record is free without any and closed */
    uint32_t at; /* cut where rows can enter next, as far as the worker said */
    uint32_t part_from, part_rows; /* the part that it runs now, up to `at` */
    uint64_t part_began_ns; /* 0: none */
    uint64_t expected_ns; /* corrected, for the clock */
    uint64_t charged; /* those of the rows whose charges are open */
    struct dispatch_row rows[DISPATCH_MAX_BATCH]; /* where none is pending: what was there before */
    struct admission_charge charges[DISPATCH_MAX_BATCH]; /* of the rows */
};

struct worker {
    uint32_t model_count; /* 0: takes no work */
    uint32_t open_count;
    uint64_t began_ns; /* the dispatch that it runs */
    uint64_t ends_ns; /* predicted end of all that it was given */
    struct order_heap pinned; /* buckets that only this one may run */
    uint32_t held_first; /* requests that run here, or run on here */
    struct run runs[DISPATCH_WORKER_RECORDS];
};

struct dispatch {
    struct dispatch_config config;
    struct dispatch_class *classes; /* [class_count] */
    uint32_t *class_queued; /* [class_count] */
    struct request *requests; /* [max_requests] */
    struct order_heap_node *by_urgency, *by_drop, *by_age, *by_crowd; /* [max_requests] */
    struct order_heap drops; /* those with a deadline, by when it can not be met any more */
    struct order_heap ages; /* all that are queued, by when they arrived */
    struct bucket_table table;
    struct order_heap_node *bucket_nodes; /* [table.count] */
    struct order_heap waits; /* buckets, by when they are ready */
    struct model *models; /* [max_models] */
    uint64_t *model_workers; /* [max_models][worker_words] */
    struct worker *workers; /* [max_workers] */
    uint32_t worker_words;
    uint64_t *worker_set; /* [worker_words]: scratch of a decision */
    uint32_t model_end; /* models are numbered below */
    uint32_t up_count; /* workers that take work */
    uint32_t queued_count, running_count, reserved_count;
    uint64_t far_ns; /* what full batches of those would take that are expected and not reserved */
    uint32_t next_number;
    uint64_t next_sequence;
    uint64_t latest_ns; /* the latest time that anybody told */
    double price, mean_cost_ns; /* trial.c: over the mean, which is moving */
    uint64_t *class_came_ns; /* [class_count]: when one of it last came */
    uint64_t busy_ns; /* of dispatches that ended */
    struct dispatch_counts counts;
    struct admission_class *admission; /* [class_count] */
    struct demand demand; /* what is queued, in the order of service */
    struct share share;
    double fullness; /* of batches, lately: what full ones would have taken, over what they took */
};

/* queue.c: puts a request whose chunk waits into a bucket, or takes it out of its bucket. */
void dispatch_queue_in(struct dispatch *dispatch, uint32_t slot, bool is_new, uint64_t now_ns);
void dispatch_queue_out(struct dispatch *dispatch, uint32_t slot);
/* ... without placing the bucket anew, which then is to follow. */
void dispatch_queue_take(struct dispatch *dispatch, uint32_t slot);
/* Puts the bucket into the heap where it now belongs. */
void dispatch_queue_place(struct dispatch *dispatch, uint32_t bucket);
/* When the bucket is ready; 0: at once. Of a bucket that is not empty. */
uint64_t dispatch_queue_ready_ns(const struct dispatch *dispatch, const struct bucket *bucket);
/* When the request is ready to go before others, with those of its class that wait for the same;
 * 0: at once. Others do not count: they fill a bucket, but do not go along with one in a hurry. */
uint64_t dispatch_queue_class_ready_ns(const struct dispatch *dispatch, uint32_t slot);
/* The buckets whose time has come go to where they are chosen from. */
void dispatch_queue_ripen(struct dispatch *dispatch, uint64_t now_ns);

/* When its deadline can not be met any more: into the heap of drops, if it has one. */
void dispatch_push_deadline(struct dispatch *dispatch, uint32_t slot);

/* events.c: whether one that is not in may come in; its claim if it may. */
enum dispatch_verdict dispatch_let_in(struct dispatch *dispatch,
                                      const struct dispatch_request *facts, uint64_t now_ns,
                                      struct admission_claim *claim);
/* There is such a model, with such cuts; it would be late alone. */
bool dispatch_is_possible(const struct dispatch *dispatch, const struct dispatch_request *facts);
bool dispatch_is_late(struct dispatch *dispatch, const struct dispatch_request *facts,
                      uint64_t now_ns);

/* Whether its client may have one more, that will be here later; its claim if it may. */
enum dispatch_verdict dispatch_decide_share(struct dispatch *dispatch,
                                            const struct dispatch_request *facts, uint64_t now_ns,
                                            struct admission_claim *claim);

/* expect.c: one that was expected has come, and is in nothing but its client's share by the claim
 * that it had; UNASKED: it was not expected. What such a claim says of its share stays. */
enum dispatch_grant dispatch_take_expected(struct dispatch *dispatch, uint32_t slot,
                                           struct admission_claim *claim);
void dispatch_keep_claim(struct admission_claim *claim, const struct admission_claim *granted);

/* workers.c: which worker a request belongs to, and the end of a request. */
void dispatch_hold(struct dispatch *dispatch, uint32_t slot, uint32_t worker);
void dispatch_release(struct dispatch *dispatch, uint32_t slot);
void dispatch_forget(struct dispatch *dispatch, uint32_t slot);

/* choose.c: when the worker can be given its next dispatch; UINT64_MAX: not before it says a word.
 */
uint64_t dispatch_free_ns(const struct dispatch *dispatch, const struct worker *worker);

/* give.c: requests that wait, in the order in which their rows are said. */
#define DISPATCH_URGENCY 128u /* of those that are put before nobody */

struct dispatch_gift {
    uint32_t worker;
    uint64_t start_ns; /* when they begin, as predicted; of a new dispatch */
    uint64_t expected_ns; /* what that takes, or adds */
    uint8_t urgency;
    bool is_alone; /* of a new dispatch: nobody is to join it */
    const uint32_t *slots; /* [count], of one model */
    uint32_t count;
};

/* A new dispatch on a worker that has a free record. */
void dispatch_give(struct dispatch *dispatch, const struct dispatch_gift *gift,
                   struct dispatch_action *action);
/* Into a dispatch that is open there. */
void dispatch_give_more(struct dispatch *dispatch, const struct dispatch_gift *gift,
                        struct run *run, struct dispatch_action *action);

/* fill.c: gives a free worker the most urgent of a bucket, as many as fit; or drops one that can
 * not be in time, or not without harm to more. */
void dispatch_fill(struct dispatch *dispatch, uint32_t bucket, uint32_t worker, uint64_t now_ns,
                   struct dispatch_action *action);

/* admission.c: whether a request that would not be late alone can be taken; the order of one that
 * is, and its claim. Nobody is refused without has_admission. */
enum dispatch_verdict dispatch_decide(struct dispatch *dispatch,
                                      const struct dispatch_request *facts, uint64_t now_ns,
                                      struct admission_claim *claim);
/* What it costs in batches of so many rows, or of as many as are usual if that is fewer. */
void dispatch_price(const struct dispatch *dispatch, const struct dispatch_request *facts,
                    uint32_t batch, struct admission_claim *claim);
uint64_t dispatch_order_ns(const struct dispatch *dispatch, const struct dispatch_request *facts,
                           uint64_t now_ns);
/* It is in; it waits, it waits no more; it is over, in time or not. */
void dispatch_enter(struct dispatch *dispatch, struct request *request);
void dispatch_wait(struct dispatch *dispatch, uint32_t slot);
void dispatch_wait_ends(struct dispatch *dispatch, uint32_t slot);
void dispatch_leave(struct dispatch *dispatch, const struct admission_claim *claim);
void dispatch_note_outcome(struct dispatch *dispatch, const struct request *request,
                           bool is_in_time);

/* charge.c: a request leaves the queue for a dispatch that begins then; its row at that place of
 * the record begins, or was not run after all; the dispatch is over and took so long (0: as long as
 * predicted). */
void dispatch_note_wait(struct dispatch *dispatch, const struct request *request,
                        uint64_t start_ns);
void dispatch_charge(struct dispatch *dispatch, struct request *request, struct run *run,
                     uint32_t place);
void dispatch_uncharge(struct dispatch *dispatch, struct request *request, struct run *run,
                       uint32_t place);
void dispatch_settle(struct dispatch *dispatch, struct run *run, uint64_t compute_ns);

/* class_load.c: how long the queue may be for one more of that class; the sum of credits follows
 * the delay, at times. */
uint32_t dispatch_most_queued(const struct dispatch *dispatch, uint32_t class_index);
void dispatch_look_at_credits(struct dispatch *dispatch, uint64_t now_ns);

/* load.c: when the next could begin, from now on, if so much is queued. */
uint64_t dispatch_level_ns(const struct dispatch *dispatch, uint32_t class_index,
                           uint64_t queued_ns, uint64_t now_ns);

/* counts.c: a dispatch that should have taken predicted_ns (0: not known) took compute_ns. */
void dispatch_note_ratio(struct dispatch *dispatch, uint64_t compute_ns, uint64_t predicted_ns);

/* compose.c: in mode ACROSS gives a free worker the most urgent of a bucket, and with it others of
 * its model, wherever they enter; or drops it. */
void dispatch_compose(struct dispatch *dispatch, uint32_t bucket, uint32_t worker, uint64_t now_ns,
                      struct dispatch_action *action);
/* Puts one that can be in time so, and others with it, before what a worker runs: beginning then,
 * and all together in no more than limit_ns. */
void dispatch_compose_before(struct dispatch *dispatch, uint32_t slot, uint32_t worker,
                             uint64_t start_ns, uint64_t limit_ns, uint64_t now_ns,
                             struct dispatch_action *action);
struct path_entry dispatch_entry(const struct dispatch *dispatch, uint32_t slot);

/* stops.c: a request came; and where a path is to stop, into the bits of stops. */
void dispatch_note_flow(struct flow *flow, uint64_t now_ns);
void dispatch_set_stops(const struct dispatch *dispatch, const struct model *model,
                        const struct path *path, uint64_t now_ns, uint64_t *stops);

/* When requests of the class come to the cut. */
static inline struct flow *dispatch_class_flow(const struct model *model, uint32_t class_index,
                                               uint32_t cut)
{
    return &model->flows[(size_t)model->cost.cut_count * (1 + class_index) + cut];
}

/* join.c: the way that is left of a dispatch, from where rows can enter next. */
void dispatch_rest(const struct dispatch *dispatch, const struct run *run, struct path *path);
/* The worker's clock anew, after it said where it is. */
void dispatch_reckon(struct dispatch *dispatch, uint32_t worker, uint64_t now_ns);
/* Somebody that waits joins a dispatch that runs, or is put before it. False: nobody. */
bool dispatch_join(struct dispatch *dispatch, uint64_t now_ns, struct dispatch_action *action);

/* When the worker is done with what it has, or where one of that class, and so much with it, can go
 * before some of it: with what it would come behind. */
uint64_t dispatch_begins_ns(const struct dispatch *dispatch, uint32_t worker, uint32_t class_index,
                            uint64_t needed_ns, uint64_t now_ns);

/* Whether one that is not queued yet could; what that adds to the worker's work, and when it would
 * most likely begin. */
bool dispatch_could_join(struct dispatch *dispatch, const struct dispatch_request *facts,
                         uint32_t worker, uint64_t now_ns, uint64_t *added_ns, uint64_t *begins_ns);

/* classes.c: whether requests of a class are usually in much more of a hurry than those of another;
 * and whether such have come lately. */
bool dispatch_is_hurried(const struct dispatch *dispatch, uint32_t class_index, uint32_t beside);
bool dispatch_has_hurried(const struct dispatch *dispatch, uint32_t beside, uint64_t now_ns);

/* In mode ACROSS: whether the bucket's requests may run with others. */
static inline bool dispatch_is_joinable(const struct dispatch *dispatch,
                                        const struct bucket *bucket)
{
    return dispatch->config.mode == DISPATCH_ACROSS && !bucket->is_single && bucket->most_rows > 1;
}

/* Index of a record that a new dispatch may use; DISPATCH_NONE. */
static inline uint32_t dispatch_free_record(const struct worker *worker)
{
    for (uint32_t i = 0; i < DISPATCH_WORKER_RECORDS; i++)
        if (!worker->runs[i].is_open && !worker->runs[i].pending)
            return i;
    return DISPATCH_NONE;
}

/* So many bits, from the lowest. */
static inline uint64_t dispatch_low_bits(uint32_t count)
{
    return count < 64 ? (UINT64_C(1) << count) - 1 : UINT64_MAX;
}

/* UINT64_MAX is never, and stays so. */
static inline uint64_t dispatch_sum_or_never(uint64_t a_ns, uint64_t b_ns)
{
    return a_ns > UINT64_MAX - b_ns ? UINT64_MAX : a_ns + b_ns;
}

/* Time never goes back, whatever is told. */
static inline uint64_t dispatch_clock(struct dispatch *dispatch, uint64_t now_ns)
{
    if (dispatch->latest_ns < now_ns)
        dispatch->latest_ns = now_ns;
    return dispatch->latest_ns;
}

static inline bool dispatch_worker_can(const struct dispatch *dispatch, uint32_t worker,
                                       uint32_t model)
{
    return dispatch->models[model].workers[worker / 64] >> worker % 64 & 1;
}

#endif
