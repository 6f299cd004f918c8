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
                recurrent_activate_clipped(run->activations, run->params->clip, run->products[i]);
}

static void rnn_step(struct recurrent *run)
{
    size_t hidden = run->params->hidden, batch = run->params->batch;
    struct recurrent_product product = {.m = batch,
                                        .n = hidden,
                                        .k = hidden,
                                        .a = run->hidden,
                                        .a_stride = hidden,
                                        .b = run->recurrence,
                                        .beta = 1,
                                        .c = run->products,
                                        .c_stride = hidden};
    recurrent_product(run->call->pool, &product);
    range_run(run->call->pool, batch * hidden, 1024, rnn_cells, run);
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
