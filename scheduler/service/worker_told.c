/* From the dispatcher's actions to words for a worker, and the record of what it was told. */
#include "scheduler/service/worker_told.h"
#include "scheduler/service/service.h"

#include <string.h>

static struct worker_run *find_free_run(struct worker_link *worker)
{
    for (uint32_t i = 0; i < MESSAGE_MAX_DISPATCHES; i++)
        if (worker_run_is_free(&worker->run[i]))
            return &worker->run[i];
    return NULL;
}

static struct message_row row_of(struct service *service, const struct request *request,
                                 uint32_t number, uint16_t row)
{
    const struct ingress *ingress = service_ingress(service, request->ingress);
    return (struct message_row){
        .kind = MESSAGE_ROW,
        .in_region = (uint8_t)ingress->config.worker_grant,
        .out_region = MEMORY_GRANT_RESPONSES,
        .dispatch = number,
        .slot = request->place.slot,
        .generation = request->place.generation,
        .model = request->model,
        .from = request->from,
        .to = request->to,
        .row = row,
        .in_offset = request->offset,
        .out_offset = request->place.offset,
        .in_bytes = request->bytes,
        .out_bytes = (uint32_t)request->place.bytes,
        .rows = request->rows,
        .in_encoding = request->encoding,
        .out_encoding = request->answer_encoding,
        .deadline_ns = request->deadline_ns == DISPATCH_NO_DEADLINE ? 0 : request->deadline_ns};
}

/* The first of a request's rows makes it the worker's. */
static void give(struct service *service, struct worker_link *worker, const struct request *request,
                 uint64_t lease_ns)
{
    struct slot_view view;
    const int error = slot_table_view(service->memory.owners, request->place.slot, &view);
    assert(!error);
    (void)error;
    const uint32_t owner = worker_link_owner(service, worker);
    if (view.state == SLOT_RUNNING && view.owner != owner) /* that one has it no more */
        slot_table_put_back(service->memory.owners, request->place.slot, request->place.generation,
                            view.owner);
    if (view.state == SLOT_QUEUED || view.owner != owner)
        slot_table_run(service->memory.owners, request->place.slot, request->place.generation,
                       owner, lease_ns);
}

/* What is put before other rows keeps these waiting: that is not for ever. */
static void renew(struct service *service, const struct worker_link *worker, uint64_t lease_ns)
{
    const uint32_t owner = worker_link_owner(service, worker);
    for (uint32_t i = 0; i < MESSAGE_MAX_DISPATCHES; i++) {
        const struct worker_run *run = &worker->run[i];
        for (uint32_t r = 0; r < run->row_count; r++) {
            const struct slab_ref *place = &service->requests.items[run->rows[r].slot].place;
            slot_table_renew(service->memory.owners, place->slot, place->generation, owner,
                             lease_ns);
        }
    }
}

static struct message_run run_of(const struct dispatch_action *action)
{
    struct message_run run = {.kind = MESSAGE_RUN,
                              .urgency = action->urgency,
                              .dispatch = action->number,
                              .model = action->model,
                              .from = action->from,
                              .to = action->to,
                              .row_count = (uint16_t)action->row_count};
    static_assert(sizeof(run.stops) == sizeof(action->stops), "a bit for each stop");
    memcpy(run.stops, action->stops, sizeof(run.stops));
    return run;
}

static uint64_t lease_of(const struct service *service, const struct worker_link *worker,
                         uint64_t now_ns)
{
    return now_ns + 10 * service->config.workers.hang_timeout_ns +
           20 * worker_link_predicted_ns(worker);
}

/* Its rows into messages; what the dispatcher chose becomes the worker's. */
static void give_rows(struct service *service, struct worker_link *worker, struct worker_run *run,
                      const struct dispatch_action *action, uint64_t lease_ns,
                      union message *messages)
{
    for (uint32_t r = 0; r < action->row_count; r++) {
        const struct dispatch_row *row = &action->rows[r];
        const struct request *request = &service->requests.items[row->slot];
        give(service, worker, request, lease_ns);
        messages[r] = (union message){.row = row_of(service, request, action->number, row->row)};
        worker_run_add(run, &(struct worker_run_row){.slot = row->slot,
                                                     .row = row->row,
                                                     .from = request->from,
                                                     .to = request->to,
                                                     .has_joined = action->kind == DISPATCH_JOIN});
    }
    counts_add(&service->counts, COUNT_ROWS, action->row_count);
}

static void start_run(struct service *service, struct worker_link *worker,
                      const struct dispatch_action *action, uint64_t now_ns)
{
    union message messages[1 + DISPATCH_MAX_BATCH];
    struct worker_run *run = find_free_run(worker);
    assert(run && action->row_count > 0 && action->row_count <= DISPATCH_MAX_BATCH);
    bool is_before_others = false;
    for (uint32_t i = 0; i < MESSAGE_MAX_DISPATCHES; i++)
        is_before_others |= worker->run[i].is_open && worker->run[i].urgency < action->urgency;
    worker_run_open(run, action);
    const uint64_t lease_ns = lease_of(service, worker, now_ns);
    if (is_before_others)
        renew(service, worker, lease_ns);
    messages[0] = (union message){.run = run_of(action)};
    give_rows(service, worker, run, action, lease_ns, messages + 1);
    counts_add(&service->counts, COUNT_DISPATCHES, 1);
    counts_max(&service->counts, COUNT_BATCH_MAX, action->row_count);
    worker_link_say(service, worker, messages, 1 + action->row_count);
}

static void join_run(struct service *service, struct worker_link *worker,
                     const struct dispatch_action *action, uint64_t now_ns)
{
    union message messages[DISPATCH_MAX_BATCH];
    struct worker_run *run = worker_link_find_run(worker, action->number);
    assert(run && action->row_count > 0 && action->row_count <= DISPATCH_MAX_BATCH);
    run->predicted_ns += action->predicted_ns;
    const uint64_t lease_ns = lease_of(service, worker, now_ns);
    renew(service, worker, lease_ns);
    give_rows(service, worker, run, action, lease_ns, messages);
    counts_add(&service->counts, COUNT_LATE_JOINS, action->row_count);
    worker_link_say(service, worker, messages, action->row_count);
}

void worker_told_run(struct service *service, struct worker_link *worker,
                     const struct dispatch_action *action, uint64_t now_ns)
{
    if (action->kind == DISPATCH_JOIN)
        join_run(service, worker, action, now_ns);
    else
        start_run(service, worker, action, now_ns);
}

void worker_told_cancel(struct service *service, struct worker_link *worker, uint32_t slot,
                        uint32_t generation)
{
    for (uint32_t i = 0; i < MESSAGE_MAX_DISPATCHES; i++) {
        const struct worker_run *run = &worker->run[i];
        if (!worker_run_has(run, slot))
            continue;
        /* One word ends all rows of that request in a dispatch. */
        const struct message_order order = {.kind = MESSAGE_CANCEL,
                                            .model = run->model,
                                            .dispatch = run->number,
                                            .slot = slot,
                                            .generation = generation};
        worker_link_say(service, worker, &order, 1);
    }
}
