/* Tests of compute/ops/recurrent*.c, lstm.c, gru.c and rnn.c: ONNX's cases, and random ones against
 * the specification's equations written out in double. */
#include "tests/unit/cunit_main.h"
#include "tests/unit/onnx_recurrent_cases.h"
#include "tests/unit/random_shape.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void onnx_cases(void)
{
    struct op_case test;
    for (size_t i = 0; i < sizeof(onnx_recurrent_cases) / sizeof(onnx_recurrent_cases[0]); i++) {
        test = onnx_recurrent_cases[i];
        test.relative = test.absolute = 2e-6;
        CU_ASSERT_TRUE(op_case_holds(&test));
    }
}

enum kind { LSTM, GRU, RNN };

struct drawn {
    enum kind kind;
    int64_t gates, steps, batch, inputs, hidden, directions;
    int direction; /* forward, reverse, bidirectional */
    bool is_batch_first, input_forget, linear_before_reset;
    double clip;
    bool has_bias, has_lengths, has_hidden, has_cell, has_peepholes;
    bool is_calm; /* a weak recurrence, so that rounding does not grow over many steps */
};

static struct drawn draw(uint64_t *seed)
{
    struct drawn d = {.kind = (enum kind)random_between(seed, 0, 2)};
    d.gates = d.kind == LSTM ? 4 : d.kind == GRU ? 3 : 1;
    d.steps = random_between(seed, 1, 6);
    d.batch = random_between(seed, 1, 4);
    d.inputs = random_between(seed, 1, 5);
    d.hidden = random_between(seed, 1, 20);
    d.direction = (int)random_between(seed, 0, 2);
    d.directions = d.direction == 2 ? 2 : 1;
    d.is_batch_first = random_between(seed, 0, 1);
    d.input_forget = random_between(seed, 0, 3) == 0;
    d.linear_before_reset = random_between(seed, 0, 1);
    d.clip = random_between(seed, 0, 2) == 0 ? 0.5 : INFINITY;
    d.has_bias = random_between(seed, 0, 1);
    d.has_lengths = random_between(seed, 0, 1);
    d.has_hidden = random_between(seed, 0, 1);
    d.has_cell = d.kind == LSTM && random_between(seed, 0, 1);
    d.has_peepholes = d.kind == LSTM && random_between(seed, 0, 1);
    return d;
}

struct problem {
    struct drawn d;
    const float *x, *w, *r, *b, *h0, *c0, *p; /* NULL where left out */
    const int32_t *lengths;
    double *y, *yh, *yc;
};

static double held(const struct problem *q, double v)
{
    return fmin(fmax(v, -q->d.clip), q->d.clip);
}

static double sigmoid(double v)
{
    return 1 / (1 + exp(-v));
}

/* Gate g of unit j before its activation, recurrent part apart. */
static double input_part(const struct problem *q, int64_t dir, int64_t g, int64_t j, const float *x)
{
    int64_t rows = q->d.gates * q->d.hidden, row = g * q->d.hidden + j;
    double sum = q->b ? (double)q->b[dir * 2 * rows + row] : 0;
    for (int64_t i = 0; i < q->d.inputs; i++)
        sum += (double)q->w[(dir * rows + row) * q->d.inputs + i] * (double)x[i];
    return sum;
}

static double state_part(const struct problem *q, int64_t dir, int64_t g, int64_t j,
                         const double *h, bool with_bias)
{
    int64_t rows = q->d.gates * q->d.hidden, row = g * q->d.hidden + j;
    double sum = q->b && with_bias ? (double)q->b[(dir * 2 + 1) * rows + row] : 0;
    for (int64_t i = 0; i < q->d.hidden; i++)
        sum += (double)q->r[(dir * rows + row) * q->d.hidden + i] * h[i];
    return sum;
}

static double gate(const struct problem *q, int64_t dir, int64_t g, int64_t j, const float *x,
                   const double *h)
{
    return input_part(q, dir, g, j, x) + state_part(q, dir, g, j, h, true);
}

enum { HIDDEN_MAX = 260 };

static void one_step(const struct problem *q, int64_t dir, const float *x, double *h, double *c)
{
    int64_t n = q->d.hidden;
    double next[HIDDEN_MAX], reset[HIDDEN_MAX];
    const float *p = q->p ? q->p + dir * 3 * n : NULL;
    for (int64_t j = 0; j < n && q->d.kind == GRU; j++)
        reset[j] = sigmoid(held(q, gate(q, dir, 1, j, x, h)));
    for (int64_t j = 0; j < n; j++) {
        if (q->d.kind == RNN) {
            next[j] = tanh(held(q, gate(q, dir, 0, j, x, h)));
        } else if (q->d.kind == GRU) {
            double z = sigmoid(held(q, gate(q, dir, 0, j, x, h))), fresh;
            if (q->d.linear_before_reset) {
                fresh = reset[j] * state_part(q, dir, 2, j, h, true);
            } else {
                double product[HIDDEN_MAX];
                for (int64_t i = 0; i < n; i++)
                    product[i] = reset[i] * h[i];
                fresh = state_part(q, dir, 2, j, product, true);
            }
            fresh = tanh(held(q, input_part(q, dir, 2, j, x) + fresh));
            next[j] = (1 - z) * fresh + z * h[j];
        } else {
            double in = gate(q, dir, 0, j, x, h) + (p ? (double)p[j] * c[j] : 0);
            double forget = gate(q, dir, 2, j, x, h) + (p ? (double)p[2 * n + j] * c[j] : 0);
            in = sigmoid(held(q, in));
            forget = q->d.input_forget ? 1 - in : sigmoid(held(q, forget));
            c[j] = forget * c[j] + in * tanh(held(q, gate(q, dir, 3, j, x, h)));
            double out = gate(q, dir, 1, j, x, h) + (p ? (double)p[n + j] * c[j] : 0);
            next[j] = sigmoid(held(q, out)) * tanh(c[j]);
        }
    }
    memcpy(h, next, (size_t)n * sizeof(double));
}

/* One sequence in one direction. */
static void one_sequence(struct problem *q, int64_t dir, int64_t row)
{
    const struct drawn *d = &q->d;
    double h[HIDDEN_MAX] = {0}, c[HIDDEN_MAX] = {0};
    int64_t length = q->lengths ? q->lengths[row] : d->steps;
    int64_t state = d->is_batch_first ? row * d->directions + dir : dir * d->batch + row;
    for (int64_t j = 0; j < d->hidden; j++) {
        h[j] = q->h0 ? (double)q->h0[state * d->hidden + j] : 0;
        c[j] = q->c0 ? (double)q->c0[state * d->hidden + j] : 0;
    }
    bool is_reversed = d->direction == 1 || dir == 1;
    for (int64_t s = 0; s < length; s++) {
        int64_t t = is_reversed ? length - 1 - s : s;
        int64_t at = d->is_batch_first ? row * d->steps + t : t * d->batch + row;
        one_step(q, dir, q->x + at * d->inputs, h, c);
        at = d->is_batch_first ? (row * d->steps + t) * d->directions + dir
                               : (t * d->directions + dir) * d->batch + row;
        memcpy(q->y + at * d->hidden, h, (size_t)d->hidden * sizeof(double));
    }
    for (int64_t j = 0; j < d->hidden && length > 0; j++) {
        q->yh[state * d->hidden + j] = h[j];
        q->yc[state * d->hidden + j] = c[j];
    }
}

static bool is_near(const struct tensor *got, const double *expected)
{
    for (size_t i = 0; i < tensor_count(got); i++)
        if (fabs((double)((const float *)got->data)[i] - expected[i]) > 2e-6)
            return false;
    return true;
}

static void text_of(char *text, bool is_there, const char *type, int64_t a, int64_t b, int64_t c,
                    unsigned seed)
{
    int64_t dims[3] = {a, b, c};
    text[0] = '\0';
    if (is_there)
        random_tensor_text(text, 96, type, dims, c ? 3 : b ? 2 : 1, seed);
}

static bool agrees(struct drawn d, struct thread_pool *pool, unsigned seed)
{
    static const char *const names[] = {"LSTM", "GRU", "RNN"};
    static const char *const directions[] = {"forward", "reverse", "bidirectional"};
    char attributes[256], clip[40] = "", in[8][96];
    int64_t rows = d.gates * d.hidden, first = d.is_batch_first ? d.batch : d.directions;
    int64_t second = d.is_batch_first ? d.directions : d.batch;
    if (isfinite(d.clip))
        snprintf(clip, sizeof(clip), "clip=%.3f", d.clip);
    snprintf(attributes, sizeof(attributes),
             "hidden_size=%d direction='%s' layout=%d input_forget=%d linear_before_reset=%d %s",
             (int)d.hidden, directions[d.direction], d.is_batch_first, d.input_forget,
             d.linear_before_reset, clip);
    text_of(in[0], true, "f32", d.is_batch_first ? d.batch : d.steps,
            d.is_batch_first ? d.steps : d.batch, d.inputs, seed);
    text_of(in[1], true, "f32", d.directions, rows, d.inputs, seed + 1);
    text_of(in[2], true, "f32", d.directions, rows, d.hidden, seed + 2);
    text_of(in[3], d.has_bias, "f32", d.directions, 2 * rows, 0, seed + 3);
    text_of(in[4], d.has_lengths, "i32", d.batch, 0, 0, seed + 4);
    text_of(in[5], d.has_hidden, "f32", first, second, d.hidden, seed + 5);
    text_of(in[6], d.has_cell, "f32", first, second, d.hidden, seed + 6);
    text_of(in[7], d.has_peepholes, "f32", d.directions, 3 * d.hidden, 0, seed + 7);
    struct op_case test = {.type = names[d.kind],
                           .opset = 14,
                           .attributes = attributes,
                           .inputs = {in[0], in[1], in[2], in[3], in[4], in[5]},
                           .outputs = {"y", "h", d.kind == LSTM ? "c" : NULL}};
    if (d.kind == LSTM) {
        test.inputs[6] = in[6];
        test.inputs[7] = in[7];
    }
    struct op_run run;
    op_run_init(&run, &test);
    for (int64_t i = 0; i < d.batch && d.has_lengths; i++) {
        int32_t *length = (int32_t *)run.inputs[4].data + i;
        *length = abs(*length * 61) % (int32_t)(d.steps + 1);
    }
    for (size_t i = 0; d.is_calm && i < tensor_count(&run.inputs[2]); i++)
        ((float *)run.inputs[2].data)[i] *= 0.05f;
    bool ok = op_run_infer(&run, &test) == 0;
    if (ok) {
        op_run_compute(&run, pool);
        size_t states = (size_t)(d.batch * d.directions * d.hidden);
        double *made = calloc(states * (size_t)(d.steps + 2), sizeof(double));
        struct problem q = {.d = d,
                            .x = run.inputs[0].data,
                            .w = run.inputs[1].data,
                            .r = run.inputs[2].data,
                            .b = run.inputs[3].data,
                            .lengths = run.inputs[4].data,
                            .h0 = run.inputs[5].data,
                            .c0 = run.inputs[6].data,
                            .p = run.inputs[7].data,
                            .y = made + 2 * states,
                            .yh = made,
                            .yc = made + states};
        for (int64_t dir = 0; dir < d.directions; dir++)
            for (int64_t row = 0; row < d.batch; row++)
                one_sequence(&q, dir, row);
        ok = tensor_count(&run.outputs[0]) == states * (size_t)d.steps &&
             is_near(&run.outputs[0], q.y) && is_near(&run.outputs[1], q.yh) &&
             (d.kind != LSTM || is_near(&run.outputs[2], q.yc));
        free(made);
    }
    if (!ok)
        fprintf(stderr, "\n%s %s x %s lengths %s: %s\n", test.type, attributes, in[0], in[4],
                run.error.text);
    op_run_fini(&run);
    return ok;
}

static void equations(void)
{
    uint64_t seed = 4;
    struct thread_pool *pool;
    CU_ASSERT_EQUAL_FATAL(thread_pool_create(3, &pool), 0);
    for (unsigned i = 0; i < 400; i++)
        CU_ASSERT_TRUE(agrees(draw(&seed), i % 2 ? pool : NULL, 10 * i));
    thread_pool_destroy(pool);
}

/* More steps than scratch holds the input products of. */
static void long_sequences(void)
{
    struct drawn d = {.gates = 4,
                      .steps = 6000,
                      .batch = 4,
                      .inputs = 2,
                      .hidden = 20,
                      .directions = 2,
                      .direction = 2,
                      .clip = INFINITY,
                      .has_bias = true,
                      .is_calm = true};
    CU_ASSERT_TRUE(agrees(d, NULL, 1));
    d.has_lengths = true;
    CU_ASSERT_TRUE(agrees(d, NULL, 2));
    d.is_batch_first = true;
    CU_ASSERT_TRUE(agrees(d, NULL, 3));
}

/* Weights large enough to be packed. */
static void wide_layers(void)
{
    struct thread_pool *pool;
    CU_ASSERT_EQUAL_FATAL(thread_pool_create(3, &pool), 0);
    for (unsigned i = 0; i < 24; i++) {
        enum kind kind = (enum kind)(i % 3);
        struct drawn d = {.kind = kind,
                          .gates = kind == LSTM  ? 4
                                   : kind == GRU ? 3
                                                 : 1,
                          .steps = 7,
                          .batch = i < 12 ? 3 : 1,
                          .inputs = 3,
                          .hidden = 258,
                          .directions = 2,
                          .direction = 2,
                          .is_batch_first = i % 4 == 0,
                          .linear_before_reset = i % 2,
                          .clip = INFINITY,
                          .has_bias = i % 4 < 2,
                          .has_lengths = i % 5 == 0,
                          .has_hidden = true,
                          .is_calm = true};
        CU_ASSERT_TRUE(agrees(d, i % 2 ? pool : NULL, 100 * i));
        d.steps = 2;
        CU_ASSERT_TRUE(agrees(d, i % 2 ? pool : NULL, 100 * i));
    }
    thread_pool_destroy(pool);
}

static void activations(void)
{
    /* One unit, no recurrence: Y = f(x), by the table of functions in ONNX's specification. */
    static const struct op_case cases[] = {
        {.name = "affine",
         .type = "RNN",
         .opset = 14,
         .attributes = "activations=['Affine'] activation_alpha=[2.0] activation_beta=[0.5]",
         .inputs = {"f32[1,3,1]: -1 0 2", "f32[1,1,1]: 1", "f32[1,1,1]: 0"},
         .outputs = {"f32[1,1,3,1]: -1.5 0.5 4.5"}},
        {.name = "leaky relu by default, in lower case",
         .type = "RNN",
         .opset = 14,
         .attributes = "activations=['leakyrelu']",
         .inputs = {"f32[1,3,1]: -1 0 2", "f32[1,1,1]: 1", "f32[1,1,1]: 0"},
         .outputs = {"f32[1,1,3,1]: -0.01 0 2"}},
        {.name = "thresholded relu",
         .type = "RNN",
         .opset = 14,
         .attributes = "activations=['ThresholdedRelu'] activation_alpha=[1.5]",
         .inputs = {"f32[1,3,1]: -1 1.25 2", "f32[1,1,1]: 1", "f32[1,1,1]: 0"},
         .outputs = {"f32[1,1,3,1]: 0 0 2"}},
        {.name = "scaled tanh",
         .type = "RNN",
         .opset = 14,
         .attributes = "activations=['ScaledTanh'] activation_alpha=[2.0] activation_beta=[0.5]",
         .inputs = {"f32[1,3,1]: -1 0 2", "f32[1,1,1]: 1", "f32[1,1,1]: 0"},
         .outputs = {"f32[1,1,3,1]: -0.92423431452 0 1.5231883119"}},
        {.name = "hard sigmoid",
         .type = "RNN",
         .opset = 14,
         .attributes = "activations=['HardSigmoid']",
         .inputs = {"f32[1,3,1]: -1 0 4", "f32[1,1,1]: 1", "f32[1,1,1]: 0"},
         .outputs = {"f32[1,1,3,1]: 0.3 0.5 1"}},
        {.name = "elu",
         .type = "RNN",
         .opset = 14,
         .attributes = "activations=['Elu'] activation_alpha=[2.0]",
         .inputs = {"f32[1,3,1]: -1 0 4", "f32[1,1,1]: 1", "f32[1,1,1]: 0"},
         .outputs = {"f32[1,1,3,1]: -1.26424111766 0 4"}},
        {.name = "softsign",
         .type = "RNN",
         .opset = 14,
         .attributes = "activations=['Softsign']",
         .inputs = {"f32[1,3,1]: -1 0 4", "f32[1,1,1]: 1", "f32[1,1,1]: 0"},
         .outputs = {"f32[1,1,3,1]: -0.5 0 0.8"}},
        {.name = "softplus",
         .type = "RNN",
         .opset = 14,
         .attributes = "activations=['Softplus']",
         .inputs = {"f32[1,3,1]: -1 0 200", "f32[1,1,1]: 1", "f32[1,1,1]: 0"},
         .outputs = {"f32[1,1,3,1]: 0.31326168752 0.69314718056 200"}},
        {.name = "numbers go to the functions that take them, in order",
         .type = "RNN",
         .opset = 14,
         .attributes = "activations=['Relu','LeakyRelu'] activation_alpha=[0.5] "
                       "direction='bidirectional'",
         .inputs = {"f32[1,2,1]: -1 2", "f32[2,1,1]: 1", "f32[2,1,1]: 0"},
         .outputs = {"f32[1,2,2,1]: 0 2 -0.5 2"}},
        {.name = "an empty batch of many steps is done at once",
         .type = "RNN",
         .opset = 14,
         .inputs = {"f32[2147483647,0,1]:", "f32[1,1,1]: 1", "f32[1,1,1]: 0"},
         .outputs = {"f32[2147483647,1,0,1]:"}},
    };
    op_case_check_all(cases, sizeof(cases) / sizeof(cases[0]));
}

static void refuses(void)
{
    static const struct {
        const char *type, *attributes, *x, *w, *r, *b, *lengths, *words;
    } cases[] = {
        {"LSTM", "hidden_size=3", "f32[2,1,4]: 1", "f32[1,8,4]: 1", "f32[1,8,2]: 1", "", "",
         "hidden_size"},
        {"LSTM", "", "f32[2,1,4]: 1", "f32[1,6,4]: 1", "f32[1,8,2]: 1", "", "", "W has"},
        {"LSTM", "", "f32[2,4]: 1", "f32[1,8,4]: 1", "f32[1,8,2]: 1", "", "", "rank"},
        {"LSTM", "direction='bidirectional'", "f32[2,1,4]: 1", "f32[1,8,4]: 1", "f32[1,8,2]: 1", "",
         "", "W has"},
        {"GRU", "direction='both'", "f32[2,1,4]: 1", "f32[1,6,4]: 1", "f32[1,6,2]: 1", "", "",
         "direction"},
        {"GRU", "layout=2", "f32[2,1,4]: 1", "f32[1,6,4]: 1", "f32[1,6,2]: 1", "", "", "layout"},
        {"GRU", "clip=-1.0", "f32[2,1,4]: 1", "f32[1,6,4]: 1", "f32[1,6,2]: 1", "", "", "clip"},
        {"GRU", "", "f32[2,1,4]: 1", "f32[1,6,4]: 1", "f32[1,6,2]: 1", "f32[1,6]: 1", "", "B has"},
        {"GRU", "activations=['Tanh']", "f32[2,1,4]: 1", "f32[1,6,4]: 1", "f32[1,6,2]: 1", "", "",
         "activations"},
        {"RNN", "activations=['Cosine']", "f32[2,1,4]: 1", "f32[1,2,4]: 1", "f32[1,2,2]: 1", "", "",
         "Cosine"},
        {"RNN", "", "f32[2,1,4]: 1", "f32[1,2,4]: 1", "f32[1,2,2]: 1", "", "i32[2]: 1",
         "sequence_lens"},
        {"RNN", "", "f32[2,1,4]: 1", "f32[1,2,4]: 1", "f32[1,2,2]: 1", "", "i64[1]: 1", "type"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct op_case test = {
            .type = cases[i].type,
            .opset = 14,
            .attributes = cases[i].attributes,
            .inputs = {cases[i].x, cases[i].w, cases[i].r, cases[i].b, cases[i].lengths},
            .outputs = {"y"}};
        CU_ASSERT_TRUE(op_case_refused(&test, cases[i].words));
    }
}

const struct cunit_test tests[] = {
    {"ONNX's own cases of LSTM, GRU and RNN hold", onnx_cases},
    {"400 random recurrent layers equal the specification's equations", equations},
    {"sequences of thousands of steps equal the equations", long_sequences},
    {"layers wide enough for packed weights equal the equations", wide_layers},
    {"each activation is the specification's", activations},
    {"shapes and attributes that do not fit are refused", refuses},
    {NULL, NULL},
};
