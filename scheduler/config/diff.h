/* What changes from one configuration to the next, and whether a running jointd can take it over.
 *
 *   struct config_diff diff;
 *   int error = config_diff_init(&diff, &running, &wanted);
 *   ... diff.restart_count == 0: all of it can be taken over
 *   config_diff_fini(&diff); */
#ifndef SCHEDULER_CONFIG_DIFF_H
#define SCHEDULER_CONFIG_DIFF_H

#include "scheduler/config/option.h"

enum config_change_kind { CONFIG_CHANGED, CONFIG_ADDED, CONFIG_REMOVED };

struct config_change {
    enum config_change_kind kind;
    const struct config_section *section;
    const struct config_option *option; /* of CONFIG_CHANGED; otherwise NULL: the whole section */
    char *name; /* owned; of a repeated section, otherwise NULL */
    char *before, *after; /* owned; of CONFIG_CHANGED */
    bool is_live; /* a running jointd can take it over */
};

struct config_diff {
    struct config_change *items; /* owned */
    uint32_t count;
    uint32_t restart_count; /* of them that are not live */
};

/* Models are told apart by their names, and come and go while it runs; classes are numbered by
 * their order, so another number, name or order of them needs a restart. 0 or -ENOMEM. */
int config_diff_init(struct config_diff *diff, const struct jointd_config *before,
                     const struct jointd_config *after);
void config_diff_fini(struct config_diff *diff); /* accepts NULL and a zeroed one */

#endif
