/* The routes as an OpenAPI 3.0 document. */
#ifndef SCHEDULER_API_OPENAPI_H
#define SCHEDULER_API_OPENAPI_H

#include "scheduler/api/page_text.h"

void openapi_add(struct page_text *text);

#endif
