/* Counts of what became of requests; merging them. */
#include "scheduler/loadtest/tally.h"

#include <stdlib.h>

const char *loadtest_end_name(enum loadtest_end end)
{
    static const char *const names[LOADTEST_END_COUNT] = {
        "in_time", "answered_late", "rejected", "late",      "lost",
        "broken",  "cancelled",     "unsent",   "on_device",
    };
    return names[end];
}

const char *loadtest_reason_name(uint32_t reason)
{
    static const char *const names[] = {
        [1] = "overloaded",
        [2] = "deadline cannot be met",
        [3] = "no memory",
        [4] = "model unknown",
        [5] = "another model of that name",
        [6] = "no such cuts",
        [7] = "size contradicts the model",
        [8] = "bad encoding",
        [9] = "draining",
        [10] = "too many of one client",
        [11] = "stopped arriving",
        [12] = "computation failed",
        [13] = "quarantined",
        [14] = "unknown connection",
        [15] = "server full",
        [16] = "other version of the protocol",
    };
    const bool is_known = reason < sizeof(names) / sizeof(names[0]) && names[reason];
    return is_known ? names[reason] : "unnamed reason";
}

void loadtest_range_add(struct loadtest_range *range, uint64_t value)
{
    if (range->count == 0 || value < range->least)
        range->least = value;
    if (value > range->most)
        range->most = value;
    range->sum += value;
    range->count++;
}

double loadtest_range_mean(const struct loadtest_range *range)
{
    return range->count == 0 ? 0 : (double)range->sum / (double)range->count;
}

static void merge_range(struct loadtest_range *range, const struct loadtest_range *other)
{
    if (other->count == 0)
        return;
    if (range->count == 0 || other->least < range->least)
        range->least = other->least;
    if (other->most > range->most)
        range->most = other->most;
    range->sum += other->sum;
    range->count += other->count;
}

struct loadtest_tally *loadtest_tally_create(uint32_t cut_count)
{
    struct loadtest_tally *tally =
        calloc(1, sizeof(*tally) + cut_count * sizeof(struct loadtest_cut_tally));
    if (tally)
        tally->cut_count = cut_count;
    return tally;
}

static void merge_counts(uint64_t *counts, const uint64_t *others, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        counts[i] += others[i];
}

void loadtest_tally_merge(struct loadtest_tally *tally, const struct loadtest_tally *other)
{
    tally->offered += other->offered;
    tally->sent_late += other->sent_late;
    tally->dropped += other->dropped;
    tally->given_up += other->given_up;
    merge_counts(tally->ends, other->ends, LOADTEST_END_COUNT);
    merge_counts(tally->reasons, other->reasons, LOADTEST_REASONS);
    merge_counts(tally->batches, other->batches, LOADTEST_MAX_BATCH + 1);
    loadtest_histogram_merge(&tally->latency, &other->latency);
    loadtest_histogram_merge(&tally->queue, &other->queue);
    loadtest_histogram_merge(&tally->compute, &other->compute);
    merge_range(&tally->wait_us, &other->wait_us);
    merge_range(&tally->utilization_permille, &other->utilization_permille);
    for (uint32_t i = 0; i < tally->cut_count && i < other->cut_count; i++) {
        tally->cuts[i].offered += other->cuts[i].offered;
        merge_counts(tally->cuts[i].ends, other->cuts[i].ends, LOADTEST_END_COUNT);
        loadtest_histogram_merge(&tally->cuts[i].latency, &other->cuts[i].latency);
    }
}

uint64_t loadtest_tally_answered(const struct loadtest_tally *tally)
{
    return tally->ends[LOADTEST_IN_TIME] + tally->ends[LOADTEST_ANSWERED_LATE];
}

uint64_t loadtest_tally_admitted(const struct loadtest_tally *tally)
{
    return loadtest_tally_answered(tally) + tally->dropped + tally->given_up;
}

double loadtest_tally_missed_share(const struct loadtest_tally *tally)
{
    const uint64_t admitted = loadtest_tally_admitted(tally);
    const uint64_t missed = admitted - tally->ends[LOADTEST_IN_TIME];
    return admitted == 0 ? 0 : (double)missed / (double)admitted;
}

uint64_t loadtest_tally_fallback(const struct loadtest_tally *tally)
{
    return tally->offered - tally->ends[LOADTEST_IN_TIME] - tally->ends[LOADTEST_CANCELLED] -
           tally->ends[LOADTEST_ON_DEVICE];
}

double loadtest_tally_mean_batch(const struct loadtest_tally *tally)
{
    uint64_t count = 0, rows = 0;
    for (uint32_t i = 0; i <= LOADTEST_MAX_BATCH; i++) {
        count += tally->batches[i];
        rows += tally->batches[i] * i;
    }
    return count == 0 ? 0 : (double)rows / (double)count;
}
