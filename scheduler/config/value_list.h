/* Values that are lists: cores, addresses, sizes of dimensions. */
#ifndef SCHEDULER_CONFIG_VALUE_LIST_H
#define SCHEDULER_CONFIG_VALUE_LIST_H

#include "scheduler/config/jointd_config.h"

#include <stddef.h>
#include <stdio.h>

/* Appends one item to the list (items, count). 0 or -ENOMEM. */
int config_list_append(void **items, uint32_t *count, const void *item, size_t item_bytes);

/* Each replaces nothing: the list is empty before. 0; -EINVAL and why, in why_bytes; -ENOMEM. What
 * was appended before an error is the caller's to free. */
int config_cores_parse(struct config_cores *cores, const char *text, char *why, size_t why_bytes);
int config_addresses_parse(struct config_addresses *addresses, const char *text, char *why,
                           size_t why_bytes);
int config_dimensions_parse(struct config_dimensions *dimensions, const char *text, char *why,
                            size_t why_bytes);

void config_cores_print(const struct config_cores *cores, FILE *file);
void config_addresses_print(const struct config_addresses *addresses, FILE *file);
void config_dimensions_print(const struct config_dimensions *dimensions, FILE *file);

void config_dimensions_fini(struct config_dimensions *dimensions);

#endif
