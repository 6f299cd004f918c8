/* A path is put together: whom the most urgent request takes along.
 *
 * In the order of urgency each of the model's requests is let in that has room and makes nobody
 * late, wherever it enters. Where one would make somebody late, who adds the most to the path stays
 * behind for the next: so as many as can be are in time (Moore, 1968: of jobs with deadlines on one
 * machine, the longest is given up).
 *
 * Under overload the most urgent may be one that keeps the worker for long and takes few along. If
 * the path of the next most urgent does clearly more in its time, that one goes first; and who
 * would then be late is given up. (Nexus, SOSP 2019, drops by the same reasoning.) */
#include "scheduler/dispatch/state.h"

#include <assert.h>

enum {
    CANDIDATES = 48, /* so many are looked at ... */
    FAILURES = 8, /* ... while fewer could not be let in */
    GUEST_SHARE = 20, /* other classes may add one in so many of what the path takes */
};

struct composing {
    const struct dispatch *dispatch;
    const struct model *model;
    uint64_t start_ns;
    uint64_t limit_ns; /* the longest that the path may take */
    uint64_t part_ns; /* the longest that a layer of it may take; UINT64_MAX: any */
    uint32_t but; /* the slot of one that is left out; DISPATCH_NONE */
    uint8_t class_index; /* the first one's */
    uint64_t guest_ns; /* that those of other classes added */
    bool has_refused; /* somebody, for being late by it or making late */
    struct path path;
};

struct path_entry dispatch_entry(const struct dispatch *dispatch, uint32_t slot)
{
    const struct request *request = &dispatch->requests[slot];
    return (struct path_entry){.slot = slot,
                               .from = request->facts.from,
                               .to = request->facts.to,
                               .rows = (uint16_t)__builtin_popcountll(request->waiting),
                               .due_ns = request->facts.deadline_ns};
}

static bool has_short_parts(const struct composing *composing)
{
    const struct path *path = &composing->path;
    for (uint32_t i = 0; composing->part_ns != UINT64_MAX && i + 1 < path->point_count; i++) {
        const struct path_point *point = &path->points[i];
        for (uint32_t cut = point->cut; cut < point[1].cut; cut++)
            if (batch_cost_part_ns(path->cost, COST_TYPICAL, cut, cut + 1, point->rows) >
                composing->part_ns)
                return false;
    }
    return true;
}

static bool is_good(const struct composing *composing)
{
    return path_is_in_time(&composing->path, COST_SAFE, composing->start_ns) &&
           path_ns(&composing->path, COST_SAFE) <= composing->limit_ns &&
           has_short_parts(composing);
}

/* The entry that adds the most, but for the first. */
static uint32_t find_largest(const struct path *path)
{
    uint32_t largest = 0;
    uint64_t most_ns = 0;
    for (uint32_t i = 1; i < path->entry_count; i++) {
        const uint64_t ns = path_share_ns(path, COST_SAFE, i);
        if (ns >= most_ns) {
            most_ns = ns;
            largest = i;
        }
    }
    return largest;
}

/* Those of other classes do not make the first one's wait. */
static bool is_welcome(struct composing *composing, uint32_t slot)
{
    if (composing->dispatch->requests[slot].facts.class_index == composing->class_index)
        return true;
    const struct path *path = &composing->path;
    const uint64_t share_ns = path_share_ns(path, COST_TYPICAL, path->entry_count - 1);
    const uint64_t sum_ns = composing->guest_ns + share_ns;
    if (sum_ns > path_ns(path, COST_TYPICAL) / GUEST_SHARE)
        return false;
    composing->guest_ns = sum_ns;
    return true;
}

/* True if one more is in it than before. */
static bool let_in(struct composing *composing, uint32_t slot)
{
    struct path *path = &composing->path;
    const struct path_entry entry = dispatch_entry(composing->dispatch, slot);
    if (!path_add(path, &entry))
        return false;
    if (!is_welcome(composing, slot)) {
        path_remove(path, path->entry_count - 1);
        return false;
    }
    if (is_good(composing))
        return true;
    composing->has_refused = true;
    const uint32_t largest = find_largest(path);
    const struct path_entry gone = path->entries[largest];
    path_remove(path, largest);
    if (gone.slot != slot && !is_good(composing)) {
        path_remove(path, path->entry_count - 1);
        path_add(path, &gone);
    }
    return false;
}

static void fill(struct composing *composing)
{
    struct order_heap_walk walk;
    uint32_t failures = 0;
    order_heap_walk_init(&walk, &composing->model->crowd, composing->dispatch->by_crowd);
    for (uint32_t i = 0; i < CANDIDATES && failures < FAILURES; i++) {
        const uint32_t slot = order_heap_walk_next(&walk);
        if (slot == ORDER_HEAP_NONE || composing->path.row_count == PATH_MAX_ROWS)
            return;
        if (slot != composing->path.entries[0].slot && slot != composing->but)
            failures += !let_in(composing, slot);
    }
}

/* False: the first would be late even alone. What has no deadline does not keep the worker from
 * looking at what has for long, while there is such. */
static bool compose(struct composing *composing, uint32_t first, uint64_t now_ns)
{
    const struct dispatch *dispatch = composing->dispatch;
    const struct path_entry entry = dispatch_entry(dispatch, first);
    const bool is_patient = entry.due_ns == DISPATCH_NO_DEADLINE;
    const bool is_any_due =
        dispatch->due_came_ns && now_ns - dispatch->due_came_ns < dispatch->config.patience_ns;
    composing->class_index = dispatch->requests[first].facts.class_index;
    composing->part_ns = is_patient && is_any_due ? dispatch->config.max_run_ns : UINT64_MAX;
    composing->guest_ns = 0;
    composing->has_refused = false;
    path_init(&composing->path, &composing->model->cost);
    path_add(&composing->path, &entry);
    if (!path_is_in_time(&composing->path, COST_SAFE, composing->start_ns))
        return false;
    fill(composing);
    return true;
}

/* The most urgent of the model's requests but for one; DISPATCH_NONE. */
static uint32_t next_urgent(const struct composing *composing, uint32_t but)
{
    struct order_heap_walk walk;
    order_heap_walk_init(&walk, &composing->model->crowd, composing->dispatch->by_crowd);
    const uint32_t slot = order_heap_walk_next(&walk);
    return slot == but ? order_heap_walk_next(&walk) : slot;
}

/* More rows in the time, by a fifth at least. */
static bool does_more(const struct path *path, const struct path *than)
{
    const double rows_per_ns = (double)path->row_count / (double)path_ns(path, COST_TYPICAL);
    return rows_per_ns > 1.2 * (double)than->row_count / (double)path_ns(than, COST_TYPICAL);
}

/* When another worker that has the model could begin. */
static uint64_t elsewhere_ns(const struct composing *composing, uint32_t at, uint64_t now_ns)
{
    const struct dispatch *dispatch = composing->dispatch;
    const uint32_t model = (uint32_t)(composing->model - dispatch->models);
    uint64_t least_ns = UINT64_MAX;
    for (uint32_t i = 0; i < dispatch->config.max_workers; i++) {
        const struct worker *worker = &dispatch->workers[i];
        if (i == at || !dispatch_worker_can(dispatch, i, model))
            continue;
        const uint64_t ns =
            worker->open_count && worker->ends_ns > now_ns ? worker->ends_ns : now_ns;
        least_ns = ns < least_ns ? ns : least_ns;
    }
    return least_ns;
}

/* Whether another goes before the first, which would make it late; it is then what is composed. */
static bool is_outdone(struct composing *composing, uint32_t first, uint64_t now_ns)
{
    if (!composing->has_refused || composing->path.entries[0].due_ns == DISPATCH_NO_DEADLINE)
        return false;
    const uint32_t next = next_urgent(composing, first);
    if (next == DISPATCH_NONE)
        return false;
    const struct path mine = composing->path;
    composing->but = first;
    const uint64_t after_ns = composing->start_ns + path_ns(&mine, COST_SAFE);
    const bool is_outdone = compose(composing, next, now_ns) &&
                            does_more(&composing->path, &mine) &&
                            !path_is_in_time(&composing->path, COST_SAFE, after_ns);
    if (!is_outdone)
        composing->path = mine;
    return is_outdone;
}

static void give(struct dispatch *dispatch, const struct composing *composing, uint32_t worker,
                 uint8_t urgency, uint64_t now_ns, struct dispatch_action *action)
{
    const struct path *path = &composing->path;
    uint32_t slots[PATH_MAX_ROWS];
    uint64_t alone_ns = 0;
    for (uint32_t i = 0; i < path->entry_count; i++) {
        const struct path_entry *entry = &path->entries[i];
        slots[i] = entry->slot;
        alone_ns +=
            batch_cost_part_ns(path->cost, COST_TYPICAL, entry->from, entry->to, entry->rows);
        if (entry->from != path_from(path))
            dispatch->counts.joined_rows += entry->rows;
    }
    const struct dispatch_gift gift = {.worker = worker,
                                       .start_ns = composing->start_ns,
                                       .expected_ns = path_ns(path, COST_TYPICAL),
                                       .urgency = urgency,
                                       .slots = slots,
                                       .count = path->entry_count};
    if (alone_ns > gift.expected_ns)
        dispatch->counts.saved_ns += alone_ns - gift.expected_ns;
    dispatch_give(dispatch, &gift, action);
    dispatch_set_stops(dispatch, composing->model, path, now_ns, action->stops);
}

static void drop(struct dispatch *dispatch, uint32_t slot, struct dispatch_action *action)
{
    action->kind = DISPATCH_DROP;
    action->slot = slot;
    dispatch_note_outcome(dispatch, &dispatch->requests[slot], false);
    dispatch_forget(dispatch, slot);
}

static struct composing composing_of(const struct dispatch *dispatch, uint32_t slot,
                                     uint64_t start_ns, uint64_t limit_ns)
{
    return (struct composing){.dispatch = dispatch,
                              .model = &dispatch->models[dispatch->requests[slot].facts.model],
                              .start_ns = start_ns,
                              .limit_ns = limit_ns,
                              .but = DISPATCH_NONE};
}

void dispatch_compose(struct dispatch *dispatch, uint32_t bucket, uint32_t at, uint64_t now_ns,
                      struct dispatch_action *action)
{
    const struct worker *worker = &dispatch->workers[at];
    const uint32_t first = order_heap_first(&dispatch->table.buckets[bucket].requests);
    const uint64_t start_ns =
        worker->open_count && worker->ends_ns > now_ns ? worker->ends_ns : now_ns;
    struct composing composing = composing_of(dispatch, first, start_ns, UINT64_MAX);
    if (!compose(&composing, first, now_ns)) {
        drop(dispatch, first, action);
        return;
    }
    const struct path_entry mine = composing.path.entries[0];
    if (is_outdone(&composing, first, now_ns)) {
        const uint64_t after_ns = start_ns + path_ns(&composing.path, COST_SAFE);
        const uint64_t alone_ns =
            batch_cost_part_ns(&composing.model->cost, COST_SAFE, mine.from, mine.to, mine.rows);
        const uint64_t next_ns = elsewhere_ns(&composing, at, now_ns);
        if ((next_ns < after_ns ? next_ns : after_ns) + alone_ns > mine.due_ns) {
            drop(dispatch, first, action);
            return;
        }
    }
    give(dispatch, &composing, at, DISPATCH_URGENCY, now_ns, action);
}

void dispatch_compose_before(struct dispatch *dispatch, uint32_t slot, uint32_t at,
                             uint64_t start_ns, uint64_t limit_ns, uint64_t now_ns,
                             struct dispatch_action *action)
{
    struct composing composing = composing_of(dispatch, slot, start_ns, limit_ns);
    const bool is_in_time = compose(&composing, slot, now_ns);
    assert(is_in_time);
    (void)is_in_time;
    give(dispatch, &composing, at, DISPATCH_URGENCY + 1, now_ns, action);
    dispatch->counts.preempted++;
}
