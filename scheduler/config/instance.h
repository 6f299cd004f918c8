/* Sections of a configuration as the table describes them: filled, added, emptied. */
#ifndef SCHEDULER_CONFIG_INSTANCE_H
#define SCHEDULER_CONFIG_INSTANCE_H

#include "scheduler/config/option.h"

/* Every option's default. 0 or -ENOMEM. */
int config_instance_reset(const struct config_section *section, void *instance);

/* One more of a repeated section, under the name's first length bytes, with defaults. Moves the
 * others. 0 or -ENOMEM. */
int config_section_add(const struct config_section *section, struct jointd_config *config,
                       const char *name, size_t length);

/* Frees what all instances hold, and the array of a repeated section. */
void config_section_clear(const struct config_section *section, struct jointd_config *config);

#endif
