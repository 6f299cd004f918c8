/* What a model's batches cost: tables of the time to the end, for each size that was measured. */
#include "scheduler/dispatch/batch_cost.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_REMAINING_NS (UINT64_C(1) << 42) /* over an hour; 65,535 rows of it still fit */
#define MAX_CUTS 65536u

enum { DOUBTS = 16 };

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

/* A measured difference may come out wrong by noise: no layers are free, and no batch is faster
 * than a smaller one. What one cut has too much, the cuts before it have less. */
static void set_loaded(struct batch_cost *cost, const uint64_t *measured_ns)
{
    for (uint32_t size = 0; size < cost->size_count; size++) {
        const uint64_t *from_ns = measured_ns + (size_t)size * cost->cut_count;
        uint64_t *to_ns = cost->remaining_ns[COST_LOADED] + (size_t)size * cost->cut_count;
        const uint64_t *less_ns = to_ns - cost->cut_count; /* of the size before */
        to_ns[cost->cut_count - 1] = 0;
        for (uint32_t cut = cost->cut_count - 1; cut-- > 0;) {
            const uint64_t least_ns = size ? less_ns[cut] - less_ns[cut + 1] : 1;
            const uint64_t end_ns = to_ns[cut + 1] + least_ns;
            to_ns[cut] = from_ns[cut] > end_ns ? from_ns[cut] : end_ns;
        }
    }
}

/* The two other tables, by what is known of each cell. */
static void set_corrected(struct batch_cost *cost)
{
    const uint64_t *loaded_ns = cost->remaining_ns[COST_LOADED];
    for (uint32_t size = 0; size < cost->size_count; size++) {
        const size_t first = (size_t)size * cost->cut_count;
        uint64_t typical_ns = 0, safe_ns = 0;
        for (uint32_t cut = cost->cut_count - 1; cut-- > 0;) {
            const uint64_t ns = loaded_ns[first + cut] - loaded_ns[first + cut + 1];
            const struct correction *cell = &cost->cells[first + cut];
            const struct correction *known = cell->count ? cell : &cost->any;
            typical_ns += correction_typical_ns(known, ns);
            safe_ns += correction_safe_ns(known, ns);
            cost->remaining_ns[COST_TYPICAL][first + cut] = typical_ns;
            cost->remaining_ns[COST_SAFE][first + cut] = safe_ns;
        }
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
    bool has_all = true;
    for (uint32_t kind = 0; kind < COST_KINDS; kind++) {
        cost->remaining_ns[kind] = calloc(cells, sizeof(*cost->remaining_ns[kind]));
        has_all &= cost->remaining_ns[kind] != NULL;
    }
    cost->cells = calloc(cells, sizeof(*cost->cells));
    cost->has_rows = calloc(count, sizeof(*cost->has_rows));
    if (!has_all || !cost->cells || !cost->has_rows) {
        batch_cost_fini(cost);
        return -ENOMEM;
    }
    memcpy(cost->has_rows, facts->has_rows, count * sizeof(*cost->has_rows));
    for (size_t i = 0; i < cells; i++)
        cost->cells[i] = correction_start();
    cost->any = correction_start();
    set_loaded(cost, facts->remaining_ns);
    set_corrected(cost);
    return 0;
}

void batch_cost_fini(struct batch_cost *cost)
{
    if (!cost)
        return;
    for (uint32_t kind = 0; kind < COST_KINDS; kind++)
        free(cost->remaining_ns[kind]);
    free(cost->cells);
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

uint64_t batch_cost_ns(const struct batch_cost *cost, enum batch_cost_kind kind, uint32_t from,
                       uint32_t to, uint64_t rows)
{
    const uint32_t most = batch_cost_most_rows(cost, from, to);
    const uint32_t rest = (uint32_t)(rows % most);
    const uint64_t full_ns = rows < most ? 0 : batch_cost_part_ns(cost, kind, from, to, most);
    return rows / most * full_ns + batch_cost_part_ns(cost, kind, from, to, rest);
}

uint64_t batch_cost_saving_ns(const struct batch_cost *cost, uint32_t from, uint32_t to)
{
    const uint32_t most = batch_cost_most_rows(cost, from, to);
    if (most == 1)
        return 0;
    const uint64_t one_ns = batch_cost_part_ns(cost, COST_LOADED, from, to, 1);
    const uint64_t full_ns = batch_cost_part_ns(cost, COST_LOADED, from, to, most);
    const uint64_t further_ns = (full_ns - one_ns) / (most - 1);
    return further_ns < one_ns ? one_ns - further_ns : 0;
}

static void measure_size(struct batch_cost *cost, uint32_t size, uint32_t from, uint32_t to,
                         uint64_t took_ns, uint64_t loaded_ns)
{
    for (uint32_t cut = from; cut < to; cut++)
        correction_measure(&cost->cells[(size_t)size * cost->cut_count + cut], took_ns, loaded_ns);
}

/* What is between two sizes is about both. */
void batch_cost_measure(struct batch_cost *cost, uint32_t from, uint32_t to, uint32_t rows,
                        uint64_t took_ns)
{
    const uint32_t below = cost->size_below[rows];
    const uint64_t loaded_ns = batch_cost_part_ns(cost, COST_LOADED, from, to, rows);
    if (!took_ns)
        return;
    measure_size(cost, below, from, to, took_ns, loaded_ns);
    if (cost->sizes[below] != rows)
        measure_size(cost, below + 1, from, to, took_ns, loaded_ns);
    correction_measure(&cost->any, took_ns, loaded_ns);
    cost->doubts = 0;
    set_corrected(cost);
}

void batch_cost_doubt(struct batch_cost *cost)
{
    if (++cost->doubts < DOUBTS)
        return;
    cost->doubts = 0;
    for (size_t i = 0; i < (size_t)cost->size_count * cost->cut_count; i++)
        correction_doubt(&cost->cells[i]);
    correction_doubt(&cost->any);
    set_corrected(cost);
}
