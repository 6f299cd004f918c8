/* Whether a newcomer and all that waits can be in time: by putting together, on paper, the paths
 * that workers would be given one after the other if nobody else came.
 *
 * Nothing else tells how many of those that wait share what they have in common. It is exact where
 * parts take as long as predicted. It costs a part of a decision, at worst a dozen, and is for
 * short queues of one model: with deadlines a queue is short.
 *
 * What is let in can not be given up later for others that would do more with the time. So under
 * overload there is a price: who would cost much more than others is refused though there would be
 * room, as lines of a telephone network are kept for those who pay most (trunk reservation). */
#include "scheduler/dispatch/trial.h"
#include "scheduler/dispatch/compose.h"
#include "scheduler/dispatch/state.h"

#include <stddef.h>
#include <string.h>

/* What a request may cost under overload, over the mean: so much lower after each refusal of one
 * that cost less, and higher after each that fits, so that one in so many of these is refused. */
#define PRICE_STEP 0.05
#define PRICE_REFUSED 0.05
#define PRICE_LEAST 1.0
#define PRICE_MOST 4.0
#define PRICE_CHEAP 0.125 /* what costs less is never refused for it, and says nothing about it */
#define MEAN_WEIGHT (1.0 / 64)

enum { MOST_WORKERS = 16, MOST_WAITING = 32 };

struct plan {
    const struct dispatch *dispatch;
    const struct model *model;
    uint64_t now_ns;
    uint32_t worker_count;
    uint32_t workers[MOST_WORKERS];
    uint64_t free_ns[MOST_WORKERS]; /* when each can begin, at the latest */
    uint64_t likely_ns[MOST_WORKERS]; /* and most likely */
    uint64_t ahead_ns[MOST_WORKERS]; /* by so much sooner one of the newcomer's class can */
    uint32_t class_index;
    const struct dispatch_request *newcomer; /* NULL: it has its place already */
    uint64_t begins_ns; /* the newcomer, most likely */
    struct crowd *crowd; /* all that wait; each plan anew, in the same memory */
};

static bool is_possible(const struct dispatch *dispatch, const struct dispatch_request *facts)
{
    const struct model *model = &dispatch->models[facts->model];
    const uint32_t most = batch_cost_most_rows(&model->cost, facts->from, facts->to);
    return dispatch->config.mode == DISPATCH_ACROSS && most > 1 && facts->rows <= most &&
           facts->deadline_ns != DISPATCH_NO_DEADLINE;
}

static bool is_short(const struct dispatch *dispatch, const struct model *model)
{
    const uint32_t waiting = model->crowd_count + model->coming_count;
    return waiting < MOST_WAITING && waiting == dispatch->queued_count + dispatch->reserved_count;
}

static bool plan_init(struct plan *plan, const struct dispatch *dispatch,
                      const struct dispatch_request *facts, uint64_t now_ns, struct crowd *crowd)
{
    const uint32_t model = facts->model;
    const uint64_t needed_ns = batch_cost_ns(&dispatch->models[model].cost, COST_SAFE, facts->from,
                                             facts->to, facts->rows);
    plan->class_index = facts->class_index;
    plan->dispatch = dispatch;
    plan->crowd = crowd;
    plan->model = &dispatch->models[model];
    plan->now_ns = now_ns;
    plan->worker_count = 0;
    plan->newcomer = NULL;
    plan->begins_ns = now_ns;
    for (uint32_t i = 0; i < dispatch->config.max_workers; i++) {
        const struct worker *worker = &dispatch->workers[i];
        if (!dispatch_worker_can(dispatch, i, model))
            continue;
        if (plan->worker_count == MOST_WORKERS)
            return false;
        plan->workers[plan->worker_count] = i;
        plan->free_ns[plan->worker_count] =
            worker->open_count && worker->ends_ns > now_ns ? worker->ends_ns : now_ns;
        plan->likely_ns[plan->worker_count] = plan->free_ns[plan->worker_count];
        plan->ahead_ns[plan->worker_count] =
            plan->free_ns[plan->worker_count] -
            dispatch_begins_ns(dispatch, i, facts->class_index, needed_ns, now_ns);
        plan->worker_count++;
    }
    return plan->worker_count > 0;
}

/* Where its order puts it. */
static void put_in(struct plan *plan, const struct path_entry *entry, uint64_t order_ns)
{
    struct crowd *crowd = plan->crowd;
    uint32_t at = crowd->count++;
    for (; at && plan->dispatch->requests[crowd->entries[at - 1].slot].order_ns > order_ns; at--) {
        crowd->entries[at] = crowd->entries[at - 1];
        crowd->entries[at].place = (uint8_t)at;
    }
    crowd->is_gone[crowd->count - 1] = false;
    crowd->entries[at] = *entry;
    crowd->entries[at].place = (uint8_t)at;
}

/* As if they were here. */
static void put_coming(struct plan *plan)
{
    struct order_heap_walk walk;
    order_heap_walk_init(&walk, &plan->model->coming, plan->dispatch->by_crowd);
    for (uint32_t slot; (slot = order_heap_walk_next(&walk)) != ORDER_HEAP_NONE;) {
        const struct path_entry entry = dispatch_entry(plan->dispatch, slot);
        put_in(plan, &entry, plan->dispatch->requests[slot].order_ns);
    }
}

/* The crowd, those that are expected, and the newcomer. */
static void gather(struct plan *plan, const struct dispatch_request *newcomer)
{
    crowd_init(plan->crowd, plan->dispatch, plan->model);
    crowd_has(plan->crowd, COMPOSE_CANDIDATES);
    put_coming(plan);
    plan->newcomer = newcomer;
    if (!newcomer)
        return;
    const struct path_entry entry = {.slot = newcomer->slot,
                                     .from = newcomer->from,
                                     .to = newcomer->to,
                                     .rows = newcomer->rows,
                                     .class_index = newcomer->class_index,
                                     .due_ns = newcomer->deadline_ns};
    put_in(plan, &entry, dispatch_order_ns(plan->dispatch, newcomer, plan->now_ns));
}

static void find_free(const struct plan *plan, uint32_t *first, uint64_t *second_ns)
{
    *first = 0;
    *second_ns = UINT64_MAX;
    for (uint32_t i = 1; i < plan->worker_count; i++) {
        const uint32_t later = plan->free_ns[i] < plan->free_ns[*first] ? *first : i;
        *first = later == i ? *first : i;
        *second_ns = plan->free_ns[later] < *second_ns ? plan->free_ns[later] : *second_ns;
    }
}

static const struct path_entry *next_due(const struct crowd *crowd)
{
    bool is_any_due = false;
    const struct path_entry *first = NULL;
    for (uint32_t i = 0; i < crowd->count; i++) {
        if (crowd->is_gone[i])
            continue;
        first = first ? first : &crowd->entries[i];
        is_any_due |= crowd->entries[i].due_ns != DISPATCH_NO_DEADLINE;
    }
    return is_any_due ? first : NULL;
}

static void take_out(struct crowd *crowd, const struct path *path)
{
    for (uint32_t i = 0; i < path->entry_count; i++)
        crowd->is_gone[path->entries[i].place] = true;
}

static void note_newcomer(struct plan *plan, const struct path *path, uint64_t start_ns)
{
    for (uint32_t i = 0; plan->newcomer && i < path->entry_count; i++)
        if (path->entries[i].slot == plan->newcomer->slot)
            plan->begins_ns = start_ns + path_reach_ns(path, COST_TYPICAL, path->entries[i].from);
}

/* All that are due are in time. */
static bool is_plan_kept(struct plan *plan)
{
    const struct path_entry *first;
    struct composing composing;
    composing.dispatch = plan->dispatch;
    composing.model = plan->model;
    composing.crowd = plan->crowd;
    composing.now_ns = plan->now_ns;
    composing.limit_ns = UINT64_MAX;
    while ((first = next_due(plan->crowd)) != NULL) {
        uint32_t at;
        find_free(plan, &at, &composing.elsewhere_ns);
        if (first->class_index != plan->class_index)
            plan->ahead_ns[at] = 0;
        composing.start_ns = plan->free_ns[at] - plan->ahead_ns[at];
        if (compose_path(&composing, first) == COMPOSED_LATE)
            return false;
        take_out(plan->crowd, &composing.path);
        note_newcomer(plan, &composing.path, plan->likely_ns[at] - plan->ahead_ns[at]);
        plan->free_ns[at] += path_ns(&composing.path, COST_SAFE);
        plan->likely_ns[at] += path_ns(&composing.path, COST_TYPICAL);
    }
    return true;
}

/* Who waits and is more urgent would take the place. */
static bool is_first(const struct dispatch *dispatch, const struct dispatch_request *facts,
                     uint64_t now_ns)
{
    const uint32_t first = order_heap_first(&dispatch->models[facts->model].crowd);
    return first == ORDER_HEAP_NONE ||
           dispatch->requests[first].order_ns > dispatch_order_ns(dispatch, facts, now_ns);
}

/* It enters something that runs, or goes before it; then all that waits is in time even so, as far
 * as that is short. */
static enum trial enter(struct dispatch *dispatch, const struct dispatch_request *facts,
                        const struct plan *idle, uint64_t now_ns, uint64_t *begins_ns)
{
    const bool has_plan = is_short(dispatch, idle->model);
    for (uint32_t i = 0; i < idle->worker_count; i++) {
        uint64_t added_ns, at_ns;
        if (!dispatch_could_join(dispatch, facts, idle->workers[i], now_ns, &added_ns, &at_ns))
            continue;
        if (!has_plan) {
            *begins_ns = at_ns;
            return TRIAL_ENTERS;
        }
        struct plan plan = *idle;
        plan.free_ns[i] += added_ns;
        gather(&plan, NULL);
        if (is_plan_kept(&plan)) {
            *begins_ns = at_ns;
            return TRIAL_FITS;
        }
    }
    return has_plan ? TRIAL_LATE : TRIAL_UNKNOWN;
}

/* What it takes of a worker in a full batch, by its class's weight. */
static double cost_ns(const struct dispatch *dispatch, const struct dispatch_request *facts)
{
    const struct batch_cost *cost = &dispatch->models[facts->model].cost;
    const uint32_t most = batch_cost_most_rows(cost, facts->from, facts->to);
    return (double)batch_cost_ns(cost, COST_TYPICAL, facts->from, facts->to, most) * facts->rows /
           most / dispatch->classes[facts->class_index].weight;
}

static bool is_too_dear(const struct dispatch *dispatch, const struct dispatch_request *facts)
{
    if (facts->grant == DISPATCH_TRIED)
        return false;
    /* Who can wait takes no time from those who can not: it is refused when it does not fit. */
    if (facts->deadline_ns - dispatch->latest_ns > dispatch->config.patience_ns)
        return false;
    /* At its highest nobody has been refused for long: there is no overload, and no price. */
    const uint32_t waiting = dispatch->queued_count + dispatch->reserved_count;
    return waiting && dispatch->price > 0 && dispatch->price < PRICE_MOST &&
           cost_ns(dispatch, facts) > dispatch->price * dispatch->mean_cost_ns;
}

void dispatch_note_trial(struct dispatch *dispatch, const struct dispatch_request *facts,
                         enum trial trial)
{
    const double cost = cost_ns(dispatch, facts);
    const double more = PRICE_STEP * PRICE_REFUSED / (1 - PRICE_REFUSED);
    const bool was_too_dear = is_too_dear(dispatch, facts);
    if (dispatch->price <= 0) {
        dispatch->price = PRICE_MOST;
        dispatch->mean_cost_ns = cost;
    }
    dispatch->mean_cost_ns += MEAN_WEIGHT * (cost - dispatch->mean_cost_ns);
    if (was_too_dear || cost < PRICE_CHEAP * dispatch->mean_cost_ns)
        return;
    const double price = dispatch->price * (trial == TRIAL_LATE ? 1 - PRICE_STEP : 1 + more);
    dispatch->price = price < PRICE_LEAST ? PRICE_LEAST : price > PRICE_MOST ? PRICE_MOST : price;
}

enum trial dispatch_trial(struct dispatch *dispatch, const struct dispatch_request *facts,
                          uint64_t now_ns, uint64_t *begins_ns)
{
    struct plan plan;
    struct crowd crowd;
    if (!is_possible(dispatch, facts) || !plan_init(&plan, dispatch, facts, now_ns, &crowd))
        return TRIAL_UNKNOWN;
    if (is_too_dear(dispatch, facts))
        return TRIAL_LATE;
    if (is_first(dispatch, facts, now_ns)) {
        const enum trial entered = enter(dispatch, facts, &plan, now_ns, begins_ns);
        if (entered != TRIAL_LATE)
            return entered;
    }
    if (!is_short(dispatch, plan.model))
        return TRIAL_UNKNOWN;
    struct plan without = plan;
    gather(&plan, facts);
    if (is_plan_kept(&plan)) {
        *begins_ns = plan.begins_ns;
        return TRIAL_FITS;
    }
    /* Whose fault is it? Nobody is refused for one that is late already. */
    gather(&without, NULL);
    return is_plan_kept(&without) ? TRIAL_LATE : TRIAL_UNKNOWN;
}
