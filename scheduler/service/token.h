/* The secret that requests for changes must bring. */
#ifndef SCHEDULER_SERVICE_TOKEN_H
#define SCHEDULER_SERVICE_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#define TOKEN_BYTES 256u /* with its end */
#define TOKEN_LEAST 16u /* characters */

struct token {
    char secret[TOKEN_BYTES]; /* filled up with 0; "": there is none */
};

/* From a file: one line of TOKEN_LEAST to TOKEN_BYTES - 1 printable characters without spaces,
 * which others may not read. False: there is none then, and `why` says why not. */
bool token_read(struct token *token, const char *path, char *why, size_t why_bytes);

bool token_is_set(const struct token *token);
/* Takes as long for any `said`, however much of it is right. TOKEN_BYTES of it are read. */
bool token_is(const struct token *token, const char said[TOKEN_BYTES]);

#endif
