/* Takes the JSON, makes the plan, takes the tensors into their place, and submits. */
#include "scheduler/api/infer_call.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_TEXT_BYTES ((size_t)4096)
#define NO_MEMORY_RETRY_US 20000u
/* What is written as JSON beside binary tensors has to be written before the first of these. */
#define MIXED_NUMBERS 65536u

static bool fail(struct infer_call *call)
{
    infer_drop_text(call);
    if (call->has_slot)
        infer_ring_release(&call->infer->ring, call->slot);
    call->has_slot = false;
    call->state = INFER_DROP;
    return false;
}

static bool no_memory(struct infer_call *call)
{
    infer_fault_set(&call->fault, 503, "no_memory",
                    "too many requests are on their way at once; ask again");
    call->fault.retry_after_us = NO_MEMORY_RETRY_US;
    return fail(call);
}

void infer_drop_text(struct infer_call *call)
{
    free(call->text);
    call->infer->text_bytes -= call->text_room;
    call->text = NULL;
    call->text_room = 0;
}

static bool has_room(struct infer_call *call, size_t count)
{
    const size_t wanted = call->text_used + count;
    size_t room = call->text_room ? call->text_room : FIRST_TEXT_BYTES;
    if (wanted <= call->text_room)
        return true;
    while (room < wanted)
        room *= 2;
    if (room > call->text_bytes)
        room = call->text_bytes;
    if (call->infer->text_bytes + (room - call->text_room) > call->infer->max_text_bytes)
        return false;
    char *more = realloc(call->text, room);
    if (!more)
        return false;
    call->infer->text_bytes += room - call->text_room;
    call->text = more;
    call->text_room = room;
    return true;
}

/* One that says no client is known by its address, so that its connections share. */
static uint64_t client_of(const struct infer_call *call)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(call->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info ? info->client_addr : NULL;
    const unsigned char *bytes = NULL;
    size_t count = 0;
    if (address && address->sa_family == AF_INET) {
        bytes = (const void *)&((const struct sockaddr_in *)address)->sin_addr;
        count = 4;
    } else if (address && address->sa_family == AF_INET6) {
        bytes = (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr;
        count = 16;
    }
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* Those that say who they are may have only so many open. */
static bool check_credit(struct infer_call *call)
{
    const struct infer *infer = call->infer;
    const struct view_load *load = pages_load(infer->pages);
    uint64_t most = infer->ring.setup.max_requests_per_client;
    if (!call->plan.has_client) {
        call->plan.client = client_of(call);
        return true;
    }
    if (load && load->report.credits > 0 && load->report.credits < most)
        most = load->report.credits;
    if (infer_ring_open_of(&infer->ring, call->plan.client) < most)
        return true;
    infer_fault_set(&call->fault, 429, "no_credit",
                    "this client has %llu requests open, which is all it may; wait for one",
                    (unsigned long long)most);
    call->fault.retry_after_us = load ? (uint32_t)(load->report.retry_after_ns / 1000) : 0;
    return false;
}

/* As the dataplane does at the door: what would come too late is said before its memory is taken.
 */
static bool check_load(struct infer_call *call)
{
    const struct view_load *load = pages_load(call->infer->pages);
    const uint32_t number = call->plan.class_index;
    const uint64_t now_ns = call->infer->pages->now_ns;
    if (!load || number >= load->report.class_count ||
        now_ns > load->report.generated_ns + load->report.valid_ns)
        return true; /* an old report refuses nobody */
    const struct load_report_class *class = &load->report.classes[number];
    const uint64_t deadline_ns =
        call->plan.deadline_us ? call->plan.deadline_us * 1000 : class->deadline_ns;
    if (class->admit == LOAD_CLOSED)
        infer_fault_set(&call->fault, 503, "overloaded", "its class is full; ask again later");
    else if (deadline_ns && class->predicted_wait_ns > deadline_ns)
        infer_fault_set(&call->fault, 503, "deadline_infeasible",
                        "its turn would come after %llu us, its deadline is %llu us: run it "
                        "yourself, or give it longer",
                        (unsigned long long)(class->predicted_wait_ns / 1000),
                        (unsigned long long)(deadline_ns / 1000));
    else
        return true;
    call->fault.retry_after_us = (uint32_t)(class->retry_after_ns / 1000);
    return false;
}

static bool take_id(struct infer_call *call, struct json_value id)
{
    const size_t bytes = (size_t)(id.end - id.at);
    if (bytes >= sizeof(call->id))
        return infer_fault_set(&call->fault, 400, "bad_request", "id: at most %u bytes, please",
                               INFER_ID_BYTES - 3);
    memcpy(call->id, bytes ? id.at : "", bytes);
    call->id[bytes] = '\0';
    return true;
}

static bool check_mixed(struct infer_call *call)
{
    const struct infer_plan *plan = &call->plan;
    uint64_t numbers = 0;
    bool has_binary = false;
    for (uint32_t i = 0; i < plan->result_count; i++) {
        has_binary |= plan->results[i].is_binary;
        numbers += plan->results[i].is_binary ? 0 : plan->results[i].bytes / sizeof(float);
    }
    return !has_binary || numbers <= MIXED_NUMBERS ||
           infer_fault_set(&call->fault, 400, "bad_request",
                           "outputs: %llu numbers as JSON beside binary tensors are too many; ask "
                           "for all as binary",
                           (unsigned long long)numbers);
}

/* The JSON is whole: what is to be done, and a place for it. */
static bool prepare(struct infer_call *call)
{
    struct infer *infer = call->infer;
    const struct api_infer_setup *setup = &infer->ring.setup;
    const struct infer_limits limits = {.max_bytes = setup->max_tensor_bytes,
                                        .max_answer_bytes = setup->max_answer_bytes,
                                        .class_name = infer->pages->view->setup.class_name,
                                        .class_count = infer->pages->view->setup.class_count};
    const int model = infer_models_find(&infer->ring.models, call->model_name, call->version);
    if (model < 0)
        infer_fault_set(&call->fault, 404, "unknown_model", "model %s takes no requests any more",
                        call->model_name);
    if (model < 0 || !infer_words_read(&infer->words, call->text, call->text_used, &call->fault) ||
        !take_id(call, infer->words.id) ||
        !infer_plan_make(&call->plan, &infer->words, &infer->ring.models.items[model].table,
                         &limits, call->binary_bytes, &call->fault) ||
        !check_mixed(call) || !check_credit(call) || !check_load(call))
        return fail(call);
    if (infer_ring_reserve(&infer->ring, (uint32_t)model, (uint32_t)call->plan.bytes, &call->slot,
                           &call->place))
        return no_memory(call);
    call->model = (uint32_t)model;
    call->has_slot = true;
    return true;
}

/* Tensors that stand in the JSON as numbers. */
static bool read_numbers(struct infer_call *call)
{
    for (uint32_t i = 0; i < call->plan.piece_count; i++) {
        const struct infer_piece *piece = &call->plan.pieces[i];
        const size_t wanted = piece->bytes / sizeof(float);
        if (piece->is_binary)
            continue;
        const size_t count =
            json_reader_floats(piece->data, (float *)(void *)(call->place + piece->offset), wanted);
        if (count == wanted)
            continue;
        if (count == SIZE_MAX)
            infer_fault_set(&call->fault, 400, "bad_request",
                            "inputs[%u].data: only numbers that FP32 can hold are meant", i);
        else
            infer_fault_set(&call->fault, 400, "bad_request",
                            "inputs[%u].data: %zu numbers, but its shape has %zu", i, count,
                            wanted);
        return fail(call);
    }
    infer_drop_text(call);
    return true;
}

static size_t take_text(struct infer_call *call, const char *bytes, size_t count)
{
    const size_t missing = call->text_bytes - call->text_used;
    const size_t taken = count < missing ? count : missing;
    if (!has_room(call, taken)) {
        no_memory(call);
        return count;
    }
    memcpy(call->text + call->text_used, bytes, taken);
    call->text_used += taken;
    if (call->text_used == call->text_bytes && prepare(call) && read_numbers(call))
        call->state = INFER_BINARY;
    return taken;
}

static size_t take_binary(struct infer_call *call, const char *bytes, size_t count)
{
    while (call->piece < call->plan.piece_count &&
           (!call->plan.pieces[call->piece].is_binary ||
            call->piece_used == call->plan.pieces[call->piece].bytes)) {
        call->piece++;
        call->piece_used = 0;
    }
    if (call->piece == call->plan.piece_count)
        return count; /* Content-Length was more than what came before: cannot be */
    const struct infer_piece *piece = &call->plan.pieces[call->piece];
    const uint64_t missing = piece->bytes - call->piece_used;
    const size_t taken = count < missing ? count : (size_t)missing;
    memcpy(call->place + piece->offset + call->piece_used, bytes, taken);
    call->piece_used += taken;
    call->binary_bytes -= taken;
    return taken;
}

void infer_take_body(struct infer_call *call, const char *bytes, size_t count)
{
    while (count > 0) {
        size_t taken = count;
        if (call->state == INFER_TEXT)
            taken = take_text(call, bytes, count);
        else if (call->state == INFER_BINARY)
            taken = take_binary(call, bytes, count);
        bytes += taken;
        count -= taken;
    }
}

static uint64_t deadline_ns(const struct infer_call *call)
{
    const struct view_load *load = pages_load(call->infer->pages);
    uint64_t patience_ns = call->plan.deadline_us * 1000;
    if (!patience_ns && load && call->plan.class_index < load->report.class_count)
        patience_ns = load->report.classes[call->plan.class_index].deadline_ns;
    return patience_ns ? call->opened_ns + patience_ns : UINT64_MAX;
}

bool infer_submit(struct infer_call *call)
{
    const struct infer_plan *plan = &call->plan;
    if (call->state != INFER_BINARY || call->binary_bytes > 0) {
        if (!call->fault.status)
            infer_fault_set(&call->fault, 400, "bad_request",
                            "the body ends before Content-Length");
        return fail(call);
    }
    struct ingress_submit submit = {.encoding = plan->encoding,
                                    .answer_encoding = plan->answer_encoding,
                                    .class_index = plan->class_index,
                                    .from = plan->from,
                                    .to = plan->to,
                                    .rows = plan->rows,
                                    .bytes = (uint32_t)plan->bytes,
                                    .deadline_ns = deadline_ns(call),
                                    .client = plan->client,
                                    .opened_ns = call->opened_ns,
                                    .whole_ns = call->infer->pages->now_ns};
    infer_ring_submit(&call->infer->ring, call->slot, &submit, (uint32_t)plan->answer_bytes, call);
    call->has_slot = false;
    return true;
}
