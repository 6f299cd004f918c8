/* What jointd says is checked here, at the edge; what it is owed leaves here. */
#include "dataplane/queue_parts.h"

#include "shm/fd_pass.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_MESSAGES 64u

static void complain(struct queue *queue, const char *what, uint64_t number)
{
    queue->counts.unsound++;
    snprintf(queue->trouble, sizeof(queue->trouble), "jointd said %s (%llu)", what,
             (unsigned long long)number);
}

static int receive_model(struct queue *queue, uint32_t number)
{
    struct ingress_model model;
    int fd = -1;
    const int fd_count = fd_pass_receive(queue->config.socket, &model, sizeof(model), &fd, 1);
    if (fd_count < 0)
        return fd_count;
    if (fd_count == 1 && model.model == number)
        return catalogue_add(&queue->catalogue, &model, fd);
    if (fd_count == 1)
        close(fd);
    return -EBADMSG;
}

static void take_model(struct queue *queue, const struct ingress_order *order)
{
    const int error = receive_model(queue, order->model);
    if (error)
        complain(queue, strerrordesc_np(-error), order->model);
    else
        queue->has_models = true;
}

static void take_withdraw(struct queue *queue, const struct ingress_order *order)
{
    if (!catalogue_withdraw(&queue->catalogue, order->model))
        complain(queue, "WITHDRAW of a model that is not offered", order->model);
    queue->has_freed = true; /* those of this model that wait for memory end */
}

/* The answer as it was asked for, where it can lie; NULL: it cannot be. */
static const uint8_t *find_answer(const struct queue *queue, const struct request *request,
                                  const struct ingress_finished *said)
{
    if (said->encoding != request->submit.answer_encoding || said->bytes != request->answer_bytes)
        return NULL;
    return answers_find(&queue->answers, said->offset, said->bytes);
}

static void answer(struct queue *queue, const struct request *request,
                   const struct ingress_finished *said)
{
    const struct jtp_answering answering = {.bytes = find_answer(queue, request, said),
                                            .total_bytes = said->bytes,
                                            .slot = queue_name_of(said->answer_slot),
                                            .encoding = said->encoding,
                                            .batch = said->batch,
                                            .queue_us = said->queue_us,
                                            .compute_us = said->compute_us};
    int error = -ENOENT;
    answers_take(&queue->answers, said->answer_slot, said->answer_generation);
    if (answering.bytes && !request->is_cancelled)
        error = jtp_server_answer(queue->server, request->ref, &answering, queue->now_ns);
    if (error)
        answers_let_go(&queue->answers, said->answer_slot);
    if (answering.bytes)
        return;
    complain(queue, "an answer of another size, encoding or place", said->answer_slot);
    jtp_server_reject(queue->server, request->ref, JTP_FAILED, 0, queue->now_ns);
}

static void reject(struct queue *queue, const struct request *request,
                   const struct ingress_finished *said)
{
    const bool is_reason = said->reason > 0 && said->reason < JTP_REASON_COUNT;
    if (!is_reason && !request->is_cancelled)
        complain(queue, "a reason that is none", said->reason);
    jtp_server_reject(queue->server, request->ref, is_reason ? said->reason : JTP_FAILED,
                      said->retry_after_us, queue->now_ns);
}

/* -ENOENT of the protocol means that the client is gone or has cancelled: nobody is to be told. */
static void take_finished(struct queue *queue, const struct ingress_finished *said)
{
    struct request *request = requests_find(&queue->requests, said->slot, said->generation);
    const bool has_answer = said->reason == INGRESS_ANSWERED;
    if (has_answer && !answers_can_take(&queue->answers, said->answer_slot)) {
        complain(queue, "an answer in a place that is none, or is taken", said->answer_slot);
        if (request)
            jtp_server_reject(queue->server, request->ref, JTP_FAILED, 0, queue->now_ns);
    } else if (!request && has_answer) {
        answers_take(&queue->answers, said->answer_slot, said->answer_generation);
        answers_let_go(&queue->answers, said->answer_slot);
    } else if (request && has_answer) {
        answer(queue, request, said);
    } else if (request) {
        reject(queue, request, said);
    }
    if (!request) {
        complain(queue, "FINISHED of a request that it does not have", said->slot);
        return;
    }
    queue->counts.finished++;
    requests_free(&queue->requests, said->slot);
    queue->has_freed = true;
}

/* One that is whole by now is submitted or will be: its FINISHED tells. One that is gone, too. */
static void take_verdict(struct queue *queue, const struct ingress_finished *said)
{
    struct request *request = requests_find_asked(&queue->requests, said->slot, said->generation);
    if (!request)
        return; /* crossed by its CANCEL */
    const bool is_good = said->reason == INGRESS_ANSWERED;
    queue->asking_count--;
    queue->counts.turned_away += !is_good;
    request->ask = is_good ? REQUEST_GRANTED : REQUEST_UNASKED;
    if (request->state != REQUEST_ARRIVING)
        return;
    if (is_good)
        jtp_server_grant(queue->server, request->ref, queue->now_ns);
    else
        reject(queue, request, said);
}

static void take_message(struct queue *queue, const union ingress_message *message)
{
    switch (message->kind) {
    case INGRESS_MODEL:
        take_model(queue, &message->order);
        break;
    case INGRESS_WITHDRAW:
        take_withdraw(queue, &message->order);
        break;
    case INGRESS_FINISHED:
        take_finished(queue, &message->finished);
        break;
    case INGRESS_VERDICT:
        take_verdict(queue, &message->finished);
        break;
    case INGRESS_DRAIN:
        queue_drain(queue);
        break;
    default:
        complain(queue, "something of a kind that is none", message->kind);
    }
}

int queue_take_messages(struct queue *queue)
{
    union ingress_message messages[MAX_MESSAGES];
    const int count = channel_pop(&queue->channel, messages, MAX_MESSAGES);
    if (count < 0 && !queue->failure)
        queue->failure = count;
    for (int i = 0; i < count; i++)
        take_message(queue, &messages[i]);
    return count > 0 ? count : 0;
}

static bool next_of_requests(struct queue *queue, union ingress_message *message)
{
    const uint32_t slot = requests_next_owing(&queue->requests);
    if (slot == UINT32_MAX)
        return false;
    struct request *request = &queue->requests.records[slot];
    if (request->state == REQUEST_ARRIVING) {
        *message = (union ingress_message){.submit = request->submit};
        message->kind = INGRESS_ASK;
        request->ask = REQUEST_ASKED;
        queue->counts.asked++;
        return true;
    }
    if (request->state == REQUEST_WHOLE) {
        *message = (union ingress_message){.submit = request->submit};
        queue->asking_count -= request->ask == REQUEST_TO_ASK;
        request->ask = request->ask == REQUEST_TO_ASK ? REQUEST_UNASKED : request->ask;
        request->state = REQUEST_SUBMITTED;
        queue_arrived(queue, request);
        queue->counts.submitted++;
        return true;
    }
    *message = (union ingress_message){
        .order = {.kind = INGRESS_CANCEL, .slot = slot, .generation = request->submit.generation}};
    queue->counts.cancelled++;
    if (request->state == REQUEST_GONE) {
        queue->asking_count -= request->ask == REQUEST_ASKED;
        requests_free(&queue->requests, slot);
        queue->has_freed = true;
    }
    return true;
}

static bool next_of_models(struct queue *queue, union ingress_message *message)
{
    const int gone = catalogue_next_gone(&queue->catalogue);
    if (gone < 0)
        return false;
    *message =
        (union ingress_message){.order = {.kind = INGRESS_WITHDRAWN, .model = (uint16_t)gone}};
    return true;
}

/* Nothing is open, and all before it was said. */
static bool has_drained(const struct queue *queue)
{
    const struct jtp_server_stats *stats = jtp_server_stats(queue->server);
    return queue->is_draining && !queue->is_drained && stats->open_requests == 0 &&
           queue->requests.taken_count == 0 && queue->answers.taken_count == 0;
}

/* The next thing that jointd is owed; false: it knows all. */
static bool next_owed(struct queue *queue, union ingress_message *message)
{
    if (!queue->has_started) {
        queue->has_started = true;
        *message = (union ingress_message){.order = {.kind = INGRESS_STARTED}};
        return true;
    }
    if (next_of_requests(queue, message))
        return true;
    if (answers_next_sent(&queue->answers, message)) {
        queue->counts.sent++;
        return true;
    }
    if (next_of_models(queue, message))
        return true;
    if (!has_drained(queue))
        return false;
    queue->is_drained = true;
    *message = (union ingress_message){.order = {.kind = INGRESS_DRAINED}};
    return true;
}

bool queue_owes(const struct queue *queue)
{
    return !waiting_list_is_empty(&queue->requests.owing) ||
           !waiting_list_is_empty(&queue->answers.owing);
}

int queue_say_owed(struct queue *queue)
{
    union ingress_message messages[MAX_MESSAGES];
    const int room = spsc_queue_room(&queue->channel.out);
    if (room < 0 && !queue->failure)
        queue->failure = room;
    const uint32_t most = room > (int)MAX_MESSAGES ? MAX_MESSAGES : room > 0 ? (uint32_t)room : 0;
    uint32_t count = 0;
    while (count < most && next_owed(queue, &messages[count]))
        count++;
    queue->counts.ring_full += count == most && queue_owes(queue);
    if (count == 0)
        return 0;
    const int pushed = channel_push(&queue->channel, messages, count);
    if (pushed != (int)count && !queue->failure)
        queue->failure = pushed < 0 ? pushed : -EPROTO;
    return (int)count;
}
