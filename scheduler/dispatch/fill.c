/* A dispatch is put together: which of a bucket's requests go into it, and what its worker owes. */
#include "scheduler/dispatch/state.h"

#include <string.h>

static void add_rows(struct run *run, struct request *request)
{
    for (uint64_t bits = request->waiting; bits; bits &= bits - 1) {
        const uint32_t row = request->first_row + (uint32_t)__builtin_ctzll(bits);
        run->pending |= UINT64_C(1) << run->row_count;
        run->rows[run->row_count++] = (struct dispatch_row){request->facts.slot, (uint16_t)row};
    }
    request->running = request->waiting;
    request->waiting = 0;
}

/* Predictions for a batch that is being put together. */
struct filling {
    const struct model *model;
    const struct bucket *bucket;
    uint64_t start_ns;
};

static uint64_t end_ns(const struct filling *filling, uint32_t rows)
{
    const struct bucket *bucket = filling->bucket;
    const uint64_t loaded_ns = batch_cost_ns(&filling->model->cost, bucket->from, bucket->to, rows);
    return filling->start_ns + correction_safe_ns(&filling->model->correction, loaded_ns);
}

/* The most urgent first, until one does not fit, or a larger batch would be late for one that a
 * smaller is in time for. One that would be late even alone is not waited for. */
static void fill(struct dispatch *dispatch, const struct filling *filling, uint32_t worker,
                 struct run *run)
{
    const struct bucket *bucket = filling->bucket;
    uint64_t due_ns = UINT64_MAX;
    for (;;) {
        const uint32_t slot = order_heap_first(&bucket->requests);
        if (slot == ORDER_HEAP_NONE)
            return;
        struct request *request = &dispatch->requests[slot];
        const uint32_t rows = (uint32_t)__builtin_popcountll(request->waiting);
        const uint32_t together = run->row_count + rows;
        if (run->row_count && (!dispatch->config.has_batches || together > bucket->most_rows ||
                               end_ns(filling, together) > due_ns))
            return;
        if (request->facts.deadline_ns < due_ns &&
            end_ns(filling, rows) <= request->facts.deadline_ns)
            due_ns = request->facts.deadline_ns;
        dispatch_queue_take(dispatch, slot);
        add_rows(run, request);
        request->state = REQUEST_RUNS;
        dispatch->running_count++;
        dispatch_hold(dispatch, slot, worker);
    }
}

void dispatch_give(struct dispatch *dispatch, uint32_t at, uint32_t worker_at, uint64_t now_ns,
                   struct dispatch_action *action)
{
    const struct bucket *bucket = &dispatch->table.buckets[at];
    struct model *model = &dispatch->models[bucket->model];
    struct worker *worker = &dispatch->workers[worker_at];
    struct run *run = &worker->runs[dispatch_free_record(worker)];
    const bool is_idle = !worker->open_count;
    const uint64_t start_ns = is_idle || worker->ends_ns < now_ns ? now_ns : worker->ends_ns;
    run->is_open = true;
    run->number = dispatch->next_number++;
    run->row_count = run->missed_count = 0;
    run->model = bucket->model;
    run->from = bucket->from;
    run->to = bucket->to;
    fill(dispatch, &(struct filling){model, bucket, start_ns}, worker_at, run);
    run->expected_ns = correction_typical_ns(
        &model->correction, batch_cost_ns(&model->cost, run->from, run->to, run->row_count));
    dispatch_queue_place(dispatch, at);
    if (is_idle)
        worker->began_ns = now_ns;
    worker->open_count++;
    model->open_count++;
    worker->ends_ns = start_ns + run->expected_ns;
    action->kind = DISPATCH_RUN;
    action->slot = DISPATCH_NONE;
    action->worker = worker_at;
    action->number = run->number;
    action->model = run->model;
    action->from = run->from;
    action->to = run->to;
    action->row_count = run->row_count;
    memcpy(action->rows, run->rows, run->row_count * sizeof(*run->rows));
}
