/* Measures whole runs of each size of batch, with each layer's share, and adds up the layers behind
 * each cut. */
#include "compute/worker/cut_times.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MIN_RUNS 3u
#define MIN_LONG_RUNS 2u /* of those that take over LONG_NS */
#define MAX_RUNS 9u
#define ENOUGH_NS UINT64_C(400000000) /* after so long, no more than the fewest */
#define LONG_NS UINT64_C(1000000000)
#define ALIGN 64u

/* What one size of batch needs; the engine's context is made anew for each. */
struct bench {
    const struct engine_model *model;
    struct engine_context *context;
    uint32_t rows, last_cut, layer_count;
    unsigned char *memory; /* one input row for all, an output row for each */
    const void **inputs;
    void **outputs;
    uint64_t *layer_ns; /* [run][layer] */
    uint64_t whole_ns[MAX_RUNS];
    uint32_t run_count;
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static uint64_t median(uint64_t *values, uint32_t count)
{
    qsort(values, count, sizeof(values[0]), by_value);
    return values[(count - 1) / 2];
}

static uint64_t aligned(uint64_t bytes)
{
    return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

static uint64_t cut_bytes(const struct engine_cut *cut)
{
    uint64_t bytes = 0;
    for (uint32_t t = 0; t < cut->tensor_count; t++)
        bytes += aligned(cut->tensors[t].bytes);
    return bytes;
}

/* Floats between -1 and 1, as networks see; anything else is 0, which is valid as an index. */
static void fill(const struct engine_tensor *tensor, unsigned char *place)
{
    memset(place, 0, tensor->bytes);
    if (tensor->type != TENSOR_F32)
        return;
    uint32_t state = 1;
    for (size_t i = 0; i < tensor->bytes / sizeof(float); i++) {
        state = state * 1664525u + 1013904223u;
        ((float *)place)[i] = (float)(int32_t)state * 0x1p-31f;
    }
}

static void lay_out(struct bench *bench)
{
    const struct engine_cut *first = engine_model_cut(bench->model, 0);
    const struct engine_cut *last = engine_model_cut(bench->model, bench->last_cut);
    unsigned char *place = bench->memory;
    for (uint32_t t = 0; t < first->tensor_count; t++) {
        fill(&first->tensors[t], place);
        for (uint32_t r = 0; r < bench->rows; r++)
            bench->inputs[(size_t)t * bench->rows + r] = place;
        place += aligned(first->tensors[t].bytes);
    }
    for (uint32_t t = 0; t < last->tensor_count; t++)
        for (uint32_t r = 0; r < bench->rows; r++) {
            bench->outputs[(size_t)t * bench->rows + r] = place;
            place += aligned(last->tensors[t].bytes);
        }
}

static void bench_fini(struct bench *bench)
{
    engine_context_destroy(bench->context);
    free(bench->memory);
    free(bench->inputs);
    free(bench->outputs);
    free(bench->layer_ns);
}

static int bench_init(struct bench *bench, const struct engine_model *model, uint32_t rows,
                      struct engine_error *error)
{
    *bench = (struct bench){.model = model,
                            .rows = rows,
                            .last_cut = engine_model_cut_count(model) - 1,
                            .layer_count = engine_model_layer_count(model)};
    const struct engine_cut *first = engine_model_cut(model, 0);
    const struct engine_cut *last = engine_model_cut(model, bench->last_cut);
    bench->memory = aligned_alloc(ALIGN, cut_bytes(first) + rows * cut_bytes(last) + ALIGN);
    bench->inputs = calloc((size_t)first->tensor_count * rows + 1, sizeof(*bench->inputs));
    bench->outputs = calloc((size_t)last->tensor_count * rows + 1, sizeof(*bench->outputs));
    bench->layer_ns = calloc((size_t)MAX_RUNS * bench->layer_count, sizeof(*bench->layer_ns));
    int rc = 0;
    if (!bench->memory || !bench->inputs || !bench->outputs || !bench->layer_ns) {
        snprintf(error->text, sizeof(error->text), "no memory to measure with");
        rc = -ENOMEM;
    } else {
        rc = engine_context_create(model, NULL, &bench->context, error);
    }
    if (rc)
        bench_fini(bench);
    else
        lay_out(bench);
    return rc;
}

static int run_once(struct bench *bench, uint64_t *layer_ns, uint64_t *took_ns,
                    struct engine_error *error)
{
    const struct engine_run run = {.to = bench->last_cut,
                                   .rows = bench->rows,
                                   .inputs = bench->inputs,
                                   .outputs = bench->outputs,
                                   .layer_ns = layer_ns};
    const uint64_t begun_ns = now_ns();
    const int rc = engine_context_run(bench->context, &run, error);
    *took_ns = now_ns() - begun_ns;
    return rc;
}

static int run_often(struct bench *bench, engine_progress *progress, void *progress_arg,
                     struct engine_error *error)
{
    uint64_t took_ns;
    char what[64];
    snprintf(what, sizeof(what), "measuring layers, batches of %u", bench->rows);
    if (progress)
        progress(progress_arg, what, 0);
    int rc = run_once(bench, NULL, &took_ns, error);
    const uint32_t fewest = took_ns > LONG_NS ? MIN_LONG_RUNS : MIN_RUNS;
    const uint64_t begun_ns = now_ns();
    while (rc == 0 && bench->run_count < MAX_RUNS &&
           (bench->run_count < fewest || now_ns() - begun_ns < ENOUGH_NS)) {
        if (progress)
            progress(progress_arg, what, (double)bench->run_count / MAX_RUNS);
        uint64_t *layer_ns = bench->layer_ns + (size_t)bench->run_count * bench->layer_count;
        rc = run_once(bench, layer_ns, &bench->whole_ns[bench->run_count], error);
        bench->run_count++;
    }
    return rc;
}

/* The layers' medians, stretched so that all of them take what a whole run does: entering and
 * leaving, which no layer counts, are spread over them. */
static void add_up(struct bench *bench, uint64_t *remaining_ns)
{
    double sum = 0;
    uint64_t *layer_ns = bench->layer_ns; /* of the first run: becomes the median */
    for (uint32_t l = 0; l < bench->layer_count; l++) {
        uint64_t values[MAX_RUNS];
        for (uint32_t r = 0; r < bench->run_count; r++)
            values[r] = bench->layer_ns[(size_t)r * bench->layer_count + l];
        layer_ns[l] = median(values, bench->run_count);
        sum += (double)layer_ns[l];
    }
    const double whole_ns = (double)median(bench->whole_ns, bench->run_count);
    const double stretch = sum > 0 ? whole_ns / sum : 0;
    double behind = 0;
    uint32_t layer = bench->layer_count;
    for (uint32_t k = bench->last_cut + 1; k-- > 0;) {
        while (layer > engine_model_cut(bench->model, k)->layer_count)
            behind += (double)layer_ns[--layer] * stretch;
        remaining_ns[k] = (uint64_t)behind;
    }
}

static int measure(const struct engine_model *model, uint32_t rows, uint64_t *remaining_ns,
                   engine_progress *progress, void *progress_arg, struct engine_error *error)
{
    struct bench bench;
    int rc = bench_init(&bench, model, rows, error);
    if (rc)
        return rc;
    rc = run_often(&bench, progress, progress_arg, error);
    if (rc == 0)
        add_up(&bench, remaining_ns);
    bench_fini(&bench);
    return rc;
}

/* No range of cuts takes less time than fewer rows did. */
static void mend(uint64_t *remaining_ns, const uint64_t *fewer_ns, uint32_t cut_count)
{
    uint64_t behind_ns = 0, mended_ns = 0; /* the cut after this one, as measured and as mended */
    for (uint32_t k = cut_count - 1; k-- > 0;) {
        const uint64_t step_ns = remaining_ns[k] - behind_ns;
        const uint64_t least_ns = fewer_ns[k] - fewer_ns[k + 1];
        behind_ns = remaining_ns[k];
        mended_ns += step_ns > least_ns ? step_ns : least_ns;
        remaining_ns[k] = mended_ns;
    }
}

static int measure_sizes(struct cut_times *times, const struct engine_model *model,
                         engine_progress *progress, void *progress_arg, struct engine_error *error)
{
    const uint32_t count = times->cut_count;
    int rc = measure(model, 1, times->remaining_ns, progress, progress_arg, error);
    for (uint32_t s = 1; s < times->size_count && rc == 0; s++) {
        uint64_t *remaining_ns = times->remaining_ns + (size_t)s * count;
        rc = measure(model, times->size[s], remaining_ns, progress, progress_arg, error);
        for (uint32_t k = 0; k < count && rc == -ENOTSUP; k++)
            remaining_ns[k] = times->remaining_ns[k] * times->size[s];
        rc = rc == -ENOTSUP ? 0 : rc;
        if (rc == 0)
            mend(remaining_ns, remaining_ns - count, count);
    }
    return rc;
}

int cut_times_measure(struct cut_times *times, const struct engine_model *model, uint32_t max_batch,
                      engine_progress *progress, void *progress_arg, struct engine_error *error)
{
    *times = (struct cut_times){.cut_count = engine_model_cut_count(model)};
    times->size_count = model_table_sizes(max_batch, times->size);
    times->remaining_ns =
        calloc((size_t)times->size_count * times->cut_count, sizeof(*times->remaining_ns));
    int rc = -ENOMEM;
    if (times->remaining_ns)
        rc = measure_sizes(times, model, progress, progress_arg, error);
    else
        snprintf(error->text, sizeof(error->text), "no memory for the times of the cuts");
    if (rc)
        cut_times_fini(times);
    return rc;
}

void cut_times_fini(struct cut_times *times)
{
    if (!times)
        return;
    free(times->remaining_ns);
    *times = (struct cut_times){0};
}
