/* Prints a configuration, and the documentation of its options. */
#ifndef SCHEDULER_CONFIG_PRINT_H
#define SCHEDULER_CONFIG_PRINT_H

#include "scheduler/config/jointd_config.h"

#include <stdio.h>

enum config_print_style {
    CONFIG_PRINT_PLAIN, /* every option's value */
    CONFIG_PRINT_COMMENTED, /* with what it is for, what may be written, and its default */
};

/* What config_parse reads as the same configuration. 0 or -ENOMEM, -EIO. */
int config_print(const struct jointd_config *config, enum config_print_style style, FILE *file);

/* deploy/joint.conf.example: every option with its default, and one model. As above. */
int config_print_example(FILE *file);

#endif
