/* What a run's records say beyond totals: over time, by phone, and of the server's predictions.
 * Pure; allocates what it needs for sorting. */
#ifndef SCHEDULER_LOADTEST_ANALYSIS_H
#define SCHEDULER_LOADTEST_ANALYSIS_H

#include "scheduler/loadtest/record.h"

#include <stddef.h>

/* The requests that were due in one stretch of time. */
struct loadtest_bin {
    uint64_t offered, in_time, rejected, late; /* late: answered so, or not at all */
    uint64_t admitted; /* what the server took on, whose latencies the percentiles are of */
    uint64_t p50_ns, p99_ns, max_ns; /* by nearest rank */
};

struct loadtest_phone_sum {
    uint64_t offered, in_time, rejected, admitted;
    uint64_t compute_us; /* of its answers, as told */
};

/* The wait that was told last before a request left, against the one that it then had. Those that
 * waited for less than LOADTEST_LEAST_WAIT_US are in no share. */
struct loadtest_prediction {
    uint64_t samples, share_samples;
    uint64_t median_error_us; /* |told - actual| */
    double median_share; /* |told - actual| / actual */
    double median_ratio; /* told / actual */
    uint64_t median_age_us;
};

#define LOADTEST_LEAST_WAIT_US 1000

/* bins[i] gets what was due in [i, i + 1) * bin_ns. 0 or -ENOMEM. */
int loadtest_analyse_time(const struct loadtest_records *const *lanes, uint32_t lane_count,
                          uint64_t bin_ns, struct loadtest_bin *bins, size_t bin_count);

/* phones[i] gets phone i's. */
void loadtest_analyse_phones(const struct loadtest_records *const *lanes, uint32_t lane_count,
                             struct loadtest_phone_sum *phones, size_t phone_count);

/* 0 or -ENOMEM. */
int loadtest_analyse_prediction(const struct loadtest_records *const *lanes, uint32_t lane_count,
                                struct loadtest_prediction *prediction);

#endif
