/* Tests of scheduler/profile/model_profile.c: by hand, and against the engine's own cuts: a plan
 * that changes sides after layer k sends what is alive there, each tensor once. */
#include "scheduler/profile/model_profile.h"
#include "compute/zoo/zoo.h"
#include "scheduler/plan/plan.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/onnx_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define F32 1
#define BATCH 3

static struct engine_model *open_path(const char *path)
{
    struct engine_config config;
    engine_config_default(&config);
    config.max_batch = BATCH;
    config.max_cut_tensors = UINT32_MAX;
    struct engine_model *model = NULL;
    struct engine_error error = {{0}};
    if (engine_model_open(path, &config, &model, &error))
        printf("%s\n", error.text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(model);
    return model;
}

static struct engine_model *open_onnx(struct onnx_model *onnx)
{
    size_t size;
    char path[64];
    const uint8_t *bytes = onnx_model_pack(onnx, &size);
    int fd = memfd_create("model", MFD_CLOEXEC);
    CU_ASSERT_EQUAL_FATAL(write(fd, bytes, size), (ssize_t)size);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    struct engine_model *model = open_path(path);
    close(fd);
    onnx_model_destroy(onnx);
    return model;
}

/*   x --> a (1) --> b (2) --> d = concat b, c (4)
 *             +---> c (3) ------^                    b and d are outputs */
static void branches_list_what_they_read(void)
{
    struct onnx_model *onnx = onnx_model_create(13);
    onnx_model_input(onnx, "x", F32, 2, (int64_t[]){-1, 5});
    onnx_model_node(onnx, "Softmax", "x", "a");
    onnx_model_node(onnx, "Softmax", "a", "b");
    onnx_model_node(onnx, "Softmax", "a", "c");
    onnx_model_int(onnx, onnx_model_node(onnx, "Concat", "b c", "d"), "axis", 1);
    onnx_model_output(onnx, "b");
    onnx_model_output(onnx, "d");
    struct engine_model *model = open_onnx(onnx);
    struct model_profile made;
    CU_ASSERT_EQUAL_FATAL(model_profile_init(&made, model, "branches", BATCH, 2), 0);
    const struct split_profile *profile = &made.profile;
    CU_ASSERT_EQUAL(split_profile_check(profile, NULL), 0);
    CU_ASSERT_STRING_EQUAL(profile->model, "branches");
    CU_ASSERT_EQUAL_FATAL(profile->layer_count, 4);
    CU_ASSERT_DOUBLE_EQUAL(profile->input_bytes, 5 * 2 * BATCH, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(profile->layers[0].output_bytes, 5 * 2 * BATCH, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(profile->layers[3].output_bytes, 15 * 2 * BATCH, 1e-9);
    CU_ASSERT_EQUAL(profile->layers[1].input_count, 0);
    CU_ASSERT_EQUAL_FATAL(profile->layers[2].input_count, 1);
    CU_ASSERT_EQUAL(profile->layers[2].inputs[0], 1);
    CU_ASSERT_EQUAL(profile->layers[3].input_count, 0);
    CU_ASSERT_EQUAL_FATAL(profile->skip_count, 2); /* b goes to the end anyway: once */
    CU_ASSERT_EQUAL(profile->skips[0].from, 1);
    CU_ASSERT_EQUAL(profile->skips[0].to, 3);
    CU_ASSERT_EQUAL(profile->skips[1].from, 2);
    CU_ASSERT_EQUAL(profile->skips[1].to, 4);
    model_profile_fini(&made);
    engine_model_destroy(model);
}

static void integers_are_sent_as_they_are(void)
{
    struct onnx_model *onnx = onnx_model_create(13);
    static const float table[12];
    onnx_model_input(onnx, "x", 7, 1, (int64_t[]){-1});
    onnx_model_constant(onnx, "table", F32, 2, (int64_t[]){4, 3}, table, sizeof(table));
    onnx_model_node(onnx, "Gather", "table x", "y");
    onnx_model_output(onnx, "y");
    struct engine_model *model = open_onnx(onnx);
    struct model_profile made;
    CU_ASSERT_EQUAL_FATAL(model_profile_init(&made, model, NULL, BATCH, 1), 0);
    CU_ASSERT_DOUBLE_EQUAL(made.profile.input_bytes, 8 * BATCH, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(made.profile.layers[0].output_bytes, 3 * BATCH, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(made.profile.layers[0].weight_bytes, sizeof(table), 1e-9);
    model_profile_fini(&made);
    engine_model_destroy(model);
}

/* Two parts of one size: whoever takes one is charged both. */
static void twins_go_together(void)
{
    struct onnx_model *onnx = onnx_model_create(11);
    onnx_model_input(onnx, "x", F32, 2, (int64_t[]){-1, 6});
    onnx_model_int(onnx, onnx_model_node(onnx, "Split", "x", "a b"), "axis", 1);
    onnx_model_node(onnx, "Softmax", "a", "c");
    onnx_model_int(onnx, onnx_model_node(onnx, "Concat", "b c", "y"), "axis", 1);
    onnx_model_output(onnx, "y");
    struct engine_model *model = open_onnx(onnx);
    struct model_profile made;
    CU_ASSERT_EQUAL_FATAL(model_profile_init(&made, model, NULL, 1, 1), 0);
    CU_ASSERT_EQUAL_FATAL(made.profile.layer_count, 3);
    CU_ASSERT_DOUBLE_EQUAL(made.profile.layers[0].output_bytes, 6, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(made.profile.layers[1].output_bytes, 3, 1e-9);
    CU_ASSERT_EQUAL_FATAL(made.profile.skip_count, 1);
    CU_ASSERT_EQUAL(made.profile.skips[0].from, 1);
    CU_ASSERT_EQUAL(made.profile.skips[0].to, 3);
    CU_ASSERT_DOUBLE_EQUAL(made.profile.skips[0].bytes, 6, 1e-9);
    model_profile_fini(&made);
    engine_model_destroy(model);
}

static double live_bytes(const struct engine_model *model, uint32_t boundary, bool has_input)
{
    const struct engine_cut *cut = engine_model_cut(model, boundary);
    const struct engine_cut *input = engine_model_cut(model, 0);
    double bytes = 0;
    for (uint32_t t = 0; t < cut->tensor_count; t++) {
        const struct engine_tensor *tensor = &cut->tensors[t];
        bool is_input = false;
        for (uint32_t i = 0; i < input->tensor_count; i++)
            is_input |= strcmp(tensor->name, input->tensors[i].name) == 0;
        if (is_input && !has_input)
            continue;
        bytes += (double)tensor->bytes / (tensor->type == TENSOR_F32 ? sizeof(float) : 1) *
                 (tensor->batch_axis < 0 ? 1 : BATCH);
    }
    return bytes;
}

static void check_every_cut(const struct engine_model *model)
{
    struct model_profile made;
    struct split_problem problem;
    struct split_conditions conditions;
    struct split_error error;
    CU_ASSERT_EQUAL_FATAL(model_profile_init(&made, model, NULL, BATCH, 1), 0);
    CU_ASSERT_EQUAL_FATAL(split_problem_init(&problem, &made.profile, SPLIT_INFERENCE, &error), 0);
    split_conditions_default(&conditions, split_network_named("wifi"));
    const uint32_t n = made.profile.layer_count;
    for (uint32_t k = 0; k <= n; k++)
        for (int last = SPLIT_MOBILE; last <= SPLIT_CLOUD; last++) {
            enum split_side first = last == SPLIT_CLOUD ? SPLIT_MOBILE : SPLIT_CLOUD;
            struct split_part parts[] = {{1, k, first}, {k + 1, n, (enum split_side)last}};
            uint32_t skipped = k == 0, count = 2 - (k == 0) - (k == n);
            struct split_totals totals;
            split_evaluate(&problem, &conditions, parts + skipped, count, &totals);
            bool has_cloud = !(k == 0 && last == SPLIT_MOBILE) && !(k == n && last == SPLIT_CLOUD);
            double up =
                last == SPLIT_CLOUD ? live_bytes(model, k, true) : live_bytes(model, 0, true);
            double down =
                last == SPLIT_CLOUD ? live_bytes(model, n, true) : live_bytes(model, k, false);
            CU_ASSERT_DOUBLE_EQUAL(totals.upload_bytes, has_cloud ? up : 0, 1e-6);
            CU_ASSERT_DOUBLE_EQUAL(totals.download_bytes, has_cloud ? down : 0, 1e-6);
        }
    split_problem_fini(&problem);
    model_profile_fini(&made);
}

static void random_graphs_send_what_is_alive(void)
{
    for (uint32_t seed = 1; seed <= 300; seed++) {
        uint32_t state = seed;
        struct onnx_model *onnx = onnx_model_create(13);
        char name[16], operands[48];
        onnx_model_input(onnx, "t0", F32, 2, (int64_t[]){-1, 3});
        uint32_t nodes = 2 + seed % 12;
        for (uint32_t made = 1; made <= nodes; made++) {
            uint32_t picks[3];
            for (int i = 0; i < 3; i++) {
                state = state * 1664525u + 1013904223u;
                picks[i] = state >> 8;
            }
            snprintf(name, sizeof(name), "t%u", made);
            snprintf(operands, sizeof(operands), picks[2] % 2 ? "t%u t%u" : "t%u", picks[0] % made,
                     picks[1] % made);
            onnx_model_node(onnx, picks[2] % 2 ? "Add" : "Softmax", operands, name);
            if (made == nodes || picks[2] % 11 == 0)
                onnx_model_output(onnx, name);
        }
        struct engine_model *model = open_onnx(onnx);
        if (engine_model_cut(model, 0)->tensor_count == 1)
            check_every_cut(model);
        engine_model_destroy(model);
    }
}

static void known_networks_send_what_is_alive(void)
{
    size_t count;
    const struct zoo_network *networks = zoo_networks(&count);
    for (size_t i = 0; i < count; i++) {
        char path[64];
        struct zoo_config config;
        zoo_config_default(&config);
        config.width_divisor = 16;
        snprintf(path, sizeof(path), "/tmp/joint-model-profile-%ld.onnx", (long)getpid());
        CU_ASSERT_EQUAL_FATAL(zoo_write(networks[i].name, &config, path, NULL), 0);
        struct engine_model *model = open_path(path);
        unlink(path);
        check_every_cut(model);
        engine_model_destroy(model);
    }
}

const struct cunit_test tests[] = {
    {"a layer that does not read the one before it lists what it reads",
     branches_list_what_they_read},
    {"integers are sent as they are, floats at the size asked for", integers_are_sent_as_they_are},
    {"two tensors of one size that a layer makes go together", twins_go_together},
    {"in random graphs a cut sends what is alive there, each tensor once",
     random_graphs_send_what_is_alive},
    {"in known networks too", known_networks_send_what_is_alive},
    {NULL, NULL},
};
