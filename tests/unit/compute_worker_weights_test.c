/* Tests of weights: the choices that travel with packed weights are taken over, and a region that
 * does not hold what it should is told from one that does. */
#include "compute/worker/weights.h"

#include "tests/property/worker_host.h"
#include "tests/unit/cunit_main.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint32_t count_algorithm(const struct engine_model *model, const char *name, uint32_t batch)
{
    uint32_t count = 0;
    for (uint32_t l = 0; l < engine_model_layer_count(model); l++)
        count += strcmp(engine_model_algorithm(model, l, batch), name) == 0;
    return count;
}

/* The header stays; each line's first word is its algorithm. */
static char *all_by(const char *algorithm, const char *text)
{
    const size_t room = 2 * strlen(text) + 1;
    char *other = calloc(1, room);
    size_t length = 0;
    bool is_header = true;
    while (*text) {
        const char *end = strchr(text, '\n') + 1;
        const char *from = is_header ? text : strchr(text, ' ');
        length += (size_t)snprintf(other + length, room - length, "%s%.*s",
                                   is_header ? "" : algorithm, (int)(end - from), from);
        is_header = false;
        text = end;
    }
    return other;
}

static struct engine_model *open_by(const struct worker_host *host, const char *algorithm,
                                    const char *text)
{
    struct engine_error error = {{0}};
    struct engine_model *model = NULL;
    char *tuning = all_by(algorithm, text);
    CU_ASSERT_EQUAL_FATAL(weights_open_model(&host->file, tuning, NULL, NULL, &model, &error), 0);
    free(tuning);
    return model;
}

/* Every convolution that may be either is told to be of one, then of the other: no rule, no file
 * and no measurement says so. */
static void choices_are_taken_over(void)
{
    struct worker_host host;
    struct engine_error error = {{0}};
    struct region packed;
    worker_host_init(&host, "googlenet", 8, 64, 2, 1, UINT64_C(1) << 20);
    const char *text = weights_tuning(&host.weights, host.file.weights_bytes);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    struct engine_model *gemm = open_by(&host, "gemm", text);
    struct engine_model *direct = open_by(&host, "direct", text);
    struct engine_model *again = open_by(&host, "gemm", text);
    CU_ASSERT_TRUE(count_algorithm(gemm, "gemm", 1) > count_algorithm(direct, "gemm", 1));
    CU_ASSERT_TRUE(count_algorithm(direct, "direct", 1) > count_algorithm(gemm, "direct", 1));
    CU_ASSERT_EQUAL_FATAL(weights_publish(gemm, &packed, &error), 0);
    const size_t bytes = engine_model_weights_bytes(gemm);
    const void *memory = region_at(&packed, 0, bytes);
    CU_ASSERT_EQUAL(engine_model_attach(again, memory, bytes, &error), 0);
    CU_ASSERT_NOT_EQUAL(engine_model_attach(direct, memory, bytes, &error), 0);
    char *taken = NULL; /* and what it took over it hands on */
    CU_ASSERT_EQUAL_FATAL(engine_model_tuning(again, &taken), 0);
    CU_ASSERT_STRING_EQUAL(taken, weights_tuning(&packed, bytes));
    free(taken);
    engine_model_destroy(gemm);
    engine_model_destroy(direct);
    engine_model_destroy(again);
    region_fini(&packed);
    worker_host_fini(&host);
}

static void regions_are_looked_at(void)
{
    const struct region_config config = {
        .name = "weights", .kind = REGION_WEIGHTS, .payload_bytes = 4096};
    struct region region;
    CU_ASSERT_EQUAL_FATAL(region_init(&region, &config), 0);
    unsigned char *at = region_at(&region, 128, 16);
    const struct {
        uint64_t weights_bytes, length;
        char end;
        bool is_found;
    } cases[] = {
        {100, 4, 0, true},          {128, 4, 0, true},
        {65, 4, 0, true},           {100, 4, 'x', false},
        {100, 0, 0, false},         {100, UINT64_MAX, 0, false},
        {100, 4096, 0, false},      {100, UINT64_MAX - 136, 0, false},
        {4096, 4, 0, false},        {4090, 4, 0, false},
        {UINT64_MAX, 4, 0, false},  {UINT64_MAX - 63, 4, 0, false},
        {100, 4096 - 136, 0, true}, {100, 4096 - 135, 0, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(at, 0, 4096 - 128);
        memcpy(at, &cases[i].length, 8);
        memcpy(at + 8, "abc", 3);
        at[8 + 3] = (unsigned char)cases[i].end;
        const char *text = weights_tuning(&region, cases[i].weights_bytes);
        CU_ASSERT_EQUAL(text != NULL, cases[i].is_found);
        if (text) {
            CU_ASSERT_STRING_EQUAL(text, "abc");
        }
    }
    region_fini(&region);
}

const struct cunit_test tests[] = {
    {"a model opened with another's choices chooses as they say", choices_are_taken_over},
    {"a region whose choices lie outside of it, or have no end, has none", regions_are_looked_at},
    {NULL, NULL},
};
