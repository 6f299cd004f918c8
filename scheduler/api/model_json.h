/* Models as the Open Inference Protocol describes them, and the cuts that requests may name. */
#ifndef SCHEDULER_API_MODEL_JSON_H
#define SCHEDULER_API_MODEL_JSON_H

#include "scheduler/api/page_text.h"
#include "scheduler/api/view.h"

/* The metadata of one model, with all versions that are there. */
void model_json_add(struct page_text *text, const struct view *view,
                    const struct view_model *model);
/* Names and versions of all. */
void model_json_add_list(struct page_text *text, const struct view *view);

#endif
