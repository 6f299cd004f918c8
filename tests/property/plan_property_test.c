/* What must hold for every planner: it finds what brute force and the paper's integer program find,
 * and bounds work as bounds do. */
#include "scheduler/plan/oracle/brute.h"
#include "scheduler/plan/oracle/ilp.h"
#include "tests/property/split_subject.h"
#include "tests/unit/counted_allocator.h"
#include "tests/unit/cunit_main.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void for_each_shape(uint32_t max_steps, uint32_t max_fused_steps, uint32_t share,
                           bool (*check)(struct split_subject *subject))
{
    for (int shape = 0; shape < RANDOM_SPLIT_SHAPES; shape++) {
        const bool is_fused = shape == RANDOM_SPLIT_BLOCKS || shape == RANDOM_SPLIT_MIXED;
        split_subject_for_each((enum random_split_shape)shape,
                               is_fused ? max_fused_steps : max_steps, share, check);
    }
}

static bool is_within(double value, double bound)
{
    return value <= bound * (1 + 1.0001e-9);
}

/* The parts are a plan, cost what the totals say, and keep the bounds. */
static bool is_sound(const struct split_subject *subject, const struct split_goal *goal,
                     const struct split_plan *plan)
{
    const struct random_split *random = &subject->random;
    uint32_t next = 1;
    struct split_totals totals;
    if (!plan->is_feasible)
        return plan->part_count == 0;
    for (uint32_t i = 0; i < plan->part_count; i++) {
        if (plan->parts[i].first != next || plan->parts[i].last < next)
            return false;
        next = plan->parts[i].last + 1;
    }
    if (next != random->problem.count + 1)
        return false;
    split_evaluate(&random->problem, &random->conditions, plan->parts, plan->part_count, &totals);
    return !memcmp(&totals, &plan->totals, sizeof(totals)) &&
           is_within(totals.latency_ms, goal->max_latency_ms) &&
           is_within(totals.energy_mj, goal->max_energy_mj) &&
           is_within(totals.cloud_ms, goal->max_cloud_ms);
}

static bool equals_brute_force(struct split_subject *subject)
{
    struct random_split *random = &subject->random;
    struct split_goal goal;
    random_split_goal(random, &goal);
    return split_subject_solve(subject, &goal, &subject->plan) &&
           is_sound(subject, &goal, &subject->plan) &&
           !split_brute_solve(&random->problem, &random->conditions, &goal, &subject->other,
                              NULL) &&
           split_subject_is_equal(&goal, &subject->plan, &subject->other);
}

static void the_solver_is_right(void)
{
    for_each_shape(10, 7, 2, equals_brute_force);
}

#ifdef JOINT_HAS_GLPK
static bool equals_program(struct split_subject *subject)
{
    struct random_split *random = &subject->random;
    struct split_goal goal;
    random_split_goal(random, &goal);
    return split_subject_solve(subject, &goal, &subject->plan) &&
           is_sound(subject, &goal, &subject->plan) &&
           !split_ilp_solve(&random->problem, &random->conditions, &goal, &subject->other, NULL) &&
           split_subject_is_equal(&goal, &subject->plan, &subject->other);
}

static void the_solver_is_the_program(void)
{
    for_each_shape(12, 12, 10, equals_program);
    for_each_shape(30, 16, 100, equals_program);
}
#endif

/* The most that the cloud could ever be busy, however the steps are grouped. */
static double most_cloud_ms(const struct random_split *random)
{
    const struct split_problem *problem = &random->problem;
    if (random->conditions.load.cut_count)
        return random->conditions.load.remaining_ms[0];
    double most[64] = {0}, k = random->conditions.load.k;
    for (uint32_t g = 0; g < problem->group_count; g++) {
        const struct split_group *group = &problem->groups[g];
        most[group->last] =
            fmax(most[group->last], most[group->first - 1] + group->cost.cloud_ms * k);
    }
    return most[problem->count];
}

static bool is_idle_cloud_free(const struct random_split *random)
{
    if (random->conditions.load.cut_count)
        return true;
    for (uint32_t g = 0; g < random->problem.group_count; g++)
        if (random->problem.groups[g].cost.cloud_ms <= 0)
            return true;
    return false;
}

static bool keeps_the_rules(struct split_subject *subject)
{
    const struct random_split *random = &subject->random;
    struct split_goal goal, free_goal;
    random_split_goal(&subject->random, &goal);
    split_goal_default(&free_goal);
    free_goal.objective = goal.objective;
    struct split_plan *plan = &subject->plan, *bounded = &subject->other;
    if (!split_subject_solve(subject, &free_goal, plan) || !plan->is_feasible)
        return false;
    const double best = split_subject_objective(&goal, &plan->totals);
    const double mobile_only = split_subject_objective(&goal, &plan->mobile_only);
    bool is_right = best <= mobile_only * (1 + 1e-12) &&
                    best <= split_subject_objective(&goal, &plan->cloud_only) * (1 + 1e-12);

    is_right &= split_subject_solve(subject, &goal, bounded);
    if (bounded->is_feasible)
        is_right &= split_subject_objective(&goal, &bounded->totals) >= best * (1 - 1e-12);

    goal = free_goal;
    goal.max_cloud_ms = 0;
    is_right &= split_subject_solve(subject, &goal, bounded) && bounded->is_feasible;
    is_right &= bounded->totals.cloud_ms <= 0;
    if (!is_idle_cloud_free(random))
        is_right &=
            bounded->totals.transfers == 0 &&
            split_subject_is_near(split_subject_objective(&goal, &bounded->totals), mobile_only);

    goal.max_cloud_ms = most_cloud_ms(random);
    is_right &= split_subject_solve(subject, &goal, bounded) && bounded->is_feasible &&
                split_subject_is_near(split_subject_objective(&goal, &bounded->totals), best);
    goal = free_goal;
    goal.max_energy_mj = 1e300;
    is_right &= split_subject_solve(subject, &goal, bounded) && bounded->is_feasible &&
                split_subject_is_near(split_subject_objective(&goal, &bounded->totals), best);
    return is_right;
}

static void the_rules_hold(void)
{
    for_each_shape(30, 12, 2, keeps_the_rules);
}

static double *bound_of(struct split_goal *goal, unsigned which)
{
    double *const bounds[] = {&goal->max_latency_ms, &goal->max_energy_mj, &goal->max_cloud_ms};
    return bounds[which];
}

/* A wider bound never makes a plan worse or impossible. */
static bool is_monotone(struct split_subject *subject)
{
    struct split_goal goal;
    random_split_goal(&subject->random, &goal);
    double *bound = bound_of(&goal, random_split_below(&subject->random, 3));
    const double first = isinf(*bound) ? 1 : *bound * 0.25;
    double before = INFINITY;
    for (double value = first; value < 12 * first; value *= 1.5) {
        *bound = value;
        if (!split_subject_solve(subject, &goal, &subject->plan))
            return false;
        double now = INFINITY;
        if (subject->plan.is_feasible)
            now = split_subject_objective(&goal, &subject->plan.totals);
        if (now > before * (1 + 1e-12))
            return false;
        before = now;
    }
    return true;
}

static void bounds_are_monotone(void)
{
    for_each_shape(20, 10, 4, is_monotone);
}

static bool is_feasible_with(struct split_subject *subject, struct split_goal goal, unsigned which,
                             double value, bool has_others)
{
    for (unsigned i = 0; i < 3; i++)
        if (i != which && !has_others)
            *bound_of(&goal, i) = INFINITY;
    *bound_of(&goal, which) = value;
    return split_subject_solve(subject, &goal, &subject->other) && subject->other.is_feasible;
}

/* A nearest value makes a plan possible, and a little less does not. */
static bool is_nearest_exact(struct split_subject *subject)
{
    struct split_goal goal;
    random_split_goal(&subject->random, &goal);
    for (unsigned i = 0; i < 3; i++) /* make most of them impossible */
        *bound_of(&goal, i) *= 0.5;
    if (!split_subject_solve(subject, &goal, &subject->plan))
        return false;
    const struct split_plan *plan = &subject->plan;
    const struct split_nearest nearest[] = {plan->latency_ms, plan->energy_mj, plan->cloud_ms};
    for (unsigned i = 0; i < 3; i++) {
        const double values[] = {nearest[i].alone, nearest[i].beside_others};
        for (int k = 0; k < 2; k++) {
            if (plan->is_feasible || isinf(*bound_of(&goal, i))) {
                if (!isinf(values[k]))
                    return false;
            } else if (isinf(values[k])) {
                if (k == 0 || is_feasible_with(subject, goal, i, 1e300, true))
                    return false;
            } else if (!is_feasible_with(subject, goal, i, values[k], k == 1) ||
                       (values[k] > 0 &&
                        is_feasible_with(subject, goal, i, values[k] * (1 - 1e-8), k == 1))) {
                return false;
            }
        }
    }
    return true;
}

static void nearest_values_are_exact(void)
{
    for_each_shape(20, 10, 2, is_nearest_exact);
    split_subject_again(1021368, RANDOM_SPLIT_MIXED, 10, is_nearest_exact); /* all is free */
}

static bool is_within_epsilon(struct split_subject *subject)
{
    struct split_goal goal;
    random_split_goal(&subject->random, &goal);
    if (!split_subject_solve(subject, &goal, &subject->plan))
        return false;
    goal.epsilon = 0.001 * (1 + random_split_below(&subject->random, 200));
    if (!split_subject_solve(subject, &goal, &subject->other) ||
        subject->plan.is_feasible != subject->other.is_feasible)
        return false;
    const double best = split_subject_objective(&goal, &subject->plan.totals);
    const double found = split_subject_objective(&goal, &subject->other.totals);
    return is_sound(subject, &goal, &subject->other) &&
           found <= best * (1 + goal.epsilon) * (1 + 1e-9);
}

static void epsilon_is_kept(void)
{
    for_each_shape(30, 12, 4, is_within_epsilon);
    /* By epsilon alone it misses the bound of what it minimises. */
    split_subject_again(1002639, RANDOM_SPLIT_DAG, 30, is_within_epsilon);
}

/* Tallies how often the best plan under half of the cloud's time goes there twice. */
static bool halves_the_cloud(struct split_subject *subject)
{
    struct random_split *random = &subject->random;
    struct split_goal goal;
    split_goal_default(&goal);
    if (!split_subject_solve(subject, &goal, &subject->plan))
        return false;
    goal.max_cloud_ms = subject->plan.cloud_only.cloud_ms / 2;
    if (!split_subject_solve(subject, &goal, &subject->plan) ||
        split_brute_solve(&random->problem, &random->conditions, &goal, &subject->other, NULL))
        return false;
    subject->tally = subject->plan.totals.transfers == 4 && subject->other.totals.transfers == 4;
    return split_subject_is_equal(&goal, &subject->plan, &subject->other);
}

static void four_transfers_can_be_best(void)
{
    const uint32_t four_transfers =
        split_subject_for_each(RANDOM_SPLIT_CHAIN, 12, 2, halves_the_cloud);
    printf("(%u with four transfers) ", four_transfers);
    if (!getenv("SEED"))
        CU_ASSERT(four_transfers > 0);
}

static bool repeats_without_allocation(struct split_subject *subject)
{
    struct split_goal goal;
    random_split_goal(&subject->random, &goal);
    if (!split_subject_solve(subject, &goal, &subject->plan))
        return false;
    const unsigned long before = counted_allocator_calls();
    return before && split_subject_solve(subject, &goal, &subject->other) &&
           counted_allocator_calls() == before &&
           !memcmp(&subject->plan.totals, &subject->other.totals, sizeof(struct split_totals));
}

static void nothing_is_allocated_twice(void)
{
    for_each_shape(40, 16, 10, repeats_without_allocation);
}

const struct cunit_test tests[] = {
    {"a plan is what brute force finds, for every kind of network, bound and load, training too",
     the_solver_is_right},
#ifdef JOINT_HAS_GLPK
    {"a plan is what the paper's integer program finds", the_solver_is_the_program},
#endif
    {"a plan is never worse than one side alone, nor better for a bound; a cloud bound of 0 is the "
     "mobile, and of all its time no bound",
     the_rules_hold},
    {"a wider bound never makes a plan worse or impossible", bounds_are_monotone},
    {"a nearest value makes a plan possible, and a little less does not", nearest_values_are_exact},
    {"a plan by epsilon meets the bounds and is within epsilon of the least", epsilon_is_kept},
    {"with half of the cloud's time, four transfers can be best", four_transfers_can_be_best},
    {"a solve that is repeated finds the same and allocates nothing", nothing_is_allocated_twice},
    {NULL, NULL},
};
