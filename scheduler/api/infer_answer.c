/* Writes answers. Tensors asked for as bytes are sent from where the worker wrote them; many
 * numbers as JSON are written while they are sent, a few at once. The place in the response slab is
 * given back when libmicrohttpd has done with the response. */
#include "scheduler/api/infer_call.h"
#include "scheduler/api/json_float.h"
#include "scheduler/api/load_json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBERS_AT_ONCE 4096u
#define SMALL_BYTES 8192u
#define BLOCK_BYTES ((size_t)8192)
#define ULL(value) ((unsigned long long)(value))

/* An answer on its way: text, then numbers of a result, then text, ... */
struct sending {
    struct infer *infer;
    uint32_t answer_slot;
    char *text; /* owned */
    const unsigned char *bytes; /* the answer */
    uint32_t part_count, part; /* texts; after each but the last come numbers */
    size_t text_end[INFER_MAX_TENSORS + 1]; /* of each text */
    size_t text_at;
    const unsigned char *numbers[INFER_MAX_TENSORS];
    uint64_t number_count[INFER_MAX_TENSORS], number_at;
};

static const char *header(const struct infer_call *call, const char *name)
{
    return MHD_lookup_connection_value(call->connection, MHD_HEADER_KIND, name);
}

static void add_result(struct page_text *text, const struct infer_plan *plan,
                       const struct model_table *table, const struct infer_result *result)
{
    const struct model_tensor *tensor = &table->tensors[result->tensor];
    page_text_add(text, "{\"name\":");
    page_text_add_json_string(text, tensor->name);
    page_text_add(text, ",\"datatype\":\"%s\",\"shape\":[",
                  infer_plan_datatype(tensor, plan->answer_encoding));
    for (uint32_t i = 0; i < tensor->rank; i++)
        page_text_add(text, "%s%" PRId64, i ? "," : "",
                      i == 0 ? tensor->dims[0] * plan->rows : tensor->dims[i]);
    if (result->is_binary)
        page_text_add(text, "],\"parameters\":{\"binary_data_size\":%llu}}", ULL(result->bytes));
    else
        page_text_add(text, "],\"data\":[");
}

static void add_begin(struct page_text *text, const struct infer_call *call,
                      const struct ingress_finished *finished)
{
    const struct infer_model *model = &call->infer->ring.models.items[call->model];
    page_text_clear(text);
    page_text_add(text, "{\"model_name\":");
    page_text_add_json_string(text, model->name);
    page_text_add(text, ",\"model_version\":\"%u\"", model->version);
    if (call->id[0])
        page_text_add(text, ",\"id\":%s", call->id);
    page_text_add(text, ",\"parameters\":{\"batch\":%u,\"queue_us\":%u,\"compute_us\":%u}",
                  finished->batch, finished->queue_us, finished->compute_us);
    page_text_add(text, ",\"outputs\":[");
}

static float number_at(const unsigned char *numbers, uint64_t index)
{
    float number;
    memcpy(&number, numbers + index * sizeof(number), sizeof(number));
    return number;
}

/* Writes the text with all its places for numbers noted; the numbers themselves if `is_whole`. */
static void add_results(struct page_text *text, const struct infer_call *call,
                        struct sending *sending, bool is_whole, bool is_last)
{
    const struct infer_plan *plan = &call->plan;
    const struct model_table *table = &call->infer->ring.models.items[call->model].table;
    for (uint32_t i = 0; i < plan->result_count; i++) {
        const struct infer_result *result = &plan->results[i];
        const unsigned char *numbers = sending->bytes + result->offset;
        const uint64_t count = result->bytes / sizeof(float);
        page_text_add(text, "%s", i ? "," : "");
        add_result(text, plan, table, result);
        if (result->is_binary)
            continue;
        for (uint64_t k = 0; is_whole && k < count; k++) {
            char number[JSON_FLOAT_ROOM];
            const size_t length = json_float_write(number_at(numbers, k), number);
            page_text_add(text, "%s%.*s", k ? "," : "", (int)length, number);
        }
        if (!is_whole) {
            sending->text_end[sending->part_count] = text->length;
            sending->numbers[sending->part_count] = numbers;
            sending->number_count[sending->part_count++] = count;
        }
        page_text_add(text, "]}");
    }
    page_text_add(text, is_last ? "]}\n" : "]}"); /* what follows as bytes follows at once */
    sending->text_end[sending->part_count++] = text->length;
}

static void free_sending(void *context)
{
    struct sending *sending = context;
    infer_ring_sent(&sending->infer->ring, sending->answer_slot);
    free(sending->text);
    free(sending);
}

/* As many of the numbers as there is room for. */
static size_t write_numbers(struct sending *sending, char *to, size_t room)
{
    const uint64_t count = sending->number_count[sending->part];
    size_t used = 0;
    while (sending->number_at < count && room - used > JSON_FLOAT_ROOM) {
        if (sending->number_at > 0)
            to[used++] = ',';
        used += json_float_write(number_at(sending->numbers[sending->part], sending->number_at),
                                 to + used);
        sending->number_at++;
    }
    return used;
}

static ssize_t write_more(void *context, uint64_t position, char *to, size_t room)
{
    struct sending *sending = context;
    size_t used = 0;
    (void)position;
    while (sending->part < sending->part_count && room - used > JSON_FLOAT_ROOM) {
        const size_t left = sending->text_end[sending->part] - sending->text_at;
        const size_t taken = left < room - used ? left : room - used;
        memcpy(to + used, sending->text + sending->text_at, taken);
        sending->text_at += taken;
        used += taken;
        if (taken < left)
            break;
        const bool has_numbers = sending->part + 1 < sending->part_count;
        if (has_numbers)
            used += write_numbers(sending, to + used, room - used);
        if (has_numbers && sending->number_at < sending->number_count[sending->part])
            break;
        sending->part++;
        sending->number_at = 0;
    }
    if (used > 0)
        return (ssize_t)used;
    return sending->part == sending->part_count ? MHD_CONTENT_READER_END_OF_STREAM : 0;
}

/* Small ones are copied behind the text: one call of the kernel sends all. */
static struct MHD_Response *make_small(struct sending *sending, const struct infer_plan *plan,
                                       size_t length)
{
    size_t bytes = length;
    for (uint32_t i = 0; i < plan->result_count; i++)
        bytes += plan->results[i].is_binary ? plan->results[i].bytes : 0;
    char *all = realloc(sending->text, bytes);
    if (!all)
        return NULL;
    sending->text = NULL;
    for (uint32_t i = 0; i < plan->result_count; i++)
        if (plan->results[i].is_binary) {
            memcpy(all + length, sending->bytes + plan->results[i].offset, plan->results[i].bytes);
            length += plan->results[i].bytes;
        }
    struct MHD_Response *response =
        MHD_create_response_from_buffer(bytes, all, MHD_RESPMEM_MUST_FREE);
    if (response)
        free_sending(sending);
    else
        free(all);
    return response;
}

static struct MHD_Response *make_pieces(struct sending *sending, const struct infer_plan *plan,
                                        size_t length)
{
    struct MHD_IoVec parts[INFER_MAX_TENSORS + 1];
    unsigned count = 0;
    parts[count++] = (struct MHD_IoVec){.iov_base = sending->text, .iov_len = length};
    for (uint32_t i = 0; i < plan->result_count; i++)
        if (plan->results[i].is_binary)
            parts[count++] =
                (struct MHD_IoVec){.iov_base = sending->bytes + plan->results[i].offset,
                                   .iov_len = plan->results[i].bytes};
    return MHD_create_response_from_iovec(parts, count, free_sending, sending);
}

static struct MHD_Response *make_binary(struct sending *sending, const struct infer_plan *plan)
{
    char text_bytes[24];
    const size_t length = sending->text_end[sending->part_count - 1];
    struct MHD_Response *response = plan->answer_bytes <= SMALL_BYTES
                                        ? make_small(sending, plan, length)
                                        : make_pieces(sending, plan, length);
    if (!response)
        return NULL;
    snprintf(text_bytes, sizeof(text_bytes), "%zu", length);
    MHD_add_response_header(response, "Inference-Header-Content-Length", text_bytes);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/octet-stream");
    return response;
}

static struct MHD_Response *make_json(struct sending *sending, const struct page_text *text,
                                      bool is_whole)
{
    struct MHD_Response *response;
    if (is_whole) { /* copied: the answer's place is free at once */
        response =
            MHD_create_response_from_buffer(text->length, text->bytes, MHD_RESPMEM_MUST_COPY);
        if (response)
            free_sending(sending);
    } else {
        response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, write_more,
                                                     sending, free_sending);
    }
    if (response)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    return response;
}

static struct MHD_Response *make_response(struct infer_call *call, struct sending *sending,
                                          const struct ingress_finished *finished)
{
    const struct infer_plan *plan = &call->plan;
    struct page_text *text = &call->infer->text;
    uint64_t numbers = 0;
    bool has_binary = false;
    for (uint32_t i = 0; i < plan->result_count; i++) {
        has_binary |= plan->results[i].is_binary;
        numbers += plan->results[i].is_binary ? 0 : plan->results[i].bytes / sizeof(float);
    }
    const bool is_whole = has_binary || numbers <= NUMBERS_AT_ONCE;
    add_begin(text, call, finished);
    add_results(text, call, sending, is_whole, !has_binary);
    if (text->has_failed)
        return NULL;
    if (!has_binary && is_whole)
        return make_json(sending, text, true);
    sending->text = malloc(text->length);
    if (!sending->text)
        return NULL;
    memcpy(sending->text, text->bytes, text->length);
    return has_binary ? make_binary(sending, plan) : make_json(sending, text, false);
}

static void make_fault(struct infer_call *call, const struct ingress_finished *finished)
{
    struct infer_fault *fault = &call->fault;
    switch ((enum ingress_reason)finished->reason) {
    case INGRESS_OVERLOADED:
        infer_fault_set(fault, 503, "overloaded", "the queue is full; ask again later");
        break;
    case INGRESS_DEADLINE:
        infer_fault_set(fault, 503, "deadline_infeasible",
                        "its deadline cannot be met any more: run it yourself, or give it longer");
        break;
    case INGRESS_NO_MEMORY:
        infer_fault_set(fault, 503, "no_memory",
                        "there is no room for its answer now; ask again later");
        break;
    case INGRESS_TOO_MANY:
        infer_fault_set(
            fault, 429, "no_credit",
            "this client, or all together, have as many open as can be served soon; ask again "
            "later");
        break;
    case INGRESS_DRAINING:
        infer_fault_set(fault, 503, "draining", "the service is about to end; ask another one");
        break;
    case INGRESS_MODEL_UNKNOWN:
        infer_fault_set(fault, 404, "unknown_model", "model %s takes no requests any more",
                        call->model_name);
        break;
    case INGRESS_BAD_RANGE:
    case INGRESS_BAD_SIZE:
    case INGRESS_BAD_ENCODING:
        infer_fault_set(fault, 400, "bad_request",
                        "cuts, shape or datatype cannot be served so (reason %u)",
                        finished->reason);
        break;
    case INGRESS_FAILED:
        infer_fault_set(fault, 500, "failed", "it could not be computed; the log says more");
        break;
    case INGRESS_QUARANTINED:
        infer_fault_set(fault, 500, "quarantined",
                        "workers died computing it, so it is not tried again");
        break;
    default:
        infer_fault_set(fault, 503, "rejected", "jointd does not take it (reason %u)",
                        finished->reason);
    }
    fault->retry_after_us = finished->retry_after_us;
}

void infer_make_answer(struct infer_call *call, const struct ingress_finished *finished,
                       const unsigned char *bytes)
{
    if (finished->reason != INGRESS_ANSWERED) {
        make_fault(call, finished);
        return;
    }
    struct sending *sending = calloc(1, sizeof(*sending));
    if (sending) {
        sending->infer = call->infer;
        sending->answer_slot = finished->answer_slot;
        sending->bytes = bytes;
        call->response = make_response(call, sending, finished);
    }
    if (call->response)
        return;
    infer_ring_sent(&call->infer->ring, finished->answer_slot);
    if (sending)
        free(sending->text);
    free(sending);
    infer_fault_set(&call->fault, 500, "no_memory", "no memory to write the answer");
}

static void add_retry(struct MHD_Response *response, uint32_t retry_after_us)
{
    char seconds[16];
    snprintf(seconds, sizeof(seconds), "%u", retry_after_us / 1000000 + 1);
    MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
}

static bool is_load(const struct infer_fault *fault)
{
    return fault->status == 503 || fault->status == 429;
}

static void add_load(struct page_text *text, struct pages *pages)
{
    static const struct load_json_wish wish = {0};
    const struct view_load *load = pages_load(pages);
    size_t age_at;
    if (!load)
        return;
    page_text_add(text, ",\"load\":");
    load_json_add(text, pages->view, load, &wish, &age_at);
    if (text->has_failed)
        return;
    const uint64_t then_ns = load->report.generated_ns;
    load_json_set_age(text->bytes + age_at,
                      pages->now_ns > then_ns ? (pages->now_ns - then_ns) / 1000 : 0);
    text->length--; /* the end of its line */
}

static struct MHD_Response *make_refusal(struct infer_call *call)
{
    const struct infer_fault *fault = &call->fault;
    struct page_text *text = &call->infer->text;
    page_text_clear(text);
    page_text_add(text, "{\"error\":");
    page_text_add_json_string(text, fault->what);
    page_text_add(text, ",\"code\":%u,\"reason\":\"%s\"", fault->status, fault->reason);
    if (call->id[0])
        page_text_add(text, ",\"id\":%s", call->id);
    if (fault->retry_after_us) {
        page_text_add(text, ",\"retry_after_ms\":");
        page_text_add_ms(text, UINT64_C(1000) * fault->retry_after_us);
    }
    if (is_load(fault))
        add_load(text, call->infer->pages);
    page_text_add(text, "}\n");
    struct MHD_Response *response =
        text->has_failed
            ? NULL
            : MHD_create_response_from_buffer(text->length, text->bytes, MHD_RESPMEM_MUST_COPY);
    if (!response)
        return NULL;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    if (is_load(fault))
        add_retry(response, fault->retry_after_us);
    return response;
}

enum MHD_Result infer_respond(struct infer_call *call)
{
    const char *format = header(call, "endpoint-load-metrics-format");
    const unsigned status = call->response ? MHD_HTTP_OK : call->fault.status;
    struct MHD_Response *response = call->response ? call->response : make_refusal(call);
    const char *orca = format ? pages_orca(call->infer->pages, format) : NULL;
    call->response = NULL;
    if (!response)
        return MHD_NO;
    if (orca)
        MHD_add_response_header(response, "endpoint-load-metrics", orca);
    const enum MHD_Result result = MHD_queue_response(call->connection, status, response);
    MHD_destroy_response(response);
    return result;
}
