/* The decision: which bucket goes next, and on which worker.
 *
 * Of the buckets that are ready, and that a free worker could run, the one with the most urgent
 * request; of the workers that could, the one that is done first, and of these the one with the
 * fewest models, which can do the least else. */
#include "scheduler/dispatch/state.h"

#include <string.h>

uint64_t dispatch_free_ns(const struct dispatch *dispatch, const struct worker *worker)
{
    if (!worker->model_count || worker->open_count >= DISPATCH_WORKER_RUNS ||
        dispatch_free_record(worker) == DISPATCH_NONE)
        return UINT64_MAX;
    if (!worker->open_count || worker->ends_ns <= dispatch->config.commit_ahead_ns)
        return 0;
    return worker->ends_ns - dispatch->config.commit_ahead_ns;
}

static bool is_more_urgent(const struct dispatch *dispatch, uint32_t bucket, uint32_t other)
{
    if (bucket == DISPATCH_NONE || other == DISPATCH_NONE)
        return other == DISPATCH_NONE && bucket != DISPATCH_NONE;
    const struct order_heap_node *a = &dispatch->bucket_nodes[bucket];
    const struct order_heap_node *b = &dispatch->bucket_nodes[other];
    return a->key != b->key ? a->key < b->key : a->tie < b->tie;
}

static bool has_free_worker(const struct dispatch *dispatch, const struct model *model)
{
    for (uint32_t word = 0; word < dispatch->worker_words; word++)
        if (model->workers[word] & dispatch->worker_set[word])
            return true;
    return false;
}

static uint32_t choose_bucket(struct dispatch *dispatch, uint64_t now_ns)
{
    uint32_t best = DISPATCH_NONE;
    bool is_any_free = false;
    memset(dispatch->worker_set, 0, dispatch->worker_words * sizeof(*dispatch->worker_set));
    for (uint32_t i = 0; i < dispatch->config.max_workers; i++) {
        const struct worker *worker = &dispatch->workers[i];
        if (dispatch_free_ns(dispatch, worker) > now_ns)
            continue;
        is_any_free = true;
        dispatch->worker_set[i / 64] |= UINT64_C(1) << i % 64;
        if (is_more_urgent(dispatch, order_heap_first(&worker->pinned), best))
            best = order_heap_first(&worker->pinned);
    }
    for (uint32_t i = 0; is_any_free && i < dispatch->model_end; i++) {
        const struct model *model = &dispatch->models[i];
        const uint32_t first = order_heap_first(&model->ready);
        if (is_more_urgent(dispatch, first, best) && has_free_worker(dispatch, model))
            best = first;
    }
    return best;
}

static bool is_better_worker(const struct worker *worker, const struct worker *other)
{
    const uint64_t ends_ns = worker->open_count ? worker->ends_ns : 0;
    const uint64_t other_ends_ns = other->open_count ? other->ends_ns : 0;
    return ends_ns != other_ends_ns ? ends_ns < other_ends_ns
                                    : worker->model_count < other->model_count;
}

static uint32_t choose_worker(const struct dispatch *dispatch, const struct bucket *bucket)
{
    if (bucket->place == BUCKET_PINNED)
        return bucket->worker;
    uint32_t best = DISPATCH_NONE;
    const struct model *model = &dispatch->models[bucket->model];
    for (uint32_t word = 0; word < dispatch->worker_words; word++) {
        uint64_t bits = model->workers[word] & dispatch->worker_set[word];
        for (; bits; bits &= bits - 1) {
            const uint32_t at = word * 64 + (uint32_t)__builtin_ctzll(bits);
            if (best == DISPATCH_NONE ||
                is_better_worker(&dispatch->workers[at], &dispatch->workers[best]))
                best = at;
        }
    }
    return best;
}

/* Who is only expected is told when it comes. */
static bool drop_late(struct dispatch *dispatch, uint64_t now_ns, struct dispatch_action *action)
{
    for (;;) {
        const uint32_t late = order_heap_first(&dispatch->drops);
        if (late == ORDER_HEAP_NONE || dispatch->by_drop[late].key > now_ns)
            return false;
        if (dispatch_unexpect(dispatch, late))
            continue;
        action->kind = DISPATCH_DROP;
        action->slot = late;
        dispatch_note_outcome(dispatch, &dispatch->requests[late], false);
        dispatch_forget(dispatch, late);
        return true;
    }
}

bool dispatch_next(struct dispatch *dispatch, uint64_t now_ns, struct dispatch_action *action)
{
    now_ns = dispatch_clock(dispatch, now_ns);
    if (drop_late(dispatch, now_ns, action))
        return true;
    dispatch_queue_ripen(dispatch, now_ns);
    dispatch_look_at_credits(dispatch, now_ns);
    const uint32_t bucket = choose_bucket(dispatch, now_ns);
    if (bucket == DISPATCH_NONE)
        return dispatch_join(dispatch, now_ns, action);
    const uint32_t worker = choose_worker(dispatch, &dispatch->table.buckets[bucket]);
    if (dispatch_is_joinable(dispatch, &dispatch->table.buckets[bucket]))
        dispatch_compose(dispatch, bucket, worker, now_ns, action);
    else
        dispatch_fill(dispatch, bucket, worker, now_ns, action);
    return true;
}

static uint64_t first_key(const struct order_heap *heap, const struct order_heap_node *nodes)
{
    const uint32_t first = order_heap_first(heap);
    return first == ORDER_HEAP_NONE ? UINT64_MAX : nodes[first].key;
}

/* Of the workers that somebody is ready for, when the first can be given something. */
static uint64_t first_free_ns(const struct dispatch *dispatch, uint64_t bound_ns)
{
    memset(dispatch->worker_set, 0, dispatch->worker_words * sizeof(*dispatch->worker_set));
    for (uint32_t i = 0; i < dispatch->model_end; i++) {
        const struct model *model = &dispatch->models[i];
        const bool is_ready = order_heap_first(&model->ready) != ORDER_HEAP_NONE;
        for (uint32_t word = 0; is_ready && word < dispatch->worker_words; word++)
            dispatch->worker_set[word] |= model->workers[word];
    }
    for (uint32_t i = 0; i < dispatch->config.max_workers; i++) {
        const struct worker *worker = &dispatch->workers[i];
        const bool is_wanted = dispatch->worker_set[i / 64] >> i % 64 & 1 ||
                               order_heap_first(&worker->pinned) != ORDER_HEAP_NONE;
        const uint64_t free_ns = is_wanted ? dispatch_free_ns(dispatch, worker) : UINT64_MAX;
        bound_ns = free_ns < bound_ns ? free_ns : bound_ns;
    }
    return bound_ns;
}

uint64_t dispatch_timeout_ns(const struct dispatch *dispatch)
{
    const uint64_t drop_ns = first_key(&dispatch->drops, dispatch->by_drop);
    const uint64_t ready_ns = first_key(&dispatch->waits, dispatch->bucket_nodes);
    uint64_t bound_ns = drop_ns < ready_ns ? drop_ns : ready_ns;
    for (uint32_t i = 0; i < dispatch->model_end; i++) {
        const uint64_t join_at_ns = dispatch->models[i].join_at_ns;
        bound_ns = join_at_ns && join_at_ns < bound_ns ? join_at_ns : bound_ns;
    }
    return first_free_ns(dispatch, bound_ns);
}
