/* Values that are numbers with a unit: counts, sizes, times. */
#ifndef SCHEDULER_CONFIG_VALUE_NUMBER_H
#define SCHEDULER_CONFIG_VALUE_NUMBER_H

#include "scheduler/config/option.h"

#include <stdio.h>

/* For CONFIG_COUNT, CONFIG_BYTES and CONFIG_TIME, within the option's range. 0; -EINVAL and what is
 * wrong with the text ("has no unit"). */
int config_number_parse(const struct config_option *option, const char *text, uint64_t *number,
                        const char **what);

/* With the largest unit that divides it. */
void config_number_print(const struct config_option *option, uint64_t number, FILE *file);

/* A finite decimal number within the option's range, for CONFIG_NUMBER; as above. */
int config_real_parse(const struct config_option *option, const char *text, double *number,
                      const char **what);
void config_real_print(double number, FILE *file);

#endif
