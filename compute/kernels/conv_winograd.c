/* Winograd convolution: transform tiles of the input, multiply point by point, transform back.
 *
 * Work goes by blocks of tiles. For a block, V[point][tile][in_channels] is written once. Then,
 * panel of output channels by panel, the GEMMs of all points write M[point][tile][panel], which
 * stays in the second-level cache until the output transform reads it with the epilogue.
 *
 * With enough blocks each thread takes whole blocks with a V of its own. Otherwise the threads
 * share one V: all transform input, then all take (part of the tiles, panel). */
#include <string.h>

#include "compute/kernels/activation.h"
#include "compute/kernels/conv_ops.h"
#include "compute/kernels/conv_winograd.h"
#include "compute/kernels/gemm.h"

#define SMALL_V_BYTES ((size_t)192 << 10) /* V of a block that shares the second-level cache */
#define SMALL_WEIGHT_BYTES ((size_t)1 << 20) /* weights that this cache or the next holds */
#define BLOCK_TILES_MIN 24
#define BLOCK_TILES_BIG 60 /* what it takes to read weights that no cache holds seldom enough */
#define BLOCK_TILES_MAX 120
#define SHARED_TILES_MAX 480
#define BLOCKS_PER_THREAD 3
#define INPUT_TASK_TILES 2
#define MAX_SQUARE (WINOGRAD_MAX_POINTS * WINOGRAD_MAX_POINTS)

struct plan {
    const struct kernels *kernels;
    enum winograd_kind kind;
    uint32_t points, outputs; /* n, m */
    uint32_t tiles_down, tiles_across;
    uint32_t tiles; /* over all images */
    bool is_shared; /* one V for all threads */
    uint32_t block_tiles; /* of one V */
    uint32_t part_tiles; /* of one M */
    uint32_t panels;
    size_t v_row, v_point, v_floats; /* strides and size of V */
    size_t m_row, m_point, m_floats;
    size_t zero_bytes, v_bytes, thread_bytes;
};

static size_t ceil_div(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

static size_t round_up(size_t a, size_t b)
{
    return ceil_div(a, b) * b;
}

/* A stride that does not map neighbouring rows to the same set of a cache. */
static size_t spread(size_t floats)
{
    return floats % 256 == 0 ? floats + 16 : floats;
}

/* Evenly sized parts of at most limit tiles, each a multiple of a tile of rows where possible. */
static uint32_t even_part(uint32_t tiles, size_t limit, uint32_t rows)
{
    size_t part = ceil_div(tiles, ceil_div(tiles, limit));
    part = part > rows ? round_up(part, rows) : part;
    return (uint32_t)(part < tiles ? part : tiles);
}

static struct plan make_plan(enum conv_algorithm algorithm, enum isa isa,
                             const struct conv_shape *shape, uint32_t images, uint32_t threads)
{
    struct winograd_matrices matrices;
    struct plan plan = {.kernels = kernels_of(isa), .kind = winograd_kind_of(algorithm)};
    winograd_matrices(plan.kind, &matrices);
    plan.points = matrices.points;
    plan.outputs = matrices.outputs;
    plan.tiles_down = (uint32_t)ceil_div(shape->out_height, plan.outputs);
    plan.tiles_across = (uint32_t)ceil_div(shape->out_width, plan.outputs);
    plan.tiles = images * plan.tiles_down * plan.tiles_across;
    plan.panels = gemm_panels(plan.kernels, shape->out_channels);

    const uint32_t square = plan.points * plan.points, rows = plan.kernels->max_rows[2];
    plan.v_row = spread(round_up(shape->in_channels, GEMM_MAX_LANES));
    size_t limit = SMALL_V_BYTES / (square * plan.v_row * sizeof(float));
    const size_t weights = (size_t)square * shape->in_channels * shape->out_channels;
    const bool is_small = weights * sizeof(float) <= SMALL_WEIGHT_BYTES;
    const size_t least_tiles = is_small ? BLOCK_TILES_MIN : BLOCK_TILES_BIG;
    limit = limit < least_tiles ? least_tiles : limit;
    limit = limit > BLOCK_TILES_MAX ? BLOCK_TILES_MAX : limit;
    plan.block_tiles = even_part(plan.tiles, limit, rows);
    plan.part_tiles = plan.block_tiles;
    if (threads > 1 && ceil_div(plan.tiles, plan.block_tiles) < threads * BLOCKS_PER_THREAD) {
        plan.is_shared = true;
        plan.block_tiles = even_part(plan.tiles, SHARED_TILES_MAX, rows);
        size_t parts = ceil_div(threads * BLOCKS_PER_THREAD, plan.panels);
        size_t most = ceil_div(plan.block_tiles, 2 * rows);
        parts = parts < most ? parts : most;
        size_t least = ceil_div(plan.block_tiles, BLOCK_TILES_MAX);
        parts = parts > least ? parts : least;
        plan.part_tiles = even_part(plan.block_tiles, ceil_div(plan.block_tiles, parts), rows);
    }
    plan.v_point = spread(plan.block_tiles * plan.v_row);
    plan.v_floats = square * plan.v_point;
    plan.m_row = 2 * (size_t)plan.kernels->lanes;
    plan.m_point = spread(plan.part_tiles * plan.m_row);
    plan.m_floats = square * plan.m_point;
    plan.zero_bytes = round_up(shape->in_channels * sizeof(float), 64);
    plan.v_bytes = round_up(plan.v_floats * sizeof(float), 64);
    plan.thread_bytes = round_up(plan.m_floats * sizeof(float), 64) +
                        round_up(plan.part_tiles * sizeof(float *), 64) +
                        (plan.is_shared ? 0 : plan.v_bytes);
    return plan;
}

static bool supports(enum conv_algorithm algorithm, enum isa isa, const struct conv_shape *shape)
{
    uint32_t taps = algorithm == CONV_WINOGRAD_25 ? 5 : 3;
    return shape->kernel_height == taps && shape->kernel_width == taps &&
           shape->stride_height == 1 && shape->stride_width == 1 && shape->dilation_height == 1 &&
           shape->dilation_width == 1 && shape->groups == 1;
}

static size_t scratch_bytes(enum conv_algorithm algorithm, enum isa isa,
                            const struct conv_shape *shape, uint32_t images, uint32_t threads)
{
    struct plan plan = make_plan(algorithm, isa, shape, images, threads);
    return plan.zero_bytes + (plan.is_shared ? plan.v_bytes : 0) + threads * plan.thread_bytes;
}

struct run {
    const struct conv_call *call;
    struct thread_pool *pool;
    struct plan plan;
    const float *zeros;
    float *shared_v;
    char *thread_scratch;
    uint32_t first_tile; /* of the block, if shared */
    uint32_t tiles;
    bool is_clip;
    float low, high;
};

/* A tile's place: image, first output row and column. */
struct place {
    uint32_t image, row, column;
};

static struct place place_of(const struct plan *plan, uint32_t tile)
{
    uint32_t line = tile / plan->tiles_across;
    return (struct place){
        line / plan->tiles_down,
        line % plan->tiles_down * plan->outputs,
        tile % plan->tiles_across * plan->outputs,
    };
}

static void transform_input(const struct run *run, uint32_t tile, float *v)
{
    const struct conv_shape *shape = &run->call->shape;
    const size_t stride = run->call->input_stride;
    const uint32_t n = run->plan.points;
    const struct place place = place_of(&run->plan, tile);
    const float *pixels[MAX_SQUARE];
    const float *image =
        run->call->input + (size_t)place.image * shape->in_height * shape->in_width * stride;
    for (uint32_t i = 0; i < n; i++) {
        /* Above the image wraps around to a number below it. */
        uint32_t y = place.row + i - shape->pad_top;
        for (uint32_t j = 0; j < n; j++) {
            uint32_t x = place.column + j - shape->pad_left;
            pixels[i * n + j] = y < shape->in_height && x < shape->in_width
                                    ? image + ((size_t)y * shape->in_width + x) * stride
                                    : run->zeros;
        }
    }
    struct winograd_input input = {pixels, shape->in_channels, v, run->plan.v_point};
    run->plan.kernels->winograd_input(run->plan.kind, &input);
}

static void activate(const struct run *run, const struct winograd_output *output)
{
    for (uint32_t i = 0; i < output->rows; i++)
        for (uint32_t j = 0; j < output->columns; j++)
            activation_span(run->call->isa, run->call->epilogue.activation,
                            output->y + i * output->row_stride + j * output->column_stride,
                            output->channels);
}

static uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static void transform_output(const struct run *run, uint32_t tile, uint32_t panel, const float *m)
{
    const struct conv_call *call = run->call;
    const struct conv_shape *shape = &call->shape;
    const struct epilogue *epilogue = &call->epilogue;
    const struct place place = place_of(&run->plan, tile);
    const size_t pixel =
        ((size_t)place.image * shape->out_height + place.row) * shape->out_width + place.column;
    const uint32_t width = 2 * run->plan.kernels->lanes, column = panel * width;
    struct winograd_output output = {
        .m = m,
        .point_stride = run->plan.m_point,
        .channels = min_u32(width, shape->out_channels - column),
        .rows = min_u32(run->plan.outputs, shape->out_height - place.row),
        .columns = min_u32(run->plan.outputs, shape->out_width - place.column),
        .y = call->output + pixel * call->output_stride + column,
        .row_stride = shape->out_width * call->output_stride,
        .column_stride = call->output_stride,
        .bias = epilogue->bias ? epilogue->bias + column : NULL,
        .residual = epilogue->residual
                        ? epilogue->residual + pixel * epilogue->residual_stride + column
                        : NULL,
        .residual_row_stride = shape->out_width * epilogue->residual_stride,
        .residual_column_stride = epilogue->residual_stride,
        .low = run->low,
        .high = run->high,
        .is_clipped = run->is_clip && epilogue->activation.kind != ACTIVATION_NONE,
    };
    run->plan.kernels->winograd_output(run->plan.kind, &output);
    if (!run->is_clip)
        activate(run, &output);
}

/* Multiplies tiles first to end of the block whose V begins with tile v_tile by one panel. */
static void multiply(const struct run *run, const float *v, uint32_t v_tile, uint32_t first,
                     uint32_t end, uint32_t panel, char *scratch)
{
    const struct plan *plan = &run->plan;
    const struct conv_shape *shape = &run->call->shape;
    const uint32_t square = plan->points * plan->points;
    float *m = (float *)scratch;
    const float **rows = (const float **)(scratch + round_up(plan->m_floats * sizeof(float), 64));
    for (uint32_t tile = first; tile < end; tile++)
        rows[tile - first] = v + (tile - v_tile) * plan->v_row;
    struct gemm_job job = {
        .isa = run->call->isa,
        .kernels = plan->kernels,
        .rows = rows,
        .row_count = end - first,
        .taps = 1,
        .depth = shape->in_channels,
        .packed = run->call->packed,
        .packed_depth = (size_t)square * shape->in_channels,
        .columns = shape->out_channels,
        .first_panel = panel,
        .end_panel = panel + 1,
        .c_stride = plan->m_row,
        .is_partial = true,
    };
    for (uint32_t p = 0; p < square; p++) {
        job.row_offset = p * plan->v_point;
        job.first_depth = (size_t)p * shape->in_channels;
        job.c = m + p * plan->m_point;
        gemm_run(&job);
    }
    for (uint32_t tile = first; tile < end; tile++)
        transform_output(run, tile, panel, m + (tile - first) * plan->m_row);
}

/* Task: a whole block. */
static void run_block(void *arg, uint32_t task, uint32_t thread)
{
    const struct run *run = arg;
    const struct plan *plan = &run->plan;
    char *scratch = run->thread_scratch + thread * plan->thread_bytes;
    float *v = (float *)(scratch + plan->thread_bytes - plan->v_bytes);
    uint32_t first = task * plan->block_tiles;
    uint32_t end = min_u32(first + plan->block_tiles, plan->tiles);
    for (uint32_t tile = first; tile < end; tile++)
        transform_input(run, tile, v + (tile - first) * plan->v_row);
    for (uint32_t panel = 0; panel < plan->panels; panel++) {
        if (thread == 0)
            thread_pool_look(run->pool);
        multiply(run, v, first, first, end, panel, scratch);
    }
}

/* Task: some tiles of the shared V. */
static void run_shared_input(void *arg, uint32_t task, uint32_t thread)
{
    const struct run *run = arg;
    uint32_t first = task * INPUT_TASK_TILES;
    uint32_t end = min_u32(first + INPUT_TASK_TILES, run->tiles);
    for (uint32_t i = first; i < end; i++)
        transform_input(run, run->first_tile + i, run->shared_v + i * run->plan.v_row);
}

/* Task: a part of the shared block's tiles, by one panel. */
static void run_shared_panel(void *arg, uint32_t task, uint32_t thread)
{
    const struct run *run = arg;
    const struct plan *plan = &run->plan;
    uint32_t first = task / plan->panels * plan->part_tiles;
    uint32_t end = min_u32(first + plan->part_tiles, run->tiles);
    multiply(run, run->shared_v, run->first_tile, run->first_tile + first, run->first_tile + end,
             task % plan->panels, run->thread_scratch + thread * plan->thread_bytes);
}

static void conv_winograd_run(const struct conv_call *call, struct thread_pool *pool)
{
    struct run run = {
        .call = call,
        .pool = pool,
        .plan = make_plan(call->algorithm, call->isa, &call->shape, call->images,
                          thread_pool_threads(pool)),
    };
    const struct plan *plan = &run.plan;
    run.is_clip = gemm_clip(call->epilogue.activation, &run.low, &run.high);
    char *scratch = call->scratch;
    memset(scratch, 0, plan->zero_bytes);
    run.zeros = (const float *)scratch;
    run.shared_v = (float *)(scratch + plan->zero_bytes);
    run.thread_scratch = scratch + plan->zero_bytes + (plan->is_shared ? plan->v_bytes : 0);
    if (!plan->is_shared) {
        thread_pool_run(pool, (uint32_t)ceil_div(plan->tiles, plan->block_tiles), run_block, &run);
        return;
    }
    for (; run.first_tile < plan->tiles; run.first_tile += plan->block_tiles) {
        run.tiles = min_u32(plan->block_tiles, plan->tiles - run.first_tile);
        thread_pool_run(pool, (uint32_t)ceil_div(run.tiles, INPUT_TASK_TILES), run_shared_input,
                        &run);
        thread_pool_run(pool, (uint32_t)ceil_div(run.tiles, plan->part_tiles) * plan->panels,
                        run_shared_panel, &run);
    }
}

const struct conv_ops conv_winograd_ops = {
    .supports = supports,
    .packed_bytes = conv_winograd_packed_bytes,
    .pack = conv_winograd_pack,
    .scratch_bytes = scratch_bytes,
    .run = conv_winograd_run,
};
