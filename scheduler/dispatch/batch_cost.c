/* What a model's batches cost: for each range of cuts a line through the sizes that were measured.
 */
#include "scheduler/dispatch/batch_cost.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_REMAINING_NS (UINT64_C(1) << 42) /* over an hour; 65,535 rows of it still fit */
#define MAX_CUTS 65536u

static bool are_sizes_sane(const struct dispatch_model *facts)
{
    if (!facts->size_count || facts->size_count > facts->max_batch || facts->sizes[0] != 1 ||
        facts->sizes[facts->size_count - 1] != facts->max_batch)
        return false;
    for (uint32_t i = 1; i < facts->size_count; i++)
        if (facts->sizes[i] <= facts->sizes[i - 1])
            return false;
    return true;
}

static bool is_sane(const struct dispatch_model *facts)
{
    if (facts->cut_count < 2 || facts->cut_count > MAX_CUTS || !facts->max_batch ||
        facts->max_batch > DISPATCH_MAX_BATCH || !are_sizes_sane(facts))
        return false;
    for (size_t i = 0; i < (size_t)facts->size_count * facts->cut_count; i++)
        if (facts->remaining_ns[i] > MAX_REMAINING_NS)
            return false;
    return true;
}

static void set_sizes(struct batch_cost *cost, const struct dispatch_model *facts)
{
    uint32_t below = 0;
    for (uint32_t i = 0; i < facts->size_count; i++)
        cost->sizes[i] = (uint8_t)facts->sizes[i];
    for (uint32_t rows = 1; rows <= facts->max_batch; rows++) {
        if (below + 1 < facts->size_count && facts->sizes[below + 1] <= rows)
            below++;
        cost->size_below[rows] = (uint8_t)below;
    }
}

int batch_cost_init(struct batch_cost *cost, const struct dispatch_model *facts)
{
    *cost = (struct batch_cost){0};
    if (!is_sane(facts))
        return -EINVAL;
    const size_t count = facts->cut_count, cells = count * facts->size_count;
    cost->cut_count = facts->cut_count;
    cost->max_batch = facts->max_batch;
    cost->size_count = facts->size_count;
    set_sizes(cost, facts);
    cost->remaining_ns = calloc(cells, sizeof(*cost->remaining_ns));
    cost->has_rows = calloc(count, sizeof(*cost->has_rows));
    if (!cost->remaining_ns || !cost->has_rows) {
        batch_cost_fini(cost);
        return -ENOMEM;
    }
    memcpy(cost->remaining_ns, facts->remaining_ns, cells * sizeof(*cost->remaining_ns));
    memcpy(cost->has_rows, facts->has_rows, count * sizeof(*cost->has_rows));
    return 0;
}

void batch_cost_fini(struct batch_cost *cost)
{
    if (!cost)
        return;
    free(cost->remaining_ns);
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

/* A measured difference may come out wrong by noise: no range is free, and no batch faster than a
 * smaller one. */
static uint64_t size_ns(const struct batch_cost *cost, uint32_t from, uint32_t to, uint32_t size)
{
    uint64_t most_ns = 1;
    for (uint32_t i = 0; i <= size; i++) {
        const uint64_t *remaining_ns = cost->remaining_ns + (size_t)i * cost->cut_count;
        if (remaining_ns[from] > remaining_ns[to] + most_ns)
            most_ns = remaining_ns[from] - remaining_ns[to];
    }
    return most_ns;
}

/* 1 to max_batch rows. */
static uint64_t together_ns(const struct batch_cost *cost, uint32_t from, uint32_t to,
                            uint32_t rows)
{
    const uint32_t below = cost->size_below[rows];
    const uint64_t ns = size_ns(cost, from, to, below);
    if (cost->sizes[below] == rows)
        return ns;
    const uint64_t more_ns = size_ns(cost, from, to, below + 1) - ns;
    const uint32_t step = (uint32_t)cost->sizes[below + 1] - cost->sizes[below];
    return ns + more_ns / step * (rows - cost->sizes[below]);
}

uint64_t batch_cost_ns(const struct batch_cost *cost, uint32_t from, uint32_t to, uint64_t rows)
{
    const uint32_t most = batch_cost_most_rows(cost, from, to);
    const uint32_t rest = (uint32_t)(rows % most);
    const uint64_t full_ns = rows < most ? 0 : together_ns(cost, from, to, most);
    return rows / most * full_ns + (rest ? together_ns(cost, from, to, rest) : 0);
}

uint64_t batch_cost_saving_ns(const struct batch_cost *cost, uint32_t from, uint32_t to)
{
    const uint32_t most = batch_cost_most_rows(cost, from, to);
    const uint64_t one_ns = together_ns(cost, from, to, 1);
    const uint64_t further_ns =
        most > 1 ? (together_ns(cost, from, to, most) - one_ns) / (most - 1) : one_ns;
    return further_ns < one_ns ? one_ns - further_ns : 0;
}
