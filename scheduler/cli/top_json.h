/* `joint top --json`: a sample and its rates as JSON (schema joint.top/1). */
#ifndef SCHEDULER_CLI_TOP_JSON_H
#define SCHEDULER_CLI_TOP_JSON_H

#include "scheduler/top/screen.h"

#include <jansson.h>

/* NULL: no memory. */
json_t *top_json(const struct screen *screen);

#endif
