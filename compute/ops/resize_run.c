/* Computes a resize row by row: the products of the outer axes' taps, each with the taps of the
 * last axis. */
#include "compute/ops/range.h"
#include "compute/ops/resize.h"

#include <math.h>
#include <string.h>

/* Elements summed at a time. */
enum { RESIZE_PIECE = 256 };

struct resize_job {
    const struct op_call *call;
    const struct resize_params *params;
    size_t strides[TENSOR_MAX_RANK]; /* elements, of the input */
};

static const int32_t *resize_indices(const struct resize_job *job, uint32_t axis)
{
    return (const int32_t *)((const char *)job->call->scratch +
                             job->params->axes[axis].table_offset);
}

static const float *resize_weights(const struct resize_job *job, uint32_t axis)
{
    const struct resize_axis *a = &job->params->axes[axis];
    return (const float *)(resize_indices(job, axis) + a->taps * (size_t)a->out);
}

/* A row of the output: the coordinates of its outer axes. */
struct resize_row {
    size_t at[TENSOR_MAX_RANK];
    bool is_outside;
};

static struct resize_row resize_row(const struct resize_job *job, size_t number)
{
    struct resize_row row = {0};
    for (uint32_t i = job->params->rank - 1; i-- > 0;) {
        size_t out = (size_t)job->params->axes[i].out;
        row.at[i] = number % out;
        number /= out;
        row.is_outside = row.is_outside || resize_indices(job, i)[row.at[i]] < 0;
    }
    return row;
}

static double resize_load(const struct tensor *tensor, size_t i)
{
    switch (tensor->type) {
    case TENSOR_U8:
        return ((const uint8_t *)tensor->data)[i];
    case TENSOR_I32:
        return ((const int32_t *)tensor->data)[i];
    case TENSOR_I64:
        return (double)((const int64_t *)tensor->data)[i];
    default:
        return (double)((const float *)tensor->data)[i];
    }
}

/* Integers are held to their type's range and cut off as a C cast does (as floats first, so that
 * 103.99999999 is 104), but rounded where antialiased: ONNX Runtime's ways. */
static void resize_store(const struct tensor *tensor, size_t i, double value, bool is_rounded)
{
    if (tensor->type != TENSOR_F32)
        value = isnan(value) ? 0 : is_rounded ? round(value) : (double)(float)value;
    switch (tensor->type) {
    case TENSOR_U8:
        ((uint8_t *)tensor->data)[i] = (uint8_t)fmin(fmax(value, 0), 255);
        break;
    case TENSOR_I32:
        ((int32_t *)tensor->data)[i] = (int32_t)fmin(fmax(value, INT32_MIN), INT32_MAX);
        break;
    case TENSOR_I64:
        ((int64_t *)tensor->data)[i] =
            (int64_t)fmin(fmax(value, -9223372036854775808.0), 9223372036854774784.0);
        break;
    default:
        ((float *)tensor->data)[i] = (float)value;
    }
}

/* Adds weight times elements [first, first + count) of the row that `source` starts. */
static void resize_add(const struct resize_job *job, size_t source, double weight, size_t first,
                       size_t count, double *sums)
{
    const struct tensor *input = job->call->inputs[0];
    uint32_t last = job->params->rank - 1;
    const struct resize_axis *axis = &job->params->axes[last];
    for (size_t t = 0; t < axis->taps; t++) {
        const int32_t *indices = resize_indices(job, last) + t * (size_t)axis->out + first;
        const float *weights = resize_weights(job, last) + t * (size_t)axis->out + first;
        if (input->type == TENSOR_F32) {
            const float *row = (const float *)input->data + source;
            for (size_t x = 0; x < count; x++)
                sums[x] +=
                    weight * (double)weights[x] * (double)row[indices[x] < 0 ? 0 : indices[x]];
        } else {
            for (size_t x = 0; x < count; x++)
                sums[x] += weight * (double)weights[x] *
                           resize_load(input, source + (size_t)(indices[x] < 0 ? 0 : indices[x]));
        }
    }
}

/* All combinations of the outer axes' taps. */
static void resize_sum(const struct resize_job *job, const struct resize_row *row, size_t first,
                       size_t count, double *sums)
{
    uint32_t outer = job->params->rank - 1;
    size_t tap[TENSOR_MAX_RANK] = {0};
    memset(sums, 0, count * sizeof(double));
    for (;;) {
        double weight = 1;
        size_t source = 0;
        for (uint32_t i = 0; i < outer; i++) {
            size_t entry = tap[i] * (size_t)job->params->axes[i].out + row->at[i];
            weight *= (double)resize_weights(job, i)[entry];
            source += (size_t)resize_indices(job, i)[entry] * job->strides[i];
        }
        if (weight != 0)
            resize_add(job, source, weight, first, count, sums);
        uint32_t i = outer;
        while (i > 0 && ++tap[i - 1] == job->params->axes[i - 1].taps)
            tap[--i] = 0;
        if (i == 0)
            return;
    }
}

static void resize_rows(void *arg, size_t first, size_t last)
{
    const struct resize_job *job = arg;
    const struct tensor *output = job->call->outputs[0];
    uint32_t inner = job->params->rank - 1;
    size_t width = (size_t)job->params->axes[inner].out;
    const int32_t *indices = resize_indices(job, inner);
    double sums[RESIZE_PIECE];
    for (size_t number = first; number < last; number++) {
        struct resize_row row = resize_row(job, number);
        for (size_t x = 0; x < width; x += RESIZE_PIECE) {
            size_t count = width - x < RESIZE_PIECE ? width - x : RESIZE_PIECE;
            if (!row.is_outside)
                resize_sum(job, &row, x, count, sums);
            for (size_t i = 0; i < count; i++) {
                bool is_outside = row.is_outside || indices[x + i] < 0;
                resize_store(output, number * width + x + i,
                             is_outside ? (double)job->params->extrapolation_value : sums[i],
                             job->params->antialias);
            }
        }
    }
}

/* Nearest neighbours are copied, whatever their type. */
static void resize_nearest_rows(void *arg, size_t first, size_t last)
{
    const struct resize_job *job = arg;
    const struct tensor *input = job->call->inputs[0], *output = job->call->outputs[0];
    uint32_t inner = job->params->rank - 1;
    size_t width = (size_t)job->params->axes[inner].out;
    size_t bytes = tensor_type_bytes(input->type);
    const int32_t *indices = resize_indices(job, inner);
    for (size_t number = first; number < last; number++) {
        struct resize_row row = resize_row(job, number);
        size_t source = 0;
        for (uint32_t i = 0; i < inner && !row.is_outside; i++)
            source += (size_t)resize_indices(job, i)[row.at[i]] * job->strides[i];
        const char *from = (const char *)input->data + source * bytes;
        char *to = (char *)output->data + number * width * bytes;
        for (size_t x = 0; x < width; x++) {
            if (row.is_outside || indices[x] < 0)
                resize_store(output, number * width + x, (double)job->params->extrapolation_value,
                             false);
            else if (bytes == 4)
                memcpy(to + x * 4, from + (size_t)indices[x] * 4, 4);
            else if (bytes == 1)
                to[x] = from[indices[x]];
            else
                memcpy(to + x * 8, from + (size_t)indices[x] * 8, 8);
        }
    }
}

void resize_compute(const struct op_call *call)
{
    const struct resize_params *params = call->params;
    const struct shape *output = &call->outputs[0]->shape;
    if (tensor_count(call->outputs[0]) == 0)
        return;
    struct resize_job job = {.call = call, .params = params};
    size_t stride = 1;
    for (uint32_t i = params->rank; i-- > 0;) {
        const struct resize_axis *axis = &params->axes[i];
        int32_t *indices = (int32_t *)((char *)call->scratch + axis->table_offset);
        resize_axis_fill(params, axis, indices,
                         (float *)(indices + axis->taps * (size_t)axis->out));
        job.strides[i] = stride;
        stride *= (size_t)axis->in;
    }
    size_t width = (size_t)output->dims[output->rank - 1];
    range_run(call->pool, shape_span(output, 0, output->rank - 1), 4096 / width + 1,
              params->mode == RESIZE_NEAREST ? resize_nearest_rows : resize_rows, &job);
}
