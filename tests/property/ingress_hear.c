/* What the stand-in for jointd does with each message: it checks, notes, computes. */
#include "tests/property/ingress_host.h"

#include <stdio.h>

static void blame(struct ingress_host *host, const char *what, uint64_t number)
{
    if (host->faults++ == 0)
        snprintf(host->fault, sizeof(host->fault), "%s (%llu)", what, (unsigned long long)number);
}

static const struct host_model *model_of(const struct ingress_host *host, uint32_t number)
{
    return number < 16 ? host->models[number] : NULL;
}

static void check_submit(struct ingress_host *host, uint32_t queue,
                         const struct ingress_submit *submit)
{
    const struct host_model *model = model_of(host, submit->model);
    const uint64_t first = queue * host->setup.part_bytes;
    if (!model || submit->from >= submit->to || submit->to >= HOST_CUTS || submit->rows == 0 ||
        submit->bytes !=
            host_model_message_bytes(model, submit->from, submit->rows, submit->encoding))
        blame(host, "SUBMIT of what no model takes", submit->model);
    if (submit->offset % 64 || submit->offset < first ||
        submit->offset + submit->bytes > first + host->setup.part_bytes)
        blame(host, "SUBMIT outside its part", submit->offset);
    if (submit->whole_ns < submit->opened_ns || submit->class_index >= host->setup.class_count)
        blame(host, "SUBMIT with times or a class that cannot be", submit->opened_ns);
    for (uint32_t i = 0; i < host->pending_count; i++) {
        const struct ingress_submit *other = &host->pending[i].submit;
        if (submit->offset < other->offset + other->bytes &&
            other->offset < submit->offset + submit->bytes)
            blame(host, "SUBMIT over another one's place", submit->offset);
        if (host->pending[i].queue == queue && other->slot == submit->slot)
            blame(host, "SUBMIT in a slot that is taken", submit->slot);
    }
}

static uint32_t find_expected(const struct ingress_host *host, uint32_t queue, uint32_t slot,
                              uint32_t generation)
{
    for (uint32_t i = 0; i < host->expected_count; i++) {
        const struct host_request *request = &host->expected[i];
        if (request->queue == queue && request->submit.slot == slot &&
            request->submit.generation == generation)
            return i;
    }
    return UINT32_MAX;
}

static void end_expected(struct ingress_host *host, uint32_t index)
{
    if (index != UINT32_MAX)
        host->expected[index] = host->expected[--host->expected_count];
}

void ingress_host_judge(struct ingress_host *host, uint32_t index, enum ingress_reason reason)
{
    const struct host_request request = host->expected[index];
    const union ingress_message message = {
        .finished = {.kind = INGRESS_VERDICT,
                     .reason = (uint8_t)reason,
                     .slot = request.submit.slot,
                     .generation = request.submit.generation,
                     .retry_after_us = reason == INGRESS_ANSWERED ? 0 : 77000}};
    if (reason != INGRESS_ANSWERED)
        end_expected(host, index);
    ingress_host_say(host, request.queue, &message);
}

static void take_ask(struct ingress_host *host, uint32_t queue, const struct ingress_submit *submit)
{
    const bool is_bad = host->refuse_each && host->asked % host->refuse_each == 0;
    host->asked++;
    for (uint32_t i = 0; i < host->expected_count; i++)
        if (host->expected[i].queue == queue && host->expected[i].submit.slot == submit->slot)
            blame(host, "ASK about what is expected already", submit->slot);
    for (uint32_t i = 0; i < host->pending_count; i++)
        if (host->pending[i].queue == queue && host->pending[i].submit.slot == submit->slot)
            blame(host, "ASK in a slot that is taken", submit->slot);
    if (submit->whole_ns < submit->opened_ns || !model_of(host, submit->model))
        blame(host, "ASK with a time or model that cannot be", submit->opened_ns);
    if (host->expected_count == HOST_MAX_PENDING) {
        blame(host, "more questions than slots", host->expected_count);
        return;
    }
    host->expected[host->expected_count++] =
        (struct host_request){.submit = *submit, .queue = queue};
    if (!host->holds_verdicts)
        ingress_host_judge(host, (uint32_t)host->expected_count - 1,
                           is_bad ? INGRESS_DEADLINE : INGRESS_ANSWERED);
}

static void take_submit(struct ingress_host *host, uint32_t queue,
                        const struct ingress_submit *submit)
{
    check_submit(host, queue, submit);
    end_expected(host, find_expected(host, queue, submit->slot, submit->generation));
    host->submitted++;
    if (host->pending_count == HOST_MAX_PENDING) {
        blame(host, "more requests than slots", host->pending_count);
        return;
    }
    host->pending[host->pending_count++] = (struct host_request){.submit = *submit, .queue = queue};
    if (host->pending_count > host->most_pending)
        host->most_pending = host->pending_count;
}

static void take_cancel(struct ingress_host *host, uint32_t queue,
                        const struct ingress_order *order)
{
    host->cancelled++;
    end_expected(host, find_expected(host, queue, order->slot, order->generation));
    for (uint32_t i = 0; i < host->pending_count; i++) {
        struct host_request *request = &host->pending[i];
        if (request->queue == queue && request->submit.slot == order->slot &&
            request->submit.generation == order->generation) {
            if (request->is_cancelled)
                blame(host, "CANCEL twice", order->slot);
            request->is_cancelled = true;
        }
    }
}

static void take_sent(struct ingress_host *host, uint32_t queue, const struct ingress_order *order)
{
    host->sent++;
    if (order->slot >= host->setup.response_slots || host->answer_queue[order->slot] != queue ||
        slab_free(host->answers, order->slot, order->generation))
        blame(host, "SENT of an answer that it does not have", order->slot);
    else
        host->answer_of[order->slot] = (struct slab_ref){0};
}

static void take(struct ingress_host *host, uint32_t queue, const union ingress_message *message)
{
    switch (message->kind) {
    case INGRESS_STARTED:
        host->started++;
        break;
    case INGRESS_SUBMIT:
        take_submit(host, queue, &message->submit);
        break;
    case INGRESS_ASK:
        take_ask(host, queue, &message->submit);
        break;
    case INGRESS_CANCEL:
        take_cancel(host, queue, &message->order);
        break;
    case INGRESS_SENT:
        take_sent(host, queue, &message->order);
        break;
    case INGRESS_WITHDRAWN:
        host->withdrawn++;
        break;
    case INGRESS_DRAINED:
        host->drained++;
        break;
    default:
        blame(host, "a kind that is none", message->kind);
    }
}

static bool answer(struct ingress_host *host, const struct host_request *request,
                   struct ingress_finished *said)
{
    const struct ingress_submit *submit = &request->submit;
    const struct host_model *model = model_of(host, submit->model);
    struct slab_ref ref;
    if (!model)
        return true;
    said->bytes =
        host_model_message_bytes(model, submit->to, submit->rows, submit->answer_encoding);
    if (slab_alloc(host->answers, said->bytes, &ref))
        return false;
    host->answer_of[ref.slot] = ref;
    host->answer_queue[ref.slot] = (uint8_t)request->queue;
    said->offset = ref.offset;
    said->answer_slot = ref.slot;
    said->answer_generation = ref.generation;
    host_model_compute(model, submit->to, region_at(&host->requests, submit->offset, submit->bytes),
                       submit->bytes, region_at(&host->responses, ref.offset, ref.bytes),
                       said->bytes);
    return true;
}

bool ingress_host_finish(struct ingress_host *host, uint32_t index, enum ingress_reason reason)
{
    const struct host_request request = host->pending[index];
    union ingress_message message = {.finished = {.kind = INGRESS_FINISHED,
                                                  .reason = (uint8_t)reason,
                                                  .encoding = request.submit.answer_encoding,
                                                  .batch = request.submit.rows,
                                                  .slot = request.submit.slot,
                                                  .generation = request.submit.generation,
                                                  .queue_us = 11,
                                                  .compute_us = 22}};
    if (reason == INGRESS_ANSWERED && !answer(host, &request, &message.finished))
        return false;
    host->pending[index] = host->pending[--host->pending_count];
    host->finished++;
    ingress_host_say(host, request.queue, &message);
    return true;
}

int ingress_host_poll(struct ingress_host *host)
{
    int count = 0;
    for (uint32_t q = 0; q < host->setup.queue_count && !host->is_deaf; q++) {
        union ingress_message message;
        while (channel_pop(&host->channel[q], &message, 1) > 0) {
            take(host, q, &message);
            count++;
        }
    }
    for (uint32_t i = host->pending_count; i-- > 0 && !host->holds;)
        ingress_host_finish(host, i,
                            host->pending[i].is_cancelled ? INGRESS_CANCELLED : INGRESS_ANSWERED);
    return count;
}
