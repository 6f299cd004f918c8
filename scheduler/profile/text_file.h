/* A file as bytes in memory: read within a limit, written whole or not at all. */
#ifndef SCHEDULER_PROFILE_TEXT_FILE_H
#define SCHEDULER_PROFILE_TEXT_FILE_H

#include "scheduler/profile/file_error.h"

#include <stddef.h>

struct text_file {
    char *bytes;
    size_t size;
};

/* Reads a regular file or a pipe of at most max_bytes. 0, or a negative errno with the file zeroed:
 * -ENOENT, -EISDIR, -EFBIG, ... */
int text_file_read(struct text_file *file, const char *path, size_t max_bytes,
                   struct file_error *error);
void text_file_fini(struct text_file *file); /* accepts NULL and a zeroed object */

/* Replaces the file at path by these bytes when they are all written; a pipe or a device is written
 * to as it is. 0 or a negative errno. */
int text_file_replace(const char *path, const char *bytes, size_t size, struct file_error *error);

#endif
