/* Fuzz target: ONNX models through the whole engine: open, plan for batches 1 to 3, pack and run.
 */
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

/* One pointer per tensor and row, each to memory of exactly its size, filled with small numbers. */
static void **take_rows(const struct engine_cut *cut, uint32_t rows)
{
    void **pointers = calloc((size_t)cut->tensor_count * rows + 1, sizeof(*pointers));
    require(pointers != NULL);
    for (uint32_t t = 0; t < cut->tensor_count; t++)
        for (uint32_t r = 0; r < rows; r++) {
            size_t bytes = cut->tensors[t].bytes;
            pointers[t * rows + r] = calloc(1, bytes ? bytes : 1);
            require(pointers[t * rows + r] != NULL);
        }
    return pointers;
}

static void free_rows(void **pointers, const struct engine_cut *cut, uint32_t rows)
{
    for (uint32_t i = 0; i < cut->tensor_count * rows; i++)
        free(pointers[i]);
    free(pointers);
}

static void run(const struct engine_model *model, uint32_t rows)
{
    struct engine_context *context;
    struct engine_error error = {{0}};
    if (engine_context_create(model, NULL, &context, &error))
        return;
    uint32_t last = engine_model_cut_count(model) - 1;
    const struct engine_cut *from = engine_model_cut(model, 0);
    const struct engine_cut *to = engine_model_cut(model, last);
    size_t bytes = 0;
    for (uint32_t t = 0; t < from->tensor_count; t++)
        bytes += from->tensors[t].bytes;
    for (uint32_t t = 0; t < to->tensor_count; t++)
        bytes += to->tensors[t].bytes;
    if (bytes < MAX_RUN_BYTES && last > 0) {
        void **inputs = take_rows(from, rows), **outputs = take_rows(to, rows);
        struct engine_run job = {.from = 0,
                                 .to = last,
                                 .rows = rows,
                                 .inputs = (const void *const *)inputs,
                                 .outputs = outputs};
        if (engine_context_run(context, &job, &error))
            require(error.text[0] && !strchr(error.text, '\n'));
        free_rows(inputs, from, rows);
        free_rows(outputs, to, rows);
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
