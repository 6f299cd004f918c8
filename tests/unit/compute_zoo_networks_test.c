/* Tests of the networks of compute/zoo against what their papers and released files say. */
#include "compute/zoo/builder.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct fact {
    const char *value;
    int64_t dims[3]; /* without the batch */
};

static bool is_value(const struct zoo_builder *builder, const struct fact *fact)
{
    const struct zoo_value *value = zoo_find(builder, fact->value);
    bool is_same = value && value->dims[0] == ZOO_BATCH;
    for (uint32_t i = 0; is_same && i < 3; i++)
        is_same = (i + 1 < value->rank ? value->dims[i + 1] : 0) == fact->dims[i];
    if (!is_same)
        printf("\n  %s is not as published ", fact->value);
    return is_same;
}

static void check(const char *name, uint64_t parameters, const struct fact *facts, size_t count)
{
    struct zoo_config config;
    struct zoo_builder builder;
    zoo_config_default(&config);
    CU_ASSERT_EQUAL_FATAL(zoo_build(name, &config, &builder), 0);
    if (builder.parameter_count != parameters)
        printf("\n  %s: %llu parameters ", name, (unsigned long long)builder.parameter_count);
    CU_ASSERT_EQUAL(builder.parameter_count, parameters);
    for (size_t i = 0; i < count; i++)
        CU_ASSERT(is_value(&builder, &facts[i]));
    zoo_builder_fini(&builder);
}

#define CHECK(name, parameters, facts)                                                             \
    check(name, parameters, facts, sizeof(facts) / sizeof(facts[0]))

static void alexnet(void)
{
    const struct fact facts[] = {
        {"input", {3, 224, 224}}, {"conv1", {96, 55, 55}},  {"pool1", {96, 27, 27}},
        {"conv2", {256, 27, 27}}, {"pool2", {256, 13, 13}}, {"conv3", {384, 13, 13}},
        {"conv4", {384, 13, 13}}, {"conv5", {256, 13, 13}}, {"pool5", {256, 6, 6}},
        {"fc6", {4096}},          {"fc7", {4096}},          {"prob", {1000}},
    };
    CHECK("alexnet", 60965224, facts);
}

/* Expected: the paper's layer sizes, summed. */
static void chair(void)
{
    const struct fact facts[] = {
        {"input", {825}},
        {"class", {809}},
        {"fc2_viewpoint", {512}},
        {"concat", {1536}},
        {"fc4", {1024}},
        {"reshape_image", {256, 8, 8}},
        {"uconv1_image", {92, 16, 16}},
        {"uconv3_mask", {48, 64, 64}},
        {"uconv4_mask", {1, 128, 128}},
        {"image_and_mask", {4, 128, 128}},
    };
    uint64_t encoder = (809 + 4 + 12 + 3) * 512 + 3 * 513 * 512 + 1537 * 1024 + 1025 * 1024;
    uint64_t stream = 1025 * 16384 + (256 * 25 + 1) * 92 + (92 * 25 + 1) * 92 + (92 * 25 + 1) * 48;
    CHECK("chair", encoder + 2 * stream + 4 * (48 * 25 + 1), facts);
}

/* 81 x 19 inputs; W2, W3, W4 and W5, two recurrent matrices; 29 characters. */
static void deepspeech(void)
{
    const struct fact facts[] = {
        {"input", {81, 200}},         {"h1", {2048, 200}}, {"h3", {200, 2048}},
        {"batch_first", {200, 2048}}, {"h5", {200, 2048}}, {"prob", {200, 29}},
    };
    uint64_t parameters = 81 * 19 * 2048 + 6 * 2048 * 2048 + 6 * 2048 + 2049 * 29;
    CHECK("deepspeech", parameters, facts);
}

static void googlenet(void)
{
    const struct fact facts[] = {
        {"conv1/7x7_s2", {64, 112, 112}},
        {"pool1/3x3_s2", {64, 56, 56}},
        {"conv2/3x3", {192, 56, 56}},
        {"pool2/3x3_s2", {192, 28, 28}},
        {"inception_3a/output", {256, 28, 28}},
        {"inception_3b/output", {480, 28, 28}},
        {"pool3/3x3_s2", {480, 14, 14}},
        {"inception_4a/output", {512, 14, 14}},
        {"inception_4d/output", {528, 14, 14}},
        {"inception_4e/output", {832, 14, 14}},
        {"pool4/3x3_s2", {832, 7, 7}},
        {"inception_5b/output", {1024, 7, 7}},
        {"prob", {1000}},
    };
    CHECK("googlenet", 6998552, facts);
}

static void lenet(void)
{
    const struct fact facts[] = {
        {"input", {1, 32, 32}}, {"c1", {6, 28, 28}}, {"s2", {6, 14, 14}}, {"c3", {16, 10, 10}},
        {"s4", {16, 5, 5}},     {"c5", {120}},       {"f6", {84}},        {"prob", {10}},
    };
    CHECK("lenet", 61706, facts);
}

static void mobilenet_v2(void)
{
    const struct fact facts[] = {
        {"conv1", {32, 112, 112}},        {"block1_project", {16, 112, 112}},
        {"block3_add", {24, 56, 56}},     {"block6_add", {32, 28, 28}},
        {"block10_add", {64, 14, 14}},    {"block13_add", {96, 14, 14}},
        {"block16_add", {160, 7, 7}},     {"block17_expand", {960, 7, 7}},
        {"block17_project", {320, 7, 7}}, {"conv_last", {1280, 7, 7}},
        {"logits", {1000, 1, 1}},         {"prob", {1000}},
    };
    CHECK("mobilenet_v2", 3504872, facts);
}

static void nin(void)
{
    const struct fact facts[] = {
        {"conv1", {96, 54, 54}},      {"pool1", {96, 27, 27}},
        {"pool2", {256, 13, 13}},     {"pool3", {384, 6, 6}},
        {"conv4-1024", {1024, 6, 6}}, {"cccp8-1024", {1000, 6, 6}},
        {"pool4", {1000, 1, 1}},      {"prob", {1000}},
    };
    CHECK("nin", 7595176, facts);
}

static void overfeat(void)
{
    const struct fact facts[] = {
        {"conv1", {96, 56, 56}},   {"pool2", {256, 12, 12}}, {"conv3", {512, 12, 12}},
        {"conv5", {1024, 12, 12}}, {"pool5", {1024, 6, 6}},  {"full6", {3072}},
        {"full7", {4096}},         {"prob", {1000}},
    };
    CHECK("overfeat", 145920872, facts);
}

static void pix2pix(void)
{
    const struct fact facts[] = {
        {"down1", {64, 128, 128}},   {"down2", {128, 64, 64}},      {"down4", {512, 16, 16}},
        {"down8", {512, 1, 1}},      {"up8", {512, 2, 2}},          {"up8_skip", {1024, 2, 2}},
        {"up4_skip", {512, 32, 32}}, {"up2_skip", {128, 128, 128}}, {"tanh", {3, 256, 256}},
    };
    CHECK("pix2pix", 54413955, facts);
}

static void resnet50(void)
{
    const struct fact facts[] = {
        {"conv1", {64, 112, 112}},         {"pool1", {64, 56, 56}},  {"res2c", {256, 56, 56}},
        {"res3a_branch2a", {128, 28, 28}}, {"res3d", {512, 28, 28}}, {"res4f", {1024, 14, 14}},
        {"res5c", {2048, 7, 7}},           {"pool5", {2048, 1, 1}},  {"prob", {1000}},
    };
    CHECK("resnet50", 25557032, facts);
}

static void vgg16(void)
{
    const struct fact facts[] = {
        {"conv1_2", {64, 224, 224}}, {"pool1", {64, 112, 112}}, {"pool2", {128, 56, 56}},
        {"pool3", {256, 28, 28}},    {"pool4", {512, 14, 14}},  {"conv5_3", {512, 14, 14}},
        {"pool5", {512, 7, 7}},      {"fc6", {4096}},           {"prob", {1000}},
    };
    CHECK("vgg16", 138357544, facts);
}

static void small_versions_keep_the_structure(void)
{
    size_t count;
    const struct zoo_network *networks = zoo_networks(&count);
    CU_ASSERT(count > 0);
    for (size_t i = 0; i < count; i++) {
        struct zoo_config config;
        struct zoo_builder published, small;
        zoo_config_default(&config);
        CU_ASSERT_EQUAL_FATAL(zoo_build(networks[i].name, &config, &published), 0);
        config.width_divisor = 16;
        CU_ASSERT_EQUAL_FATAL(zoo_build(networks[i].name, &config, &small), 0);
        CU_ASSERT_EQUAL(published.value_count, small.value_count);
        CU_ASSERT_EQUAL(published.weight_count, small.weight_count);
        for (size_t v = 0; v < published.value_count; v++)
            CU_ASSERT_STRING_EQUAL(published.values[v]->name, small.values[v]->name);
        CU_ASSERT(small.parameter_count < published.parameter_count / 4);
        CU_ASSERT_EQUAL(published.output->rank, small.output->rank);
        zoo_builder_fini(&published);
        zoo_builder_fini(&small);
    }
}

static void names_are_unique(void)
{
    size_t count;
    const struct zoo_network *networks = zoo_networks(&count);
    for (size_t i = 0; i < count; i++) {
        struct zoo_config config;
        struct zoo_builder builder;
        zoo_config_default(&config);
        CU_ASSERT_EQUAL_FATAL(zoo_build(networks[i].name, &config, &builder), 0);
        for (size_t v = 0; v < builder.value_count; v++) {
            CU_ASSERT_PTR_EQUAL(zoo_find(&builder, builder.values[v]->name), builder.values[v]);
            CU_ASSERT(strlen(builder.values[v]->name) + 1 < ZOO_NAME_MAX);
        }
        zoo_builder_fini(&builder);
    }
}

static void refuses_what_cannot_be(void)
{
    struct zoo_config config;
    struct zoo_builder builder;
    zoo_config_default(&config);
    CU_ASSERT_EQUAL(zoo_build("alexnet2", &config, &builder), -ENOENT);
    zoo_builder_fini(&builder);
    config.input_size = 30;
    CU_ASSERT_EQUAL(zoo_build("alexnet", &config, &builder), -EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(builder.error.text, "too small"));
    zoo_builder_fini(&builder);
    config.input_size = UINT32_MAX;
    CU_ASSERT_EQUAL(zoo_build("vgg16", &config, &builder), -EINVAL);
    zoo_builder_fini(&builder);
}

const struct cunit_test tests[] = {
    {"alexnet has 60,965,224 parameters and the paper's maps", alexnet},
    {"chair has the paper's layers in two streams", chair},
    {"deepspeech has the paper's five hidden layers", deepspeech},
    {"googlenet has 6,998,552 parameters and the maps of table 1", googlenet},
    {"lenet has 61,706 parameters and the paper's maps", lenet},
    {"mobilenet_v2 has 3,504,872 parameters and the maps of table 2", mobilenet_v2},
    {"nin has 7,595,176 parameters and the released model's maps", nin},
    {"overfeat has 145,920,872 parameters and the maps of table 1", overfeat},
    {"pix2pix has 54,413,955 parameters and joins maps of the same size", pix2pix},
    {"resnet50 has 25,557,032 parameters and the paper's maps", resnet50},
    {"vgg16 has 138,357,544 parameters and the paper's maps", vgg16},
    {"small versions have the same layers", small_versions_keep_the_structure},
    {"no two values of a network have the same name", names_are_unique},
    {"unknown names and impossible sizes are refused", refuses_what_cannot_be},
    {NULL, NULL},
};
