/* Depthwise convolution: several neighbouring outputs of a vector of channels stay in registers, so
 * that each loaded input and weight serves all of them.
 *
 * A row of the output is cut into blocks of OUTPUTS pixels; each block goes through all channels
 * before the next, so that memory is read along the channels, where it is contiguous. (All pixels
 * of one vector of channels first would read lines a pixel apart, which fall into few sets of the
 * first cache where the channels are a power of two.) */
#include "compute/kernels/activation.h"
#include "compute/kernels/conv_depthwise.h"
#include "compute/kernels/spatial_kernels_vector.h"

/* Outputs at a time. Seven divides the widths of the usual networks. */
#if VECTOR_REGISTERS == 32
#define OUTPUTS 7
#else
#define OUTPUTS 4
#endif
#define MAX_KERNEL 7

/* Outputs x .. x + count of a row, at channel 0. */
struct block {
    const struct conv_call *call;
    const float *input; /* of the first kernel row inside the image, at the column of tap 0 */
    size_t stride, line_step; /* floats between pixels, and between the lines of kernel rows */
    int64_t in_x; /* column of tap 0 */
    const float *weights; /* of the first kernel row inside the image */
    size_t weights_step; /* floats between blocks of channels */
    uint32_t lines; /* kernel rows inside the image */
    uint32_t columns; /* of the image */
    uint32_t count;
    float *output;
    size_t output_stride;
    const float *residual; /* or NULL */
    size_t residual_stride;
    float low, high; /* of the activation, where it is a clamp */
};

VECTOR_INLINE const float *block_weights(const struct block *block, size_t channel)
{
    return block->weights + channel / DEPTHWISE_BLOCK * block->weights_step +
           channel % DEPTHWISE_BLOCK;
}

/* Adds the residual, clamps and stores the first wanted of count (a constant) outputs. */
VECTOR_INLINE void finish(const struct block *block, size_t channel, vector *sum, size_t count,
                          size_t wanted, bool is_whole, struct vector_lanes lanes)
{
    const size_t output_stride = block->output_stride, residual_stride = block->residual_stride;
    const vector low = vector_set(block->low), high = vector_set(block->high);
    float *output = block->output + channel;
    if (block->residual) {
        const float *residual = block->residual + channel;
        VECTOR_UNROLL
        for (size_t i = 0; i < count; i++)
            if (i < wanted)
                sum[i] += vector_fetch(residual + i * residual_stride, is_whole, lanes);
    }
    VECTOR_UNROLL
    for (size_t i = 0; i < count; i++)
        if (i < wanted)
            vector_put(output + i * output_stride, vector_min(high, vector_max(low, sum[i])),
                       is_whole, lanes);
}

/* One vector of channels of a block, without dilation across. is_edge: columns may lie outside the
 * image, and count may be less than OUTPUTS. width and step are those of the kernel and its stride;
 * they, is_edge and is_whole are constants. */
VECTOR_INLINE void block_vector(const struct block *block, size_t channel, unsigned width,
                                unsigned step, bool is_edge, bool is_whole,
                                struct vector_lanes lanes)
{
    const unsigned columns = (OUTPUTS - 1) * step + width;
    const size_t stride = block->stride;
    const float *bias = block->call->epilogue.bias;
    vector sum[OUTPUTS];
    sum[0] = bias ? vector_fetch(bias + channel, is_whole, lanes) : vector_set(0);
    VECTOR_UNROLL
    for (unsigned i = 1; i < OUTPUTS; i++)
        sum[i] = sum[0];
    const float *weights = block_weights(block, channel), *input = block->input + channel;
    for (uint32_t line = 0; line < block->lines; line++) {
        vector in[(OUTPUTS - 1) * 2 + MAX_KERNEL];
        VECTOR_UNROLL
        for (unsigned i = 0; i < columns; i++) {
            bool is_inside = !is_edge || (uint64_t)(block->in_x + i) < block->columns;
            in[i] = is_inside ? vector_fetch(input + i * stride, is_whole, lanes) : vector_set(0);
            VECTOR_IN_REGISTER(in[i]);
        }
        VECTOR_UNROLL
        for (unsigned kx = 0; kx < width; kx++) {
            vector weight = vector_load(weights + kx * DEPTHWISE_BLOCK);
            VECTOR_UNROLL
            for (unsigned i = 0; i < OUTPUTS; i++)
                sum[i] = vector_fma(in[i * step + kx], weight, sum[i]);
        }
        weights += width * DEPTHWISE_BLOCK;
        input += block->line_step;
    }
    finish(block, channel, sum, OUTPUTS, is_edge ? block->count : OUTPUTS, is_whole, lanes);
}

VECTOR_INLINE void block_channels(const struct block *block, unsigned width, unsigned step,
                                  bool is_edge)
{
    const size_t channels = block->call->shape.out_channels;
    struct vector_lanes lanes = vector_lanes_range(0, VECTOR_FLOATS);
    size_t c = 0;
    for (; c + VECTOR_FLOATS <= channels; c += VECTOR_FLOATS)
        block_vector(block, c, width, step, is_edge, true, lanes);
    if (c < channels) {
        lanes = vector_lanes_left(c, channels);
        block_vector(block, c, width, step, is_edge, false, lanes);
    }
}

/* Any width, stride and dilation: one output at a time. */
static void block_any(const struct block *block)
{
    const struct conv_shape *shape = &block->call->shape;
    const float *bias = block->call->epilogue.bias;
    const struct window taps =
        window_clip(block->in_x, shape->kernel_width, shape->dilation_width, shape->in_width);
    const size_t column_step = shape->dilation_width * block->stride;
    for (size_t c = 0; c < shape->out_channels; c += VECTOR_FLOATS) {
        struct vector_lanes lanes = vector_lanes_left(c, shape->out_channels);
        vector sum = bias ? vector_load_lanes(bias + c, lanes) : vector_set(0);
        for (uint32_t line = 0; line < block->lines; line++) {
            const float *input = block->input + line * block->line_step + c;
            const float *weights =
                block_weights(block, c) + (size_t)line * shape->kernel_width * DEPTHWISE_BLOCK;
            for (uint32_t kx = taps.first; kx < taps.last; kx++)
                sum = vector_fma(vector_load_lanes(input + kx * column_step, lanes),
                                 vector_load(weights + kx * DEPTHWISE_BLOCK), sum);
        }
        finish(block, c, &sum, 1, 1, false, lanes);
    }
}

typedef void block_kernel(const struct block *block);

#define FIXED(width, step)                                                                         \
    static void inner_##width##_##step(const struct block *block)                                  \
    {                                                                                              \
        block_channels(block, width, step, false);                                                 \
    }                                                                                              \
    static void edge_##width##_##step(const struct block *block)                                   \
    {                                                                                              \
        block_channels(block, width, step, true);                                                  \
    }

FIXED(3, 1)
FIXED(3, 2)
FIXED(5, 1)
FIXED(5, 2)
FIXED(7, 1)

/* How to cut a row into blocks. */
struct cut {
    uint32_t outputs; /* in each */
    block_kernel *inner; /* all columns lie inside the image */
    block_kernel *edge;
};

#define WIDTH_STEP(width, step) ((uint64_t)(width) << 32 | (step))
#define FIXED_CASE(width, step)                                                                    \
    case WIDTH_STEP(width, step):                                                                  \
        return (struct cut)                                                                        \
        {                                                                                          \
            OUTPUTS, inner_##width##_##step, edge_##width##_##step                                 \
        }

static struct cut choose(const struct conv_shape *shape)
{
    const struct cut any = {1, block_any, block_any};
    if (shape->dilation_width != 1)
        return any;
    switch (WIDTH_STEP(shape->kernel_width, shape->stride_width)) {
        FIXED_CASE(3, 1);
        FIXED_CASE(3, 2);
        FIXED_CASE(5, 1);
        FIXED_CASE(5, 2);
        FIXED_CASE(7, 1);
    default:
        return any;
    }
}

/* The block of output 0 of a row. */
static struct block first_block(const struct conv_call *call, const struct depthwise_row *row,
                                struct clamp clamp)
{
    const struct conv_shape *shape = &call->shape;
    size_t line_floats = shape->in_width * call->input_stride;
    int64_t in_y = row->y + (int64_t)row->taps.first * shape->dilation_height;
    int64_t in_x = -(int64_t)shape->pad_left;
    size_t first_tap = (size_t)row->taps.first * shape->kernel_width;
    return (struct block){
        .call = call,
        .input = row->image + in_y * (int64_t)line_floats + in_x * (int64_t)call->input_stride,
        .stride = call->input_stride,
        .line_step = shape->dilation_height * line_floats,
        .in_x = in_x,
        .weights = depthwise_weights(call, 0) + first_tap * DEPTHWISE_BLOCK,
        .weights_step = depthwise_taps(shape) * DEPTHWISE_BLOCK,
        .lines = row->taps.last - row->taps.first,
        .columns = shape->in_width,
        .output = row->output,
        .output_stride = call->output_stride,
        .residual = row->residual,
        .residual_stride = call->epilogue.residual_stride,
        .low = clamp.low,
        .high = clamp.high,
    };
}

static void depthwise_row_run(const struct conv_call *call, const struct depthwise_row *row,
                              struct clamp clamp, const struct cut *cut)
{
    const struct conv_shape *shape = &call->shape;
    const int64_t step = (int64_t)cut->outputs * shape->stride_width;
    const int64_t extent = step - shape->stride_width + shape->kernel_width;
    struct block block = first_block(call, row, clamp);
    for (uint32_t x = 0; x < shape->out_width; x += cut->outputs) {
        block.count = shape->out_width - x;
        bool is_inner =
            block.count >= cut->outputs && block.in_x >= 0 && block.in_x + extent <= block.columns;
        if (is_inner)
            cut->inner(&block);
        else
            cut->edge(&block);
        block.in_x += step;
        block.input += step * (int64_t)block.stride;
        block.output += cut->outputs * block.output_stride;
        if (block.residual)
            block.residual += cut->outputs * block.residual_stride;
    }
}

void VECTOR_NAME(depthwise)(const void *argument, size_t first, size_t last)
{
    const struct conv_call *call = argument;
    const struct conv_shape *shape = &call->shape;
    const struct clamp clamp = activation_clamp(call->epilogue.activation);
    const struct cut cut = choose(shape);
    for (size_t r = first; r < last; r++) {
        const struct depthwise_row row = depthwise_row_at(call, r);
        depthwise_row_run(call, &row, clamp, &cut);
        for (uint32_t x = 0; x < shape->out_width && !clamp.is_all; x++) {
            float *output = row.output + x * call->output_stride;
            VECTOR_NAME(activation)(call->epilogue.activation, output, output, shape->out_channels);
        }
    }
}
