/* The best plan, exactly: what is asked becomes minimisations on the problem's graph, or on minimum
 * cuts where that graph would be large. */
#include "scheduler/plan/solve.h"
#include "scheduler/plan/branch.h"
#include "scheduler/plan/minimise.h"
#include "scheduler/plan/one_side.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A bound holds up to this share of it (conditions.h). */
#define BOUND_TOLERANCE 1e-9
/* Of plans that are equal in what is minimised, the better by the other criteria: they count by
 * this share. It is far below the tolerance of bounds, and above rounding. */
#define TIE_SHARE 1e-12
/* More is a quotient of numbers that are almost 0, or of two that are 0. */
#define LARGEST_SHARE 1e100
/* A graph of more bytes than this for each step is slower than cuts. */
#define GRAPH_BYTES_PER_STEP (32 << 10)

struct split_solver {
    const struct split_problem *problem;
    struct split_solver_config config;
    bool has_branch, has_graph; /* one of them, or both */
    struct split_branch branch;
    struct split_graph graph;
    struct split_task task;
    struct split_labels labels;
    struct split_one_side mobile_only[2], cloud_only; /* the mobile's by objective */
    struct split_totals mobile_totals[2]; /* the same under all conditions */
    struct split_weights all_amounts; /* of all steps on both sides, and all tensors both ways */
    struct split_costs costs;
    /* For a load that gives its own figures. */
    double *cut_ms; /* [arcs] */
    double *remaining_ms; /* [layers + 1] */
    bool *can_turn; /* [steps + 1] */
};

/* What one split_solve() works on. */
struct solve {
    struct split_solver *solver;
    const struct split_conditions *conditions;
    struct split_plan *plan;
    struct split_weights weights[SPLIT_CRITERION_COUNT];
    /* To weigh ties: what a plan of one side has at least, and about what any plan has at most. */
    double least[SPLIT_CRITERION_COUNT], most[SPLIT_CRITERION_COUNT];
    double limits[SPLIT_CRITERION_COUNT];
    double epsilon;
    bool has_searched;
};

void split_solver_config_default(struct split_solver_config *config)
{
    *config = (struct split_solver_config){.max_bytes = (size_t)1 << 30,
                                           .max_work = UINT64_C(2000000000)};
}

static int init_one_sides(struct split_solver *solver)
{
    struct split_conditions any;
    split_conditions_default(&any, split_network_named("wifi"));
    for (int objective = SPLIT_LATENCY; objective <= SPLIT_ENERGY; objective++) {
        struct split_one_side *one_side = &solver->mobile_only[objective];
        int err = split_one_side_init(one_side, solver->problem, SPLIT_MOBILE,
                                      (enum split_objective)objective);
        if (err)
            return err;
        split_evaluate(solver->problem, &any, one_side->parts, one_side->part_count,
                       &solver->mobile_totals[objective]);
    }
    return split_one_side_init(&solver->cloud_only, solver->problem, SPLIT_CLOUD, SPLIT_LATENCY);
}

static void add_all_amounts(struct split_solver *solver)
{
    const struct split_problem *problem = solver->problem;
    struct split_weights *all = &solver->all_amounts;
    for (uint32_t g = 0; g < problem->group_count; g++) {
        const struct split_cost *cost = &problem->groups[g].cost;
        if (problem->groups[g].first != problem->groups[g].last)
            continue;
        all->mobile_ms += cost->mobile_ms;
        all->mobile_mj += cost->mobile_mj;
        all->cloud_ms += cost->cloud_ms;
        all->weight_bytes += cost->cloud_down_bytes;
    }
    for (uint32_t i = 0; i < problem->tensor_count; i++)
        all->up_bytes += problem->tensors[i].bytes;
    all->down_bytes = all->up_bytes;
    all->to_cloud = all->to_mobile = problem->count;
}

/* Every step a group of its own: cuts will do, whatever the tensors are. */
static int init_branch(struct split_solver *solver)
{
    if (!split_mincut_fits(solver->problem))
        return 0;
    int err = split_branch_init(&solver->branch, solver->problem);
    solver->has_branch = !err;
    return err;
}

static int init_graph(struct split_solver *solver)
{
    size_t max_bytes = solver->config.max_bytes;
    const size_t enough = (size_t)solver->problem->count * GRAPH_BYTES_PER_STEP;
    if (solver->has_branch && !solver->problem->is_chain && enough < max_bytes)
        max_bytes = enough;
    int err = split_graph_init(&solver->graph, solver->problem, max_bytes);
    solver->has_graph = !err;
    return err == -E2BIG && solver->has_branch ? 0 : err;
}

static int init_search(struct split_solver *solver)
{
    struct split_graph *graph = &solver->graph;
    int err = init_branch(solver);
    if (!err)
        err = init_graph(solver);
    if (err || !solver->has_graph)
        return err;
    if (!err)
        err = split_task_init(&solver->task, graph);
    if (!err)
        err = split_labels_init(&solver->labels, graph, solver->config.max_bytes,
                                solver->config.max_work);
    if (err)
        return err;
    solver->costs.graph = graph;
    solver->cut_ms = calloc(graph->arc_starts[graph->node_count], sizeof(*solver->cut_ms));
    solver->remaining_ms = calloc((size_t)graph->step_count + 1, sizeof(*solver->remaining_ms));
    solver->can_turn = calloc((size_t)graph->step_count + 1, sizeof(*solver->can_turn));
    return solver->cut_ms && solver->remaining_ms && solver->can_turn ? 0 : -ENOMEM;
}

int split_solver_create(const struct split_problem *problem,
                        const struct split_solver_config *config, struct split_solver **solver)
{
    struct split_solver *new = calloc(1, sizeof(*new));
    if (!new)
        return -ENOMEM;
    new->problem = problem;
    if (config)
        new->config = *config;
    else
        split_solver_config_default(&new->config);
    add_all_amounts(new);
    int err = init_one_sides(new);
    if (!err)
        err = init_search(new);
    if (err) {
        split_solver_destroy(new);
        return err;
    }
    *solver = new;
    return 0;
}

void split_solver_destroy(struct split_solver *solver)
{
    if (!solver)
        return;
    free(solver->can_turn);
    free(solver->remaining_ms);
    free(solver->cut_ms);
    split_labels_fini(&solver->labels);
    split_task_fini(&solver->task);
    split_graph_fini(&solver->graph);
    split_branch_fini(&solver->branch);
    split_one_side_fini(&solver->cloud_only);
    for (int objective = SPLIT_LATENCY; objective <= SPLIT_ENERGY; objective++)
        split_one_side_fini(&solver->mobile_only[objective]);
    free(solver);
}

/* The cloud's times by the server's own figures: a group costs what remains before it less what
 * remains after it, and a stretch between two cuts counts as that of its first layer. */
static void use_cuts(struct split_solver *solver, const struct split_load *load)
{
    const struct split_graph *graph = &solver->graph;
    memset(solver->can_turn, 0, ((size_t)graph->step_count + 1) * sizeof(*solver->can_turn));
    for (uint32_t cut = 0, layer = 0; cut < load->cut_count; cut++) {
        solver->can_turn[load->cut_layers[cut]] = true;
        for (; layer <= load->cut_layers[cut]; layer++)
            solver->remaining_ms[layer] = load->remaining_ms[cut];
    }
    for (uint32_t arc = 0; arc < graph->arc_starts[graph->node_count]; arc++) {
        const struct split_node *tail = &graph->nodes[graph->tails[arc]];
        const struct split_node *head = &graph->nodes[graph->heads[arc]];
        solver->cut_ms[arc] = tail->side == SPLIT_MOBILE ? graph->ms[arc]
                                                         : solver->remaining_ms[tail->step - 1] -
                                                               solver->remaining_ms[head->step];
    }
}

static void prepare_costs(struct split_solver *solver, const struct split_load *load)
{
    solver->costs.ms = load->cut_count ? solver->cut_ms : solver->graph.ms;
    solver->costs.can_turn = load->cut_count ? solver->can_turn : NULL;
    if (load->cut_count)
        use_cuts(solver, load);
}

static double value_of(const struct split_totals *totals, enum split_criterion criterion)
{
    if (criterion == SPLIT_BY_LATENCY)
        return totals->latency_ms;
    return criterion == SPLIT_BY_ENERGY ? totals->energy_mj : totals->cloud_ms;
}

/* The criterion, with a trace of the others to break ties. */
static struct split_weights objective_of(const struct solve *solve, enum split_criterion criterion)
{
    struct split_weights objective = solve->weights[criterion];
    for (int other = 0; other < SPLIT_CRITERION_COUNT; other++) {
        double share = TIE_SHARE * solve->least[criterion] / solve->most[other];
        if (other != (int)criterion && share < LARGEST_SHARE)
            split_weights_add(&objective, share, &solve->weights[other]);
    }
    return objective;
}

/* The least of a criterion: under the bounds on the others, or under none. Its totals are those of
 * the task's best plan, if there is one: task.upper says so. */
static int minimise(struct solve *solve, enum split_criterion criterion, bool has_bounds,
                    double epsilon, struct split_totals *totals)
{
    struct split_solver *solver = solve->solver;
    struct split_task *task = &solver->task;
    split_task_clear(task, &solver->costs);
    task->objective = objective_of(solve, criterion);
    task->epsilon = epsilon;
    for (int other = 0; has_bounds && other < SPLIT_CRITERION_COUNT; other++)
        if (other != (int)criterion && solve->limits[other] < INFINITY)
            task->bounds[task->bound_count++] =
                (struct split_bound){solve->weights[other], solve->limits[other]};
    bool has_searched;
    int err = split_minimise(task, &solver->labels, &has_searched);
    solve->has_searched |= has_searched;
    if (!err && task->upper < INFINITY)
        split_evaluate(solver->problem, solve->conditions, task->best.parts, task->best.part_count,
                       totals);
    return err;
}

/* The best plan within all bounds, if there is one. */
static int find_plan(struct solve *solve, enum split_criterion criterion)
{
    const struct split_task *task = &solve->solver->task;
    struct split_plan *plan = solve->plan;
    struct split_totals totals = {0};
    int err = minimise(solve, criterion, true, solve->epsilon, &totals);
    if (!err && solve->epsilon > 0 && task->upper < INFINITY &&
        value_of(&totals, criterion) > solve->limits[criterion]) /* perhaps by epsilon alone */
        err = minimise(solve, criterion, true, 0, &totals);
    if (err || task->upper >= INFINITY || value_of(&totals, criterion) > solve->limits[criterion])
        return err;
    plan->is_feasible = true;
    plan->totals = totals;
    plan->part_count = task->best.part_count;
    memcpy(plan->parts, task->best.parts, plan->part_count * sizeof(*plan->parts));
    return 0;
}

static int find_nearest(struct solve *solve, enum split_criterion criterion,
                        struct split_nearest *nearest)
{
    if (solve->limits[criterion] >= INFINITY)
        return 0;
    struct split_totals totals;
    int err = minimise(solve, criterion, false, 0, &totals);
    if (err)
        return err;
    nearest->alone = value_of(&totals, criterion);
    err = minimise(solve, criterion, true, solve->epsilon, &totals);
    if (!err && solve->solver->task.upper < INFINITY)
        nearest->beside_others = value_of(&totals, criterion);
    return err;
}

static void evaluate_one_sides(struct solve *solve, enum split_objective objective)
{
    const struct split_solver *solver = solve->solver;
    solve->plan->mobile_only = solver->mobile_totals[objective];
    split_evaluate(solver->problem, solve->conditions, solver->cloud_only.parts,
                   solver->cloud_only.part_count, &solve->plan->cloud_only);
    for (int i = 0; i < SPLIT_CRITERION_COUNT; i++) {
        enum split_criterion criterion = (enum split_criterion)i;
        solve->least[i] = fmin(value_of(&solve->plan->mobile_only, criterion),
                               value_of(&solve->plan->cloud_only, criterion));
        solve->most[i] = fmax(split_weights_product(&solve->weights[i], &solver->all_amounts),
                              fmax(value_of(&solve->plan->mobile_only, criterion),
                                   value_of(&solve->plan->cloud_only, criterion)));
    }
}

static int run(struct solve *solve, enum split_objective objective)
{
    struct split_plan *plan = solve->plan;
    int err = find_plan(solve, objective == SPLIT_LATENCY ? SPLIT_BY_LATENCY : SPLIT_BY_ENERGY);
    if (!err && !plan->is_feasible)
        err = find_nearest(solve, SPLIT_BY_LATENCY, &plan->latency_ms);
    if (!err && !plan->is_feasible)
        err = find_nearest(solve, SPLIT_BY_ENERGY, &plan->energy_mj);
    if (!err && !plan->is_feasible)
        err = find_nearest(solve, SPLIT_BY_CLOUD_TIME, &plan->cloud_ms);
    plan->solver = solve->has_searched ? "label-setting" : "shortest-path";
    return err;
}

static int check(const struct split_problem *problem, const struct split_conditions *conditions,
                 const struct split_goal *goal, struct split_error *error)
{
    int err = split_conditions_check(conditions, problem->layer_count, error);
    if (!err)
        err = split_goal_check(goal, error);
    if (!err && conditions->load.cut_count && problem->mode == SPLIT_TRAINING)
        err = split_error_set(error, -EINVAL, "remaining_ms",
                              "is of inference, it says nothing of a training step");
    return err;
}

static int explain(int err, double epsilon, struct split_error *error)
{
    if (err == -E2BIG && epsilon > 0)
        return split_error_set(error, err, "epsilon",
                               "is too small: too many partial plans are still as good as each "
                               "other for max_bytes or max_work");
    if (err == -E2BIG)
        return split_error_set(error, err, "epsilon",
                               "is 0, and too many partial plans are as good as each other for "
                               "max_bytes or max_work; give one above 0");
    if (err == -ENOMEM)
        return split_error_set(error, err, "max_bytes", "is more than there is: out of memory");
    return err;
}

static int solve_on_graph(struct split_solver *solver, const struct split_conditions *conditions,
                          const struct split_goal *goal, struct split_plan *plan)
{
    const struct split_nearest none = {INFINITY, INFINITY};
    *plan = (struct split_plan){
        .parts = plan->parts, .latency_ms = none, .energy_mj = none, .cloud_ms = none};
    struct solve solve = {.solver = solver,
                          .conditions = conditions,
                          .plan = plan,
                          .limits = {goal->max_latency_ms * (1 + BOUND_TOLERANCE),
                                     goal->max_energy_mj * (1 + BOUND_TOLERANCE),
                                     goal->max_cloud_ms * (1 + BOUND_TOLERANCE)},
                          .epsilon = goal->epsilon};
    for (int i = 0; i < SPLIT_CRITERION_COUNT; i++)
        split_weights_of(&solve.weights[i], conditions, (enum split_criterion)i);
    solver->labels.work = 0;
    evaluate_one_sides(&solve, goal->objective);
    prepare_costs(solver, &conditions->load);
    return run(&solve, goal->objective);
}

int split_solve(struct split_solver *solver, const struct split_conditions *conditions,
                const struct split_goal *goal, struct split_plan *plan, struct split_error *error)
{
    int err = check(solver->problem, conditions, goal, error);
    if (err)
        return err;
    err = -E2BIG;
    if (solver->has_graph)
        err = solve_on_graph(solver, conditions, goal, plan);
    if (err == -E2BIG && solver->has_branch)
        err = split_branch_solve(&solver->branch, conditions, goal, solver->config.max_work, plan);
    return explain(err, goal->epsilon, error);
}
