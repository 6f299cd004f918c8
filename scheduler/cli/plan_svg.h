/* The pictures of `joint plan`: --svg FILE. */
#ifndef SCHEDULER_CLI_PLAN_SVG_H
#define SCHEDULER_CLI_PLAN_SVG_H

#include "scheduler/cli/plan.h"

/* Each writes the picture to the option's file, or nothing where it is not given. An exit status;
 * one error line unless COMMAND_DONE. */
int plan_svg_write(const struct plan *plan, const struct split_plan *result);
int plan_svg_write_table(const struct plan *plan, const struct split_table *result);

#endif
