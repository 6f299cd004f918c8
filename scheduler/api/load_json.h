/* The load as JSON (schema joint.load/1) and as ORCA's header endpoint-load-metrics. */
#ifndef SCHEDULER_API_LOAD_JSON_H
#define SCHEDULER_API_LOAD_JSON_H

#include "scheduler/api/page_text.h"
#include "scheduler/api/view.h"

#define LOAD_JSON_AGE_DIGITS 10u

enum load_json_part {
    LOAD_JSON_CLASSES = 1,
    LOAD_JSON_MODELS = 2,
    LOAD_JSON_ALL = LOAD_JSON_CLASSES | LOAD_JSON_MODELS,
};

struct load_json_wish {
    unsigned parts; /* enum load_json_part */
    const char *model, *class_name; /* only those; NULL: all */
};

const char *load_json_state(uint64_t state);

/* What jointd cannot say is left out. *age_at is where load_json_set_age writes. */
void load_json_add(struct page_text *text, const struct view *view, const struct view_load *load,
                   const struct load_json_wish *wish, size_t *age_at);
/* A body is written once for a snapshot, its age each time: right-aligned, spaces before it. */
void load_json_set_age(char *at, uint64_t age_us);

/* "TEXT application_utilization=0.82, named_metrics.queued=12", or "JSON {...}". */
void load_json_add_orca(struct page_text *text, const struct load_report *report, bool is_json);

#endif
