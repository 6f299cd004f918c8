/* Convolution by OpenBLAS: the input of some output pixels is copied so that each pixel's taps are
 * one row (im2col), which a 1x1 kernel needs no copy for, and multiplied by weights
 * [taps * channels][out_channels]. A task is a block of output pixels of one group. */
#include <cblas.h>
#include <string.h>

#include "compute/kernels/activation.h"
#include "compute/kernels/blas.h"
#include "compute/kernels/conv_ops.h"
#include "compute/kernels/gemm.h"

#define COPY_BYTES ((size_t)512 << 10) /* of a block's copied input, at most */
#define BLOCK_PIXELS_MIN 64
#define TASKS_PER_THREAD 3

struct plan {
    bool is_copied;
    size_t depth; /* taps * channels of a group */
    uint64_t pixels; /* over all images */
    uint32_t block_pixels, blocks;
    size_t thread_bytes;
};

static struct plan make_plan(const struct conv_shape *shape, uint32_t images, uint32_t threads)
{
    struct plan plan = {0};
    plan.is_copied = shape->kernel_height != 1 || shape->kernel_width != 1 ||
                     shape->stride_height != 1 || shape->stride_width != 1 || shape->pad_top ||
                     shape->pad_left || shape->in_height != shape->out_height ||
                     shape->in_width != shape->out_width;
    plan.depth =
        (size_t)shape->kernel_height * shape->kernel_width * (shape->in_channels / shape->groups);
    plan.pixels = (uint64_t)images * shape->out_height * shape->out_width;
    uint64_t limit = plan.pixels;
    if (plan.is_copied)
        limit = COPY_BYTES / (plan.depth * sizeof(float));
    if (threads > 1) {
        uint64_t share = (plan.pixels * shape->groups) / (threads * TASKS_PER_THREAD) + 1;
        limit = limit < share ? limit : share;
    }
    if (limit < BLOCK_PIXELS_MIN)
        limit = BLOCK_PIXELS_MIN;
    limit = limit < plan.pixels ? limit : plan.pixels;
    plan.block_pixels = (uint32_t)limit;
    plan.blocks = (uint32_t)((plan.pixels + limit - 1) / limit);
    if (plan.is_copied)
        plan.thread_bytes = (plan.block_pixels * plan.depth * sizeof(float) + 63) / 64 * 64;
    return plan;
}

static bool supports(enum conv_algorithm algorithm, enum isa isa, const struct conv_shape *shape)
{
    return true;
}

static size_t packed_bytes(enum conv_algorithm algorithm, enum isa isa,
                           const struct conv_shape *shape)
{
    return (size_t)shape->kernel_height * shape->kernel_width *
           (shape->in_channels / shape->groups) * shape->out_channels * sizeof(float);
}

struct packing {
    const struct conv_shape *shape;
    const packable_float *weights;
    const float *scale;
    float *packed; /* [groups][taps][channels][columns] */
};

/* One task per output channel. */
static void pack_channel(void *arg, uint32_t task, uint32_t thread)
{
    const struct packing *packing = arg;
    const struct conv_shape *shape = packing->shape;
    size_t taps = (size_t)shape->kernel_height * shape->kernel_width;
    size_t channels = shape->in_channels / shape->groups;
    size_t columns = shape->out_channels / shape->groups;
    const float factor = packing->scale ? packing->scale[task] : 1;
    const packable_float *from = packing->weights + task * channels * taps;
    float *to = packing->packed + task / columns * taps * channels * columns + task % columns;
    for (size_t c = 0; c < channels; c++)
        for (size_t tap = 0; tap < taps; tap++)
            to[(tap * channels + c) * columns] = *from++ * factor;
}

static void pack(enum conv_algorithm algorithm, enum isa isa, const struct conv_shape *shape,
                 const packable_float *weights, const float *scale, void *packed,
                 struct thread_pool *pool)
{
    struct packing packing = {shape, weights, scale, packed};
    thread_pool_run(pool, shape->out_channels, pack_channel, &packing);
}

static size_t scratch_bytes(enum conv_algorithm algorithm, enum isa isa,
                            const struct conv_shape *shape, uint32_t images, uint32_t threads)
{
    return threads * make_plan(shape, images, threads).thread_bytes;
}

struct run {
    const struct conv_call *call;
    struct plan plan;
};

static void copy_pixel(const struct conv_call *call, uint64_t pixel, uint32_t group, float *to)
{
    const struct conv_shape *shape = &call->shape;
    const uint32_t channels = shape->in_channels / shape->groups;
    const int64_t left =
        (int64_t)(pixel % shape->out_width) * shape->stride_width - shape->pad_left;
    pixel /= shape->out_width;
    const int64_t top =
        (int64_t)(pixel % shape->out_height) * shape->stride_height - shape->pad_top;
    const size_t image = pixel / shape->out_height;
    for (uint32_t i = 0; i < shape->kernel_height; i++) {
        int64_t y = top + (int64_t)i * shape->dilation_height;
        for (uint32_t j = 0; j < shape->kernel_width; j++, to += channels) {
            int64_t x = left + (int64_t)j * shape->dilation_width;
            if (y < 0 || y >= shape->in_height || x < 0 || x >= shape->in_width) {
                memset(to, 0, channels * sizeof(float));
                continue;
            }
            size_t at = (image * shape->in_height + (size_t)y) * shape->in_width + (size_t)x;
            memcpy(to, call->input + at * call->input_stride + group * channels,
                   channels * sizeof(float));
        }
    }
}

static void finish_pixel(const struct conv_call *call, const float *bias, const float *residual,
                         float *y, size_t columns)
{
    for (size_t n = 0; bias && n < columns; n++)
        y[n] += bias[n];
    for (size_t n = 0; residual && n < columns; n++)
        y[n] += residual[n];
    float low, high;
    if (!gemm_clip(call->epilogue.activation, &low, &high)) {
        activation_span(call->isa, call->epilogue.activation, y, columns);
        return;
    }
    if (call->epilogue.activation.kind == ACTIVATION_NONE)
        return;
    for (size_t n = 0; n < columns; n++) {
        float v = y[n] < low ? low : y[n];
        y[n] = v > high ? high : v;
    }
}

static void run_task(void *arg, uint32_t task, uint32_t thread)
{
    const struct run *run = arg;
    const struct conv_call *call = run->call;
    const struct plan *plan = &run->plan;
    const struct conv_shape *shape = &call->shape;
    const uint32_t group = task % shape->groups;
    const uint64_t first = (uint64_t)(task / shape->groups) * plan->block_pixels;
    const uint64_t left = plan->pixels - first;
    const size_t pixels = left < plan->block_pixels ? (size_t)left : plan->block_pixels;
    const size_t columns = shape->out_channels / shape->groups, column = group * columns;
    const float *a =
        call->input + first * call->input_stride + group * (shape->in_channels / shape->groups);
    size_t a_stride = call->input_stride;
    if (plan->is_copied) {
        float *copy = (float *)((char *)call->scratch + thread * plan->thread_bytes);
        for (size_t p = 0; p < pixels; p++)
            copy_pixel(call, first + p, group, copy + p * plan->depth);
        a = copy;
        a_stride = plan->depth;
    }
    float *c = call->output + first * call->output_stride + column;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)pixels, (int)columns,
                (int)plan->depth, 1, a, (int)a_stride,
                (const float *)call->packed + column * plan->depth, (int)columns, 0, c,
                (int)call->output_stride);
    const struct epilogue *epilogue = &call->epilogue;
    for (size_t p = 0; p < pixels; p++)
        finish_pixel(call, epilogue->bias ? epilogue->bias + column : NULL,
                     epilogue->residual
                         ? epilogue->residual + (first + p) * epilogue->residual_stride + column
                         : NULL,
                     c + p * call->output_stride, columns);
}

static void conv_gemm_run(const struct conv_call *call, struct thread_pool *pool)
{
    /* The threads are ours: one in each call of OpenBLAS. */
    blas_use_calling_thread();
    struct run run = {
        .call = call,
        .plan = make_plan(&call->shape, call->images, thread_pool_threads(pool)),
    };
    thread_pool_run(pool, run.plan.blocks * call->shape.groups, run_task, &run);
}

const struct conv_ops conv_gemm_ops = {
    .supports = supports,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .scratch_bytes = scratch_bytes,
    .run = conv_gemm_run,
};
