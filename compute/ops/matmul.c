/* MatMul with NumPy's rules for ranks, and Gemm. */
#include "compute/ops/broadcast.h"
#include "compute/ops/product.h"
#include "compute/ops/op.h"
#include "compute/ops/strided.h"

#include <inttypes.h>

struct matmul_params {
    struct product product;
    struct shape batch, a_batch, b_batch; /* the dimensions before the last two */
};

/* The matrix at the end of a shape; a vector is a row on the left, a column on the right. */
static void split_matrix(const struct shape *shape, bool is_left, struct shape *batch, size_t *rows,
                         size_t *columns)
{
    *batch = (struct shape){0};
    if (shape->rank == 1) {
        *rows = is_left ? 1 : (size_t)shape->dims[0];
        *columns = is_left ? (size_t)shape->dims[0] : 1;
        return;
    }
    batch->rank = shape->rank - 2;
    for (uint32_t d = 0; d < batch->rank; d++)
        batch->dims[d] = shape->dims[d];
    *rows = (size_t)shape->dims[shape->rank - 2];
    *columns = (size_t)shape->dims[shape->rank - 1];
}

static int infer_matmul(struct op_call *call)
{
    struct matmul_params *params = call->params;
    struct product *product = &params->product;
    size_t depth;
    int rc = op_require(call, 0, OP_F32 | OP_I32 | OP_I64);
    if (!rc)
        rc = op_require(call, 1, 1u << op_input(call, 0)->type);
    if (rc)
        return rc;
    const struct shape *a = &op_input(call, 0)->shape, *b = &op_input(call, 1)->shape;
    if (a->rank == 0 || b->rank == 0)
        return op_fail(call, "a scalar is not a matrix");
    *product = (struct product){.type = op_input(call, 0)->type, .alpha = 1};
    split_matrix(a, true, &params->a_batch, &product->m, &product->k);
    split_matrix(b, false, &params->b_batch, &depth, &product->n);
    if (product->k != depth) {
        char left[128], right[128];
        return op_fail(call, "shapes %s and %s do not multiply", shape_print(a, left, sizeof(left)),
                       shape_print(b, right, sizeof(right)));
    }
    if (product->m > INT32_MAX || product->n > INT32_MAX || product->k > INT32_MAX)
        return op_fail(call, "a dimension of a matrix is over 2^31 - 1");
    rc = op_broadcast(call, &params->a_batch, &params->b_batch, &params->batch);
    if (rc)
        return rc;
    struct shape shape = params->batch;
    if (a->rank > 1)
        shape.dims[shape.rank++] = (int64_t)product->m;
    if (b->rank > 1)
        shape.dims[shape.rank++] = (int64_t)product->n;
    return op_output_set(call, 0, product->type, &shape);
}

struct matmul_run {
    const struct product *product;
    const char *a, *b;
    char *c;
    size_t bytes;
    struct thread_pool *pool;
};

/* n matrices of the batch; steps say whether a and b move along. */
static void run_batch(void *arg, size_t n, size_t output, const size_t *inputs, const size_t *steps)
{
    const struct matmul_run *run = arg;
    const struct product *product = run->product;
    for (size_t i = 0; i < n; i++) {
        size_t a = (inputs[0] + i * steps[0]) * product->m * product->k;
        size_t b = (inputs[1] + i * steps[1]) * product->k * product->n;
        product_run(product, run->a + a * run->bytes, run->b + b * run->bytes,
                    run->c + (output + i) * product->m * product->n * run->bytes, run->pool);
    }
}

static void compute_matmul(const struct op_call *call)
{
    const struct matmul_params *params = call->params;
    struct tensor *output = op_output(call, 0);
    if (!output || tensor_count(output) == 0)
        return;
    struct product product = params->product;
    struct matmul_run run = {.product = &product,
                             .a = op_input(call, 0)->data,
                             .b = op_input(call, 1)->data,
                             .c = output->data,
                             .bytes = tensor_type_bytes(product.type),
                             .pool = call->pool};
    size_t a_count = shape_span(&params->a_batch, 0, params->a_batch.rank);
    size_t b_count = shape_span(&params->b_batch, 0, params->b_batch.rank);
    if (b_count == 1 && a_count * product.m <= INT32_MAX) { /* one tall matrix */
        product.m *= a_count;
        product_run(&product, run.a, run.b, run.c, run.pool);
        return;
    }
    const struct shape *batches[] = {&params->a_batch, &params->b_batch};
    struct broadcast broadcast;
    broadcast_init(&broadcast, &params->batch, 2, batches);
    /* A pool runs one thing at a time: threads inside each product where there is enough in it,
     * otherwise between the products (by calls without a pool). */
    bool is_large = product.m * product.n * (product.k + 1) >= 1u << 20;
    if (!is_large)
        run.pool = NULL;
    broadcast_run(&broadcast, is_large ? NULL : call->pool, 1, run_batch, &run);
}

static int infer_gemm(struct op_call *call)
{
    struct product *product = call->params;
    int rc = op_require(call, 0, OP_F32 | OP_I32 | OP_I64);
    if (!rc)
        rc = op_require(call, 1, 1u << op_input(call, 0)->type);
    if (!rc && op_input(call, 2))
        rc = op_require(call, 2, 1u << op_input(call, 0)->type);
    if (rc)
        return rc;
    const struct tensor *a = op_input(call, 0), *b = op_input(call, 1), *c = op_input(call, 2);
    if (a->shape.rank != 2 || b->shape.rank != 2)
        return op_fail(call, "inputs 0 and 1 must have rank 2");
    *product = (struct product){.type = a->type,
                                .is_a_transposed = node_int(call->node, "transA", 0) != 0,
                                .is_b_transposed = node_int(call->node, "transB", 0) != 0,
                                .alpha = node_float(call->node, "alpha", 1),
                                .beta = c ? node_float(call->node, "beta", 1) : 0};
    int64_t m = a->shape.dims[product->is_a_transposed],
            k = a->shape.dims[!product->is_a_transposed];
    int64_t n = b->shape.dims[!product->is_b_transposed];
    if (k != b->shape.dims[product->is_b_transposed]) {
        char left[128], right[128];
        return op_fail(call, "shapes %s and %s do not multiply",
                       shape_print(&a->shape, left, sizeof(left)),
                       shape_print(&b->shape, right, sizeof(right)));
    }
    if (m > INT32_MAX || n > INT32_MAX || k > INT32_MAX)
        return op_fail(call, "a dimension of a matrix is over 2^31 - 1");
    product->m = (size_t)m;
    product->n = (size_t)n;
    product->k = (size_t)k;
    struct shape shape = {.rank = 2, .dims = {m, n}}, whole;
    if (c && (op_broadcast(call, &shape, &c->shape, &whole) || !shape_equal(&shape, &whole)))
        return op_fail(call, "input 2 does not broadcast to %" PRId64 "x%" PRId64, m, n);
    return op_output_set(call, 0, product->type, &shape);
}

static void compute_gemm(const struct op_call *call)
{
    const struct product *product = call->params;
    const struct tensor *c = op_input(call, 2);
    struct tensor *output = op_output(call, 0);
    if (!output || tensor_count(output) == 0)
        return;
    if (c && product->beta != 0)
        strided_broadcast(c, &output->shape, output->data, call->pool);
    product_run(product, op_input(call, 0)->data, op_input(call, 1)->data, output->data,
                call->pool);
}

extern const struct op op_matmul[];
const struct op op_matmul[] = {
    {.type = "MatMul",
     .domain = "",
     .min_inputs = 2,
     .max_inputs = 2,
     .min_outputs = 1,
     .max_outputs = 1,
     .params_bytes = sizeof(struct matmul_params),
     .infer = infer_matmul,
     .compute = compute_matmul},
    {.type = "Gemm",
     .domain = "",
     .min_inputs = 2,
     .max_inputs = 3,
     .min_outputs = 1,
     .max_outputs = 1,
     .params_bytes = sizeof(struct product),
     .infer = infer_gemm,
     .compute = compute_gemm},
    {.type = NULL},
};
