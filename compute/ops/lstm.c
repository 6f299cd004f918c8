/* LSTM: gates i, o, f, c in ONNX's order, with peepholes and coupled input and forget gates. */
#include "compute/ops/range.h"
#include "compute/ops/recurrent.h"

static int lstm_infer(struct op_call *call)
{
    static const char *const activations[] = {"Sigmoid", "Tanh", "Tanh"};
    return recurrent_infer(call, 4, activations, 3);
}

/* Elements [first, last) of the state, counted through [B][H]. */
static void lstm_cells(void *arg, size_t first, size_t last)
{
    const struct recurrent *run = arg;
    const struct recurrent_activation *f = run->activations, *g = f + 1, *h = f + 2;
    size_t hidden = run->params->hidden;
    float clip = run->params->clip;
    const float *p = run->peepholes;
    for (size_t i = first; i < last; i++) {
        size_t row = i / hidden, j = i % hidden;
        if (!recurrent_is_active(run, row))
            continue;
        const float *gates = run->gates + row * 4 * hidden;
        float old = run->cell[i];
        float in = gates[j] + (p ? p[j] * old : 0);
        float forget = gates[2 * hidden + j] + (p ? p[2 * hidden + j] * old : 0);
        in = recurrent_activate_clipped(f, clip, in);
        forget = run->params->input_forget ? 1 - in : recurrent_activate_clipped(f, clip, forget);
        float cell = recurrent_activate_clipped(g, clip, gates[3 * hidden + j]);
        cell = forget * old + in * cell;
        float out = gates[hidden + j] + (p ? p[hidden + j] * cell : 0);
        run->cell[i] = cell;
        /* ONNX Runtime clips the gates alone, not the cell on its way out. */
        run->hidden[i] = recurrent_activate_clipped(f, clip, out) * recurrent_activate(h, cell);
    }
}

static void lstm_step(struct recurrent *run)
{
    recurrent_gates(run, 0, 4, run->hidden);
    range_run(run->call->pool, run->params->batch * run->params->hidden, 1024, lstm_cells, run);
}

static void lstm_compute(const struct op_call *call)
{
    recurrent_compute(call, lstm_step, false);
}

const struct op op_lstm[] = {
    {.type = "LSTM",
     .domain = "",
     .min_inputs = 3,
     .max_inputs = 8,
     .min_outputs = 0,
     .max_outputs = 3,
     .params_bytes = sizeof(struct recurrent_params),
     .infer = lstm_infer,
     .compute = lstm_compute},
    {0},
};
