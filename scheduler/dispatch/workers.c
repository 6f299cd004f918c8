/* Workers that come, go, and hold requests: those that run there, or run on there. */
#include "scheduler/dispatch/state.h"

void dispatch_hold(struct dispatch *dispatch, uint32_t slot, uint32_t worker)
{
    struct request *request = &dispatch->requests[slot];
    if (request->worker == worker)
        return;
    uint32_t *first = &dispatch->workers[worker].held_first;
    request->worker = worker;
    request->held_before = DISPATCH_NONE;
    request->held_after = *first;
    if (*first != DISPATCH_NONE)
        dispatch->requests[*first].held_before = slot;
    *first = slot;
}

void dispatch_release(struct dispatch *dispatch, uint32_t slot)
{
    struct request *request = &dispatch->requests[slot];
    if (request->worker == DISPATCH_NONE)
        return;
    if (request->held_before != DISPATCH_NONE)
        dispatch->requests[request->held_before].held_after = request->held_after;
    else
        dispatch->workers[request->worker].held_first = request->held_after;
    if (request->held_after != DISPATCH_NONE)
        dispatch->requests[request->held_after].held_before = request->held_before;
    request->worker = DISPATCH_NONE;
}

void dispatch_forget(struct dispatch *dispatch, uint32_t slot)
{
    struct request *request = &dispatch->requests[slot];
    if (request->state == REQUEST_QUEUED)
        dispatch_queue_out(dispatch, slot);
    else
        dispatch->running_count--;
    dispatch_leave(dispatch, &request->claim);
    dispatch_release(dispatch, slot);
    dispatch->models[request->facts.model].request_count--;
    request->state = REQUEST_NONE;
}

void dispatch_worker_has(struct dispatch *dispatch, uint32_t worker, uint32_t model)
{
    if (worker >= dispatch->config.max_workers || model >= dispatch->config.max_models ||
        !dispatch->models[model].is_there || dispatch_worker_can(dispatch, worker, model))
        return;
    dispatch->models[model].workers[worker / 64] |= UINT64_C(1) << worker % 64;
    if (!dispatch->workers[worker].model_count++)
        demand_set_workers(&dispatch->demand, ++dispatch->up_count);
}

/* What was begun there of this model goes on elsewhere. */
void dispatch_worker_lost_model(struct dispatch *dispatch, uint32_t worker, uint32_t model)
{
    if (worker >= dispatch->config.max_workers || model >= dispatch->config.max_models ||
        !dispatch_worker_can(dispatch, worker, model))
        return;
    dispatch->models[model].workers[worker / 64] &= ~(UINT64_C(1) << worker % 64);
    if (!--dispatch->workers[worker].model_count && --dispatch->up_count)
        demand_set_workers(&dispatch->demand, dispatch->up_count);
    uint32_t next;
    for (uint32_t slot = dispatch->workers[worker].held_first; slot != DISPATCH_NONE; slot = next) {
        const struct request *request = &dispatch->requests[slot];
        next = request->held_after;
        if (request->state != REQUEST_QUEUED || request->facts.model != model)
            continue;
        dispatch_release(dispatch, slot);
        dispatch_queue_place(dispatch, request->bucket);
    }
}

void dispatch_worker_gone(struct dispatch *dispatch, uint32_t worker)
{
    if (worker >= dispatch->config.max_workers)
        return;
    struct worker *gone = &dispatch->workers[worker];
    while (gone->held_first != DISPATCH_NONE)
        dispatch_forget(dispatch, gone->held_first);
    for (uint32_t i = 0; i < dispatch->config.max_models; i++)
        dispatch_worker_lost_model(dispatch, worker, i);
    for (uint32_t i = 0; i < DISPATCH_WORKER_RECORDS; i++)
        if (gone->runs[i].is_open) {
            dispatch_settle(dispatch, &gone->runs[i], 0);
            dispatch->models[gone->runs[i].model].open_count--;
        }
    if (gone->open_count && dispatch->latest_ns > gone->began_ns)
        dispatch->busy_ns += dispatch->latest_ns - gone->began_ns;
    *gone = (struct worker){.pinned = order_heap_empty(), .held_first = DISPATCH_NONE};
}
