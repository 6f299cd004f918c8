/* How fast plans are found: the solver against GLPK on the paper's integer program, same instances,
 * and cuts on networks of a thousand layers. Time of one core; the best of several runs.
 *
 * Without GLPK in the build its columns are empty. Exits with 1 if the two disagree. An argument
 * leaves only the rows that have it in their name. */
#include "scheduler/plan/oracle/ilp.h"
#include "scheduler/plan/solve.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct recipe {
    const char *name;
    uint32_t layers;
    bool has_blocks; /* all of them */
    uint32_t max_inputs; /* of a layer; 1: a chain */
    uint32_t reach; /* how far before a layer its inputs may be */
    enum split_mode mode;
    enum { FREE, CLOUD, ENERGY, LATENCY, CLOUD_AND_ENERGY } bounds;
    bool has_glpk;
};

static const struct recipe recipes[] = {
    {"21 layers, 231 blocks, no bound", 21, true, 1, 1, SPLIT_INFERENCE, FREE, true},
    {"21 layers, 231 blocks, cloud time", 21, true, 1, 1, SPLIT_INFERENCE, CLOUD, true},
    {"21 layers, 231 blocks, energy", 21, true, 1, 1, SPLIT_INFERENCE, ENERGY, true},
    {"21 layers, 231 blocks, latency", 21, true, 1, 1, SPLIT_INFERENCE, LATENCY, true},
    {"70 layers, cloud time", 70, false, 1, 1, SPLIT_INFERENCE, CLOUD, true},
    {"70 layers, skips, cloud time", 70, false, 2, 3, SPLIT_INFERENCE, CLOUD, true},
    {"21 layers, training, cloud time", 21, false, 1, 1, SPLIT_TRAINING, CLOUD, true},
    {"40 layers, any inputs, no bound", 40, false, 4, 40, SPLIT_INFERENCE, FREE, true},
    {"40 layers, any inputs, cloud time", 40, false, 4, 40, SPLIT_INFERENCE, CLOUD, true},
    {"40 layers, any inputs, two bounds", 40, false, 4, 40, SPLIT_INFERENCE, CLOUD_AND_ENERGY,
     true},
    {"1000 layers, any inputs, no bound", 1000, false, 4, 1000, SPLIT_INFERENCE, FREE, false},
    {"1000 layers, near inputs, no bound", 1000, false, 4, 30, SPLIT_INFERENCE, FREE, false},
    {"1000 layers, any inputs, training", 1000, false, 4, 1000, SPLIT_TRAINING, FREE, false},
    {"200 layers, any inputs, cloud time", 200, false, 4, 200, SPLIT_INFERENCE, CLOUD, false},
};

struct instance {
    uint64_t state;
    struct split_profile profile;
    uint32_t *inputs;
    struct split_problem problem;
    struct split_conditions conditions;
    struct split_goal goal;
    struct split_plan plan, other;
};

static double unit(struct instance *instance)
{
    uint64_t z = instance->state += 0x9e3779b97f4a7c15u; /* SplitMix64 */
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static void *take(size_t count, size_t bytes)
{
    void *memory = calloc(count + 1, bytes);
    if (!memory) {
        fputs("plan_oracle_bench: out of memory\n", stderr);
        exit(1);
    }
    return memory;
}

static void fill_layers(struct instance *instance, const struct recipe *recipe)
{
    struct split_profile *profile = &instance->profile;
    profile->layers = take(recipe->layers, sizeof(*profile->layers));
    instance->inputs = take((size_t)recipe->layers * (recipe->max_inputs + 1), sizeof(uint32_t));
    for (uint32_t i = 0; i < recipe->layers; i++) {
        struct split_layer *layer = &profile->layers[i];
        layer->output_bytes = floor(200000 * pow(unit(instance), 3));
        layer->weight_bytes = floor(100000 * pow(unit(instance), 3));
        layer->mobile_ms = 20 * unit(instance);
        layer->mobile_mj = layer->mobile_ms * (1 + unit(instance));
        layer->cloud_ms = layer->mobile_ms * (0.05 + 0.2 * unit(instance));
        layer->backward_mobile_ms = 2 * layer->mobile_ms;
        layer->backward_mobile_mj = 2 * layer->mobile_mj;
        layer->backward_cloud_ms = 2 * layer->cloud_ms;
        if (recipe->max_inputs == 1)
            continue;
        uint32_t *inputs = &instance->inputs[(size_t)i * (recipe->max_inputs + 1)];
        const uint32_t reach = i + 1 < recipe->reach ? i + 1 : recipe->reach;
        inputs[layer->input_count++] = i; /* so that every output is taken */
        for (uint32_t k = 1; k < recipe->max_inputs && unit(instance) < 0.5; k++)
            inputs[layer->input_count++] = i - (uint32_t)(reach * unit(instance));
        layer->inputs = inputs;
    }
}

static void fill_blocks(struct instance *instance)
{
    struct split_profile *profile = &instance->profile;
    const uint32_t n = profile->layer_count;
    profile->blocks = take((size_t)n * (n + 1) / 2, sizeof(*profile->blocks));
    for (uint32_t first = 1; first <= n; first++) {
        struct split_block block = {.first = first};
        for (block.last = first; block.last <= n; block.last++) {
            const struct split_layer *layer = &profile->layers[block.last - 1];
            const double gain = 0.7 + 0.3 * unit(instance);
            block.mobile_ms += layer->mobile_ms * gain;
            block.mobile_mj += layer->mobile_mj * gain;
            block.cloud_ms += layer->cloud_ms * gain;
            profile->blocks[profile->block_count++] = block;
        }
    }
}

static void open_instance(struct instance *instance, const struct recipe *recipe, uint64_t seed)
{
    *instance = (struct instance){
        .state = seed,
        .profile = {.batch = 1, .input_bytes = 150528, .layer_count = recipe->layers}};
    struct split_error error;
    fill_layers(instance, recipe);
    if (recipe->has_blocks)
        fill_blocks(instance);
    if (split_problem_init(&instance->problem, &instance->profile, recipe->mode, &error) ||
        split_plan_init(&instance->plan, &instance->problem) ||
        split_plan_init(&instance->other, &instance->problem)) {
        fprintf(stderr, "plan_oracle_bench: %s %s\n", error.field, error.reason);
        exit(1);
    }
    split_conditions_default(&instance->conditions, split_network_named("wifi"));
    split_goal_default(&instance->goal);
}

static void close_instance(struct instance *instance)
{
    split_plan_fini(&instance->plan);
    split_plan_fini(&instance->other);
    split_problem_fini(&instance->problem);
    free(instance->profile.layers);
    free(instance->profile.blocks);
    free(instance->inputs);
}

static double now_us(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static void solve(struct instance *instance, struct split_solver *solver)
{
    struct split_error error;
    if (!split_solve(solver, &instance->conditions, &instance->goal, &instance->plan, &error))
        return;
    fprintf(stderr, "plan_oracle_bench: %s %s\n", error.field, error.reason);
    exit(1);
}

/* Half way between what the best plan takes without bounds and the least there can be. */
static void draw_bounds(struct instance *instance, const struct recipe *recipe,
                        struct split_solver *solver)
{
    struct split_goal *goal = &instance->goal;
    solve(instance, solver);
    const struct split_totals fast = instance->plan.totals;
    goal->objective = SPLIT_ENERGY;
    solve(instance, solver);
    const struct split_totals frugal = instance->plan.totals;
    goal->objective = recipe->bounds == LATENCY ? SPLIT_ENERGY : SPLIT_LATENCY;
    if (recipe->bounds == CLOUD)
        goal->max_cloud_ms = fast.cloud_ms / 2;
    if (recipe->bounds == CLOUD_AND_ENERGY)
        goal->max_cloud_ms = fast.cloud_ms * 0.75;
    if (recipe->bounds == ENERGY)
        goal->max_energy_mj = (fast.energy_mj + frugal.energy_mj) / 2;
    if (recipe->bounds == CLOUD_AND_ENERGY)
        goal->max_energy_mj = fast.energy_mj * 1.5;
    if (recipe->bounds == LATENCY)
        goal->max_latency_ms = (fast.latency_ms + frugal.latency_ms) / 2;
}

/* Reading the clock takes about as long as the quickest solves: those are timed by the dozen. */
static double best_us(struct instance *instance, struct split_solver *solver)
{
    double best = INFINITY;
    int dozen = 1;
    const double start = now_us();
    for (int run = 0; run < 3 || (run < 1000 && now_us() < start + 2e5); run++) {
        const double before = now_us();
        for (int i = 0; i < dozen; i++)
            solve(instance, solver);
        best = fmin(best, (now_us() - before) / dozen);
        dozen = best < 1000 ? 12 : 1;
    }
    return best;
}

#ifdef JOINT_HAS_GLPK
static double best_program_us(struct instance *instance)
{
    double best = INFINITY;
    for (int run = 0; run < 3 && (!run || best < 1e6); run++) {
        const double before = now_us();
        if (split_ilp_solve(&instance->problem, &instance->conditions, &instance->goal,
                            &instance->other, NULL))
            return NAN;
        best = fmin(best, now_us() - before);
    }
    return best;
}

static bool is_equal(const struct instance *instance)
{
    const struct split_totals *a = &instance->plan.totals, *b = &instance->other.totals;
    const double x = instance->goal.objective == SPLIT_LATENCY ? a->latency_ms : a->energy_mj;
    const double y = instance->goal.objective == SPLIT_LATENCY ? b->latency_ms : b->energy_mj;
    return instance->plan.is_feasible == instance->other.is_feasible &&
           fabs(x - y) <= 1e-6 * fmax(x, y);
}
#endif

static int compare(const struct recipe *recipe)
{
    enum { SEEDS = 5 };
    double solver_us = 0, worst_us = 0, program_us = 0;
    int different = 0;
    const char *name = NULL;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct instance instance;
        struct split_solver *solver;
        open_instance(&instance, recipe, seed);
        if (split_solver_create(&instance.problem, NULL, &solver))
            exit(1);
        draw_bounds(&instance, recipe, solver);
        const double us = best_us(&instance, solver);
        solver_us += us / SEEDS;
        worst_us = fmax(worst_us, us);
        name = instance.plan.solver;
#ifdef JOINT_HAS_GLPK
        if (recipe->has_glpk) {
            program_us += best_program_us(&instance) / SEEDS;
            different += !is_equal(&instance);
        }
#endif
        split_solver_destroy(solver);
        close_instance(&instance);
    }
    printf("%-36s %-17s %9.1f %9.1f", recipe->name, name, solver_us, worst_us);
    if (program_us > 0)
        printf(" %11.0f %8.0f  %s", program_us, program_us / solver_us,
               different ? "DIFFERENT" : "same");
    printf("\n");
    fflush(stdout);
    return different;
}

int main(int argc, char **argv)
{
    int different = 0;
    printf("%-36s %-17s %9s %9s %11s %8s\n", "instance (5 seeds)", "solver (last)", "mean us",
           "worst us", "GLPK us", "ratio");
    for (size_t i = 0; i < sizeof(recipes) / sizeof(recipes[0]); i++)
        if (argc < 2 || strstr(recipes[i].name, argv[1]))
            different += compare(&recipes[i]);
    return different != 0;
}
