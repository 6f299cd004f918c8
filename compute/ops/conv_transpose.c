/* ConvTranspose of any rank: a matrix product makes each position's window, which is then added
 * into the output; tasks own output channels, so no two add to the same place. */
#include "compute/ops/conv.h"
#include "compute/ops/im2col.h"
#include "compute/ops/slots.h"

#include <cblas.h>
#include <inttypes.h>

static int conv_transpose_infer(struct op_call *call)
{
    struct conv_params *params = call->params;
    int result = conv_check(call, params);
    if (result != 0)
        return result;
    const struct shape *input = &call->inputs[0]->shape, *weights = &call->inputs[1]->shape;
    if (weights->dims[0] != input->dims[1])
        return op_fail(call, "weights for %" PRId64 " channels, the input has %" PRId64,
                       weights->dims[0], input->dims[1]);
    int64_t maps;
    if (__builtin_mul_overflow(weights->dims[1], params->groups, &maps) || maps > INT32_MAX)
        return op_fail(call, "too many output channels");
    struct shape output = {.rank = input->rank, .dims = {input->dims[0], maps}};
    result = conv_check_bias(call, maps);
    if (result == 0)
        result = window_parse_transposed(call, input, weights->dims + 2, &params->window,
                                         output.dims + 2);
    if (result == 0)
        result = op_output_set(call, 0, TENSOR_F32, &output);
    if (result != 0)
        return result;
    size_t columns, pixels;
    struct shape window = *weights, spatial = *input;
    window.dims[0] = 1;
    spatial.dims[0] = spatial.dims[1] = 1;
    if (shape_count(&window, &columns) != 0 || shape_count(&spatial, &pixels) != 0 ||
        columns > INT32_MAX || pixels > INT32_MAX)
        return op_fail(call, "a product of weights for %" PRId64 " channels is too large", maps);
    /* At least one output channel and 16 positions make a block. */
    size_t taps = window_taps(&params->window);
    size_t slot_floats = CONV_SLOT_BYTES / sizeof(float);
    size_t block = slot_floats / taps / 16 * 16;
    params->block = block < 16 ? 16 : block > 1024 ? 1024 : block;
    if (params->block > pixels)
        params->block = pixels;
    if (slot_floats > columns * params->block)
        slot_floats = columns * params->block;
    if (slot_floats < taps * params->block)
        slot_floats = taps * params->block;
    size_t slots = CONV_SLOTS * CONV_SLOT_BYTES / sizeof(float) / slot_floats;
    params->slots = slots < 1 ? 1 : slots < CONV_SLOTS ? (uint32_t)slots : CONV_SLOTS;
    params->slot_floats = slot_floats;
    call->scratch_bytes = params->slots * slot_floats * sizeof(float);
    return 0;
}

struct conv_transpose_job {
    const struct op_call *call;
    size_t maps; /* output channels of a group */
    size_t share, shares; /* output channels of a task, tasks of a group */
};

/* Some output channels of one group of one image. Images are the fastest index of item, so that
 * tasks that run after each other read the same weights. */
static void conv_transpose_share(void *arg, size_t item, uint32_t slot)
{
    const struct conv_transpose_job *job = arg;
    const struct op_call *call = job->call;
    const struct conv_params *params = call->params;
    const struct tensor *input = call->inputs[0], *weights = call->inputs[1];
    const struct tensor *bias = op_input(call, 2), *output = call->outputs[0];
    size_t images = (size_t)input->shape.dims[0], groups = (size_t)params->groups;
    size_t image = item % images, group = item / images / job->shares;
    size_t first_map = item / images % job->shares * job->share;
    size_t maps = job->maps - first_map < job->share ? job->maps - first_map : job->share;
    size_t channels = (size_t)input->shape.dims[1] / groups;
    size_t taps = window_taps(&params->window);
    size_t in_pixels = shape_span(&input->shape, 2, input->shape.rank);
    size_t out_pixels = shape_span(&output->shape, 2, output->shape.rank);
    const float *source =
        (const float *)input->data + (image * groups + group) * channels * in_pixels;
    float *target =
        (float *)output->data + ((image * groups + group) * job->maps + first_map) * out_pixels;
    const float *kernel =
        (const float *)weights->data + (group * channels * job->maps + first_map) * taps;
    float *columns = (float *)call->scratch + slot * params->slot_floats;
    struct im2col shape = {&params->window, output->shape.dims + 2, input->shape.dims + 2};
    for (size_t m = 0; m < maps; m++) {
        float start = bias ? ((const float *)bias->data)[group * job->maps + first_map + m] : 0;
        for (size_t p = 0; p < out_pixels; p++)
            target[m * out_pixels + p] = start;
    }
    for (size_t first = 0; first < in_pixels; first += params->block) {
        size_t count = in_pixels - first < params->block ? in_pixels - first : params->block;
        cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)(maps * taps), (int)count,
                    (int)channels, 1, kernel, (int)(job->maps * taps), source + first,
                    (int)in_pixels, 0, columns, (int)count);
        im2col_add(&shape, maps, columns, first, count, target);
    }
}

static void conv_transpose_compute(const struct op_call *call)
{
    const struct conv_params *params = call->params;
    struct conv_transpose_job job = {.call = call, .maps = (size_t)call->inputs[1]->shape.dims[1]};
    job.share = params->slot_floats / (params->block * window_taps(&params->window));
    /* Enough tasks for every thread, two each so that they balance. */
    size_t lines = (size_t)call->inputs[0]->shape.dims[0] * (size_t)params->groups;
    size_t wanted = 2 * (size_t)thread_pool_threads(call->pool);
    if (lines > 0 && lines < wanted && wanted > 2) {
        size_t share = (job.maps * lines + wanted - 1) / wanted;
        job.share = share < job.share ? share : job.share;
    }
    job.shares = (job.maps + job.share - 1) / job.share;
    slots_run(call->pool, lines * job.shares, params->slots, conv_transpose_share, &job);
}

const struct op op_conv_transpose[] = {
    {.type = "ConvTranspose",
     .domain = "",
     .min_inputs = 2,
     .max_inputs = 3,
     .min_outputs = 1,
     .max_outputs = 1,
     .params_bytes = sizeof(struct conv_params),
     .infer = conv_transpose_infer,
     .compute = conv_transpose_compute},
    {0},
};
