/* A dense tensor: element type, shape and a borrowed pointer to its elements in C order. */
#ifndef COMPUTE_TENSOR_TENSOR_H
#define COMPUTE_TENSOR_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The numbers are ONNX's own (TensorProto.DataType). */
enum tensor_type {
    TENSOR_NONE = 0,
    TENSOR_F32 = 1,
    TENSOR_U8 = 2,
    TENSOR_I32 = 6,
    TENSOR_I64 = 7,
    TENSOR_BOOL = 9, /* one byte, 0 or 1 */
};

/* More than any published network uses; a file that needs more is refused with an error. */
#define TENSOR_MAX_RANK 8

struct shape {
    uint32_t rank; /* 0: a scalar */
    int64_t dims[TENSOR_MAX_RANK];
};

struct tensor {
    enum tensor_type type;
    struct shape shape;
    void *data; /* borrowed; C order, dense, aligned to its type */
};

/* Bytes of one element; 0 for a type this engine does not have. */
size_t tensor_type_bytes(enum tensor_type type);

/* ONNX's spelling: "float", "int64"; "none" for anything else. */
const char *tensor_type_name(enum tensor_type type);

/* The number of elements (1 for a scalar, 0 if any dimension is 0) in *count.
 * 0, -EINVAL for a rank over TENSOR_MAX_RANK or a negative dimension, -EOVERFLOW when the
 * product does not fit. */
int shape_count(const struct shape *shape, size_t *count);

bool shape_equal(const struct shape *a, const struct shape *b);

/* Product of dims[first..last), for a shape that shape_count has accepted. */
size_t shape_span(const struct shape *shape, uint32_t first, uint32_t last);

/* "1x3x224x224" ("scalar" for rank 0), cut off at size; returns text. */
const char *shape_print(const struct shape *shape, char *text, size_t size);

/* Bytes of all elements in *bytes; errors as shape_count. */
int tensor_bytes(const struct tensor *tensor, size_t *bytes);

/* Elements of a tensor that shape_count has accepted. */
size_t tensor_count(const struct tensor *tensor);

#endif
