/* Sums and percentiles over records. */
#include "scheduler/loadtest/analysis.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

struct timed {
    uint64_t bin, latency_ns;
};

static int compare_timed(const void *a, const void *b)
{
    const struct timed *left = a, *right = b;
    if (left->bin != right->bin)
        return left->bin < right->bin ? -1 : 1;
    return left->latency_ns < right->latency_ns ? -1 : left->latency_ns > right->latency_ns;
}

static int compare_doubles(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

static size_t count_all(const struct loadtest_records *const *lanes, uint32_t lane_count)
{
    size_t count = 0;
    for (uint32_t i = 0; i < lane_count; i++)
        count += lanes[i]->count;
    return count;
}

static void count_in_bin(struct loadtest_bin *bin, const struct loadtest_record *record)
{
    bin->offered++;
    bin->in_time += record->end == LOADTEST_IN_TIME;
    bin->rejected += record->end == LOADTEST_REJECTED;
    bin->late += record->end == LOADTEST_ANSWERED_LATE || record->end == LOADTEST_LATE;
    bin->admitted += record->is_admitted;
}

/* Sorted by bin and latency, those of one bin stand together. */
static void fill_percentiles(struct loadtest_bin *bins, const struct timed *sorted, size_t count)
{
    for (size_t first = 0; first < count;) {
        struct loadtest_bin *bin = &bins[sorted[first].bin];
        const size_t samples = (size_t)bin->admitted;
        bin->p50_ns = sorted[first + (samples + 1) / 2 - 1].latency_ns;
        bin->p99_ns = sorted[first + (size_t)ceil(0.99 * (double)samples) - 1].latency_ns;
        bin->max_ns = sorted[first + samples - 1].latency_ns;
        first += samples;
    }
}

int loadtest_analyse_time(const struct loadtest_records *const *lanes, uint32_t lane_count,
                          uint64_t bin_ns, struct loadtest_bin *bins, size_t bin_count)
{
    struct timed *admitted = calloc(count_all(lanes, lane_count) + 1, sizeof(*admitted));
    size_t count = 0;
    if (!admitted)
        return -ENOMEM;
    for (size_t i = 0; i < bin_count; i++)
        bins[i] = (struct loadtest_bin){0};
    for (uint32_t i = 0; i < lane_count; i++)
        for (uint32_t j = 0; j < lanes[i]->count; j++) {
            const struct loadtest_record *record = &lanes[i]->items[j];
            const uint64_t bin = record->due_ns / bin_ns;
            if (bin >= bin_count)
                continue;
            count_in_bin(&bins[bin], record);
            if (record->is_admitted)
                admitted[count++] = (struct timed){bin, record->latency_ns};
        }
    qsort(admitted, count, sizeof(*admitted), compare_timed);
    fill_percentiles(bins, admitted, count);
    free(admitted);
    return 0;
}

void loadtest_analyse_phones(const struct loadtest_records *const *lanes, uint32_t lane_count,
                             struct loadtest_phone_sum *phones, size_t phone_count)
{
    for (size_t i = 0; i < phone_count; i++)
        phones[i] = (struct loadtest_phone_sum){0};
    for (uint32_t i = 0; i < lane_count; i++)
        for (uint32_t j = 0; j < lanes[i]->count; j++) {
            const struct loadtest_record *record = &lanes[i]->items[j];
            if (record->phone >= phone_count)
                continue;
            struct loadtest_phone_sum *sum = &phones[record->phone];
            sum->offered++;
            sum->in_time += record->end == LOADTEST_IN_TIME;
            sum->rejected += record->end == LOADTEST_REJECTED;
            sum->admitted += record->is_admitted;
            sum->compute_us += record->compute_us;
        }
}

/* Of values in any order, which are sorted; 0 of none. */
static double median(double *values, size_t count)
{
    qsort(values, count, sizeof(*values), compare_doubles);
    return count == 0 ? 0 : values[(count + 1) / 2 - 1];
}

int loadtest_analyse_prediction(const struct loadtest_records *const *lanes, uint32_t lane_count,
                                struct loadtest_prediction *prediction)
{
    const size_t room = count_all(lanes, lane_count) + 1;
    double *values = calloc(4 * room, sizeof(*values));
    if (!values)
        return -ENOMEM;
    double *errors = values, *ages = values + room, *shares = ages + room, *ratios = shares + room;
    size_t count = 0, long_count = 0;
    for (uint32_t i = 0; i < lane_count; i++)
        for (uint32_t j = 0; j < lanes[i]->count; j++) {
            const struct loadtest_record *record = &lanes[i]->items[j];
            const bool is_answered =
                record->end == LOADTEST_IN_TIME || record->end == LOADTEST_ANSWERED_LATE;
            if (!is_answered || record->told_wait_us == LOADTEST_UNTOLD)
                continue;
            const double told = record->told_wait_us, actual = record->queue_us;
            ages[count] = record->told_age_us;
            errors[count++] = fabs(told - actual);
            if (record->queue_us < LOADTEST_LEAST_WAIT_US)
                continue;
            shares[long_count] = fabs(told - actual) / actual;
            ratios[long_count++] = told / actual;
        }
    *prediction = (struct loadtest_prediction){.samples = count,
                                               .share_samples = long_count,
                                               .median_error_us = (uint64_t)median(errors, count),
                                               .median_share = median(shares, long_count),
                                               .median_ratio = median(ratios, long_count),
                                               .median_age_us = (uint64_t)median(ages, count)};
    free(values);
    return 0;
}
