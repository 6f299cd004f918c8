/* Fuzz target: the walk over protobuf's wire format, and messages with fields cut out of them. */
#include "compute/onnx/onnx_wire.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void require(int is_true)
{
    if (!is_true)
        abort();
}

/* What is left without the fields in mask holds the others, in order. */
static void check_without(struct onnx_slice message, uint64_t mask)
{
    struct onnx_slice rest;
    void *memory;
    struct onnx_field field, kept;
    require(onnx_wire_without(message, mask, &rest, &memory) == 0);
    struct onnx_walk walk = onnx_walk_begin(message), rest_walk = onnx_walk_begin(rest);
    while (onnx_walk_next(&walk, &field)) {
        if (onnx_field_is_in(&field, mask))
            continue;
        require(onnx_walk_next(&rest_walk, &kept));
        require(kept.number == field.number && kept.type == field.type);
        require(kept.whole.size == field.whole.size);
        require(memcmp(kept.whole.data, field.whole.data, field.whole.size) == 0);
    }
    require(!onnx_walk_next(&rest_walk, &kept) && !rest_walk.problem);
    free(memory);
}

static void walk_message(struct onnx_slice message, unsigned depth)
{
    struct onnx_field field;
    struct onnx_walk walk = onnx_walk_begin(message);
    const uint8_t *at = message.data;
    while (onnx_walk_next(&walk, &field)) {
        require(field.whole.data == at && field.whole.size > 0);
        at += field.whole.size;
        require(field.number > 0 && at == walk.at);
        if (field.type != ONNX_WIRE_BYTES)
            continue;
        require(field.bytes.data >= field.whole.data);
        require(field.bytes.data + field.bytes.size == at);
        if (depth < 6)
            walk_message(field.bytes, depth + 1);
    }
    require(walk.problem || at == message.data + message.size);
    if (!walk.problem && depth < 3) {
        check_without(message, 1ull << 1 | 1ull << 5 | 1ull << 9);
        check_without(message, UINT64_MAX);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    walk_message((struct onnx_slice){.data = bytes, .size = size}, 0);
    return 0;
}
