/* Tests of scheduler/plan/minimise.c, multipliers.c and labels.c on networks too large to try all
 * plans: whole numbers, where a table over every budget is exact. */
#include "scheduler/plan/solve.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/split_case.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

enum {
    SEED = 4242,
    LAYERS = 24,
    BUDGETS = 160, /* of energy or cloud time, 0 to BUDGETS - 1 */
};

/* Whole-number costs of a chain with all blocks; a byte takes a millisecond and a millijoule. */
struct table {
    double least[LAYERS + 1][2][BUDGETS];
};

static void offer(double *least, double value)
{
    if (value < *least)
        *least = value;
}

/* least[j][side][b]: latency of layers 1..j, the last on the side, with a use of exactly b. */
static double least_latency(const struct split_profile *profile, bool is_energy, uint32_t budget)
{
    static struct table table;
    for (uint32_t j = 0; j <= LAYERS; j++)
        for (int side = 0; side < 2; side++)
            for (uint32_t b = 0; b < BUDGETS; b++)
                table.least[j][side][b] = INFINITY;
    table.least[0][SPLIT_MOBILE][0] = 0;
    for (uint32_t j = 1; j <= LAYERS; j++)
        for (uint32_t k = 0; k < profile->block_count; k++) {
            const struct split_block *block = &profile->blocks[k];
            if (block->last != j)
                continue;
            const uint32_t i = block->first - 1;
            const double bytes = i ? profile->layers[i - 1].output_bytes : profile->input_bytes;
            for (int from = 0; from < 2; from++)
                for (int to = 0; to < 2; to++)
                    for (uint32_t b = 0; b < BUDGETS; b++) {
                        double moved = from == to ? 0 : bytes;
                        double ms = (to ? block->cloud_ms : block->mobile_ms) + moved;
                        double use = is_energy ? moved + (to ? 0 : block->mobile_mj)
                                               : (to ? block->cloud_ms : 0);
                        if (b + use < BUDGETS)
                            offer(&table.least[j][to][b + (uint32_t)use],
                                  table.least[i][from][b] + ms);
                    }
        }
    double best = INFINITY;
    for (uint32_t b = 0; b <= budget && b < BUDGETS; b++) {
        const double down = profile->layers[LAYERS - 1].output_bytes;
        offer(&best, table.least[LAYERS][SPLIT_MOBILE][b]);
        if (!is_energy || b + down <= budget)
            offer(&best, table.least[LAYERS][SPLIT_CLOUD][b] + down);
    }
    return best;
}

static const struct split_case_config whole = {
    .layer_count = LAYERS, .has_all_blocks = true, .is_whole = true};

struct bench {
    struct split_case one;
    struct split_problem problem;
    struct split_solver *solver;
    struct split_plan plan;
};

static void set_up(struct bench *bench, const struct split_case_config *config,
                   const struct split_solver_config *limits, struct split_random *random)
{
    split_case_init(&bench->one, config, random);
    CU_ASSERT_EQUAL_FATAL(
        split_problem_init(&bench->problem, &bench->one.profile, SPLIT_INFERENCE, NULL), 0);
    CU_ASSERT_EQUAL_FATAL(split_solver_create(&bench->problem, limits, &bench->solver), 0);
    CU_ASSERT_EQUAL_FATAL(split_plan_init(&bench->plan, &bench->problem), 0);
}

static void tear_down(struct bench *bench)
{
    split_plan_fini(&bench->plan);
    split_solver_destroy(bench->solver);
    split_problem_fini(&bench->problem);
    split_case_fini(&bench->one);
}

static void is_exact_under_a_bound(void)
{
    struct split_random random = {SEED};
    printf("seed %d ", SEED);
    for (int i = 0; i < 40; i++) {
        struct bench bench;
        set_up(&bench, &whole, NULL, &random);
        for (uint32_t budget = 0; budget < BUDGETS; budget += 1 + split_random_below(&random, 9))
            for (int is_energy = 0; is_energy < 2; is_energy++) {
                struct split_goal goal;
                split_goal_default(&goal);
                *(is_energy ? &goal.max_energy_mj : &goal.max_cloud_ms) = budget;
                double expected = least_latency(&bench.one.profile, is_energy, budget);
                CU_ASSERT_EQUAL_FATAL(
                    split_solve(bench.solver, &bench.one.conditions, &goal, &bench.plan, NULL), 0);
                CU_ASSERT_EQUAL(bench.plan.is_feasible, expected < INFINITY);
                if (bench.plan.is_feasible)
                    CU_ASSERT_DOUBLE_EQUAL(bench.plan.totals.latency_ms, expected, 1e-9 * expected);
            }
        tear_down(&bench);
    }
}

static void keeps_epsilons_promise(void)
{
    struct split_random random = {SEED};
    printf("seed %d ", SEED);
    for (int i = 0; i < 200; i++) {
        const struct split_case_config config = {.layer_count =
                                                     10 + split_random_below(&random, 30),
                                                 .block_share = 0.3,
                                                 .skip_share = i % 2 ? 0.1 : 0};
        struct bench bench;
        set_up(&bench, &config, NULL, &random);
        struct split_goal goal;
        split_goal_default(&goal);
        const struct split_conditions *conditions = &bench.one.conditions;
        CU_ASSERT_EQUAL_FATAL(split_solve(bench.solver, conditions, &goal, &bench.plan, NULL), 0);
        goal.max_energy_mj = bench.plan.totals.energy_mj * (0.5 + 0.5 * split_random_unit(&random));
        if (i % 3 == 0)
            goal.max_cloud_ms = bench.plan.totals.cloud_ms * split_random_unit(&random);
        CU_ASSERT_EQUAL_FATAL(split_solve(bench.solver, conditions, &goal, &bench.plan, NULL), 0);
        bool is_feasible = bench.plan.is_feasible;
        double least = bench.plan.totals.latency_ms;
        for (double epsilon = 1e-4; epsilon < 10; epsilon *= 10) {
            goal.epsilon = epsilon;
            CU_ASSERT_EQUAL_FATAL(split_solve(bench.solver, conditions, &goal, &bench.plan, NULL),
                                  0);
            CU_ASSERT_EQUAL(bench.plan.is_feasible, is_feasible);
            if (!is_feasible)
                break;
            CU_ASSERT(bench.plan.totals.latency_ms <= least * (1 + epsilon) * (1 + 1e-9));
            CU_ASSERT(bench.plan.totals.latency_ms >= least * (1 - 1e-9));
            CU_ASSERT(bench.plan.totals.energy_mj <= goal.max_energy_mj * (1 + 1.001e-9));
            CU_ASSERT(bench.plan.totals.cloud_ms <= goal.max_cloud_ms * (1 + 1.001e-9));
        }
        tear_down(&bench);
    }
}

enum {
    ITEMS = 60,
};

/* A knapsack in disguise: crossing is free, so each layer is a choice of its own, and what it saves
 * of energy on the cloud it costs of latency, but for a constant. 2^60 plans, nearly all on the
 * Pareto front. */
static void make_knapsack(struct split_profile *profile, struct split_layer *layers,
                          struct split_block *useless)
{
    struct split_random random = {SEED};
    *useless = (struct split_block){1, 2, 1e6, 1e6, 1e6, false, 0, 0, 0}; /* cuts cannot plan it */
    *profile = (struct split_profile){
        .batch = 1, .layer_count = ITEMS, .layers = layers, .block_count = 1, .blocks = useless};
    for (int i = 0; i < ITEMS; i++) {
        double weight = 1000 + 1000 * split_random_unit(&random);
        layers[i] = (struct split_layer){.mobile_mj = weight, .cloud_ms = weight + 300};
    }
}

static int solve_knapsack(const struct split_problem *problem,
                          const struct split_solver_config *limits, double epsilon,
                          struct split_plan *plan, struct split_error *error)
{
    struct split_solver *solver;
    struct split_conditions conditions;
    struct split_goal goal;
    split_conditions_default(&conditions, split_network_named("wifi"));
    split_goal_default(&goal);
    goal.max_energy_mj = 40000;
    goal.epsilon = epsilon;
    CU_ASSERT_EQUAL_FATAL(split_solver_create(problem, limits, &solver), 0);
    int err = split_solve(solver, &conditions, &goal, plan, error);
    split_solver_destroy(solver);
    return err;
}

static void exploding_fronts_are_bounded(void)
{
    struct split_layer layers[ITEMS];
    struct split_block useless;
    struct split_profile profile;
    struct split_problem problem;
    struct split_plan plan;
    struct split_error error = {0};
    make_knapsack(&profile, layers, &useless);
    CU_ASSERT_EQUAL_FATAL(split_problem_init(&problem, &profile, SPLIT_INFERENCE, NULL), 0);
    CU_ASSERT_EQUAL_FATAL(split_plan_init(&plan, &problem), 0);
    struct split_solver_config little_work, little_memory, enough;
    split_solver_config_default(&little_work);
    split_solver_config_default(&little_memory);
    split_solver_config_default(&enough);
    little_work.max_work = 2000000;
    little_memory.max_bytes = 4 << 20;
    enough.max_work = 20000000;
    CU_ASSERT_EQUAL(solve_knapsack(&problem, &little_work, 0, &plan, &error), -E2BIG);
    CU_ASSERT_STRING_EQUAL(error.field, "epsilon");
    CU_ASSERT_EQUAL(solve_knapsack(&problem, &little_memory, 0, &plan, &error), -E2BIG);
    CU_ASSERT_EQUAL_FATAL(solve_knapsack(&problem, &enough, 1e-4, &plan, &error), 0);
    const double fine = plan.totals.latency_ms; /* at least the optimum */
    for (double epsilon = 1e-3; epsilon < 1; epsilon *= 10) {
        CU_ASSERT_EQUAL_FATAL(solve_knapsack(&problem, &little_work, epsilon, &plan, &error), 0);
        CU_ASSERT(plan.is_feasible);
        CU_ASSERT(plan.totals.latency_ms <= (1 + epsilon) * fine);
        CU_ASSERT(plan.totals.energy_mj <= 40000 * (1 + 1e-9));
    }
    split_plan_fini(&plan);
    split_problem_fini(&problem);
}

const struct cunit_test tests[] = {
    {"under one bound it is as good as a table over every budget says", is_exact_under_a_bound},
    {"with epsilon a plan keeps the bounds and costs at most that share more",
     keeps_epsilons_promise},
    {"a front that explodes is refused within its limits, and epsilon makes it small",
     exploding_fronts_are_bounded},
    {NULL, NULL},
};
