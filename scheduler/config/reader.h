/* Reads a configuration from an INI file: [section] or [section NAME], option = value, # comments
 * and " ;" comments. Every fault is found and named, not only the first. */
#ifndef SCHEDULER_CONFIG_READER_H
#define SCHEDULER_CONFIG_READER_H

#include "scheduler/config/errors.h"
#include "scheduler/config/jointd_config.h"

#include <stddef.h>

#define CONFIG_MAX_FILE_BYTES (1u << 20)
#define CONFIG_MAX_LINE_BYTES 8192

/* 0: config is filled, to be emptied by jointd_config_fini. -EINVAL: errors (which may be NULL)
 * says what is wrong, and there is nothing to empty; so with -ENOMEM, and with what opening and
 * reading the file said. One thread at a time. */
int config_read(struct jointd_config *config, const char *path, struct config_errors *errors);

/* The same from memory; name stands for the file in errors. */
int config_parse(struct jointd_config *config, const char *name, const char *bytes, size_t size,
                 struct config_errors *errors);

#endif
