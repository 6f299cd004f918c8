/* The message of a cut: its tensors one after the other, encoded. */
#include "scheduler/client/message.h"
#include "compute/tensor/encoding.h"

#include <assert.h>
#include <string.h>

#define STATE_ALIGN 64u
#define SCALE_BYTES 8u /* f32 scale, i32 zero point: of each row of each tensor, before all u8 */

static_assert(sizeof(float) == 4, "a float is an f32");

enum jtp_encoding message_encoding(const struct engine_cut *cut, enum jtp_encoding wanted)
{
    for (uint32_t t = 0; t < cut->tensor_count; t++)
        if (cut->tensors[t].type != TENSOR_F32)
            return JTP_F32;
    return wanted;
}

/* Bytes of one row of a tensor, without its scale. */
static size_t row_bytes(const struct engine_tensor *tensor, enum jtp_encoding encoding)
{
    switch (encoding) {
    case JTP_F16:
        return tensor->bytes / 2;
    case JTP_U8:
        return tensor->bytes / 4;
    default:
        return tensor->bytes;
    }
}

/* Bytes of all scales, which stand first. */
static size_t scales_bytes(const struct engine_cut *cut, uint32_t rows, enum jtp_encoding encoding)
{
    return encoding == JTP_U8 ? (size_t)SCALE_BYTES * cut->tensor_count * rows : 0;
}

uint32_t message_bytes(const struct engine_cut *cut, uint32_t rows, enum jtp_encoding encoding)
{
    uint64_t sum = 0;
    for (uint32_t t = 0; t < cut->tensor_count; t++) {
        if (rows > 1 && cut->tensors[t].batch_axis < 0)
            return 0;
        uint64_t bytes =
            row_bytes(&cut->tensors[t], encoding) + (encoding == JTP_U8 ? SCALE_BYTES : 0);
        if (bytes > UINT32_MAX / rows || (sum += bytes * rows) > UINT32_MAX)
            return 0;
    }
    return (uint32_t)sum;
}

bool message_is_state(const struct engine_cut *cut, enum jtp_encoding encoding)
{
    return encoding == JTP_F32 && cut->tensor_count == 1;
}

size_t message_state_at(const struct engine_cut *cut, uint32_t rows, uint32_t tensor)
{
    size_t at = 0;
    for (uint32_t t = 0; t < tensor; t++)
        at += (cut->tensors[t].bytes * rows + STATE_ALIGN - 1) & ~(size_t)(STATE_ALIGN - 1);
    return at;
}

size_t message_state_bytes(const struct engine_cut *cut, uint32_t rows)
{
    return message_state_at(cut, rows, cut->tensor_count);
}

static void encode_row(const struct engine_tensor *tensor, enum jtp_encoding encoding,
                       const uint8_t *from, uint8_t *to, uint8_t *scale_to)
{
    const float *floats = (const float *)(const void *)from;
    size_t count = tensor->bytes / sizeof(float);
    if (encoding == JTP_F32) {
        memcpy(to, from, tensor->bytes);
    } else if (encoding == JTP_F16) {
        for (size_t i = 0; i < count; i += 256) { /* the message is not aligned */
            uint16_t halves[256];
            size_t some = count - i < 256 ? count - i : 256;
            encoding_f16_from_f32(halves, floats + i, some);
            memcpy(to + 2 * i, halves, 2 * some);
        }
    } else {
        struct encoding_scale scale = encoding_measure(floats, count);
        uint32_t bits;
        memcpy(&bits, &scale.scale, sizeof(bits));
        jtp_put_u32(scale_to, bits);
        jtp_put_u32(scale_to + 4, (uint32_t)scale.zero);
        encoding_u8_from_f32(to, floats, count, scale);
    }
}

static void decode_row(const struct engine_tensor *tensor, enum jtp_encoding encoding,
                       const uint8_t *from, const uint8_t *scale_from, uint8_t *to)
{
    float *floats = (float *)(void *)to;
    size_t count = tensor->bytes / sizeof(float);
    if (encoding == JTP_F32) {
        memcpy(to, from, tensor->bytes);
    } else if (encoding == JTP_F16) {
        for (size_t i = 0; i < count; i += 256) {
            uint16_t halves[256];
            size_t some = count - i < 256 ? count - i : 256;
            memcpy(halves, from + 2 * i, 2 * some);
            encoding_f32_from_f16(floats + i, halves, some);
        }
    } else {
        uint32_t bits = jtp_get_u32(scale_from);
        struct encoding_scale scale = {.zero = (int32_t)jtp_get_u32(scale_from + 4)};
        memcpy(&scale.scale, &bits, sizeof(bits));
        encoding_f32_from_u8(floats, from, count, scale);
    }
}

void message_encode(const struct engine_cut *cut, uint32_t rows, enum jtp_encoding encoding,
                    const uint8_t *state, uint8_t *message)
{
    uint8_t *scale = message;
    message += scales_bytes(cut, rows, encoding);
    for (uint32_t t = 0; t < cut->tensor_count; t++) {
        const uint8_t *from = state + message_state_at(cut, rows, t);
        for (uint32_t r = 0; r < rows; r++, from += cut->tensors[t].bytes) {
            encode_row(&cut->tensors[t], encoding, from, message, scale);
            scale += encoding == JTP_U8 ? SCALE_BYTES : 0;
            message += row_bytes(&cut->tensors[t], encoding);
        }
    }
}

void message_decode(const struct engine_cut *cut, uint32_t rows, enum jtp_encoding encoding,
                    const uint8_t *message, uint8_t *state)
{
    const uint8_t *scale = message;
    message += scales_bytes(cut, rows, encoding);
    for (uint32_t t = 0; t < cut->tensor_count; t++) {
        uint8_t *to = state + message_state_at(cut, rows, t);
        for (uint32_t r = 0; r < rows; r++, to += cut->tensors[t].bytes) {
            decode_row(&cut->tensors[t], encoding, message, scale, to);
            scale += encoding == JTP_U8 ? SCALE_BYTES : 0;
            message += row_bytes(&cut->tensors[t], encoding);
        }
    }
}
