/* The best plan by looking at every plan: each group in turn, on each side, evaluated by the
 * definition. */
#include "scheduler/plan/oracle/brute.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>

struct search {
    const struct split_problem *problem;
    const struct split_conditions *conditions;
    const struct split_goal *goal;
    struct split_plan *plan; /* the best so far */
    struct split_part parts[SPLIT_BRUTE_MAX_STEPS]; /* the one looked at */
    bool has_only[2]; /* a plan with every step on this side was seen */
};

static double objective_of(const struct search *search, const struct split_totals *totals)
{
    return search->goal->objective == SPLIT_LATENCY ? totals->latency_ms : totals->energy_mj;
}

static bool is_within(double value, double bound)
{
    return value <= bound * (1 + 1e-9);
}

static void lower(double *least, double value)
{
    if (value < *least)
        *least = value;
}

static void look_at_nearest(struct search *search, const struct split_totals *totals)
{
    const struct split_goal *goal = search->goal;
    const bool in_latency = is_within(totals->latency_ms, goal->max_latency_ms);
    const bool in_energy = is_within(totals->energy_mj, goal->max_energy_mj);
    const bool in_cloud = is_within(totals->cloud_ms, goal->max_cloud_ms);
    struct split_plan *plan = search->plan;
    lower(&plan->latency_ms.alone, totals->latency_ms);
    lower(&plan->energy_mj.alone, totals->energy_mj);
    lower(&plan->cloud_ms.alone, totals->cloud_ms);
    if (in_energy && in_cloud)
        lower(&plan->latency_ms.beside_others, totals->latency_ms);
    if (in_latency && in_cloud)
        lower(&plan->energy_mj.beside_others, totals->energy_mj);
    if (in_latency && in_energy)
        lower(&plan->cloud_ms.beside_others, totals->cloud_ms);
}

static void look_at_one_side(struct search *search, uint32_t part_count,
                             const struct split_totals *totals)
{
    const enum split_side side = search->parts[0].side;
    for (uint32_t i = 1; i < part_count; i++)
        if (search->parts[i].side != side)
            return;
    struct split_totals *best =
        side == SPLIT_MOBILE ? &search->plan->mobile_only : &search->plan->cloud_only;
    if (!search->has_only[side] || objective_of(search, totals) < objective_of(search, best))
        *best = *totals;
    search->has_only[side] = true;
}

static void look_at(struct search *search, uint32_t part_count)
{
    struct split_plan *plan = search->plan;
    const struct split_goal *goal = search->goal;
    struct split_totals totals;
    split_evaluate(search->problem, search->conditions, search->parts, part_count, &totals);
    look_at_one_side(search, part_count, &totals);
    look_at_nearest(search, &totals);
    if (!is_within(totals.latency_ms, goal->max_latency_ms) ||
        !is_within(totals.energy_mj, goal->max_energy_mj) ||
        !is_within(totals.cloud_ms, goal->max_cloud_ms))
        return;
    if (plan->is_feasible && objective_of(search, &totals) >= objective_of(search, &plan->totals))
        return;
    plan->is_feasible = true;
    plan->part_count = part_count;
    plan->totals = totals;
    memcpy(plan->parts, search->parts, part_count * sizeof(*plan->parts));
}

/* The side may change after this step. */
static bool is_cut(const struct split_load *load, uint32_t step)
{
    bool is_listed = load->cut_count == 0;
    for (uint32_t i = 0; i < load->cut_count; i++)
        is_listed |= load->cut_layers[i] == step;
    return is_listed;
}

/* Every way to go on after these parts, which end before `step`. */
static void place(struct search *search, uint32_t part_count, uint32_t step)
{
    if (step > search->problem->count) {
        look_at(search, part_count);
        return;
    }
    for (uint32_t last = step; last <= search->problem->count; last++) {
        if (!split_problem_group(search->problem, step, last))
            continue;
        for (int side = SPLIT_MOBILE; side <= SPLIT_CLOUD; side++) {
            if (part_count && search->parts[part_count - 1].side != (enum split_side)side &&
                !is_cut(&search->conditions->load, step - 1))
                continue;
            search->parts[part_count] = (struct split_part){step, last, (enum split_side)side};
            place(search, part_count + 1, last + 1);
        }
    }
}

static double plan_count(const struct split_problem *problem)
{
    double ways[SPLIT_BRUTE_MAX_STEPS + 1] = {1}; /* to place the first steps */
    for (uint32_t i = 0; i < problem->group_count; i++) /* by last, so what lies before is done */
        ways[problem->groups[i].last] += 2 * ways[problem->groups[i].first - 1];
    return ways[problem->count];
}

static int check(const struct split_problem *problem, const struct split_conditions *conditions,
                 const struct split_goal *goal, struct split_error *error)
{
    int err = split_conditions_check(conditions, problem->layer_count, error);
    if (!err)
        err = split_goal_check(goal, error);
    if (err)
        return err;
    if (conditions->load.cut_count && problem->mode == SPLIT_TRAINING)
        return split_error_set(error, -EINVAL, "remaining_ms", "tells nothing of training");
    if (problem->count > SPLIT_BRUTE_MAX_STEPS)
        return split_error_set(error, -E2BIG, "layers", "make %u steps; brute force takes %d",
                               problem->count, SPLIT_BRUTE_MAX_STEPS);
    if (plan_count(problem) > SPLIT_BRUTE_MAX_PLANS)
        return split_error_set(error, -E2BIG, "blocks", "allow %.3g plans; brute force takes %.3g",
                               plan_count(problem), SPLIT_BRUTE_MAX_PLANS);
    return 0;
}

/* Nearest values are told only of bounds that were given, and where no plan meets them all. */
static void leave_out(struct split_nearest *nearest, double bound, bool is_feasible)
{
    if (is_feasible || isinf(bound))
        *nearest = (struct split_nearest){INFINITY, INFINITY};
}

int split_brute_solve(const struct split_problem *problem,
                      const struct split_conditions *conditions, const struct split_goal *goal,
                      struct split_plan *plan, struct split_error *error)
{
    int err = check(problem, conditions, goal, error);
    if (err)
        return err;
    const struct split_nearest unknown = {INFINITY, INFINITY};
    *plan = (struct split_plan){.parts = plan->parts,
                                .latency_ms = unknown,
                                .energy_mj = unknown,
                                .cloud_ms = unknown,
                                .solver = "brute"};
    struct search search = {problem, conditions, goal, plan, {{0}}, {false, false}};
    place(&search, 0, 1);
    assert(search.has_only[SPLIT_MOBILE] && search.has_only[SPLIT_CLOUD]);
    leave_out(&plan->latency_ms, goal->max_latency_ms, plan->is_feasible);
    leave_out(&plan->energy_mj, goal->max_energy_mj, plan->is_feasible);
    leave_out(&plan->cloud_ms, goal->max_cloud_ms, plan->is_feasible);
    return 0;
}
