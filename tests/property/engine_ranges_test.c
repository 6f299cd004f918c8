/* On every network of the zoo, small: each cut's tensors are what plain operators compute, and any
 * range [from, to) gives to the bit what the whole run gives, alone and in a batch. */
#include "compute/engine.h"
#include "compute/zoo/zoo.h"
#include "tests/property/reference.h"
#include "tests/unit/cunit_main.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BATCH 3

static const struct small {
    const char *name;
    uint32_t input_size, width_divisor;
} networks[] = {
    {"alexnet", 67, 8},      {"overfeat", 71, 8},   {"nin", 67, 8},   {"vgg16", 32, 8},
    {"resnet50", 33, 8},     {"deepspeech", 7, 32}, {"chair", 0, 16}, {"pix2pix", 0, 16},
    {"mobilenet_v2", 35, 4}, {"googlenet", 64, 8},  {"lenet", 0, 1},
};

/* One network, prepared, with one row's worth of every cut's tensors. */
struct subject {
    char path[64];
    struct engine_model *model;
    struct engine_context *context;
    struct engine_error error;
    void ***at_cut; /* [cut][tensor * rows + row] */
    uint32_t rows;
};

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static void ***alloc_cuts(const struct engine_model *model, uint32_t rows)
{
    uint32_t cuts = engine_model_cut_count(model);
    void ***at_cut = calloc(cuts, sizeof(*at_cut));
    for (uint32_t k = 0; k < cuts; k++) {
        const struct engine_cut *cut = engine_model_cut(model, k);
        at_cut[k] = calloc((size_t)cut->tensor_count * rows, sizeof(void *));
        for (uint32_t i = 0; i < cut->tensor_count * rows; i++)
            at_cut[k][i] = calloc(1, cut->tensors[i / rows].bytes);
    }
    return at_cut;
}

static void free_cuts(const struct engine_model *model, uint32_t rows, void ***at_cut)
{
    for (uint32_t k = 0; k < engine_model_cut_count(model); k++) {
        for (uint32_t i = 0; i < engine_model_cut(model, k)->tensor_count * rows; i++)
            free(at_cut[k][i]);
        free(at_cut[k]);
    }
    free(at_cut);
}

static bool subject_open(struct subject *subject, const struct small *small, uint32_t rows,
                         bool is_strict)
{
    *subject = (struct subject){.rows = rows};
    snprintf(subject->path, sizeof(subject->path), "/tmp/joint-ranges-%ld-%s.onnx", (long)getpid(),
             small->name);
    struct zoo_config zoo;
    zoo_config_default(&zoo);
    zoo.input_size = small->input_size;
    zoo.width_divisor = small->width_divisor;
    struct zoo_error zoo_error = {{0}};
    if (zoo_write(small->name, &zoo, subject->path, &zoo_error)) {
        printf("%s: %s\n", small->name, zoo_error.text);
        return false;
    }
    struct engine_config config;
    engine_config_default(&config);
    config.min_batch = config.max_batch = rows;
    config.is_tuned = false;
    config.is_strict = is_strict;
    config.threads = 2;
    if (engine_model_open(subject->path, &config, &subject->model, &subject->error) ||
        engine_model_prepare(subject->model, &subject->error) ||
        engine_model_pack(subject->model, NULL, &subject->error) ||
        engine_context_create(subject->model, NULL, &subject->context, &subject->error)) {
        printf("%s: %s\n", small->name, subject->error.text);
        return false;
    }
    subject->at_cut = alloc_cuts(subject->model, rows);
    return true;
}

static void subject_close(struct subject *subject)
{
    if (subject->at_cut)
        free_cuts(subject->model, subject->rows, subject->at_cut);
    engine_context_destroy(subject->context);
    engine_model_destroy(subject->model);
    unlink(subject->path);
}

static void fill_inputs(struct subject *subject, uint32_t seed)
{
    const struct engine_cut *cut = engine_model_cut(subject->model, 0);
    for (uint32_t i = 0; i < cut->tensor_count * subject->rows; i++) {
        float *floats = subject->at_cut[0][i];
        for (size_t e = 0; e < cut->tensors[i / subject->rows].bytes / sizeof(float); e++)
            floats[e] = (float)next_random(&seed) / (float)(1 << 23) - 1;
    }
}

static int run_range(struct subject *subject, uint32_t from, uint32_t to, void **outputs)
{
    struct engine_run run = {.from = from,
                             .to = to,
                             .rows = subject->rows,
                             .inputs = (const void *const *)subject->at_cut[from],
                             .outputs = outputs};
    return engine_context_run(subject->context, &run, &subject->error);
}

/* Row r of a tensor with rows along an axis, gathered. */
static void gather_row(const struct tensor *tensor, int axis, uint32_t r, uint32_t rows, char *row)
{
    size_t bytes = 0;
    tensor_bytes(tensor, &bytes);
    size_t outer = axis < 0 ? 1 : shape_span(&tensor->shape, 0, (uint32_t)axis);
    size_t chunk = bytes / outer / (axis < 0 ? 1 : rows);
    for (size_t o = 0; o < outer; o++)
        memcpy(row + o * chunk,
               (const char *)tensor->data + (axis < 0 ? 0 : (o * rows + r) * chunk), chunk);
}

/* Largest difference over the largest magnitude. */
static double distance(const float *a, const float *b, size_t count)
{
    double largest = 0, magnitude = 0;
    for (size_t i = 0; i < count; i++) {
        double difference = fabs((double)a[i] - b[i]);
        largest = difference > largest || isnan(difference) ? difference : largest;
        magnitude = fabs(b[i]) > magnitude ? fabs(b[i]) : magnitude;
    }
    return magnitude > 0 ? largest / magnitude : largest;
}

/* Fills at_cut from runs [0, k), and compares every cut with the reference. */
static void check_cuts(struct subject *subject, const char *name, double tolerance)
{
    struct reference reference;
    struct graph_error error = {{0}};
    bool is_ready = reference_init(&reference, subject->path, subject->rows, &error);
    CU_ASSERT_TRUE_FATAL(is_ready);
    const struct engine_cut *first = engine_model_cut(subject->model, 0);
    CU_ASSERT_EQUAL_FATAL(first->tensor_count, 1);
    size_t bytes = first->tensors[0].bytes;
    char *joined = calloc(subject->rows, bytes);
    for (uint32_t r = 0; r < subject->rows; r++) {
        CU_ASSERT_EQUAL(first->tensors[0].batch_axis, 0);
        memcpy(joined + r * bytes, subject->at_cut[0][r], bytes);
    }
    void *inputs[] = {joined};
    CU_ASSERT_TRUE_FATAL(reference_run(&reference, inputs));
    double worst = 0;
    for (uint32_t k = 1; k < engine_model_cut_count(subject->model); k++) {
        int rc = run_range(subject, 0, k, subject->at_cut[k]);
        CU_ASSERT_EQUAL(rc, 0);
        const struct engine_cut *cut = engine_model_cut(subject->model, k);
        for (uint32_t i = 0; i < cut->tensor_count * subject->rows; i++) {
            const struct engine_tensor *tensor = &cut->tensors[i / subject->rows];
            const struct tensor *expected = reference_tensor(&reference, tensor->name);
            CU_ASSERT_PTR_NOT_NULL_FATAL(expected);
            char *row = malloc(tensor->bytes + 1);
            gather_row(expected, tensor->batch_axis, i % subject->rows, subject->rows, row);
            double d =
                distance(subject->at_cut[k][i], (const float *)row, tensor->bytes / sizeof(float));
            if (!(d <= tolerance))
                printf("%s: cut %u (%s), row %u: %g off\n", name, k, cut->name, i % subject->rows,
                       d);
            CU_ASSERT_TRUE(d <= tolerance);
            worst = d > worst ? d : worst;
            free(row);
        }
    }
    printf("%s, %u rows: %u cuts, largest difference %.2g\n", name, subject->rows,
           engine_model_cut_count(subject->model), worst);
    free(joined);
    reference_fini(&reference);
}

static void check_pairs(struct subject *subject, const char *name)
{
    void ***out = alloc_cuts(subject->model, subject->rows);
    uint32_t cuts = engine_model_cut_count(subject->model);
    for (uint32_t from = 0; from < cuts; from++)
        for (uint32_t to = from + 1; to < cuts; to++) {
            const struct engine_cut *cut = engine_model_cut(subject->model, to);
            int rc = run_range(subject, from, to, out[to]);
            bool is_equal = rc == 0;
            for (uint32_t i = 0; i < cut->tensor_count * subject->rows && is_equal; i++)
                is_equal = memcmp(out[to][i], subject->at_cut[to][i],
                                  cut->tensors[i / subject->rows].bytes) == 0;
            if (!is_equal)
                printf("%s, %u rows: [%u, %u) differs%s%s\n", name, subject->rows, from, to,
                       rc ? ": " : "", rc ? subject->error.text : "");
            CU_ASSERT_TRUE(is_equal);
        }
    free_cuts(subject->model, subject->rows, out);
}

static void check_networks(uint32_t rows, bool is_strict, double tolerance)
{
    for (size_t n = 0; n < sizeof(networks) / sizeof(networks[0]); n++) {
        struct subject subject;
        bool is_open = subject_open(&subject, &networks[n], rows, is_strict);
        CU_ASSERT_TRUE(is_open);
        if (is_open) {
            fill_inputs(&subject, (uint32_t)n * 77 + rows);
            check_cuts(&subject, networks[n].name, tolerance);
            check_pairs(&subject, networks[n].name);
        }
        subject_close(&subject);
    }
}

static void one_row(void)
{
    check_networks(1, false, 1e-4);
}

static void several_rows(void)
{
    check_networks(BATCH, false, 1e-4);
}

static void strict(void)
{
    check_networks(BATCH, true, 1e-5);
}

const struct cunit_test tests[] = {
    {"one row: every pair of cuts of every network", one_row},
    {"a batch: every pair of cuts of every network", several_rows},
    {"strict: within 1e-5 of plain operators at every cut", strict},
    {NULL, NULL},
};
