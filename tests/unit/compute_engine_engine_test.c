/* Tests of compute/engine.h on LeNet: what it refuses, memory of the caller's, several contexts
 * over one set of weights, weights packed by another process. Expected numbers: plain operators of
 * the property tests cover values; here runs are compared with each other. */
#include "compute/engine.h"
#include "compute/zoo/zoo.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROWS 4

static char path[64];

static const char *lenet(void)
{
    if (path[0])
        return path;
    snprintf(path, sizeof(path), "/tmp/joint-engine-test-%ld.onnx", (long)getpid());
    struct zoo_config config;
    zoo_config_default(&config);
    if (zoo_write("lenet", &config, path, NULL))
        path[0] = '\0';
    return path;
}

static struct engine_model *open_lenet(uint32_t max_batch, struct engine_error *error)
{
    struct engine_config config;
    engine_config_default(&config);
    config.max_batch = max_batch;
    config.is_tuned = false;
    struct engine_model *model = NULL;
    if (engine_model_open(lenet(), &config, &model, error))
        return NULL;
    if (engine_model_prepare(model, error)) {
        engine_model_destroy(model);
        return NULL;
    }
    return model;
}

static struct engine_model *open_packed(uint32_t max_batch)
{
    struct engine_error error;
    struct engine_model *model = open_lenet(max_batch, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(model);
    CU_ASSERT_EQUAL_FATAL(engine_model_pack(model, NULL, &error), 0);
    return model;
}

/* Rows of inputs and outputs for a whole run. */
struct rows {
    float *input[ROWS], *output[ROWS];
};

static void rows_init(struct rows *rows, const struct engine_model *model)
{
    size_t in = engine_model_cut(model, 0)->tensors[0].bytes;
    size_t out = engine_model_cut(model, engine_model_cut_count(model) - 1)->tensors[0].bytes;
    for (int r = 0; r < ROWS; r++) {
        rows->input[r] = malloc(in);
        rows->output[r] = calloc(1, out);
        for (size_t i = 0; i < in / sizeof(float); i++)
            rows->input[r][i] = (float)((i * 7 + (size_t)r * 13) % 29) / 29;
    }
}

static void rows_fini(struct rows *rows)
{
    for (int r = 0; r < ROWS; r++) {
        free(rows->input[r]);
        free(rows->output[r]);
    }
}

static int run_rows(struct engine_context *context, const struct engine_model *model,
                    struct rows *rows, uint32_t count, struct engine_error *error)
{
    struct engine_run run = {.from = 0,
                             .to = engine_model_cut_count(model) - 1,
                             .rows = count,
                             .inputs = (const void *const *)rows->input,
                             .outputs = (void *const *)rows->output};
    return engine_context_run(context, &run, error);
}

static void refuses_bad_configs(void)
{
    struct engine_error error;
    struct engine_model *model = NULL;
    struct engine_config config;
    engine_config_default(&config);
    CU_ASSERT_EQUAL(engine_model_open("/nonexistent/x.onnx", &config, &model, &error), -ENOENT);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "/nonexistent/x.onnx"));
    config.threads = 0;
    CU_ASSERT_EQUAL(engine_model_open(lenet(), &config, &model, &error), -EINVAL);
    engine_config_default(&config);
    config.min_batch = 3;
    CU_ASSERT_EQUAL(engine_model_open(lenet(), &config, &model, &error), -EINVAL);
    engine_config_default(&config);
    config.isa = "mmx";
    CU_ASSERT_EQUAL(engine_model_open(lenet(), &config, &model, &error), -EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "mmx"));
    CU_ASSERT_PTR_NULL(model);
}

static void refuses_bad_runs(void)
{
    struct engine_error error;
    struct engine_model *model = open_packed(2);
    struct engine_context *context = NULL;
    CU_ASSERT_EQUAL_FATAL(engine_context_create(model, NULL, &context, &error), 0);
    struct rows rows;
    rows_init(&rows, model);
    uint32_t last = engine_model_cut_count(model) - 1;
    struct engine_run run = {.inputs = (const void *const *)rows.input,
                             .outputs = (void *const *)rows.output,
                             .rows = 1};
    const uint32_t bad[][2] = {{0, 0}, {1, 0}, {0, last + 1}, {last, UINT32_MAX}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        run.from = bad[i][0];
        run.to = bad[i][1];
        CU_ASSERT_EQUAL(engine_context_run(context, &run, &error), -EINVAL);
        CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "cuts"));
    }
    run = (struct engine_run){.to = last, .inputs = run.inputs, .outputs = run.outputs};
    CU_ASSERT_EQUAL(engine_context_run(context, &run, &error), -EINVAL);
    run.rows = 3;
    CU_ASSERT_EQUAL(engine_context_run(context, &run, &error), -EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "prepared for 1 to 2"));
    rows_fini(&rows);
    engine_context_destroy(context);
    engine_model_destroy(model);
}

static void refuses_runs_without_weights(void)
{
    struct engine_error error;
    struct engine_model *model = open_lenet(1, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(model);
    struct engine_context *context = NULL;
    CU_ASSERT_EQUAL_FATAL(engine_context_create(model, NULL, &context, &error), 0);
    struct rows rows;
    rows_init(&rows, model);
    CU_ASSERT_EQUAL(run_rows(context, model, &rows, 1, &error), -EINVAL);
    rows_fini(&rows);
    engine_context_destroy(context);
    engine_model_destroy(model);
}

static void batches_are_rows(void)
{
    struct engine_error error;
    struct engine_model *model = open_packed(ROWS);
    struct engine_context *context = NULL;
    CU_ASSERT_EQUAL_FATAL(engine_context_create(model, NULL, &context, &error), 0);
    struct rows together, alone;
    rows_init(&together, model);
    rows_init(&alone, model);
    CU_ASSERT_EQUAL(run_rows(context, model, &together, ROWS, &error), 0);
    for (int r = 0; r < ROWS; r++) {
        struct rows one = {.input = {alone.input[r]}, .output = {alone.output[r]}};
        CU_ASSERT_EQUAL(run_rows(context, model, &one, 1, &error), 0);
        for (int c = 0; c < 10; c++)
            CU_ASSERT_DOUBLE_EQUAL(together.output[r][c], alone.output[r][c], 1e-5);
    }
    CU_ASSERT_NOT_EQUAL(together.output[0][0], together.output[1][0]);
    rows_fini(&together);
    rows_fini(&alone);
    engine_context_destroy(context);
    engine_model_destroy(model);
}

static void runs_in_memory_of_the_caller(void)
{
    struct engine_error error;
    struct engine_model *model = open_lenet(1, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(model);
    size_t weights_bytes = engine_model_weights_bytes(model);
    size_t context_bytes = engine_context_bytes(model);
    unsigned char *weights = aligned_alloc(64, weights_bytes + 64);
    unsigned char *memory = aligned_alloc(64, context_bytes + 64);
    memset(weights + weights_bytes, 0xa5, 64);
    memset(memory + context_bytes, 0xa5, 64);
    CU_ASSERT_EQUAL(engine_model_pack(model, weights, &error), 0);
    struct engine_context *context = NULL;
    CU_ASSERT_EQUAL_FATAL(engine_context_create(model, memory, &context, &error), 0);
    struct rows rows;
    rows_init(&rows, model);
    CU_ASSERT_EQUAL(run_rows(context, model, &rows, 1, &error), 0);
    for (int i = 0; i < 64; i++) {
        CU_ASSERT_EQUAL(weights[weights_bytes + (size_t)i], 0xa5);
        CU_ASSERT_EQUAL(memory[context_bytes + (size_t)i], 0xa5);
    }
    rows_fini(&rows);
    engine_context_destroy(context);
    engine_model_destroy(model);
    free(weights);
    free(memory);
}

struct worker {
    const struct engine_model *model;
    struct rows rows;
    int rc;
};

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct engine_error error;
    struct engine_context *context = NULL;
    worker->rc = engine_context_create(worker->model, NULL, &context, &error);
    for (int i = 0; i < 50 && worker->rc == 0; i++)
        worker->rc = run_rows(context, worker->model, &worker->rows, ROWS, &error);
    engine_context_destroy(context);
    return NULL;
}

static void contexts_share_weights(void)
{
    enum { WORKERS = 4 };
    struct engine_model *model = open_packed(ROWS);
    struct worker workers[WORKERS];
    pthread_t threads[WORKERS];
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){.model = model};
        rows_init(&workers[i].rows, model);
        pthread_create(&threads[i], NULL, work, &workers[i]);
    }
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(threads[i], NULL);
        CU_ASSERT_EQUAL(workers[i].rc, 0);
        for (int r = 0; r < ROWS; r++)
            CU_ASSERT_EQUAL(
                memcmp(workers[i].rows.output[r], workers[0].rows.output[r], 10 * sizeof(float)),
                0);
    }
    for (int i = 0; i < WORKERS; i++)
        rows_fini(&workers[i].rows);
    engine_model_destroy(model);
}

/* Attaches read-only to weights that the parent packed, runs, compares. */
static int child(const void *weights, size_t bytes, const float expected[10])
{
    struct engine_error error;
    struct engine_model *model = open_lenet(1, &error);
    struct engine_context *context = NULL;
    if (!model || engine_model_attach(model, weights, bytes, &error) ||
        engine_context_create(model, NULL, &context, &error))
        return 1;
    struct rows rows;
    rows_init(&rows, model);
    if (run_rows(context, model, &rows, 1, &error))
        return 2;
    int rc = memcmp(rows.output[0], expected, 10 * sizeof(float)) == 0 ? 0 : 3;
    rows_fini(&rows);
    engine_context_destroy(context);
    engine_model_destroy(model);
    return rc;
}

static void processes_share_weights(void)
{
    struct engine_error error;
    struct engine_model *model = open_lenet(1, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(model);
    size_t bytes = engine_model_weights_bytes(model);
    void *weights = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CU_ASSERT_NOT_EQUAL_FATAL(weights, MAP_FAILED);
    CU_ASSERT_EQUAL(engine_model_attach(model, weights, bytes, &error), -EINVAL);
    CU_ASSERT_EQUAL(engine_model_pack(model, weights, &error), 0);
    CU_ASSERT_EQUAL(engine_model_attach(model, weights, bytes - 1, &error), -EINVAL);
    struct engine_context *context = NULL;
    CU_ASSERT_EQUAL_FATAL(engine_context_create(model, NULL, &context, &error), 0);
    struct rows rows;
    rows_init(&rows, model);
    CU_ASSERT_EQUAL(run_rows(context, model, &rows, 1, &error), 0);
    mprotect(weights, bytes, PROT_READ);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        _exit(child(weights, bytes, rows.output[0]));
    int status = -1;
    waitpid(pid, &status, 0);
    CU_ASSERT_TRUE(WIFEXITED(status));
    CU_ASSERT_EQUAL(WEXITSTATUS(status), 0);
    rows_fini(&rows);
    engine_context_destroy(context);
    engine_model_destroy(model);
    munmap(weights, bytes);
}

static void fingerprints_tell_weights_apart(void)
{
    struct engine_error error;
    uint8_t first[16], again[16], other[16];
    struct engine_model *model = open_lenet(1, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(model);
    engine_model_fingerprint(model, first);
    CU_ASSERT_EQUAL(engine_model_pack(model, NULL, &error), 0);
    engine_model_fingerprint(model, again);
    CU_ASSERT_EQUAL(memcmp(first, again, 16), 0);
    engine_model_destroy(model);

    struct zoo_config config;
    zoo_config_default(&config);
    config.seed = 2;
    CU_ASSERT_EQUAL_FATAL(zoo_write("lenet", &config, lenet(), NULL), 0);
    model = open_lenet(1, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(model);
    engine_model_fingerprint(model, other);
    CU_ASSERT_NOT_EQUAL(memcmp(first, other, 16), 0);
    engine_model_destroy(model);
    unlink(path);
    path[0] = '\0';
}

const struct cunit_test tests[] = {
    {"configurations that make no sense are refused with a reason", refuses_bad_configs},
    {"cuts and rows out of range are refused with the range", refuses_bad_runs},
    {"a run without weights is refused", refuses_runs_without_weights},
    {"a batch gives each row what it gets alone", batches_are_rows},
    {"weights and contexts stay inside the memory they are given", runs_in_memory_of_the_caller},
    {"contexts in several threads share one set of weights", contexts_share_weights},
    {"a process attaches to weights that another has packed", processes_share_weights},
    {"fingerprints tell weights apart and survive packing", fingerprints_tell_weights_apart},
    {NULL, NULL},
};
