/* Requests in and out of their buckets, and the bucket's place among the others.
 *
 *            ready_ns passes
 *   WAITS ───────────────────> READY (of its model) or PINNED (of its worker)
 *
 * A bucket that is not full waits only if that is likely to pay: another request is expected soon,
 * as they came at short intervals lately; the worker would stand still for that interval, so it
 * must be shorter than what a row costs less in a batch than alone. It waits for twice the interval
 * after the last one came, and ends when the oldest has waited for max_delay_ns or the most urgent
 * must start. So a lone request on an idle server starts at once, and so does a burst. */
#include "scheduler/dispatch/state.h"

#include <assert.h>
#include <stddef.h>

enum {
    GAP_SHARE = 4, /* a new interval's weight is one in so many */
    GAP_BOUND = 4, /* an interval counts for no more than so many max_delay_ns */
    GAPS_TO_WAIT = 2,
};

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Interval since the last arrival into the moving mean. Long ones are cut off, so that after a
 * quiet hour a few quick arrivals are enough to show that it is over. */
static void note_arrival(struct bucket *bucket, uint64_t max_delay_ns, uint64_t now_ns)
{
    if (bucket->last_came_ns != BUCKET_NEVER) {
        const uint64_t bound_ns =
            max_delay_ns > BUCKET_NEVER / 8 ? BUCKET_NEVER / 8 : GAP_BOUND * max_delay_ns;
        const uint64_t gap_ns = least(now_ns - bucket->last_came_ns, bound_ns);
        bucket->gap_ns = bucket->gap_ns == BUCKET_NEVER
                             ? gap_ns
                             : (bucket->gap_ns * (GAP_SHARE - 1) + gap_ns) / GAP_SHARE;
    }
    bucket->last_came_ns = now_ns;
}

static bool does_waiting_pay(const struct dispatch *dispatch, const struct bucket *bucket,
                             uint64_t gap_ns)
{
    const struct batch_cost *cost = &dispatch->models[bucket->model].cost;
    return gap_ns <= dispatch->config.max_delay_ns &&
           gap_ns <= batch_cost_saving_ns(cost, bucket->from, bucket->to);
}

uint64_t dispatch_queue_ready_ns(const struct dispatch *dispatch, const struct bucket *bucket)
{
    const struct dispatch_config *config = &dispatch->config;
    if (bucket->is_single || config->mode == DISPATCH_ALONE || bucket->rows >= bucket->most_rows ||
        !does_waiting_pay(dispatch, bucket, bucket->gap_ns))
        return 0;
    const struct request *oldest = &dispatch->requests[bucket->oldest];
    const struct request *first = &dispatch->requests[order_heap_first(&bucket->requests)];
    const uint64_t enough_ns = dispatch_sum_or_never(oldest->came_ns, config->max_delay_ns);
    const uint64_t expected_ns =
        dispatch_sum_or_never(bucket->last_came_ns, GAPS_TO_WAIT * bucket->gap_ns);
    return least(least(enough_ns, expected_ns), first->start_by_ns);
}

uint64_t dispatch_queue_class_ready_ns(const struct dispatch *dispatch, uint32_t slot)
{
    const struct dispatch_request *facts = &dispatch->requests[slot].facts;
    const struct bucket *bucket = &dispatch->table.buckets[dispatch->requests[slot].bucket];
    const struct flow *flow =
        dispatch_class_flow(&dispatch->models[facts->model], facts->class_index, facts->from);
    if (flow->count < 2 || !does_waiting_pay(dispatch, bucket, flow->gap_ns))
        return 0;
    uint64_t rows = 0, ready_ns = dispatch_sum_or_never(flow->last_ns, GAPS_TO_WAIT * flow->gap_ns);
    struct order_heap_walk walk;
    order_heap_walk_init(&walk, &bucket->requests, dispatch->by_urgency);
    for (uint32_t i = 0; i < DISPATCH_MAX_BATCH; i++) {
        const uint32_t at = order_heap_walk_next(&walk);
        if (at == ORDER_HEAP_NONE)
            break;
        const struct request *other = &dispatch->requests[at];
        if (other->facts.class_index != facts->class_index)
            continue;
        const uint64_t enough_ns =
            dispatch_sum_or_never(other->came_ns, dispatch->config.max_delay_ns);
        ready_ns = least(least(ready_ns, enough_ns), other->start_by_ns);
        rows += other->rows_left;
        if (rows >= bucket->most_rows)
            return 0;
    }
    return ready_ns;
}

static struct order_heap *heap_of(struct dispatch *dispatch, const struct bucket *bucket)
{
    switch ((enum bucket_place)bucket->place) {
    case BUCKET_WAITS:
        return &dispatch->waits;
    case BUCKET_READY:
        return &dispatch->models[bucket->model].ready;
    case BUCKET_PINNED:
        return &dispatch->workers[bucket->worker].pinned;
    case BUCKET_IDLE:
        break;
    }
    return NULL;
}

static void push_ready(struct dispatch *dispatch, uint32_t at)
{
    struct bucket *bucket = &dispatch->table.buckets[at];
    const struct request *first = &dispatch->requests[order_heap_first(&bucket->requests)];
    bucket->worker = first->worker;
    bucket->place = first->worker == DISPATCH_NONE ? BUCKET_READY : BUCKET_PINNED;
    order_heap_push(heap_of(dispatch, bucket), dispatch->bucket_nodes, at, first->order_ns,
                    first->sequence);
}

/* What its requests will take, as they would be batched. */
static uint64_t work_ns(const struct dispatch *dispatch, const struct bucket *bucket)
{
    if (dispatch->config.mode == DISPATCH_ALONE)
        return bucket->alone_ns;
    return batch_cost_ns(&dispatch->models[bucket->model].cost, COST_TYPICAL, bucket->from,
                         bucket->to, bucket->rows);
}

void dispatch_queue_place(struct dispatch *dispatch, uint32_t at)
{
    struct bucket *bucket = &dispatch->table.buckets[at];
    if (bucket->place != BUCKET_IDLE)
        order_heap_remove(heap_of(dispatch, bucket), dispatch->bucket_nodes, at);
    struct model *model = &dispatch->models[bucket->model];
    model->queued_ns -= bucket->work_ns;
    bucket->work_ns = work_ns(dispatch, bucket);
    model->queued_ns += bucket->work_ns;
    if (bucket->oldest == DISPATCH_NONE) {
        bucket_table_release(&dispatch->table, at);
        return;
    }
    const uint64_t ready_ns = dispatch_queue_ready_ns(dispatch, bucket);
    if (!ready_ns) {
        push_ready(dispatch, at);
        return;
    }
    bucket->place = BUCKET_WAITS;
    order_heap_push(&dispatch->waits, dispatch->bucket_nodes, at, ready_ns, 0);
}

void dispatch_queue_ripen(struct dispatch *dispatch, uint64_t now_ns)
{
    for (;;) {
        const uint32_t at = order_heap_first(&dispatch->waits);
        if (at == ORDER_HEAP_NONE || dispatch->bucket_nodes[at].key > now_ns)
            return;
        order_heap_remove(&dispatch->waits, dispatch->bucket_nodes, at);
        push_ready(dispatch, at);
    }
}

static uint64_t time_before(uint64_t deadline_ns, uint64_t needed_ns)
{
    return deadline_ns > needed_ns ? deadline_ns - needed_ns : 0;
}

/* What its bucket and its deadline make of the request. */
static void estimate(struct dispatch *dispatch, struct request *request, uint32_t most_rows,
                     uint64_t rows)
{
    const struct dispatch_request *facts = &request->facts;
    const struct model *model = &dispatch->models[facts->model];
    request->alone_ns = batch_cost_ns(&model->cost, COST_TYPICAL, facts->from, facts->to, rows);
    request->rows_left = rows;
    request->start_by_ns = UINT64_MAX;
    if (facts->deadline_ns != DISPATCH_NO_DEADLINE)
        request->start_by_ns =
            time_before(facts->deadline_ns,
                        batch_cost_ns(&model->cost, COST_SAFE, facts->from, facts->to, most_rows));
}

static uint64_t rows_left(const struct request *request, uint32_t most_rows)
{
    const uint32_t chunk_end = request->first_row + most_rows;
    const uint64_t after = request->facts.rows > chunk_end ? request->facts.rows - chunk_end : 0;
    return after + (uint64_t)__builtin_popcountll(request->waiting);
}

void dispatch_push_deadline(struct dispatch *dispatch, uint32_t slot)
{
    const struct request *request = &dispatch->requests[slot];
    if (request->facts.deadline_ns == DISPATCH_NO_DEADLINE)
        return;
    const struct dispatch_request *facts = &request->facts;
    const uint64_t needed_ns = batch_cost_ns(&dispatch->models[facts->model].cost, COST_SAFE,
                                             facts->from, facts->to, request->rows_left);
    const uint64_t start_by_ns = time_before(facts->deadline_ns, needed_ns);
    order_heap_push(&dispatch->drops, dispatch->by_drop, slot,
                    dispatch_sum_or_never(start_by_ns, 1), request->sequence);
}

void dispatch_queue_in(struct dispatch *dispatch, uint32_t slot, bool is_new, uint64_t now_ns)
{
    struct request *request = &dispatch->requests[slot];
    const struct dispatch_request *facts = &request->facts;
    const uint32_t most =
        batch_cost_most_rows(&dispatch->models[facts->model].cost, facts->from, facts->to);
    const uint64_t rows = rows_left(request, most);
    const bool is_single = request->is_alone || rows > most || request->has_run;
    struct bucket_table *table = &dispatch->table;
    const uint32_t at = is_single ? bucket_table_single(table, facts->model, facts->from, facts->to)
                                  : bucket_table_named(table, facts->model, facts->from, facts->to);
    struct bucket *bucket = &table->buckets[at];
    bucket->most_rows = most;
    if (is_new && !is_single)
        note_arrival(bucket, dispatch->config.max_delay_ns, now_ns);
    if (is_new && dispatch_is_joinable(dispatch, bucket)) {
        const struct model *model = &dispatch->models[facts->model];
        dispatch_note_flow(&model->flows[facts->from], now_ns);
        dispatch_note_flow(dispatch_class_flow(model, facts->class_index, facts->from), now_ns);
    }
    if (is_new)
        dispatch->class_came_ns[facts->class_index] = now_ns;
    estimate(dispatch, request, most, rows);
    request->state = REQUEST_QUEUED;
    request->bucket = at;
    request->came_ns = now_ns;
    request->older = bucket->newest;
    request->newer = DISPATCH_NONE;
    if (bucket->newest != DISPATCH_NONE)
        dispatch->requests[bucket->newest].newer = slot;
    else
        bucket->oldest = slot;
    bucket->newest = slot;
    bucket->rows += rows;
    bucket->alone_ns += request->alone_ns;
    order_heap_push(&bucket->requests, dispatch->by_urgency, slot, request->order_ns,
                    request->sequence);
    order_heap_push(&dispatch->ages, dispatch->by_age, slot, facts->arrived_ns, request->sequence);
    dispatch_push_deadline(dispatch, slot);
    if (dispatch_is_joinable(dispatch, bucket)) {
        struct model *model = &dispatch->models[facts->model];
        order_heap_push(&model->crowd, dispatch->by_crowd, slot, request->order_ns,
                        request->sequence);
        model->crowd_count++;
        model->wants_join = true;
    }
    dispatch->queued_count++;
    dispatch->models[facts->model].flows[facts->from].queued++;
    dispatch->class_queued[facts->class_index]++;
    dispatch_wait(dispatch, slot);
    dispatch_queue_place(dispatch, at);
}

void dispatch_queue_take(struct dispatch *dispatch, uint32_t slot)
{
    struct request *request = &dispatch->requests[slot];
    struct bucket *bucket = &dispatch->table.buckets[request->bucket];
    assert(request->state == REQUEST_QUEUED);
    order_heap_remove(&bucket->requests, dispatch->by_urgency, slot);
    order_heap_remove(&dispatch->ages, dispatch->by_age, slot);
    if (request->facts.deadline_ns != DISPATCH_NO_DEADLINE)
        order_heap_remove(&dispatch->drops, dispatch->by_drop, slot);
    if (dispatch_is_joinable(dispatch, bucket)) {
        struct model *model = &dispatch->models[request->facts.model];
        order_heap_remove(&model->crowd, dispatch->by_crowd, slot);
        model->crowd_count--;
    }
    if (request->older != DISPATCH_NONE)
        dispatch->requests[request->older].newer = request->newer;
    else
        bucket->oldest = request->newer;
    if (request->newer != DISPATCH_NONE)
        dispatch->requests[request->newer].older = request->older;
    else
        bucket->newest = request->older;
    bucket->rows -= request->rows_left;
    bucket->alone_ns -= request->alone_ns;
    request->state = REQUEST_NONE;
    request->bucket = DISPATCH_NONE;
    dispatch->queued_count--;
    dispatch->models[request->facts.model].flows[request->facts.from].queued--;
    dispatch->class_queued[request->facts.class_index]--;
    dispatch_wait_ends(dispatch, slot);
}

void dispatch_queue_out(struct dispatch *dispatch, uint32_t slot)
{
    const uint32_t bucket = dispatch->requests[slot].bucket;
    dispatch_queue_take(dispatch, slot);
    dispatch_queue_place(dispatch, bucket);
}
