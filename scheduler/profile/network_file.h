/* Network files: the radio link of a plan, as JSON. */
#ifndef SCHEDULER_PROFILE_NETWORK_FILE_H
#define SCHEDULER_PROFILE_NETWORK_FILE_H

#include "scheduler/plan/network.h"
#include "scheduler/profile/file_error.h"
#include "scheduler/profile/file_object.h"

#include <stddef.h>

/* Reads and checks every field; only rtt_ms may be missing and is 0 then. 0; -EINVAL and what file
 * and parser say, with the error filled. */
int network_file_read(struct split_network *network, const char *path, struct file_error *error);

/* The same from memory; name stands for the file in errors. */
int network_file_parse(struct split_network *network, const char *name, const char *bytes,
                       size_t size, struct file_error *error);

/* The same from an object inside another file. */
int network_file_fields(const struct file_object *object, struct split_network *network);

#endif
