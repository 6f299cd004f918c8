/* What the protocol asks of its owner: whether a request may come in, where to, and what becomes
 * of it. */
#include "dataplane/queue_parts.h"

#include <errno.h>

#define AT_ONCE_BYTES 16384u /* what clients send without a GRANT, as a rule */
#define MOST_ASKING 64u /* questions to jointd that are open */

static uint32_t class_of(const struct queue *queue, const struct jtp_open *open)
{
    const uint32_t last = queue->config.setup->class_count - 1;
    return open->class_index < last ? open->class_index : last;
}

/* From now on; 0: none. */
static uint64_t patience_ns(const struct queue *queue, const struct jtp_open *open)
{
    return open->deadline_us ? open->deadline_us * UINT64_C(1000)
                             : queue->config.setup->default_deadline_ns[class_of(queue, open)];
}

static uint8_t check(void *user, const struct jtp_open *open)
{
    struct queue *queue = user;
    struct catalogue_match match;
    if (queue->is_draining)
        return JTP_DRAINING;
    if (!queue->has_models)
        return 0; /* they are still to come: reserve says when to try again */
    const uint8_t reason = catalogue_check(&queue->catalogue, open, &match);
    queue->counts.refused += reason != 0;
    return reason;
}

/* Whether a message comes with its OPEN: then there is nothing left to ask for. */
static bool comes_at_once(const struct jtp_open *open)
{
    return open->total_bytes <= AT_ONCE_BYTES;
}

/* Refused here, without a word to jointd. More questions than that would keep it from its work. */
static bool is_overloaded(struct queue *queue, const struct jtp_open *open, bool has_to_ask,
                          uint32_t *retry_after_us)
{
    if (load_view_is_closed(&queue->load, class_of(queue, open), queue->now_ns, retry_after_us))
        return true;
    if (!has_to_ask || queue->asking_count < MOST_ASKING)
        return false;
    load_view_retry(&queue->load, retry_after_us);
    return true;
}

static uint64_t deadline_of(const struct queue *queue, const struct jtp_open *open,
                            uint64_t opened_ns)
{
    const uint64_t longest_ns = patience_ns(queue, open);
    return longest_ns == 0 ? JTP_NEVER : opened_ns + longest_ns;
}

static void fill_submit(const struct queue *queue, struct request *request,
                        const struct jtp_open *open, uint16_t model)
{
    struct ingress_submit *submit = &request->submit;
    submit->model = model;
    submit->class_index = (uint8_t)class_of(queue, open);
    submit->encoding = open->encoding;
    submit->answer_encoding = open->answer_encoding;
    submit->from = open->from;
    submit->to = open->to;
    submit->rows = open->rows;
    submit->client = open->client;
    submit->opened_ns = queue->now_ns;
    submit->deadline_ns = deadline_of(queue, open, queue->now_ns);
}

static void ask(struct queue *queue, struct request *request, struct jtp_reservation *reservation)
{
    request->ask = REQUEST_TO_ASK;
    request->submit.whole_ns = reservation->whole_ns;
    reservation->is_held = true;
    queue->asking_count++;
    requests_owe(&queue->requests, request->submit.slot);
}

/* Everything is asked again, since a request may have waited for memory meanwhile. */
static int reserve(void *user, const struct jtp_open *open, struct jtp_reservation *reservation)
{
    struct queue *queue = user;
    struct catalogue_match match;
    if (queue->is_draining)
        return JTP_DRAINING;
    if (!queue->has_models)
        return JTP_OVERLOADED;
    const uint8_t reason = catalogue_check(&queue->catalogue, open, &match);
    if (reason)
        return reason;
    load_view_refresh(&queue->load, queue->now_ns);
    if (load_view_is_over_credit(&queue->load, reservation->client_open, queue->now_ns,
                                 &reservation->retry_after_us)) {
        queue->counts.over_credit++;
        return JTP_TOO_MANY;
    }
    const bool has_to_ask =
        load_view_has_to_ask(&queue->load, queue->now_ns) && !comes_at_once(open);
    if (is_overloaded(queue, open, has_to_ask, &reservation->retry_after_us)) {
        queue->counts.overloaded++;
        return JTP_OVERLOADED;
    }
    uint32_t slot;
    const int error =
        requests_reserve(&queue->requests, open->total_bytes, &slot, &reservation->bytes);
    queue->counts.waited += error == -ENOSPC;
    if (error)
        return error == -ENOSPC ? -ENOMEM : JTP_BAD_SIZE;
    struct request *request = &queue->requests.records[slot];
    request->ref = reservation->request;
    request->answer_bytes = match.answer_bytes;
    fill_submit(queue, request, open, match.model);
    queue_arrives(queue, request);
    reservation->slot = queue_name_of(slot);
    if (has_to_ask)
        ask(queue, request, reservation);
    return 0;
}

/* Its place is free, once jointd does not expect it any more. */
static void let_go(struct queue *queue, struct request *request)
{
    queue_arrived(queue, request);
    if (request->ask == REQUEST_ASKED || request->ask == REQUEST_GRANTED) {
        request->state = REQUEST_GONE;
        requests_owe(&queue->requests, request->submit.slot);
        return;
    }
    queue->asking_count -= request->ask == REQUEST_TO_ASK;
    requests_free(&queue->requests, request->submit.slot);
    queue->has_freed = true;
}

static void release(void *user, uint64_t name)
{
    struct queue *queue = user;
    let_go(queue, &queue->requests.records[queue_slot_of(name)]);
}

static void deliver(void *user, struct jtp_request_ref ref, const struct jtp_open *open,
                    uint64_t name, uint64_t deadline_ns, uint64_t now_ns)
{
    struct queue *queue = user;
    const uint32_t slot = queue_slot_of(name);
    struct request *request = &queue->requests.records[slot];
    (void)open;
    request->state = REQUEST_WHOLE;
    request->ref = ref;
    if (deadline_ns != JTP_NEVER)
        request->submit.deadline_ns = deadline_ns;
    request->submit.whole_ns = now_ns;
    requests_owe(&queue->requests, slot);
}

/* One that was not submitted is free at once; the other stays until FINISHED. */
static void cancelled(void *user, struct jtp_request_ref ref, uint64_t name)
{
    struct queue *queue = user;
    const uint32_t slot = queue_slot_of(name);
    struct request *request = &queue->requests.records[slot];
    (void)ref;
    if (request->state == REQUEST_WHOLE) {
        let_go(queue, request);
        return;
    }
    request->is_cancelled = true;
    requests_owe(&queue->requests, slot);
}

static void sent(void *user, uint64_t name)
{
    struct queue *queue = user;
    answers_let_go(&queue->answers, queue_slot_of(name));
    queue->has_freed = true; /* ranges, perhaps */
}

static void load(void *user, uint64_t client, struct jtp_load *load)
{
    struct queue *queue = user;
    (void)client;
    load_view_refresh(&queue->load, queue->now_ns);
    load_view_describe(&queue->load, queue->is_draining, queue->now_ns, load);
}

const struct jtp_server_ops queue_server_ops = {.check = check,
                                                .reserve = reserve,
                                                .release = release,
                                                .deliver = deliver,
                                                .cancelled = cancelled,
                                                .sent = sent,
                                                .load = load};
