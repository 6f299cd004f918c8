/* One evaluation of the planner for each cut. */
#include "scheduler/loadtest/costs.h"

#include "scheduler/plan/plan.h"

#include <errno.h>
#include <stdlib.h>

/* The first layers on the phone, the others on the server. */
static struct split_totals evaluate(const struct split_problem *problem,
                                    const struct split_conditions *conditions, uint32_t layers)
{
    const struct split_part parts[2] = {{1, layers, SPLIT_MOBILE},
                                        {layers + 1, problem->count, SPLIT_CLOUD}};
    const uint32_t first = layers == 0, last = layers == problem->count ? 0 : 1;
    struct split_totals totals;
    split_evaluate(problem, conditions, parts + first, last - first + 1, &totals);
    return totals;
}

int loadtest_costs_init(struct loadtest_costs *costs, const struct split_profile *profile,
                        const uint32_t *cut_layers, uint32_t cut_count,
                        const struct split_network *network, struct split_error *error)
{
    struct split_problem problem;
    struct split_conditions conditions;
    *costs = (struct loadtest_costs){.count = cut_count - 1};
    split_conditions_default(&conditions, network);
    int err = split_conditions_check(&conditions, profile->layer_count, error);
    if (!err)
        err = split_problem_init(&problem, profile, SPLIT_INFERENCE, error);
    if (err)
        return err;
    costs->cuts = calloc(costs->count, sizeof(*costs->cuts));
    for (uint32_t i = 0; i < costs->count && costs->cuts; i++) {
        const struct split_totals totals = evaluate(&problem, &conditions, cut_layers[i]);
        costs->cuts[i] = (struct loadtest_cost){totals.latency_ms, totals.cloud_ms};
    }
    costs->mobile_ms = evaluate(&problem, &conditions, problem.count).latency_ms;
    split_problem_fini(&problem);
    return costs->cuts ? 0 : -ENOMEM;
}

void loadtest_costs_fini(struct loadtest_costs *costs)
{
    if (!costs)
        return;
    free(costs->cuts);
    *costs = (struct loadtest_costs){0};
}
