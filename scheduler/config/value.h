/* Values of options, to and from text. */
#ifndef SCHEDULER_CONFIG_VALUE_H
#define SCHEDULER_CONFIG_VALUE_H

#include "scheduler/config/option.h"

#define CONFIG_WHY_BYTES 320

/* Reads the text into the value, which held one or was zeroed, and frees what it held. 0; -EINVAL
 * and why, "what, what to do"; -ENOMEM. On error the value is as before. */
int config_value_parse(const struct config_option *option, const char *text, void *value,
                       char *why);

/* The text that reads as this value; the caller frees it. NULL: no memory. */
char *config_value_text(const struct config_option *option, const void *value);

/* What may be written: "1 to 65535 or auto". The caller frees it; NULL: no memory. */
char *config_value_range(const struct config_option *option);

void config_value_fini(const struct config_option *option, void *value);

#endif
