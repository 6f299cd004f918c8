/* The best placement under bounds, by branch and bound over minimum cuts.
 *
 * Bounds are moved into the objective with multipliers l >= 0: for every l,
 *
 *   L(l) = min over placements of  cost + sum l_i (uses_i - limit_i)
 *
 * is a minimum cut, and no placement within the bounds costs less. The best l comes from the linear
 * program over mixtures of the placements found so far (master.h): its prices are the next l, and
 * the cut for them is the placement that improves the mixture most, or the proof that none does.
 * Where the best mixture is of several placements, some step is neither here nor there: it is fixed
 * to one side, then to the other. A step whose other side would cost more than the best plan known,
 * as the cut itself tells, is fixed at once.
 *
 * Every placement that a cut finds and that meets the bounds is a candidate, so the search can stop
 * when no bound is below the best by more than epsilon. Costs that differ by less than one part in
 * 10^11 are taken for equal. */
#include "scheduler/plan/branch.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ALIKE 1e-11
#define MAX_CUTS 60

enum {
    LATENCY,
    ENERGY,
    CLOUD,
    QUANTITIES,
};

struct split_branch_level {
    uint32_t node, trail_count;
    uint8_t side;
    bool is_second;
    double bound, multipliers[SPLIT_MASTER_BOUNDS];
};

/* One minimisation: which quantity, and which others have limits. */
struct task {
    struct split_branch *branch;
    unsigned objective, bounds[SPLIT_MASTER_BOUNDS];
    double limits[QUANTITIES]; /* with the tolerance */
    double scales[QUANTITIES]; /* near the size that each has */
    double epsilon;
    struct split_master master;
};

/* What is known of one part of the search. */
struct relaxation {
    double bound; /* no placement within the limits costs less, in scaled units */
    double multipliers[SPLIT_MASTER_BOUNDS]; /* that gave it */
};

enum verdict {
    CLOSED,
    OPEN,
    GIVEN_UP,
};

static double *quantity(struct split_values *values, unsigned which)
{
    return which == LATENCY ? &values->latency : which == ENERGY ? &values->energy : &values->cloud;
}

static double value_of(const struct split_values *values, unsigned which)
{
    return which == LATENCY ? values->latency : which == ENERGY ? values->energy : values->cloud;
}

int split_branch_init(struct split_branch *branch, const struct split_problem *problem)
{
    *branch = (struct split_branch){0};
    int err = split_mincut_init(&branch->mincut, problem);
    if (err)
        return err;
    const size_t nodes = (size_t)problem->count + 1;
    branch->sides = calloc(nodes, sizeof(*branch->sides));
    branch->trail = calloc(nodes, sizeof(*branch->trail));
    branch->levels = calloc(nodes, sizeof(*branch->levels));
    branch->best = calloc(nodes, sizeof(*branch->best));
    err = split_agenda_init(&branch->agenda, (uint32_t)nodes);
    bool is_complete = !err && branch->sides && branch->trail && branch->levels && branch->best;
    for (int i = 0; i < SPLIT_BRANCH_SLOTS; i++) {
        branch->placements[i] = calloc(nodes, sizeof(*branch->placements[i]));
        is_complete &= branch->placements[i] != NULL;
    }
    if (is_complete)
        return 0;
    split_branch_fini(branch);
    return -ENOMEM;
}

void split_branch_fini(struct split_branch *branch)
{
    if (!branch)
        return;
    split_mincut_fini(&branch->mincut);
    split_agenda_fini(&branch->agenda);
    free(branch->sides);
    free(branch->trail);
    free(branch->levels);
    free(branch->best);
    for (int i = 0; i < SPLIT_BRANCH_SLOTS; i++)
        free(branch->placements[i]);
    *branch = (struct split_branch){0};
}

static void offer(struct task *task, const struct split_values *values, const bool *placement)
{
    struct split_branch *branch = task->branch;
    const double cost = value_of(values, task->objective);
    for (unsigned i = 0; i < task->master.bound_count; i++)
        if (value_of(values, task->bounds[i]) > task->limits[task->bounds[i]])
            return;
    if (cost >= branch->best_cost)
        return;
    branch->best_cost = cost;
    branch->best_values = *values;
    memcpy(branch->best, placement, branch->mincut.node_count * sizeof(*placement));
}

/* A bound from here up, in scaled units, leaves nothing to be found. */
static double cutoff(const struct task *task)
{
    const double cost = task->branch->best_cost / task->scales[task->objective];
    return cost / (1 + task->epsilon) * (1 - ALIKE);
}

static void fix(struct split_branch *branch, uint32_t node, uint8_t side)
{
    assert(branch->sides[node] == SPLIT_MINCUT_FREE);
    branch->sides[node] = side;
    branch->trail[branch->trail_count++] = node;
}

static void undo(struct split_branch *branch, uint32_t trail_count)
{
    while (branch->trail_count > trail_count)
        branch->sides[branch->trail[--branch->trail_count]] = SPLIT_MINCUT_FREE;
}

/* Every step whose other side is too dear by the cut just made. */
static void fix_the_clear(struct task *task, double bound)
{
    struct split_branch *branch = task->branch;
    const double room = cutoff(task) - bound;
    for (uint32_t node = 1; isfinite(room) && node < branch->mincut.node_count; node++)
        if (branch->sides[node] == SPLIT_MINCUT_FREE &&
            split_flow_regret(&branch->mincut.flow, node) > room)
            fix(branch, node,
                split_flow_is_sink_side(&branch->mincut.flow, node) ? SPLIT_CLOUD : SPLIT_MOBILE);
}

/* The placement that is best at these multipliers, into the slot; returns L. */
static double look(struct task *task, const double *multipliers, bool has_cost, unsigned slot,
                   struct split_master_column *plan)
{
    struct split_branch *branch = task->branch;
    const double cost_scale = task->scales[task->objective];
    struct split_values weights = {0}, values;
    *quantity(&weights, task->objective) = has_cost ? 1 / cost_scale : 0;
    for (unsigned i = 0; i < task->master.bound_count; i++)
        *quantity(&weights, task->bounds[i]) = multipliers[i] / task->scales[task->bounds[i]];
    split_mincut_solve(&branch->mincut, &weights, branch->sides, branch->placements[slot], &values);
    offer(task, &values, branch->placements[slot]);
    *plan = (struct split_master_column){.kind = SPLIT_MASTER_PLAN,
                                         .cost = value_of(&values, task->objective) / cost_scale,
                                         .slot = slot};
    double bound = has_cost ? plan->cost : 0;
    for (unsigned i = 0; i < task->master.bound_count; i++) {
        plan->uses[i] = value_of(&values, task->bounds[i]) / task->scales[task->bounds[i]];
        bound += multipliers[i] * (plan->uses[i] - task->master.limits[i]);
    }
    return bound;
}

static unsigned free_slot(const struct split_master *master)
{
    unsigned used = 0, slot = 0;
    for (unsigned i = 0; i <= master->bound_count; i++)
        if (master->basis[i].kind == SPLIT_MASTER_PLAN)
            used |= 1u << master->basis[i].slot;
    while (used >> slot & 1)
        slot++;
    return slot;
}

static void keep(struct relaxation *relaxation, double bound, const double *multipliers)
{
    if (bound <= relaxation->bound)
        return;
    relaxation->bound = bound;
    memcpy(relaxation->multipliers, multipliers, sizeof(relaxation->multipliers));
}

/* How far below 0 a bound on what is missing may be by rounding alone. */
static double slip(const struct task *task, const double *multipliers)
{
    double size = 0;
    for (unsigned i = 0; i < task->master.bound_count; i++)
        size += multipliers[i] * task->master.limits[i];
    return size * 1e-12;
}

/* Bounds what can be found with the sides as they are fixed. */
static enum verdict relax(struct task *task, struct relaxation *relaxation)
{
    struct split_branch *branch = task->branch;
    struct split_master_column plan;
    struct split_master_prices prices;
    double bound = look(task, relaxation->multipliers, true, 0, &plan);
    relaxation->bound = bound;
    if (bound >= cutoff(task))
        return CLOSED;
    fix_the_clear(task, bound);
    split_master_start(&task->master, &plan);
    for (int i = 0; i < MAX_CUTS && split_master_price(&task->master, &prices); i++) {
        if (branch->mincut.flow.work > branch->work_limit)
            return GIVEN_UP;
        bound = look(task, prices.multipliers, prices.is_within, free_slot(&task->master), &plan);
        if (prices.is_within) {
            keep(relaxation, bound, prices.multipliers);
            if (bound >= cutoff(task))
                return CLOSED;
            fix_the_clear(task, bound);
        } else if (bound > slip(task, prices.multipliers)) {
            return CLOSED; /* something is always missing */
        }
        if (bound >= prices.value - ALIKE * fabs(prices.value) - 1e-15)
            break;
        if (!split_master_enter(&task->master, &plan))
            break;
    }
    return OPEN;
}

/* The free step that the mixture is least decided on; 0 where there is no free one. */
static uint32_t choose(const struct task *task, uint8_t *side)
{
    const struct split_branch *branch = task->branch;
    uint32_t chosen = 0;
    double highest = -1;
    for (uint32_t node = 1; node < branch->mincut.node_count; node++) {
        double share = 0;
        if (branch->sides[node] != SPLIT_MINCUT_FREE)
            continue;
        for (unsigned i = 0; i <= task->master.bound_count; i++) {
            const struct split_master_column *column = &task->master.basis[i];
            if (column->kind == SPLIT_MASTER_PLAN && branch->placements[column->slot][node])
                share += column->share;
        }
        const double doubt =
            fmin(share, 1 - share) * (1e-9 + split_mincut_size(&branch->mincut, node));
        if (doubt <= highest)
            continue;
        highest = doubt;
        chosen = node;
        *side = share > 0.5 ? SPLIT_CLOUD : SPLIT_MOBILE;
    }
    return chosen;
}

/* Looks through all placements with the sides as they are fixed, in memory that does not grow. 0 or
 * -E2BIG. */
static int search_in_depth(struct task *task, struct relaxation relaxation)
{
    struct split_branch *branch = task->branch;
    uint32_t depth = 0;
    branch->trail_count = 0;
    for (;;) {
        enum verdict verdict = relax(task, &relaxation);
        struct split_branch_level level = {.trail_count = branch->trail_count,
                                           .bound = relaxation.bound};
        if (verdict == GIVEN_UP)
            return -E2BIG;
        if (verdict == OPEN && (level.node = choose(task, &level.side))) {
            memcpy(level.multipliers, relaxation.multipliers, sizeof(level.multipliers));
            branch->levels[depth++] = level;
            fix(branch, level.node, level.side);
            continue;
        }
        while (depth && (branch->levels[depth - 1].is_second ||
                         branch->levels[depth - 1].bound >= cutoff(task)))
            depth--;
        if (!depth)
            return 0;
        struct split_branch_level *last = &branch->levels[depth - 1];
        last->is_second = true;
        undo(branch, last->trail_count);
        fix(branch, last->node, last->side == SPLIT_CLOUD ? SPLIT_MOBILE : SPLIT_CLOUD);
        memcpy(relaxation.multipliers, last->multipliers, sizeof(relaxation.multipliers));
    }
}

/* Leaves the best placement within the limits in the branch; best_cost INFINITY: none. 0, -E2BIG.
 *
 * The part with the least bound first: every part that is opened so has a bound below the best
 * there is, and had to be opened in any order. */
static int search(struct task *task)
{
    struct split_branch *branch = task->branch;
    struct split_agenda *agenda = &branch->agenda;
    const double none[SPLIT_MASTER_BOUNDS] = {0};
    branch->best_cost = INFINITY;
    memset(branch->sides, SPLIT_MINCUT_FREE, agenda->node_count);
    split_agenda_clear(agenda);
    split_agenda_push(agenda, -INFINITY, none, branch->sides);
    while (agenda->count && agenda->items[0].bound < cutoff(task)) {
        struct split_agenda_item item;
        struct relaxation relaxation;
        uint8_t side;
        int err = 0;
        split_agenda_pop(agenda, &item, branch->sides);
        memcpy(relaxation.multipliers, item.multipliers, sizeof(item.multipliers));
        branch->trail_count = 0;
        const enum verdict verdict = relax(task, &relaxation);
        const uint32_t node = verdict == OPEN ? choose(task, &side) : 0;
        if (verdict == GIVEN_UP)
            return -E2BIG;
        if (!node)
            continue;
        if (agenda->count + 2 > agenda->room) {
            err = search_in_depth(task, relaxation);
        } else {
            const double bound = fmax(relaxation.bound, item.bound);
            branch->sides[node] = side == SPLIT_CLOUD ? SPLIT_MOBILE : SPLIT_CLOUD;
            split_agenda_push(agenda, bound, relaxation.multipliers, branch->sides);
            branch->sides[node] = side;
            split_agenda_push(agenda, bound, relaxation.multipliers, branch->sides);
        }
        if (err)
            return err;
    }
    return 0;
}

static void find_scales(struct task *task, const struct split_plan *plan)
{
    const struct split_totals *a = &plan->mobile_only, *b = &plan->cloud_only;
    task->scales[LATENCY] = fmax(a->latency_ms, b->latency_ms);
    task->scales[ENERGY] = fmax(a->energy_mj, b->energy_mj);
    task->scales[CLOUD] = fmax(a->cloud_ms, b->cloud_ms);
    for (unsigned i = 0; i < QUANTITIES; i++)
        if (task->scales[i] <= 0)
            task->scales[i] = 1;
}

/* limits: INFINITY for none; the objective's own is not looked at. */
static int minimise(struct split_branch *branch, unsigned objective,
                    const double limits[QUANTITIES], double epsilon, const struct split_plan *plan)
{
    struct task task = {.branch = branch, .objective = objective, .epsilon = epsilon};
    find_scales(&task, plan);
    for (unsigned i = 0; i < QUANTITIES; i++) {
        task.limits[i] = limits[i];
        if (i == objective || isinf(limits[i]))
            continue;
        if (limits[i] > 1e-6 * task.scales[i])
            task.scales[i] = limits[i];
        task.bounds[task.master.bound_count] = i;
        task.master.limits[task.master.bound_count++] = limits[i] / task.scales[i];
    }
    return search(&task);
}

static void place_all(const struct split_branch *branch, const struct split_conditions *conditions,
                      enum split_side side, struct split_plan *plan, struct split_totals *totals)
{
    const uint32_t count = branch->mincut.problem->count;
    for (uint32_t step = 1; step <= count; step++)
        plan->parts[step - 1] = (struct split_part){step, step, side};
    split_evaluate(branch->mincut.problem, conditions, plan->parts, count, totals);
}

static void write_plan(const struct split_branch *branch, const struct split_conditions *conditions,
                       struct split_plan *plan)
{
    const uint32_t count = branch->mincut.problem->count;
    for (uint32_t step = 1; step <= count; step++)
        plan->parts[step - 1] = (struct split_part){
            step, step, branch->best[branch->mincut.node_of[step]] ? SPLIT_CLOUD : SPLIT_MOBILE};
    plan->is_feasible = true;
    plan->part_count = count;
    split_evaluate(branch->mincut.problem, conditions, plan->parts, count, &plan->totals);
}

/* The least value that the limit of this quantity could have, alone and beside the others. */
static int find_nearest(struct split_branch *branch, unsigned which,
                        const double limits[QUANTITIES], const struct split_plan *plan,
                        struct split_nearest *nearest)
{
    const double none[QUANTITIES] = {INFINITY, INFINITY, INFINITY};
    if (isinf(limits[which]))
        return 0;
    int err = minimise(branch, which, none, 0, plan);
    nearest->alone = branch->best_cost;
    if (!err)
        err = minimise(branch, which, limits, 0, plan);
    nearest->beside_others = branch->best_cost;
    return err;
}

int split_branch_solve(struct split_branch *branch, const struct split_conditions *conditions,
                       const struct split_goal *goal, uint64_t max_work, struct split_plan *plan)
{
    const unsigned objective = goal->objective == SPLIT_LATENCY ? LATENCY : ENERGY;
    const double limits[QUANTITIES] = {goal->max_latency_ms * (1 + 1e-9),
                                       goal->max_energy_mj * (1 + 1e-9),
                                       goal->max_cloud_ms * (1 + 1e-9)};
    const struct split_nearest unknown = {INFINITY, INFINITY};
    *plan = (struct split_plan){.parts = plan->parts,
                                .latency_ms = unknown,
                                .energy_mj = unknown,
                                .cloud_ms = unknown,
                                .solver = "branch-and-bound"};
    place_all(branch, conditions, SPLIT_MOBILE, plan, &plan->mobile_only);
    place_all(branch, conditions, SPLIT_CLOUD, plan, &plan->cloud_only);
    split_mincut_prepare(&branch->mincut, conditions);
    branch->work_limit = branch->mincut.flow.work + max_work;
    int err = minimise(branch, objective, limits, goal->epsilon, plan);
    if (!err && goal->epsilon > 0 && isfinite(branch->best_cost) &&
        branch->best_cost > limits[objective]) /* perhaps by epsilon alone */
        err = minimise(branch, objective, limits, 0, plan);
    if (isinf(limits[ENERGY + LATENCY - objective]) && isinf(limits[CLOUD]))
        plan->solver = "min-cut";
    if (err)
        return err;
    if (isfinite(branch->best_cost) && branch->best_cost <= limits[objective]) {
        write_plan(branch, conditions, plan);
        return 0;
    }
    err = find_nearest(branch, LATENCY, limits, plan, &plan->latency_ms);
    if (!err)
        err = find_nearest(branch, ENERGY, limits, plan, &plan->energy_mj);
    if (!err)
        err = find_nearest(branch, CLOUD, limits, plan, &plan->cloud_ms);
    return err;
}
