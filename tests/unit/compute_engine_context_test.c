/* Tests of compute/engine/context.c with networks made by hand: memory that contexts ask for. */
#include "compute/engine.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/onnx_model.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define F32 1

/* Opens the model and creates a context for one row; closes the model's file. */
static struct engine_context *create(struct onnx_model *onnx, struct engine_model **model)
{
    struct engine_error error = {{0}};
    struct engine_config config;
    struct engine_context *context = NULL;
    char path[64];
    size_t size;
    const uint8_t *bytes = onnx_model_pack(onnx, &size);
    int fd = memfd_create("model", MFD_CLOEXEC);
    CU_ASSERT_EQUAL_FATAL(write(fd, bytes, size), (ssize_t)size);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    engine_config_default(&config);
    config.is_tuned = false;
    int rc = engine_model_open(path, &config, model, &error);
    if (rc == 0)
        rc = engine_model_prepare(*model, &error);
    if (rc == 0)
        rc = engine_model_pack(*model, NULL, &error);
    if (rc == 0)
        rc = engine_context_create(*model, NULL, &context, &error);
    if (rc)
        printf("%s\n", error.text);
    CU_ASSERT_EQUAL_FATAL(rc, 0);
    close(fd);
    onnx_model_destroy(onnx);
    return context;
}

static void empty_tensors_need_no_memory(void)
{
    struct onnx_model *onnx = onnx_model_create(13);
    onnx_model_input(onnx, "x", F32, 2, (int64_t[]){(int64_t)1 << 40, 0});
    onnx_model_node(onnx, "Relu", "x", "y");
    onnx_model_output(onnx, "y");
    struct engine_model *model;
    struct engine_context *context = create(onnx, &model);
    CU_ASSERT_TRUE(engine_context_bytes(model) < 1 << 20);
    char nothing;
    const void *inputs[] = {&nothing};
    void *outputs[] = {&nothing};
    struct engine_run run = {.from = 0, .to = 1, .rows = 1, .inputs = inputs, .outputs = outputs};
    CU_ASSERT_EQUAL(engine_context_run(context, &run, NULL), 0);
    engine_context_destroy(context);
    engine_model_destroy(model);
}

const struct cunit_test tests[] = {
    {"tensors without elements need no memory, however long", empty_tensors_need_no_memory},
    {NULL, NULL},
};
