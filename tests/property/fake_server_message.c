/* The fake server's messages in every encoding, told apart from the client's own code for them. */
#include "compute/tensor/encoding.h"
#include "tests/property/fake_server_state.h"

#include <stdlib.h>

#define SCALE_BYTES 8u

static size_t row_bytes(const struct engine_tensor *tensor, uint8_t encoding)
{
    size_t floats = tensor->bytes / sizeof(float);
    return encoding == JTP_F16  ? 2 * floats
           : encoding == JTP_U8 ? SCALE_BYTES + floats
                                : tensor->bytes;
}

bool fake_message_can(const struct engine_cut *cut, uint8_t encoding)
{
    bool can = encoding <= JTP_U8;
    for (uint32_t t = 0; t < cut->tensor_count && encoding != JTP_F32; t++)
        can &= cut->tensors[t].type == TENSOR_F32;
    return can;
}

uint64_t fake_message_bytes(const struct engine_cut *cut, uint32_t rows, uint8_t encoding)
{
    uint64_t bytes = 0;
    for (uint32_t t = 0; t < cut->tensor_count; t++)
        bytes += row_bytes(&cut->tensors[t], encoding) * rows;
    return bytes;
}

static void encode_u8(const float *floats, size_t count, uint8_t *to)
{
    struct encoding_scale scale = encoding_measure(floats, count);
    memcpy(to, &scale.scale, 4);
    memcpy(to + 4, &scale.zero, 4);
    encoding_u8_from_f32(to + SCALE_BYTES, floats, count, scale);
}

static void decode_u8(const uint8_t *from, size_t count, float *floats)
{
    struct encoding_scale scale;
    memcpy(&scale.scale, from, 4);
    memcpy(&scale.zero, from + 4, 4);
    encoding_f32_from_u8(floats, from + SCALE_BYTES, count, scale);
}

static void code_row(uint8_t encoding, bool is_decoded, const uint8_t *from, uint8_t *to,
                     size_t count)
{
    const void *source = from;
    void *target = to;
    if (encoding == JTP_U8 && is_decoded)
        decode_u8(from, count, target);
    else if (encoding == JTP_U8)
        encode_u8(source, count, to);
    else if (is_decoded)
        encoding_f32_from_f16(target, source, count);
    else
        encoding_f16_from_f32(target, source, count);
}

bool fake_message_code(const struct engine_cut *cut, uint32_t rows, uint8_t encoding,
                       bool is_decoded, uint8_t **bytes)
{
    if (encoding == JTP_F32)
        return true;
    const uint8_t *from = *bytes;
    uint8_t *coded = malloc(fake_message_bytes(cut, rows, is_decoded ? JTP_F32 : encoding));
    uint8_t *to = coded;
    for (uint32_t t = 0; t < cut->tensor_count && coded; t++) {
        size_t plain = cut->tensors[t].bytes, small = row_bytes(&cut->tensors[t], encoding);
        for (uint32_t r = 0; r < rows; r++) {
            code_row(encoding, is_decoded, from, to, plain / sizeof(float));
            from += is_decoded ? small : plain;
            to += is_decoded ? plain : small;
        }
    }
    if (!coded)
        return false;
    free(*bytes);
    *bytes = coded;
    return true;
}
