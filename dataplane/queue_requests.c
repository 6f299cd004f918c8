/* What the protocol asks of its owner: whether a request may come in, where to, and what becomes
 * of it. */
#include "dataplane/queue_parts.h"

#include <errno.h>

#define USUAL_WEIGHT 32 /* a newcomer counts as one of so many */

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

/* The wait is told for requests of the usual deadline. Those with a shorter one go before them, by
 * how much jointd alone can say: here they are judged as if theirs were the usual. Otherwise a full
 * server would have room for the longest requests only. */
static uint64_t note_usual(struct queue *queue, uint32_t class, uint64_t deadline_ns)
{
    uint64_t *usual_ns = &queue->usual_ns[class];
    if (deadline_ns == 0)
        return 0;
    if (*usual_ns == 0)
        *usual_ns = deadline_ns;
    *usual_ns = *usual_ns - *usual_ns / USUAL_WEIGHT + deadline_ns / USUAL_WEIGHT;
    return deadline_ns > *usual_ns ? deadline_ns : *usual_ns;
}

/* What arrives is as good as queued: jointd's report knows of it only once it is whole, and by then
 * many more would have sent their tensors in vain. */
static bool is_overloaded(struct queue *queue, const struct jtp_open *open,
                          const struct catalogue_match *match, uint32_t *retry_after_us)
{
    const uint32_t class = class_of(queue, open);
    const uint64_t limit_ns = note_usual(queue, class, patience_ns(queue, open));
    const uint64_t workers = queue->load.report.workers ? queue->load.report.workers : 1;
    const uint64_t work_ns = queue->arriving_ns[class] / workers + match->share_ns;
    return load_view_is_overloaded(&queue->load, class, limit_ns, work_ns, queue->now_ns,
                                   retry_after_us);
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
    if (is_overloaded(queue, open, &match, &reservation->retry_after_us)) {
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
    request->answer_bytes = match.answer_bytes;
    request->submit.model = match.model;
    request->submit.opened_ns = queue->now_ns;
    request->submit.class_index = (uint8_t)class_of(queue, open);
    request->share_ns = match.share_ns;
    queue_arrives(queue, request);
    reservation->slot = queue_name_of(slot);
    return 0;
}

static void free_request(struct queue *queue, uint32_t slot)
{
    requests_free(&queue->requests, slot);
    queue->has_freed = true;
}

static void release(void *user, uint64_t name)
{
    struct queue *queue = user;
    const uint32_t slot = queue_slot_of(name);
    queue_arrived(queue, &queue->requests.records[slot]);
    free_request(queue, slot);
}

static uint64_t deadline_of(const struct queue *queue, const struct request *request,
                            const struct jtp_open *open, uint64_t deadline_ns)
{
    const uint64_t longest_ns = patience_ns(queue, open);
    if (deadline_ns != JTP_NEVER || longest_ns == 0)
        return deadline_ns;
    return request->submit.opened_ns + longest_ns;
}

static void deliver(void *user, struct jtp_request_ref ref, const struct jtp_open *open,
                    uint64_t name, uint64_t deadline_ns, uint64_t now_ns)
{
    struct queue *queue = user;
    const uint32_t slot = queue_slot_of(name);
    struct request *request = &queue->requests.records[slot];
    struct ingress_submit *submit = &request->submit;
    request->state = REQUEST_WHOLE;
    request->ref = ref;
    submit->encoding = open->encoding;
    submit->answer_encoding = open->answer_encoding;
    submit->from = open->from;
    submit->to = open->to;
    submit->rows = open->rows;
    submit->deadline_ns = deadline_of(queue, request, open, deadline_ns);
    submit->client = open->client;
    submit->whole_ns = now_ns;
    requests_owe(&queue->requests, slot);
}

/* One that jointd has not heard of is free at once; the other stays until FINISHED. */
static void cancelled(void *user, struct jtp_request_ref ref, uint64_t name)
{
    struct queue *queue = user;
    const uint32_t slot = queue_slot_of(name);
    struct request *request = &queue->requests.records[slot];
    (void)ref;
    if (request->state == REQUEST_WHOLE) {
        queue_arrived(queue, request);
        free_request(queue, slot);
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
