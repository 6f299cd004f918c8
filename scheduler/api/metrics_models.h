/* The metrics that jointd keeps for each model: outcomes, times, batches, predictions. */
#ifndef SCHEDULER_API_METRICS_MODELS_H
#define SCHEDULER_API_METRICS_MODELS_H

#include "scheduler/api/metric_text.h"
#include "scheduler/api/view.h"

void metrics_models_add(struct metric_text *out, const struct view *view);

#endif
