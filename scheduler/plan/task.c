/* One minimisation under bounds: what is known of it so far. */
#include "scheduler/plan/task.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

static bool init_to_go(struct split_to_go *to_go, size_t node_count)
{
    to_go->at_entry = calloc(node_count, sizeof(*to_go->at_entry));
    to_go->at_exit = calloc(node_count, sizeof(*to_go->at_exit));
    to_go->next_arc = calloc(node_count, sizeof(*to_go->next_arc));
    return to_go->at_entry && to_go->at_exit && to_go->next_arc;
}

static void fini_to_go(struct split_to_go *to_go)
{
    free(to_go->at_entry);
    free(to_go->at_exit);
    free(to_go->next_arc);
}

int split_task_init(struct split_task *task, const struct split_graph *graph)
{
    *task = (struct split_task){
        .best.parts = calloc(graph->step_count, sizeof(*task->best.parts)),
        .trial.parts = calloc(graph->step_count, sizeof(*task->trial.parts)),
    };
    bool has_all = task->best.parts && task->trial.parts;
    has_all &= init_to_go(&task->cost, graph->node_count);
    has_all &= init_to_go(&task->lagrangian, graph->node_count);
    for (int i = 0; i < SPLIT_MAX_BOUNDS; i++)
        has_all &= init_to_go(&task->uses[i], graph->node_count);
    if (has_all)
        return 0;
    split_task_fini(task);
    return -ENOMEM;
}

void split_task_fini(struct split_task *task)
{
    if (!task)
        return;
    free(task->best.parts);
    free(task->trial.parts);
    fini_to_go(&task->cost);
    fini_to_go(&task->lagrangian);
    for (int i = 0; i < SPLIT_MAX_BOUNDS; i++)
        fini_to_go(&task->uses[i]);
    *task = (struct split_task){0};
}

void split_task_clear(struct split_task *task, const struct split_costs *costs)
{
    task->costs = costs;
    task->bound_count = 0;
    task->epsilon = 0;
    task->lower = 0;
    task->upper = INFINITY;
    split_path_clear(&task->best);
}

void split_task_take_trial(struct split_task *task)
{
    double cost = split_weights_product(&task->objective, &task->trial.amounts);
    if (cost >= task->upper)
        return;
    task->upper = cost;
    const struct split_path worse = task->best;
    task->best = task->trial;
    task->trial = worse;
}

void split_task_offer_trial(struct split_task *task)
{
    for (unsigned i = 0; i < task->bound_count; i++)
        if (split_weights_product(&task->bounds[i].weights, &task->trial.amounts) >
            task->bounds[i].limit)
            return;
    split_task_take_trial(task);
}

bool split_task_is_done(const struct split_task *task)
{
    return task->upper * (1 - SPLIT_COST_TOLERANCE) <= task->lower * (1 + task->epsilon);
}
