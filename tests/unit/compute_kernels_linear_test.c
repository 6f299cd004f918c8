/* Tests of compute/kernels/linear.c. */
#include "compute/kernels/linear.h"
#include "tests/unit/compute_kernels_random.h"
#include "tests/unit/cunit_main.h"

#define CASES 300
#define LIMIT 1e-5

struct linear_case {
    struct linear_shape shape;
    size_t rows;
    bool is_scattered; /* output rows in no order */
    bool is_transposed; /* weights as [columns][depth] */
};

static double run_case(const struct linear_case *c, enum isa isa, struct thread_pool *pool)
{
    size_t depth = c->shape.depth, columns = c->shape.columns;
    size_t bytes = linear_packed_bytes(isa, &c->shape);
    float *weights = random_floats(depth * columns, 1 / sqrtf((float)depth + 1));
    float *scale = random_below(2) ? random_floats(columns, 1) : NULL;
    float *bias = random_below(2) ? random_floats(columns, 1) : NULL;
    float *residual = random_below(2) ? random_rows(c->rows, columns, columns + 3) : NULL;
    struct activation activation = random_activation();
    float alpha = random_below(2) ? 1 : 0.25f;
    unsigned char *packed = guarded_alloc(bytes);
    float **input = calloc(c->rows, sizeof(*input));
    float **output = calloc(c->rows, sizeof(*output));
    float *input_values = random_floats(c->rows * depth, 1);
    unsigned char *output_values = guarded_alloc(c->rows * (columns + 5) * sizeof(float));
    for (size_t r = 0; r < c->rows; r++) {
        input[r] = input_values + (c->is_scattered ? c->rows - 1 - r : r) * depth;
        output[r] =
            (float *)output_values + (c->is_scattered ? c->rows - 1 - r : r) * (columns + 5);
    }
    size_t depth_stride = c->is_transposed ? 1 : columns;
    size_t column_stride = c->is_transposed ? depth : 1;
    linear_pack(isa, &c->shape, weights, depth_stride, column_stride, scale, alpha, packed, pool);
    linear_run(&(struct linear_call){.isa = isa,
                                     .shape = c->shape,
                                     .rows = c->rows,
                                     .input = (const float *const *)input,
                                     .output = output,
                                     .packed = packed,
                                     .epilogue = {bias, residual, columns + 3, activation}},
               pool);
    double worst = 0, largest = 1e-30;
    for (size_t r = 0; r < c->rows; r++) {
        for (size_t n = 0; n < columns; n++) {
            double sum = 0;
            for (size_t k = 0; k < depth; k++)
                sum += (double)input[r][k] * (double)weights[k * depth_stride + n * column_stride];
            sum *= (double)alpha * (scale ? (double)scale[n] : 1);
            sum += (bias ? (double)bias[n] : 0) +
                   (residual ? (double)residual[r * (columns + 3) + n] : 0);
            double y = expected_activation(activation, sum);
            double error = fabs((double)output[r][n] - y);
            largest = fmax(largest, fmax(fabs(sum), fabs(y)));
            worst = error <= worst ? worst : isnan(error) ? INFINITY : error;
        }
        for (size_t i = 0; i < 5 * sizeof(float); i++)
            if (((unsigned char *)(output[r] + columns))[i] != 0xff)
                worst = INFINITY;
    }
    if (!is_guarded(packed, bytes) ||
        !is_guarded(output_values, c->rows * (columns + 5) * sizeof(float)))
        worst = INFINITY;
    free(weights);
    free(scale);
    free(bias);
    free(residual);
    free(packed);
    free(input);
    free(output);
    free(input_values);
    free(output_values);
    return worst / largest;
}

static void check_case(const struct linear_case *c, struct thread_pool *pool, double *worst)
{
    for (enum isa isa = ISA_PLAIN; isa <= ISA_AVX512; isa++) {
        if (!isa_available(isa))
            continue;
        double error = run_case(c, isa, pool);
        *worst = error > *worst ? error : *worst;
        CU_ASSERT_TRUE(error <= LIMIT);
        if (!(error <= LIMIT))
            printf("\n%s: %zu rows, %zu -> %zu: error %g\n", isa_name(isa), c->rows, c->shape.depth,
                   c->shape.columns, error);
    }
}

static void match_brute_force(void)
{
    double worst = 0;
    random_state = 4096;
    struct thread_pool *pool;
    CU_ASSERT_EQUAL_FATAL(thread_pool_create(3, &pool), 0);
    for (unsigned i = 0; i < CASES; i++) {
        struct linear_case c = {
            .shape = {random_between(1, 300), random_between(1, 130)},
            .rows = random_below(4) ? random_between(1, 30) : random_between(1, 230),
            .is_scattered = random_below(2),
            .is_transposed = random_below(2),
        };
        check_case(&c, random_below(2) ? pool : NULL, &worst);
    }
    thread_pool_destroy(pool);
    printf("largest error %.2g ", worst);
}

static void match_on_deep_layers(void)
{
    double worst = 0;
    random_state = 25088;
    check_case(&(struct linear_case){{25088, 40}, 1, false, true}, NULL, &worst);
    check_case(&(struct linear_case){{9216, 72}, 8, true, true}, NULL, &worst);
    check_case(&(struct linear_case){{2048, 1000}, 3, false, false}, NULL, &worst);
    printf("largest error %.2g ", worst);
}

const struct cunit_test tests[] = {
    {"fully connected layers match brute force on random shapes", match_brute_force},
    {"fully connected layers match brute force on deep layers", match_on_deep_layers},
    {NULL, NULL},
};
