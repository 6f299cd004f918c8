/* Tests of compute/kernels/spatial.c and its kernels, against sums in double precision. */
#include "compute/kernels/spatial.h"
#include "tests/unit/canvas.h"
#include "tests/unit/cunit_main.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SHAPES 300

static struct thread_pool *pool;

/* Runs check(isa, state) for many seeds on each instruction set there is. */
static void for_each_seed(void (*check)(enum isa isa, uint64_t *state))
{
    CU_ASSERT_EQUAL_FATAL(thread_pool_create(3, &pool), 0);
    for (uint64_t seed = 0; seed < SHAPES; seed++)
        for (enum isa isa = ISA_PLAIN; isa <= ISA_AVX512; isa++) {
            if (!isa_available(isa))
                continue;
            unsigned failed = CU_get_number_of_failures();
            uint64_t state = seed;
            check(isa, &state);
            if (CU_get_number_of_failures() != failed)
                printf("\n  failed with seed %llu on %s", (unsigned long long)seed, isa_name(isa));
        }
    thread_pool_destroy(pool);
    pool = NULL;
}

static struct thread_pool *some_pool(uint64_t *state)
{
    return canvas_between(state, 0, 1) ? pool : NULL;
}

static size_t some_gap(uint64_t *state)
{
    return canvas_between(state, 0, 1) * canvas_between(state, 1, 20);
}

static bool is_near(double got, double want, double tolerance)
{
    return fabs(got - want) <= tolerance * (1 + fabs(want)) || got == want;
}

static uint32_t pool_out_size(uint32_t in, uint32_t pads, uint32_t kernel, uint32_t dilation,
                              uint32_t stride, bool is_ceil)
{
    uint32_t extent = (kernel - 1) * dilation + 1;
    if (in + pads < extent)
        return 0;
    return (in + pads - extent + (is_ceil ? stride - 1 : 0)) / stride + 1;
}

static struct pool_shape random_pool(uint64_t *state)
{
    bool is_average = canvas_between(state, 0, 1), is_ceil = canvas_between(state, 0, 1);
    uint32_t height = canvas_between(state, 1, 4);
    uint32_t width = canvas_between(state, 0, 2) ? height : canvas_between(state, 1, 4);
    bool is_dilated = !is_average && canvas_between(state, 0, 4) == 0;
    struct pool_shape shape = {
        .channels = canvas_between(state, 1, 150),
        .in_height = canvas_between(state, 1, 17),
        .in_width = canvas_between(state, 1, 17),
        .kernel_height = height,
        .kernel_width = width,
        .stride_height = canvas_between(state, 1, 3),
        .stride_width = canvas_between(state, 1, 3),
        .dilation_height = is_dilated ? 2 : 1,
        .dilation_width = is_dilated ? canvas_between(state, 1, 3) : 1,
        .pad_top = canvas_between(state, 0, height - 1),
        .pad_left = canvas_between(state, 0, width - 1),
        .pad_bottom = canvas_between(state, 0, height - 1),
        .pad_right = canvas_between(state, 0, width - 1),
        .is_average = is_average,
        .count_include_pad = canvas_between(state, 0, 1),
    };
    shape.out_height = pool_out_size(shape.in_height, shape.pad_top + shape.pad_bottom, height,
                                     shape.dilation_height, shape.stride_height, is_ceil);
    shape.out_width = pool_out_size(shape.in_width, shape.pad_left + shape.pad_right, width,
                                    shape.dilation_width, shape.stride_width, is_ceil);
    return shape;
}

/* By walking over every tap and asking where it lies. */
static double expected_pool(const struct pool_shape *shape, const struct canvas *input,
                            size_t pixel, size_t channel)
{
    size_t image = pixel / ((size_t)shape->out_height * shape->out_width);
    int out_y = (int)(pixel / shape->out_width % shape->out_height);
    int out_x = (int)(pixel % shape->out_width);
    int height = (int)shape->in_height, width = (int)shape->in_width;
    double most = -INFINITY, sum = 0, count = 0;
    for (int ky = 0; ky < (int)shape->kernel_height; ky++)
        for (int kx = 0; kx < (int)shape->kernel_width; kx++) {
            int y = out_y * (int)shape->stride_height - (int)shape->pad_top +
                    ky * (int)shape->dilation_height;
            int x = out_x * (int)shape->stride_width - (int)shape->pad_left +
                    kx * (int)shape->dilation_width;
            bool is_inside = y >= 0 && y < height && x >= 0 && x < width;
            bool is_padded =
                y < height + (int)shape->pad_bottom && x < width + (int)shape->pad_right;
            count += shape->count_include_pad ? is_padded : is_inside;
            if (!is_inside)
                continue;
            size_t from = (image * shape->in_height + (size_t)y) * shape->in_width + (size_t)x;
            double value = input->data[from * input->stride + channel];
            most = value > most ? value : most;
            sum += value;
        }
    return !shape->is_average ? most : count > 0 ? sum / count : 0;
}

static void check_pool(enum isa isa, uint64_t *state)
{
    struct pool_shape shape = random_pool(state);
    uint32_t images = canvas_between(state, 1, 3);
    struct canvas input =
        canvas_create_random((size_t)images * shape.in_height * shape.in_width, shape.channels,
                             shape.channels + some_gap(state), state);
    struct canvas output = canvas_create((size_t)images * shape.out_height * shape.out_width,
                                         shape.channels, shape.channels + some_gap(state));
    spatial_pool(isa, &shape, images, input.data, input.stride, output.data, output.stride,
                 some_pool(state));
    bool is_right = true;
    for (size_t p = 0; p < output.pixels; p++)
        for (size_t c = 0; c < output.channels; c++)
            is_right = is_right && is_near(output.data[p * output.stride + c],
                                           expected_pool(&shape, &input, p, c), 1e-6);
    CU_ASSERT(is_right);
    CU_ASSERT(canvas_is_intact(&output));
    canvas_destroy(&output);
    canvas_destroy(&input);
}

static void pools(void)
{
    for_each_seed(check_pool);
}

static void padding_never_wins(void)
{
    const struct pool_shape shape = {.channels = 1,
                                     .in_height = 1,
                                     .in_width = 2,
                                     .out_height = 1,
                                     .out_width = 2,
                                     .kernel_height = 3,
                                     .kernel_width = 3,
                                     .stride_height = 1,
                                     .stride_width = 1,
                                     .dilation_height = 1,
                                     .dilation_width = 1,
                                     .pad_top = 1,
                                     .pad_left = 1,
                                     .pad_bottom = 1,
                                     .pad_right = 1};
    for (enum isa isa = ISA_PLAIN; isa <= ISA_AVX512; isa++) {
        float input[] = {-5, -1e30f}, output[2] = {0};
        if (!isa_available(isa))
            continue;
        spatial_pool(isa, &shape, 1, input, 1, output, 1, NULL);
        CU_ASSERT(output[0] == -5 && output[1] == -5);
    }
}

static void check_average(enum isa isa, uint64_t *state)
{
    uint32_t channels = canvas_between(state, 1, 200), images = canvas_between(state, 1, 3);
    size_t pixels = canvas_between(state, 1, 400);
    struct canvas input =
        canvas_create_random(images * pixels, channels, channels + some_gap(state), state);
    struct canvas output = canvas_create(images, channels, channels + some_gap(state));
    spatial_global_average(isa, channels, pixels, images, input.data, input.stride, output.data,
                           output.stride, some_pool(state));
    bool is_right = true;
    for (size_t i = 0; i < images; i++)
        for (size_t c = 0; c < channels; c++) {
            double sum = 0;
            for (size_t p = 0; p < pixels; p++)
                sum += input.data[(i * pixels + p) * input.stride + c];
            is_right =
                is_right && is_near(output.data[i * output.stride + c], sum / (double)pixels, 1e-6);
        }
    CU_ASSERT(is_right);
    CU_ASSERT(canvas_is_intact(&output));
    canvas_destroy(&output);
    canvas_destroy(&input);
}

static void averages(void)
{
    for_each_seed(check_average);
}

static void check_lrn(enum isa isa, uint64_t *state)
{
    static const float betas[] = {0.75f, 0.75f, 0.5f, 1};
    uint32_t channels = canvas_between(state, 1, 120), size = canvas_between(state, 1, 9);
    if (canvas_between(state, 0, 9) == 0)
        size = canvas_between(state, 10, 300);
    size_t pixels = canvas_between(state, 1, 200);
    float alpha = canvas_between(state, 0, 1) ? 1e-4f : 2, bias = canvas_between(state, 1, 2);
    if (alpha > 1 && canvas_between(state, 0, 2) == 0)
        bias = 1e-25f; /* below what the fast inverse square root is used for */
    float beta = betas[canvas_between(state, 0, 3)];
    struct canvas input = canvas_create_random(pixels, channels, channels + some_gap(state), state);
    struct canvas output = canvas_create(pixels, channels, channels + some_gap(state));
    spatial_lrn(isa, channels, pixels, size, alpha, beta, bias, input.data, input.stride,
                output.data, output.stride, some_pool(state));
    bool is_right = true;
    for (size_t p = 0; p < pixels; p++)
        for (int c = 0; c < (int)channels; c++) {
            const float *x = input.data + p * input.stride;
            double sum = 0;
            for (int i = c - ((int)size - 1) / 2; i <= c + (int)size / 2; i++)
                sum += i >= 0 && i < (int)channels ? (double)x[i] * x[i] : 0;
            double want = x[c] / pow(bias + (double)alpha / size * sum, beta);
            is_right = is_right && is_near(output.data[p * output.stride + (size_t)c], want, 1e-6);
        }
    CU_ASSERT(is_right);
    CU_ASSERT(canvas_is_intact(&output));
    canvas_destroy(&output);
    canvas_destroy(&input);
}

static void normalises(void)
{
    for_each_seed(check_lrn);
}

static struct activation some_activation(uint64_t *state)
{
    static const struct activation activations[] = {{ACTIVATION_NONE, 0, 0},
                                                    {ACTIVATION_RELU, 0, 0},
                                                    {ACTIVATION_CLIP, -0.25f, 0.5f},
                                                    {ACTIVATION_TANH, 0, 0}};
    return activations[canvas_between(state, 0, 3)];
}

static double activated(struct activation activation, double x)
{
    switch (activation.kind) {
    case ACTIVATION_RELU:
        return fmax(x, 0);
    case ACTIVATION_CLIP:
        return fmin(fmax(x, activation.alpha), activation.beta);
    case ACTIVATION_TANH:
        return tanh(x);
    default:
        return x;
    }
}

static void check_affine(enum isa isa, uint64_t *state)
{
    uint32_t channels = canvas_between(state, 1, 120);
    size_t pixels = canvas_between(state, 1, 300);
    struct activation activation = some_activation(state);
    struct canvas scale = canvas_create_random(1, channels, channels, state);
    struct canvas shift = canvas_create_random(1, channels, channels, state);
    bool has_scale = canvas_between(state, 0, 1), has_shift = canvas_between(state, 0, 1);
    uint64_t input_state = *state;
    size_t gap = some_gap(state);
    struct canvas input = canvas_create_random(pixels, channels, channels + gap, &input_state);
    struct canvas copy = canvas_create(pixels, channels, channels + some_gap(state));
    bool is_in_place = canvas_between(state, 0, 1);
    struct canvas *output = is_in_place ? &input : &copy;
    float *want = malloc(pixels * channels * sizeof(float));
    CU_ASSERT_PTR_NOT_NULL_FATAL(want);
    for (size_t p = 0; p < pixels; p++)
        for (size_t c = 0; c < channels; c++) {
            double x = input.data[p * input.stride + c];
            x = x * (has_scale ? scale.data[c] : 1) + (has_shift ? shift.data[c] : 0);
            want[p * channels + c] = (float)activated(activation, x);
        }
    spatial_affine(isa, channels, pixels, has_scale ? scale.data : NULL,
                   has_shift ? shift.data : NULL, activation, input.data, input.stride,
                   output->data, output->stride, some_pool(state));
    bool is_right = true;
    for (size_t p = 0; p < pixels; p++)
        for (size_t c = 0; c < channels; c++)
            is_right = is_right &&
                       is_near(output->data[p * output->stride + c], want[p * channels + c], 1e-6);
    CU_ASSERT(is_right);
    CU_ASSERT(canvas_is_intact(output));
    free(want);
    canvas_destroy(&copy);
    canvas_destroy(&input);
    canvas_destroy(&shift);
    canvas_destroy(&scale);
}

static void scales_and_shifts(void)
{
    for_each_seed(check_affine);
}

static void check_combine(enum isa isa, uint64_t *state)
{
    uint32_t channels = canvas_between(state, 1, 120);
    size_t pixels = canvas_between(state, 1, 300);
    struct activation activation = some_activation(state);
    bool is_product = canvas_between(state, 0, 1), is_dense = canvas_between(state, 0, 1);
    bool is_in_place = canvas_between(state, 0, 1);
    struct canvas a =
        canvas_create_random(pixels, channels, channels + (is_dense ? 0 : some_gap(state)), state);
    struct canvas b =
        canvas_create_random(pixels, channels, channels + (is_dense ? 0 : some_gap(state)), state);
    struct canvas sum =
        canvas_create(pixels, channels, channels + (is_dense ? 0 : some_gap(state)));
    struct canvas *output = is_in_place ? &b : &sum;
    float *want = malloc(pixels * channels * sizeof(float));
    CU_ASSERT_PTR_NOT_NULL_FATAL(want);
    for (size_t p = 0; p < pixels; p++)
        for (size_t c = 0; c < channels; c++) {
            double x = a.data[p * a.stride + c], y = b.data[p * b.stride + c];
            want[p * channels + c] = (float)activated(activation, is_product ? x * y : x + y);
        }
    spatial_combine(isa, channels, pixels, is_product, activation, a.data, a.stride, b.data,
                    b.stride, output->data, output->stride, some_pool(state));
    bool is_right = true;
    for (size_t p = 0; p < pixels; p++)
        for (size_t c = 0; c < channels; c++)
            is_right = is_right &&
                       is_near(output->data[p * output->stride + c], want[p * channels + c], 1e-6);
    CU_ASSERT(is_right);
    CU_ASSERT(canvas_is_intact(output));
    free(want);
    canvas_destroy(&sum);
    canvas_destroy(&b);
    canvas_destroy(&a);
}

static void adds_and_multiplies(void)
{
    for_each_seed(check_combine);
}

#define MAX_IMAGES 3

/* To channels last and back again; both ways each float is where it belongs. */
static void check_layout(enum isa isa, uint64_t *state)
{
    static const uint32_t usual[] = {1, 2, 3, 4};
    uint32_t channels = canvas_between(state, 0, 1) ? usual[canvas_between(state, 0, 3)]
                                                    : canvas_between(state, 1, 100);
    uint32_t images = canvas_between(state, 1, MAX_IMAGES);
    size_t pixels = canvas_between(state, 1, 300), gap = some_gap(state);
    struct canvas planes[MAX_IMAGES], back[MAX_IMAGES];
    const float *from[MAX_IMAGES];
    float *to[MAX_IMAGES];
    for (uint32_t i = 0; i < images; i++) {
        planes[i] = canvas_create_random(channels, pixels, pixels, state);
        back[i] = canvas_create(channels, pixels, pixels);
        from[i] = planes[i].data;
        to[i] = back[i].data;
    }
    struct canvas last = canvas_create(images * pixels, channels, channels + gap);
    spatial_to_channels_last(isa, channels, pixels, images, from, last.data, last.stride,
                             some_pool(state));
    bool is_right = true;
    for (size_t p = 0; p < images * pixels; p++)
        for (size_t c = 0; c < channels; c++)
            is_right = is_right && last.data[p * last.stride + c] ==
                                       planes[p / pixels].data[c * pixels + p % pixels];
    CU_ASSERT(is_right);
    CU_ASSERT(canvas_is_intact(&last));
    spatial_from_channels_last(isa, channels, pixels, images, last.data, last.stride, to,
                               some_pool(state));
    for (uint32_t i = 0; i < images; i++) {
        CU_ASSERT(memcmp(back[i].data, planes[i].data, pixels * channels * sizeof(float)) == 0);
        canvas_destroy(&back[i]);
        canvas_destroy(&planes[i]);
    }
    canvas_destroy(&last);
}

static void changes_layout(void)
{
    for_each_seed(check_layout);
}

static void check_copy(enum isa isa, uint64_t *state)
{
    uint32_t channels = canvas_between(state, 1, 120);
    size_t pixels = canvas_between(state, 1, 300);
    struct canvas input = canvas_create_random(pixels, channels, channels + some_gap(state), state);
    struct canvas output = canvas_create(pixels, channels, channels + some_gap(state));
    spatial_copy(isa, channels, pixels, input.data, input.stride, output.data, output.stride,
                 some_pool(state));
    for (size_t p = 0; p < pixels; p++)
        if (memcmp(input.data + p * input.stride, output.data + p * output.stride,
                   channels * sizeof(float)) != 0)
            CU_FAIL("a pixel differs");
    CU_ASSERT(canvas_is_intact(&output));
    canvas_destroy(&output);
    canvas_destroy(&input);
}

static void copies(void)
{
    for_each_seed(check_copy);
}

const struct cunit_test tests[] = {
    {"pooling of any shape takes the definition's maximum or mean, in slices", pools},
    {"padding never wins a maximum", padding_never_wins},
    {"the global average is the mean over all pixels", averages},
    {"local response normalisation divides by the power of its window's squares", normalises},
    {"scale, shift and activation apply per channel, also in place", scales_and_shifts},
    {"two tensors add and multiply element by element, also in place", adds_and_multiplies},
    {"channels go last and come back", changes_layout},
    {"a copy of a slice touches nothing beside it", copies},
    {NULL, NULL},
};
