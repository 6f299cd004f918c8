/* Encodes protobuf fields: tags, base-128 numbers, lengths. */
#include "compute/zoo/wire.h"

#include <stdlib.h>
#include <string.h>

enum { VARINT = 0, LENGTH = 2, FIXED32 = 5 };

void wire_fini(struct wire *wire)
{
    free(wire->data);
    *wire = (struct wire){0};
}

/* Room for bytes more at the end, or NULL. */
static uint8_t *extend(struct wire *wire, size_t bytes)
{
    if (wire->failed)
        return NULL;
    if (bytes > wire->capacity - wire->bytes) {
        size_t capacity = 2 * (wire->bytes + bytes) + 256;
        uint8_t *data = realloc(wire->data, capacity);
        if (!data) {
            wire->failed = true;
            return NULL;
        }
        wire->data = data;
        wire->capacity = capacity;
    }
    uint8_t *end = wire->data + wire->bytes;
    wire->bytes += bytes;
    return end;
}

static size_t encode_varint(uint8_t bytes[10], uint64_t value)
{
    size_t count = 0;
    for (; value >= 0x80; value >>= 7)
        bytes[count++] = (uint8_t)(value | 0x80);
    bytes[count++] = (uint8_t)value;
    return count;
}

static void append(struct wire *wire, const void *data, size_t bytes)
{
    uint8_t *end = extend(wire, bytes);
    if (end && bytes > 0)
        memcpy(end, data, bytes);
}

static void append_varint(struct wire *wire, uint64_t value)
{
    uint8_t bytes[10];
    append(wire, bytes, encode_varint(bytes, value));
}

void wire_int(struct wire *wire, uint32_t field, int64_t value)
{
    append_varint(wire, field << 3 | VARINT);
    append_varint(wire, (uint64_t)value);
}

void wire_float(struct wire *wire, uint32_t field, float value)
{
    append_varint(wire, field << 3 | FIXED32);
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    uint8_t bytes[4] = {(uint8_t)bits, (uint8_t)(bits >> 8), (uint8_t)(bits >> 16),
                        (uint8_t)(bits >> 24)};
    append(wire, bytes, sizeof(bytes));
}

void wire_length(struct wire *wire, uint32_t field, uint64_t bytes)
{
    append_varint(wire, field << 3 | LENGTH);
    append_varint(wire, bytes);
}

void wire_bytes(struct wire *wire, uint32_t field, const void *data, size_t bytes)
{
    wire_length(wire, field, bytes);
    append(wire, data, bytes);
}

void wire_append(struct wire *wire, const struct wire *other)
{
    append(wire, other->data, other->bytes);
    wire->failed |= other->failed;
}

void wire_string(struct wire *wire, uint32_t field, const char *text)
{
    wire_bytes(wire, field, text, strlen(text));
}

size_t wire_begin(struct wire *wire, uint32_t field)
{
    append_varint(wire, field << 3 | LENGTH);
    return wire->bytes;
}

void wire_end(struct wire *wire, size_t begin)
{
    if (wire->failed)
        return;
    uint8_t length[10];
    size_t inside = wire->bytes - begin;
    size_t count = encode_varint(length, inside);
    if (!extend(wire, count))
        return;
    uint8_t *start = wire->data + begin;
    memmove(start + count, start, inside);
    memcpy(start, length, count);
}
