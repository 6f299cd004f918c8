/* Tests of compute/onnx/onnx_external.c: weights beside the model, and only there. */
#include "compute/onnx/onnx_load.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/onnx_model.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct graph graph;
static struct graph_error error;

/* The folder of one test: ROOT/model holds the model, ROOT/secret must not be read. */
static char root[64], model_folder[96];

static void write_file(const char *folder, const char *name, const void *bytes, size_t size)
{
    char path[200];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static void set_up(void)
{
    char path[200];
    snprintf(root, sizeof(root), "/tmp/onnx_external_XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(root));
    snprintf(model_folder, sizeof(model_folder), "%s/model", root);
    CU_ASSERT_EQUAL_FATAL(mkdir(model_folder, 0700), 0);
    snprintf(path, sizeof(path), "%s/sub", model_folder);
    CU_ASSERT_EQUAL_FATAL(mkdir(path, 0700), 0);
    float numbers[] = {1, 2, 3, 4};
    write_file(root, "secret", numbers, sizeof(numbers));
    write_file(model_folder, "w.bin", numbers, sizeof(numbers));
    write_file(model_folder, "sub/w.bin", numbers, sizeof(numbers));
    write_file(model_folder, "empty", "", 0);
    snprintf(path, sizeof(path), "%s/inside", model_folder);
    CU_ASSERT_EQUAL(symlink("sub/w.bin", path), 0);
    snprintf(path, sizeof(path), "%s/outside", model_folder);
    CU_ASSERT_EQUAL(symlink("../secret", path), 0);
    snprintf(path, sizeof(path), "%s/root", model_folder);
    CU_ASSERT_EQUAL(symlink("/", path), 0);
    snprintf(path, sizeof(path), "%s/fifo", model_folder);
    CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
}

static void tear_down(void)
{
    static const char *const names[] = {"sub/w.bin", "w.bin", "empty", "inside",
                                        "outside",   "root",  "fifo",  "m.onnx"};
    char path[200];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", model_folder, names[i]);
        unlink(path);
    }
    snprintf(path, sizeof(path), "%s/sub", model_folder);
    rmdir(path);
    rmdir(model_folder);
    snprintf(path, sizeof(path), "%s/secret", root);
    unlink(path);
    CU_ASSERT_EQUAL(rmdir(root), 0);
}

/* A model of two weights of two floats each, both in the same file. */
static uint8_t *pack(struct onnx_model *model, const char *location, const char *offset,
                     const char *length, size_t *size)
{
    onnx_model_external(model,
                        onnx_model_constant(model, "v", TENSOR_F32, 1, (int64_t[]){2}, NULL, 0),
                        location, NULL, NULL);
    onnx_model_external(model,
                        onnx_model_constant(model, "w", TENSOR_F32, 1, (int64_t[]){2}, NULL, 0),
                        location, offset, length);
    onnx_model_node(model, "Add", "v w", "y");
    onnx_model_output(model, "y");
    return onnx_model_pack(model, size);
}

static void reads(const char *location, const char *offset, const char *length, float expected)
{
    size_t size;
    struct onnx_model *model = onnx_model_create(13);
    const uint8_t *bytes = pack(model, location, offset, length, &size);
    int rc = onnx_load_memory(bytes, size, model_folder, &graph, &error);
    CU_ASSERT_EQUAL(rc, 0);
    if (rc)
        printf("\n  %s\n", error.text);
    else
        CU_ASSERT_EQUAL(((float *)graph.values[1].constant.data)[0], expected);
    graph_fini(&graph);
    onnx_model_destroy(model);
}

static void refuses(const char *location, const char *offset, const char *length, int code,
                    const char *text)
{
    size_t size;
    struct onnx_model *model = onnx_model_create(13);
    const uint8_t *bytes = pack(model, location, offset, length, &size);
    CU_ASSERT_EQUAL(onnx_load_memory(bytes, size, model_folder, &graph, &error), code);
    if (!strstr(error.text, text))
        printf("\n  got: %s\n  not: %s\n", error.text, text);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, text));
    onnx_model_destroy(model);
}

static void maps_files_beside_the_model(void)
{
    set_up();
    reads("w.bin", "8", "8", 3);
    reads("w.bin", NULL, NULL, 1);
    reads("w.bin", "4", NULL, 2);
    reads("sub/w.bin", "8", "8", 3);
    reads("./sub/w.bin", "8", "8", 3);
    reads("inside", "8", "8", 3);
    size_t size;
    struct onnx_model *model = onnx_model_create(13);
    const uint8_t *bytes = pack(model, "w.bin", "8", "8", &size);
    char path[200];
    snprintf(path, sizeof(path), "%s/m.onnx", model_folder);
    write_file(model_folder, "m.onnx", bytes, size);
    CU_ASSERT_EQUAL_FATAL(onnx_load(path, &graph, &error), 0);
    CU_ASSERT_EQUAL(((float *)graph.values[1].constant.data)[1], 4);
    CU_ASSERT_EQUAL(graph.mapping_count, 2); /* the model and w.bin, once */
    graph_fini(&graph);
    onnx_model_destroy(model);
    tear_down();
}

static void refuses_what_leads_out(void)
{
    set_up();
    refuses("../secret", NULL, NULL, -EACCES, "which has a '..'; only files in the model's folder");
    refuses("sub/../w.bin", NULL, NULL, -EACCES, "which has a '..'");
    refuses("sub/..", NULL, NULL, -EACCES, "which has a '..'");
    refuses("/etc/passwd", NULL, NULL, -EACCES, "which is absolute");
    refuses("", NULL, NULL, -EACCES, "which is empty");
    refuses("outside", NULL, NULL, -EACCES, "which leads out of the model's folder");
    refuses("root/etc/passwd", NULL, NULL, -EACCES, "which leads out of the model's folder");
    tear_down();
}

static void refuses_what_is_not_there(void)
{
    set_up();
    refuses("w.bin", "9", "8", -EINVAL, "bytes 9 to 9 + 8 of 'w.bin', which has 16 bytes");
    refuses("w.bin", "18446744073709551615", "8", -EINVAL, "which has 16 bytes");
    refuses("w.bin", "18446744073709551616", "8", -EINVAL, "is not a number");
    refuses("w.bin", "-8", "8", -EINVAL, "is not a number");
    refuses("w.bin", "", "8", -EINVAL, "is not a number");
    refuses("w.bin", "0", "4", -EINVAL, "initializer 'w' holds 4 bytes of data but its shape 2");
    refuses("nothing", NULL, NULL, -ENOENT, "cannot be opened: No such file");
    refuses("empty", NULL, NULL, -EINVAL, "which has 0 bytes");
    refuses("sub", NULL, NULL, -EINVAL, "not a regular file");
    refuses("fifo", NULL, NULL, -EINVAL, "not a regular file");
    refuses(NULL, NULL, NULL, -EINVAL, "external data without a location");
    tear_down();
}

static void refuses_where_none_is_allowed(void)
{
    size_t size;
    struct onnx_model *model = onnx_model_create(13);
    const uint8_t *bytes = pack(model, "w.bin", "8", "8", &size);
    CU_ASSERT_EQUAL(onnx_load_memory(bytes, size, NULL, &graph, &error), -EACCES);
    CU_ASSERT_STRING_EQUAL(error.text,
                           "model in memory: initializer 'v' has external data in 'w.bin', but "
                           "none is allowed here; load the model from its file");
    CU_ASSERT_EQUAL(onnx_load_memory(bytes, size, "/nowhere", &graph, &error), -ENOENT);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "'/nowhere' cannot be opened"));
    onnx_model_destroy(model);
}

const struct cunit_test tests[] = {
    {"files in and under the model's folder are mapped once", maps_files_beside_the_model},
    {"absolute paths, '..' and links that lead out are refused", refuses_what_leads_out},
    {"ranges, files and kinds of files that are not there are refused", refuses_what_is_not_there},
    {"without a folder there is no external data", refuses_where_none_is_allowed},
    {NULL, NULL},
};
