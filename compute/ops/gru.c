/* GRU: gates z, r, h in ONNX's order; the reset before or after the last gate's product. */
#include "compute/ops/range.h"
#include "compute/ops/recurrent.h"

#include <string.h>

static int gru_infer(struct op_call *call)
{
    static const char *const activations[] = {"Sigmoid", "Tanh"};
    return recurrent_infer(call, 3, activations, 2);
}

/* Reset gates into spare: times the old state, whose product comes next, or as they are. */
static void gru_resets(void *arg, size_t first, size_t last)
{
    const struct recurrent *run = arg;
    size_t hidden = run->params->hidden;
    for (size_t i = first; i < last; i++) {
        size_t row = i / hidden, j = i % hidden;
        run->spare[i] = 0;
        if (!recurrent_is_active(run, row))
            continue;
        float reset = recurrent_activate_clipped(run->activations, run->params->clip,
                                                 run->products[(row * 3 + 1) * hidden + j]);
        run->spare[i] = run->params->linear_before_reset ? reset : reset * run->hidden[i];
    }
}

static void gru_cells(void *arg, size_t first, size_t last)
{
    const struct recurrent *run = arg;
    size_t hidden = run->params->hidden;
    float clip = run->params->clip;
    for (size_t i = first; i < last; i++) {
        size_t row = i / hidden, j = i % hidden;
        if (!recurrent_is_active(run, row))
            continue;
        const float *gates = run->products + row * 3 * hidden;
        float update = recurrent_activate_clipped(run->activations, clip, gates[j]);
        float fresh = gates[2 * hidden + j];
        if (run->params->linear_before_reset)
            fresh += run->spare[i] * run->other[i];
        fresh = recurrent_activate_clipped(run->activations + 1, clip, fresh);
        run->hidden[i] = (1 - update) * fresh + update * run->hidden[i];
    }
}

static void gru_step(struct recurrent *run)
{
    size_t hidden = run->params->hidden, batch = run->params->batch;
    struct thread_pool *pool = run->call->pool;
    struct recurrent_product product = {.m = batch,
                                        .n = 2 * hidden,
                                        .k = hidden,
                                        .a = run->hidden,
                                        .a_stride = hidden,
                                        .b = run->recurrence,
                                        .beta = 1,
                                        .c = run->products,
                                        .c_stride = 3 * hidden};
    recurrent_product(pool, &product);
    range_run(pool, batch * hidden, 1024, gru_resets, run);
    product.n = hidden;
    product.b = run->recurrence + 2 * hidden * hidden;
    if (run->params->linear_before_reset) {
        for (size_t row = 0; row < batch; row++) {
            if (run->recurrent_bias)
                memcpy(run->other + row * hidden, run->recurrent_bias + 2 * hidden,
                       hidden * sizeof(float));
            else
                memset(run->other + row * hidden, 0, hidden * sizeof(float));
        }
        product.c = run->other;
        product.c_stride = hidden;
    } else {
        product.a = run->spare;
        product.c = run->products + 2 * hidden;
    }
    recurrent_product(pool, &product);
    range_run(pool, batch * hidden, 1024, gru_cells, run);
}

static void gru_compute(const struct op_call *call)
{
    const struct recurrent_params *params = call->params;
    recurrent_compute(call, gru_step, params->linear_before_reset);
}

const struct op op_gru[] = {
    {.type = "GRU",
     .domain = "",
     .min_inputs = 3,
     .max_inputs = 6,
     .min_outputs = 0,
     .max_outputs = 2,
     .params_bytes = sizeof(struct recurrent_params),
     .infer = gru_infer,
     .compute = gru_compute},
    {0},
};
