/* The least of one criterion under bounds: cheap answers first, then the gap that they leave.
 *
 * 1. The shortest path. If it keeps the bounds, it is the answer.
 * 2. The shortest path by each bounded criterion. If its use is over the bound, there is no answer.
 * 3. The Lagrangian relaxation: a lower bound, and mostly a plan not far above it.
 * 4. Label-setting in between: all of the gap, if that is quick. Else first close to the lower
 * bound: the optimum is mostly there, and the closer the limit, the fewer labels survive. What is
 * found below a limit is the optimum; if nothing is, the limit rises fourfold from the bound, so
 * the last search is most of the work.
 *
 * With epsilon, labels are compared by buckets of width w = epsilon * lower / (steps + 1). By
 * induction each prefix of the optimal plan has a kept label with no larger uses and a cost at most
 * w a step larger (a label displaced has one of its bucket or a lower one in its place), so its
 * completion keeps the bounds, and no completion bound cuts it off unless the optimum and epsilon
 * times lower together are over the limit. So what is found costs at most (1 + epsilon) times the
 * optimum; and if nothing is found, the optimum is above limit - epsilon * lower, and lower rises
 * to that. With limits of at most twice lower, a place under one bound holds at most 2 (steps + 1)
 * / epsilon + 1 labels: polynomial. Under two bounds the second use has no buckets (it must be kept
 * exactly), and the count has no such limit. */
#include "scheduler/plan/minimise.h"
#include "scheduler/plan/multipliers.h"

#include <math.h>

/* No plan at all costs more: the longest path, as the shortest under the opposite weights. */
static double most_cost(struct split_task *task)
{
    struct split_weights opposite = {0};
    split_weights_add(&opposite, -1, &task->objective);
    split_to_go_fill(&task->lagrangian, task->costs, &opposite);
    const double most = -task->lagrangian.at_exit[0];
    return most > 0 ? most * (1 + 1e-9) : 1; /* where all is free, there is a gap to search too */
}

/* The whole gap at once, where few labels do that (about as long as a look at every arc takes):
 * often the best plan known is the optimum, and this proves it. False: it would take more. */
static bool close_small_gap(struct split_task *task, struct split_labels *labels, double top)
{
    const struct split_graph *graph = task->costs->graph;
    const uint64_t most_work = labels->max_work;
    labels->max_work = labels->work + 200 + graph->arc_starts[graph->node_count] / 32;
    if (labels->max_work > most_work)
        labels->max_work = most_work;
    bool is_found = false;
    int err = split_labels_search(labels, task, top, 0, &is_found);
    labels->max_work = most_work;
    if (!err && is_found)
        split_task_take_trial(task);
    return !err;
}

/* A search that finds nothing proves that the optimum is above this. */
static double proven(const struct split_task *task, double limit, double width)
{
    return limit - width * (task->costs->graph->step_count + 1);
}

static int close_gap(struct split_task *task, struct split_labels *labels, double ceiling)
{
    const double steps = task->costs->graph->step_count + 1;
    const double epsilon = task->epsilon < 0.5 ? task->epsilon : 0.5;
    double top = task->upper < INFINITY ? task->upper * (1 - SPLIT_COST_TOLERANCE) : ceiling;
    double rise = (top - task->lower) / 16;
    if (task->upper >= INFINITY && task->lower > 0) /* the ceiling is far above any optimum */
        rise = fmin(rise, task->lower / 1000);
    if (task->upper < INFINITY && close_small_gap(task, labels, top))
        return 0;
    while (task->lower < top) {
        double width = epsilon * task->lower / steps;
        double limit = fmin(task->lower + rise, top);
        if (limit <= task->lower) /* numbers so small that a share of them is nothing */
            limit = top;
        if (width > 0 && limit > 2 * task->lower)
            limit = 2 * task->lower;
        bool is_found;
        int err = split_labels_search(labels, task, limit, width, &is_found);
        if (err)
            return err;
        if (is_found)
            split_task_take_trial(task);
        if (is_found || limit >= top)
            return 0;
        task->lower = fmax(task->lower, proven(task, limit, width));
        if (split_task_is_done(task))
            return 0;
        rise *= 4;
    }
    return 0;
}

int split_minimise(struct split_task *task, struct split_labels *labels, bool *has_searched)
{
    *has_searched = false;
    split_to_go_fill(&task->cost, task->costs, &task->objective);
    split_to_go_path(&task->cost, task->costs, &task->trial);
    task->lower = task->cost.at_exit[0];
    split_task_offer_trial(task);
    if (task->upper < INFINITY)
        return 0;
    for (unsigned i = 0; i < task->bound_count; i++) {
        split_to_go_fill(&task->uses[i], task->costs, &task->bounds[i].weights);
        if (task->uses[i].at_exit[0] > task->bounds[i].limit)
            return 0;
        split_to_go_path(&task->uses[i], task->costs, &task->trial);
        split_task_offer_trial(task);
    }
    const double ceiling = task->upper < INFINITY ? task->upper : most_cost(task);
    split_multipliers_find(task, 1e5 * ceiling);
    if (split_task_is_done(task) || task->lower > ceiling)
        return 0;
    *has_searched = true;
    return close_gap(task, labels, ceiling);
}
