/* Pooling: a few vectors of channels of a window at a time. */
#include "compute/kernels/spatial_kernels_vector.h"
#include "compute/kernels/spatial_pool.h"

#define BLOCK_VECTORS 4

/* The taps of one window that lie in the image, and the distances between them in floats. */
struct taps {
    const float *input;
    size_t rows, columns, row_step, column_step;
    float share;
};

VECTOR_INLINE void pool_block(const struct taps *taps, size_t channel, float *output,
                              size_t vectors, bool is_average, bool is_whole,
                              struct vector_lanes lanes)
{
    vector sum[BLOCK_VECTORS];
    VECTOR_UNROLL
    for (size_t v = 0; v < vectors; v++)
        sum[v] = vector_set(is_average ? 0 : -__builtin_inff());
    for (size_t ky = 0; ky < taps->rows; ky++) {
        const float *input = taps->input + channel + ky * taps->row_step;
        for (size_t kx = 0; kx < taps->columns; kx++, input += taps->column_step)
            VECTOR_UNROLL
        for (size_t v = 0; v < vectors; v++) {
            vector x = vector_fetch(input + v * VECTOR_FLOATS, is_whole, lanes);
            sum[v] = is_average ? sum[v] + x : vector_max(x, sum[v]);
        }
    }
    VECTOR_UNROLL
    for (size_t v = 0; v < vectors; v++) {
        vector y = is_average ? sum[v] * vector_set(taps->share) : sum[v];
        vector_put(output + channel + v * VECTOR_FLOATS, y, is_whole, lanes);
    }
}

VECTOR_INLINE void pool_pixel(const struct taps *taps, size_t channels, float *output,
                              bool is_average)
{
    struct vector_lanes all = vector_lanes_range(0, VECTOR_FLOATS);
    size_t c = 0;
    for (; c + BLOCK_VECTORS * VECTOR_FLOATS <= channels; c += BLOCK_VECTORS * VECTOR_FLOATS)
        pool_block(taps, c, output, BLOCK_VECTORS, is_average, true, all);
    for (; c + VECTOR_FLOATS <= channels; c += VECTOR_FLOATS)
        pool_block(taps, c, output, 1, is_average, true, all);
    if (c < channels)
        pool_block(taps, c, output, 1, is_average, false, vector_lanes_left(c, channels));
}

/* One row of the output. */
struct pool_row {
    const struct pool_call *call;
    const float *image; /* line 0 of the input */
    float *output;
    uint32_t y;
};

VECTOR_INLINE void pool_row_any(const struct pool_row *row, bool is_average)
{
    const struct pool_call *call = row->call;
    const struct pool_shape *shape = call->shape;
    size_t line = shape->in_width * call->input_stride;
    struct taps taps = {.row_step = shape->dilation_height * line,
                        .column_step = shape->dilation_width * call->input_stride};
    float *output = row->output;
    for (uint32_t x = 0; x < shape->out_width; x++, output += call->output_stride) {
        struct pool_window at = pool_window_at(shape, row->y, x);
        taps.rows = at.rows.last - at.rows.first;
        taps.columns = at.columns.last - at.columns.first;
        taps.share = at.share;
        taps.input = row->image;
        if (taps.columns == 0)
            taps.rows = 0;
        if (taps.rows > 0) {
            int64_t in_y = at.y + (int64_t)at.rows.first * shape->dilation_height;
            int64_t in_x = at.x + (int64_t)at.columns.first * shape->dilation_width;
            taps.input += (size_t)in_y * line + (size_t)in_x * call->input_stride;
        }
        pool_pixel(&taps, shape->channels, output, is_average);
    }
}

/* Outputs at a time for windows three wide. */
#define OUTPUTS (VECTOR_REGISTERS == 32 ? 7 : 4)
#define MAX_COLUMNS 15

/* That many outputs of a row: the maximum (or sum) of each column of the input is found once and
 * used by all the windows that it lies in. */
struct pool_block {
    const float *input; /* of the first line inside the image, at the column of tap 0 */
    size_t stride, line_step;
    uint32_t lines; /* of the window, inside the image */
    int64_t in_x; /* column of tap 0 */
    uint32_t columns; /* of the image */
    uint32_t count; /* wanted outputs */
    float *output;
    size_t output_stride;
    float share[7]; /* average: one over the elements that count, per output */
};

VECTOR_INLINE vector pool_join(vector a, vector b, bool is_average)
{
    return is_average ? a + b : vector_max(a, b);
}

/* Of one column, which lies in the image. */
VECTOR_INLINE vector pool_column(const struct pool_block *block, const float *input,
                                 bool is_average, bool is_whole, struct vector_lanes lanes)
{
    vector joined = vector_fetch(input, is_whole, lanes);
    for (uint32_t line = 1; line < block->lines; line++) {
        input += block->line_step;
        joined = pool_join(vector_fetch(input, is_whole, lanes), joined, is_average);
    }
    return joined;
}

/* step, is_edge (columns may lie outside the image), is_average and is_whole are constants. */
VECTOR_INLINE void pool_three(const struct pool_block *block, size_t channel, unsigned step,
                              bool is_edge, bool is_average, bool is_whole,
                              struct vector_lanes lanes)
{
    const unsigned columns = (OUTPUTS - 1) * step + 3;
    const size_t stride = block->stride, output_stride = block->output_stride;
    const float *input = block->input + channel;
    vector column[MAX_COLUMNS];
    VECTOR_UNROLL
    for (unsigned i = 0; i < columns; i++) {
        column[i] = vector_set(is_average ? 0 : -__builtin_inff());
        if (is_edge && block->lines > 0 && (uint64_t)(block->in_x + i) < block->columns)
            column[i] = pool_column(block, input + i * stride, is_average, is_whole, lanes);
    }
    if (!is_edge)
        for (uint32_t line = 0; line < block->lines; line++, input += block->line_step)
            VECTOR_UNROLL
    for (unsigned i = 0; i < columns; i++)
        column[i] =
            pool_join(vector_fetch(input + i * stride, is_whole, lanes), column[i], is_average);
    float *output = block->output + channel;
    VECTOR_UNROLL
    for (unsigned i = 0; i < OUTPUTS; i++) {
        vector y = pool_join(column[i * step], column[i * step + 1], is_average);
        y = pool_join(y, column[i * step + 2], is_average);
        if (is_average)
            y *= vector_set(block->share[i]);
        if (!is_edge || i < block->count)
            vector_put(output + i * output_stride, y, is_whole, lanes);
    }
}

VECTOR_INLINE void pool_block_three(const struct pool_block *block, size_t channels, unsigned step,
                                    bool is_edge, bool is_average)
{
    struct vector_lanes lanes = vector_lanes_range(0, VECTOR_FLOATS);
    size_t c = 0;
    for (; c + VECTOR_FLOATS <= channels; c += VECTOR_FLOATS)
        pool_three(block, c, step, is_edge, is_average, true, lanes);
    if (c < channels) {
        lanes = vector_lanes_left(c, channels);
        pool_three(block, c, step, is_edge, is_average, false, lanes);
    }
}

VECTOR_INLINE void pool_row_three(const struct pool_row *row, unsigned step, bool is_average)
{
    const struct pool_call *call = row->call;
    const struct pool_shape *shape = call->shape;
    struct pool_window first = pool_window_at(shape, row->y, 0);
    size_t line = shape->in_width * call->input_stride;
    int64_t in_y = first.y + (int64_t)first.rows.first * shape->dilation_height;
    struct pool_block block = {
        .input = row->image + in_y * (int64_t)line + first.x * (int64_t)call->input_stride,
        .stride = call->input_stride,
        .line_step = shape->dilation_height * line,
        .lines = first.rows.last - first.rows.first,
        .in_x = first.x,
        .columns = shape->in_width,
        .output = row->output,
        .output_stride = call->output_stride,
    };
    for (uint32_t x = 0; x < shape->out_width; x += OUTPUTS) {
        block.count = shape->out_width - x;
        for (uint32_t i = 0; is_average && i < OUTPUTS && i < block.count; i++)
            block.share[i] = pool_window_at(shape, row->y, x + i).share;
        bool is_inner = block.count >= OUTPUTS && block.in_x >= 0 &&
                        block.in_x + (OUTPUTS - 1) * step + 3 <= shape->in_width;
        if (is_inner)
            pool_block_three(&block, shape->channels, step, false, is_average);
        else
            pool_block_three(&block, shape->channels, step, true, is_average);
        block.in_x += OUTPUTS * step;
        block.input += OUTPUTS * step * block.stride;
        block.output += OUTPUTS * block.output_stride;
    }
}

typedef void pool_row_kernel(const struct pool_row *row);

static void max_any(const struct pool_row *row)
{
    pool_row_any(row, false);
}

static void max_three(const struct pool_row *row)
{
    pool_row_three(row, 1, false);
}

static void max_three_by_two(const struct pool_row *row)
{
    pool_row_three(row, 2, false);
}

static void average_any(const struct pool_row *row)
{
    pool_row_any(row, true);
}

static void average_three(const struct pool_row *row)
{
    pool_row_three(row, 1, true);
}

static pool_row_kernel *choose(const struct pool_shape *shape)
{
    bool is_three = shape->kernel_width == 3 && shape->dilation_width == 1;
    if (is_three && shape->stride_width == 1)
        return shape->is_average ? average_three : max_three;
    if (is_three && shape->stride_width == 2 && !shape->is_average)
        return max_three_by_two;
    return shape->is_average ? average_any : max_any;
}

void VECTOR_NAME(pool)(const void *argument, size_t first, size_t last)
{
    const struct pool_call *call = argument;
    const struct pool_shape *shape = call->shape;
    size_t image_floats = (size_t)shape->in_height * shape->in_width * call->input_stride;
    pool_row_kernel *kernel = choose(shape);
    for (size_t r = first; r < last; r++) {
        const struct pool_row row = {
            .call = call,
            .image = call->input + r / shape->out_height * image_floats,
            .output = call->output + r * shape->out_width * call->output_stride,
            .y = (uint32_t)(r % shape->out_height),
        };
        kernel(&row);
    }
}
