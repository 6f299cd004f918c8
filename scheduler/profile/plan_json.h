/* Plans as JSON: the parts of it that a plan and a table of plans have in common. */
#ifndef SCHEDULER_PROFILE_PLAN_JSON_H
#define SCHEDULER_PROFILE_PLAN_JSON_H

#include "scheduler/plan/plan.h"

#include <jansson.h>

const char *plan_json_side(enum split_side side); /* "mobile" or "cloud" */

/* [{"side": "mobile", "first": 1, "last": 3}, ...]: neighbouring parts of one side are one. */
json_t *plan_json_segments(const struct split_plan *plan);

/* [{"first": 1, "last": 3}, ...]: the parts of several steps that run as one fused group. */
json_t *plan_json_blocks(const struct split_problem *problem, const struct split_plan *plan);

/* Sets latency_ms, energy_mj, cloud_ms, upload_bytes, download_bytes, weight_bytes and transfers;
 * null for each where the plan is not feasible. */
void plan_json_set_totals(json_t *json, const struct split_plan *plan);

/* {"latency_ms": .., "energy_mj": ..}. */
json_t *plan_json_alone(const struct split_totals *totals);

#endif
