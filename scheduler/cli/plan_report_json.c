/* The JSON report of `joint plan`. */
#include "scheduler/cli/commands.h"
#include "scheduler/cli/plan.h"
#include "scheduler/cli/report.h"
#include "scheduler/profile/plan_json.h"

#include <math.h>

#define DIGITS 12 /* enough that a bound printed here is met when it is given */

static json_t *number_or_null(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *describe_placement(const struct split_plan *plan)
{
    json_t *placement = json_array();
    for (uint32_t i = 0; i < plan->part_count; i++)
        for (uint32_t step = plan->parts[i].first; step <= plan->parts[i].last; step++)
            json_array_append_new(placement, json_string(plan_json_side(plan->parts[i].side)));
    return placement;
}

/* How near the bounds that were given are to what is possible. */
static json_t *describe_nearest(const struct split_goal *goal, const struct split_plan *plan)
{
    const struct {
        const char *key;
        double bound;
        const struct split_nearest *nearest;
    } bounds[] = {{"latency_ms", goal->max_latency_ms, &plan->latency_ms},
                  {"energy_mj", goal->max_energy_mj, &plan->energy_mj},
                  {"cloud_ms", goal->max_cloud_ms, &plan->cloud_ms}};
    json_t *json = json_object();
    for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++)
        if (isfinite(bounds[i].bound))
            json_object_set_new(json, bounds[i].key,
                                json_pack("{s:f, s:o, s:o}", "bound", bounds[i].bound, "alone",
                                          number_or_null(bounds[i].nearest->alone), "beside_others",
                                          number_or_null(bounds[i].nearest->beside_others)));
    return json;
}

static json_t *describe_conditions(const struct plan_options *options)
{
    const struct split_conditions *conditions = &options->conditions;
    const struct split_network *network = &conditions->network;
    return json_pack("{s:o, s:f, s:f, s:f, s:b, s:f, s:f, s:o, s:o, s:o, s:f}", "network",
                     report_text(options->network_name), "up_mbps", network->up_mbps, "down_mbps",
                     network->down_mbps, "rtt_ms", network->rtt_ms, "radio_base",
                     conditions->has_radio_base, "wait_ms", conditions->load.wait_ms, "k",
                     conditions->load.k, "max_latency_ms",
                     number_or_null(options->goal.max_latency_ms), "max_energy_mj",
                     number_or_null(options->goal.max_energy_mj), "max_cloud_ms",
                     number_or_null(options->goal.max_cloud_ms), "epsilon", options->goal.epsilon);
}

int plan_report_json(const struct plan *plan, const struct plan_result *result)
{
    const struct plan_options *options = plan->options;
    const struct split_plan *split = &result->plan;
    const char *model = plan->file.profile.model;
    json_t *json =
        json_pack("{s:b, s:o, s:s, s:s, s:o, s:o, s:o}", "feasible", split->is_feasible, "model",
                  report_text(model ? model : ""), "mode",
                  options->mode == SPLIT_TRAINING ? "training" : "inference", "objective",
                  options->objective == SPLIT_ENERGY ? "energy" : "latency", "placement",
                  describe_placement(split), "segments", plan_json_segments(split), "blocks",
                  plan_json_blocks(&plan->problem, split));
    if (!json)
        return report_json_print("plan", NULL);
    plan_json_set_totals(json, split);
    json_object_set_new(json, "mobile_only", plan_json_alone(&split->mobile_only));
    json_object_set_new(json, "cloud_only", plan_json_alone(&split->cloud_only));
    if (!split->is_feasible)
        json_object_set_new(json, "nearest", describe_nearest(&options->goal, split));
    json_object_set_new(json, "conditions", describe_conditions(options));
    if (plan_note(plan))
        json_object_set_new(json, "note", json_string(plan_note(plan)));
    json_object_set_new(json, "solver", json_string(split->solver));
    json_object_set_new(json, "solve_us", json_real(result->solve_us));
    return report_json_print_digits("plan", json, DIGITS);
}
