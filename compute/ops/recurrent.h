/* What LSTM, GRU and RNN share: attributes and shapes, the input products of all steps at once,
 * directions, sequence lengths and layouts; each adds its cell.
 *
 * Names: H hidden size, G gates (LSTM 4, GRU 3, RNN 1), B batch, T steps, D directions. A direction
 * is run step by step: step s stands for time s, or for length - 1 - s where it is reversed. */
#ifndef COMPUTE_OPS_RECURRENT_H
#define COMPUTE_OPS_RECURRENT_H

#include "compute/kernels/cpu.h"
#include "compute/ops/op.h"

enum recurrent_function {
    RECURRENT_RELU,
    RECURRENT_TANH,
    RECURRENT_SIGMOID,
    RECURRENT_AFFINE, /* alpha x + beta */
    RECURRENT_LEAKY_RELU, /* x < 0 ? alpha x : x */
    RECURRENT_THRESHOLDED_RELU, /* x >= alpha ? x : 0 */
    RECURRENT_SCALED_TANH, /* alpha tanh(beta x) */
    RECURRENT_HARD_SIGMOID, /* min(max(alpha x + beta, 0), 1) */
    RECURRENT_ELU, /* x < 0 ? alpha (e^x - 1) : x */
    RECURRENT_SOFTSIGN, /* x / (1 + |x|) */
    RECURRENT_SOFTPLUS, /* log(1 + e^x) */
};

struct recurrent_activation {
    enum recurrent_function function;
    float alpha, beta;
};

#define RECURRENT_MAX_ACTIVATIONS 3

/* call->params of the three. */
struct recurrent_params {
    size_t steps, batch, inputs, hidden, gates, directions;
    bool is_batch_first; /* layout 1 */
    bool is_reversed[2];
    bool input_forget, linear_before_reset;
    float clip; /* INFINITY: none */
    struct recurrent_activation activations[2][RECURRENT_MAX_ACTIVATIONS];
    size_t chunk; /* steps whose input products are in scratch at a time */
    /* Many steps over large weights: the recurrence is packed before the first, as one matrix, or
     * as GRU's first two gates and its last. */
    bool is_packed;
    enum isa isa;
    size_t packed_bytes[2];
};

/* One direction under way. Matrices are in C order, rows by batch. */
struct recurrent {
    const struct op_call *call;
    const struct recurrent_params *params;
    const struct recurrent_activation *activations;
    size_t direction;
    const float *recurrence; /* [G * H][H] */
    const float *recurrent_bias; /* [G * H] or NULL */
    const float *peepholes; /* [3 * H] or NULL */
    float *hidden; /* [B][H], the state */
    float *cell; /* [B][H], LSTM's other state */
    float *spare; /* [B][H], contents the step's own */
    float *other; /* [B][H], the same */
    float *products; /* [B][G * H]: this step's input products and biases */
    float *gates; /* [B][G * H]: what recurrent_gates made of them; products, unless packed */
    void *packed[2];
    const float **inputs; /* [B] row pointers, for packed products */
    float **outputs;
    size_t step;
};

/* Attributes: "activations" with their alpha and beta into list[0..count). */
int recurrent_activations_parse(const struct op_call *call, const char *const *fallback,
                                size_t count_each, size_t directions,
                                struct recurrent_activation (*list)[RECURRENT_MAX_ACTIVATIONS]);
float recurrent_activate(const struct recurrent_activation *activation, float x);
/* The same of x held to [-clip, clip]. */
float recurrent_activate_clipped(const struct recurrent_activation *activation, float clip,
                                 float x);

int recurrent_infer(struct op_call *call, size_t gates, const char *const *activations,
                    size_t activation_count);

/* Runs all directions; step turns run->hidden (and cell) into the next, for rows of sequences that
 * still last (recurrent_is_active). is_bias_apart: GRU adds the last gate's recurrent bias itself.
 */
void recurrent_compute(const struct op_call *call, void (*step)(struct recurrent *run),
                       bool is_bias_apart);

/* Whether the sequence of this row still lasts at run->step. */
bool recurrent_is_active(const struct recurrent *run, size_t row);

/* run->gates, from gate first up to last, = run->products + state[B][H] times their recurrence. For
 * GRU once with its first two gates and once with its last, otherwise with all. */
void recurrent_gates(struct recurrent *run, size_t first, size_t last, const float *state);
/* run->other = the recurrent bias of GRU's last gate + state times its recurrence. */
void recurrent_last_gate_apart(struct recurrent *run, const float *state);

/* c[m][n] (rows c_stride apart) = beta c + a[m][k] (rows a_stride apart) times b[n][k] transposed,
 * shared out over the pool. */
struct recurrent_product {
    size_t m, n, k;
    const float *a;
    size_t a_stride;
    const float *b;
    float beta;
    float *c;
    size_t c_stride;
};
void recurrent_product(struct thread_pool *pool, const struct recurrent_product *product);

/* Whether packing pays, and its sizes; then the packing of a direction's recurrence. */
void recurrent_pack_plan(struct recurrent_params *params);
void recurrent_pack(const struct recurrent *run);

#endif
