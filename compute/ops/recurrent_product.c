/* The matrix products of recurrent operators: by OpenBLAS, or over packed weights step by step. */
#include "compute/kernels/linear.h"
#include "compute/ops/recurrent.h"

#include <cblas.h>
#include <string.h>

/* Fewer steps or smaller weights than these are not worth packing. */
#define RECURRENT_PACKED_STEPS 6
#define RECURRENT_PACKED_WEIGHTS ((size_t)64 << 10)

struct recurrent_product_job {
    struct recurrent_product product;
    size_t share;
    bool is_by_column;
};

static void recurrent_product_piece(void *arg, uint32_t piece, uint32_t thread)
{
    const struct recurrent_product_job *job = arg;
    struct recurrent_product product = job->product;
    size_t first = piece * job->share, *count = job->is_by_column ? &product.n : &product.m;
    *count = *count - first < job->share ? *count - first : job->share;
    product.a += job->is_by_column ? 0 : first * product.a_stride;
    product.b += job->is_by_column ? first * product.k : 0;
    product.c += job->is_by_column ? first : first * product.c_stride;
    if (product.m == 1) { /* OpenBLAS would pack all of b for its one row */
        cblas_sgemv(CblasRowMajor, CblasNoTrans, (int)product.n, (int)product.k, 1, product.b,
                    (int)product.k, product.a, 1, product.beta, product.c, 1);
        return;
    }
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)product.m, (int)product.n,
                (int)product.k, 1, product.a, (int)product.a_stride, product.b, (int)product.k,
                product.beta, product.c, (int)product.c_stride);
}

void recurrent_product(struct thread_pool *pool, const struct recurrent_product *product)
{
    if (product->m == 0)
        return;
    struct recurrent_product_job job = {.product = *product,
                                        .is_by_column = product->n >= product->m};
    size_t longest = job.is_by_column ? product->n : product->m;
    size_t pieces = thread_pool_threads(pool);
    if (product->m * product->n * product->k < 65536)
        pieces = 1;
    job.share = ((longest + pieces - 1) / pieces + 15) / 16 * 16;
    pieces = (longest + job.share - 1) / job.share;
    thread_pool_run(pool, (uint32_t)pieces, recurrent_product_piece, &job);
}

/* Rows of the recurrence in a part: GRU's are two, as its last gate waits for its second. */
static size_t recurrent_part_rows(const struct recurrent_params *params, size_t part)
{
    size_t first = params->gates == 3 ? 2 : params->gates;
    return (part == 0 ? first : params->gates - first) * params->hidden;
}

void recurrent_pack_plan(struct recurrent_params *params)
{
    params->is_packed = params->steps >= RECURRENT_PACKED_STEPS && params->batch > 0 &&
                        params->gates * params->hidden * params->hidden >= RECURRENT_PACKED_WEIGHTS;
    params->isa = isa_best();
    for (size_t part = 0; part < 2 && params->is_packed; part++) {
        struct linear_shape shape = {params->hidden, recurrent_part_rows(params, part)};
        params->packed_bytes[part] =
            shape.columns > 0 ? linear_packed_bytes(params->isa, &shape) : 0;
    }
}

void recurrent_pack(const struct recurrent *run)
{
    const struct recurrent_params *params = run->params;
    for (size_t part = 0; part < 2 && params->packed_bytes[part] > 0; part++) {
        struct linear_shape shape = {params->hidden, recurrent_part_rows(params, part)};
        size_t first = part * recurrent_part_rows(params, 0);
        linear_pack(params->isa, &shape, run->recurrence + first * params->hidden, 1,
                    params->hidden, NULL, 1, run->packed[part], run->call->pool);
    }
}

/* Output rows output_stride apart = state times a packed part, plus bias or residual. */
static void recurrent_packed_product(const struct recurrent *run, size_t part, const float *state,
                                     float *output, size_t output_stride,
                                     const struct epilogue *epilogue)
{
    const struct recurrent_params *params = run->params;
    for (size_t row = 0; row < params->batch; row++) {
        run->inputs[row] = state + row * params->hidden;
        run->outputs[row] = output + row * output_stride;
    }
    struct linear_call call = {.isa = params->isa,
                               .shape = {params->hidden, recurrent_part_rows(params, part)},
                               .rows = params->batch,
                               .input = run->inputs,
                               .output = run->outputs,
                               .packed = run->packed[part],
                               .epilogue = *epilogue};
    linear_run(&call, run->call->pool);
}

void recurrent_gates(struct recurrent *run, size_t first, size_t last, const float *state)
{
    const struct recurrent_params *params = run->params;
    size_t hidden = params->hidden, width = params->gates * hidden;
    if (params->is_packed) {
        struct epilogue epilogue = {.residual = run->products + first * hidden,
                                    .residual_stride = width};
        recurrent_packed_product(run, first > 0, state, run->gates + first * hidden, width,
                                 &epilogue);
        return;
    }
    run->gates = run->products;
    struct recurrent_product product = {.m = params->batch,
                                        .n = (last - first) * hidden,
                                        .k = hidden,
                                        .a = state,
                                        .a_stride = hidden,
                                        .b = run->recurrence + first * hidden * hidden,
                                        .beta = 1,
                                        .c = run->gates + first * hidden,
                                        .c_stride = width};
    recurrent_product(run->call->pool, &product);
}

void recurrent_last_gate_apart(struct recurrent *run, const float *state)
{
    const struct recurrent_params *params = run->params;
    size_t hidden = params->hidden, first = (params->gates - 1) * hidden;
    const float *bias = run->recurrent_bias ? run->recurrent_bias + first : NULL;
    if (params->is_packed) {
        struct epilogue epilogue = {.bias = bias};
        recurrent_packed_product(run, 1, state, run->other, hidden, &epilogue);
        return;
    }
    for (size_t row = 0; row < params->batch && bias; row++)
        memcpy(run->other + row * hidden, bias, hidden * sizeof(float));
    struct recurrent_product product = {.m = params->batch,
                                        .n = hidden,
                                        .k = hidden,
                                        .a = state,
                                        .a_stride = hidden,
                                        .b = run->recurrence + first * hidden,
                                        .beta = bias ? 1 : 0,
                                        .c = run->other,
                                        .c_stride = hidden};
    recurrent_product(run->call->pool, &product);
}
