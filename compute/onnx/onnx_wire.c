/* The protobuf wire format: tags, varints and lengths, each checked against the message's end. */
#include "compute/onnx/onnx_wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct onnx_walk onnx_walk_begin(struct onnx_slice message)
{
    static const uint8_t nothing[1];
    const uint8_t *data = message.data ? message.data : nothing;
    return (struct onnx_walk){.at = data, .end = data + message.size};
}

static bool fail(struct onnx_walk *walk, const char *problem)
{
    walk->problem = problem;
    return false;
}

static bool take_varint(struct onnx_walk *walk, const uint8_t **at, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (*at == walk->end)
            return fail(walk, "a number is cut off");
        uint8_t byte = *(*at)++;
        if (shift == 63 && byte > 1)
            break;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return true;
    }
    return fail(walk, "a number is longer than 64 bits");
}

static bool skip_fixed(struct onnx_walk *walk, const uint8_t **at, size_t bytes)
{
    if ((size_t)(walk->end - *at) < bytes)
        return fail(walk, "a number is cut off");
    *at += bytes;
    return true;
}

static bool take_bytes(struct onnx_walk *walk, const uint8_t **at, struct onnx_slice *bytes)
{
    uint64_t size;
    if (!take_varint(walk, at, &size))
        return false;
    if (size > (uint64_t)(walk->end - *at))
        return fail(walk, "a field is longer than what is left");
    *bytes = (struct onnx_slice){.data = *at, .size = (size_t)size};
    *at += size;
    return true;
}

bool onnx_walk_next(struct onnx_walk *walk, struct onnx_field *field)
{
    if (walk->problem || walk->at == walk->end)
        return false;
    /* walk->at moves only past whole fields, so that it points at the one that is malformed. */
    const uint8_t *at = walk->at;
    uint64_t tag;
    if (!take_varint(walk, &at, &tag))
        return false;
    if (tag >> 3 == 0 || tag >> 3 > (1u << 29) - 1)
        return fail(walk, "a field has an impossible number");
    *field = (struct onnx_field){.number = (uint32_t)(tag >> 3)};
    bool is_whole;
    switch (tag & 7) {
    case ONNX_WIRE_VARINT:
        is_whole = take_varint(walk, &at, &field->value);
        break;
    case ONNX_WIRE_FIXED64:
        is_whole = skip_fixed(walk, &at, 8);
        break;
    case ONNX_WIRE_BYTES:
        is_whole = take_bytes(walk, &at, &field->bytes);
        break;
    case ONNX_WIRE_FIXED32:
        is_whole = skip_fixed(walk, &at, 4);
        break;
    default:
        return fail(walk, "a field has an impossible wire type");
    }
    if (!is_whole)
        return false;
    field->type = (enum onnx_wire_type)(tag & 7);
    field->whole = (struct onnx_slice){.data = walk->at, .size = (size_t)(at - walk->at)};
    walk->at = at;
    return true;
}

bool onnx_field_is_in(const struct onnx_field *field, uint64_t mask)
{
    return field->number < 64 && (mask >> field->number & 1);
}

int onnx_wire_without(struct onnx_slice message, uint64_t mask, struct onnx_slice *rest,
                      void **memory)
{
    *rest = message;
    *memory = NULL;
    size_t kept = 0;
    struct onnx_field field;
    struct onnx_walk walk = onnx_walk_begin(message);
    while (onnx_walk_next(&walk, &field))
        if (!onnx_field_is_in(&field, mask))
            kept += field.whole.size;
    if (kept == message.size)
        return 0;
    uint8_t *copy = malloc(kept ? kept : 1);
    if (!copy)
        return -ENOMEM;
    size_t used = 0;
    walk = onnx_walk_begin(message);
    while (onnx_walk_next(&walk, &field)) {
        if (onnx_field_is_in(&field, mask))
            continue;
        memcpy(copy + used, field.whole.data, field.whole.size);
        used += field.whole.size;
    }
    *rest = (struct onnx_slice){.data = copy, .size = kept};
    *memory = copy;
    return 0;
}
