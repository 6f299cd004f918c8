/* Pools over all spatial axes: GlobalMaxPool, GlobalAveragePool, GlobalLpPool. */
#include "compute/ops/op.h"
#include "compute/ops/range.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

struct global_pool_params {
    int64_t p;
};

static int global_pool_infer(struct op_call *call)
{
    struct global_pool_params *params = call->params;
    int result = op_require(call, 0, OP_F32);
    if (result != 0)
        return result;
    struct shape output = call->inputs[0]->shape;
    if (output.rank < 2)
        return op_fail(call, "the input has rank %" PRIu32 ", at least 2 is needed", output.rank);
    for (uint32_t i = 2; i < output.rank; i++) {
        if (output.dims[i] < 1)
            return op_fail(call, "the input's axis %" PRIu32 " is empty", i);
        output.dims[i] = 1;
    }
    params->p = node_int(call->node, "p", 2);
    if (params->p < 1)
        return op_fail(call, "attribute p is %" PRId64 ", at least 1 is needed", params->p);
    return op_output_set(call, 0, TENSOR_F32, &output);
}

static float global_max(const float *plane, size_t count, int64_t p)
{
    float best = plane[0];
    for (size_t i = 1; i < count; i++)
        best = plane[i] > best ? plane[i] : best;
    return best;
}

static float global_average(const float *plane, size_t count, int64_t p)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)plane[i];
    return (float)(sum / (double)count);
}

static float global_lp(const float *plane, size_t count, int64_t p)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += p == 1   ? fabs((double)plane[i])
               : p == 2 ? (double)plane[i] * (double)plane[i]
                        : pow(fabs((double)plane[i]), (double)p);
    return (float)(p == 1 ? sum : p == 2 ? sqrt(sum) : pow(sum, 1 / (double)p));
}

struct global_pool_job {
    const struct op_call *call;
    float (*reduce)(const float *plane, size_t count, int64_t p);
};

static void global_pool_planes(void *arg, size_t first, size_t last)
{
    const struct global_pool_job *job = arg;
    const struct global_pool_params *params = job->call->params;
    const struct tensor *input = job->call->inputs[0];
    float *output = job->call->outputs[0]->data;
    size_t pixels = shape_span(&input->shape, 2, input->shape.rank);
    for (size_t i = first; i < last; i++)
        output[i] = job->reduce((const float *)input->data + i * pixels, pixels, params->p);
}

static void global_pool_run(const struct op_call *call,
                            float (*reduce)(const float *plane, size_t count, int64_t p))
{
    struct global_pool_job job = {call, reduce};
    const struct shape *input = &call->inputs[0]->shape;
    if (tensor_count(call->inputs[0]) == 0) /* then the other axes may be of any length */
        return;
    size_t grain = 16384 / shape_span(input, 2, input->rank) + 1;
    range_run(call->pool, shape_span(input, 0, 2), grain, global_pool_planes, &job);
}

static void global_max_pool_compute(const struct op_call *call)
{
    global_pool_run(call, global_max);
}

static void global_average_pool_compute(const struct op_call *call)
{
    global_pool_run(call, global_average);
}

static void global_lp_pool_compute(const struct op_call *call)
{
    global_pool_run(call, global_lp);
}

const struct op op_global_pool[] = {
    {.type = "GlobalMaxPool",
     .domain = "",
     .min_inputs = 1,
     .max_inputs = 1,
     .min_outputs = 1,
     .max_outputs = 1,
     .params_bytes = sizeof(struct global_pool_params),
     .infer = global_pool_infer,
     .compute = global_max_pool_compute},
    {.type = "GlobalAveragePool",
     .domain = "",
     .min_inputs = 1,
     .max_inputs = 1,
     .min_outputs = 1,
     .max_outputs = 1,
     .params_bytes = sizeof(struct global_pool_params),
     .infer = global_pool_infer,
     .compute = global_average_pool_compute},
    {.type = "GlobalLpPool",
     .domain = "",
     .min_inputs = 1,
     .max_inputs = 1,
     .min_outputs = 1,
     .max_outputs = 1,
     .params_bytes = sizeof(struct global_pool_params),
     .infer = global_pool_infer,
     .compute = global_lp_pool_compute},
    {0},
};
