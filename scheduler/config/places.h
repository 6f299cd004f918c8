/* Where in the file each option stands. */
#ifndef SCHEDULER_CONFIG_PLACES_H
#define SCHEDULER_CONFIG_PLACES_H

#include "scheduler/config/option.h"

struct config_place {
    const struct config_section *section;
    uint32_t index; /* of the section's instance */
    const struct config_option *option; /* NULL: the section's own line */
    uint32_t line;
};

struct config_places {
    struct config_place *items; /* owned; in the order of the file */
    uint32_t count;
};

/* 0 or -ENOMEM. */
int config_places_add(struct config_places *places, struct config_place place);

/* The line of the option, or of its section, or 0: the file does not name it. Looks from the end of
 * the file, so it is quick for what was just read. */
uint32_t config_places_line(const struct config_places *places,
                            const struct config_section *section, uint32_t index,
                            const struct config_option *option);
void config_places_fini(struct config_places *places);

#endif
