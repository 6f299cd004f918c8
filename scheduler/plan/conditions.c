/* What a plan is made for: defaults and checks. */
#include "scheduler/plan/conditions.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

void split_conditions_default(struct split_conditions *conditions,
                              const struct split_network *network)
{
    *conditions =
        (struct split_conditions){.network = *network, .has_radio_base = true, .load = {.k = 1}};
}

void split_goal_default(struct split_goal *goal)
{
    *goal = (struct split_goal){.objective = SPLIT_LATENCY,
                                .max_latency_ms = INFINITY,
                                .max_energy_mj = INFINITY,
                                .max_cloud_ms = INFINITY};
}

static int check_cuts(const struct split_load *load, uint32_t layer_count,
                      struct split_error *error)
{
    if (!load->cut_count)
        return 0;
    if (load->cut_layers[0] != 0 || load->cut_layers[load->cut_count - 1] != layer_count)
        return split_error_set(error, -EINVAL, "cut_layers", "do not go from 0 to %u, the layers",
                               layer_count);
    for (uint32_t i = 0; i < load->cut_count; i++) {
        char field[96];
        snprintf(field, sizeof(field), "remaining_ms[%u]", i);
        if (!isfinite(load->remaining_ms[i]) || load->remaining_ms[i] < 0)
            return split_error_set(error, -EINVAL, field, "is negative or not a finite number");
        if (load->remaining_ms[i] > SPLIT_MAX_NUMBER)
            return split_error_set(error, -EINVAL, field, "is too large (%g)",
                                   load->remaining_ms[i]);
        if (i && load->remaining_ms[i] > load->remaining_ms[i - 1])
            return split_error_set(error, -EINVAL, field, "is more than at the cut before");
        snprintf(field, sizeof(field), "cut_layers[%u]", i);
        if (i && load->cut_layers[i] <= load->cut_layers[i - 1])
            return split_error_set(error, -EINVAL, field, "is not above that of the cut before");
    }
    return 0;
}

int split_conditions_check(const struct split_conditions *conditions, uint32_t layer_count,
                           struct split_error *error)
{
    int err = split_network_check(&conditions->network, error);
    if (err)
        return err;
    const struct split_load *load = &conditions->load;
    if (!isfinite(load->wait_ms) || load->wait_ms < 0)
        return split_error_set(error, -EINVAL, "wait_ms", "is negative or not a finite number");
    if (!isfinite(load->k) || load->k <= 0)
        return split_error_set(error, -EINVAL, "k", "is not a finite number above 0");
    if (load->wait_ms > SPLIT_MAX_NUMBER || load->k > SPLIT_MAX_NUMBER)
        return split_error_set(error, -EINVAL, load->k > SPLIT_MAX_NUMBER ? "k" : "wait_ms",
                               "is too large (%g)", fmax(load->k, load->wait_ms));
    return check_cuts(load, layer_count, error);
}

int split_goal_check(const struct split_goal *goal, struct split_error *error)
{
    const struct {
        const char *field;
        double value;
    } bounds[] = {{"max_latency_ms", goal->max_latency_ms},
                  {"max_energy_mj", goal->max_energy_mj},
                  {"max_cloud_ms", goal->max_cloud_ms}};
    for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++)
        if (!(bounds[i].value >= 0))
            return split_error_set(error, -EINVAL, bounds[i].field, "is negative or not a number");
    if (!isfinite(goal->epsilon) || goal->epsilon < 0)
        return split_error_set(error, -EINVAL, "epsilon", "is negative or not a finite number");
    return 0;
}
