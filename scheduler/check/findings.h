/* What a check of the host found: lines for people, JSON for programs. */
#ifndef SCHEDULER_CHECK_FINDINGS_H
#define SCHEDULER_CHECK_FINDINGS_H

#include <stdint.h>
#include <stdio.h>

enum finding_level {
    FINDING_OK,
    FINDING_WARN, /* it runs, but not as well as it could */
    FINDING_FAIL, /* it does not start, or not as configured */
};

struct finding {
    enum finding_level level;
    const char *name; /* "huge_pages"; not owned */
    char *what; /* owned */
    char *mend; /* owned; NULL: nothing to do */
};

struct findings {
    struct finding *items; /* owned */
    uint32_t count;
    int error; /* -ENOMEM: some are missing */
};

void findings_add(struct findings *findings, enum finding_level level, const char *name,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Of the finding that was just added: a command, or what else to do. */
void findings_mend(struct findings *findings, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

uint32_t findings_count(const struct findings *findings, enum finding_level level);

/* "warn: huge_pages: what; command", a line each. */
void findings_print(const struct findings *findings, FILE *file);

/* {"schema":"joint.check/1","ok":..,"warn":..,"fail":..,"findings":[{"level":..,"name":..,
 * "what":..,"mend":..}]}; mend is null where there is nothing to do. */
void findings_print_json(const struct findings *findings, FILE *file);

void findings_fini(struct findings *findings); /* accepts NULL and a zeroed one */

#endif
