/* What a model's batches cost: an affine function of the rows, for each range of cuts. */
#include "scheduler/dispatch/batch_cost.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_REMAINING_NS (UINT64_C(1) << 42) /* over an hour; 65,535 rows of it still fit */
#define MAX_CUTS 65536u

static bool is_sane(const struct dispatch_model *facts)
{
    if (facts->cut_count < 2 || facts->cut_count > MAX_CUTS || !facts->max_batch ||
        facts->max_batch > DISPATCH_MAX_BATCH)
        return false;
    for (uint32_t cut = 0; cut < facts->cut_count; cut++)
        if (facts->remaining_ns[cut] > MAX_REMAINING_NS ||
            facts->batch_remaining_ns[cut] > MAX_REMAINING_NS)
            return false;
    return true;
}

int batch_cost_init(struct batch_cost *cost, const struct dispatch_model *facts)
{
    *cost = (struct batch_cost){0};
    if (!is_sane(facts))
        return -EINVAL;
    const size_t count = facts->cut_count;
    cost->cut_count = facts->cut_count;
    cost->max_batch = facts->max_batch;
    cost->remaining_ns = calloc(count, sizeof(*cost->remaining_ns));
    cost->batch_remaining_ns = calloc(count, sizeof(*cost->batch_remaining_ns));
    cost->has_rows = calloc(count, sizeof(*cost->has_rows));
    if (!cost->remaining_ns || !cost->batch_remaining_ns || !cost->has_rows) {
        batch_cost_fini(cost);
        return -ENOMEM;
    }
    memcpy(cost->remaining_ns, facts->remaining_ns, count * sizeof(*cost->remaining_ns));
    memcpy(cost->batch_remaining_ns, facts->batch_remaining_ns,
           count * sizeof(*cost->batch_remaining_ns));
    memcpy(cost->has_rows, facts->has_rows, count * sizeof(*cost->has_rows));
    return 0;
}

void batch_cost_fini(struct batch_cost *cost)
{
    if (!cost)
        return;
    free(cost->remaining_ns);
    free(cost->batch_remaining_ns);
    free(cost->has_rows);
    *cost = (struct batch_cost){0};
}

bool batch_cost_has_cuts(const struct batch_cost *cost, uint32_t from, uint32_t to)
{
    return from < to && to < cost->cut_count;
}

uint32_t batch_cost_most_rows(const struct batch_cost *cost, uint32_t from, uint32_t to)
{
    return cost->has_rows[from] && cost->has_rows[to] ? cost->max_batch : 1;
}

/* A measured difference may come out wrong by noise: no range is free. */
static uint64_t range_ns(const uint64_t *remaining_ns, uint32_t from, uint32_t to)
{
    return remaining_ns[from] > remaining_ns[to] ? remaining_ns[from] - remaining_ns[to] : 1;
}

/* What each row after the first adds: nothing, if the batch was measured faster than one row. */
static uint64_t further_row_ns(const struct batch_cost *cost, uint32_t from, uint32_t to)
{
    const uint64_t one_ns = range_ns(cost->remaining_ns, from, to);
    const uint64_t full_ns = range_ns(cost->batch_remaining_ns, from, to);
    return cost->max_batch == 1 || full_ns < one_ns ? 0
                                                    : (full_ns - one_ns) / (cost->max_batch - 1);
}

uint64_t batch_cost_ns(const struct batch_cost *cost, uint32_t from, uint32_t to, uint64_t rows)
{
    const uint32_t most = batch_cost_most_rows(cost, from, to);
    const uint64_t batches = rows / most + (rows % most != 0);
    return batches * range_ns(cost->remaining_ns, from, to) +
           (rows - batches) * further_row_ns(cost, from, to);
}

uint64_t batch_cost_saving_ns(const struct batch_cost *cost, uint32_t from, uint32_t to)
{
    const uint64_t one_ns = range_ns(cost->remaining_ns, from, to);
    const uint64_t further_ns = further_row_ns(cost, from, to);
    if (batch_cost_most_rows(cost, from, to) == 1 || further_ns >= one_ns)
        return 0;
    return one_ns - further_ns;
}
