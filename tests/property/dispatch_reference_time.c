/* The dispatcher's rules over flat arrays: how long rows take, layer by layer. */
#include "tests/property/dispatch_reference.h"

#include <string.h>

__extension__ typedef unsigned __int128 wide;

static uint64_t clamp(uint64_t value, uint64_t least, uint64_t most)
{
    return value < least ? least : value > most ? most : value;
}

/* The ratios in order, into sorted[]. */
static uint32_t sort(const struct reference_cell *cell, uint64_t *sorted)
{
    memcpy(sorted, cell->ratios, sizeof(cell->ratios));
    for (uint32_t i = 0; i < cell->count; i++)
        for (uint32_t k = i + 1; k < cell->count; k++)
            if (sorted[k] < sorted[i]) {
                const uint64_t swapped = sorted[i];
                sorted[i] = sorted[k];
                sorted[k] = swapped;
            }
    return cell->count;
}

/* The median; and the longest, unless it is alone half as long again as all others. */
static uint64_t ratio_of(const struct reference_cell *cell, enum reference_time time)
{
    uint64_t sorted[10];
    const uint32_t count = sort(cell, sorted);
    if (!count || time == REFERENCE_LOADED)
        return 65536;
    if (time == REFERENCE_TYPICAL)
        return sorted[count / 2];
    if (count > 2 && sorted[count - 1] > sorted[count - 2] + sorted[count - 2] / 2)
        return sorted[count - 2];
    return sorted[count - 1];
}

static uint64_t sum_ns(const struct reference_model *model, enum reference_time time, uint32_t from,
                       uint32_t to, uint32_t size)
{
    uint64_t sum = 0;
    for (uint32_t cut = from; cut < to; cut++) {
        const struct reference_cell *cell = &model->cells[size][cut];
        const uint64_t ratio = ratio_of(cell->count ? cell : &model->any, time);
        sum += (uint64_t)((wide)model->layer_ns[size][cut] * ratio / 65536);
    }
    return sum;
}

/* The size that is no larger, of those that were measured. */
static uint32_t size_of(const struct reference_model *model, uint32_t rows)
{
    uint32_t size = 0;
    while (size + 1 < model->size_count && model->sizes[size + 1] <= rows)
        size++;
    return size;
}

uint64_t reference_together_ns(const struct reference_model *model, enum reference_time time,
                               uint32_t from, uint32_t to, uint32_t rows)
{
    if (!rows)
        return 0;
    const uint32_t size = size_of(model, rows), over = rows - model->sizes[size];
    uint64_t ns = sum_ns(model, time, from, to, size);
    if (over) {
        const uint64_t next_ns = sum_ns(model, time, from, to, size + 1);
        const uint32_t step = model->sizes[size + 1] - model->sizes[size];
        ns = next_ns > ns ? ns + (next_ns - ns) * over / step : next_ns;
    }
    return ns ? ns : 1;
}

uint64_t reference_ns(const struct reference_model *model, enum reference_time time, uint32_t from,
                      uint32_t to, uint32_t rows)
{
    uint64_t sum = 0;
    while (rows) {
        const uint32_t batch = reference_batch(model, from, to);
        const uint32_t now = rows < batch ? rows : batch;
        sum += reference_together_ns(model, time, from, to, now);
        rows -= now;
    }
    return sum;
}

static void note(struct reference_cell *cell, uint64_t took_ns, uint64_t loaded_ns)
{
    const uint64_t median = ratio_of(cell, REFERENCE_TYPICAL);
    const uint64_t most_ns = UINT64_C(1) << 46;
    const uint64_t ratio = (took_ns < most_ns ? took_ns : most_ns) * 65536 / loaded_ns;
    cell->ratios[cell->next] = clamp(clamp(ratio, median / 4, 4 * median), 65536 / 16, 16 * 65536);
    cell->next = (cell->next + 1) % 10;
    cell->count += cell->count < 10;
}

void reference_measure_layers(struct reference_model *model, uint32_t from, uint32_t to,
                              uint32_t rows, uint64_t took_ns)
{
    const uint64_t loaded_ns = reference_together_ns(model, REFERENCE_LOADED, from, to, rows);
    const uint32_t size = size_of(model, rows);
    for (uint32_t cut = from; cut < to; cut++) {
        note(&model->cells[size][cut], took_ns, loaded_ns);
        if (model->sizes[size] < rows)
            note(&model->cells[size + 1][cut], took_ns, loaded_ns);
    }
    note(&model->any, took_ns, loaded_ns);
    model->doubts = 0;
}

static void take_a_quarter_back(struct reference_cell *cell)
{
    for (uint32_t i = 0; i < cell->count; i++)
        cell->ratios[i] =
            (uint64_t)((int64_t)cell->ratios[i] - ((int64_t)cell->ratios[i] - 65536) / 4);
}

void reference_doubt(struct reference_model *model)
{
    if (++model->doubts < 16)
        return;
    model->doubts = 0;
    for (uint32_t size = 0; size < model->size_count; size++)
        for (uint32_t cut = 0; cut < REFERENCE_CUTS; cut++)
            take_a_quarter_back(&model->cells[size][cut]);
    take_a_quarter_back(&model->any);
}
