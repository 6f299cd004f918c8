/* Times the planner: plan_bench [--seeds N] [--bounds N] [--repeats N] [WORD in a row's name].
 *
 * One solve, one core, CPU time, the best of the repeats; a row is the median and the worst over
 * networks, seeds and bounds across the feasible range. "searched": the share of solves that the
 * relaxation alone did not decide; "refused": more than 2e7 partial plans, for want of epsilon. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/split_case.h"

enum {
    MOST_TIMES = 1 << 16,
};

struct options {
    uint32_t seeds, bounds, repeats;
    const char *word;
};

struct row {
    const char *name;
    struct split_case_config config;
    bool is_alexnet;
    unsigned bound_count;
    double target_us;
};

static const struct row rows[] = {
    {"alexnet 21, 231 blocks, unbounded", {.layer_count = 21, .has_all_blocks = true}, true, 0, 50},
    {"alexnet 21, 231 blocks, one bound", {.layer_count = 21, .has_all_blocks = true}, true, 1, 50},
    {"alexnet 21, 231 blocks, two bounds", {.layer_count = 21, .has_all_blocks = true}, true, 2, 0},
    {"random 21, 231 blocks, one bound", {.layer_count = 21, .has_all_blocks = true}, false, 1, 50},
    {"random 21, 231 blocks, two bounds", {.layer_count = 21, .has_all_blocks = true}, false, 2, 0},
    {"chain 1000, unbounded", {.layer_count = 1000}, false, 0, 100},
    {"chain 1000, one bound", {.layer_count = 1000}, false, 1, 0},
    {"chain 1000, two bounds", {.layer_count = 1000}, false, 2, 0},
    {"skips 100, one bound", {.layer_count = 100, .skip_share = 0.1}, false, 1, 0},
    {"random 300, 45150 blocks, unbounded",
     {.layer_count = 300, .has_all_blocks = true},
     false,
     0,
     0},
    {"random 300, 45150 blocks, one bound",
     {.layer_count = 300, .has_all_blocks = true},
     false,
     1,
     20000},
    {"random 300, 45150 blocks, two bounds",
     {.layer_count = 300, .has_all_blocks = true},
     false,
     2,
     0},
};

/* AlexNet's 21 layers as the paper counts them: operations and outputs, of one image. */
static const struct {
    double million_operations, outputs, weights;
} alexnet[21] = {
    {141, 193600, 23296},  {0.2, 193600, 0},     {1, 193600, 0},       {0.4, 46656, 0},
    {448, 139968, 307392}, {0.2, 139968, 0},     {1, 139968, 0},       {0.3, 32448, 0},
    {224, 64896, 663936},  {0.1, 64896, 0},      {299, 43264, 884992}, {0.1, 43264, 0},
    {199, 43264, 590080},  {0.1, 43264, 0},      {0.1, 9216, 0},       {75, 4096, 37752832},
    {0.1, 4096, 0},        {34, 4096, 16781312}, {0.1, 4096, 0},       {8, 1000, 4097000},
    {0.1, 1000, 0},
};

static void make_alexnet(struct split_case *one, struct split_random *random)
{
    struct split_profile *profile = &one->profile;
    profile->input_bytes = 224 * 224 * 3;
    for (uint32_t i = 0; i < 21; i++) {
        struct split_layer *layer = &profile->layers[i];
        layer->output_bytes = alexnet[i].outputs;
        layer->mobile_ms = 0.1 + alexnet[i].million_operations * 0.02 + alexnet[i].weights * 4e-7;
        layer->mobile_mj = layer->mobile_ms * (3 + 4 * split_random_unit(random));
        layer->cloud_ms = 0.02 + alexnet[i].million_operations * 0.001 + alexnet[i].weights * 2e-8;
    }
    for (uint32_t b = 0; b < profile->block_count; b++) {
        struct split_block *block = &profile->blocks[b];
        block->mobile_ms = block->mobile_mj = block->cloud_ms = 0;
        for (uint32_t i = block->first - 1; i < block->last; i++) {
            block->mobile_ms += profile->layers[i].mobile_ms;
            block->mobile_mj += profile->layers[i].mobile_mj;
            block->cloud_ms += profile->layers[i].cloud_ms;
        }
        block->mobile_ms *= 0.6 + 0.5 * split_random_unit(random);
        block->mobile_mj *= 0.6 + 0.5 * split_random_unit(random);
        block->cloud_ms *= 0.6 + 0.5 * split_random_unit(random);
    }
}

static double now_us(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec * 1e-3;
}

static void must(int err, const char *what)
{
    if (!err)
        return;
    fprintf(stderr, "plan_bench: %s: %s\n", what, strerror(-err));
    exit(1);
}

/* Of one solve: the best of the repeats, each long enough for the clock. */
static double time_solve(struct split_solver *solver, const struct split_conditions *conditions,
                         const struct split_goal *goal, struct split_plan *plan, uint32_t repeats)
{
    double best = INFINITY;
    uint32_t loops = 1;
    for (uint32_t i = 0; i <= repeats; i++) {
        double start = now_us();
        for (uint32_t k = 0; k < loops; k++)
            if (split_solve(solver, conditions, goal, plan, NULL)) /* over the limits */
                return INFINITY;
        double us = (now_us() - start) / loops;
        if (i == 0) { /* warm-up: how many make 200 us */
            loops = us < 200 ? (uint32_t)(200 / us) + 1 : 1;
            continue;
        }
        best = us < best ? us : best;
        if (us > 1e5)
            break;
    }
    return best;
}

struct extremes {
    struct split_totals fast, frugal;
};

/* Bound number b of `count`: which criteria, and where between the extreme plans. */
static void set_goal(struct split_goal *goal, const struct row *row, const struct extremes *ends,
                     uint32_t b, uint32_t count)
{
    split_goal_default(goal);
    const unsigned kind = b % 3;
    goal->objective = kind == 2 ? SPLIT_ENERGY : SPLIT_LATENCY;
    const double share = (b / 3 + 0.5) / (count / 3 + 1);
    const double energy =
        ends->frugal.energy_mj + share * (ends->fast.energy_mj - ends->frugal.energy_mj);
    const double latency =
        ends->fast.latency_ms + share * (ends->frugal.latency_ms - ends->fast.latency_ms);
    const double cloud =
        ends->fast.cloud_ms > ends->frugal.cloud_ms ? ends->fast.cloud_ms : ends->frugal.cloud_ms;
    if (row->bound_count >= 1 && kind == 0)
        goal->max_energy_mj = energy;
    if (row->bound_count >= 1 && kind == 1)
        goal->max_cloud_ms = share * cloud;
    if (row->bound_count >= 1 && kind == 2)
        goal->max_latency_ms = latency;
}

/* A second bound, a little to much tighter than what the plan under the first one uses. */
static void add_bound(struct split_goal *goal, const struct split_totals *under_one,
                      struct split_random *random)
{
    const double share = 1 - 0.2 * split_random_unit(random) * split_random_unit(random);
    if (isinf(goal->max_cloud_ms))
        goal->max_cloud_ms = share * under_one->cloud_ms;
    else
        goal->max_energy_mj = share * under_one->energy_mj;
}

static int compare_times(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static void time_row(const struct row *row, const struct options *options)
{
    static const char *const networks[] = {"3g", "4g", "wifi"};
    double *times = calloc(MOST_TIMES, sizeof(*times));
    uint32_t count = 0, searched = 0, infeasible = 0, refused = 0;
    struct split_solver_config limits;
    split_solver_config_default(&limits);
    limits.max_work = 20000000; /* about a second */
    must(times ? 0 : -ENOMEM, "times");
    for (uint32_t seed = 1; seed <= options->seeds; seed++) {
        struct split_random random = {seed * 7919};
        struct split_case one;
        struct split_problem problem;
        struct split_solver *solver;
        struct split_plan plan;
        split_case_init(&one, &row->config, &random);
        if (row->is_alexnet)
            make_alexnet(&one, &random);
        must(split_problem_init(&problem, &one.profile, SPLIT_INFERENCE, NULL), "problem");
        must(split_solver_create(&problem, &limits, &solver), "solver");
        must(split_plan_init(&plan, &problem), "plan");
        for (int n = 0; n < 3; n++) {
            struct split_goal goal;
            struct extremes ends;
            one.conditions.network = *split_network_named(networks[n]);
            split_goal_default(&goal);
            must(split_solve(solver, &one.conditions, &goal, &plan, NULL), "fast");
            ends.fast = plan.totals;
            goal.objective = SPLIT_ENERGY;
            must(split_solve(solver, &one.conditions, &goal, &plan, NULL), "frugal");
            ends.frugal = plan.totals;
            for (uint32_t b = 0; b < options->bounds && count < MOST_TIMES; b++) {
                set_goal(&goal, row, &ends, b, options->bounds);
                if (row->bound_count > 1) {
                    must(split_solve(solver, &one.conditions, &goal, &plan, NULL), "one bound");
                    add_bound(&goal, &plan.totals, &random);
                }
                times[count++] =
                    time_solve(solver, &one.conditions, &goal, &plan, options->repeats);
                refused += isinf(times[count - 1]);
                searched += plan.solver && !strcmp(plan.solver, "label-setting");
                infeasible += plan.solver && !plan.is_feasible;
            }
        }
        split_plan_fini(&plan);
        split_solver_destroy(solver);
        split_problem_fini(&problem);
        split_case_fini(&one);
    }
    qsort(times, count, sizeof(*times), compare_times);
    printf("%-38s %6u %10.1f %10.1f %10.1f ", row->name, count, times[count / 2],
           times[count * 99 / 100], times[count - 1]);
    if (row->target_us > 0)
        printf("%8.0f", row->target_us);
    else
        printf("%8s", "-");
    printf(" %8.0f%% %10u %8u\n", 100.0 * searched / count, infeasible, refused);
    fflush(stdout);
    free(times);
}

static uint32_t number(const char *text)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*end || !value || value > 100000)
        must(-EINVAL, text);
    return (uint32_t)value;
}

int main(int argc, char **argv)
{
    struct options options = {.seeds = 5, .bounds = 30, .repeats = 5};
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--seeds") && i + 1 < argc)
            options.seeds = number(argv[++i]);
        else if (!strcmp(argv[i], "--bounds") && i + 1 < argc)
            options.bounds = number(argv[++i]);
        else if (!strcmp(argv[i], "--repeats") && i + 1 < argc)
            options.repeats = number(argv[++i]);
        else
            options.word = argv[i];
    }
    printf("%-38s %6s %10s %10s %10s %8s %9s %10s %8s\n", "us per solve", "solves", "median",
           "99 %", "worst", "target", "searched", "infeasible", "refused");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (!options.word || strstr(rows[i].name, options.word))
            time_row(&rows[i], &options);
    return 0;
}
