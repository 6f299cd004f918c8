/* Depthwise convolution: several neighbouring outputs of a vector of channels stay in registers, so
 * that each loaded input and weight serves all of them. */
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

struct line {
    const struct conv_call *call;
    struct depthwise_row row;
    size_t line_step; /* floats between the input rows of neighbouring kernel rows */
    vector low, high; /* of the activation, where it is a clamp */
};

/* Adds the residual, clamps and stores one output. */
VECTOR_INLINE void finish(const struct line *line, size_t x, size_t channel, vector sum,
                          bool is_whole, struct vector_lanes lanes)
{
    const struct conv_call *call = line->call;
    if (line->row.residual)
        sum += vector_fetch(line->row.residual + x * call->epilogue.residual_stride + channel,
                            is_whole, lanes);
    sum = vector_min(line->high, vector_max(line->low, sum));
    vector_put(line->row.output + x * call->output_stride + channel, sum, is_whole, lanes);
}

/* Outputs x .. x + OUTPUTS of one vector of channels, without dilation across. is_edge: columns may
 * lie outside the image, and only the first count outputs are wanted. width and step are those of
 * the kernel and its stride; they, is_edge and is_whole are constants. */
VECTOR_INLINE void depthwise_block(const struct line *line, size_t channel, uint32_t x,
                                   uint32_t count, unsigned width, unsigned step, bool is_edge,
                                   bool is_whole, struct vector_lanes lanes)
{
    const struct conv_call *call = line->call;
    const struct depthwise_row *row = &line->row;
    const unsigned columns = (OUTPUTS - 1) * step + width;
    const float *bias = call->epilogue.bias;
    const size_t stride = call->input_stride;
    vector sum[OUTPUTS];
    sum[0] = bias ? vector_fetch(bias + channel, is_whole, lanes) : vector_set(0);
    VECTOR_UNROLL
    for (unsigned i = 1; i < OUTPUTS; i++)
        sum[i] = sum[0];

    const int64_t in_x = (int64_t)x * step - call->shape.pad_left;
    const float *weights =
        depthwise_weights(call, channel) + (size_t)row->taps.first * width * DEPTHWISE_BLOCK;
    int64_t in_y = row->y + (int64_t)row->taps.first * call->shape.dilation_height;
    const float *input = row->image + in_y * (int64_t)(call->shape.in_width * stride) + channel;
    for (uint32_t ky = row->taps.first; ky < row->taps.last; ky++) {
        vector in[(OUTPUTS - 1) * 2 + MAX_KERNEL];
        VECTOR_UNROLL
        for (unsigned i = 0; i < columns; i++) {
            bool is_inside = !is_edge || (uint64_t)(in_x + i) < call->shape.in_width;
            in[i] = is_inside ? vector_fetch(input + (in_x + i) * (int64_t)stride, is_whole, lanes)
                              : vector_set(0);
        }
        VECTOR_UNROLL
        for (unsigned kx = 0; kx < width; kx++) {
            vector weight = vector_load(weights + kx * DEPTHWISE_BLOCK);
            VECTOR_UNROLL
            for (unsigned i = 0; i < OUTPUTS; i++)
                sum[i] = vector_fma(in[i * step + kx], weight, sum[i]);
        }
        weights += width * DEPTHWISE_BLOCK;
        input += line->line_step;
    }
    VECTOR_UNROLL
    for (unsigned i = 0; i < OUTPUTS; i++)
        if (!is_edge || i < count)
            finish(line, x + i, channel, sum[i], is_whole, lanes);
}

/* All outputs of a row of one vector of channels. */
VECTOR_INLINE void depthwise_line(const struct line *line, size_t channel, unsigned width,
                                  unsigned step, bool is_whole, struct vector_lanes lanes)
{
    const struct conv_shape *shape = &line->call->shape;
    uint32_t x = 0;
    while (x < shape->out_width) {
        uint32_t left = shape->out_width - x;
        int64_t in_x = (int64_t)x * step - shape->pad_left;
        bool is_inside =
            left >= OUTPUTS && in_x >= 0 && in_x + (OUTPUTS - 1) * step + width <= shape->in_width;
        if (is_inside)
            depthwise_block(line, channel, x, OUTPUTS, width, step, false, is_whole, lanes);
        else
            depthwise_block(line, channel, x, left, width, step, true, is_whole, lanes);
        x += OUTPUTS;
    }
}

/* Any width, stride and dilation: one output at a time. */
VECTOR_INLINE void depthwise_line_any(const struct line *line, size_t channel, bool is_whole,
                                      struct vector_lanes lanes)
{
    const struct conv_call *call = line->call;
    const struct conv_shape *shape = &call->shape;
    const struct window rows = line->row.taps;
    const float *bias = call->epilogue.bias;
    for (uint32_t x = 0; x < shape->out_width; x++) {
        int64_t in_x = (int64_t)x * shape->stride_width - shape->pad_left;
        struct window taps =
            window_clip(in_x, shape->kernel_width, shape->dilation_width, shape->in_width);
        vector sum = bias ? vector_fetch(bias + channel, is_whole, lanes) : vector_set(0);
        for (uint32_t ky = rows.first; ky < rows.last; ky++)
            for (uint32_t kx = taps.first; kx < taps.last; kx++) {
                int64_t in_y = line->row.y + (int64_t)ky * shape->dilation_height;
                int64_t column = in_x + (int64_t)kx * shape->dilation_width;
                size_t pixel = (size_t)in_y * shape->in_width + (size_t)column;
                size_t tap = (size_t)ky * shape->kernel_width + kx;
                vector in = vector_fetch(line->row.image + pixel * call->input_stride + channel,
                                         is_whole, lanes);
                vector weight =
                    vector_load(depthwise_weights(call, channel) + tap * DEPTHWISE_BLOCK);
                sum = vector_fma(in, weight, sum);
            }
        finish(line, x, channel, sum, is_whole, lanes);
    }
}

#define FIXED(name, width, step)                                                                   \
    static void name(const struct line *line)                                                      \
    {                                                                                              \
        const size_t channels = line->call->shape.out_channels;                                    \
        struct vector_lanes lanes = vector_lanes_range(0, VECTOR_FLOATS);                          \
        size_t c = 0;                                                                              \
        for (; c + VECTOR_FLOATS <= channels; c += VECTOR_FLOATS)                                  \
            depthwise_line(line, c, width, step, true, lanes);                                     \
        if (c < channels)                                                                          \
            depthwise_line(line, c, width, step, false, vector_lanes_left(c, channels));           \
    }

FIXED(line_of_3, 3, 1)
FIXED(line_of_3_by_2, 3, 2)
FIXED(line_of_5, 5, 1)
FIXED(line_of_5_by_2, 5, 2)
FIXED(line_of_7, 7, 1)

static void line_of_any(const struct line *line)
{
    const size_t channels = line->call->shape.out_channels;
    struct vector_lanes lanes = vector_lanes_range(0, VECTOR_FLOATS);
    size_t c = 0;
    for (; c + VECTOR_FLOATS <= channels; c += VECTOR_FLOATS)
        depthwise_line_any(line, c, true, lanes);
    if (c < channels)
        depthwise_line_any(line, c, false, vector_lanes_left(c, channels));
}

#define WIDTH_STEP(width, step) ((uint64_t)(width) << 32 | (step))

typedef void line_kernel(const struct line *line);

static line_kernel *choose(const struct conv_shape *shape)
{
    if (shape->dilation_width != 1)
        return line_of_any;
    switch (WIDTH_STEP(shape->kernel_width, shape->stride_width)) {
    case WIDTH_STEP(3, 1):
        return line_of_3;
    case WIDTH_STEP(3, 2):
        return line_of_3_by_2;
    case WIDTH_STEP(5, 1):
        return line_of_5;
    case WIDTH_STEP(5, 2):
        return line_of_5_by_2;
    case WIDTH_STEP(7, 1):
        return line_of_7;
    default:
        return line_of_any;
    }
}

void VECTOR_NAME(depthwise)(const void *argument, size_t first, size_t last)
{
    const struct conv_call *call = argument;
    const struct conv_shape *shape = &call->shape;
    struct clamp clamp = activation_clamp(call->epilogue.activation);
    line_kernel *kernel = choose(shape);
    struct line line = {
        .call = call,
        .line_step = (size_t)shape->dilation_height * shape->in_width * call->input_stride,
        .low = vector_set(clamp.low),
        .high = vector_set(clamp.high),
    };
    for (size_t r = first; r < last; r++) {
        line.row = depthwise_row_at(call, r);
        kernel(&line);
        if (clamp.is_all)
            continue;
        for (uint32_t x = 0; x < shape->out_width; x++) {
            float *output = line.row.output + x * call->output_stride;
            VECTOR_NAME(activation)(call->epilogue.activation, output, output, shape->out_channels);
        }
    }
}
