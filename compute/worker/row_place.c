/* Finds a row in its request's message, and brings it into the form that the engine wants. */
#include "compute/worker/row_place.h"

#include <string.h>

uint64_t row_place_message_bytes(const struct engine_cut *cut, uint32_t rows, uint32_t encoding)
{
    if (encoding != MESSAGE_OWN_TYPE)
        return 0;
    uint64_t row_bytes = 0;
    for (uint32_t t = 0; t < cut->tensor_count; t++) {
        row_bytes += cut->tensors[t].bytes;
        if (row_bytes > UINT32_MAX)
            return 0;
    }
    const uint64_t bytes = row_bytes * rows;
    return rows > UINT16_MAX || bytes > UINT32_MAX ? 0 : bytes;
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
    uint64_t row_bytes = 0;
    for (uint32_t t = 0; t < tensor; t++)
        row_bytes += cut->tensors[t].bytes;
    return row_bytes * place->rows + cut->tensors[tensor].bytes * place->row;
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
    for (uint32_t t = 0; t < cut->tensor_count; t++)
        memcpy(private_place + row_place_private_offset(cut, t),
               message + row_place_offset(cut, place, t), cut->tensors[t].bytes);
}

void row_place_write(const struct engine_cut *cut, const struct row_place *place,
                     const unsigned char *private_place, unsigned char *message)
{
    for (uint32_t t = 0; t < cut->tensor_count; t++)
        memcpy(message + row_place_offset(cut, place, t),
               private_place + row_place_private_offset(cut, t), cut->tensors[t].bytes);
}
