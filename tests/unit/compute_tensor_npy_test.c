/* Tests of compute/tensor/npy.c and npy_header.c. Expected bytes were written by NumPy 1.24. */
#include "compute/tensor/npy.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct npy_error error;

/* A file as NumPy writes it: version, dictionary padded to 128 bytes in all, then data. */
static size_t compose(uint8_t *file, unsigned major, const char *dictionary, const void *data,
                      size_t bytes)
{
    size_t prefix = major == 1 ? 10 : 12, length = 128 - prefix;
    memset(file, ' ', 128);
    memcpy(file, "\x93NUMPY", 6);
    memcpy(file + 6, (uint8_t[]){(uint8_t)major, 0, (uint8_t)length, 0, 0, 0}, prefix - 6);
    memcpy(file + prefix, dictionary, strlen(dictionary));
    file[127] = '\n';
    memcpy(file + 128, data, bytes);
    return 128 + bytes;
}

static int parse(unsigned major, const char *dictionary, const void *data, size_t bytes,
                 struct npy *npy)
{
    uint8_t file[1024];
    return npy_parse("x.npy", file, compose(file, major, dictionary, data, bytes), npy, &error);
}

/* Expects the dictionary and that many zero bytes of data to be refused with text in the error. */
static void refused(const char *dictionary, size_t bytes, const char *text)
{
    static const uint8_t zeros[512];
    struct npy npy;
    CU_ASSERT_TRUE(parse(1, dictionary, zeros, bytes, &npy) < 0);
    CU_ASSERT_PTR_NULL(npy.tensor.data);
    if (!strstr(error.text, text) || strncmp(error.text, "x.npy ", 6) != 0)
        printf("\n  got: %s\n  not: %s\n", error.text, text);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, text));
}

static void reads_each_type(void)
{
    struct npy npy;
    float floats[] = {1.5f, -2, 3, 4, 5, 6};
    CU_ASSERT_EQUAL_FATAL(
        parse(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", floats, 24, &npy),
        0);
    CU_ASSERT_EQUAL(npy.tensor.type, TENSOR_F32);
    CU_ASSERT_TRUE(shape_equal(&npy.tensor.shape, &(struct shape){.rank = 2, .dims = {2, 3}}));
    CU_ASSERT_EQUAL(memcmp(npy.tensor.data, floats, 24), 0);
    npy_fini(&npy);
    CU_ASSERT_EQUAL_FATAL(parse(1, "{'descr': '<i8', 'fortran_order': False, 'shape': (), }",
                                (int64_t[]){7}, 8, &npy),
                          0);
    CU_ASSERT_EQUAL(npy.tensor.shape.rank, 0);
    CU_ASSERT_EQUAL(*(int64_t *)npy.tensor.data, 7);
    npy_fini(&npy);
    CU_ASSERT_EQUAL_FATAL(
        parse(3, "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }", "\1\2", 2, &npy), 0);
    CU_ASSERT_EQUAL(npy.tensor.type, TENSOR_U8);
    npy_fini(&npy);
    CU_ASSERT_EQUAL_FATAL(
        parse(1, "{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }", "\1\0\2", 3, &npy),
        0);
    CU_ASSERT_EQUAL(npy.tensor.type, TENSOR_BOOL);
    CU_ASSERT_EQUAL(memcmp(npy.tensor.data, "\1\0\1", 3), 0);
    npy_fini(&npy);
    npy_fini(&npy);
    npy_fini(NULL);
}

static void reads_other_spellings(void)
{
    struct npy npy;
    CU_ASSERT_EQUAL(
        parse(2, "{\"shape\":(3L,0),\"fortran_order\":False,\"descr\":\"<i4\"}", "", 0, &npy), 0);
    CU_ASSERT_EQUAL(npy.tensor.type, TENSOR_I32);
    CU_ASSERT_PTR_NOT_NULL(npy.tensor.data);
    npy_fini(&npy);
}

static void turns_fortran_order_round(void)
{
    /* numpy.asfortranarray(numpy.arange(24).reshape(2, 3, 4)), as it stands in the file */
    static const int32_t stored[24] = {0, 12, 4, 16, 8,  20, 1, 13, 5, 17, 9,  21,
                                       2, 14, 6, 18, 10, 22, 3, 15, 7, 19, 11, 23};
    struct npy npy;
    CU_ASSERT_EQUAL_FATAL(parse(2, "{'descr': '<i4', 'fortran_order': True, 'shape': (2, 3, 4), }",
                                stored, sizeof(stored), &npy),
                          0);
    for (int32_t i = 0; i < 24; i++)
        CU_ASSERT_EQUAL(((int32_t *)npy.tensor.data)[i], i);
    npy_fini(&npy);
}

static void refuses_other_types(void)
{
    refused("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", 8,
            "has elements of dtype '<f8'; save it as float32");
    refused("{'descr': '|i1', 'fortran_order': False, 'shape': (1,), }", 1, "dtype '|i1'");
    refused("{'descr': '<f2', 'fortran_order': False, 'shape': (1,), }", 2, "dtype '<f2'");
    refused("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", 4,
            "has big-endian elements (dtype '>f4'); save it as '<f4'");
    refused("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", 4,
            "structured dtype");
    refused("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", 4, "dtype '|O'");
    refused("{'descr': 'a\nb', 'fortran_order': False, 'shape': (1,), }", 4, "dtype 'a?b'");
}

static void refuses_wrong_sizes(void)
{
    refused("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", 8,
            "holds 8 bytes of data but its shape 3 of float needs 12");
    refused("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", 13, "holds 13 bytes");
    refused("{'descr': '<f4', 'fortran_order': False, 'shape': (1152921504606846976,), }", 4,
            "needs 4611686018427387904");
    refused("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", 4,
            "larger than memory can be");
    refused("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", 4,
            "a dimension beyond 64 bits");
    refused("{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1), }", 4,
            "more than 8 dimensions");
    refused("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", 4,
            "not a tuple of numbers >= 0");
}

static void refuses_broken_headers(void)
{
    struct npy npy;
    refused("", 4, "not a dictionary");
    refused("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)", 4, "does not end");
    refused("{'descr': '<f4', 'fortran_order': False, 'shape': (1", 4, "does not end");
    refused("{'descr': '<f4', 'fortran_order': False}", 4, "has no 'shape'");
    refused("{'descr': '<f4', 'shape': ()}", 4, "has no 'fortran_order'");
    refused("{'fortran_order': False, 'shape': ()}", 4, "has no 'descr'");
    refused("{'descr': '<f4', 'fortran_order': 0, 'shape': ()}", 4, "not True or False");
    refused("{'descr': '<f4', 'descr': '<f4'}", 4, "repeated 'descr'");
    refused("{'descr': '<f4", 4, "no readable 'descr'");
    refused("{'descr': '<f4', 'fortran_order': False, 'shape': ()} x", 4, "text after");
    uint8_t file[256];
    size_t size =
        compose(file, 1, "{'descr': '<f4', 'fortran_order': False, 'shape': ()}", "abcd", 4);
    for (size_t cut = 0; cut < size; cut++)
        CU_ASSERT_EQUAL(npy_parse("x", file, cut, &npy, &error), -EINVAL);
    CU_ASSERT_EQUAL(npy_parse("x", file, size, &npy, NULL), 0);
    npy_fini(&npy);
    file[6] = 4;
    CU_ASSERT_EQUAL(npy_parse("x", file, size, &npy, &error), -EINVAL);
    CU_ASSERT_STRING_EQUAL(error.text, "x is a .npy file of version 4.0; 1.0 to 3.0 are read");
    memcpy(file + 6, "\2\0\xff\xff\xff\xff", 6);
    CU_ASSERT_EQUAL(npy_parse("x", file, size, &npy, &error), -EINVAL);
    CU_ASSERT_STRING_EQUAL(error.text,
                           "x has a header of 4294967295 bytes; at most 65536 are read");
}

static void writes_what_numpy_writes(void)
{
    char folder[] = "/tmp/npy_test_XXXXXX", path[64], link[64];
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/x.npy", folder);
    snprintf(link, sizeof(link), "%s/link.npy", folder);
    float floats[] = {1.5f, -2, 3, 4, 5, 6};
    struct tensor tensor = {
        .type = TENSOR_F32, .shape = {.rank = 2, .dims = {2, 3}}, .data = floats};
    CU_ASSERT_EQUAL_FATAL(npy_write(path, &tensor, &error), 0);
    uint8_t expected[256], got[256];
    size_t size =
        compose(expected, 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", floats,
                sizeof(floats));
    FILE *file = fopen(path, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fread(got, 1, sizeof(got), file), size);
    CU_ASSERT_EQUAL(memcmp(got, expected, size), 0);
    fclose(file);

    /* Over an existing file, through a link, as a vector: "(6,)". */
    CU_ASSERT_EQUAL(symlink(path, link), 0);
    tensor.shape = (struct shape){.rank = 1, .dims = {6}};
    CU_ASSERT_EQUAL(npy_write(link, &tensor, &error), 0);
    struct stat status;
    CU_ASSERT_EQUAL(lstat(link, &status), 0);
    CU_ASSERT_TRUE(S_ISLNK(status.st_mode));
    struct npy npy;
    CU_ASSERT_EQUAL_FATAL(npy_read(path, &npy, &error), 0);
    CU_ASSERT_TRUE(shape_equal(&npy.tensor.shape, &tensor.shape));
    CU_ASSERT_EQUAL(memcmp(npy.tensor.data, floats, sizeof(floats)), 0);
    npy_fini(&npy);
    CU_ASSERT_EQUAL(unlink(link), 0);
    CU_ASSERT_EQUAL(unlink(path), 0);
    CU_ASSERT_EQUAL(rmdir(folder), 0); /* no temporary file was left */
}

static void names_the_file_that_fails(void)
{
    struct npy npy;
    float one = 1;
    struct tensor tensor = {.type = TENSOR_F32, .data = &one};
    CU_ASSERT_EQUAL(npy_read("/nowhere/x.npy", &npy, &error), -ENOENT);
    CU_ASSERT_STRING_EQUAL(error.text, "/nowhere/x.npy: No such file or directory");
    CU_ASSERT_EQUAL(npy_read("/tmp", &npy, &error), -EINVAL);
    CU_ASSERT_STRING_EQUAL(error.text, "/tmp is not a regular file; save the array to one first");
    CU_ASSERT_EQUAL(npy_write("/nowhere/x.npy", &tensor, &error), -ENOENT);
    CU_ASSERT_STRING_EQUAL(error.text,
                           "/nowhere/x.npy: cannot be written: No such file or directory");
    CU_ASSERT_EQUAL(npy_write("/dev/null", &tensor, &error), 0);
    struct stat status;
    CU_ASSERT_EQUAL(stat("/dev/null", &status), 0);
    CU_ASSERT_TRUE(S_ISCHR(status.st_mode));
    CU_ASSERT_EQUAL(npy_write("/dev/full", &tensor, &error), -ENOSPC);
}

const struct cunit_test tests[] = {
    {"arrays of every supported type are read, scalars too", reads_each_type},
    {"other quotes, key orders, Python 2 numbers and empty arrays are read", reads_other_spellings},
    {"Fortran order becomes C order", turns_fortran_order_round},
    {"other element types are refused by name", refuses_other_types},
    {"data must be exactly what the shape needs, and shapes must fit", refuses_wrong_sizes},
    {"broken and truncated headers are refused", refuses_broken_headers},
    {"the file written is NumPy's, replaced as a whole", writes_what_numpy_writes},
    {"errors name the file, and devices are not replaced", names_the_file_that_fails},
    {NULL, NULL},
};
