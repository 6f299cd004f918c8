/* Walks the fields of a protobuf message in place, without copying or unpacking it.
 *
 * Big weights are found this way and stay where they are; protobuf-c sees only what is left. */
#ifndef COMPUTE_ONNX_ONNX_WIRE_H
#define COMPUTE_ONNX_ONNX_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct onnx_slice {
    const uint8_t *data;
    size_t size;
};

enum onnx_wire_type {
    ONNX_WIRE_VARINT = 0,
    ONNX_WIRE_FIXED64 = 1,
    ONNX_WIRE_BYTES = 2,
    ONNX_WIRE_FIXED32 = 5,
};

struct onnx_field {
    uint32_t number; /* >= 1 */
    enum onnx_wire_type type;
    uint64_t value; /* of a varint; 0 for other types */
    struct onnx_slice bytes; /* the payload of a string or message; empty for other types */
    struct onnx_slice whole; /* with its tag */
};

/* A position in a message. After onnx_walk_next returned false, problem is NULL at the message's
 * end, or says what is wrong at the byte that at points to. */
struct onnx_walk {
    const uint8_t *at, *end;
    const char *problem;
};

struct onnx_walk onnx_walk_begin(struct onnx_slice message);

/* True and the next field in *field; false at the end or where the message is malformed. */
bool onnx_walk_next(struct onnx_walk *walk, struct onnx_field *field);

/* True if bit NUMBER of mask is set; numbers over 63 are in no mask. */
bool onnx_field_is_in(const struct onnx_field *field, uint64_t mask);

/* The message without the fields in mask, which the caller has walked once without a problem:
 * *rest borrows message if nothing was cut out, else it lies in *memory (free it; may be NULL).
 * 0 or -ENOMEM. */
int onnx_wire_without(struct onnx_slice message, uint64_t mask, struct onnx_slice *rest,
                      void **memory);

#endif
