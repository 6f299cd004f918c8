/* Names of a plan's steps for reports. */
#ifndef SCHEDULER_CLI_PLAN_NAMES_H
#define SCHEDULER_CLI_PLAN_NAMES_H

#include "scheduler/plan/problem.h"

#include <stddef.h>

/* Steps first..last in words: "conv1 .. pool2"; "fc8 .. conv5, backward"; "conv4 .. fc8, back to
 * conv5". At most `room` bytes with the end; names are cut off. */
void plan_names_print(char *text, size_t room, const struct split_profile *profile, uint32_t first,
                      uint32_t last);

#endif
