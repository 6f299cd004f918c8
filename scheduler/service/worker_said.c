/* Checks a worker's words against what it was told and what it owns. */
#include "scheduler/service/worker_said.h"
#include "scheduler/service/service.h"

static void junk(struct service *service)
{
    counts_add(&service->counts, COUNT_JUNK, 1);
}

static void take_ready(struct service *service, struct worker_link *worker,
                       const struct message_model *said)
{
    if (said->model >= MESSAGE_MAX_MODELS || worker->has[said->model] != WORKER_LOADS) {
        junk(service);
        return;
    }
    worker->loads = 0;
    service->look_ns = 0;
    if (said->kind == MESSAGE_FAILED) {
        worker->has[said->model] = WORKER_CANNOT;
        model_set_failed(service, said->model, worker->name, said->error);
        return;
    }
    worker->has[said->model] = WORKER_HAS;
    worker->has_count++;
    model_set_ready(service, said->model);
    if (worker->is_active && service->models.items[said->model].is_known)
        dispatch_worker_has(service->dispatch, worker->number, said->model);
    workers_fill(service);
}

/* A model that it could not give back (FAILED) it did not have. */
static void take_unloaded(struct service *service, struct worker_link *worker,
                          const struct message_model *said)
{
    worker->has[said->model] = WORKER_HAS_NOT;
    worker->loads = 0;
    service->look_ns = 0;
}

static void take_model(struct service *service, struct worker_link *worker,
                       const struct message_model *said)
{
    const bool is_unloading =
        said->model < MESSAGE_MAX_MODELS && worker->has[said->model] == WORKER_UNLOADS;
    if (is_unloading && said->kind != MESSAGE_READY)
        take_unloaded(service, worker, said);
    else if (said->kind == MESSAGE_UNLOADED)
        junk(service);
    else
        take_ready(service, worker, said);
}

static void take_segment(struct service *service, struct worker_link *worker,
                         const struct message_segment *said)
{
    struct worker_run *run = worker_link_find_run(worker, said->dispatch);
    if (run)
        run->has_begun = true;
    else
        junk(service);
}

/* Why the row's request cannot be answered; INGRESS_ANSWERED: it can. */
static enum ingress_reason reason_of(const struct message_row_done *said)
{
    switch (said->status) {
    case MESSAGE_OK:
        return INGRESS_ANSWERED;
    case MESSAGE_LATE:
        return INGRESS_DEADLINE;
    case MESSAGE_CANCELLED:
        return INGRESS_CANCELLED;
    case MESSAGE_BAD_CUT:
        return INGRESS_BAD_RANGE;
    case MESSAGE_NO_MODEL:
        return INGRESS_MODEL_UNKNOWN;
    default:
        return INGRESS_FAILED;
    }
}

static void note_row(struct request *request, const struct worker_run *run,
                     const struct message_row_done *said, uint64_t now_ns)
{
    const enum ingress_reason reason = reason_of(said);
    if (reason != INGRESS_ANSWERED && request->failure == INGRESS_ANSWERED)
        request->failure = (uint8_t)reason;
    if (run->row_count > request->batch)
        request->batch = (uint16_t)run->row_count;
    /* Its clock is ours; what cannot be is not repeated to the client. */
    const uint64_t entered_ns = said->entered_ns;
    if (entered_ns >= request->arrived_ns && entered_ns <= now_ns &&
        (request->entered_ns == 0 || entered_ns < request->entered_ns))
        request->entered_ns = entered_ns;
    if (said->compute_ns <= now_ns - request->arrived_ns)
        request_note_compute(request, said->dispatch, said->compute_ns);
}

static void take_row(struct service *service, struct worker_link *worker,
                     const struct message_row_done *said, uint64_t now_ns)
{
    const uint32_t owner = worker_link_owner(service, worker);
    const struct worker_run *run = worker_link_find_run(worker, said->dispatch);
    struct slot_view view;
    if (!run || slot_table_view(service->memory.owners, said->slot, &view) ||
        view.state != SLOT_RUNNING || view.owner != owner || view.generation != said->generation) {
        junk(service);
        return;
    }
    if (said->status == MESSAGE_DRAINING)
        return; /* it is about to end; what it did not run comes back then */
    if (said->status == MESSAGE_MISSED || said->status == MESSAGE_FULL ||
        said->status == MESSAGE_BAD_RUN) {
        worker_link_condemn(service, worker, "lost count of its dispatches");
        return;
    }
    struct request *request = &service->requests.items[said->slot];
    note_row(request, run, said, now_ns);
    const bool was_last = dispatch_row_done(service->dispatch, worker->number, said->dispatch,
                                            said->slot, said->row, true, now_ns);
    if (!was_last) {
        if (request->failure != INGRESS_ANSWERED) /* its other rows are not wanted */
            request_give_up(service, said->slot, now_ns);
        return;
    }
    request_end(service, said->slot, (enum ingress_reason)request->failure, now_ns);
}

static void take_run_done(struct service *service, struct worker_link *worker,
                          const struct message_run_done *said, uint64_t now_ns)
{
    struct worker_run *run = worker_link_find_run(worker, said->dispatch);
    if (!run) {
        junk(service);
        return;
    }
    if (said->status == MESSAGE_DRAINING)
        return;
    run->is_open = false;
    dispatch_run_done(service->dispatch, worker->number, said->dispatch, said->compute_ns, now_ns);
}

void worker_said(struct service *service, struct worker_link *worker, const union message *message,
                 uint64_t now_ns)
{
    switch (message->kind) {
    case MESSAGE_READY:
    case MESSAGE_FAILED:
    case MESSAGE_UNLOADED:
        take_model(service, worker, &message->model);
        break;
    case MESSAGE_SEGMENT_STARTED:
        take_segment(service, worker, &message->segment);
        break;
    case MESSAGE_ROW_DONE:
        take_row(service, worker, &message->row_done, now_ns);
        break;
    case MESSAGE_RUN_DONE:
        take_run_done(service, worker, &message->run_done, now_ns);
        break;
    case MESSAGE_SEGMENT_DONE:
    case MESSAGE_DRAINED:
        break;
    default:
        junk(service);
    }
}
