/* Direct convolution: a GEMM whose rows of A are pointers to input pixels.
 *
 * An output pixel is the sum over kernel taps of (input pixel of that tap) x (weights of that tap).
 * So for every output pixel and tap there is one pointer, to the pixel or, in the padding, to a row
 * of zeros; no input is copied. Where pixels have few channels, the input of a few output rows is
 * copied with its padding, so that a row of the kernel is one run of kernel_width * channels
 * floats. A task is a block of output pixels times some panels of output channels. */
#include <assert.h>
#include <string.h>

#include "compute/kernels/conv_ops.h"
#include "compute/kernels/gemm.h"

#define FEW_CHANNELS 16 /* below, kernel rows are merged */
#define BLOCK_PIXELS_MIN 48
#define BLOCK_PIXELS_MAX 384
#define BLOCK_BYTES ((size_t)256 << 10) /* input of a block, to stay in the second-level cache */
#define TASK_FLOPS 1e6 /* about 10 us: less is not worth handing out */
#define TASKS_PER_THREAD 4
#define LOOK_FLOPS 5e6 /* about 50 us */

/* How a call is cut up; follows from shape, images and threads alone. */
struct plan {
    const struct kernels *kernels;
    bool is_merged;
    size_t taps, depth; /* per output pixel */
    uint32_t group_columns, group_panels;
    uint32_t panels; /* of all groups */
    /* Blocks: of output pixels numbered over all images or, if merged, of block_rows x block_width
     * pixels of one image. */
    uint64_t pixels;
    uint32_t block_pixels;
    uint32_t block_rows, block_width;
    uint32_t blocks_down, blocks_across; /* merged: per image */
    uint32_t blocks;
    uint32_t panel_splits, panels_per_task;
    uint32_t panels_per_look; /* between two looks for a pause */
    size_t copy_floats; /* merged: of a block's padded input */
    size_t thread_bytes, zero_bytes;
};

static uint64_t ceil_div(uint64_t a, uint64_t b)
{
    return (a + b - 1) / b;
}

static size_t round_to_line(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static bool is_merged(const struct conv_shape *shape)
{
    return shape->groups == 1 && shape->in_channels < FEW_CHANNELS && shape->kernel_width > 1 &&
           shape->dilation_width == 1;
}

static uint32_t copy_height(const struct conv_shape *shape, uint32_t rows)
{
    return (rows - 1) * shape->stride_height + (shape->kernel_height - 1) * shape->dilation_height +
           1;
}

static uint32_t copy_width(const struct conv_shape *shape, uint32_t columns)
{
    return (columns - 1) * shape->stride_width + shape->kernel_width;
}

/* Blocks of whole output rows, or of a part of one row where rows are long. */
static void plan_merged_blocks(struct plan *plan, const struct conv_shape *shape, uint32_t images,
                               uint32_t wanted)
{
    plan->block_width = shape->out_width;
    if (plan->block_width > BLOCK_PIXELS_MAX)
        plan->block_width =
            (uint32_t)ceil_div(shape->out_width, ceil_div(shape->out_width, BLOCK_PIXELS_MAX));
    plan->block_rows =
        plan->block_width < shape->out_width ? 1 : BLOCK_PIXELS_MAX / plan->block_width;
    if (plan->block_rows > shape->out_height)
        plan->block_rows = shape->out_height;
    plan->blocks_across = (uint32_t)ceil_div(shape->out_width, plan->block_width);
    while (plan->block_rows > 1 && plan->block_rows * plan->block_width >= 2 * BLOCK_PIXELS_MIN &&
           images * ceil_div(shape->out_height, plan->block_rows) * plan->blocks_across < wanted)
        plan->block_rows = (plan->block_rows + 1) / 2;
    plan->blocks_down = (uint32_t)ceil_div(shape->out_height, plan->block_rows);
    plan->block_pixels = plan->block_rows * plan->block_width;
    plan->blocks = images * plan->blocks_down * plan->blocks_across;
    plan->copy_floats = (size_t)copy_height(shape, plan->block_rows) *
                        copy_width(shape, plan->block_width) * shape->in_channels;
}

static void plan_pixel_blocks(struct plan *plan, const struct conv_shape *shape, uint64_t wanted)
{
    uint64_t limit = BLOCK_BYTES / (shape->in_channels * sizeof(float) * shape->stride_height *
                                    shape->stride_width);
    limit = limit < BLOCK_PIXELS_MIN   ? BLOCK_PIXELS_MIN
            : limit > BLOCK_PIXELS_MAX ? BLOCK_PIXELS_MAX
                                       : limit;
    uint64_t blocks = ceil_div(plan->pixels, limit);
    uint64_t most = ceil_div(plan->pixels, BLOCK_PIXELS_MIN);
    if (blocks < wanted)
        blocks = wanted < most ? wanted : most;
    /* Whole tiles, so that only the last block has a remainder. */
    uint32_t tile = plan->kernels->max_rows[2];
    plan->block_pixels = (uint32_t)(ceil_div(ceil_div(plan->pixels, blocks), tile) * tile);
    if (plan->block_pixels > plan->pixels)
        plan->block_pixels = (uint32_t)plan->pixels;
    plan->blocks = (uint32_t)ceil_div(plan->pixels, plan->block_pixels);
}

static struct plan make_plan(enum isa isa, const struct conv_shape *shape, uint32_t images,
                             uint32_t threads)
{
    struct plan plan = {.kernels = kernels_of(isa), .is_merged = is_merged(shape)};
    plan.taps = (size_t)shape->kernel_height * shape->kernel_width;
    plan.depth = shape->in_channels / shape->groups;
    if (plan.is_merged) {
        plan.taps = shape->kernel_height;
        plan.depth *= shape->kernel_width;
    }
    plan.group_columns = shape->out_channels / shape->groups;
    plan.group_panels = gemm_panels(plan.kernels, plan.group_columns);
    plan.panels = shape->groups * plan.group_panels;
    plan.pixels = (uint64_t)images * shape->out_height * shape->out_width;

    double most = conv_flops(shape) * images / TASK_FLOPS;
    uint32_t wanted = threads > 1 ? threads * TASKS_PER_THREAD : 1;
    if (most < wanted)
        wanted = most < 1 ? 1 : (uint32_t)most;
    if (plan.is_merged)
        plan_merged_blocks(&plan, shape, images, wanted);
    else
        plan_pixel_blocks(&plan, shape, wanted);
    uint32_t splits = (uint32_t)ceil_div(wanted, plan.blocks);
    plan.panels_per_task = (uint32_t)ceil_div(plan.panels, splits);
    plan.panel_splits = (uint32_t)ceil_div(plan.panels, plan.panels_per_task);

    const double panel_flops =
        2.0 * plan.block_pixels * (double)plan.taps * (double)plan.depth * 2 * plan.kernels->lanes;
    plan.panels_per_look = panel_flops < LOOK_FLOPS ? (uint32_t)(LOOK_FLOPS / panel_flops) : 1;

    plan.zero_bytes = plan.is_merged ? 0 : round_to_line(shape->in_channels * sizeof(float));
    plan.thread_bytes = round_to_line(plan.block_pixels * plan.taps * sizeof(float *)) +
                        round_to_line(plan.copy_floats * sizeof(float));
    return plan;
}

static bool supports(enum conv_algorithm algorithm, enum isa isa, const struct conv_shape *shape)
{
    return true;
}

static size_t group_floats(enum isa isa, const struct conv_shape *shape)
{
    size_t depth =
        (size_t)shape->kernel_height * shape->kernel_width * (shape->in_channels / shape->groups);
    return gemm_packed_floats(kernels_of(isa), depth, shape->out_channels / shape->groups);
}

static size_t packed_bytes(enum conv_algorithm algorithm, enum isa isa,
                           const struct conv_shape *shape)
{
    return shape->groups * group_floats(isa, shape) * sizeof(float);
}

struct packing {
    const struct conv_shape *shape;
    const struct kernels *kernels;
    const packable_float *weights;
    const float *scale;
    float *packed;
    size_t group_floats;
    uint32_t panels;
};

static void pack_panel(void *arg, uint32_t task, uint32_t thread)
{
    const struct packing *packing = arg;
    const struct conv_shape *shape = packing->shape;
    uint32_t group = task / packing->panels;
    size_t taps = (size_t)shape->kernel_height * shape->kernel_width;
    size_t depth = shape->in_channels / shape->groups;
    size_t columns = shape->out_channels / shape->groups;
    struct gemm_source source = {
        .weights = packing->weights + group * columns * depth * taps,
        .tap_stride = 1,
        .depth_stride = taps,
        .column_stride = depth * taps,
        .scale = packing->scale ? packing->scale + group * columns : NULL,
        .alpha = 1,
    };
    gemm_pack(packing->kernels, &source, taps, depth, columns, task % packing->panels,
              packing->packed + group * packing->group_floats);
}

/* Merged taps need no layout of their own: (tap row, tap column, channel) is the order anyway. */
static void pack(enum conv_algorithm algorithm, enum isa isa, const struct conv_shape *shape,
                 const packable_float *weights, const float *scale, void *packed,
                 struct thread_pool *pool)
{
    struct packing packing = {
        .shape = shape,
        .kernels = kernels_of(isa),
        .weights = weights,
        .scale = scale,
        .packed = packed,
        .group_floats = group_floats(isa, shape),
    };
    packing.panels = gemm_panels(packing.kernels, shape->out_channels / shape->groups);
    thread_pool_run(pool, shape->groups * packing.panels, pack_panel, &packing);
}

static size_t scratch_bytes(enum conv_algorithm algorithm, enum isa isa,
                            const struct conv_shape *shape, uint32_t images, uint32_t threads)
{
    struct plan plan = make_plan(isa, shape, images, threads);
    return plan.zero_bytes + threads * plan.thread_bytes;
}

struct run {
    const struct conv_call *call;
    struct thread_pool *pool;
    struct plan plan;
    const float *zeros;
    char *thread_scratch;
};

/* Where a block lies in the output. */
struct block {
    uint64_t first_pixel; /* over all images */
    uint32_t pixels;
    uint32_t image, row, column, rows, columns; /* merged */
};

static struct block find_block(const struct run *run, uint32_t number)
{
    const struct plan *plan = &run->plan;
    const struct conv_shape *shape = &run->call->shape;
    struct block block = {0};
    if (!plan->is_merged) {
        block.first_pixel = (uint64_t)number * plan->block_pixels;
        uint64_t left = plan->pixels - block.first_pixel;
        block.pixels = left < plan->block_pixels ? (uint32_t)left : plan->block_pixels;
        return block;
    }
    block.column = number % plan->blocks_across * plan->block_width;
    number /= plan->blocks_across;
    block.row = number % plan->blocks_down * plan->block_rows;
    block.image = number / plan->blocks_down;
    uint32_t left = shape->out_width - block.column;
    block.columns = left < plan->block_width ? left : plan->block_width;
    left = shape->out_height - block.row;
    block.rows = left < plan->block_rows ? left : plan->block_rows;
    block.pixels = block.rows * block.columns;
    block.first_pixel =
        ((uint64_t)block.image * shape->out_height + block.row) * shape->out_width + block.column;
    return block;
}

/* Pointers of one output pixel, tap by tap, row_count apart. */
static void point_pixel(const struct run *run, uint32_t image, uint32_t y, uint32_t x,
                        uint32_t row_count, const float **rows)
{
    const struct conv_shape *shape = &run->call->shape;
    const size_t stride = run->call->input_stride;
    const float *input =
        run->call->input + (size_t)image * shape->in_height * shape->in_width * stride;
    const uint32_t top = y * shape->stride_height - shape->pad_top;
    const uint32_t left = x * shape->stride_width - shape->pad_left;
    for (uint32_t i = 0; i < shape->kernel_height; i++) {
        /* Above the image wraps around to a number below it. */
        uint32_t in_y = top + i * shape->dilation_height;
        const float *line =
            in_y < shape->in_height ? input + (size_t)in_y * shape->in_width * stride : NULL;
        for (uint32_t j = 0; j < shape->kernel_width; j++, rows += row_count) {
            uint32_t in_x = left + j * shape->dilation_width;
            *rows = line && in_x < shape->in_width ? line + in_x * stride : run->zeros;
        }
    }
}

static void point_block(const struct run *run, const struct block *block, const float **rows)
{
    const struct conv_shape *shape = &run->call->shape;
    const struct gemm_split split = gemm_split(run->plan.kernels, block->pixels);
    uint32_t x = (uint32_t)(block->first_pixel % shape->out_width);
    uint64_t line = block->first_pixel / shape->out_width;
    uint32_t y = (uint32_t)(line % shape->out_height);
    uint32_t image = (uint32_t)(line / shape->out_height);
    for (uint32_t tile = 0; tile < split.tiles; tile++) {
        uint32_t row_count = split.rows + (tile < split.larger);
        for (uint32_t r = 0; r < row_count; r++) {
            point_pixel(run, image, y, x, row_count, rows + r);
            if (++x == shape->out_width) {
                x = 0;
                if (++y == shape->out_height) {
                    y = 0;
                    image++;
                }
            }
        }
        rows += row_count * run->plan.taps;
    }
}

/* Copies the block's input with its padding, row by row without gaps. */
static void copy_block(const struct run *run, const struct block *block, float *copy)
{
    const struct conv_shape *shape = &run->call->shape;
    const uint32_t channels = shape->in_channels;
    const uint32_t height = copy_height(shape, block->rows);
    const uint32_t width = copy_width(shape, block->columns);
    const int64_t top = (int64_t)block->row * shape->stride_height - shape->pad_top;
    const int64_t left = (int64_t)block->column * shape->stride_width - shape->pad_left;
    const int64_t before = left < 0 ? (-left < width ? -left : width) : 0;
    int64_t end = (int64_t)shape->in_width - left; /* first column beyond the image */
    end = end < before ? before : end > width ? width : end;
    for (uint32_t i = 0; i < height; i++, copy += (size_t)width * channels) {
        int64_t y = top + i;
        if (y < 0 || y >= shape->in_height || before == end) {
            memset(copy, 0, (size_t)width * channels * sizeof(float));
            continue;
        }
        const float *from =
            run->call->input +
            (((size_t)block->image * shape->in_height + (size_t)y) * shape->in_width +
             (size_t)(left + before)) *
                run->call->input_stride;
        memset(copy, 0, (size_t)before * channels * sizeof(float));
        if (run->call->input_stride == channels) {
            memcpy(copy + before * channels, from,
                   (size_t)(end - before) * channels * sizeof(float));
        } else {
            for (int64_t x = before; x < end; x++, from += run->call->input_stride)
                memcpy(copy + x * channels, from, channels * sizeof(float));
        }
        memset(copy + end * channels, 0, (size_t)(width - end) * channels * sizeof(float));
    }
}

static void point_copy(const struct run *run, const struct block *block, const float *copy,
                       const float **rows)
{
    const struct conv_shape *shape = &run->call->shape;
    const struct gemm_split split = gemm_split(run->plan.kernels, block->pixels);
    const size_t pixel = (size_t)shape->stride_width * shape->in_channels;
    const size_t line = (size_t)copy_width(shape, block->columns) * shape->in_channels;
    uint32_t x = 0, y = 0;
    for (uint32_t tile = 0; tile < split.tiles; tile++) {
        uint32_t row_count = split.rows + (tile < split.larger);
        for (uint32_t r = 0; r < row_count; r++) {
            const float *from = copy + y * shape->stride_height * line + x * pixel;
            for (uint32_t i = 0; i < shape->kernel_height; i++)
                rows[i * row_count + r] = from + i * shape->dilation_height * line;
            if (++x == block->columns) {
                x = 0;
                y++;
            }
        }
        rows += row_count * shape->kernel_height;
    }
}

/* Panels first to end, which are numbered over all groups and lie in one. */
static void run_group(const struct run *run, const struct block *block, const float **rows,
                      uint32_t first, uint32_t end)
{
    const struct conv_call *call = run->call;
    const struct plan *plan = &run->plan;
    const uint32_t group = first / plan->group_panels;
    const uint32_t skipped = group * plan->group_panels;
    const size_t column = (size_t)group * plan->group_columns;
    const size_t first_column = column + (size_t)(first - skipped) * 2 * plan->kernels->lanes;
    struct gemm_job job = {
        .isa = call->isa,
        .kernels = plan->kernels,
        .rows = rows,
        .row_offset = group * (call->shape.in_channels / call->shape.groups),
        .row_count = block->pixels,
        .taps = plan->taps,
        .depth = plan->depth,
        .packed = (const float *)call->packed + group * group_floats(call->isa, &call->shape),
        .packed_depth = plan->taps * plan->depth,
        .columns = plan->group_columns,
        .first_panel = first - skipped,
        .end_panel = end - skipped,
        .c = call->output + block->first_pixel * call->output_stride + first_column,
        .c_stride = call->output_stride,
        .epilogue = call->epilogue,
    };
    if (job.epilogue.bias)
        job.epilogue.bias += column;
    if (job.epilogue.residual)
        job.epilogue.residual += block->first_pixel * job.epilogue.residual_stride + column;
    gemm_run(&job);
}

/* Tasks: block by block, and in each the splits of panels. */
static void run_task(void *arg, uint32_t task, uint32_t thread)
{
    const struct run *run = arg;
    const struct plan *plan = &run->plan;
    const struct block block = find_block(run, task / plan->panel_splits);
    uint32_t panel = task % plan->panel_splits * plan->panels_per_task;
    uint32_t end = panel + plan->panels_per_task;
    end = end < plan->panels ? end : plan->panels;
    char *scratch = run->thread_scratch + thread * plan->thread_bytes;
    const float **rows = (const float **)scratch;
    if (plan->is_merged) {
        float *copy =
            (float *)(scratch + round_to_line(plan->block_pixels * plan->taps * sizeof(float *)));
        copy_block(run, &block, copy);
        point_copy(run, &block, copy, rows);
    } else {
        point_block(run, &block, rows);
    }
    while (panel < end) {
        uint32_t group_end = (panel / plan->group_panels + 1) * plan->group_panels;
        uint32_t stop = group_end < end ? group_end : end;
        stop = stop - panel > plan->panels_per_look ? panel + plan->panels_per_look : stop;
        run_group(run, &block, rows, panel, stop);
        panel = stop;
        if (thread == 0)
            thread_pool_look(run->pool);
    }
}

static void conv_direct_run(const struct conv_call *call, struct thread_pool *pool)
{
    struct run run = {
        .call = call,
        .pool = pool,
        .plan = make_plan(call->isa, &call->shape, call->images, thread_pool_threads(pool)),
    };
    memset(call->scratch, 0, run.plan.zero_bytes);
    run.zeros = call->scratch;
    run.thread_scratch = (char *)call->scratch + run.plan.zero_bytes;
    thread_pool_run(pool, run.plan.blocks * run.plan.panel_splits, run_task, &run);
}

const struct conv_ops conv_direct_ops = {
    .supports = supports,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .scratch_bytes = scratch_bytes,
    .run = conv_direct_run,
};
