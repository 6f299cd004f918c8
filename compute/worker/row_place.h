/* A row's part of a request's message (PROTOCOL.md's layout; message.h draws it): how many bytes
 * the message has, where the row's tensors lie in it, and how they get in and out of a private
 * place, where each tensor starts at the next multiple of MESSAGE_TENSOR_ALIGN. Pure. */
#ifndef COMPUTE_WORKER_ROW_PLACE_H
#define COMPUTE_WORKER_ROW_PLACE_H

#include "compute/engine.h"
#include "shm/message.h"

/* Which row of how many, in which encoding; row < rows. */
struct row_place {
    uint32_t row, rows;
    uint32_t encoding; /* enum message_encoding */
};

/* Bytes of a message; 0 if there is none: no rows, an encoding that is none for these tensors, or
 * over UINT32_MAX. Every other function here takes only what this one gives bytes to. */
uint64_t row_place_message_bytes(const struct engine_cut *cut, uint32_t rows, uint32_t encoding);

/* Whether the rows of a batch can be told apart at this cut. */
bool row_place_has_rows(const struct engine_cut *cut);

/* Bytes of a private place, and where a tensor starts in it. */
uint64_t row_place_private_bytes(const struct engine_cut *cut);
uint64_t row_place_private_offset(const struct engine_cut *cut, uint32_t tensor);

/* Where the row's part of a tensor starts in the message. */
uint64_t row_place_offset(const struct engine_cut *cut, const struct row_place *place,
                          uint32_t tensor);

/* Whether the engine can work on the row where it lies in the message: in its own type, and each
 * tensor aligned to it. */
bool row_place_is_direct(const struct engine_cut *cut, const struct row_place *place);

/* From the message to a private place, and back. The message may change meanwhile: the numbers are
 * then any. */
void row_place_read(const struct engine_cut *cut, const struct row_place *place,
                    const unsigned char *message, unsigned char *private_place);
void row_place_write(const struct engine_cut *cut, const struct row_place *place,
                     const unsigned char *private_place, unsigned char *message);

#endif
