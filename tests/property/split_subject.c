/* Checks over many random instances for the planner. */
#include "tests/property/split_subject.h"

#include <CUnit/CUnit.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static uint32_t number_from_environment(const char *name, uint32_t fallback)
{
    const char *text = getenv(name);
    return text ? (uint32_t)strtoul(text, NULL, 10) : fallback;
}

static void open_subject(struct split_subject *subject, uint64_t seed,
                         enum random_split_shape shape, uint32_t max_steps)
{
    *subject = (struct split_subject){.seed = seed};
    random_split_init(&subject->random, seed, shape, max_steps, max_steps);
    if (split_plan_init(&subject->plan, &subject->random.problem) ||
        split_plan_init(&subject->other, &subject->random.problem) ||
        split_solver_create(&subject->random.problem, NULL, &subject->solver)) {
        fprintf(stderr, "seed %" PRIu64 ": no solver\n", seed);
        exit(1);
    }
}

static void close_subject(struct split_subject *subject)
{
    split_solver_destroy(subject->solver);
    split_plan_fini(&subject->plan);
    split_plan_fini(&subject->other);
    random_split_fini(&subject->random);
}

static uint32_t run(uint64_t seed, enum random_split_shape shape, uint32_t max_steps,
                    bool (*check)(struct split_subject *subject))
{
    struct split_subject subject;
    open_subject(&subject, seed, shape, max_steps);
    bool is_right = check(&subject);
    CU_ASSERT(is_right);
    if (!is_right)
        printf("\n    SEED=%" PRIu64 " INSTANCES=1 (shape %d, %u steps, %s)\n", subject.seed, shape,
               subject.random.problem.count,
               subject.random.mode == SPLIT_TRAINING ? "training" : "inference");
    const uint32_t tally = subject.tally;
    close_subject(&subject);
    return tally;
}

void split_subject_again(uint64_t seed, enum random_split_shape shape, uint32_t max_steps,
                         bool (*check)(struct split_subject *subject))
{
    run(seed, shape, max_steps, check);
}

uint32_t split_subject_for_each(enum random_split_shape shape, uint32_t max_steps, uint32_t share,
                                bool (*check)(struct split_subject *subject))
{
    const uint32_t first = number_from_environment("SEED", 1);
    const uint32_t all = number_from_environment("INSTANCES", 2000);
    const uint32_t count = all < share ? all : all / share;
    uint32_t tally = 0;
    for (uint32_t i = 0; i < count; i++)
        tally += run(first + i, shape, max_steps, check);
    printf(" seeds %u to %u ", first, first + count - 1);
    return tally;
}

bool split_subject_solve(struct split_subject *subject, const struct split_goal *goal,
                         struct split_plan *plan)
{
    struct split_error error = {"", ""};
    int err = split_solve(subject->solver, &subject->random.conditions, goal, plan, &error);
    if (err)
        printf("\n    error %d: %s %s\n", err, error.field, error.reason);
    return !err;
}

bool split_subject_is_near(double a, double b)
{
    return fabs(a - b) <= 1e-6 * fmax(fabs(a), fabs(b)) + 1e-9;
}

double split_subject_objective(const struct split_goal *goal, const struct split_totals *totals)
{
    return goal->objective == SPLIT_LATENCY ? totals->latency_ms : totals->energy_mj;
}

static bool is_near_or_both_infinite(double a, double b)
{
    return (isinf(a) && isinf(b)) || split_subject_is_near(a, b);
}

static bool is_nearest_equal(const struct split_nearest *a, const struct split_nearest *b)
{
    return is_near_or_both_infinite(a->alone, b->alone) &&
           is_near_or_both_infinite(a->beside_others, b->beside_others);
}

static bool is_objective_equal(const struct split_goal *goal, const struct split_totals *a,
                               const struct split_totals *b)
{
    return split_subject_is_near(split_subject_objective(goal, a),
                                 split_subject_objective(goal, b));
}

bool split_subject_is_equal(const struct split_goal *goal, const struct split_plan *a,
                            const struct split_plan *b)
{
    return a->is_feasible == b->is_feasible && is_objective_equal(goal, &a->totals, &b->totals) &&
           is_objective_equal(goal, &a->mobile_only, &b->mobile_only) &&
           is_objective_equal(goal, &a->cloud_only, &b->cloud_only) &&
           is_nearest_equal(&a->latency_ms, &b->latency_ms) &&
           is_nearest_equal(&a->energy_mj, &b->energy_mj) &&
           is_nearest_equal(&a->cloud_ms, &b->cloud_ms);
}
