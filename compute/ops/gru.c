/* GRU: gates z, r, h in ONNX's order; the reset before or after the last gate's product. */
#include "compute/ops/range.h"
#include "compute/ops/recurrent.h"

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
                                                 run->gates[(row * 3 + 1) * hidden + j]);
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
        const float *gates = run->gates + row * 3 * hidden;
        float update = recurrent_activate_clipped(run->activations, clip, gates[j]);
        float fresh = gates[2 * hidden + j];
        if (run->params->linear_before_reset)
            fresh = run->products[(row * 3 + 2) * hidden + j] + run->spare[i] * run->other[i];
        fresh = recurrent_activate_clipped(run->activations + 1, clip, fresh);
        run->hidden[i] = (1 - update) * fresh + update * run->hidden[i];
    }
}

static void gru_step(struct recurrent *run)
{
    size_t count = run->params->batch * run->params->hidden;
    recurrent_gates(run, 0, 2, run->hidden);
    range_run(run->call->pool, count, 1024, gru_resets, run);
    if (run->params->linear_before_reset)
        recurrent_last_gate_apart(run, run->hidden);
    else
        recurrent_gates(run, 2, 3, run->spare);
    range_run(run->call->pool, count, 1024, gru_cells, run);
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
