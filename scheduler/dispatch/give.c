/* Requests leave the queue for a worker: in a dispatch of their own, or into one that it has. */
#include "scheduler/dispatch/state.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

/* The first of the rows that the record has a free place for. */
static uint32_t free_place(const struct run *run)
{
    assert(run->pending != UINT64_MAX);
    return (uint32_t)__builtin_ctzll(~run->pending);
}

/* The request's rows that wait, into the record and the action. */
static void take(struct dispatch *dispatch, uint32_t slot, const struct dispatch_gift *gift,
                 struct run *run, struct dispatch_action *action)
{
    struct request *request = &dispatch->requests[slot];
    dispatch_queue_out(dispatch, slot);
    for (uint64_t bits = request->waiting; bits; bits &= bits - 1) {
        const struct dispatch_row row = {
            slot, (uint16_t)(request->first_row + (uint32_t)__builtin_ctzll(bits))};
        const uint32_t place = free_place(run);
        run->pending |= UINT64_C(1) << place;
        run->rows[place] = row;
        action->rows[action->row_count++] = row;
        dispatch_charge(dispatch, request, run, place);
    }
    request->running = request->waiting;
    request->waiting = 0;
    request->state = REQUEST_RUNS;
    dispatch->running_count++;
    dispatch_note_wait(dispatch, request, gift->start_ns);
    dispatch_hold(dispatch, slot, gift->worker);
}

static void take_all(struct dispatch *dispatch, const struct dispatch_gift *gift, struct run *run,
                     struct dispatch_action *action)
{
    const struct dispatch_request *first = &dispatch->requests[gift->slots[0]].facts;
    action->slot = DISPATCH_NONE;
    action->worker = gift->worker;
    action->model = first->model;
    action->from = UINT16_MAX;
    action->to = 0;
    action->urgency = gift->urgency;
    action->row_count = 0;
    action->predicted_ns = gift->expected_ns;
    memset(action->stops, 0, sizeof(action->stops));
    for (uint32_t i = 0; i < gift->count; i++) {
        const struct dispatch_request *facts = &dispatch->requests[gift->slots[i]].facts;
        action->from = facts->from < action->from ? facts->from : action->from;
        action->to = facts->to > action->to ? facts->to : action->to;
        take(dispatch, gift->slots[i], gift, run, action);
    }
    run->row_count += action->row_count;
    dispatch->counts.rows += action->row_count;
}

void dispatch_give(struct dispatch *dispatch, const struct dispatch_gift *gift,
                   struct dispatch_action *action)
{
    struct worker *worker = &dispatch->workers[gift->worker];
    struct run *run = &worker->runs[dispatch_free_record(worker)];
    assert(!run->charged);
    memset(run, 0, offsetof(struct run, rows));
    run->is_open = true;
    run->number = dispatch->next_number++;
    run->urgency = gift->urgency;
    run->is_alone = gift->is_alone;
    run->expected_ns = gift->expected_ns;
    take_all(dispatch, gift, run, action);
    action->kind = DISPATCH_RUN;
    action->number = run->number;
    run->model = action->model;
    run->from = run->at = action->from;
    run->to = action->to;
    if (!worker->open_count)
        worker->began_ns = gift->start_ns;
    worker->open_count++;
    dispatch->models[run->model].open_count++;
    worker->ends_ns = gift->start_ns + run->expected_ns;
    dispatch->counts.runs++;
}

void dispatch_give_more(struct dispatch *dispatch, const struct dispatch_gift *gift,
                        struct run *run, struct dispatch_action *action)
{
    take_all(dispatch, gift, run, action);
    action->kind = DISPATCH_JOIN;
    action->number = run->number;
    run->expected_ns += gift->expected_ns;
    dispatch->workers[gift->worker].ends_ns += gift->expected_ns;
    dispatch->counts.joined_rows += action->row_count;
    dispatch->counts.late_joins += action->row_count;
}
