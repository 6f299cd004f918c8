/* JSON text to a tree, with errors that say where. */
#ifndef SCHEDULER_PROFILE_JSON_TEXT_H
#define SCHEDULER_PROFILE_JSON_TEXT_H

#include "scheduler/profile/file_error.h"

#include <jansson.h>
#include <stddef.h>

#define JSON_TEXT_MAX_BYTES ((size_t)64 << 20)

/* Parses one JSON object; every number becomes a real. name stands for the file in errors. The
 * caller releases *root with json_decref. 0; -EINVAL: malformed, a key twice in an object, a number
 * that is not finite, too deep, too many values; -EFBIG; -ENOMEM. */
int json_text_parse(const char *name, const char *bytes, size_t size, json_t **root,
                    struct file_error *error);

#endif
