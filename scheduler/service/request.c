/* A request's way through jointd. */
#include "scheduler/service/request.h"
#include "scheduler/service/request_record.h"
#include "scheduler/service/service.h"

#include <errno.h>
#include <stdlib.h>

/* After all that an ingress may take to get an answer out or to give up. */
#define SENDING_MARGIN_NS UINT64_C(30000000000)

int request_table_init(struct request_table *table, uint32_t slot_count)
{
    *table = (struct request_table){.items = calloc(slot_count, sizeof(*table->items)),
                                    .slot_count = slot_count};
    return table->items ? 0 : -ENOMEM;
}

void request_table_fini(struct request_table *table)
{
    if (!table)
        return;
    free(table->items);
    *table = (struct request_table){0};
}

struct dispatch_request request_for_dispatch(const struct request *request)
{
    return (struct dispatch_request){.slot = request->place.slot,
                                     .model = request->model,
                                     .from = request->from,
                                     .to = request->to,
                                     .rows = request->rows,
                                     .class_index = request->class_index,
                                     .client = request->client,
                                     .arrived_ns = request->arrived_ns,
                                     .deadline_ns = request->deadline_ns};
}

static enum ingress_reason reason_of(enum dispatch_verdict verdict)
{
    switch (verdict) {
    case DISPATCH_OVER_CREDIT:
        return INGRESS_TOO_MANY;
    case DISPATCH_FULL:
    case DISPATCH_CEILING:
        return INGRESS_OVERLOADED;
    case DISPATCH_LATE:
        return INGRESS_DEADLINE;
    default:
        return INGRESS_MODEL_UNKNOWN;
    }
}

static void free_place(struct service *service, const struct request *request, uint32_t owner)
{
    const struct slab_ref *place = &request->place;
    int error = slot_table_release(service->memory.owners, place->slot, place->generation, owner);
    assert(!error);
    error = slab_free(service->memory.answers, place->slot, place->generation);
    assert(!error);
    (void)error;
}

static void take_place(struct service *service, const struct request *request)
{
    struct slot_table *owners = service->memory.owners;
    const struct slab_ref *place = &request->place;
    int error =
        slot_table_fill(owners, place->slot, place->generation, SLOT_OWNER_JOINTD, UINT64_MAX);
    assert(!error);
    error = slot_table_queue(owners, place->slot, place->generation, SLOT_OWNER_JOINTD);
    assert(!error);
    (void)error;
}

/* A place for its answer, in its client's credits. */
static enum ingress_reason prepare(struct service *service, const struct request *wanted,
                                   uint64_t answer_bytes, uint64_t now_ns, struct request **request)
{
    struct slab_ref place;
    const enum dispatch_verdict credit =
        dispatch_admits(service->dispatch, wanted->class_index, wanted->client, now_ns);
    if (credit != DISPATCH_QUEUED)
        return reason_of(credit);
    const int error = slab_alloc(service->memory.answers, answer_bytes, &place);
    if (error)
        return error == -EMSGSIZE ? INGRESS_BAD_SIZE : INGRESS_NO_MEMORY;
    *request = &service->requests.items[place.slot];
    **request = *wanted;
    (*request)->place = place;
    take_place(service, *request);
    return INGRESS_ANSWERED;
}

/* Into the queue, or out of its place. */
static enum ingress_reason submit(struct service *service, struct request *request, uint64_t now_ns,
                                  uint32_t *slot)
{
    request->predicted_compute_ns = dispatch_predict_ns(service->dispatch, request->model,
                                                        request->from, request->to, request->rows);
    const struct dispatch_request asked = request_for_dispatch(request);
    const enum dispatch_verdict verdict = dispatch_submit(service->dispatch, &asked, now_ns);
    if (verdict != DISPATCH_QUEUED) {
        free_place(service, request, SLOT_OWNER_JOINTD);
        return reason_of(verdict);
    }
    request->predicted_wait_ns = dispatch_predicted_wait_ns(service->dispatch, asked.slot);
    request->is_open = true;
    service->requests.open_count++;
    model_set_hold(&service->models, request->model);
    *slot = asked.slot;
    return INGRESS_ANSWERED;
}

enum ingress_reason request_open(struct service *service, const struct request *wanted,
                                 uint64_t answer_bytes, uint64_t now_ns, uint32_t *slot)
{
    struct request *request;
    const enum ingress_reason reason = prepare(service, wanted, answer_bytes, now_ns, &request);
    return reason == INGRESS_ANSWERED ? submit(service, request, now_ns, slot) : reason;
}

enum ingress_reason request_expect(struct service *service, const struct request *wanted,
                                   uint64_t answer_bytes, uint64_t now_ns, uint32_t *slot)
{
    struct request *request;
    const enum ingress_reason reason = prepare(service, wanted, answer_bytes, now_ns, &request);
    if (reason != INGRESS_ANSWERED)
        return reason;
    const struct dispatch_request asked = request_for_dispatch(request);
    const enum dispatch_verdict verdict = dispatch_expect(service->dispatch, &asked, now_ns);
    if (verdict != DISPATCH_QUEUED) {
        free_place(service, request, SLOT_OWNER_JOINTD);
        return reason_of(verdict);
    }
    request->is_expected = true;
    model_set_hold(&service->models, request->model);
    *slot = asked.slot;
    return INGRESS_ANSWERED;
}

static bool is_same(const struct request *a, const struct request *b, uint64_t answer_bytes)
{
    return a->model == b->model && a->from == b->from && a->to == b->to && a->rows == b->rows &&
           a->class_index == b->class_index && a->client == b->client &&
           a->place.bytes == answer_bytes;
}

enum ingress_reason request_arrive(struct service *service, const struct request *wanted,
                                   uint64_t answer_bytes, uint64_t now_ns, uint32_t *slot)
{
    struct request *request = &service->requests.items[*slot];
    assert(request->is_expected);
    if (!is_same(request, wanted, answer_bytes)) {
        request_unexpect(service, *slot);
        return request_open(service, wanted, answer_bytes, now_ns, slot);
    }
    const struct slab_ref place = request->place;
    *request = *wanted;
    request->place = place;
    model_set_release(&service->models, request->model);
    return submit(service, request, now_ns, slot);
}

void request_unexpect(struct service *service, uint32_t slot)
{
    struct request *request = &service->requests.items[slot];
    assert(request->is_expected);
    request->is_expected = false;
    (void)dispatch_unexpect(service->dispatch, slot); /* its time may have been over */
    model_set_release(&service->models, request->model);
    free_place(service, request, SLOT_OWNER_JOINTD);
}

static uint32_t whole_us(uint64_t ns)
{
    return ns / 1000 > UINT32_MAX ? UINT32_MAX : (uint32_t)(ns / 1000);
}

static struct ingress_finished finished_of(const struct service *service,
                                           const struct request *request,
                                           enum ingress_reason reason, uint64_t now_ns)
{
    const uint64_t begun_ns = request->entered_ns ? request->entered_ns : now_ns;
    struct ingress_finished finished = {
        .kind = INGRESS_FINISHED,
        .reason = (uint8_t)reason,
        .batch = request->batch,
        .slot = request->slot,
        .generation = request->generation,
        .queue_us = whole_us(begun_ns > request->arrived_ns ? begun_ns - request->arrived_ns : 0),
        .compute_us = whole_us(request->compute_ns),
        .retry_after_us = load_retry_after_us(&service->load, reason)};
    if (reason == INGRESS_ANSWERED) {
        finished.encoding = request->answer_encoding;
        finished.answer_slot = request->place.slot;
        finished.answer_generation = request->place.generation;
        finished.offset = request->place.offset;
        finished.bytes = (uint32_t)request->place.bytes;
    }
    return finished;
}

/* Also from a worker: one that was told some of its rows is not owed the others. */
static void take_home(struct service *service, const struct request *request)
{
    const struct slab_ref *place = &request->place;
    struct slot_view view;
    if (slot_table_view(service->memory.owners, place->slot, &view) == 0 &&
        view.state == SLOT_RUNNING)
        slot_table_complete(service->memory.owners, place->slot, place->generation, view.owner);
}

static void send_answer(struct service *service, const struct request *request, uint64_t now_ns)
{
    const struct limits_section *limits = &service->config.limits;
    const uint64_t lease_ns = now_ns + limits->give_up_ns + limits->once_ns + limits->longest_ns +
                              service->config.api.request_timeout_ns + SENDING_MARGIN_NS;
    const int error =
        slot_table_send(service->memory.owners, request->place.slot, request->place.generation,
                        ingress_owner(request->ingress), lease_ns);
    assert(!error);
    (void)error;
}

void request_end(struct service *service, uint32_t slot, enum ingress_reason reason,
                 uint64_t now_ns)
{
    struct request *request = &service->requests.items[slot];
    assert(request->is_open);
    if (request->is_cancelled)
        reason = INGRESS_CANCELLED;
    take_home(service, request);
    request->is_open = false;
    service->requests.open_count--;
    model_set_release(&service->models, request->model);
    load_note_end(&service->load, request, reason, now_ns);
    statistics_note_end(service, request, reason, now_ns);
    request_record_end(service, request, reason, now_ns);
    counts_reject(&service->counts, reason);
    counts_add(&service->counts, request->is_orphan ? COUNT_ORPHANED : counts_of_reason(reason), 1);
    counts_add(&service->counts, COUNT_COMPUTE_NS, request->compute_ns);
    if (reason == INGRESS_ANSWERED && now_ns > request->deadline_ns)
        counts_add(&service->counts, COUNT_ANSWERED_LATE, 1);
    if (reason == INGRESS_ANSWERED && !request->is_orphan)
        send_answer(service, request, now_ns);
    else
        free_place(service, request, SLOT_OWNER_JOINTD);
    if (request->is_orphan)
        return;
    const struct ingress_finished finished = finished_of(service, request, reason, now_ns);
    counts_add(&service->counts, COUNT_QUEUE_NS, UINT64_C(1000) * finished.queue_us);
    ingress_finish(service, service_ingress(service, request->ingress), &finished);
}

int request_sent(struct service *service, uint32_t owner, uint32_t slot, uint32_t generation)
{
    struct slot_view view;
    if (slot_table_view(service->memory.owners, slot, &view) || view.state != SLOT_SENDING ||
        view.owner != owner || view.generation != generation)
        return -ESTALE;
    free_place(service, &service->requests.items[slot], owner);
    return 0;
}

void request_cancel(struct service *service, uint32_t slot, uint64_t now_ns)
{
    struct request *request = &service->requests.items[slot];
    assert(request->is_open);
    if (request->is_cancelled)
        return;
    request->is_cancelled = true;
    if (dispatch_cancel(service->dispatch, slot) == 0)
        request_end(service, slot, INGRESS_CANCELLED, now_ns);
    else
        workers_cancel(service, slot);
}

void request_give_up(struct service *service, uint32_t slot, uint64_t now_ns)
{
    const struct request *request = &service->requests.items[slot];
    if (dispatch_cancel(service->dispatch, slot) == 0)
        request_end(service, slot, (enum ingress_reason)request->failure, now_ns);
    else
        workers_cancel(service, slot);
}

void request_abandon(struct service *service, uint32_t slot, uint64_t now_ns)
{
    service->requests.items[slot].is_orphan = true;
    request_cancel(service, slot, now_ns);
}

void request_note_compute(struct request *request, uint32_t dispatch, uint64_t row_ns)
{
    if (request->dispatch != dispatch)
        request->dispatch_ns = 0;
    request->dispatch = dispatch;
    if (row_ns <= request->dispatch_ns)
        return;
    request->compute_ns += row_ns - request->dispatch_ns;
    request->dispatch_ns = row_ns;
}

void request_unsent(struct service *service, uint32_t slot)
{
    free_place(service, &service->requests.items[slot], SLOT_OWNER_JOINTD);
}

void request_requeue(struct service *service, uint32_t slot, bool is_alone, uint64_t now_ns)
{
    struct request *request = &service->requests.items[slot];
    if (request->is_cancelled || request->is_orphan) {
        request_end(service, slot, INGRESS_CANCELLED, now_ns);
        return;
    }
    request->failure = INGRESS_ANSWERED;
    request->has_run = false;
    request->entered_ns = 0;
    request->compute_ns = 0;
    request->dispatch_ns = 0;
    request->path = request_path_start();
    counts_add(&service->counts, COUNT_REQUEUED, 1);
    const struct dispatch_request asked = request_for_dispatch(request);
    /* It may wait already, for any other worker, after all it had of its own was answered. */
    (void)dispatch_cancel(service->dispatch, slot);
    dispatch_requeue(service->dispatch, &asked, is_alone, now_ns);
}
