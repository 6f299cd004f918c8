/* What is wrong with a configuration: one line for each fault. */
#ifndef SCHEDULER_CONFIG_ERRORS_H
#define SCHEDULER_CONFIG_ERRORS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#define CONFIG_MAX_ERRORS 50 /* more are counted only */

struct config_error {
    uint32_t line; /* 0: of no line */
    char *text; /* owned: "FILE:LINE: section.option: what, what to do" */
};

struct config_errors {
    struct config_error *items; /* owned */
    uint32_t count; /* of items */
    uint64_t total; /* with those beyond CONFIG_MAX_ERRORS */
};

/* Accepts NULL for errors. The text has no "FILE:LINE: " yet. */
void config_errors_add(struct config_errors *errors, const char *file, uint32_t line,
                       const char *format, ...) __attribute__((format(printf, 4, 5)));
bool config_errors_has_line(const struct config_errors *errors, uint32_t line);
void config_errors_sort(struct config_errors *errors); /* by line, those of no line last */
void config_errors_fini(struct config_errors *errors); /* accepts NULL and a zeroed one */

#endif
