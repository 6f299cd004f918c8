/* Conv of any rank: windows unrolled block by block, each block one matrix product. */
#include "compute/ops/conv.h"
#include "compute/ops/im2col.h"
#include "compute/ops/slots.h"

#include <cblas.h>
#include <inttypes.h>

int conv_check(const struct op_call *call, struct conv_params *params)
{
    int result = op_require(call, 0, OP_F32);
    if (result == 0)
        result = op_require(call, 1, OP_F32);
    if (result == 0 && op_input(call, 2))
        result = op_require(call, 2, OP_F32);
    if (result != 0)
        return result;
    const struct shape *input = &call->inputs[0]->shape, *weights = &call->inputs[1]->shape;
    if (input->rank < 3)
        return op_fail(call, "the input has rank %" PRIu32 ", at least 3 is needed", input->rank);
    if (weights->rank != input->rank)
        return op_fail(call, "weights of rank %" PRIu32 " for an input of rank %" PRIu32,
                       weights->rank, input->rank);
    params->groups = node_int(call->node, "group", 1);
    if (params->groups < 1)
        return op_fail(call, "attribute group is %" PRId64, params->groups);
    for (uint32_t i = 0; i < weights->rank; i++)
        if (weights->dims[i] < 1 || weights->dims[i] > INT32_MAX)
            return op_fail(call, "axis %" PRIu32 " of the weights is %" PRId64, i,
                           weights->dims[i]);
    if (input->dims[1] > INT32_MAX || input->dims[1] % params->groups != 0 ||
        weights->dims[0] % params->groups != 0)
        return op_fail(call, "%" PRId64 " groups do not divide the channels", params->groups);
    return 0;
}

int conv_check_bias(const struct op_call *call, int64_t channels)
{
    const struct tensor *bias = op_input(call, 2);
    if (bias && (bias->shape.rank != 1 || bias->shape.dims[0] != channels))
        return op_fail(call, "the bias must be a list of %" PRId64 " numbers", channels);
    return 0;
}

/* A 1x1 convolution reads the input as the matrix it already is. */
static bool conv_is_plain(const struct window *window)
{
    for (uint32_t i = 0; i < window->spatial_rank; i++)
        if (window->kernel[i] != 1 || window->stride[i] != 1 || window->pad_begin[i] != 0 ||
            window->pad_end[i] != 0)
            return false;
    return true;
}

static int conv_infer(struct op_call *call)
{
    struct conv_params *params = call->params;
    int result = conv_check(call, params);
    if (result != 0)
        return result;
    const struct shape *input = &call->inputs[0]->shape, *weights = &call->inputs[1]->shape;
    if (weights->dims[1] != input->dims[1] / params->groups)
        return op_fail(call,
                       "weights for %" PRId64 " channels per group, the input has %" PRId64
                       " in %" PRId64 " groups",
                       weights->dims[1], input->dims[1], params->groups);
    result = conv_check_bias(call, weights->dims[0]);
    if (result == 0)
        result = window_parse(call, input, weights->dims + 2, &params->window);
    if (result != 0)
        return result;
    struct shape output = {.rank = input->rank, .dims = {input->dims[0], weights->dims[0]}};
    for (uint32_t i = 2; i < input->rank; i++) {
        output.dims[i] = window_positions(&params->window, i - 2, input->dims[i], false);
        if (output.dims[i] < 1)
            return op_fail(call, "the window does not fit axis %" PRIu32, i);
    }
    result = op_output_set(call, 0, TENSOR_F32, &output);
    size_t depth, pixels;
    struct shape unrolled = *weights, spatial = output;
    unrolled.dims[0] = 1;
    spatial.dims[0] = spatial.dims[1] = 1;
    if (result != 0 || shape_count(&unrolled, &depth) != 0 || shape_count(&spatial, &pixels) != 0)
        return op_fail(call, "the output is too large");
    if (depth > INT32_MAX || pixels > INT32_MAX)
        return op_fail(call, "a sum over %zu products for %zu positions is too large", depth,
                       pixels);
    params->slots = CONV_SLOTS;
    params->slot_floats = 0;
    params->block = 512;
    if (!conv_is_plain(&params->window)) {
        size_t block = CONV_SLOT_BYTES / sizeof(float) / depth / 16 * 16;
        params->block = block < 16 ? 16 : block;
        if (params->block > pixels)
            params->block = pixels;
        params->slot_floats = params->block * depth;
        size_t slots = CONV_SLOTS * CONV_SLOT_BYTES / sizeof(float) / params->slot_floats;
        params->slots = slots < 1 ? 1 : slots < CONV_SLOTS ? (uint32_t)slots : CONV_SLOTS;
        size_t items = (pixels + 15) / 16 * (size_t)params->groups;
        if (input->dims[0] > 0 && items * (size_t)input->dims[0] < params->slots)
            params->slots = (uint32_t)(items * (size_t)input->dims[0]);
    }
    call->scratch_bytes = params->slots * params->slot_floats * sizeof(float);
    return 0;
}

struct conv_job {
    const struct op_call *call;
    size_t pixels, blocks, block;
};

/* One block of positions of one group of one image. */
static void conv_block(void *arg, size_t item, uint32_t slot)
{
    const struct conv_job *job = arg;
    const struct op_call *call = job->call;
    const struct conv_params *params = call->params;
    const struct tensor *input = call->inputs[0], *weights = call->inputs[1];
    const struct tensor *bias = op_input(call, 2), *output = call->outputs[0];
    size_t groups = (size_t)params->groups;
    size_t first = item % job->blocks * job->block;
    size_t image_group = item / job->blocks; /* image * groups + group */
    size_t group = image_group % groups;
    size_t count = job->pixels - first < job->block ? job->pixels - first : job->block;
    size_t channels = (size_t)weights->shape.dims[1];
    size_t maps = (size_t)weights->shape.dims[0] / groups;
    size_t depth = channels * window_taps(&params->window);
    size_t image_pixels = shape_span(&input->shape, 2, input->shape.rank);
    const float *image = (const float *)input->data + image_group * channels * image_pixels;
    float *target = (float *)output->data + image_group * maps * job->pixels + first;
    const float *columns = image + first;
    size_t columns_stride = image_pixels;
    if (params->slot_floats > 0) {
        struct im2col shape = {&params->window, input->shape.dims + 2, output->shape.dims + 2};
        float *unrolled = (float *)call->scratch + slot * params->slot_floats;
        im2col_unroll(&shape, channels, image, first, count, unrolled);
        columns = unrolled;
        columns_stride = count;
    }
    for (size_t m = 0; bias && m < maps; m++)
        for (size_t p = 0; p < count; p++)
            target[m * job->pixels + p] = ((const float *)bias->data)[group * maps + m];
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)maps, (int)count, (int)depth, 1,
                (const float *)weights->data + group * maps * depth, (int)depth, columns,
                (int)columns_stride, bias ? 1 : 0, target, (int)job->pixels);
}

static void conv_compute(const struct op_call *call)
{
    const struct conv_params *params = call->params;
    const struct shape *output = &call->outputs[0]->shape;
    struct conv_job job = {
        .call = call, .pixels = shape_span(output, 2, output->rank), .block = params->block};
    /* Few images: smaller blocks, so that every thread has one. */
    size_t lines = (size_t)output->dims[0] * (size_t)params->groups;
    size_t threads = thread_pool_threads(call->pool);
    if (lines > 0 && lines < threads) {
        size_t share = (job.pixels * lines / threads + 15) / 16 * 16 + 16;
        if (share < job.block)
            job.block = share;
    }
    job.blocks = (job.pixels + job.block - 1) / job.block;
    slots_run(call->pool, lines * job.blocks, params->slots, conv_block, &job);
}

const struct op op_conv[] = {
    {.type = "Conv",
     .domain = "",
     .min_inputs = 2,
     .max_inputs = 3,
     .min_outputs = 1,
     .max_outputs = 1,
     .params_bytes = sizeof(struct conv_params),
     .infer = conv_infer,
     .compute = conv_compute},
    {0},
};
