/* Families of metrics as Prometheus text or OpenMetrics:
 *
 *   metric_begin(&out, &family);               // # HELP, # TYPE
 *   metric_count(&out, labels, 2, 17);         // a sample; any number of them
 *
 * The two formats differ in how counters are called, and in units and the end. */
#ifndef SCHEDULER_API_METRIC_TEXT_H
#define SCHEDULER_API_METRIC_TEXT_H

#include "scheduler/api/page_text.h"
#include "shm/distribution.h"

enum metric_kind { METRIC_GAUGE, METRIC_COUNTER, METRIC_HISTOGRAM, METRIC_INFO };

struct metric_family {
    const char *name; /* without _total and _info */
    const char *unit; /* the end of the name, if it is a unit; NULL */
    const char *help;
    enum metric_kind kind;
};

struct metric_label {
    const char *name, *value; /* borrowed */
};

struct metric_text {
    struct page_text *text; /* borrowed */
    bool is_open_metrics;
    const struct metric_family *family;
};

void metric_begin(struct metric_text *out, const struct metric_family *family);

/* A sample of the family with so many labels. */
void metric_count(struct metric_text *out, const struct metric_label *labels, uint32_t label_count,
                  uint64_t value);
void metric_seconds(struct metric_text *out, const struct metric_label *labels,
                    uint32_t label_count, uint64_t ns);
void metric_permille(struct metric_text *out, const struct metric_label *labels,
                     uint32_t label_count, uint64_t permille);

/* All samples of a histogram. Of distribution_time every other bucket is left to the next. */
void metric_times(struct metric_text *out, const struct metric_label *labels, uint32_t label_count,
                  const struct distribution_view *view);
void metric_ratios(struct metric_text *out, const struct metric_label *labels, uint32_t label_count,
                   const struct distribution_view *view);
/* Of how often each whole number from 1 came; buckets end at the powers of two. */
void metric_sizes(struct metric_text *out, const struct metric_label *labels, uint32_t label_count,
                  const uint64_t *counts, uint32_t largest);

#endif
