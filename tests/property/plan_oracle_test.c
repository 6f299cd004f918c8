/* What the planner is tested against agrees with itself: brute force, the paper's integer program,
 * the paper's recurrence and minimum cuts, on random instances. */
#include "scheduler/plan/branch.h"
#include "scheduler/plan/oracle/brute.h"
#include "scheduler/plan/oracle/ilp.h"
#include "tests/property/split_subject.h"
#include "tests/unit/cunit_main.h"

#include <math.h>

#ifdef JOINT_HAS_GLPK
static bool program_equals_brute_force(struct split_subject *subject)
{
    struct random_split *random = &subject->random;
    struct split_goal goal;
    random_split_goal(random, &goal);
    if (split_brute_solve(&random->problem, &random->conditions, &goal, &subject->plan, NULL) ||
        split_ilp_solve(&random->problem, &random->conditions, &goal, &subject->other, NULL))
        return false;
    return split_subject_is_equal(&goal, &subject->plan, &subject->other);
}

static void the_program_is_right(void)
{
    for (int shape = 0; shape < RANDOM_SPLIT_SHAPES; shape++)
        split_subject_for_each((enum random_split_shape)shape, 6, 15, program_equals_brute_force);
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

static bool cut_equals_recurrence(struct split_subject *subject)
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
    return split_subject_is_near(totals.latency, recurrence(random));
}

static void the_cut_is_the_recurrence(void)
{
    split_subject_for_each(RANDOM_SPLIT_CHAIN, 1000, 2, cut_equals_recurrence);
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

static bool cut_equals_brute_force(struct split_subject *subject)
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
        is_right &=
            split_subject_is_near(weights.latency * totals.latency +
                                      weights.energy * totals.energy + weights.cloud * totals.cloud,
                                  least_sum(random, &weights, &mincut, subject->plan.parts));
        for (uint32_t step = 1; step <= random->problem.count; step++)
            subject->plan.parts[step - 1] = (struct split_part){
                step, step, is_cloud[mincut.node_of[step]] ? SPLIT_CLOUD : SPLIT_MOBILE};
        split_evaluate(&random->problem, &random->conditions, subject->plan.parts,
                       random->problem.count, &definition);
        is_right &= split_subject_is_near(totals.latency, definition.latency_ms) &&
                    split_subject_is_near(totals.energy, definition.energy_mj) &&
                    split_subject_is_near(totals.cloud, definition.cloud_ms);
    }
    split_mincut_fini(&mincut);
    return is_right;
}

static void the_cut_is_the_least(void)
{
    split_subject_for_each(RANDOM_SPLIT_CHAIN, 8, 4, cut_equals_brute_force);
    split_subject_for_each(RANDOM_SPLIT_SKIPS, 8, 2, cut_equals_brute_force);
    split_subject_for_each(RANDOM_SPLIT_DAG, 10, 1, cut_equals_brute_force);
}

static bool branches_equal_brute_force(struct split_subject *subject)
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
    return !err && split_subject_is_equal(&goal, &subject->plan, &subject->other);
}

static void the_branches_are_right(void)
{
    split_subject_for_each(RANDOM_SPLIT_CHAIN, 8, 4, branches_equal_brute_force);
    split_subject_for_each(RANDOM_SPLIT_SKIPS, 8, 2, branches_equal_brute_force);
    split_subject_for_each(RANDOM_SPLIT_DAG, 11, 1, branches_equal_brute_force);
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
