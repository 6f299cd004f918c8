/* Label-setting over the steps of a graph.
 *
 * A label is a partial plan: its cost and its use of each bounded criterion. One that is no better
 * than another of the same place in any of them can be dropped: what completes one completes the
 * other. So can one that cannot become a plan within the bounds and the limit; of a completion it
 * is known at least
 *     its use of each bounded criterion              >= the least use to go,
 *     its cost                                       >= the least cost to go,
 *     its cost + multipliers * its uses              >= the least Lagrangian to go,
 * of which the last, with the multipliers of the relaxation, leaves few. */
#include "scheduler/plan/labels.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* What holds for one search. */
struct search {
    struct split_labels *labels;
    const struct split_task *task;
    double limit, lagrangian_limit;
    double per_width; /* buckets by cost; 0: the cost itself is the key */
};

/* What is to come at least, of one place. */
struct rest {
    double cost, lagrangian, uses[SPLIT_MAX_BOUNDS];
};

/* What an arc or a turn adds. */
struct addend {
    double cost, uses[SPLIT_MAX_BOUNDS];
};

int split_labels_init(struct split_labels *labels, const struct split_graph *graph,
                      size_t max_bytes, uint64_t max_work)
{
    *labels = (struct split_labels){.bytes_left = max_bytes, .max_work = max_work};
    size_t widest = 1;
    for (size_t step = 0; step <= graph->step_count + 1; step++)
        if (graph->layer_starts[step + 1] - graph->layer_starts[step] > widest)
            widest = graph->layer_starts[step + 1] - graph->layer_starts[step];
    labels->entry_starts = calloc((size_t)graph->node_count + 1, sizeof(*labels->entry_starts));
    labels->exit_starts = calloc(widest + 1, sizeof(*labels->exit_starts));
    labels->least = calloc(graph->node_count, sizeof(*labels->least));
    labels->arcs = calloc(graph->step_count, sizeof(*labels->arcs));
    if (!labels->entry_starts || !labels->exit_starts || !labels->least || !labels->arcs) {
        split_labels_fini(labels);
        return -ENOMEM;
    }
    split_front_init(&labels->front, &labels->bytes_left);
    return 0;
}

void split_labels_fini(struct split_labels *labels)
{
    if (!labels)
        return;
    split_front_fini(&labels->front);
    free(labels->entries);
    free(labels->exits);
    free(labels->entry_starts);
    free(labels->exit_starts);
    free(labels->least);
    free(labels->arcs);
    *labels = (struct split_labels){0};
}

/* Room for so many more in a list that is kept. */
static int reserve(struct split_labels *labels, struct split_label **list, size_t count,
                   size_t *room)
{
    if (count <= *room)
        return 0;
    size_t wanted = *room ? 2 * *room : 256;
    while (wanted < count)
        wanted *= 2;
    if ((wanted - *room) * sizeof(**list) > labels->bytes_left || wanted > UINT32_MAX)
        return -E2BIG;
    struct split_label *bigger = reallocarray(*list, wanted, sizeof(*bigger));
    if (!bigger)
        return -ENOMEM;
    labels->bytes_left -= (wanted - *room) * sizeof(**list);
    *list = bigger;
    *room = wanted;
    return 0;
}

/* Adds label + addend to the front, unless it cannot be completed. The label is written straight to
 * its place: a copy that follows at once waits for the parts to be stored. */
static int extend(const struct search *search, const struct split_label *label,
                  const struct addend *addend, const struct rest *rest, uint32_t parent,
                  uint32_t arc)
{
    const struct split_task *task = search->task;
    struct split_labels *labels = search->labels;
    const double cost = label->cost + addend->cost;
    double uses[SPLIT_MAX_BOUNDS] = {0}, lagrangian = cost + rest->lagrangian;
    for (unsigned i = 0; i < task->bound_count; i++) {
        uses[i] = label->uses[i] + addend->uses[i];
        if (uses[i] + rest->uses[i] > task->bounds[i].limit)
            return 0;
        lagrangian += task->multipliers[i] * uses[i];
    }
    if (lagrangian > search->lagrangian_limit || cost + rest->cost > search->limit)
        return 0;
    if (++labels->work > labels->max_work)
        return -E2BIG;
    int err = split_front_reserve(&labels->front);
    if (err)
        return err;
    labels->front.labels[labels->front.count++] =
        (struct split_label){.cost = cost,
                             .uses = {uses[0], uses[1]},
                             .key = search->per_width > 0 ? floor(cost * search->per_width) : cost,
                             .parent = parent,
                             .arc = arc};
    return 0;
}

static struct rest rest_of(const struct split_task *task, uint32_t node, bool is_entry)
{
    struct rest rest = {0};
    rest.cost = is_entry ? task->cost.at_entry[node] : task->cost.at_exit[node];
    rest.lagrangian = is_entry ? task->lagrangian.at_entry[node] : task->lagrangian.at_exit[node];
    for (unsigned i = 0; i < task->bound_count; i++)
        rest.uses[i] = is_entry ? task->uses[i].at_entry[node] : task->uses[i].at_exit[node];
    return rest;
}

static int gather_entries(const struct search *search, uint32_t node, uint32_t layer_before)
{
    const struct split_task *task = search->task;
    const struct split_graph *graph = task->costs->graph;
    const struct split_labels *labels = search->labels;
    const struct rest rest = rest_of(task, node, true);
    const enum split_side side = graph->nodes[node].side;
    int err = 0;
    for (uint32_t t = graph->turn_starts[node]; !err && t < graph->turn_starts[node + 1]; t++) {
        const uint32_t from = graph->turns_from[t];
        if (!split_turn_exists(task->costs, &graph->nodes[from], side))
            continue;
        struct addend addend = {.cost =
                                    split_turn_cost(&task->objective, &graph->nodes[from], side)};
        for (unsigned i = 0; i < task->bound_count; i++)
            addend.uses[i] = split_turn_cost(&task->bounds[i].weights, &graph->nodes[from], side);
        const uint32_t end = labels->exit_starts[from - layer_before + 1];
        for (uint32_t l = labels->exit_starts[from - layer_before]; !err && l < end; l++)
            err = extend(search, &labels->exits[l], &addend, &rest, labels->exits[l].parent,
                         labels->exits[l].arc);
    }
    return err;
}

static int gather_exits(const struct search *search, uint32_t node)
{
    const struct split_task *task = search->task;
    const struct split_graph *graph = task->costs->graph;
    const struct split_labels *labels = search->labels;
    const struct rest rest = rest_of(task, node, false);
    const enum split_side side = graph->nodes[node].side;
    int err = 0;
    for (uint32_t arc = graph->arc_starts[node]; !err && arc < graph->arc_starts[node + 1]; arc++) {
        const uint32_t tail = graph->tails[arc];
        const uint32_t end = labels->entry_starts[tail + 1];
        if (labels->entry_starts[tail] == end ||
            labels->least[tail] + rest.lagrangian +
                    split_arc_cost(task->costs, &task->lagrangian.weights, side, arc) >
                search->lagrangian_limit)
            continue;
        struct addend addend = {.cost = split_arc_cost(task->costs, &task->objective, side, arc)};
        for (unsigned i = 0; i < task->bound_count; i++)
            addend.uses[i] = split_arc_cost(task->costs, &task->bounds[i].weights, side, arc);
        for (uint32_t l = labels->entry_starts[tail]; !err && l < end; l++)
            err = extend(search, &labels->entries[l], &addend, &rest, l, arc);
    }
    return err;
}

static int keep_entries(const struct search *search, uint32_t node)
{
    struct split_labels *labels = search->labels;
    const struct split_front *front = &labels->front;
    int err =
        reserve(labels, &labels->entries, labels->entry_count + front->count, &labels->entry_room);
    if (err)
        return err;
    labels->least[node] = INFINITY;
    for (size_t i = 0; i < front->count; i++) {
        const struct split_label *label = &front->labels[i];
        double lagrangian = label->cost;
        for (unsigned k = 0; k < search->task->bound_count; k++)
            lagrangian += search->task->multipliers[k] * label->uses[k];
        if (lagrangian < labels->least[node])
            labels->least[node] = lagrangian;
        labels->entries[labels->entry_count++] = *label;
    }
    labels->entry_starts[node + 1] = (uint32_t)labels->entry_count;
    return 0;
}

static int keep_exits(struct split_labels *labels, uint32_t index)
{
    const struct split_front *front = &labels->front;
    int err =
        reserve(labels, &labels->exits, labels->exit_count + front->count, &labels->exit_room);
    if (err)
        return err;
    for (size_t i = 0; i < front->count; i++)
        labels->exits[labels->exit_count++] = front->labels[i];
    labels->exit_starts[index + 1] = (uint32_t)labels->exit_count;
    return 0;
}

/* The entries of a step from the exits of the step before, then its own exits. */
static int search_step(const struct search *search, uint32_t step)
{
    struct split_labels *labels = search->labels;
    const unsigned bound_count = search->task->bound_count;
    const uint32_t *layers = search->task->costs->graph->layer_starts;
    const uint32_t *arcs = search->task->costs->graph->arc_starts;
    int err = 0;
    for (uint32_t node = layers[step]; !err && node < layers[step + 1]; node++) {
        split_front_clear(&labels->front, bound_count);
        err = gather_entries(search, node, layers[step - 1]);
        if (err)
            return err;
        split_front_compact(&labels->front);
        err = keep_entries(search, node);
    }
    labels->exit_count = 0;
    for (uint32_t node = layers[step]; !err && node < layers[step + 1]; node++) {
        split_front_clear(&labels->front, bound_count);
        err = gather_exits(search, node);
        if (err)
            return err;
        if (arcs[node + 1] - arcs[node] > 1) /* else it is one front, moved */
            split_front_compact(&labels->front);
        err = keep_exits(labels, node - layers[step]);
    }
    return err;
}

/* The source: nothing done, nothing used. */
static int start(struct split_labels *labels)
{
    int err = reserve(labels, &labels->exits, 1, &labels->exit_room);
    if (err)
        return err;
    labels->exits[0] = (struct split_label){.parent = UINT32_MAX, .arc = UINT32_MAX};
    labels->exit_count = 1;
    labels->exit_starts[1] = 1;
    labels->entry_count = 0;
    labels->entry_starts[1] = 0; /* the source is not entered */
    return 0;
}

/* The cheapest of the labels at the sink; back along its parents. */
static void trace(const struct split_labels *labels, struct split_task *task, uint32_t sink)
{
    const struct split_label *label = &labels->entries[labels->entry_starts[sink]];
    for (size_t i = labels->entry_starts[sink]; i < labels->entry_starts[sink + 1]; i++)
        if (labels->entries[i].cost < label->cost)
            label = &labels->entries[i];
    const size_t room = task->costs->graph->step_count;
    size_t first = room;
    for (; label->arc != UINT32_MAX; label = &labels->entries[label->parent])
        labels->arcs[--first] = label->arc;
    split_path_of_arcs(&task->trial, task->costs, &labels->arcs[first], room - first);
}

int split_labels_search(struct split_labels *labels, struct split_task *task, double limit,
                        double width, bool *is_found)
{
    const struct split_graph *graph = task->costs->graph;
    const uint32_t sink = graph->node_count - 1;
    struct search search = {.labels = labels, .task = task, .limit = limit};
    double constant = 0;
    for (unsigned i = 0; i < task->bound_count; i++)
        constant += task->multipliers[i] * task->bounds[i].limit;
    search.lagrangian_limit = limit + constant + 1e-13 * (fabs(limit) + constant);
    search.per_width = width > 0 ? 1 / width : 0;
    *is_found = false;
    int err = start(labels);
    for (uint32_t step = 1; !err && step <= graph->step_count; step++)
        err = search_step(&search, step);
    if (err)
        return err;
    split_front_clear(&labels->front, task->bound_count);
    err = gather_entries(&search, sink, graph->layer_starts[graph->step_count]);
    if (!err) {
        split_front_compact(&labels->front);
        err = keep_entries(&search, sink);
    }
    if (err || labels->entry_starts[sink] == labels->entry_starts[sink + 1])
        return err;
    trace(labels, task, sink);
    *is_found = true;
    return 0;
}
