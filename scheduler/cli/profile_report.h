/* Tells what was measured: a table for people, or JSON. */
#ifndef SCHEDULER_CLI_PROFILE_REPORT_H
#define SCHEDULER_CLI_PROFILE_REPORT_H

#include "scheduler/cli/profile_sides.h"
#include "scheduler/cli/session.h"

struct profile_report {
    const struct session *session;
    const char *path; /* of the profile that was written */
    const struct measurement *measurement;
    const struct measure_config *config;
    const struct split_profile *profile;
    const struct profile_about *about;
    const struct profile_sides *sides;
    const char *backward;
};

/* Exit status. */
int profile_report_print(const struct profile_report *report);

#endif
