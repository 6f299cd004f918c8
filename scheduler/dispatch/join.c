/* Somebody that waits enters a dispatch that runs, or is put before it.
 *
 * Who can still be in time with a dispatch that has not reached its cut, and makes nobody late
 * there, joins it: that is sooner, and shares what is left. Who can not wait until the worker is
 * done goes before, if all that the worker has stays in time even so; and who is of a class in a
 * hurry does not wait at all for one that is not. Where nobody has a deadline, who gains more by
 * it than all others lose goes before too. The worker turns to it in the midst of a layer:
 *
 *   run        part ──┐                    ┌── rest of the part ──> rest of its way
 *   before it         └─ its way to the end┘
 */
#include "scheduler/dispatch/state.h"

#include <stddef.h>

enum { CANDIDATES = 16 };

/* Until a worker looks up from what it runs, as a rule: compute/worker/README.md. */
#define PAUSE_NS 300000u

/* A worker that runs something, as joins see it. */
struct host {
    uint32_t at;
    const struct worker *worker;
    const struct run *run; /* whose part it runs */
    uint64_t now_ns;
    uint64_t start_ns; /* when that is over, unless others go before */
    struct path rest; /* of the run, from there */
    uint64_t rest_ns; /* that takes */
    uint32_t open_count;
    const struct run *open[DISPATCH_WORKER_RECORDS]; /* in the order in which it will run them */
    uint32_t class_index; /* of the row that is in the greatest hurry */
};

void dispatch_rest(const struct dispatch *dispatch, const struct run *run, struct path *path)
{
    path_init(path, &dispatch->models[run->model].cost);
    for (uint64_t bits = run->pending; bits; bits &= bits - 1) {
        const uint32_t slot = run->rows[__builtin_ctzll(bits)].slot;
        const struct dispatch_request *facts = &dispatch->requests[slot].facts;
        const uint32_t from = facts->from < run->at ? run->at : facts->from;
        if (from >= facts->to)
            continue;
        const struct path_entry entry = {.slot = slot,
                                         .from = (uint16_t)from,
                                         .to = facts->to,
                                         .rows = 1,
                                         .class_index = facts->class_index,
                                         .due_ns = facts->deadline_ns};
        path_add(path, &entry);
    }
}

/* Of the part that the worker runs; of one that stands still since a more urgent one began. */
static uint64_t part_left_ns(const struct dispatch *dispatch, const struct worker *worker,
                             const struct run *run, enum batch_cost_kind kind, uint64_t now_ns)
{
    if (!run->part_began_ns)
        return 0;
    uint64_t since_ns = now_ns;
    for (uint32_t i = 0; i < DISPATCH_WORKER_RECORDS; i++) {
        const struct run *other = &worker->runs[i];
        if (other->is_open && other->part_began_ns && other->urgency > run->urgency &&
            other->part_began_ns < since_ns)
            since_ns = other->part_began_ns;
    }
    const uint64_t end_ns =
        run->part_began_ns + batch_cost_part_ns(&dispatch->models[run->model].cost, kind,
                                                run->part_from, run->at, run->part_rows);
    return end_ns > since_ns ? end_ns - since_ns : 0;
}

void dispatch_reckon(struct dispatch *dispatch, uint32_t at, uint64_t now_ns)
{
    struct worker *worker = &dispatch->workers[at];
    uint64_t ends_ns = now_ns;
    for (uint32_t i = 0; i < DISPATCH_WORKER_RECORDS; i++) {
        const struct run *run = &worker->runs[i];
        if (!run->is_open)
            continue;
        struct path path;
        dispatch_rest(dispatch, run, &path);
        ends_ns += part_left_ns(dispatch, worker, run, COST_TYPICAL, now_ns) +
                   path_ns(&path, COST_TYPICAL);
    }
    worker->ends_ns = ends_ns;
}

static bool is_before(const struct run *run, const struct run *other)
{
    return run->urgency != other->urgency ? run->urgency > other->urgency
                                          : (int32_t)(run->number - other->number) < 0;
}

/* The class of the row that is in the greatest hurry; DISPATCH_NONE: all were answered. */
static uint32_t most_hurried(const struct dispatch *dispatch, const struct run *run)
{
    uint32_t most = DISPATCH_NONE;
    for (uint64_t bits = run->pending; bits; bits &= bits - 1) {
        const uint32_t slot = run->rows[__builtin_ctzll(bits)].slot;
        const uint32_t other = dispatch->requests[slot].facts.class_index;
        if (most == DISPATCH_NONE ||
            dispatch->admission[other].usual_ns < dispatch->admission[most].usual_ns)
            most = other;
    }
    return most;
}

/* False: it runs nothing that can be joined or put off. */
static bool find_host(const struct dispatch *dispatch, uint32_t at, uint64_t now_ns,
                      struct host *host)
{
    const struct worker *worker = &dispatch->workers[at];
    host->run = NULL;
    host->now_ns = now_ns;
    host->open_count = 0;
    for (uint32_t i = 0; i < DISPATCH_WORKER_RECORDS; i++) {
        const struct run *run = &worker->runs[i];
        if (!run->is_open)
            continue;
        if (run->part_began_ns && (!host->run || is_before(run, host->run)))
            host->run = run;
        uint32_t place = host->open_count++;
        for (; place && is_before(run, host->open[place - 1]); place--)
            host->open[place] = host->open[place - 1];
        host->open[place] = run;
    }
    if (!host->run)
        return false;
    host->at = at;
    host->worker = worker;
    host->start_ns = now_ns + part_left_ns(dispatch, worker, host->run, COST_TYPICAL, now_ns);
    dispatch_rest(dispatch, host->run, &host->rest);
    host->rest_ns = path_ns(&host->rest, COST_TYPICAL);
    host->class_index = most_hurried(dispatch, host->run);
    return true;
}

/* How much later those could be done that leave where the part ends. */
static int64_t part_slack_ns(const struct dispatch *dispatch, const struct run *run,
                             uint64_t end_ns)
{
    int64_t least_ns = INT64_MAX;
    for (uint64_t bits = run->pending; bits; bits &= bits - 1) {
        const uint32_t slot = run->rows[__builtin_ctzll(bits)].slot;
        const struct dispatch_request *facts = &dispatch->requests[slot].facts;
        const int64_t slack_ns = (int64_t)(facts->deadline_ns - end_ns);
        if (facts->to <= run->at && facts->deadline_ns != DISPATCH_NO_DEADLINE &&
            slack_ns < least_ns)
            least_ns = slack_ns;
    }
    return least_ns;
}

static int64_t lesser(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* How much later all that the worker has could be done; negative: it is late already. With
 * is_before only what comes after the urgent, behind which one more could begin at *start_ns, which
 * is set. */
static int64_t slack_ns(const struct dispatch *dispatch, const struct host *host, bool is_before,
                        uint64_t *start_ns)
{
    uint64_t at_ns = host->now_ns;
    int64_t least_ns = INT64_MAX;
    *start_ns = at_ns + PAUSE_NS;
    for (uint32_t i = 0; i < host->open_count; i++) {
        struct path other;
        const struct path *path = &host->rest;
        if (host->open[i] != host->run) {
            dispatch_rest(dispatch, host->open[i], &other);
            path = &other;
        }
        const bool is_passed = is_before && host->open[i]->urgency > DISPATCH_URGENCY;
        at_ns += part_left_ns(dispatch, host->worker, host->open[i], COST_SAFE, host->now_ns);
        if (!is_passed)
            least_ns = lesser(least_ns, path_slack_ns(path, COST_SAFE, at_ns));
        if (!is_passed && host->open[i]->part_began_ns && (is_before || host->open[i] != host->run))
            least_ns = lesser(least_ns, part_slack_ns(dispatch, host->open[i], at_ns));
        at_ns += path_ns(path, COST_SAFE);
        *start_ns = is_passed ? at_ns + PAUSE_NS : *start_ns;
    }
    return least_ns;
}

/* Whether one of the class waits for none of those that it could go before. */
static bool is_ahead_of_all(const struct dispatch *dispatch, const struct worker *worker,
                            uint32_t class_index)
{
    bool is_ahead = false;
    for (uint32_t i = 0; i < DISPATCH_WORKER_RECORDS; i++) {
        const struct run *run = &worker->runs[i];
        if (!run->is_open || run->urgency > DISPATCH_URGENCY)
            continue;
        const uint32_t other = most_hurried(dispatch, run);
        is_ahead = other == DISPATCH_NONE || dispatch_is_hurried(dispatch, class_index, other);
        if (!is_ahead)
            return false;
    }
    return is_ahead;
}

uint64_t dispatch_begins_ns(const struct dispatch *dispatch, uint32_t at, uint32_t class_index,
                            uint64_t needed_ns, uint64_t now_ns)
{
    const struct worker *worker = &dispatch->workers[at];
    const uint64_t ends_ns =
        worker->open_count && worker->ends_ns > now_ns ? worker->ends_ns : now_ns;
    struct host host;
    uint64_t start_ns;
    if (dispatch->config.mode != DISPATCH_ACROSS ||
        !is_ahead_of_all(dispatch, worker, class_index) || !find_host(dispatch, at, now_ns, &host))
        return ends_ns;
    const int64_t slack = slack_ns(dispatch, &host, true, &start_ns);
    return slack >= 0 && (uint64_t)slack >= needed_ns && start_ns < ends_ns ? start_ns : ends_ns;
}

/* One that might enter, waiting or not even queued yet. */
struct guest {
    struct path_entry entry;
    uint32_t model;
    uint64_t needed_ns; /* alone, at most */
};

/* Whether it is better off before the dispatch than in it: nobody there is in such a hurry. */
static bool is_ahead(const struct dispatch *dispatch, const struct host *host,
                     const struct guest *guest)
{
    return host->class_index != DISPATCH_NONE &&
           dispatch_is_hurried(dispatch, guest->entry.class_index, host->class_index);
}

/* It is then the last entry of the rest of the host's way. */
static bool can_join(const struct dispatch *dispatch, struct host *host, const struct guest *guest)
{
    const struct path_entry *entry = &guest->entry;
    const bool is_behind = host->class_index != DISPATCH_NONE &&
                           dispatch_is_hurried(dispatch, host->class_index, entry->class_index);
    if (host->run->model != guest->model || host->run->is_alone || is_behind ||
        is_ahead(dispatch, host, guest) || entry->from < host->run->at || entry->to > host->run->to)
        return false;
    /* Those who leave where this one enters have their places until they are answered. */
    if ((uint32_t)__builtin_popcountll(host->run->pending) + entry->rows > DISPATCH_MAX_BATCH)
        return false;
    if (!path_add(&host->rest, entry))
        return false;
    uint64_t start_ns;
    if (slack_ns(dispatch, host, false, &start_ns) >= 0)
        return true;
    path_remove(&host->rest, host->rest.entry_count - 1);
    return false;
}

/* Whether it can go before what the worker has, after those that already do; when, and how long
 * that may take. */
static bool can_go_before(const struct dispatch *dispatch, const struct host *host,
                          const struct guest *guest, uint64_t *start_ns, uint64_t *limit_ns)
{
    const uint64_t due_ns = guest->entry.due_ns;
    const uint32_t last = host->open_count - 1;
    if (host->open[last]->urgency > DISPATCH_URGENCY || due_ns == DISPATCH_NO_DEADLINE ||
        dispatch_free_record(host->worker) == DISPATCH_NONE)
        return false;
    if (!is_ahead_of_all(dispatch, host->worker, guest->entry.class_index) &&
        host->worker->ends_ns + guest->needed_ns <= due_ns)
        return false;
    const int64_t slack = slack_ns(dispatch, host, true, start_ns);
    if (*start_ns + guest->needed_ns > due_ns || slack < 0 || (uint64_t)slack < guest->needed_ns)
        return false;
    *limit_ns = (uint64_t)slack;
    return true;
}

static struct guest guest_of(const struct dispatch *dispatch, uint32_t slot)
{
    const struct request *request = &dispatch->requests[slot];
    const struct dispatch_request *facts = &request->facts;
    return (struct guest){.entry = dispatch_entry(dispatch, slot),
                          .model = facts->model,
                          .needed_ns =
                              batch_cost_ns(&dispatch->models[facts->model].cost, COST_SAFE,
                                            facts->from, facts->to, request->rows_left)};
}

static bool join(struct dispatch *dispatch, struct host *host, const struct guest *guest,
                 struct dispatch_action *action)
{
    if (!can_join(dispatch, host, guest))
        return false;
    const uint32_t slot = guest->entry.slot;
    const struct dispatch_gift gift = {.worker = host->at,
                                       .expected_ns =
                                           path_ns(&host->rest, COST_TYPICAL) - host->rest_ns,
                                       .slots = &slot,
                                       .count = 1};
    const uint64_t alone_ns = dispatch->requests[slot].alone_ns;
    if (alone_ns > gift.expected_ns)
        dispatch->counts.saved_ns += alone_ns - gift.expected_ns;
    dispatch_give_more(dispatch, &gift,
                       &dispatch->workers[host->at].runs[host->run - host->worker->runs], action);
    return true;
}

bool dispatch_could_join(struct dispatch *dispatch, const struct dispatch_request *facts,
                         uint32_t at, uint64_t now_ns, uint64_t *added_ns, uint64_t *begins_ns)
{
    struct host host;
    uint64_t start_ns, limit_ns;
    const struct guest guest = {.entry = {.slot = facts->slot,
                                          .from = facts->from,
                                          .to = facts->to,
                                          .rows = facts->rows,
                                          .class_index = facts->class_index,
                                          .due_ns = facts->deadline_ns},
                                .model = facts->model,
                                .needed_ns =
                                    batch_cost_ns(&dispatch->models[facts->model].cost, COST_SAFE,
                                                  facts->from, facts->to, facts->rows)};
    if (!find_host(dispatch, at, now_ns, &host))
        return false;
    if (can_join(dispatch, &host, &guest)) {
        *added_ns = path_ns(&host.rest, COST_TYPICAL) - host.rest_ns;
        *begins_ns = host.start_ns + path_reach_ns(&host.rest, COST_TYPICAL, facts->from);
        return true;
    }
    *added_ns = guest.needed_ns;
    if (can_go_before(dispatch, &host, &guest, &start_ns, &limit_ns)) {
        *begins_ns = start_ns;
        return true;
    }
    *begins_ns = host.start_ns;
    return !host.rest.entry_count && host.open_count == 1 && /* it is next */
           host.start_ns + guest.needed_ns <= guest.entry.due_ns;
}

/* Those that come while a more urgent one runs wait for its end, and then go together. */
static bool is_its_turn(const struct dispatch *dispatch, const struct host *host, uint64_t start_ns)
{
    return start_ns <= host->now_ns + PAUSE_NS + dispatch->config.commit_ahead_ns;
}

/* Rows that would wait for one that goes before; UINT32_MAX: nobody does, for one of them has a
 * deadline, or waits for so long that it is as if it had. */
static uint32_t delayed_rows(const struct dispatch *dispatch, const struct host *host)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < host->open_count; i++) {
        const struct run *run = host->open[i];
        for (uint64_t bits = run->urgency > DISPATCH_URGENCY ? 0 : run->pending; bits;
             bits &= bits - 1) {
            const uint32_t slot = run->rows[__builtin_ctzll(bits)].slot;
            const struct request *request = &dispatch->requests[slot];
            if (request->facts.deadline_ns != DISPATCH_NO_DEADLINE ||
                request->order_ns <= host->now_ns)
                return UINT32_MAX;
            count++;
        }
    }
    return count;
}

/* Without deadlines delay is weighed: who goes before gains what is left of the worker's time
 * without its own, and each row that waits loses its own. */
static bool does_pay(const struct dispatch *dispatch, const struct host *host,
                     const struct guest *guest, uint64_t *start_ns, uint64_t *limit_ns)
{
    if (guest->entry.due_ns != DISPATCH_NO_DEADLINE ||
        dispatch_free_record(host->worker) == DISPATCH_NONE)
        return false;
    const uint32_t rows = delayed_rows(dispatch, host);
    slack_ns(dispatch, host, true, start_ns);
    if (!rows || rows == UINT32_MAX || host->worker->ends_ns <= *start_ns)
        return false;
    *limit_ns = (host->worker->ends_ns - *start_ns) / (rows + 1);
    return guest->needed_ns <= *limit_ns && is_its_turn(dispatch, host, *start_ns);
}

/* Who is in a hurry waits for its like, as on an idle worker: one by one they would take nearly as
 * much of the worker as all together. Else when to look again is noted. */
static bool is_ready(struct dispatch *dispatch, const struct host *host, const struct guest *guest)
{
    if (!is_ahead_of_all(dispatch, host->worker, guest->entry.class_index))
        return true;
    struct model *model = &dispatch->models[guest->model];
    const uint64_t ready_ns = dispatch_queue_class_ready_ns(dispatch, guest->entry.slot);
    if (ready_ns <= host->now_ns)
        return true;
    if (!model->join_at_ns || ready_ns < model->join_at_ns)
        model->join_at_ns = ready_ns;
    return false;
}

/* The most urgent of the model that can. */
static bool look_at(struct dispatch *dispatch, uint32_t at, struct host *host, uint64_t now_ns,
                    struct dispatch_action *action)
{
    const struct model *model = &dispatch->models[at];
    struct order_heap_walk walk;
    order_heap_walk_init(&walk, &model->crowd, dispatch->by_crowd);
    for (uint32_t i = 0; i < CANDIDATES; i++) {
        const uint32_t slot = order_heap_walk_next(&walk);
        if (slot == ORDER_HEAP_NONE)
            return false;
        const struct guest guest = guest_of(dispatch, slot);
        uint64_t start_ns, limit_ns;
        const bool is_better = does_pay(dispatch, host, &guest, &start_ns, &limit_ns);
        if (!is_better && join(dispatch, host, &guest, action))
            return true;
        if (is_better ||
            (can_go_before(dispatch, host, &guest, &start_ns, &limit_ns) &&
             is_its_turn(dispatch, host, start_ns) && is_ready(dispatch, host, &guest))) {
            dispatch_compose_before(dispatch, slot, host->at, start_ns, limit_ns, now_ns, action);
            return true;
        }
    }
    return false;
}

bool dispatch_join(struct dispatch *dispatch, uint64_t now_ns, struct dispatch_action *action)
{
    for (uint32_t i = 0; i < dispatch->model_end; i++) {
        struct model *model = &dispatch->models[i];
        model->wants_join |= model->join_at_ns && model->join_at_ns <= now_ns;
        model->join_at_ns = model->wants_join ? 0 : model->join_at_ns;
        const bool is_any = model->wants_join && order_heap_first(&model->crowd) != ORDER_HEAP_NONE;
        for (uint32_t at = 0; is_any && at < dispatch->config.max_workers; at++) {
            struct host host;
            if (dispatch_worker_can(dispatch, at, i) && find_host(dispatch, at, now_ns, &host) &&
                look_at(dispatch, i, &host, now_ns, action))
                return true;
        }
        model->wants_join = false;
    }
    return false;
}
