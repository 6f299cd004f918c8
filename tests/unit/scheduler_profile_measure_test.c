/* Tests of scheduler/profile/measure.c on LeNet: what is measured and how often, never how long. */
#include "scheduler/profile/measure.h"
#include "compute/zoo/zoo.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define LAYERS 8

struct ready {
    struct engine_model *model;
    struct engine_context *context;
};

static struct ready open_lenet(uint32_t batch, uint32_t max_cut_tensors)
{
    char path[64];
    struct zoo_config zoo;
    zoo_config_default(&zoo);
    snprintf(path, sizeof(path), "/tmp/joint-measure-test-%ld.onnx", (long)getpid());
    CU_ASSERT_EQUAL_FATAL(zoo_write("lenet", &zoo, path, NULL), 0);
    struct engine_config config;
    engine_config_default(&config);
    config.min_batch = config.max_batch = batch;
    config.max_cut_tensors = max_cut_tensors;
    config.is_tuned = false;
    struct ready ready = {0};
    struct engine_error error;
    CU_ASSERT_EQUAL_FATAL(engine_model_open(path, &config, &ready.model, &error), 0);
    CU_ASSERT_EQUAL_FATAL(engine_model_prepare(ready.model, &error), 0);
    CU_ASSERT_EQUAL_FATAL(engine_model_pack(ready.model, NULL, &error), 0);
    CU_ASSERT_EQUAL_FATAL(engine_context_create(ready.model, NULL, &ready.context, &error), 0);
    CU_ASSERT_EQUAL_FATAL(engine_model_layer_count(ready.model), LAYERS);
    unlink(path);
    return ready;
}

static void close_lenet(struct ready *ready)
{
    engine_context_destroy(ready->context);
    engine_model_destroy(ready->model);
}

static void measure_lenet(const struct measure_config *config, struct measurement *measurement)
{
    struct ready ready = open_lenet(config->batch, UINT32_MAX);
    struct engine_error error = {{0}};
    int err = measure(measurement, ready.model, ready.context, config, &error);
    if (err)
        printf("%s\n", error.text);
    CU_ASSERT_EQUAL_FATAL(err, 0);
    close_lenet(&ready);
}

static void check_median(const struct median *median)
{
    CU_ASSERT_TRUE(median->runs > 0);
    CU_ASSERT_TRUE(median->low_ms <= median->ms && median->ms <= median->high_ms);
}

static void times_everything_asked_for(void)
{
    struct measure_config config;
    struct measurement found;
    measure_config_default(&config);
    config.seconds = 0.3;
    config.mode = BLOCKS_ALL;
    measure_lenet(&config, &found);
    CU_ASSERT_EQUAL_FATAL(found.layer_count, LAYERS);
    CU_ASSERT_EQUAL_FATAL(found.block_count, LAYERS * (LAYERS + 1) / 2);
    CU_ASSERT_EQUAL(found.timed_count, 1 + LAYERS + found.block_count);
    CU_ASSERT_TRUE(found.settled_count <= found.timed_count);
    check_median(&found.whole);
    for (uint32_t i = 0; i < LAYERS; i++)
        check_median(&found.layers[i]);
    uint32_t at = 0;
    for (uint32_t first = 1; first <= LAYERS; first++)
        for (uint32_t last = first; last <= LAYERS; last++, at++) {
            CU_ASSERT_EQUAL(found.blocks[at].first, first);
            CU_ASSERT_EQUAL(found.blocks[at].last, last);
            check_median(&found.blocks[at].time);
        }
    for (uint32_t k = 0; k <= LAYERS; k++)
        CU_ASSERT_TRUE(found.is_legal[k]);
    CU_ASSERT_DOUBLE_EQUAL(found.watts, 0, 0);
    measurement_fini(&found);
}

/* LeNet's first convolution is most of it, and the parts make about the whole. */
static void parts_make_the_whole(void)
{
    struct measure_config config;
    struct measurement found;
    measure_config_default(&config);
    config.seconds = 0.5;
    config.batch = 4;
    measure_lenet(&config, &found);
    double sum_ms = 0;
    for (uint32_t i = 0; i < LAYERS; i++) {
        sum_ms += found.layers[i].ms;
        CU_ASSERT_TRUE(found.layers[i].ms <= found.layers[0].ms);
    }
    double ratio = sum_ms / found.whole.ms;
    CU_ASSERT_TRUE(ratio > 0.25 && ratio < 4);
    for (uint32_t i = 0; i < found.block_count; i++)
        if (found.blocks[i].first == 1 && found.blocks[i].last == LAYERS) {
            ratio = found.blocks[i].time.ms / found.whole.ms;
            CU_ASSERT_TRUE(ratio > 0.25 && ratio < 4);
        }
    measurement_fini(&found);
}

static void measures_each_block_once_at_least(void)
{
    struct measure_config config;
    struct measurement found;
    measure_config_default(&config);
    config.seconds = 1e-6;
    config.mode = BLOCKS_UP_TO;
    config.block_length = 2;
    measure_lenet(&config, &found);
    CU_ASSERT_EQUAL_FATAL(found.block_count, 2 * LAYERS - 1);
    for (uint32_t i = 0; i < found.block_count; i++) {
        CU_ASSERT_TRUE(found.blocks[i].last - found.blocks[i].first < 2);
        check_median(&found.blocks[i].time);
    }
    measurement_fini(&found);
    config.block_length = 0;
    measure_lenet(&config, &found);
    CU_ASSERT_EQUAL(found.block_count, 0);
    check_median(&found.whole);
    measurement_fini(&found);
}

static void refuses_models_with_cuts_left_out(void)
{
    struct measure_config config;
    struct measurement found;
    struct engine_error error = {{0}};
    struct ready ready = open_lenet(1, 0);
    measure_config_default(&config);
    CU_ASSERT_EQUAL(measure(&found, ready.model, ready.context, &config, &error), -EINVAL);
    CU_ASSERT_NOT_EQUAL(error.text[0], '\0');
    close_lenet(&ready);
}

const struct cunit_test tests[] = {
    {"every layer, block and the whole are timed, with an interval around each median",
     times_everything_asked_for},
    {"layers, blocks and the whole run agree with each other", parts_make_the_whole},
    {"without time each block is still measured once", measures_each_block_once_at_least},
    {"a model that hides boundaries is refused", refuses_models_with_cuts_left_out},
    {NULL, NULL},
};
