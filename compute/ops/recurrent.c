/* Runs the directions of a recurrent operator: input products in one matrix product for many
 * steps, then step by step. */
#include "compute/ops/recurrent.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define RECURRENT_CHUNK_FLOATS ((size_t)1 << 20)

static int recurrent_expect(const struct op_call *call, uint32_t i, const char *name,
                            struct shape wanted)
{
    char have[80], need[80];
    const struct tensor *input = op_input(call, i);
    if (!input)
        return 0;
    int result = op_require(call, i, i == 4 ? OP_I32 : OP_F32);
    if (result == 0 && !shape_equal(&input->shape, &wanted))
        return op_fail(call, "%s has the shape %s, %s is needed", name,
                       shape_print(&input->shape, have, sizeof(have)),
                       shape_print(&wanted, need, sizeof(need)));
    return result;
}

static int recurrent_infer_direction(const struct op_call *call, struct recurrent_params *params)
{
    const char *direction = node_string(call->node, "direction", "forward");
    params->directions = 1;
    if (strcmp(direction, "reverse") == 0)
        params->is_reversed[0] = true;
    else if (strcmp(direction, "bidirectional") == 0) {
        params->is_reversed[1] = true;
        params->directions = 2;
    } else if (strcmp(direction, "forward") != 0)
        return op_fail(call, "attribute direction is '%.20s'", direction);
    return 0;
}

static int recurrent_infer_shapes(struct op_call *call, struct recurrent_params *params)
{
    for (uint32_t i = 0; i < 3; i++) {
        int result = op_require(call, i, OP_F32);
        if (result != 0)
            return result;
        if (call->inputs[i]->shape.rank != 3)
            return op_fail(call, "input %" PRIu32 " must have rank 3", i);
    }
    const int64_t *x = call->inputs[0]->shape.dims;
    int64_t hidden = call->inputs[2]->shape.dims[2];
    if (node_int(call->node, "hidden_size", hidden) != hidden || hidden < 1 || x[2] < 1)
        return op_fail(call, "attribute hidden_size differs from the weights, or a size is 0");
    int64_t gates = (int64_t)params->gates, rows;
    if (__builtin_mul_overflow(gates, hidden, &rows) || rows > INT32_MAX / 2)
        return op_fail(call, "hidden_size %" PRId64 " is too large", hidden);
    int64_t steps = x[params->is_batch_first ? 1 : 0], batch = x[params->is_batch_first ? 0 : 1];
    int64_t directions = (int64_t)params->directions;
    if (x[2] > INT32_MAX || batch > INT32_MAX || steps > INT32_MAX)
        return op_fail(call, "the input is too large");
    struct shape state = {.rank = 3, .dims = {directions, batch, hidden}};
    struct shape all = {.rank = 4, .dims = {steps, directions, batch, hidden}};
    if (params->is_batch_first) {
        state = (struct shape){.rank = 3, .dims = {batch, directions, hidden}};
        all = (struct shape){.rank = 4, .dims = {batch, steps, directions, hidden}};
    }
    struct shape w = {.rank = 3, .dims = {directions, rows, x[2]}};
    struct shape r = {.rank = 3, .dims = {directions, rows, hidden}};
    struct shape b = {.rank = 2, .dims = {directions, 2 * rows}};
    int result = recurrent_expect(call, 1, "W", w);
    if (result == 0)
        result = recurrent_expect(call, 2, "R", r);
    if (result == 0)
        result = recurrent_expect(call, 3, "B", b);
    if (result == 0)
        result =
            recurrent_expect(call, 4, "sequence_lens", (struct shape){.rank = 1, .dims = {batch}});
    if (result == 0)
        result = recurrent_expect(call, 5, "initial_h", state);
    if (result == 0)
        result = recurrent_expect(call, 6, "initial_c", state);
    if (result == 0)
        result = recurrent_expect(call, 7, "P",
                                  (struct shape){.rank = 2, .dims = {directions, 3 * hidden}});
    for (uint32_t i = 0; i < 3 && result == 0; i++)
        result = op_output_set(call, i, TENSOR_F32, i == 0 ? &all : &state);
    params->steps = (size_t)steps;
    params->batch = (size_t)batch;
    params->inputs = (size_t)x[2];
    params->hidden = (size_t)hidden;
    return result;
}

int recurrent_infer(struct op_call *call, size_t gates, const char *const *activations,
                    size_t activation_count)
{
    struct recurrent_params *params = call->params;
    params->gates = gates;
    int64_t layout = node_int(call->node, "layout", 0);
    if (layout != 0 && layout != 1)
        return op_fail(call, "attribute layout is %" PRId64 ", neither 0 nor 1", layout);
    params->is_batch_first = layout == 1;
    params->input_forget = node_int(call->node, "input_forget", 0) != 0;
    params->linear_before_reset = node_int(call->node, "linear_before_reset", 0) != 0;
    const struct attribute *clip = node_attribute(call->node, "clip");
    params->clip = clip && clip->kind == ATTRIBUTE_FLOAT ? clip->f : INFINITY;
    if (!(params->clip > 0))
        return op_fail(call, "attribute clip must be above 0");
    int result = recurrent_infer_direction(call, params);
    if (result == 0)
        result = recurrent_infer_shapes(call, params);
    if (result == 0)
        result = recurrent_activations_parse(call, activations, activation_count,
                                             params->directions, params->activations);
    if (result != 0)
        return result;
    /* Scratch: packed weights and their row pointers, biases, two states and two spares, gates, and
     * the input products of a chunk of steps. */
    size_t row = gates * params->hidden, step, states;
    if (__builtin_mul_overflow(params->batch, row, &step) ||
        __builtin_mul_overflow(params->batch, 4 * params->hidden, &states) ||
        step > SIZE_MAX / 64 || states > SIZE_MAX / 64)
        return op_fail(call, "the state is too large");
    params->chunk = step > 0 ? RECURRENT_CHUNK_FLOATS / step : 1;
    if (params->chunk < 1)
        params->chunk = 1;
    if (params->chunk > params->steps)
        params->chunk = params->steps;
    recurrent_pack_plan(params);
    call->scratch_bytes = params->packed_bytes[0] + params->packed_bytes[1] +
                          2 * params->batch * sizeof(float *) +
                          (row + states + (params->chunk + 1) * step) * sizeof(float);
    return 0;
}

/* Steps that a row's sequence takes. The numbers are known only now, so they are held to what there
 * is. */
static size_t recurrent_length(const struct recurrent *run, size_t row)
{
    const struct tensor *lengths = op_input(run->call, 4);
    if (!lengths)
        return run->params->steps;
    int32_t length = ((const int32_t *)lengths->data)[row];
    if (length < 0)
        return 0;
    return (size_t)length < run->params->steps ? (size_t)length : run->params->steps;
}

bool recurrent_is_active(const struct recurrent *run, size_t row)
{
    return run->step < recurrent_length(run, row);
}

/* Elements between times and between rows of the batch in X (width inputs), or in Y. */
static size_t recurrent_time_stride(const struct recurrent_params *params, size_t width)
{
    return params->is_batch_first ? width : params->batch * width;
}

static size_t recurrent_row_stride(const struct recurrent_params *params, size_t width)
{
    return params->is_batch_first ? params->steps * width : width;
}

/* Products of the inputs of steps [first, last) with W, plus the biases. A row of the batch holds
 * its times in rising order from `base`, so that they are one matrix. */
static void recurrent_inputs(const struct recurrent *run, size_t first, size_t last,
                             const float *bias, float *products)
{
    const struct recurrent_params *params = run->params;
    size_t width = params->gates * params->hidden, batch = params->batch;
    size_t time_stride = recurrent_time_stride(params, params->inputs);
    size_t row_stride = recurrent_row_stride(params, params->inputs);
    bool is_reversed = params->is_reversed[run->direction];
    struct recurrent_product product = {.n = width,
                                        .k = params->inputs,
                                        .a_stride = params->inputs,
                                        .b = (const float *)run->call->inputs[1]->data +
                                             run->direction * width * params->inputs,
                                        .beta = 1,
                                        .c = products,
                                        .c_stride = width};
    for (size_t i = 0; i < (last - first) * batch; i++)
        memcpy(products + i * width, bias, width * sizeof(float));
    const float *x = run->call->inputs[0]->data;
    if (!op_input(run->call, 4) && !params->is_batch_first) {
        size_t base = is_reversed ? params->steps - last : first;
        product.m = (last - first) * batch;
        product.a = x + base * time_stride;
        recurrent_product(run->call->pool, &product);
        return;
    }
    for (size_t row = 0; row < batch; row++) {
        size_t length = recurrent_length(run, row);
        size_t end = length < last ? length : last; /* steps [first, end) exist */
        if (end <= first)
            continue;
        /* Reversed, step end - 1 is the earliest time and stands last - end rows in. */
        size_t base = is_reversed ? length - end : first;
        product.m = end - first;
        product.a = x + row * row_stride + base * time_stride;
        product.a_stride = time_stride;
        product.c = products + ((is_reversed ? last - end : 0) * batch + row) * width;
        product.c_stride = batch * width;
        recurrent_product(run->call->pool, &product);
    }
}

/* The state of a direction between [B][H] and the ONNX tensor; NULL reads as zeros. A row without
 * any step ends as zeros, as in ONNX Runtime. */
static void recurrent_state(const struct recurrent *run, float *state, float *tensor, bool is_load)
{
    const struct recurrent_params *params = run->params;
    size_t hidden = params->hidden;
    for (size_t row = 0; row < params->batch; row++) {
        size_t at = params->is_batch_first ? row * params->directions + run->direction
                                           : run->direction * params->batch + row;
        if (!tensor)
            memset(state + row * hidden, 0, hidden * sizeof(float));
        else if (is_load)
            memcpy(state + row * hidden, tensor + at * hidden, hidden * sizeof(float));
        else if (recurrent_length(run, row) == 0 && params->steps > 0)
            memset(tensor + at * hidden, 0, hidden * sizeof(float));
        else
            memcpy(tensor + at * hidden, state + row * hidden, hidden * sizeof(float));
    }
}

/* Where Y holds this direction's state of a row at a time. */
static float *recurrent_output(const struct recurrent *run, size_t row, size_t time)
{
    const struct recurrent_params *params = run->params;
    size_t at = params->is_batch_first
                    ? (row * params->steps + time) * params->directions + run->direction
                    : (time * params->directions + run->direction) * params->batch + row;
    return (float *)run->call->outputs[0]->data + at * params->hidden;
}

static void recurrent_write(const struct recurrent *run)
{
    const struct recurrent_params *params = run->params;
    for (size_t row = 0; row < params->batch; row++) {
        size_t length = recurrent_length(run, row), time = run->step;
        size_t bytes = params->hidden * sizeof(float);
        if (run->step >= length) {
            memset(recurrent_output(run, row, time), 0, bytes);
            continue;
        }
        if (params->is_reversed[run->direction])
            time = length - 1 - run->step;
        memcpy(recurrent_output(run, row, time), run->hidden + row * params->hidden, bytes);
    }
}

static void *recurrent_data(const struct tensor *tensor)
{
    return tensor ? tensor->data : NULL;
}

static void recurrent_direction(struct recurrent *run, void (*step)(struct recurrent *run),
                                bool is_bias_apart, float *bias, float *products)
{
    const struct op_call *call = run->call;
    const struct recurrent_params *params = run->params;
    size_t width = params->gates * params->hidden;
    const float *biases = recurrent_data(op_input(call, 3));
    run->activations = params->activations[run->direction];
    run->recurrence =
        (const float *)call->inputs[2]->data + run->direction * width * params->hidden;
    run->recurrent_bias = biases ? biases + (run->direction * 2 + 1) * width : NULL;
    run->peepholes = recurrent_data(op_input(call, 7));
    if (run->peepholes)
        run->peepholes += run->direction * 3 * params->hidden;
    size_t merged = is_bias_apart ? width - params->hidden : width;
    for (size_t i = 0; i < width; i++) {
        bias[i] = biases ? biases[run->direction * 2 * width + i] : 0;
        if (biases && i < merged)
            bias[i] += run->recurrent_bias[i];
    }
    recurrent_pack(run);
    recurrent_state(run, run->hidden, recurrent_data(op_input(call, 5)), true);
    recurrent_state(run, run->cell, recurrent_data(op_input(call, 6)), true);
    for (size_t first = 0; first < params->steps; first += params->chunk) {
        size_t last = params->steps - first < params->chunk ? params->steps : first + params->chunk;
        recurrent_inputs(run, first, last, bias, products);
        for (run->step = first; run->step < last; run->step++) {
            size_t place =
                params->is_reversed[run->direction] ? last - 1 - run->step : run->step - first;
            run->products = products + place * params->batch * width;
            step(run);
            if (op_output(call, 0))
                recurrent_write(run);
        }
    }
    if (op_output(call, 1))
        recurrent_state(run, run->hidden, op_output(call, 1)->data, false);
    if (op_output(call, 2))
        recurrent_state(run, run->cell, op_output(call, 2)->data, false);
}

void recurrent_compute(const struct op_call *call, void (*step)(struct recurrent *run),
                       bool is_bias_apart)
{
    const struct recurrent_params *params = call->params;
    size_t state = params->batch * params->hidden;
    if (state == 0) /* however many steps */
        return;
    char *packed = call->scratch;
    const float **inputs =
        (const float **)(packed + params->packed_bytes[0] + params->packed_bytes[1]);
    float **outputs = (float **)(inputs + params->batch);
    float *bias = (float *)(outputs + params->batch);
    float *states = bias + params->gates * params->hidden;
    float *gates = states + 4 * state;
    for (size_t direction = 0; direction < params->directions; direction++) {
        struct recurrent run = {.call = call,
                                .params = params,
                                .direction = direction,
                                .hidden = states,
                                .cell = states + state,
                                .spare = states + 2 * state,
                                .other = states + 3 * state,
                                .gates = gates,
                                .packed = {packed, packed + params->packed_bytes[0]},
                                .inputs = inputs,
                                .outputs = outputs};
        recurrent_direction(&run, step, is_bias_apart, bias, gates + params->gates * state);
    }
}
