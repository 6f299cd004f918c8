/* Whether a profile is that of a model. */
#ifndef SCHEDULER_CLI_PLAN_MODEL_H
#define SCHEDULER_CLI_PLAN_MODEL_H

#include "scheduler/cli/plan_options.h"
#include "scheduler/profile/profile_file.h"

/* Opens the model and compares fingerprints. An exit status; one error line unless COMMAND_DONE. */
int plan_model_check(const struct plan_options *options, const struct profile_file *file);

#endif
