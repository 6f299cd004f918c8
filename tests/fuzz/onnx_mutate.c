/* A mutator that keeps protobuf's lengths right, so that the fuzzer gets below the first byte.
 *
 * It goes down into a random message, changes one field there (payload, number, deletion, doubling,
 * a copy from elsewhere), and writes the file anew on the way back. */
#include "compute/onnx/onnx_wire.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

struct output {
    uint8_t *bytes;
    size_t size, capacity;
};

static unsigned next_random(unsigned *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static void put(struct output *output, const void *bytes, size_t size)
{
    if (size > output->capacity - output->size)
        size = output->capacity - output->size; /* cut off: the result is only damaged */
    if (size)
        memcpy(output->bytes + output->size, bytes, size);
    output->size += size;
}

static void put_varint(struct output *output, uint64_t value)
{
    do {
        uint8_t byte = (uint8_t)((value & 0x7f) | (value >> 7 ? 0x80 : 0));
        put(output, &byte, 1);
        value >>= 7;
    } while (value);
}

static size_t count_fields(struct onnx_slice message)
{
    size_t count = 0;
    struct onnx_field field;
    struct onnx_walk walk = onnx_walk_begin(message);
    while (onnx_walk_next(&walk, &field))
        count++;
    return walk.problem ? 0 : count;
}

static void put_field(struct output *output, const struct onnx_field *field, const uint8_t *bytes,
                      size_t size)
{
    put_varint(output, (uint64_t)field->number << 3 | ONNX_WIRE_BYTES);
    put_varint(output, size);
    put(output, bytes, size);
}

static void mutate_message(struct onnx_slice message, struct output *output, unsigned *state,
                           unsigned depth);

static void mutate_bytes(const struct onnx_field *field, struct output *output, unsigned *state,
                         unsigned depth)
{
    size_t capacity = field->bytes.size + 64 + field->bytes.size / 2;
    uint8_t *changed = malloc(capacity);
    if (!changed)
        return;
    struct output inner = {.bytes = changed, .capacity = capacity};
    if (depth < 8 && count_fields(field->bytes) > 0 && next_random(state) % 8) {
        mutate_message(field->bytes, &inner, state, depth + 1);
    } else {
        if (field->bytes.size)
            memcpy(changed, field->bytes.data, field->bytes.size);
        inner.size = LLVMFuzzerMutate(changed, field->bytes.size, capacity);
    }
    put_field(output, field, changed, inner.size);
    free(changed);
}

static void mutate_field(const struct onnx_field *field, struct output *output, unsigned *state,
                         unsigned depth)
{
    static const int64_t telling[] = {0,  1,   2,    3,         7,         -1,        -2,        13,
                                      16, 255, 1024, INT32_MAX, INT64_MAX, INT64_MIN, 1LL << 60, 8};
    unsigned choice = next_random(state) % 16;
    if (choice == 0)
        return;
    if (choice == 1)
        put(output, field->whole.data, field->whole.size);
    if (field->type == ONNX_WIRE_BYTES) {
        mutate_bytes(field, output, state, depth);
    } else if (field->type == ONNX_WIRE_VARINT) {
        put_varint(output, (uint64_t)field->number << 3);
        if (choice < 9)
            put_varint(output, (uint64_t)telling[next_random(state) % 16]);
        else
            put_varint(output, field->value + next_random(state) % 5 - 2);
    } else {
        uint8_t changed[16];
        memcpy(changed, field->whole.data, field->whole.size);
        size_t payload = field->type == ONNX_WIRE_FIXED32 ? 4 : 8;
        uint8_t *number = changed + field->whole.size - payload;
        LLVMFuzzerMutate(number, payload, payload);
        put(output, changed, field->whole.size);
    }
}

static void mutate_message(struct onnx_slice message, struct output *output, unsigned *state,
                           unsigned depth)
{
    size_t count = count_fields(message), index = 0;
    size_t chosen = count ? next_random(state) % count : 0;
    /* Another field of this message to double or move here: nodes, inputs, dimensions. */
    size_t other = count && next_random(state) % 8 == 0 ? next_random(state) % count : SIZE_MAX;
    struct onnx_field field, copy = {0};
    struct onnx_walk walk = onnx_walk_begin(message);
    for (size_t i = 0; i <= other && other != SIZE_MAX && onnx_walk_next(&walk, &copy); i++)
        continue;
    walk = onnx_walk_begin(message);
    for (; onnx_walk_next(&walk, &field); index++) {
        if (index == chosen && other != SIZE_MAX)
            put(output, copy.whole.data, copy.whole.size);
        if (index == chosen)
            mutate_field(&field, output, state, depth);
        else
            put(output, field.whole.data, field.whole.size);
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t capacity, unsigned seed)
{
    unsigned state = seed;
    struct onnx_slice message = {.data = bytes, .size = size};
    if (next_random(&state) % 16 == 0 || count_fields(message) == 0)
        return LLVMFuzzerMutate(bytes, size, capacity);
    struct output output = {.bytes = malloc(capacity), .capacity = capacity};
    if (!output.bytes)
        return size;
    mutate_message(message, &output, &state, 0);
    memcpy(bytes, output.bytes, output.size);
    size = output.size;
    free(output.bytes);
    return size;
}
