/* A dispatch is put together: which of a bucket's requests go into it, and what its worker owes.
 *
 * The most urgent first, until one does not fit, or would make the batch late for one that is in
 * it. Such a short batch costs nearly as much as a full one. Under overload, when everybody is
 * served in the last moment, it would be the rule, and the server would do a fraction of what it
 * can: so who cuts a batch short, where that makes the most urgent of the rest late, is given up.
 * (Nexus, SOSP 2019, drops by the same reasoning.) */
#include "scheduler/dispatch/state.h"

/* A batch as it is put together. */
struct filling {
    const struct dispatch *dispatch;
    const struct bucket *bucket;
    uint32_t worker;
    uint64_t now_ns, start_ns;
    uint32_t count, rows;
    uint32_t slots[DISPATCH_MAX_BATCH];
    uint64_t due_ns; /* the earliest deadline in it; UINT64_MAX */
    uint32_t first_due; /* whose that is */
    uint32_t left_out; /* the first that would make it late; DISPATCH_NONE */
};

static uint64_t batch_ns(const struct filling *filling, uint64_t rows)
{
    const struct bucket *bucket = filling->bucket;
    return batch_cost_ns(&filling->dispatch->models[bucket->model].cost, COST_SAFE, bucket->from,
                         bucket->to, rows);
}

/* Adds one if it fits and nobody gets late by it. False: the batch is complete. */
static bool add(struct filling *filling, uint32_t slot)
{
    const struct request *request = &filling->dispatch->requests[slot];
    const uint64_t deadline_ns = request->facts.deadline_ns;
    const uint32_t together = filling->rows + (uint32_t)__builtin_popcountll(request->waiting);
    const uint64_t due_ns = deadline_ns < filling->due_ns ? deadline_ns : filling->due_ns;
    if (filling->count &&
        (filling->dispatch->config.mode == DISPATCH_ALONE || together > filling->bucket->most_rows))
        return false;
    if (filling->count && filling->start_ns + batch_ns(filling, together) > due_ns) {
        filling->left_out = slot;
        return false;
    }
    if (deadline_ns < filling->due_ns)
        filling->first_due = slot;
    filling->due_ns = due_ns;
    filling->rows = together;
    filling->slots[filling->count++] = slot;
    return true;
}

static void collect(struct filling *filling)
{
    struct order_heap_walk walk;
    order_heap_walk_init(&walk, &filling->bucket->requests, filling->dispatch->by_urgency);
    for (;;) {
        const uint32_t slot = order_heap_walk_next(&walk);
        if (slot == ORDER_HEAP_NONE || !add(filling, slot))
            return;
    }
}

/* When somebody could begin with the rest: this worker after its batch, or another. */
static uint64_t next_start_ns(const struct filling *filling)
{
    uint64_t start_ns = filling->start_ns + batch_ns(filling, filling->rows);
    for (uint32_t i = 0; i < filling->dispatch->config.max_workers; i++) {
        const struct worker *worker = &filling->dispatch->workers[i];
        if (i == filling->worker ||
            !dispatch_worker_can(filling->dispatch, i, filling->bucket->model))
            continue;
        const uint64_t ends_ns = worker->open_count && worker->ends_ns > filling->now_ns
                                     ? worker->ends_ns
                                     : filling->now_ns;
        start_ns = ends_ns < start_ns ? ends_ns : start_ns;
    }
    return start_ns;
}

/* The one that is given up for the others; DISPATCH_NONE. */
static uint32_t victim(const struct filling *filling)
{
    const struct request *first = &filling->dispatch->requests[filling->slots[0]];
    if (filling->start_ns + batch_ns(filling, first->rows_left) > first->facts.deadline_ns)
        return filling->slots[0];
    if (filling->left_out == DISPATCH_NONE || filling->first_due == DISPATCH_NONE)
        return DISPATCH_NONE;
    const struct bucket *bucket = filling->bucket;
    const uint64_t left = bucket->rows - filling->rows;
    const uint64_t rest_ns = batch_ns(filling, left < bucket->most_rows ? left : bucket->most_rows);
    const uint64_t due_ns = filling->dispatch->requests[filling->left_out].facts.deadline_ns;
    return next_start_ns(filling) + rest_ns > due_ns ? filling->first_due : DISPATCH_NONE;
}

void dispatch_fill(struct dispatch *dispatch, uint32_t bucket, uint32_t at, uint64_t now_ns,
                   struct dispatch_action *action)
{
    struct worker *worker = &dispatch->workers[at];
    struct filling filling = {
        .dispatch = dispatch,
        .bucket = &dispatch->table.buckets[bucket],
        .worker = at,
        .now_ns = now_ns,
        .start_ns = worker->open_count && worker->ends_ns > now_ns ? worker->ends_ns : now_ns,
        .due_ns = UINT64_MAX,
        .first_due = DISPATCH_NONE,
        .left_out = DISPATCH_NONE,
    };
    collect(&filling);
    const uint32_t given_up = victim(&filling);
    if (given_up != DISPATCH_NONE) {
        action->kind = DISPATCH_DROP;
        action->slot = given_up;
        dispatch_note_outcome(dispatch, &dispatch->requests[given_up], false);
        dispatch_forget(dispatch, given_up);
        return;
    }
    const struct dispatch_gift gift = {
        .worker = at,
        .start_ns = filling.start_ns,
        .expected_ns = batch_cost_ns(&dispatch->models[filling.bucket->model].cost, COST_TYPICAL,
                                     filling.bucket->from, filling.bucket->to, filling.rows),
        .urgency = DISPATCH_URGENCY,
        .is_alone = true,
        .slots = filling.slots,
        .count = filling.count};
    dispatch_give(dispatch, &gift, action);
}
