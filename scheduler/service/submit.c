/* Checks what an ingress asks and submits against its part, the model's table, and what it has
 * open.
 */
#include "scheduler/service/submit.h"
#include "scheduler/service/request_record.h"
#include "scheduler/service/service.h"

#define PLACE_ALIGN 64u

static bool is_in_part(const struct ingress *ingress, const struct ingress_submit *submit)
{
    const uint64_t part_bytes = ingress->config.part_bytes;
    const uint64_t start = ingress->config.part_offset;
    return submit->offset % PLACE_ALIGN == 0 && submit->offset >= start &&
           submit->offset - start <= part_bytes &&
           submit->bytes <= part_bytes - (submit->offset - start);
}

/* INGRESS_ANSWERED: nothing is wrong with it; the answer's size is then known. */
static enum ingress_reason check(const struct service *service, const struct ingress *ingress,
                                 const struct ingress_submit *submit, uint64_t *answer_bytes)
{
    if (service->state >= SERVICE_ENDING)
        return INGRESS_DRAINING;
    const struct model_table *table = model_set_table(&service->models, submit->model);
    if (!table)
        return INGRESS_MODEL_UNKNOWN;
    if (submit->from >= submit->to || submit->to >= table->cut_count)
        return INGRESS_BAD_RANGE;
    const uint64_t bytes =
        model_table_message_bytes(table, submit->from, submit->rows, submit->encoding);
    *answer_bytes =
        model_table_message_bytes(table, submit->to, submit->rows, submit->answer_encoding);
    if (submit->rows == 0)
        return INGRESS_BAD_SIZE;
    if (bytes == 0 || *answer_bytes == 0)
        return submit->encoding || submit->answer_encoding ? INGRESS_BAD_ENCODING
                                                           : INGRESS_BAD_SIZE;
    if (submit->bytes != bytes || !is_in_part(ingress, submit))
        return INGRESS_BAD_SIZE;
    return INGRESS_ANSWERED;
}

/* Beyond the last class there is the last one. */
static uint8_t class_of(const struct service *service, const struct ingress_submit *submit)
{
    const uint32_t last = service->config.class_count - 1;
    return submit->class_index < last ? submit->class_index : (uint8_t)last;
}

static struct request request_of(const struct service *service, const struct ingress *ingress,
                                 const struct ingress_submit *submit, uint64_t now_ns)
{
    return (struct request){
        .encoding = submit->encoding,
        .answer_encoding = submit->answer_encoding,
        .class_index = class_of(service, submit),
        .ingress = (uint16_t)ingress->config.number,
        .model = submit->model,
        .from = submit->from,
        .to = submit->to,
        .rows = submit->rows,
        .bytes = submit->bytes,
        .slot = submit->slot,
        .generation = submit->generation,
        .offset = submit->offset,
        .client = submit->client,
        .arrived_ns = now_ns,
        .deadline_ns = submit->deadline_ns,
        .path = request_path_start(),
    };
}

static void note_refused(struct service *service, const struct request *request,
                         enum ingress_reason reason, uint64_t now_ns)
{
    counts_add(&service->counts, counts_of_reason(reason), 1);
    counts_reject(&service->counts, reason);
    load_note_refused(&service->load, request->class_index, reason, now_ns);
    statistics_note_refused(service, request->model, request->class_index);
    request_record_end(service, request, reason, now_ns);
}

static void answer(struct service *service, struct ingress *ingress, uint8_t kind,
                   const struct ingress_submit *submit, enum ingress_reason reason)
{
    const struct ingress_finished said = {.kind = kind,
                                          .reason = (uint8_t)reason,
                                          .slot = submit->slot,
                                          .generation = submit->generation,
                                          .retry_after_us =
                                              load_retry_after_us(&service->load, reason)};
    ingress_say(service, ingress, &said);
}

/* What the ingress has under that name; REQUEST_NONE: nothing. */
static uint32_t named(const struct ingress *ingress, const struct ingress_submit *submit)
{
    return ingress->open[submit->slot].request;
}

static bool is_expected(const struct service *service, const struct ingress *ingress,
                        const struct ingress_submit *submit)
{
    const struct ingress_open *open = &ingress->open[submit->slot];
    return open->request != REQUEST_NONE && open->generation == submit->generation &&
           service->requests.items[open->request].is_expected;
}

static bool is_junk(struct service *service, const struct ingress *ingress,
                    const struct ingress_submit *submit, bool can_be_expected)
{
    const bool is_sound = submit->slot < ingress->config.slot_count &&
                          (named(ingress, submit) == REQUEST_NONE ||
                           (can_be_expected && is_expected(service, ingress, submit)));
    if (!is_sound)
        counts_add(&service->counts, COUNT_JUNK, 1);
    return !is_sound;
}

void submit_ask(struct service *service, struct ingress *ingress,
                const struct ingress_submit *submit, uint64_t now_ns)
{
    if (is_junk(service, ingress, submit, false))
        return;
    counts_add(&service->counts, COUNT_ASKED, 1);
    uint64_t answer_bytes = 0;
    enum ingress_reason reason = check(service, ingress, submit, &answer_bytes);
    uint32_t slot = REQUEST_NONE;
    struct request wanted = request_of(service, ingress, submit, now_ns);
    wanted.arrived_ns = submit->whole_ns;
    if (reason == INGRESS_ANSWERED)
        reason = request_expect(service, &wanted, answer_bytes, now_ns, &slot);
    wanted.arrived_ns = now_ns;
    if (reason != INGRESS_ANSWERED) { /* it ends here, and counts as one that came */
        counts_add(&service->counts, COUNT_SUBMITTED, 1);
        note_refused(service, &wanted, reason, now_ns);
    } else {
        ingress_open(ingress, submit, slot);
    }
    answer(service, ingress, INGRESS_VERDICT, submit, reason);
}

void submit_take(struct service *service, struct ingress *ingress,
                 const struct ingress_submit *submit, uint64_t now_ns)
{
    if (is_junk(service, ingress, submit, true))
        return;
    counts_add(&service->counts, COUNT_SUBMITTED, 1);
    const struct request wanted = request_of(service, ingress, submit, now_ns);
    const bool was_expected = is_expected(service, ingress, submit);
    uint32_t slot = named(ingress, submit);
    uint64_t answer_bytes = 0;
    if (was_expected)
        ingress_close(ingress, submit->slot);
    enum ingress_reason reason = check(service, ingress, submit, &answer_bytes);
    if (reason != INGRESS_ANSWERED && was_expected)
        request_unexpect(service, slot);
    else if (reason == INGRESS_ANSWERED && was_expected)
        reason = request_arrive(service, &wanted, answer_bytes, now_ns, &slot);
    else if (reason == INGRESS_ANSWERED)
        reason = request_open(service, &wanted, answer_bytes, now_ns, &slot);
    if (reason == INGRESS_ANSWERED) {
        ingress_open(ingress, submit, slot);
        return;
    }
    note_refused(service, &wanted, reason, now_ns);
    answer(service, ingress, INGRESS_FINISHED, submit, reason);
}
