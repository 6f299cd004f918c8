/* A server in virtual time around a dispatcher: its workers, and what AlexNet takes on them. */
#include "tests/bench/dispatch_sim_state.h"

#include <stdlib.h>

const uint32_t sim_sizes[SIM_SIZES] = {1, 2, 4, 8};

/* ms of each layer, one, two, four and eight rows: `joint bench` on one thread, each layer's best
 * of four runs' medians, as seven other programs ran beside it; EPYC (Zen 4) at 2 cores,
 * 2026-11-23.
 */
static const double layer_ms[SIM_CUTS - 1][SIM_SIZES] = {
    {2.015, 4.102, 8.231, 15.850}, /* conv1 */
    {0.109, 0.216, 0.447, 0.888}, /* norm1 */
    {0.028, 0.080, 0.189, 0.416}, /* pool1 */
    {4.004, 8.149, 15.952, 31.578}, /* conv2 */
    {0.073, 0.138, 0.269, 0.533}, /* norm2 */
    {0.016, 0.039, 0.111, 0.270}, /* pool2 */
    {1.376, 2.587, 4.841, 9.545}, /* conv3 */
    {1.994, 4.132, 8.092, 15.895}, /* conv4 */
    {1.332, 2.653, 5.406, 10.628}, /* conv5 */
    {0.011, 0.025, 0.075, 0.125}, /* pool5 */
    {5.104, 4.860, 5.025, 6.326}, /* fc6 */
    {2.254, 2.144, 2.453, 3.486}, /* fc7 */
    {0.511, 0.547, 0.564, 0.863}, /* fc8 */
    {0.015, 0.022, 0.038, 0.069}, /* prob */
};

/* Floats of one row at each cut. What a stop costs where somebody has come: each is copied twice,
 * at 2.7 GB/s (12 stops and 8 rows took 15 ms: compute/worker/README.md). */
static const double cut_floats[SIM_CUTS] = {150528, 290400, 290400, 69984, 186624,
                                            186624, 43264,  64896,  64896, 43264,
                                            9216,   4096,   4096,   1000,  1000};
#define NS_PER_FLOAT (4 / 2.7)

/* At most until the next pause: tests/bench/pause_bench.c. */
#define PAUSE_NS 400e3
#ifndef SIM_NESTS
#define SIM_NESTS 1
#endif

double sim_part_ns(uint32_t from, uint32_t to, uint32_t rows)
{
    double ms = 0;
    for (; rows > SIM_BATCH; rows -= SIM_BATCH)
        ms += sim_part_ns(from, to, SIM_BATCH) / 1e6;
    uint32_t size = 0;
    while (size + 1 < SIM_SIZES && sim_sizes[size + 1] <= rows)
        size++;
    for (uint32_t cut = from; cut < to; cut++) {
        const double *layer = layer_ms[cut];
        ms += layer[size];
        if (size + 1 < SIM_SIZES)
            ms += (layer[size + 1] - layer[size]) * (rows - sim_sizes[size]) /
                  (sim_sizes[size + 1] - sim_sizes[size]);
    }
    return ms * 1e6;
}

static uint32_t next_end(const struct sim_path *path)
{
    uint32_t end = path->said.to;
    for (uint32_t i = 0; i < path->row_count; i++) {
        const struct sim_row *row = &path->rows[i];
        const uint32_t cut = row->is_active ? row->to : row->from;
        end = cut > path->at && cut < end ? cut : end;
    }
    for (uint32_t cut = path->at + 1; cut < end; cut++)
        if (path->said.stops[cut / 64] >> cut % 64 & 1)
            return cut;
    return end;
}

static struct sim_path *find_path(struct sim_worker *worker, uint32_t number)
{
    for (uint32_t i = 0; i < worker->path_count; i++)
        if (worker->paths[i].said.number == number)
            return &worker->paths[i];
    return NULL;
}

/* Of the dispatches, the most urgent: the first of them, of equals. While one is held, only who is
 * more urgent. NULL: none. */
static struct sim_path *next_path(struct sim_worker *worker)
{
    struct sim_path *best = worker->held.is_there ? find_path(worker, worker->held.number) : NULL;
    const struct sim_path *held = best;
    for (uint32_t i = 0; i < worker->path_count; i++)
        if (!best || worker->paths[i].said.urgency > best->said.urgency)
            best = &worker->paths[i];
    return best == held ? NULL : best;
}

/* To the next cut where there is a row; those that wait there enter. Returns how many run. */
static uint32_t advance(struct sim_path *path)
{
    uint32_t next = UINT32_MAX, active = 0;
    path->has_news = false;
    for (uint32_t i = 0; i < path->row_count; i++) {
        active += path->rows[i].is_active;
        next = path->rows[i].from < next ? path->rows[i].from : next;
    }
    if (!active && next > path->at)
        path->at = next;
    path->kept_rows = active;
    for (uint32_t i = 0; i < path->row_count; i++) {
        struct sim_row *row = &path->rows[i];
        if (!row->is_active && row->from == path->at) {
            path->has_news = row->is_active = true;
            active++;
        }
    }
    return active;
}

static void begin(struct sim *sim, uint32_t at, uint64_t now_ns)
{
    struct sim_worker *worker = &sim->workers[at];
    struct sim_part *part = &worker->part;
    struct sim_path *path = next_path(worker);
    *part = (struct sim_part){0};
    if (!path) { /* what was held goes on, without a word */
        const uint64_t left_ns = worker->held.ends_ns - worker->held.began_ns;
        *part = worker->held;
        part->began_ns = now_ns;
        part->ends_ns = now_ns + left_ns;
        worker->held.is_there = false;
        worker->last_number = part->is_there ? part->number : worker->last_number;
        return;
    }
    part->is_there = true;
    part->number = path->said.number;
    part->rows = advance(path);
    part->end = next_end(path);
    double ns = sim_part_ns(path->at, part->end, part->rows);
    if (part->number != worker->last_number || path->has_news)
        ns += path->kept_rows * cut_floats[path->at] * NS_PER_FLOAT;
    worker->last_number = part->number;
    part->began_ns = now_ns;
    part->ends_ns = now_ns + 1 + (uint64_t)(ns * (0.9 + 0.2 * sim_unit(sim)));
    sim->result->parts++;
    sim->result->part_rows += part->rows;
    dispatch_segment(sim->dispatch, at, part->number, path->at, part->end, part->rows, now_ns, 0,
                     sim->now_ns);
}

/* Somebody more urgent runs inside of the part, from the next pause on. */
static void interrupt(struct sim *sim, uint32_t at, uint8_t urgency)
{
    struct sim_worker *worker = &sim->workers[at];
    struct sim_part *part = &worker->part;
    const uint64_t now_ns = sim->now_ns + (uint64_t)(PAUSE_NS * sim_unit(sim));
    if (!part->is_there || worker->held.is_there || part->ends_ns <= now_ns ||
        part->began_ns > now_ns || find_path(worker, part->number)->said.urgency >= urgency)
        return;
    part->spent_ns += now_ns - part->began_ns;
    part->began_ns = now_ns;
    worker->held = *part;
    begin(sim, at, now_ns);
}

static void say_row(struct sim *sim, uint32_t worker, uint32_t number,
                    const struct dispatch_row *row, bool was_run)
{
    sim->result->missed += !was_run;
    if (dispatch_row_done(sim->dispatch, worker, number, row->slot, row->row, was_run, sim->now_ns))
        sim_answer(sim, row->slot);
}

static void close_path(struct sim *sim, uint32_t at, const struct sim_path *path)
{
    struct sim_worker *worker = &sim->workers[at];
    const uint32_t index = (uint32_t)(path - worker->paths);
    dispatch_run_done(sim->dispatch, at, worker->paths[index].said.number,
                      worker->paths[index].compute_ns, sim->now_ns);
    worker->path_count--;
    for (uint32_t i = index; i < worker->path_count; i++)
        worker->paths[i] = worker->paths[i + 1];
}

void sim_worker_work(struct sim *sim, uint32_t at)
{
    struct sim_worker *worker = &sim->workers[at];
    const struct sim_part part = worker->part;
    if (!part.is_there || part.ends_ns > sim->now_ns)
        return;
    struct sim_path *path = find_path(worker, part.number);
    const uint64_t spent_ns = part.spent_ns + sim->now_ns - part.began_ns;
    dispatch_segment(sim->dispatch, at, part.number, path->at, part.end, part.rows,
                     sim->now_ns - spent_ns, sim->now_ns, sim->now_ns);
    path->at = part.end;
    path->compute_ns += spent_ns;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < path->row_count; i++) {
        if (path->rows[i].is_active && path->rows[i].to == path->at)
            say_row(sim, at, path->said.number, &path->rows[i].said, true);
        else
            path->rows[kept++] = path->rows[i];
    }
    path->row_count = kept;
    if (!kept)
        close_path(sim, at, path);
    begin(sim, at, sim->now_ns);
}

static void fail(const char *what)
{
    fprintf(stderr, "dispatch_sim: %s\n", what);
    exit(1);
}

/* The first cut where rows can still enter. */
static uint32_t first_cut(const struct sim_worker *worker, const struct sim_path *path)
{
    const struct sim_part *parts[] = {&worker->part, &worker->held};
    for (int i = 0; i < 2; i++)
        if (parts[i]->is_there && parts[i]->number == path->said.number)
            return parts[i]->end;
    return path->at;
}

static void add_rows(struct sim *sim, uint32_t at, struct sim_path *path,
                     const struct dispatch_action *action)
{
    const uint32_t first = first_cut(&sim->workers[at], path);
    for (uint32_t i = 0; i < action->row_count; i++) {
        const struct dispatch_request *request = &sim->requests[action->rows[i].slot];
        uint32_t load = 0;
        if (request->from < first) {
            say_row(sim, at, action->number, &action->rows[i], false);
            continue;
        }
        for (uint32_t k = 0; k < path->row_count; k++)
            load += path->rows[k].to > request->from;
        if (path->row_count == DISPATCH_MAX_BATCH || request->to > path->said.to)
            fail("a path has no room for a row");
        (void)load;
        path->rows[path->row_count++] =
            (struct sim_row){action->rows[i], request->from, request->to, false};
    }
}

void sim_worker_take(struct sim *sim, const struct dispatch_action *action)
{
    struct sim_worker *worker = &sim->workers[action->worker];
    uint32_t index = 0;
    while (index < worker->path_count && worker->paths[index].said.number != action->number)
        index++;
    if ((action->kind == DISPATCH_JOIN) != (index < worker->path_count)) {
        if (action->kind != DISPATCH_JOIN)
            fail("a number is in use");
        for (uint32_t i = 0; i < action->row_count; i++)
            say_row(sim, action->worker, action->number, &action->rows[i], false);
        return;
    }
    if (index == SIM_PATHS)
        fail("too many dispatches");
    struct sim_path *path = &worker->paths[index];
    if (action->kind == DISPATCH_RUN) {
        *path = (struct sim_path){.said = *action, .at = action->from};
        worker->path_count++;
    }
    add_rows(sim, action->worker, path, action);
    if (!worker->part.is_there)
        begin(sim, action->worker, sim->now_ns);
    else if (action->kind == DISPATCH_RUN && SIM_NESTS)
        interrupt(sim, action->worker, action->urgency);
}
