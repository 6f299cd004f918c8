/* The costs that adaptive phones of `joint loadtest` choose by, from files. */
#ifndef SCHEDULER_CLI_LOADTEST_COSTS_H
#define SCHEDULER_CLI_LOADTEST_COSTS_H

#include "scheduler/cli/loadtest_options.h"
#include "scheduler/loadtest/costs.h"
#include "scheduler/loadtest/model.h"

/* Reads --profile, which must be of this model, and --network. An exit status; one error line
 * unless COMMAND_DONE. */
int loadtest_costs_read(struct loadtest_costs *costs, const struct loadtest_options *options,
                        const struct loadtest_model *model);

#endif
