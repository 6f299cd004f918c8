/* Tests of scheduler/profile/roofline.c: times worked out by hand, fits of machines made up. */
#include "scheduler/profile/roofline.h"
#include "tests/unit/cunit_main.h"

#include <math.h>
#include <stdio.h>

static void types_follow_the_first_operator(void)
{
    static const struct {
        const char *layer;
        bool is_depthwise;
        enum device_type type;
    } cases[] = {
        {"Conv+BatchNormalization+Relu", false, DEVICE_CONV},
        {"Conv", true, DEVICE_DEPTHWISE},
        {"ConvTranspose+Relu", false, DEVICE_CONV},
        {"Gemm+Softmax", false, DEVICE_LINEAR},
        {"LSTM", false, DEVICE_LINEAR},
        {"MaxPool+Flatten", false, DEVICE_POOL},
        {"GlobalAveragePool", false, DEVICE_POOL},
        {"LRN", false, DEVICE_NORM},
        {"InstanceNormalization+Relu", false, DEVICE_NORM},
        {"Softmax", false, DEVICE_NORM},
        {"ReduceMean", false, DEVICE_NORM},
        {"Concat", false, DEVICE_OTHER},
        {"ConvolveSomehow", false, DEVICE_OTHER},
        {"", false, DEVICE_OTHER},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        CU_ASSERT_EQUAL(device_type_of(cases[i].layer, cases[i].is_depthwise), cases[i].type);
}

/* 100 GFLOP/s, 10 GB/s, 0.5 ms: balanced at 10 operations a byte. */
static struct device hand_device(void)
{
    struct device device = {.name = "hand", .power_watts = 5};
    for (int type = 0; type < DEVICE_TYPE_COUNT; type++)
        device.speeds[type] = (struct device_speed){100e9, 10e9, 0.5};
    return device;
}

static void the_slower_of_two_roofs_counts(void)
{
    struct device device = hand_device();
    struct roofline_layer computes = {.type = DEVICE_CONV, .flops = 1e9, .bytes = 1e6};
    struct roofline_layer moves = {.type = DEVICE_CONV, .flops = 1e6, .bytes = 40e6};
    CU_ASSERT_DOUBLE_EQUAL(roofline_ms(&device, &computes), 10.5, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(roofline_ms(&device, &moves), 4.5, 1e-9);
}

/* Layers of a machine of 20 GFLOP/s and 5 GB/s without overhead: half of them compute, half move.
 */
static void fill_layers(struct roofline_layer *layers, size_t count, enum device_type type)
{
    for (size_t i = 0; i < count; i++) {
        double flops = (double)(i + 1) * 1e8, bytes = i % 2 ? 1e5 : (double)(i + 1) * 1e8;
        layers[i] = (struct roofline_layer){
            .type = type, .flops = flops, .bytes = bytes, .ms = fmax(flops / 20e6, bytes / 5e6)};
    }
}

static void a_fit_finds_the_machine(void)
{
    struct roofline_layer layers[16];
    struct device here;
    fill_layers(layers, 16, DEVICE_CONV);
    roofline_fit(&here, layers, 16);
    CU_ASSERT_DOUBLE_EQUAL(here.speeds[DEVICE_CONV].flops_per_s / 20e9, 1, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(here.speeds[DEVICE_CONV].bytes_per_s / 5e9, 1, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(here.speeds[DEVICE_CONV].overhead_ms, 0, 1e-9);
    for (int i = 0; i < 16; i++)
        CU_ASSERT_DOUBLE_EQUAL(roofline_ms(&here, &layers[i]) / layers[i].ms, 1, 1e-6);
}

/* An ordinary layer costs what the device's own roofs say, one that is twice as slow here as its
 * kind is twice as slow there, and one that is ten times as slow only ROOFLINE_SLACK times. */
static void unusual_layers_stay_so(void)
{
    struct roofline_layer layers[16];
    struct device here, there = hand_device();
    fill_layers(layers, 16, DEVICE_CONV);
    roofline_fit(&here, layers, 16);
    for (int i = 0; i < 16; i++) {
        double ordinary_ms = fmax(layers[i].flops / 100e6, layers[i].bytes / 10e6) + 0.5;
        CU_ASSERT_DOUBLE_EQUAL(roofline_scale(&here, &there, &layers[i]), ordinary_ms, 1e-6);
        struct roofline_layer slow = layers[i];
        slow.ms *= 2;
        CU_ASSERT_DOUBLE_EQUAL(roofline_scale(&here, &there, &slow), 2 * ordinary_ms, 1e-6);
        slow.ms *= 5;
        CU_ASSERT_DOUBLE_EQUAL(roofline_scale(&here, &there, &slow), 4 * ordinary_ms, 1e-6);
    }
}

static void one_layer_of_a_type_is_ordinary(void)
{
    struct roofline_layer layer = {.type = DEVICE_NORM, .flops = 2e6, .bytes = 8e6, .ms = 0.7};
    struct device here, there = hand_device();
    roofline_fit(&here, &layer, 1);
    CU_ASSERT_DOUBLE_EQUAL(roofline_ms(&here, &layer), 0.7, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(roofline_scale(&here, &there, &layer), 0.8 + 0.5, 1e-9);
}

static void what_computes_nothing_is_taken_along(void)
{
    struct roofline_layer layers[] = {{.type = DEVICE_OTHER, .bytes = 1e6, .ms = 0.001},
                                      {.type = DEVICE_OTHER, .flops = 1e6, .bytes = 1e6}};
    struct device here, there = hand_device();
    roofline_fit(&here, layers, 2);
    CU_ASSERT_DOUBLE_EQUAL(roofline_scale(&here, &there, &layers[0]), 0.001, 1e-12);
    double ms = roofline_scale(&here, &there, &layers[1]); /* too short to be measured here */
    CU_ASSERT_TRUE(isfinite(ms) && ms > 0 && ms <= 0.6);
}

/* The same device there as here: every time stays what it was. */
static void the_same_machine_changes_nothing(void)
{
    const unsigned seed = 7;
    unsigned long state = seed;
    struct roofline_layer layers[60];
    for (int i = 0; i < 60; i++) {
        double parts[3];
        for (int k = 0; k < 3; k++) {
            state = state * 6364136223846793005ul + 1442695040888963407ul;
            parts[k] = (double)(state >> 40) / 16777216;
        }
        layers[i] = (struct roofline_layer){.type = (enum device_type)(i % DEVICE_TYPE_COUNT),
                                            .flops = 1e6 * pow(1e3, parts[0]),
                                            .bytes = 1e4 * pow(1e3, parts[1])};
        layers[i].ms = (layers[i].flops / 5e7 + layers[i].bytes / 1e7) * (0.8 + 0.4 * parts[2]);
    }
    struct device here;
    roofline_fit(&here, layers, 60);
    printf(" (seed %u)", seed);
    for (int i = 0; i < 60; i++)
        CU_ASSERT_DOUBLE_EQUAL(roofline_scale(&here, &here, &layers[i]) / layers[i].ms, 1, 1e-9);
}

const struct cunit_test tests[] = {
    {"a layer's type follows its first operator", types_follow_the_first_operator},
    {"the slower of computing and moving counts, and the overhead comes on top",
     the_slower_of_two_roofs_counts},
    {"a fit finds the machine that the times are of", a_fit_finds_the_machine},
    {"a layer that is slow for its kind stays so elsewhere, within bounds", unusual_layers_stay_so},
    {"the only layer of its type is an ordinary one", one_layer_of_a_type_is_ordinary},
    {"layers that compute nothing, or take no time, have a time elsewhere",
     what_computes_nothing_is_taken_along},
    {"carried over to the very same machine, times stay what they were",
     the_same_machine_changes_nothing},
    {NULL, NULL},
};
