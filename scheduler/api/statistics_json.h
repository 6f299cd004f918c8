/* What was counted of models, as Triton's statistics extension says it. */
#ifndef SCHEDULER_API_STATISTICS_JSON_H
#define SCHEDULER_API_STATISTICS_JSON_H

#include "scheduler/api/page_text.h"
#include "scheduler/api/view.h"

/* {"model_stats": [...]}: of this model, or of the newest version of each for NULL. All are sums
 * since jointd first served one of that name, so that a client takes differences. */
void statistics_json_add(struct page_text *text, const struct view *view,
                         const struct view_model *only);

#endif
