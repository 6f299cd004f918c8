/* Fuzz target: profile files in memory; what is read must survive being written, and be planned. */
#include "scheduler/plan/solve.h"
#include "scheduler/profile/profile_file.h"
#include "tests/fuzz/fuzz.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LAYERS 8 /* of what is solved */
#define MAX_BLOCKS 40

static void require(int is_true)
{
    if (!is_true)
        abort();
}

static int is_equal(double a, double b)
{
    return a >= b && a <= b;
}

static void check_same(const struct split_profile *a, const struct split_profile *b)
{
    require(a->layer_count == b->layer_count && a->block_count == b->block_count &&
            a->skip_count == b->skip_count && a->batch == b->batch);
    require(is_equal(a->input_bytes, b->input_bytes));
    for (uint32_t i = 0; i < a->layer_count; i++) {
        const struct split_layer *x = &a->layers[i], *y = &b->layers[i];
        require(is_equal(x->output_bytes, y->output_bytes) && is_equal(x->mobile_ms, y->mobile_ms));
        require(is_equal(x->mobile_mj, y->mobile_mj) && is_equal(x->cloud_ms, y->cloud_ms));
        require(is_equal(x->backward_cloud_ms, y->backward_cloud_ms));
        require(x->input_count == y->input_count);
        for (uint32_t k = 0; k < x->input_count; k++)
            require(x->inputs[k] == y->inputs[k]);
        require(!strcmp(x->name ? x->name : "", y->name ? y->name : ""));
    }
    for (uint32_t i = 0; i < a->block_count; i++) {
        require(a->blocks[i].first == b->blocks[i].first);
        require(a->blocks[i].has_backward == b->blocks[i].has_backward);
    }
    for (uint32_t i = 0; i < a->skip_count; i++)
        require(a->skips[i].to == b->skips[i].to && is_equal(a->skips[i].bytes, b->skips[i].bytes));
}

static void check_written(const struct profile_file *file)
{
    char *bytes = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&bytes, &size);
    struct profile_file again;
    require(stream && profile_file_print(stream, &file->profile, &file->about) == 0);
    require(fclose(stream) == 0);
    require(profile_file_parse(&again, "again", bytes, size, NULL) == 0);
    check_same(&file->profile, &again.profile);
    require(!strcmp(file->about.fingerprint, again.about.fingerprint));
    require(file->about.cut_count == again.about.cut_count);
    profile_file_fini(&again);
    free(bytes);
}

/* The plan found costs what it says, and no more than staying on the mobile. */
static void check_solved(const struct split_profile *profile, enum split_mode mode,
                         enum split_objective objective)
{
    struct split_problem problem;
    struct split_conditions conditions;
    struct split_goal goal;
    struct split_solver *solver;
    struct split_plan plan;
    struct split_totals totals;
    require(split_problem_init(&problem, profile, mode, NULL) == 0);
    split_conditions_default(&conditions, split_network_named("4g"));
    split_goal_default(&goal);
    goal.objective = objective;
    const struct split_solver_config config = {.max_bytes = 1 << 24, .max_work = 1000000};
    require(split_solver_create(&problem, &config, &solver) == 0);
    require(split_plan_init(&plan, &problem) == 0);
    require(split_solve(solver, &conditions, &goal, &plan, NULL) == 0);
    require(plan.is_feasible && plan.part_count > 0);
    split_evaluate(&problem, &conditions, plan.parts, plan.part_count, &totals);
    const int is_energy = objective == SPLIT_ENERGY;
    const double found = is_energy ? plan.totals.energy_mj : plan.totals.latency_ms;
    const double counted = is_energy ? totals.energy_mj : totals.latency_ms;
    const double mobile = is_energy ? plan.mobile_only.energy_mj : plan.mobile_only.latency_ms;
    if (isfinite(counted) && isfinite(mobile)) {
        require(fabs(found - counted) <= 1e-6 * (1 + counted));
        require(found <= mobile + 1e-6 * (1 + mobile));
    }
    split_plan_fini(&plan);
    split_solver_destroy(solver);
    split_problem_fini(&problem);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct profile_file file;
    struct file_error error = {{0}};
    if (profile_file_parse(&file, "p", (const char *)bytes, size, &error)) {
        require(strncmp(error.text, "p: ", 3) == 0 && error.text[3] && !strchr(error.text, '\n'));
        return 0;
    }
    check_written(&file);
    if (file.profile.layer_count <= MAX_LAYERS && file.profile.block_count <= MAX_BLOCKS)
        for (int i = 0; i < 4; i++)
            check_solved(&file.profile, i % 2 ? SPLIT_TRAINING : SPLIT_INFERENCE,
                         i / 2 ? SPLIT_ENERGY : SPLIT_LATENCY);
    profile_file_fini(&file);
    return 0;
}
