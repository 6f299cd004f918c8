/* What `joint bench` measured, and how it is printed. */
#ifndef SCHEDULER_CLI_BENCH_RESULT_H
#define SCHEDULER_CLI_BENCH_RESULT_H

#include "scheduler/cli/session.h"

struct bench_result {
    const struct session_options *options;
    const struct session *session;
    uint32_t batch, from, to;
    size_t runs; /* that median and minimum are of */
    double median_ms, min_ms;
    uint64_t peak_rss_bytes;
    double *layer_ms; /* one per layer of the model */
};

/* Prints a table, or JSON where that was asked for. Returns an exit status. */
int bench_result_print(const struct bench_result *result);

#endif
