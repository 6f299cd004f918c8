/* Computes again what the service answered, with the algorithms that its workers chose. */
#include "tests/property/service_oracle.h"

#include "compute/worker/weights.h"
#include "tests/unit/cunit_main.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void run(struct oracle *oracle, uint32_t from, uint32_t to, uint32_t batch,
                const unsigned char *in, unsigned char *out)
{
    const void *inputs[ORACLE_MAX_BATCH];
    void *outputs[ORACLE_MAX_BATCH];
    for (uint32_t r = 0; r < batch; r++) {
        inputs[r] = in;
        outputs[r] = r == 0 ? out : malloc(oracle->bytes[to]);
    }
    const struct engine_run wanted = {
        .from = from, .to = to, .rows = batch, .inputs = inputs, .outputs = outputs};
    struct engine_error error = {{0}};
    CU_ASSERT_EQUAL_FATAL(engine_context_run(oracle->context, &wanted, &error), 0);
    for (uint32_t r = 1; r < batch; r++)
        free(outputs[r]);
}

/* Rows that join and leave on the way run in batches of several sizes, for which the engine may
 * choose several algorithms: then the sums differ in their last bits. */
static bool is_close(const float *wanted, const float *answer, uint32_t count)
{
    float largest = 0, difference = 0;
    for (uint32_t i = 0; i < count; i++) {
        largest = fmaxf(largest, fabsf(wanted[i]));
        difference = fmaxf(difference, fabsf(answer[i] - wanted[i]));
        if (isnan(answer[i]))
            return false;
    }
    return difference <= ORACLE_TOLERANCE * largest;
}

/* Or a row in another's place would go unnoticed. */
static void check_that_inputs_differ(const struct oracle *oracle)
{
    for (uint32_t k = 0; k < oracle->cut_count; k++)
        for (uint32_t i = 0; i < ORACLE_INPUTS; i++)
            for (uint32_t j = 0; j < i; j++)
                CU_ASSERT_FALSE(is_close((const void *)oracle->state[i][k],
                                         (const void *)oracle->state[j][k],
                                         (uint32_t)(oracle->bytes[k] / sizeof(float))));
}

static void make_states(struct oracle *oracle, struct shm_random *random)
{
    for (uint32_t i = 0; i < ORACLE_INPUTS; i++) {
        for (uint32_t k = 0; k < oracle->cut_count; k++)
            oracle->state[i][k] = malloc(oracle->bytes[k]);
        float *pixels = (float *)(void *)oracle->state[i][0];
        for (uint32_t f = 0; f < oracle->bytes[0] / sizeof(float); f++)
            pixels[f] = (float)shm_random_below(random, 2001) / 1000 - 1;
        for (uint32_t k = 1; k < oracle->cut_count; k++)
            run(oracle, k - 1, k, 1, oracle->state[i][k - 1], oracle->state[i][k]);
    }
}

void oracle_init(struct oracle *oracle, const char *path, uint32_t max_batch,
                 struct shm_random *random)
{
    *oracle = (struct oracle){.max_batch = max_batch};
    struct message_model_file file = {
        .threads = 1, .max_batch = max_batch, .max_cut_tensors = 1, .is_tuned = 1};
    snprintf(file.path, sizeof(file.path), "%s", path);
    struct engine_error error = {{0}};
    CU_ASSERT_EQUAL_FATAL(weights_open_model(&file, NULL, NULL, NULL, &oracle->model, &error), 0);
    CU_ASSERT_EQUAL_FATAL(weights_publish(oracle->model, &oracle->weights, &error), 0);
    CU_ASSERT_EQUAL_FATAL(engine_context_create(oracle->model, NULL, &oracle->context, &error), 0);
    engine_model_fingerprint(oracle->model, oracle->fingerprint);
    oracle->cut_count = engine_model_cut_count(oracle->model);
    CU_ASSERT_TRUE_FATAL(oracle->cut_count <= ORACLE_MAX_CUTS && max_batch <= ORACLE_MAX_BATCH);
    for (uint32_t k = 0; k < oracle->cut_count; k++) {
        const struct engine_cut *cut = engine_model_cut(oracle->model, k);
        CU_ASSERT_EQUAL_FATAL(cut->tensor_count, 1);
        oracle->bytes[k] = (uint32_t)cut->tensors[0].bytes;
    }
    make_states(oracle, random);
    check_that_inputs_differ(oracle);
}

void oracle_fini(struct oracle *oracle)
{
    for (uint32_t i = 0; i < ORACLE_INPUTS; i++)
        for (uint32_t k = 0; k < oracle->cut_count; k++) {
            free(oracle->state[i][k]);
            for (uint32_t to = 0; to < oracle->cut_count; to++)
                for (uint32_t b = 0; b < ORACLE_MAX_BATCH; b++)
                    free(oracle->answer[i][k][to][b]);
        }
    engine_context_destroy(oracle->context);
    engine_model_destroy(oracle->model);
    region_fini(&oracle->weights);
}

bool oracle_agrees(struct oracle *oracle, uint32_t input, uint32_t from, uint32_t to,
                   const unsigned char *answer)
{
    for (uint32_t b = 1; b <= oracle->max_batch; b++) {
        unsigned char **known = &oracle->answer[input][from][to][b - 1];
        if (!*known) {
            *known = malloc(oracle->bytes[to]);
            run(oracle, from, to, b, oracle->state[input][from], *known);
        }
        if (memcmp(*known, answer, oracle->bytes[to]) == 0)
            return true;
    }
    const void *wanted = oracle->answer[input][from][to][0];
    float *got = malloc(oracle->bytes[to]);
    memcpy(got, answer, oracle->bytes[to]);
    const bool agrees = is_close(wanted, got, (uint32_t)(oracle->bytes[to] / sizeof(float)));
    oracle->close_count += agrees;
    free(got);
    return agrees;
}
