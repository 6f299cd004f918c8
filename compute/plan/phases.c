/* The cheapest sequence of phases, by dynamic programming over (step, rows at a time). */
#include "compute/plan/phases.h"
#include "compute/plan/choose.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_OPTIONS 34 /* 1, 2, 4, ... and the batch itself */
#define ROUND_BYTES 32768.0 /* what starting a step once more costs, in bytes of memory traffic */
#define CACHED_SHARE 0.15 /* cost of a byte that comes from the cache, against memory */

/* The part of some bytes, used again and again, that comes from memory: those up to half the cache
 * stay in it, of those from twice its size on nothing does. */
static double miss_share(double bytes, double cache_bytes)
{
    double share = (bytes - cache_bytes / 2) / (cache_bytes * 1.5);
    share = share < 0 ? 0 : share > 1 ? 1 : share;
    return CACHED_SHARE + (1 - CACHED_SHARE) * share;
}

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
    bool is_free; /* computes nothing */
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
    step_visit_places(step, add_place, &traffic);
    if (step->kind == STEP_GENERIC)
        traffic.is_by_row = false;
    traffic.is_free = step->kind == STEP_MARK;
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

/* What the cost of each step is measured against. */
struct scale {
    uint32_t batch;
    double cache_bytes;
    double reread_share; /* of the weights that come from memory again in a later round */
};

/* Estimated memory traffic of a step in rounds of this many rows; negative: not possible. */
static double cost_of(const struct scale *scale, const struct traffic *traffic, double weights,
                      uint32_t rows)
{
    if (!traffic->is_by_row && rows != scale->batch)
        return -1;
    if (traffic->is_free)
        return 0;
    double rounds = (double)((scale->batch + rows - 1) / rows);
    double share = miss_share(traffic->row_bytes * rows, scale->cache_bytes);
    return traffic->row_bytes * scale->batch * share +
           weights * (1 + (rounds - 1) * scale->reread_share) + ROUND_BYTES * rounds;
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
    double all_weights = 0;
    for (uint32_t s = 0; s < plan->step_count; s++)
        all_weights += weight_bytes(weights, &plan->steps[s]);
    const struct scale scale = {
        .batch = plan->batch,
        .cache_bytes = (double)cache_bytes,
        .reread_share = miss_share(all_weights, (double)cache_bytes / 2)}; /* beside tensors */
    for (uint32_t s = 0; s < plan->step_count; s++) {
        const struct step *step = &plan->steps[s];
        struct traffic traffic = traffic_of(plan, cuts, step);
        double own[MAX_OPTIONS];
        for (uint32_t o = 0; o < options.count; o++)
            own[o] = cost_of(&scale, &traffic, weight_bytes(weights, step), options.rows[o]);
        search_step(&search, &options, s, own, traffic.row_bytes * plan->batch);
    }
    take_phases(plan, &search, &options, chosen);
done:
    free(search.cost);
    free(search.from);
    free(chosen);
    return rc;
}
