/* Reports in JSON, on stdout. */
#ifndef SCHEDULER_CLI_REPORT_H
#define SCHEDULER_CLI_REPORT_H

#include <jansson.h>

/* A string; bytes that are not UTF-8 (a model's names may hold any) become '?'. */
json_t *report_text(const char *text);

/* Prints json and releases it; NULL is reported as lack of memory. Returns an exit status. */
int report_json_print(const char *command, json_t *json);

/* The same with so many significant digits instead of 9. */
int report_json_print_digits(const char *command, json_t *json, int digits);

#endif
