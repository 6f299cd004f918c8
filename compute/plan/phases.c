/* The cheapest sequence of phases, by dynamic programming over (step, rows at a time). */
#include "compute/plan/phases.h"
#include "compute/plan/choose.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_OPTIONS 34 /* 1, 2, 4, ... and the batch itself */
#define ROUND_BYTES 32768.0 /* what starting a step once more costs, in bytes of memory traffic */
#define CACHED_SHARE 0.15 /* cost of a byte that comes from the cache, against memory */

struct options {
    uint32_t count;
    uint32_t rows[MAX_OPTIONS];
};

static struct options make_options(uint32_t batch)
{
    struct options options = {0};
    for (uint64_t rows = 1; rows < batch; rows *= 2)
        options.rows[options.count++] = (uint32_t)rows;
    options.rows[options.count++] = batch;
    return options;
}

struct traffic {
    const struct plan *plan;
    const struct cuts *cuts;
    double row_bytes; /* that one row reads and writes */
    bool is_by_row; /* every tensor has its rows apart */
};

static void add_place(void *arg, uint32_t number, bool is_write)
{
    struct traffic *traffic = arg;
    const struct place *place = &traffic->plan->places[number];
    (void)is_write;
    if (place->buffer == PLAN_NONE) { /* a constant: no round can start inside it */
        if (traffic->cuts->rows[place->value].kind != ROWS_SHARED)
            traffic->is_by_row = false;
        return;
    }
    if (traffic->cuts->rows[place->value].kind != ROWS_LEADING) {
        traffic->is_by_row = false;
        return;
    }
    size_t bytes = 0;
    tensor_bytes(&traffic->plan->instance.tensors[place->value], &bytes);
    traffic->row_bytes += (double)bytes / traffic->plan->batch;
}

static struct traffic traffic_of(const struct plan *plan, const struct cuts *cuts,
                                 const struct step *step)
{
    struct traffic traffic = {.plan = plan, .cuts = cuts, .is_by_row = true};
    if (step->kind == STEP_MARK && step->input == PLAN_NONE)
        return traffic;
    step_visit_places(step, add_place, &traffic);
    if (step->kind == STEP_GENERIC)
        traffic.is_by_row = false;
    if (step->kind == STEP_MARK)
        traffic.row_bytes = 0;
    return traffic;
}

static double weight_bytes(const struct weights *weights, const struct step *step)
{
    if (step->kind == STEP_LINEAR)
        return (double)linear_packed_bytes(weights->isa, &step->linear);
    if (step->kind != STEP_CONV)
        return 0;
    enum conv_algorithm algorithm = choose_by_rule(&step->conv.shape, weights->isa, false);
    return (double)conv_packed_bytes(algorithm, weights->isa, &step->conv.shape);
}

/* Estimated memory traffic of a step in rounds of this many rows; negative: not possible. */
static double cost_of(const struct traffic *traffic, double weights, uint32_t rows, uint32_t batch,
                      double cache_bytes)
{
    if (!traffic->is_by_row && rows != batch)
        return -1;
    double rounds = (double)((batch + rows - 1) / rows);
    double tensors = traffic->row_bytes * batch;
    double share = traffic->row_bytes * rows <= cache_bytes ? CACHED_SHARE : 1;
    return tensors * share + (weights + ROUND_BYTES) * rounds;
}

struct search {
    double *cost; /* [step][option]: of the cheapest way to here */
    uint8_t *from; /* [step][option]: the option of the step before */
};

static void search_step(const struct search *search, const struct options *options, uint32_t s,
                        const double *own, double crossing)
{
    double *cost = search->cost + (size_t)s * MAX_OPTIONS;
    uint8_t *from = search->from + (size_t)s * MAX_OPTIONS;
    for (uint32_t o = 0; o < options->count; o++) {
        cost[o] = -1;
        for (uint32_t b = 0; b < options->count && own[o] >= 0; b++) {
            double before = s == 0 ? 0 : cost[b - (ptrdiff_t)MAX_OPTIONS];
            if (before < 0)
                continue;
            double total = before + own[o] + (s > 0 && b != o ? crossing : 0);
            if (cost[o] < 0 || total < cost[o]) {
                cost[o] = total;
                from[o] = (uint8_t)b;
            }
        }
    }
}

static void take_phases(struct plan *plan, const struct search *search,
                        const struct options *options, uint8_t *chosen)
{
    uint32_t steps = plan->step_count;
    const double *last = search->cost + (size_t)(steps - 1) * MAX_OPTIONS;
    uint32_t best = options->count - 1; /* the whole batch is always possible */
    for (uint32_t o = 0; o < options->count; o++)
        if (last[o] >= 0 && last[o] < last[best])
            best = o;
    for (uint32_t s = steps; s-- > 0;) {
        chosen[s] = (uint8_t)best;
        best = search->from[(size_t)s * MAX_OPTIONS + best];
    }
    for (uint32_t s = 0; s < steps; s++) {
        if (s == 0 || chosen[s] != chosen[s - 1])
            plan->phases[plan->phase_count++] =
                (struct phase){.first = s, .rows = options->rows[chosen[s]]};
        plan->phases[plan->phase_count - 1].end = s + 1;
    }
}

int phases_init(struct plan *plan, const struct cuts *cuts, const struct weights *weights,
                size_t cache_bytes)
{
    size_t steps = (size_t)plan->step_count + 1;
    struct options options = make_options(plan->batch);
    struct search search = {.cost = calloc(steps * MAX_OPTIONS, sizeof(double)),
                            .from = calloc(steps * MAX_OPTIONS, 1)};
    uint8_t *chosen = calloc(steps, 1);
    plan->phases = calloc(steps, sizeof(*plan->phases));
    int rc = -ENOMEM;
    if (!search.cost || !search.from || !chosen || !plan->phases)
        goto done;
    rc = 0;
    if (plan->step_count == 0)
        goto done;
    for (uint32_t s = 0; s < plan->step_count; s++) {
        const struct step *step = &plan->steps[s];
        struct traffic traffic = traffic_of(plan, cuts, step);
        double own[MAX_OPTIONS];
        for (uint32_t o = 0; o < options.count; o++)
            own[o] = cost_of(&traffic, weight_bytes(weights, step), options.rows[o], plan->batch,
                             (double)cache_bytes);
        search_step(&search, &options, s, own, traffic.row_bytes * plan->batch);
    }
    take_phases(plan, &search, &options, chosen);
done:
    free(search.cost);
    free(search.from);
    free(chosen);
    return rc;
}
