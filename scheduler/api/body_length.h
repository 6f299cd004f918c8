/* What a request's headers say of its body. */
#ifndef SCHEDULER_API_BODY_LENGTH_H
#define SCHEDULER_API_BODY_LENGTH_H

#include <stdbool.h>
#include <stdint.h>

struct MHD_Connection;

bool body_length_has(struct MHD_Connection *connection);

/* False: it says two things, or one that can be read in two ways. A proxy before us may have read
 * it in the other, and taken what follows for a request. */
bool body_length_is_clear(struct MHD_Connection *connection);

/* Bytes; 0 where only its end will show. */
uint64_t body_length_announced(struct MHD_Connection *connection);

#endif
