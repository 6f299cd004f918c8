/* What must hold between options, once each is right by itself. */
#ifndef SCHEDULER_CONFIG_RULES_H
#define SCHEDULER_CONFIG_RULES_H

#include "scheduler/config/errors.h"
#include "scheduler/config/places.h"

/* Adds one error for each rule that is broken; the file's name is for these. */
void config_rules_check(const struct jointd_config *config, const struct config_places *places,
                        const char *file, struct config_errors *errors);

#endif
