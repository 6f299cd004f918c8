/* RNN: one gate, whose activation is the next state. */
#include "compute/ops/range.h"
#include "compute/ops/recurrent.h"

static int rnn_infer(struct op_call *call)
{
    static const char *const activations[] = {"Tanh"};
    return recurrent_infer(call, 1, activations, 1);
}

static void rnn_cells(void *arg, size_t first, size_t last)
{
    const struct recurrent *run = arg;
    for (size_t i = first; i < last; i++)
        if (recurrent_is_active(run, i / run->params->hidden))
            run->hidden[i] =
                recurrent_activate_clipped(run->activations, run->params->clip, run->gates[i]);
}

static void rnn_step(struct recurrent *run)
{
    recurrent_gates(run, 0, 1, run->hidden);
    range_run(run->call->pool, run->params->batch * run->params->hidden, 1024, rnn_cells, run);
}

static void rnn_compute(const struct op_call *call)
{
    recurrent_compute(call, rnn_step, false);
}

const struct op op_rnn[] = {
    {.type = "RNN",
     .domain = "",
     .min_inputs = 3,
     .max_inputs = 6,
     .min_outputs = 0,
     .max_outputs = 2,
     .params_bytes = sizeof(struct recurrent_params),
     .infer = rnn_infer,
     .compute = rnn_compute},
    {0},
};
