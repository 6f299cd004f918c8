/* The fake server's model: checks requests, lends them memory, computes their answers. */
#include "dataplane/proto/crc32c.h"
#include "tests/property/fake_server_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static int open_model(struct fake_model *model, const struct fake_server_config *config,
                      struct engine_error *error)
{
    struct engine_config engine;
    engine_config_default(&engine);
    engine.max_batch = config->max_rows;
    engine.max_cut_tensors = config->max_cut_tensors;
    engine.is_tuned = false;
    int rc = engine_model_open(config->model_path, &engine, &model->model, error);
    if (rc == 0)
        rc = engine_model_prepare(model->model, error);
    if (rc == 0)
        engine_model_fingerprint(model->model, model->fingerprint);
    if (rc == 0 && !config->is_hollow)
        rc = engine_model_pack(model->model, NULL, error);
    if (rc == 0 && !config->is_hollow)
        rc = engine_context_create(model->model, NULL, &model->context, error);
    return rc;
}

int fake_model_init(struct fake_model *model, const struct fake_server_config *config)
{
    struct engine_error error = {.text = ""};
    *model = (struct fake_model){
        .name_crc = jtp_crc32c(0, config->name, strlen(config->name)),
        .inputs = calloc((size_t)config->max_rows * config->max_cut_tensors, sizeof(void *)),
        .outputs = calloc((size_t)config->max_rows * config->max_cut_tensors, sizeof(void *))};
    int rc = model->inputs && model->outputs ? open_model(model, config, &error) : -ENOMEM;
    if (rc) {
        printf("fake server: %s: %s\n", config->model_path, error.text);
        fake_model_fini(model);
        return rc;
    }
    fake_model_clear(model);
    return 0;
}

void fake_model_fini(struct fake_model *model)
{
    fake_model_clear(model);
    engine_context_destroy(model->context);
    engine_model_destroy(model->model);
    free(model->inputs);
    free(model->outputs);
}

void fake_model_clear(struct fake_model *model)
{
    model->free_count = model->queue_count = 0;
    model->slab_used = model->busy_ns = 0;
    for (uint32_t i = FAKE_MAX_SLOTS; i-- > 0;) {
        free(model->slots[i].bytes);
        free(model->slots[i].answer);
        model->slots[i] = (struct fake_slot){0};
        model->free_slots[model->free_count++] = i + 1;
    }
}

static const struct engine_cut *cut_of(const struct fake_server *server, uint32_t cut)
{
    return engine_model_cut(server->model.model, cut);
}

static uint8_t check(void *user, const struct jtp_open *open)
{
    const struct fake_server *server = user;
    const struct fake_model *model = &server->model;
    static const uint8_t none[16];
    if (server->now.reject)
        return server->now.reject;
    if (open->model != model->name_crc)
        return JTP_MODEL_UNKNOWN;
    if (memcmp(open->fingerprint, none, 16) != 0 &&
        (server->now.has_other_model || memcmp(open->fingerprint, model->fingerprint, 16) != 0))
        return JTP_MODEL_MISMATCH;
    if (open->to >= engine_model_cut_count(model->model))
        return JTP_BAD_RANGE;
    const struct engine_cut *from = cut_of(server, open->from);
    if (!fake_message_can(from, open->encoding) ||
        !fake_message_can(cut_of(server, open->to), open->answer_encoding))
        return JTP_BAD_ENCODING;
    bool is_sized = open->rows <= server->config.max_rows &&
                    open->total_bytes == fake_message_bytes(from, open->rows, open->encoding);
    return is_sized ? 0 : JTP_BAD_SIZE;
}

static int reserve(void *user, const struct jtp_open *open, struct jtp_reservation *reservation)
{
    struct fake_server *server = user;
    struct fake_model *model = &server->model;
    if (open->total_bytes > server->config.slab_bytes)
        return JTP_NO_MEMORY;
    if (model->free_count == 0 || model->slab_used + open->total_bytes > server->config.slab_bytes)
        return -ENOMEM;
    uint8_t *bytes = malloc(open->total_bytes);
    if (!bytes)
        return -ENOMEM;
    uint32_t number = model->free_slots[--model->free_count];
    model->slots[number - 1] =
        (struct fake_slot){.bytes = bytes, .total_bytes = open->total_bytes, .open = *open};
    model->slab_used += open->total_bytes;
    server->count.held++;
    *reservation = (struct jtp_reservation){.bytes = bytes, .slot = number};
    return 0;
}

static void free_slot(struct fake_server *server, uint64_t number)
{
    struct fake_model *model = &server->model;
    struct fake_slot *slot = &model->slots[number - 1];
    model->slab_used -= slot->total_bytes;
    server->count.held--;
    free(slot->bytes);
    free(slot->answer);
    *slot = (struct fake_slot){0};
    model->free_slots[model->free_count++] = (uint32_t)number;
}

static void release(void *user, uint64_t slot)
{
    free_slot(user, slot);
}

static void deliver(void *user, struct jtp_request_ref request, const struct jtp_open *open,
                    uint64_t number, uint64_t deadline_ns, uint64_t now_ns)
{
    struct fake_server *server = user;
    struct fake_model *model = &server->model;
    struct fake_slot *slot = &model->slots[number - 1];
    uint64_t start_ns = model->busy_ns > now_ns ? model->busy_ns : now_ns;
    model->busy_ns = start_ns + server->now.compute_ns;
    slot->ref = request;
    slot->delivered_ns = now_ns;
    slot->due_ns = model->busy_ns;
    model->queue[(model->queue_first + model->queue_count++) % FAKE_MAX_SLOTS] = (uint32_t)number;
    server->count.delivered++;
    server->received++;
    if (server->now.dies_after > 0 && server->received >= server->now.dies_after)
        server->must_die = true;
    (void)open;
    (void)deadline_ns;
}

/* The computation goes on, and finds at its end that nobody wants the answer. */
static void cancelled(void *user, struct jtp_request_ref request, uint64_t slot)
{
    struct fake_server *server = user;
    server->count.cancelled++;
    (void)request;
    (void)slot;
}

static void sent(void *user, uint64_t slot)
{
    free_slot(user, slot);
}

static void load(void *user, uint64_t client, struct jtp_load *load)
{
    const struct fake_server *server = user;
    const struct fake_model *model = &server->model;
    uint64_t now_ns = fake_now_ns();
    *load = server->now.load;
    if (model->busy_ns > now_ns)
        load->predicted_wait_us += (uint32_t)((model->busy_ns - now_ns) / 1000);
    load->queued = (uint16_t)(load->queued + model->queue_count);
    (void)client;
}

const struct jtp_server_ops fake_server_ops = {check,     reserve, release, deliver,
                                               cancelled, sent,    load};

static void point(void **pointers, const struct engine_cut *cut, uint32_t rows, uint8_t *bytes)
{
    for (uint32_t t = 0; t < cut->tensor_count; t++)
        for (uint32_t r = 0; r < rows; r++, bytes += cut->tensors[t].bytes)
            pointers[t * rows + r] = bytes;
}

static bool run_engine(struct fake_server *server, struct fake_slot *slot)
{
    struct fake_model *model = &server->model;
    const struct jtp_open *open = &slot->open;
    struct engine_error error;
    point((void **)model->inputs, cut_of(server, open->from), open->rows, slot->bytes);
    point(model->outputs, cut_of(server, open->to), open->rows, slot->answer);
    const struct engine_run run = {.from = open->from,
                                   .to = open->to,
                                   .rows = open->rows,
                                   .inputs = model->inputs,
                                   .outputs = model->outputs};
    int rc = engine_context_run(model->context, &run, &error);
    if (rc)
        printf("fake server: %s\n", error.text);
    return rc == 0;
}

/* False: the engine could not. */
static bool compute(struct fake_server *server, struct fake_slot *slot)
{
    const struct jtp_open *open = &slot->open;
    const struct engine_cut *from = cut_of(server, open->from), *to = cut_of(server, open->to);
    slot->answer_bytes = (uint32_t)fake_message_bytes(to, open->rows, open->answer_encoding);
    slot->answer =
        calloc(1, fake_message_bytes(to, open->rows, JTP_F32) + server->now.surplus_bytes);
    if (!slot->answer || server->config.is_hollow)
        return slot->answer;
    return fake_message_code(from, open->rows, open->encoding, true, &slot->bytes) &&
           run_engine(server, slot) &&
           fake_message_code(to, open->rows, open->answer_encoding, false, &slot->answer);
}

static void finish(struct fake_server *server, uint32_t number, uint64_t now_ns)
{
    struct fake_slot *slot = &server->model.slots[number - 1];
    bool is_computed = compute(server, slot);
    uint64_t done_ns = fake_now_ns();
    uint64_t work_ns = done_ns - now_ns + server->now.compute_ns;
    uint64_t whole_ns = done_ns - slot->delivered_ns;
    if (!is_computed || server->now.reject_whole) {
        enum jtp_reason reason = is_computed ? server->now.reject_whole : JTP_FAILED;
        const uint32_t retry_us = is_computed ? server->now.retry_after_us : 0;
        jtp_server_reject(server->jtp, slot->ref, reason, retry_us, done_ns);
        server->count.rejected++;
        free_slot(server, number);
        return;
    }
    const struct jtp_answering answering = {
        .bytes = slot->answer,
        .total_bytes = slot->answer_bytes + server->now.surplus_bytes,
        .slot = number,
        .encoding = slot->open.answer_encoding,
        .batch = slot->open.rows,
        .queue_us = (uint32_t)((whole_ns > work_ns ? whole_ns - work_ns : 0) / 1000),
        .compute_us = (uint32_t)(work_ns / 1000)};
    server->count.answered++;
    if (jtp_server_answer(server->jtp, slot->ref, &answering, done_ns))
        free_slot(server, number);
}

void fake_model_turn(struct fake_server *server, uint64_t now_ns)
{
    struct fake_model *model = &server->model;
    bool is_freed = false;
    while (fake_model_due_ns(server) <= now_ns) {
        uint32_t number = model->queue[model->queue_first];
        model->queue_first = (model->queue_first + 1) % FAKE_MAX_SLOTS;
        model->queue_count--;
        finish(server, number, fake_now_ns());
        is_freed = true;
    }
    if (is_freed)
        jtp_server_memory_freed(server->jtp, now_ns);
}

uint64_t fake_model_due_ns(const struct fake_server *server)
{
    const struct fake_model *model = &server->model;
    if (model->queue_count == 0 || server->now.is_idle)
        return JTP_NEVER;
    return model->slots[model->queue[model->queue_first] - 1].due_ns;
}
