/* The table of convolution algorithms, and what holds for all of them. */
#include "compute/kernels/conv.h"

#include <assert.h>

#include "compute/kernels/conv_ops.h"

static const struct {
    const char *name;
    bool is_direct;
    const struct conv_ops *ops;
} algorithms[CONV_ALGORITHM_COUNT] = {
    [CONV_DIRECT] = {"direct", true, &conv_direct_ops},
    [CONV_GEMM] = {"gemm", true, &conv_gemm_ops},
    [CONV_DEPTHWISE] = {"depthwise", true, &conv_depthwise_ops},
    [CONV_WINOGRAD_2] = {"winograd-2", false, &conv_winograd_ops},
    [CONV_WINOGRAD_4] = {"winograd-4", false, &conv_winograd_ops},
    [CONV_WINOGRAD_25] = {"winograd-25", false, &conv_winograd_ops},
};

const char *conv_algorithm_name(enum conv_algorithm algorithm)
{
    return (unsigned)algorithm < CONV_ALGORITHM_COUNT ? algorithms[algorithm].name : "unknown";
}

bool conv_algorithm_is_direct(enum conv_algorithm algorithm)
{
    return (unsigned)algorithm < CONV_ALGORITHM_COUNT && algorithms[algorithm].is_direct;
}

/* Sizes that are zero, or groups that do not divide the channels, suit nobody. */
static bool is_shape(const struct conv_shape *shape)
{
    return shape->in_height && shape->in_width && shape->in_channels && shape->out_height &&
           shape->out_width && shape->out_channels && shape->kernel_height && shape->kernel_width &&
           shape->stride_height && shape->stride_width && shape->dilation_height &&
           shape->dilation_width && shape->groups && shape->in_channels % shape->groups == 0 &&
           shape->out_channels % shape->groups == 0;
}

bool conv_supports(enum conv_algorithm algorithm, enum isa isa, const struct conv_shape *shape)
{
    if ((unsigned)algorithm >= CONV_ALGORITHM_COUNT || !algorithms[algorithm].ops)
        return false;
    return isa_available(isa) && is_shape(shape) &&
           algorithms[algorithm].ops->supports(algorithm, isa, shape);
}

size_t conv_packed_bytes(enum conv_algorithm algorithm, enum isa isa,
                         const struct conv_shape *shape)
{
    assert(conv_supports(algorithm, isa, shape));
    size_t bytes = algorithms[algorithm].ops->packed_bytes(algorithm, isa, shape);
    return (bytes + 63) / 64 * 64;
}

void conv_pack(enum conv_algorithm algorithm, enum isa isa, const struct conv_shape *shape,
               const packable_float *weights, const float *scale, void *packed,
               struct thread_pool *pool)
{
    assert(conv_supports(algorithm, isa, shape));
    algorithms[algorithm].ops->pack(algorithm, isa, shape, weights, scale, packed, pool);
}

size_t conv_scratch_bytes(enum conv_algorithm algorithm, enum isa isa,
                          const struct conv_shape *shape, uint32_t images, uint32_t threads)
{
    assert(conv_supports(algorithm, isa, shape));
    return algorithms[algorithm].ops->scratch_bytes(algorithm, isa, shape, images, threads);
}

void conv_run(const struct conv_call *call, struct thread_pool *pool)
{
    assert(conv_supports(call->algorithm, call->isa, &call->shape));
    if (call->images > 0)
        algorithms[call->algorithm].ops->run(call, pool);
}

double conv_flops(const struct conv_shape *shape)
{
    return 2.0 * shape->out_height * shape->out_width * shape->out_channels * shape->kernel_height *
           shape->kernel_width * (shape->in_channels / shape->groups);
}
