/* What the planner is tested against agrees with itself: brute force, the paper's integer program,
 * the paper's recurrence and minimum cuts, on random instances.
 *
 * SEED (default 1) and INSTANCES (default 1500) in the environment choose others. */
#include "scheduler/plan/branch.h"
#include "scheduler/plan/oracle/brute.h"
#include "scheduler/plan/oracle/ilp.h"
#include "tests/property/random_split.h"
#include "tests/unit/cunit_main.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static uint32_t number_from_environment(const char *name, uint32_t fallback)
{
    const char *text = getenv(name);
    return text ? (uint32_t)strtoul(text, NULL, 10) : fallback;
}

struct subject {
    uint64_t seed;
    struct random_split random;
    struct split_plan plan, other;
};

static void open_subject(struct subject *subject, uint64_t seed, enum random_split_shape shape,
                         uint32_t max_steps)
{
    subject->seed = seed;
    random_split_init(&subject->random, seed, shape, max_steps, max_steps);
    if (split_plan_init(&subject->plan, &subject->random.problem) ||
        split_plan_init(&subject->other, &subject->random.problem))
        exit(1);
}

static void close_subject(struct subject *subject)
{
    split_plan_fini(&subject->plan);
    split_plan_fini(&subject->other);
    random_split_fini(&subject->random);
}

static void for_each(enum random_split_shape shape, uint32_t max_steps, uint32_t share,
                     bool (*check)(struct subject *subject))
{
    const uint32_t first = number_from_environment("SEED", 1);
    const uint32_t count = number_from_environment("INSTANCES", 1500) / share;
    for (uint32_t i = 0; i < count; i++) {
        struct subject subject;
        open_subject(&subject, first + i, shape, max_steps);
        bool is_right = check(&subject);
        CU_ASSERT(is_right);
        if (!is_right)
            printf("\n    SEED=%" PRIu64 " INSTANCES=1 (shape %d, %u steps, %s)\n", subject.seed,
                   shape, subject.random.problem.count,
                   subject.random.mode == SPLIT_TRAINING ? "training" : "inference");
        close_subject(&subject);
    }
}

static bool is_near(double a, double b)
{
    return fabs(a - b) <= 1e-6 * fmax(fabs(a), fabs(b)) + 1e-9;
}

static double objective_of(const struct split_goal *goal, const struct split_totals *totals)
{
    return goal->objective == SPLIT_LATENCY ? totals->latency_ms : totals->energy_mj;
}

static bool is_near_or_both_infinite(double a, double b)
{
    return (isinf(a) && isinf(b)) || is_near(a, b);
}

static bool is_nearest_equal(const struct split_nearest *a, const struct split_nearest *b)
{
    return is_near_or_both_infinite(a->alone, b->alone) &&
           is_near_or_both_infinite(a->beside_others, b->beside_others);
}

static bool is_equal(const struct split_goal *goal, const struct split_plan *a,
                     const struct split_plan *b)
{
    return a->is_feasible == b->is_feasible &&
           is_near(objective_of(goal, &a->totals), objective_of(goal, &b->totals)) &&
           is_near(objective_of(goal, &a->mobile_only), objective_of(goal, &b->mobile_only)) &&
           is_near(objective_of(goal, &a->cloud_only), objective_of(goal, &b->cloud_only)) &&
           is_nearest_equal(&a->latency_ms, &b->latency_ms) &&
           is_nearest_equal(&a->energy_mj, &b->energy_mj) &&
           is_nearest_equal(&a->cloud_ms, &b->cloud_ms);
}

#ifdef JOINT_HAS_GLPK
static bool program_equals_brute_force(struct subject *subject)
{
    struct random_split *random = &subject->random;
    struct split_goal goal;
    random_split_goal(random, &goal);
    if (split_brute_solve(&random->problem, &random->conditions, &goal, &subject->plan, NULL) ||
        split_ilp_solve(&random->problem, &random->conditions, &goal, &subject->other, NULL))
        return false;
    return is_equal(&goal, &subject->plan, &subject->other);
}

static void the_program_is_right(void)
{
    for (int shape = 0; shape < RANDOM_SPLIT_SHAPES; shape++)
        for_each((enum random_split_shape)shape, 6, 15, program_equals_brute_force);
}
#endif

/* The recurrence of the paper over single layers. */
static double recurrence(const struct random_split *random)
{
    const struct split_profile *profile = &random->profile;
    const struct split_conditions *conditions = &random->conditions;
    const double half_ms = conditions->network.rtt_ms / 2;
    double mobile = 0, cloud = INFINITY; /* M[j], C[j] */
    for (uint32_t j = 1; j <= profile->layer_count + 1; j++) {
        const double bytes = j > 1 ? profile->layers[j - 2].output_bytes : profile->input_bytes;
        const double up =
            split_network_up_ms(&conditions->network, bytes) + half_ms + conditions->load.wait_ms;
        const double down = split_network_down_ms(&conditions->network, bytes) + half_ms;
        const double to_mobile = fmin(mobile, cloud + down), to_cloud = fmin(cloud, mobile + up);
        if (j > profile->layer_count)
            return to_mobile;
        mobile = to_mobile + profile->layers[j - 1].mobile_ms;
        cloud = to_cloud + profile->layers[j - 1].cloud_ms * conditions->load.k;
    }
    return INFINITY;
}

static bool cut_equals_recurrence(struct subject *subject)
{
    struct random_split *random = &subject->random;
    if (random->mode == SPLIT_TRAINING || random->conditions.load.cut_count)
        return true;
    struct split_mincut mincut;
    const struct split_values latency = {.latency = 1};
    bool is_cloud[1002];
    struct split_values totals;
    if (split_mincut_init(&mincut, &random->problem))
        return false;
    split_mincut_prepare(&mincut, &random->conditions);
    split_mincut_solve(&mincut, &latency, NULL, is_cloud, &totals);
    split_mincut_fini(&mincut);
    return is_near(totals.latency, recurrence(random));
}

static void the_cut_is_the_recurrence(void)
{
    for_each(RANDOM_SPLIT_CHAIN, 1000, 2, cut_equals_recurrence);
}

/* The least weighted sum over all placements of single steps. */
static double least_sum(const struct random_split *random, const struct split_values *weights,
                        const struct split_mincut *mincut, struct split_part *parts)
{
    const uint32_t count = random->problem.count;
    double least = INFINITY;
    for (uint32_t bits = 0; bits < 1u << (mincut->node_count - 1); bits++) {
        struct split_totals totals;
        for (uint32_t step = 1; step <= count; step++)
            parts[step - 1] = (struct split_part){
                step, step, bits >> (mincut->node_of[step] - 1) & 1 ? SPLIT_CLOUD : SPLIT_MOBILE};
        split_evaluate(&random->problem, &random->conditions, parts, count, &totals);
        least =
            fmin(least, weights->latency * totals.latency_ms + weights->energy * totals.energy_mj +
                            weights->cloud * totals.cloud_ms);
    }
    return least;
}

static bool cut_equals_brute_force(struct subject *subject)
{
    struct random_split *random = &subject->random;
    struct split_mincut mincut;
    bool is_cloud[16], is_right = true;
    if (split_mincut_init(&mincut, &random->problem))
        return false;
    split_mincut_prepare(&mincut, &random->conditions);
    for (int i = 0; i < 3; i++) {
        const struct split_values weights = {random_split_below(random, 5) / 4.0,
                                             random_split_below(random, 5) / 4.0,
                                             random_split_below(random, 9) / 4.0};
        struct split_values totals;
        struct split_totals definition;
        split_mincut_solve(&mincut, &weights, NULL, is_cloud, &totals);
        is_right &= is_near(weights.latency * totals.latency + weights.energy * totals.energy +
                                weights.cloud * totals.cloud,
                            least_sum(random, &weights, &mincut, subject->plan.parts));
        for (uint32_t step = 1; step <= random->problem.count; step++)
            subject->plan.parts[step - 1] = (struct split_part){
                step, step, is_cloud[mincut.node_of[step]] ? SPLIT_CLOUD : SPLIT_MOBILE};
        split_evaluate(&random->problem, &random->conditions, subject->plan.parts,
                       random->problem.count, &definition);
        is_right &= is_near(totals.latency, definition.latency_ms) &&
                    is_near(totals.energy, definition.energy_mj) &&
                    is_near(totals.cloud, definition.cloud_ms);
    }
    split_mincut_fini(&mincut);
    return is_right;
}

static void the_cut_is_the_least(void)
{
    for_each(RANDOM_SPLIT_CHAIN, 8, 4, cut_equals_brute_force);
    for_each(RANDOM_SPLIT_SKIPS, 8, 2, cut_equals_brute_force);
    for_each(RANDOM_SPLIT_DAG, 10, 1, cut_equals_brute_force);
}

static bool branches_equal_brute_force(struct subject *subject)
{
    struct random_split *random = &subject->random;
    struct split_branch branch;
    struct split_goal goal;
    random_split_goal(random, &goal);
    if (split_brute_solve(&random->problem, &random->conditions, &goal, &subject->plan, NULL) ||
        split_branch_init(&branch, &random->problem))
        return false;
    int err =
        split_branch_solve(&branch, &random->conditions, &goal, UINT64_C(1) << 30, &subject->other);
    split_branch_fini(&branch);
    return !err && is_equal(&goal, &subject->plan, &subject->other);
}

static void the_branches_are_right(void)
{
    for_each(RANDOM_SPLIT_CHAIN, 8, 4, branches_equal_brute_force);
    for_each(RANDOM_SPLIT_SKIPS, 8, 2, branches_equal_brute_force);
    for_each(RANDOM_SPLIT_DAG, 11, 1, branches_equal_brute_force);
}

const struct cunit_test tests[] = {
#ifdef JOINT_HAS_GLPK
    {"the integer program finds what brute force finds, bounds and nearest values included",
     the_program_is_right},
#endif
    {"on chains the minimum cut is the paper's recurrence", the_cut_is_the_recurrence},
    {"on any network the minimum cut is the least weighted sum over all placements",
     the_cut_is_the_least},
    {"branch and bound finds what brute force finds, bounds and nearest values included",
     the_branches_are_right},
    {NULL, NULL},
};
