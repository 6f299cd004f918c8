/* Fuzz target: ONNX models through the whole engine: open, plan for batches of 1 and 3, pack, and
 * run whole and between two cuts, over numbers of every kind. */
#include "compute/engine.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void require(int is_true)
{
    if (!is_true)
        abort();
}

/* Larger models are planned but not run: they would only be slow. */
#define MAX_RUN_BYTES ((size_t)16 << 20)
#define MAX_RUN_FLOPS 1e8

static bool is_small(const struct engine_model *model)
{
    double flops = 0;
    for (uint32_t i = 0; i < engine_model_layer_count(model); i++)
        flops += engine_model_layer(model, i)->flops;
    return flops < MAX_RUN_FLOPS && engine_model_weights_bytes(model) < MAX_RUN_BYTES &&
           engine_context_bytes(model) < MAX_RUN_BYTES;
}

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Mostly small numbers, as indices often are; sometimes any bits at all. */
static void fill(void *memory, enum tensor_type type, size_t bytes, uint32_t *state)
{
    size_t size = tensor_type_bytes(type);
    for (size_t at = 0; at + size <= bytes; at += size) {
        uint64_t bits = (uint64_t)next_random(state) << 40 ^ (uint64_t)next_random(state) << 20 ^
                        next_random(state);
        bool is_wild = next_random(state) % 16 == 0;
        float number = (float)(bits % 2001) / 500 - 2;
        if (type == TENSOR_F32 && !is_wild)
            memcpy(&bits, &number, sizeof(number));
        else if (type == TENSOR_BOOL)
            bits %= 2;
        else if (!is_wild)
            bits = (uint64_t)((int64_t)(bits % 8) - 3);
        memcpy((char *)memory + at, &bits, size);
    }
}

/* One pointer per tensor and row, each to memory of exactly its size. */
static void **take_rows(const struct engine_cut *cut, uint32_t rows, uint32_t seed)
{
    void **pointers = calloc((size_t)cut->tensor_count * rows + 1, sizeof(*pointers));
    require(pointers != NULL);
    for (uint32_t t = 0; t < cut->tensor_count; t++)
        for (uint32_t r = 0; r < rows; r++) {
            size_t bytes = cut->tensors[t].bytes;
            void *row = pointers[t * rows + r] = malloc(bytes ? bytes : 1);
            require(row != NULL);
            fill(row, cut->tensors[t].type, bytes, &seed);
        }
    return pointers;
}

static void free_rows(void **pointers, const struct engine_cut *cut, uint32_t rows)
{
    for (uint32_t i = 0; i < cut->tensor_count * rows; i++)
        free(pointers[i]);
    free(pointers);
}

static size_t cut_bytes(const struct engine_cut *cut)
{
    size_t bytes = 0;
    for (uint32_t t = 0; t < cut->tensor_count; t++)
        bytes += cut->tensors[t].bytes;
    return bytes;
}

static void run_range(struct engine_context *context, const struct engine_model *model,
                      uint32_t first, uint32_t last, uint32_t rows)
{
    const struct engine_cut *from = engine_model_cut(model, first);
    const struct engine_cut *to = engine_model_cut(model, last);
    if (cut_bytes(from) >= MAX_RUN_BYTES || cut_bytes(to) >= MAX_RUN_BYTES)
        return;
    struct engine_error error = {{0}};
    void **inputs = take_rows(from, rows, first), **outputs = take_rows(to, rows, last);
    struct engine_run job = {.from = first,
                             .to = last,
                             .rows = rows,
                             .inputs = (const void *const *)inputs,
                             .outputs = outputs};
    if (engine_context_run(context, &job, &error))
        require(error.text[0] && !strchr(error.text, '\n'));
    free_rows(inputs, from, rows);
    free_rows(outputs, to, rows);
}

static void run(const struct engine_model *model, uint32_t rows)
{
    struct engine_context *context;
    struct engine_error error = {{0}};
    if (engine_context_create(model, NULL, &context, &error))
        return;
    uint32_t last = engine_model_cut_count(model) - 1;
    run_range(context, model, 0, last, rows);
    if (last > 1) {
        uint32_t from = 1 + last / 3;
        run_range(context, model, from < last ? from : 1, last, rows);
        run_range(context, model, 0, last - 1, rows);
    }
    engine_context_destroy(context);
}

static void open_and_run(const char *path, uint32_t batch)
{
    struct engine_config config;
    struct engine_model *model;
    struct engine_error error = {{0}};
    engine_config_default(&config);
    config.is_tuned = false;
    config.max_cut_tensors = 3;
    config.min_batch = config.max_batch = batch;
    if (engine_model_open(path, &config, &model, &error)) {
        require(error.text[0] && !strchr(error.text, '\n'));
        return;
    }
    if (engine_model_prepare(model, &error))
        require(error.text[0] && !strchr(error.text, '\n'));
    else if (is_small(model) && engine_model_pack(model, NULL, &error) == 0)
        run(model, batch);
    engine_model_destroy(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char path[64];
    int fd = memfd_create("model", MFD_CLOEXEC);
    require(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    open_and_run(path, 1);
    open_and_run(path, 3);
    close(fd);
    return 0;
}
