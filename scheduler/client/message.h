/* The message of a cut (PROTOCOL.md, section 2): its tensors one after the other, encoded.
 *
 * On the device the tensors of a cut lie in a state: each dense, rows outermost, at a multiple of
 * 64 bytes, in their own type. */
#ifndef SCHEDULER_CLIENT_MESSAGE_H
#define SCHEDULER_CLIENT_MESSAGE_H

#include "compute/engine.h"
#include "dataplane/proto/wire.h"

/* The encoding that a message of this cut can have: the one wanted, or f32 (each tensor in its own
 * type) where not every tensor is f32. */
enum jtp_encoding message_encoding(const struct engine_cut *cut, enum jtp_encoding wanted);

/* 0: over 4 GiB, or more rows than can be told apart here. */
uint32_t message_bytes(const struct engine_cut *cut, uint32_t rows, enum jtp_encoding encoding);

/* Whether a message in f32 is the state itself. */
bool message_is_state(const struct engine_cut *cut, enum jtp_encoding encoding);

size_t message_state_bytes(const struct engine_cut *cut, uint32_t rows);

/* Where a tensor of a state begins. */
size_t message_state_at(const struct engine_cut *cut, uint32_t rows, uint32_t tensor);

void message_encode(const struct engine_cut *cut, uint32_t rows, enum jtp_encoding encoding,
                    const uint8_t *state, uint8_t *message);
void message_decode(const struct engine_cut *cut, uint32_t rows, enum jtp_encoding encoding,
                    const uint8_t *message, uint8_t *state);

#endif
