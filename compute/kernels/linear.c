/* Fully connected layers: each task takes whole panels of weights, so that every weight is read
 * from memory once for up to ROW_BLOCK rows. */
#include "compute/kernels/linear.h"

#include <string.h>

#include "compute/kernels/gemm.h"

#define ROW_BLOCK 96 /* a multiple of every tile height */
#define TASK_BYTES ((size_t)128 << 10) /* weights of a task, at least */
#define DEPTH_BLOCK_BYTES ((size_t)256 << 10) /* of weights, and of rows, that the cache holds */
#define MAX_PANEL (2 * GEMM_MAX_LANES)

size_t linear_packed_bytes(enum isa isa, const struct linear_shape *shape)
{
    size_t floats = gemm_packed_floats(kernels_of(isa), shape->depth, shape->columns);
    return (floats * sizeof(float) + 63) / 64 * 64;
}

struct packing {
    const struct kernels *kernels;
    const struct linear_shape *shape;
    struct gemm_source source;
    float *packed;
};

static void pack_panel(void *arg, uint32_t task, uint32_t thread)
{
    const struct packing *packing = arg;
    gemm_pack(packing->kernels, &packing->source, 1, packing->shape->depth, packing->shape->columns,
              task, packing->packed);
}

void linear_pack(enum isa isa, const struct linear_shape *shape, const packable_float *weights,
                 size_t depth_stride, size_t column_stride, const float *scale, float alpha,
                 void *packed, struct thread_pool *pool)
{
    struct packing packing = {
        .kernels = kernels_of(isa),
        .shape = shape,
        .source = {.weights = weights,
                   .depth_stride = depth_stride,
                   .column_stride = column_stride,
                   .scale = scale,
                   .alpha = alpha},
        .packed = packed,
    };
    thread_pool_run(pool, gemm_panels(packing.kernels, shape->columns), pack_panel, &packing);
}

struct run {
    const struct linear_call *call;
    const struct kernels *kernels;
    uint32_t panels, panels_per_task;
    size_t depth_block;
    bool is_even; /* output rows lie at equal distances */
    size_t output_stride;
};

/* Output rows that do not lie evenly are summed here and copied. */
struct staging {
    _Alignas(64) float values[ROW_BLOCK * MAX_PANEL];
};

static void copy_out(const struct run *run, const struct staging *staging, size_t first_row,
                     size_t row_count, uint32_t panel)
{
    size_t width = 2 * (size_t)run->kernels->lanes;
    size_t column = panel * width, columns = run->call->shape.columns - column;
    for (size_t r = 0; r < row_count; r++)
        memcpy(run->call->output[first_row + r] + column, staging->values + r * MAX_PANEL,
               (columns < width ? columns : width) * sizeof(float));
}

static void run_panel(const struct run *run, struct staging *staging, size_t first_row,
                      size_t row_count, uint32_t panel)
{
    const struct linear_call *call = run->call;
    size_t column = (size_t)panel * 2 * run->kernels->lanes;
    struct gemm_job job = {
        .isa = call->isa,
        .kernels = run->kernels,
        .rows = call->input + first_row,
        .row_count = (uint32_t)row_count,
        .taps = 1,
        .packed = call->packed,
        .packed_depth = call->shape.depth,
        .columns = call->shape.columns,
        .first_panel = panel,
        .end_panel = panel + 1,
        .c = run->is_even ? call->output[first_row] + column : staging->values,
        .c_stride = run->is_even ? run->output_stride : MAX_PANEL,
        .epilogue = call->epilogue,
    };
    if (job.epilogue.residual)
        job.epilogue.residual += first_row * job.epilogue.residual_stride;
    size_t depth = call->shape.depth;
    size_t k = 0;
    do {
        job.row_offset = job.first_depth = k;
        job.depth = depth - k < run->depth_block ? depth - k : run->depth_block;
        job.accumulates = k > 0;
        job.is_partial = k + job.depth < depth;
        gemm_run(&job);
        k += job.depth;
    } while (k < depth);
    if (!run->is_even)
        copy_out(run, staging, first_row, row_count, panel);
}

static void run_task(void *arg, uint32_t task, uint32_t thread)
{
    const struct run *run = arg;
    struct staging staging;
    uint32_t first = task * run->panels_per_task;
    uint32_t end = first + run->panels_per_task;
    for (size_t row = 0; row < run->call->rows; row += ROW_BLOCK) {
        size_t left = run->call->rows - row;
        for (uint32_t panel = first; panel < end && panel < run->panels; panel++)
            run_panel(run, &staging, row, left < ROW_BLOCK ? left : ROW_BLOCK, panel);
    }
}

/* Whether output rows lie at equal distances, as those of one tensor do. */
static bool find_stride(const struct linear_call *call, size_t *stride)
{
    *stride = call->shape.columns;
    if (call->rows < 2)
        return true;
    if (call->output[1] < call->output[0])
        return false;
    *stride = (size_t)(call->output[1] - call->output[0]);
    for (size_t r = 2; r < call->rows; r++)
        if (call->output[r] < call->output[r - 1] ||
            (size_t)(call->output[r] - call->output[r - 1]) != *stride)
            return false;
    return true;
}

void linear_run(const struct linear_call *call, struct thread_pool *pool)
{
    const struct kernels *kernels = kernels_of(call->isa);
    size_t depth = call->shape.depth, rows = call->rows < ROW_BLOCK ? call->rows : ROW_BLOCK;
    if (rows == 0 || call->shape.columns == 0)
        return;
    size_t panel_bytes = 2 * kernels->lanes * sizeof(float) * (depth ? depth : 1);
    struct run run = {.call = call, .kernels = kernels};
    run.panels = gemm_panels(kernels, call->shape.columns);
    /* Rows of input and a panel's part both stay in the cache; one tile reads weights just once. */
    size_t widest = rows > 2 * kernels->lanes ? rows : 2 * kernels->lanes;
    run.depth_block = DEPTH_BLOCK_BYTES / (widest * sizeof(float));
    run.panels_per_task = (uint32_t)(TASK_BYTES / (panel_bytes * ((rows + 7) / 8)));
    if (run.panels_per_task == 0)
        run.panels_per_task = 1;
    run.is_even = find_stride(call, &run.output_stride);
    uint32_t tasks = (run.panels + run.panels_per_task - 1) / run.panels_per_task;
    thread_pool_run(pool, tasks, run_task, &run);
}
