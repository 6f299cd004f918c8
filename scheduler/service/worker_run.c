/* Keeps the rows of a dispatch until they are answered. */
#include "scheduler/service/worker_run.h"

#include <assert.h>

void worker_run_open(struct worker_run *run, const struct dispatch_action *action)
{
    assert(worker_run_is_free(run));
    *run = (struct worker_run){.is_open = true,
                               .urgency = action->urgency,
                               .model = action->model,
                               .number = action->number,
                               .predicted_ns = action->predicted_ns};
}

void worker_run_add(struct worker_run *run, const struct worker_run_row *row)
{
    assert(run->row_count < DISPATCH_MAX_BATCH);
    run->rows[run->row_count++] = *row;
}

static bool is_in(const struct worker_run_row *row, uint32_t cut)
{
    return row->has_entered && row->from <= cut && cut < row->to;
}

void worker_run_segment(struct worker_run *run, uint32_t from, uint32_t row_count)
{
    uint32_t first_from = UINT32_MAX;
    bool is_merged = false;
    run->has_begun = true;
    for (uint32_t r = 0; r < run->row_count; r++) {
        struct worker_run_row *row = &run->rows[r];
        row->has_entered |= row->from == from;
        if (!is_in(row, from))
            continue;
        is_merged |= first_from != UINT32_MAX && first_from != row->from;
        first_from = row->from;
    }
    for (uint32_t r = 0; r < run->row_count; r++) {
        struct worker_run_row *row = &run->rows[r];
        if (!is_in(row, from))
            continue;
        row->is_merged |= is_merged;
        if (row_count > row->batch && row_count <= DISPATCH_MAX_BATCH)
            row->batch = (uint16_t)row_count;
    }
}

struct worker_run_row *worker_run_find(struct worker_run *run, uint32_t slot, uint32_t row)
{
    for (uint32_t r = 0; r < run->row_count; r++)
        if (run->rows[r].slot == slot && run->rows[r].row == row)
            return &run->rows[r];
    return NULL;
}

void worker_run_remove(struct worker_run *run, struct worker_run_row *row)
{
    *row = run->rows[--run->row_count];
}

bool worker_run_has(const struct worker_run *run, uint32_t slot)
{
    for (uint32_t r = 0; r < run->row_count; r++)
        if (run->rows[r].slot == slot)
            return true;
    return false;
}

bool worker_run_has_begun(const struct worker_run *run, uint32_t slot)
{
    for (uint32_t r = 0; r < run->row_count; r++)
        if (run->rows[r].slot == slot && run->rows[r].has_entered)
            return true;
    return false;
}
