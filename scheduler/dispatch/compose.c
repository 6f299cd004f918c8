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
#include "scheduler/dispatch/compose.h"
#include "scheduler/dispatch/state.h"

#include <assert.h>
#include <stddef.h>

enum {
    FAILURES = 8, /* so many may not be let in, before no more are looked at */
    GUEST_SHARE = 20, /* who is in no hurry may add one in so many of what the path takes */
};

struct path_entry dispatch_entry(const struct dispatch *dispatch, uint32_t slot)
{
    const struct request *request = &dispatch->requests[slot];
    return (struct path_entry){.slot = slot,
                               .from = request->facts.from,
                               .to = request->facts.to,
                               .rows = (uint16_t)request->rows_left,
                               .class_index = request->facts.class_index,
                               .due_ns = request->facts.deadline_ns};
}

void crowd_init(struct crowd *crowd, const struct dispatch *dispatch, const struct model *model)
{
    crowd->dispatch = dispatch;
    crowd->count = 0;
    crowd->is_all = false;
    order_heap_walk_init(&crowd->walk, &model->crowd, dispatch->by_crowd);
}

bool crowd_has(struct crowd *crowd, uint32_t index)
{
    while (index >= crowd->count && !crowd->is_all) {
        const uint32_t slot = order_heap_walk_next(&crowd->walk);
        crowd->is_all = slot == ORDER_HEAP_NONE || crowd->count == COMPOSE_CANDIDATES;
        if (crowd->is_all)
            break;
        crowd->entries[crowd->count] = dispatch_entry(crowd->dispatch, slot);
        crowd->entries[crowd->count].place = (uint8_t)crowd->count;
        crowd->is_gone[crowd->count++] = false;
    }
    return index < crowd->count;
}

static bool is_good(const struct composing *composing)
{
    return path_is_in_time(&composing->path, COST_SAFE, composing->start_ns) &&
           (composing->limit_ns == UINT64_MAX ||
            path_ns(&composing->path, COST_SAFE) <= composing->limit_ns);
}

/* Those that are not in a hurry do not make others wait that are. */
static bool is_welcome(struct composing *composing, const struct path_entry *entry)
{
    const struct path *path = &composing->path;
    if (!dispatch_is_hurried(composing->dispatch, path->entries[0].class_index, entry->class_index))
        return true;
    const uint64_t share_ns = path_share_ns(path, COST_TYPICAL, path->entry_count - 1);
    const uint64_t sum_ns = composing->guest_ns + share_ns;
    if (sum_ns > path_ns(path, COST_TYPICAL) / GUEST_SHARE)
        return false;
    composing->guest_ns = sum_ns;
    return true;
}

/* True if one more is in it than before. */
static bool let_in(struct composing *composing, const struct path_entry *entry)
{
    struct path *path = &composing->path;
    if (!path_add(path, entry))
        return false;
    if (!is_welcome(composing, entry)) {
        path_remove(path, path->entry_count - 1);
        return false;
    }
    if (is_good(composing))
        return true;
    composing->has_refused = true;
    const uint32_t largest = path_largest(path, COST_SAFE);
    const struct path_entry gone = path->entries[largest];
    path_remove(path, largest);
    if (gone.slot != entry->slot && !is_good(composing)) {
        path_remove(path, path->entry_count - 1);
        path_add(path, &gone);
    }
    return false;
}

static void fill(struct composing *composing)
{
    struct crowd *crowd = composing->crowd;
    uint32_t failures = 0;
    for (uint32_t i = 0; failures < FAILURES && crowd_has(crowd, i); i++) {
        const struct path_entry *entry = &crowd->entries[i];
        if (composing->path.row_count == PATH_MAX_ROWS)
            return;
        if (!crowd->is_gone[i] && entry->slot != composing->path.entries[0].slot &&
            entry->slot != composing->but)
            failures += !let_in(composing, entry);
    }
}

/* False: the first would be late even alone. */
static bool compose(struct composing *composing, const struct path_entry *first)
{
    composing->guest_ns = 0;
    composing->has_refused = false;
    path_init(&composing->path, &composing->model->cost);
    path_add(&composing->path, first);
    if (!path_is_in_time(&composing->path, COST_SAFE, composing->start_ns))
        return false;
    fill(composing);
    return true;
}

/* The most urgent that is not the first; NULL. */
static const struct path_entry *next_urgent(struct crowd *crowd, uint32_t first)
{
    for (uint32_t i = 0; crowd_has(crowd, i); i++)
        if (!crowd->is_gone[i] && crowd->entries[i].slot != first)
            return &crowd->entries[i];
    return NULL;
}

/* More rows in the time, by more than a fifth. */
static bool does_more(const struct path *path, const struct path *than)
{
    return 5 * path->row_count * path_ns(than, COST_TYPICAL) >
           6 * than->row_count * path_ns(path, COST_TYPICAL);
}

/* Whether another goes before the first, which would make it late; it is then what is composed. */
static bool is_outdone(struct composing *composing)
{
    const struct path_entry *first = &composing->path.entries[0];
    if (!composing->has_refused || first->due_ns == DISPATCH_NO_DEADLINE)
        return false;
    const struct path_entry *next = next_urgent(composing->crowd, first->slot);
    if (!next)
        return false;
    struct path mine;
    path_copy(&mine, &composing->path);
    const uint64_t after_ns = composing->start_ns + path_ns(&mine, COST_SAFE);
    composing->but = first->slot;
    const bool is_outdone = compose(composing, next) && does_more(&composing->path, &mine) &&
                            !path_is_in_time(&composing->path, COST_SAFE, after_ns);
    if (!is_outdone)
        path_copy(&composing->path, &mine);
    return is_outdone;
}

enum composed compose_path(struct composing *composing, const struct path_entry *first)
{
    const struct path_entry mine = *first;
    composing->but = DISPATCH_NONE;
    if (!compose(composing, &mine))
        return COMPOSED_LATE;
    if (!is_outdone(composing))
        return COMPOSED;
    const uint64_t after_ns = composing->start_ns + path_ns(&composing->path, COST_SAFE);
    const uint64_t alone_ns =
        batch_cost_part_ns(&composing->model->cost, COST_SAFE, mine.from, mine.to, mine.rows);
    const uint64_t next_ns =
        composing->elsewhere_ns < after_ns ? composing->elsewhere_ns : after_ns;
    return next_ns + alone_ns > mine.due_ns ? COMPOSED_LATE : COMPOSED;
}

static void give(struct dispatch *dispatch, const struct composing *composing, uint32_t worker,
                 uint8_t urgency, struct dispatch_action *action)
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
    dispatch_set_stops(dispatch, composing->model, path, composing->now_ns, action->stops);
}

/* When another worker that has the model could begin. */
static uint64_t elsewhere_ns(const struct dispatch *dispatch, uint32_t model, uint32_t at,
                             uint64_t now_ns)
{
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

void dispatch_compose(struct dispatch *dispatch, uint32_t bucket, uint32_t at, uint64_t now_ns,
                      struct dispatch_action *action)
{
    const struct worker *worker = &dispatch->workers[at];
    const uint32_t model = dispatch->table.buckets[bucket].model;
    const uint32_t slot = order_heap_first(&dispatch->table.buckets[bucket].requests);
    struct crowd crowd;
    crowd_init(&crowd, dispatch, &dispatch->models[model]);
    struct composing composing;
    composing.dispatch = dispatch;
    composing.model = &dispatch->models[model];
    composing.crowd = &crowd;
    composing.now_ns = now_ns;
    composing.start_ns = worker->open_count && worker->ends_ns > now_ns ? worker->ends_ns : now_ns;
    composing.limit_ns = UINT64_MAX;
    composing.elsewhere_ns = elsewhere_ns(dispatch, model, at, now_ns);
    const struct path_entry first = dispatch_entry(dispatch, slot);
    if (compose_path(&composing, &first) == COMPOSED) {
        give(dispatch, &composing, at, DISPATCH_URGENCY, action);
        return;
    }
    action->kind = DISPATCH_DROP;
    action->slot = slot;
    dispatch_note_outcome(dispatch, &dispatch->requests[slot], false);
    dispatch_forget(dispatch, slot);
}

void dispatch_compose_before(struct dispatch *dispatch, uint32_t slot, uint32_t at,
                             uint64_t start_ns, uint64_t limit_ns, uint64_t now_ns,
                             struct dispatch_action *action)
{
    const struct model *model = &dispatch->models[dispatch->requests[slot].facts.model];
    struct crowd crowd;
    crowd_init(&crowd, dispatch, model);
    struct composing composing;
    composing.dispatch = dispatch;
    composing.model = model;
    composing.crowd = &crowd;
    composing.now_ns = now_ns;
    composing.start_ns = start_ns;
    composing.limit_ns = limit_ns;
    composing.but = DISPATCH_NONE;
    const struct path_entry first = dispatch_entry(dispatch, slot);
    const bool is_in_time = compose(&composing, &first);
    assert(is_in_time);
    (void)is_in_time;
    give(dispatch, &composing, at, DISPATCH_URGENCY + 1, action);
    dispatch_reckon(dispatch, at, now_ns); /* what it is put before comes on top */
    dispatch->counts.preempted++;
}
