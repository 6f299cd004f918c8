/* The model repository's bodies, as Triton's extension has them. */
#ifndef SCHEDULER_API_REPOSITORY_JSON_H
#define SCHEDULER_API_REPOSITORY_JSON_H

#include "scheduler/api/page_text.h"
#include "scheduler/api/view.h"

/* {"ready": true}, {} or nothing. False: `why` says what is wrong. */
bool repository_json_read_index(const struct page_text *body, bool *only_ready, char *why,
                                size_t why_bytes);
/* {"parameters": {"path": "a/b.onnx", "version": 2}}, {} or nothing. The same of the result. */
bool repository_json_read_change(const struct page_text *body, struct api_change *change, char *why,
                                 size_t why_bytes);

/* [{"name", "version", "state", "reason"}, ...] */
void repository_json_add_index(struct page_text *text, const struct view *view, bool only_ready);

#endif
