/* Finds a row in its request's message, and brings it into the form that the engine wants. */
#include "compute/worker/row_place.h"
#include "compute/tensor/encoding.h"

#include <string.h>

#define SCALE_BYTES 8u

static_assert(sizeof(struct encoding_scale) == SCALE_BYTES, "as PROTOCOL.md has it");

static uint64_t element_count(const struct engine_tensor *tensor)
{
    return tensor->bytes / tensor_type_bytes(tensor->type);
}

/* Of one row of a tensor, without its scale. */
static uint64_t row_bytes(const struct engine_tensor *tensor, uint32_t encoding)
{
    switch (encoding) {
    case MESSAGE_F16:
        return element_count(tensor) * sizeof(uint16_t);
    case MESSAGE_U8:
        return element_count(tensor);
    default:
        return tensor->bytes;
    }
}

static uint64_t scales_bytes(const struct engine_cut *cut, uint32_t rows, uint32_t encoding)
{
    return encoding == MESSAGE_U8 ? (uint64_t)SCALE_BYTES * cut->tensor_count * rows : 0;
}

uint64_t row_place_message_bytes(const struct engine_cut *cut, uint32_t rows, uint32_t encoding)
{
    if (encoding >= MESSAGE_ENCODINGS || rows > UINT16_MAX)
        return 0;
    uint64_t bytes = 0; /* of all tensors of one row */
    for (uint32_t t = 0; t < cut->tensor_count; t++) {
        bytes += row_bytes(&cut->tensors[t], encoding);
        if (bytes > UINT32_MAX ||
            (encoding != MESSAGE_OWN_TYPE && cut->tensors[t].type != TENSOR_F32))
            return 0;
    }
    bytes = bytes * rows + scales_bytes(cut, rows, encoding);
    return bytes > UINT32_MAX ? 0 : bytes;
}

bool row_place_has_rows(const struct engine_cut *cut)
{
    for (uint32_t t = 0; t < cut->tensor_count; t++)
        if (cut->tensors[t].batch_axis < 0)
            return false;
    return true;
}

uint64_t row_place_private_offset(const struct engine_cut *cut, uint32_t tensor)
{
    uint64_t bytes = 0;
    for (uint32_t t = 0; t < tensor; t++)
        bytes = message_align(bytes + cut->tensors[t].bytes);
    return bytes;
}

uint64_t row_place_private_bytes(const struct engine_cut *cut)
{
    return row_place_private_offset(cut, cut->tensor_count);
}

uint64_t row_place_offset(const struct engine_cut *cut, const struct row_place *place,
                          uint32_t tensor)
{
    uint64_t before = 0;
    for (uint32_t t = 0; t < tensor; t++)
        before += row_bytes(&cut->tensors[t], place->encoding);
    return scales_bytes(cut, place->rows, place->encoding) + before * place->rows +
           row_bytes(&cut->tensors[tensor], place->encoding) * place->row;
}

static uint64_t scale_offset(const struct row_place *place, uint32_t tensor)
{
    return (uint64_t)SCALE_BYTES * ((uint64_t)tensor * place->rows + place->row);
}

bool row_place_is_direct(const struct engine_cut *cut, const struct row_place *place)
{
    for (uint32_t t = 0; t < cut->tensor_count; t++)
        if (row_place_offset(cut, place, t) % tensor_type_bytes(cut->tensors[t].type) != 0)
            return false;
    return place->encoding == MESSAGE_OWN_TYPE;
}

void row_place_read(const struct engine_cut *cut, const struct row_place *place,
                    const unsigned char *message, unsigned char *private_place)
{
    for (uint32_t t = 0; t < cut->tensor_count; t++) {
        const struct engine_tensor *tensor = &cut->tensors[t];
        const unsigned char *from = message + row_place_offset(cut, place, t);
        void *to = private_place + row_place_private_offset(cut, t);
        if (place->encoding == MESSAGE_F16) {
            encoding_f32_from_f16(to, (const void *)from, element_count(tensor));
        } else if (place->encoding == MESSAGE_U8) {
            struct encoding_scale scale;
            memcpy(&scale, message + scale_offset(place, t), sizeof(scale));
            encoding_f32_from_u8(to, from, element_count(tensor), scale);
        } else {
            memcpy(to, from, tensor->bytes);
        }
    }
}

void row_place_write(const struct engine_cut *cut, const struct row_place *place,
                     const unsigned char *private_place, unsigned char *message)
{
    for (uint32_t t = 0; t < cut->tensor_count; t++) {
        const struct engine_tensor *tensor = &cut->tensors[t];
        const void *from = private_place + row_place_private_offset(cut, t);
        unsigned char *to = message + row_place_offset(cut, place, t);
        if (place->encoding == MESSAGE_F16) {
            encoding_f16_from_f32((void *)to, from, element_count(tensor));
        } else if (place->encoding == MESSAGE_U8) {
            const struct encoding_scale scale = encoding_measure(from, element_count(tensor));
            memcpy(message + scale_offset(place, t), &scale, sizeof(scale));
            encoding_u8_from_f32(to, from, element_count(tensor), scale);
        } else {
            memcpy(to, from, tensor->bytes);
        }
    }
}
