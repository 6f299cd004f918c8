/* What `joint loadtest` prints in the end. */
#ifndef SCHEDULER_CLI_LOADTEST_REPORT_H
#define SCHEDULER_CLI_LOADTEST_REPORT_H

#include "scheduler/cli/loadtest_options.h"
#include "scheduler/loadtest/probe.h"
#include "scheduler/loadtest/run.h"
#include "scheduler/loadtest/verdict.h"
#include "scheduler/loadtest/verify.h"

struct loadtest_report {
    const struct loadtest_options *options;
    const struct loadtest_plan *plan;
    const struct loadtest_outcome *outcome;
    const struct loadtest_run *run; /* for its records */
    const uint64_t *unloaded_ns; /* by entry of the mix; 0: not measured */
    struct loadtest_probe_answer probe;
    struct loadtest_verified verified;
    enum loadtest_verdict verdict;
    char problem[600]; /* the verdict in words; "" where it is good */
};

/* Seconds that counts are divided by for rates: the time that counted. */
double loadtest_report_seconds(const struct loadtest_report *report);

/* Of one core, in the time that counted. */
double loadtest_report_cpu_share(const struct loadtest_report *report);

/* Return an exit status. */
int loadtest_report_print(const struct loadtest_report *report);
int loadtest_report_print_json(const struct loadtest_report *report);

#endif
