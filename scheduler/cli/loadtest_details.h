/* What `joint loadtest` reports of single requests: over time, by phone, and one line each. */
#ifndef SCHEDULER_CLI_LOADTEST_DETAILS_H
#define SCHEDULER_CLI_LOADTEST_DETAILS_H

#include "scheduler/cli/loadtest_report.h"

#include <jansson.h>

/* Adds "prediction", "series", "clients" and "jain_index" as the options ask. -ENOMEM. */
int loadtest_details_pack(const struct loadtest_report *report, json_t *json);

/* The same as tables. -ENOMEM. */
int loadtest_details_print(const struct loadtest_report *report);

/* Writes --requests' file. An exit status. */
int loadtest_details_write(const struct loadtest_report *report);

#endif
