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

/* One row; scale is where its eight bytes are, with u8. */
static void decode_row(uint8_t encoding, const uint8_t *from, const uint8_t *scale, float *to,
                       size_t count)
{
    struct encoding_scale said;
    const void *halves = from;
    if (encoding == JTP_F16) {
        encoding_f32_from_f16(to, halves, count);
        return;
    }
    memcpy(&said.scale, scale, 4);
    memcpy(&said.zero, scale + 4, 4);
    encoding_f32_from_u8(to, from, count, said);
}

static void encode_row(uint8_t encoding, const float *from, uint8_t *scale, uint8_t *to,
                       size_t count)
{
    void *halves = to;
    if (encoding == JTP_F16) {
        encoding_f16_from_f32(halves, from, count);
        return;
    }
    struct encoding_scale found = encoding_measure(from, count);
    memcpy(scale, &found.scale, 4);
    memcpy(scale + 4, &found.zero, 4);
    encoding_u8_from_f32(to, from, count, found);
}

bool fake_message_code(const struct engine_cut *cut, uint32_t rows, uint8_t encoding,
                       bool is_decoded, uint8_t **bytes)
{
    if (encoding == JTP_F32)
        return true;
    uint8_t *other = malloc(fake_message_bytes(cut, rows, is_decoded ? JTP_F32 : encoding));
    if (!other)
        return false;
    uint8_t *scale = is_decoded ? *bytes : other, *plain = is_decoded ? other : *bytes;
    uint8_t *coded = scale + (encoding == JTP_U8 ? SCALE_BYTES * cut->tensor_count * rows : 0);
    for (uint32_t t = 0; t < cut->tensor_count; t++) {
        size_t count = cut->tensors[t].bytes / sizeof(float);
        for (uint32_t r = 0; r < rows; r++) {
            void *floats = plain;
            if (is_decoded)
                decode_row(encoding, coded, scale, floats, count);
            else
                encode_row(encoding, floats, scale, coded, count);
            plain += count * sizeof(float);
            coded += encoding == JTP_U8 ? count : 2 * count;
            scale += encoding == JTP_U8 ? SCALE_BYTES : 0;
        }
    }
    free(*bytes);
    *bytes = other;
    return true;
}
