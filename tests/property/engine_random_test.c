/* On random networks: each cut's tensors are what plain operators compute, and ranges give to the
 * bit what the whole run gives, and rows do not mix, for several batches, thread counts,
 * instruction sets and divisions of the steps into phases.
 *
 * SEED (default 1) and NETWORKS (default 300) in the environment choose others. */
#include "compute/engine.h"
#include "compute/engine/model.h"
#include "compute/plan/arena.h"
#include "tests/property/random_network.h"
#include "tests/property/reference.h"
#include "tests/unit/cunit_main.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_BATCH 5

struct subject {
    uint32_t seed;
    char path[64];
    int fd;
    char text[4096]; /* the network's operators */
    char settings[128];
    struct engine_config config;
    struct engine_model *model;
    struct engine_context *context;
    struct engine_error error;
    uint32_t rows;
    void ***at_cut; /* [cut][tensor * rows + row] */
    void ***alone; /* the same for one row, which is the first one of each batch */
    bool is_wrong;
};

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static uint32_t number_from_environment(const char *name, uint32_t fallback)
{
    const char *text = getenv(name);
    return text ? (uint32_t)strtoul(text, NULL, 10) : fallback;
}

static void complain(struct subject *subject, const char *what, uint32_t from, uint32_t to)
{
    if (!subject->is_wrong)
        printf("SEED=%" PRIu32 " NETWORKS=1 (%s)\n  %s\n", subject->seed, subject->settings,
               subject->text);
    subject->is_wrong = true;
    printf("  %u rows, [%u, %u): %s\n", subject->rows, from, to, what);
}

static void ***alloc_cuts(const struct engine_model *model, uint32_t rows)
{
    uint32_t cuts = engine_model_cut_count(model);
    void ***at_cut = calloc(cuts, sizeof(*at_cut));
    for (uint32_t k = 0; k < cuts; k++) {
        const struct engine_cut *cut = engine_model_cut(model, k);
        at_cut[k] = calloc((size_t)cut->tensor_count * rows + 1, sizeof(void *));
        for (uint32_t i = 0; i < cut->tensor_count * rows; i++) {
            size_t bytes = cut->tensors[i / rows].bytes;
            at_cut[k][i] = malloc(bytes + 1);
            memset(at_cut[k][i], 0xff, bytes); /* NaN, should nothing be written */
        }
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

/* A configuration that this machine has, by the seed. */
static void configure(struct subject *subject, uint32_t *state)
{
    static const enum isa all[] = {ISA_PLAIN, ISA_NEON, ISA_AVX2, ISA_AVX512};
    enum isa isa;
    do
        isa = all[next_random(state) % 4];
    while (!isa_available(isa));
    engine_config_default(&subject->config);
    subject->config.max_batch = MAX_BATCH;
    subject->config.is_tuned = false;
    subject->config.is_strict = next_random(state) % 2;
    subject->config.threads = next_random(state) % 4 == 0 ? 3 : 1;
    subject->config.isa = isa_name(isa);
    subject->config.max_cut_tensors = 1 + next_random(state) % 8;
    snprintf(subject->settings, sizeof(subject->settings), "%s, %u threads%s, %u tensors a cut",
             subject->config.isa, subject->config.threads,
             subject->config.is_strict ? ", strict" : "", subject->config.max_cut_tensors);
}

struct by_row {
    const struct engine_model *model;
    const struct plan *plan;
    bool is_possible;
};

static void check_place(void *arg, uint32_t place, bool is_write)
{
    struct by_row *by_row = arg;
    uint32_t value = by_row->plan->places[place].value;
    if (by_row->model->cuts.rows[value].kind != ROWS_LEADING)
        by_row->is_possible &= by_row->plan->places[place].buffer == PLAN_NONE;
    else if (by_row->plan->places[place].buffer == PLAN_NONE)
        by_row->is_possible = false;
    (void)is_write;
}

/* Other phases than the cost model's, which for networks this small would be one for all. */
static void divide(struct engine_model *model, struct plan *plan, uint32_t *state)
{
    plan->phase_count = 0;
    for (uint32_t s = 0; s < plan->step_count; s++) {
        struct by_row by_row = {.model = model, .plan = plan, .is_possible = true};
        if (plan->steps[s].kind == STEP_GENERIC)
            by_row.is_possible = false;
        step_visit_places(&plan->steps[s], check_place, &by_row);
        struct phase *last = &plan->phases[plan->phase_count ? plan->phase_count - 1 : 0];
        bool can_join = s > 0 && (by_row.is_possible || last->rows == plan->batch);
        if (can_join && next_random(state) % 5 > 0) {
            last->end = s + 1;
            continue;
        }
        uint32_t rows = by_row.is_possible ? 1 + next_random(state) % plan->batch : plan->batch;
        plan->phases[plan->phase_count++] = (struct phase){.first = s, .end = s + 1, .rows = rows};
    }
    if (arena_lay_out(plan, &model->cuts))
        abort();
}

static bool subject_open(struct subject *subject, uint32_t *state)
{
    configure(subject, state);
    subject->fd = memfd_create("network", MFD_CLOEXEC);
    snprintf(subject->path, sizeof(subject->path), "/proc/self/fd/%d", subject->fd);
    if (subject->fd < 0 ||
        !random_network_write(subject->seed, subject->path, subject->text, sizeof(subject->text)))
        return false;
    struct engine_error *error = &subject->error;
    if (engine_model_open(subject->path, &subject->config, &subject->model, error) ||
        engine_model_prepare(subject->model, error) ||
        engine_model_pack(subject->model, NULL, error)) {
        complain(subject, error->text, 0, 0);
        return false;
    }
    if (next_random(state) % 4 > 0)
        for (uint32_t p = 0; p < subject->model->plan_count; p++)
            if (subject->model->plans[p].step_count > 0)
                divide(subject->model, &subject->model->plans[p], state);
    return engine_context_create(subject->model, NULL, &subject->context, error) == 0;
}

static void subject_close(struct subject *subject)
{
    engine_context_destroy(subject->context);
    engine_model_destroy(subject->model);
    if (subject->fd >= 0)
        close(subject->fd);
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

/* Where rows cannot be told apart, several cannot enter or leave. */
static bool can_cut(const struct subject *subject, uint32_t k)
{
    const struct engine_cut *cut = engine_model_cut(subject->model, k);
    for (uint32_t t = 0; t < cut->tensor_count && subject->rows > 1; t++)
        if (cut->tensors[t].batch_axis < 0)
            return false;
    return true;
}

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

/* Largest difference over the largest magnitude of the tensor. */
static double distance(const float *a, const float *b, size_t count, double magnitude)
{
    double largest = 0;
    for (size_t i = 0; i < count; i++) {
        double difference = a[i] == b[i] ? 0 : fabs((double)a[i] - b[i]); /* infinities too */
        largest = difference > largest || isnan(difference) ? difference : largest;
    }
    return magnitude > 0 ? largest / magnitude : largest;
}

/* Values here are around one: the sum of many that comes out near nothing is not judged by itself.
 */
static double magnitude_of(const struct tensor *tensor)
{
    double magnitude = 0.1;
    const float *floats = tensor->data;
    for (size_t i = 0; i < tensor_count(tensor); i++)
        if (isfinite(floats[i]) && fabs(floats[i]) > magnitude)
            magnitude = fabs(floats[i]);
    return magnitude;
}

static void compare_cut(struct subject *subject, const struct reference *reference, uint32_t k)
{
    const struct engine_cut *cut = engine_model_cut(subject->model, k);
    double tolerance = subject->config.is_strict ? 1e-5 : 1e-4;
    for (uint32_t i = 0; i < cut->tensor_count * subject->rows; i++) {
        const struct engine_tensor *tensor = &cut->tensors[i / subject->rows];
        const struct tensor *expected = reference_tensor(reference, tensor->name);
        CU_ASSERT_PTR_NOT_NULL_FATAL(expected);
        char *row = malloc(tensor->bytes + 1);
        gather_row(expected, tensor->batch_axis, i % subject->rows, subject->rows, row);
        double magnitude = magnitude_of(expected);
        double d = distance(subject->at_cut[k][i], (const float *)row,
                            tensor->bytes / sizeof(float), magnitude);
        if (!(d <= tolerance)) {
            char what[128];
            snprintf(what, sizeof(what), "tensor %.20s, row %u: %g of %g off", tensor->name,
                     i % subject->rows, d, magnitude);
            complain(subject, what, 0, k);
        }
        free(row);
    }
}

/* Fills at_cut from whole runs [0, k), and compares every cut with the reference. */
static void check_cuts(struct subject *subject)
{
    struct reference reference;
    struct graph_error error = {{0}};
    CU_ASSERT_TRUE_FATAL(reference_init(&reference, subject->path, subject->rows, &error));
    const struct engine_cut *first = engine_model_cut(subject->model, 0);
    void *inputs[4] = {NULL};
    CU_ASSERT_TRUE_FATAL(first->tensor_count <= 4);
    for (uint32_t t = 0; t < first->tensor_count; t++) {
        size_t bytes = first->tensors[t].bytes;
        float *joined = inputs[t] = malloc(bytes * subject->rows);
        uint32_t numbers = subject->seed + t;
        for (size_t e = 0; e < bytes / sizeof(float) * subject->rows; e++)
            joined[e] = (float)next_random(&numbers) / (float)(1 << 23) - 1;
        for (uint32_t r = 0; r < subject->rows; r++)
            memcpy(subject->at_cut[0][t * subject->rows + r], (char *)joined + r * bytes, bytes);
    }
    CU_ASSERT_TRUE_FATAL(reference_run(&reference, inputs));
    for (uint32_t k = 1; k < engine_model_cut_count(subject->model); k++) {
        if (!can_cut(subject, k))
            continue;
        if (run_range(subject, 0, k, subject->at_cut[k]))
            complain(subject, subject->error.text, 0, k);
        else
            compare_cut(subject, &reference, k);
    }
    reference_fini(&reference);
    for (uint32_t t = 0; t < first->tensor_count; t++)
        free(inputs[t]);
}

static void check_range(struct subject *subject, uint32_t from, uint32_t to, void ***out)
{
    const struct engine_cut *cut = engine_model_cut(subject->model, to);
    bool can_run = can_cut(subject, from) && can_cut(subject, to);
    for (uint32_t i = 0; i < cut->tensor_count * subject->rows; i++)
        memset(out[to][i], 0xff, cut->tensors[i / subject->rows].bytes);
    int rc = run_range(subject, from, to, out[to]);
    if ((rc == 0) != can_run) {
        complain(subject, rc ? subject->error.text : "runs where it should not", from, to);
        return;
    }
    for (uint32_t i = 0; i < cut->tensor_count * subject->rows && rc == 0; i++)
        if (memcmp(out[to][i], subject->at_cut[to][i], cut->tensors[i / subject->rows].bytes)) {
            complain(subject, "differs from the whole run", from, to);
            break;
        }
}

/* What is called a row at a cut is what that row alone would have there. */
static void check_first_row(struct subject *subject)
{
    double tolerance = subject->config.is_strict ? 1e-5 : 1e-4;
    for (uint32_t k = 1; k < engine_model_cut_count(subject->model); k++) {
        const struct engine_cut *cut = engine_model_cut(subject->model, k);
        for (uint32_t t = 0; t < cut->tensor_count && can_cut(subject, k); t++) {
            struct tensor alone = {.type = cut->tensors[t].type,
                                   .shape = cut->tensors[t].shape,
                                   .data = subject->alone[k][t]};
            double d = distance(subject->at_cut[k][t * subject->rows], alone.data,
                                tensor_count(&alone), magnitude_of(&alone));
            if (!(d <= tolerance))
                complain(subject, "the first row is not what it is alone", 0, k);
        }
    }
}

static void check_rows(struct subject *subject, uint32_t rows, uint32_t *state)
{
    uint32_t cuts = engine_model_cut_count(subject->model);
    subject->rows = rows;
    subject->at_cut = alloc_cuts(subject->model, rows);
    void ***out = alloc_cuts(subject->model, rows);
    check_cuts(subject);
    if (subject->alone)
        check_first_row(subject);
    for (uint32_t i = 0; i < 12 && cuts > 1; i++) {
        uint32_t from = next_random(state) % (cuts - 1);
        check_range(subject, from, from + 1 + next_random(state) % (cuts - 1 - from), out);
    }
    free_cuts(subject->model, rows, out);
    if (subject->alone)
        free_cuts(subject->model, rows, subject->at_cut);
    else
        subject->alone = subject->at_cut;
}

static void random_networks(void)
{
    uint32_t seed = number_from_environment("SEED", 1);
    uint32_t networks = number_from_environment("NETWORKS", 300);
    printf("SEED=%" PRIu32 " NETWORKS=%" PRIu32 "\n", seed, networks);
    uint32_t wrong = 0;
    for (uint32_t n = 0; n < networks; n++) {
        struct subject *subject = calloc(1, sizeof(*subject));
        subject->seed = seed + n;
        subject->fd = -1;
        uint32_t state = subject->seed * 2246822519u;
        bool is_open = subject_open(subject, &state);
        subject->is_wrong |= !is_open;
        if (is_open) {
            check_rows(subject, 1, &state);
            check_rows(subject, 2, &state);
            check_rows(subject, MAX_BATCH, &state);
            free_cuts(subject->model, 1, subject->alone);
        }
        wrong += subject->is_wrong;
        subject_close(subject);
        free(subject);
    }
    printf("%" PRIu32 " of %" PRIu32 " networks are wrong\n", wrong, networks);
    CU_ASSERT_EQUAL(wrong, 0);
}

const struct cunit_test tests[] = {
    {"random networks: every cut is what plain operators compute, every range the same bits",
     random_networks},
    {NULL, NULL},
};
