/* Feeds ranges of layers with numbers that cost what real ones cost: no zeros that a kernel might
 * skip, no denormals. */
#include "scheduler/profile/range_runner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ALIGNMENT 64

static size_t padded(size_t bytes)
{
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* Room for all rows of all tensors of the largest cut, and the largest count of rows. */
static int largest_cut(const struct engine_model *model, uint32_t batch, size_t *bytes,
                       size_t *rows)
{
    *bytes = ALIGNMENT;
    *rows = 1;
    for (uint32_t k = 0; k < engine_model_cut_count(model); k++) {
        const struct engine_cut *cut = engine_model_cut(model, k);
        size_t sum = 0, part;
        for (uint32_t t = 0; t < cut->tensor_count; t++)
            if (cut->tensors[t].bytes > SIZE_MAX / 4 ||
                __builtin_mul_overflow(padded(cut->tensors[t].bytes), batch, &part) ||
                __builtin_add_overflow(sum, part, &sum))
                return -ENOMEM;
        *bytes = sum > *bytes ? sum : *bytes;
        if ((size_t)cut->tensor_count * batch > *rows)
            *rows = (size_t)cut->tensor_count * batch;
    }
    return 0;
}

static void fill_random(char *memory, size_t bytes)
{
    uint64_t state = 1;
    for (size_t at = 0; at + sizeof(float) <= bytes; at += sizeof(float)) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        float number = (float)(state >> 40) * 0x1p-24f;
        memcpy(memory + at, &number, sizeof(number));
    }
}

int range_runner_init(struct range_runner *runner, const struct engine_model *model,
                      struct engine_context *context, uint32_t batch)
{
    *runner = (struct range_runner){.model = model, .context = context, .batch = batch};
    if (engine_model_cut_count(model) != engine_model_layer_count(model) + 1)
        return -EINVAL;
    size_t bytes, rows;
    int err = largest_cut(model, batch, &bytes, &rows);
    if (err)
        return err;
    runner->floats = aligned_alloc(ALIGNMENT, bytes);
    runner->zeros = aligned_alloc(ALIGNMENT, bytes);
    runner->outputs = aligned_alloc(ALIGNMENT, bytes);
    runner->input_rows = calloc(rows, sizeof(*runner->input_rows));
    runner->output_rows = calloc(rows, sizeof(*runner->output_rows));
    if (!runner->floats || !runner->zeros || !runner->outputs || !runner->input_rows ||
        !runner->output_rows) {
        range_runner_fini(runner);
        return -ENOMEM;
    }
    fill_random(runner->floats, bytes);
    memset(runner->zeros, 0, bytes);
    memset(runner->outputs, 0, bytes);
    return 0;
}

void range_runner_fini(struct range_runner *runner)
{
    if (!runner)
        return;
    free(runner->floats);
    free(runner->zeros);
    free(runner->outputs);
    free(runner->input_rows);
    free(runner->output_rows);
    *runner = (struct range_runner){0};
}

bool range_runner_can_cut(const struct engine_model *model, uint32_t boundary, uint32_t batch)
{
    const struct engine_cut *cut = engine_model_cut(model, boundary);
    for (uint32_t t = 0; t < cut->tensor_count && batch > 1; t++)
        if (cut->tensors[t].batch_axis < 0)
            return false;
    return true;
}

uint64_t range_runner_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int range_runner_run(struct range_runner *runner, uint32_t from, uint32_t to, uint64_t *layer_ns,
                     uint64_t *time_ns, struct engine_error *error)
{
    const struct engine_cut *enter = engine_model_cut(runner->model, from);
    const struct engine_cut *leave = engine_model_cut(runner->model, to);
    size_t at = 0, row = 0;
    for (uint32_t t = 0; t < enter->tensor_count; t++)
        for (uint32_t i = 0; i < runner->batch; i++, at += padded(enter->tensors[t].bytes))
            runner->input_rows[row++] =
                (enter->tensors[t].type == TENSOR_F32 ? runner->floats : runner->zeros) + at;
    at = row = 0;
    for (uint32_t t = 0; t < leave->tensor_count; t++)
        for (uint32_t i = 0; i < runner->batch; i++, at += padded(leave->tensors[t].bytes))
            runner->output_rows[row++] = runner->outputs + at;
    const struct engine_run run = {.from = from,
                                   .to = to,
                                   .rows = runner->batch,
                                   .inputs = runner->input_rows,
                                   .outputs = runner->output_rows,
                                   .layer_ns = layer_ns};
    uint64_t start_ns = range_runner_now_ns();
    int err = engine_context_run(runner->context, &run, error);
    *time_ns = range_runner_now_ns() - start_ns;
    return err;
}
