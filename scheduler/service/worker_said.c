/* Checks a worker's words against what it was told and what it owns. */
#include "scheduler/service/worker_said.h"
#include "scheduler/service/request_record.h"
#include "scheduler/service/service.h"

/* By how much a worker may be ahead of a turn that has just begun. */
#define AHEAD_NS UINT64_C(1000000000)

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

static void note_segment(struct service *service, const struct worker_link *worker,
                         const struct worker_run *run, const struct message_segment *said,
                         uint64_t ns, uint64_t now_ns)
{
    if (said->started_ns > said->ended_ns || said->ended_ns > now_ns + AHEAD_NS)
        return;
    counts_busy(&service->counts, worker->number, ns);
    statistics_note_segment(service, run->model, said->row_count, ns);
    load_models_note_batch(&service->load_models, run->model, said->row_count, now_ns);
    request_record_segment(service, worker, run, said);
}

/* What it took of itself, without those that ran inside of it; 0: the worker knows no clock. */
static uint64_t segment_ns(const struct message_segment *said)
{
    const uint64_t ns = said->ended_ns > said->started_ns ? said->ended_ns - said->started_ns : 0;
    return said->paused_ns < ns ? ns - said->paused_ns : 0;
}

static void take_segment(struct service *service, struct worker_link *worker,
                         const struct message_segment *said, uint64_t now_ns)
{
    struct worker_run *run = worker_link_find_run(worker, said->dispatch);
    if (!run || !run->is_open) {
        junk(service);
        return;
    }
    const bool is_over = said->kind == MESSAGE_SEGMENT_DONE;
    if (!is_over)
        worker_run_segment(run, said->from, said->row_count);
    const uint64_t ns = segment_ns(said);
    const uint64_t began_ns = is_over ? said->ended_ns - ns : said->started_ns;
    if (dispatch_segment(service->dispatch, worker->number, said->dispatch, said->from, said->to,
                         said->row_count, began_ns, is_over ? said->ended_ns : 0, now_ns))
        junk(service);
    else if (is_over)
        note_segment(service, worker, run, said, ns, now_ns);
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

static void note_row(struct request *request, const struct worker_run_row *row,
                     const struct message_row_done *said, uint64_t now_ns)
{
    const enum ingress_reason reason = reason_of(said);
    request->has_run = true;
    if (reason != INGRESS_ANSWERED && request->failure == INGRESS_ANSWERED)
        request->failure = (uint8_t)reason;
    if (row->batch > request->batch)
        request->batch = row->batch;
    /* Its clock is ours; what cannot be is not repeated to the client. */
    const uint64_t entered_ns = said->entered_ns;
    if (entered_ns >= request->arrived_ns && entered_ns <= now_ns &&
        (request->entered_ns == 0 || entered_ns < request->entered_ns))
        request->entered_ns = entered_ns;
    if (said->compute_ns <= now_ns - request->arrived_ns)
        request_note_compute(request, said->dispatch, said->compute_ns);
}

/* It came too late to join. Unless other rows of its request are there, or were, the worker has no
 * more part in it. */
static void take_missed(struct service *service, struct worker_link *worker,
                        const struct message_row_done *said, uint64_t now_ns)
{
    struct request *request = &service->requests.items[said->slot];
    counts_add(&service->counts, COUNT_MISSED_ROWS, 1);
    if (!request->has_run) /* where it seemed to be on its way, it was not */
        request->path = request_path_start();
    if (dispatch_row_done(service->dispatch, worker->number, said->dispatch, said->slot, said->row,
                          false, now_ns))
        request_end(service, said->slot, (enum ingress_reason)request->failure, now_ns);
    else if (!worker_link_has(worker, said->slot) && !request->has_run)
        slot_table_put_back(service->memory.owners, said->slot, said->generation,
                            worker_link_owner(service, worker));
}

static void take_ran(struct service *service, struct worker_link *worker,
                     const struct message_row_done *said, uint64_t now_ns)
{
    struct request *request = &service->requests.items[said->slot];
    const bool was_last = dispatch_row_done(service->dispatch, worker->number, said->dispatch,
                                            said->slot, said->row, true, now_ns);
    if (was_last)
        request_end(service, said->slot, (enum ingress_reason)request->failure, now_ns);
    else if (request->failure != INGRESS_ANSWERED) /* its other rows are not wanted */
        request_give_up(service, said->slot, now_ns);
}

static void take_row(struct service *service, struct worker_link *worker,
                     const struct message_row_done *said, uint64_t now_ns)
{
    const uint32_t owner = worker_link_owner(service, worker);
    struct worker_run *run = worker_link_find_run(worker, said->dispatch);
    struct worker_run_row *found = run ? worker_run_find(run, said->slot, said->row) : NULL;
    struct slot_view view;
    if (!found || slot_table_view(service->memory.owners, said->slot, &view) ||
        view.state != SLOT_RUNNING || view.owner != owner || view.generation != said->generation) {
        junk(service);
        return;
    }
    if (said->status == MESSAGE_DRAINING)
        return; /* it is about to end; what it did not run comes back then */
    const bool is_missed = said->status == MESSAGE_MISSED || said->status == MESSAGE_FULL;
    if ((is_missed && !found->has_joined) || said->status == MESSAGE_BAD_RUN) {
        worker_link_condemn(service, worker, "lost count of its dispatches");
        return;
    }
    const struct worker_run_row row = *found;
    worker_run_remove(run, found);
    if (is_missed) {
        take_missed(service, worker, said, now_ns);
        return;
    }
    counts_add(&service->counts, COUNT_MERGED_ROWS, row.is_merged);
    note_row(&service->requests.items[said->slot], &row, said, now_ns);
    take_ran(service, worker, said, now_ns);
}

static void take_run_done(struct service *service, struct worker_link *worker,
                          const struct message_run_done *said, uint64_t now_ns)
{
    struct worker_run *run = worker_link_find_run(worker, said->dispatch);
    if (!run || !run->is_open) {
        junk(service);
        return;
    }
    if (said->status == MESSAGE_DRAINING)
        return;
    run->is_open = false;
    statistics_note_run(service, run->model, said->compute_ns, run->predicted_ns);
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
    case MESSAGE_SEGMENT_DONE:
        take_segment(service, worker, &message->segment, now_ns);
        break;
    case MESSAGE_ROW_DONE:
        take_row(service, worker, &message->row_done, now_ns);
        break;
    case MESSAGE_RUN_DONE:
        take_run_done(service, worker, &message->run_done, now_ns);
        break;
    case MESSAGE_DRAINED:
        break;
    default:
        junk(service);
    }
}
