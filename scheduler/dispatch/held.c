/* Which worker a request belongs to, and the end of a request. */
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
    dispatch_release(dispatch, slot);
    dispatch->models[request->facts.model].request_count--;
    request->state = REQUEST_NONE;
}
