/* The load and the counters for Prometheus, as its text format 0.0.4 or as OpenMetrics 1.0.0. */
#ifndef SCHEDULER_API_METRICS_H
#define SCHEDULER_API_METRICS_H

#include "scheduler/api/page_text.h"
#include "scheduler/api/view.h"

/* load is NULL while none was published. Labels are names of the configuration, numbers of queues,
 * and words of ours: never anything that a client says. */
void metrics_add(struct page_text *text, const struct view *view, const struct view_load *load,
                 uint64_t now_ns, bool is_open_metrics);

#endif
