/* A random convolution with its expected output, summed in double precision from the definition;
 * shared by the tests of the convolution algorithms. */
#ifndef TESTS_UNIT_COMPUTE_KERNELS_CONV_CASE_H
#define TESTS_UNIT_COMPUTE_KERNELS_CONV_CASE_H

#include "compute/kernels/conv.h"
#include "tests/unit/compute_kernels_random.h"
#include "tests/unit/cunit_main.h"

struct conv_case {
    struct conv_shape shape;
    uint32_t images;
    size_t input_stride, output_stride, residual_stride;
    size_t pixels; /* of the output, over all images */
    float *input, *weights, *scale, *bias, *residual; /* the last three NULL if left out */
    struct activation activation;
    double *expected; /* [pixels][out_channels] */
    double largest;
};

static double expected_sum(const struct conv_case *c, size_t image, uint32_t y, uint32_t x,
                           uint32_t o)
{
    const struct conv_shape *s = &c->shape;
    uint32_t channels = s->in_channels / s->groups;
    uint32_t first = o / (s->out_channels / s->groups) * channels;
    double sum = 0;
    for (uint32_t i = 0; i < s->kernel_height; i++) {
        int64_t in_y = (int64_t)y * s->stride_height + (int64_t)i * s->dilation_height - s->pad_top;
        for (uint32_t j = 0; j < s->kernel_width; j++) {
            int64_t in_x =
                (int64_t)x * s->stride_width + (int64_t)j * s->dilation_width - s->pad_left;
            if (in_y < 0 || in_y >= s->in_height || in_x < 0 || in_x >= s->in_width)
                continue;
            const float *pixel =
                c->input + ((image * s->in_height + (size_t)in_y) * s->in_width + (size_t)in_x) *
                               c->input_stride;
            for (uint32_t k = 0; k < channels; k++)
                sum +=
                    (double)pixel[first + k] *
                    (double)
                        c->weights[((o * channels + k) * s->kernel_height + i) * s->kernel_width +
                                   j];
        }
    }
    return sum;
}

static void compute_expected(struct conv_case *c)
{
    const struct conv_shape *s = &c->shape;
    c->expected = malloc(c->pixels * s->out_channels * sizeof(double));
    c->largest = 1e-30;
    for (size_t p = 0; p < c->pixels; p++) {
        size_t image = p / s->out_width / s->out_height;
        uint32_t y = (uint32_t)(p / s->out_width % s->out_height);
        uint32_t x = (uint32_t)(p % s->out_width);
        for (uint32_t o = 0; o < s->out_channels; o++) {
            double sum = expected_sum(c, image, y, x, o);
            sum *= c->scale ? (double)c->scale[o] : 1;
            sum += c->bias ? (double)c->bias[o] : 0;
            sum += c->residual ? (double)c->residual[p * c->residual_stride + o] : 0;
            /* The errors are those of the sum, so its magnitude is the measure. */
            double value = expected_activation(c->activation, sum);
            c->largest = fmax(c->largest, fmax(fabs(sum), fabs(value)));
            c->expected[p * s->out_channels + o] = value;
        }
    }
}

/* Fills in everything from c->shape and c->images. */
static void conv_case_init(struct conv_case *c)
{
    const struct conv_shape *s = &c->shape;
    size_t depth = (size_t)s->in_channels / s->groups * s->kernel_height * s->kernel_width;
    size_t in_pixels = (size_t)c->images * s->in_height * s->in_width;
    c->pixels = (size_t)c->images * s->out_height * s->out_width;
    c->input_stride = s->in_channels + (random_below(2) ? 0 : random_below(20));
    c->output_stride = s->out_channels + (random_below(2) ? 0 : random_below(20));
    c->residual_stride = s->out_channels + random_below(5);
    c->input = random_rows(in_pixels, s->in_channels, c->input_stride);
    c->weights = random_floats(s->out_channels * depth, 1 / sqrtf((float)depth));
    c->scale = random_below(2) ? random_floats(s->out_channels, 1) : NULL;
    c->bias = random_below(2) ? random_floats(s->out_channels, 1) : NULL;
    c->residual =
        random_below(2) ? random_rows(c->pixels, s->out_channels, c->residual_stride) : NULL;
    c->activation = random_activation();
    compute_expected(c);
}

static void conv_case_fini(struct conv_case *c)
{
    free(c->input);
    free(c->weights);
    free(c->scale);
    free(c->bias);
    free(c->residual);
    free(c->expected);
}

/* The largest difference from expected over the largest magnitude; INFINITY for not-a-number or
 * where a byte that is not the output's was written. */
static double output_error(const struct conv_case *c, const float *output)
{
    double worst = 0;
    for (size_t p = 0; p < c->pixels; p++) {
        const float *row = output + p * c->output_stride;
        for (uint32_t o = 0; o < c->shape.out_channels; o++) {
            double error =
                fabs((double)row[o] - c->expected[p * c->shape.out_channels + o]) / c->largest;
            worst = error <= worst ? worst : isnan(error) ? INFINITY : error;
        }
        const unsigned char *gap = (const unsigned char *)(row + c->shape.out_channels);
        for (size_t i = 0; i < (c->output_stride - c->shape.out_channels) * sizeof(float); i++)
            if (gap[i] != 0xff)
                return INFINITY;
    }
    return worst;
}

/* Runs one algorithm and returns its error. */
static double conv_case_run(const struct conv_case *c, enum conv_algorithm algorithm, enum isa isa,
                            struct thread_pool *pool)
{
    uint32_t threads = thread_pool_threads(pool);
    size_t packed_bytes = conv_packed_bytes(algorithm, isa, &c->shape);
    size_t scratch_bytes = conv_scratch_bytes(algorithm, isa, &c->shape, c->images, threads);
    size_t output_bytes = c->pixels * c->output_stride * sizeof(float);
    unsigned char *packed = guarded_alloc(packed_bytes);
    unsigned char *scratch = guarded_alloc(scratch_bytes);
    unsigned char *output = guarded_alloc(output_bytes);
    conv_pack(algorithm, isa, &c->shape, c->weights, c->scale, packed, pool);
    struct conv_call call = {
        .algorithm = algorithm,
        .isa = isa,
        .shape = c->shape,
        .images = c->images,
        .input = c->input,
        .input_stride = c->input_stride,
        .output = (float *)output,
        .output_stride = c->output_stride,
        .packed = packed,
        .epilogue = {c->bias, c->residual, c->residual_stride, c->activation},
        .scratch = scratch,
    };
    conv_run(&call, pool);
    double error = output_error(c, (const float *)output);
    if (packed_bytes % 64 || !is_guarded(packed, packed_bytes) ||
        !is_guarded(scratch, scratch_bytes) || !is_guarded(output, output_bytes))
        error = INFINITY;
    free(packed);
    free(scratch);
    free(output);
    return error;
}

static void conv_case_print(const struct conv_case *c, enum conv_algorithm algorithm, enum isa isa,
                            uint32_t threads, double error)
{
    const struct conv_shape *s = &c->shape;
    printf("\n%s %s threads %u: %u images %ux%ux%u -> %ux%ux%u kernel %ux%u stride %ux%u dilation "
           "%ux%u pad %u,%u groups %u strides %zu %zu activation %d: error %g\n",
           conv_algorithm_name(algorithm), isa_name(isa), threads, c->images, s->in_height,
           s->in_width, s->in_channels, s->out_height, s->out_width, s->out_channels,
           s->kernel_height, s->kernel_width, s->stride_height, s->stride_width, s->dilation_height,
           s->dilation_width, s->pad_top, s->pad_left, s->groups, c->input_stride, c->output_stride,
           (int)c->activation.kind, error);
}

/* One case by one algorithm on each instruction set and thread count; keeps the worst error. */
static void conv_case_check(const struct conv_case *c, enum conv_algorithm algorithm, double limit,
                            struct thread_pool *const *pools, size_t pool_count, double *worst)
{
    for (enum isa isa = ISA_PLAIN; isa <= ISA_AVX512; isa++) {
        if (!conv_supports(algorithm, isa, &c->shape))
            continue;
        struct thread_pool *pool = pools[random_below((uint32_t)pool_count)];
        double error = conv_case_run(c, algorithm, isa, pool);
        *worst = error > *worst ? error : *worst;
        CU_ASSERT_TRUE(error <= limit);
        if (!(error <= limit))
            conv_case_print(c, algorithm, isa, thread_pool_threads(pool), error);
    }
}

#endif
