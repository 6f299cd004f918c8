/* Finds a device file by the name of the device. */
#ifndef SCHEDULER_CLI_DEVICE_PATH_H
#define SCHEDULER_CLI_DEVICE_PATH_H

#include <stddef.h>

/* The path of the file that word means: word itself where it has a slash or ends in .json,
 * otherwise the device of that name that came with this program, installed or in its build folder.
 * 0; -ENOENT, with the names there are in path, separated by ", " ("" for none). */
int device_path_find(const char *word, char *path, size_t size);

#endif
