/* Tests of compute/kernels/conv_depthwise.c and its kernels, against sums in double precision. */
#include "compute/kernels/conv_ops.h"
#include "tests/unit/canvas.h"
#include "tests/unit/cunit_main.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SHAPES 400

struct problem {
    struct conv_call call;
    struct canvas input, output, residual;
    float *weights, *scale, *bias;
    bool has_residual;
};

static uint32_t out_size(uint32_t in, uint32_t pads, uint32_t kernel, uint32_t dilation,
                         uint32_t stride)
{
    uint32_t extent = (kernel - 1) * dilation + 1;
    return in + pads < extent ? 0 : (in + pads - extent) / stride + 1;
}

static struct conv_shape random_shape(uint64_t *state)
{
    static const uint32_t kernels[] = {3, 3, 3, 5, 5, 7, 1, 2, 4};
    uint32_t height = kernels[canvas_between(state, 0, 8)];
    uint32_t width = canvas_between(state, 0, 3) ? height : kernels[canvas_between(state, 0, 8)];
    uint32_t stride = canvas_between(state, 1, 3) % 3 + 1;
    bool is_dilated = canvas_between(state, 0, 4) == 0;
    uint32_t channels = canvas_between(state, 1, 70);
    struct conv_shape shape = {
        .in_height = canvas_between(state, 1, 18),
        .in_width = canvas_between(state, 1, 33),
        .in_channels = channels,
        .out_channels = channels,
        .groups = channels,
        .kernel_height = height,
        .kernel_width = width,
        .stride_height = stride,
        .stride_width = canvas_between(state, 0, 3) ? stride : canvas_between(state, 1, 3),
        .dilation_height = is_dilated ? canvas_between(state, 1, 3) : 1,
        .dilation_width = is_dilated ? canvas_between(state, 1, 3) : 1,
        .pad_top = canvas_between(state, 0, height),
        .pad_left = canvas_between(state, 0, width),
    };
    shape.out_height = out_size(shape.in_height, shape.pad_top + canvas_between(state, 0, height),
                                height, shape.dilation_height, shape.stride_height);
    shape.out_width = out_size(shape.in_width, shape.pad_left + canvas_between(state, 0, width),
                               width, shape.dilation_width, shape.stride_width);
    return shape;
}

static float *random_floats(size_t count, uint64_t *state)
{
    float *floats = malloc(count * sizeof(float));
    for (size_t i = 0; floats && i < count; i++)
        floats[i] = canvas_value(state);
    return floats;
}

static struct problem problem_create(uint64_t *state)
{
    static const struct activation activations[] = {{ACTIVATION_NONE, 0, 0},
                                                    {ACTIVATION_RELU, 0, 0},
                                                    {ACTIVATION_CLIP, 0, 0.75f},
                                                    {ACTIVATION_TANH, 0, 0}};
    struct problem problem = {.call = {.algorithm = CONV_DEPTHWISE, .shape = random_shape(state)}};
    struct conv_call *call = &problem.call;
    const struct conv_shape *shape = &call->shape;
    size_t channels = shape->out_channels, taps = shape->kernel_height * shape->kernel_width;
    call->images = canvas_between(state, 1, 3);
    size_t in_pixels = (size_t)call->images * shape->in_height * shape->in_width;
    size_t out_pixels = (size_t)call->images * shape->out_height * shape->out_width;
    size_t gap = canvas_between(state, 0, 1) * canvas_between(state, 1, 20);
    problem.input = canvas_create_random(in_pixels, channels, channels + gap, state);
    problem.output = canvas_create(out_pixels, channels, channels + canvas_between(state, 0, 3));
    problem.residual =
        canvas_create_random(out_pixels, channels, channels + canvas_between(state, 0, 3), state);
    problem.weights = random_floats(channels * taps, state);
    problem.scale = canvas_between(state, 0, 1) ? random_floats(channels, state) : NULL;
    problem.bias = canvas_between(state, 0, 1) ? random_floats(channels, state) : NULL;
    call->input = problem.input.data;
    call->input_stride = problem.input.stride;
    call->output = problem.output.data;
    call->output_stride = problem.output.stride;
    call->epilogue.bias = problem.bias;
    call->epilogue.residual = canvas_between(state, 0, 1) ? problem.residual.data : NULL;
    call->epilogue.residual_stride = problem.residual.stride;
    call->epilogue.activation = activations[canvas_between(state, 0, 3)];
    return problem;
}

static void problem_destroy(struct problem *problem)
{
    canvas_destroy(&problem->input);
    canvas_destroy(&problem->output);
    canvas_destroy(&problem->residual);
    free(problem->weights);
    free(problem->scale);
    free(problem->bias);
}

static double expected(const struct problem *problem, size_t pixel, size_t channel)
{
    const struct conv_shape *shape = &problem->call.shape;
    size_t image = pixel / ((size_t)shape->out_height * shape->out_width);
    int64_t out_y = (int64_t)(pixel / shape->out_width % shape->out_height);
    int64_t out_x = (int64_t)(pixel % shape->out_width);
    double sum = problem->bias ? problem->bias[channel] : 0;
    for (uint32_t ky = 0; ky < shape->kernel_height; ky++)
        for (uint32_t kx = 0; kx < shape->kernel_width; kx++) {
            int64_t y = out_y * shape->stride_height + ky * (int64_t)shape->dilation_height -
                        shape->pad_top;
            int64_t x =
                out_x * shape->stride_width + kx * (int64_t)shape->dilation_width - shape->pad_left;
            if (y < 0 || y >= shape->in_height || x < 0 || x >= shape->in_width)
                continue;
            size_t from = (image * shape->in_height + (size_t)y) * shape->in_width + (size_t)x;
            size_t tap = (channel * shape->kernel_height + ky) * shape->kernel_width + kx;
            sum += (double)problem->input.data[from * problem->input.stride + channel] *
                   problem->weights[tap] * (problem->scale ? problem->scale[channel] : 1);
        }
    if (problem->call.epilogue.residual)
        sum += problem->residual.data[pixel * problem->residual.stride + channel];
    switch (problem->call.epilogue.activation.kind) {
    case ACTIVATION_RELU:
        return sum < 0 ? 0 : sum;
    case ACTIVATION_CLIP:
        return sum < 0 ? 0 : sum > 0.75 ? 0.75 : sum;
    case ACTIVATION_TANH:
        return tanh(sum);
    default:
        return sum;
    }
}

static double largest_error(const struct problem *problem)
{
    double largest = 0;
    for (size_t p = 0; p < problem->output.pixels; p++)
        for (size_t c = 0; c < problem->output.channels; c++) {
            double error = fabs(problem->output.data[p * problem->output.stride + c] -
                                expected(problem, p, c));
            largest = error <= largest ? largest : error;
        }
    return largest;
}

static void run_problem(struct problem *problem, enum isa isa, struct thread_pool *pool)
{
    struct conv_call *call = &problem->call;
    size_t bytes = conv_depthwise_ops.packed_bytes(call->algorithm, isa, &call->shape);
    CU_ASSERT_EQUAL(bytes % 64, 0);
    void *packed = aligned_alloc(64, bytes);
    CU_ASSERT_PTR_NOT_NULL_FATAL(packed);
    conv_depthwise_ops.pack(call->algorithm, isa, &call->shape, problem->weights, problem->scale,
                            packed, pool);
    call->isa = isa;
    call->packed = packed;
    conv_depthwise_ops.run(call, pool);
    free(packed);
}

static void matches_the_definition(void)
{
    struct thread_pool *pool;
    CU_ASSERT_EQUAL_FATAL(thread_pool_create(3, &pool), 0);
    for (uint64_t seed = 0; seed < SHAPES; seed++)
        for (enum isa isa = ISA_PLAIN; isa <= ISA_AVX512; isa++) {
            if (!isa_available(isa))
                continue;
            uint64_t state = seed;
            struct problem problem = problem_create(&state);
            CU_ASSERT(conv_depthwise_ops.supports(CONV_DEPTHWISE, isa, &problem.call.shape));
            run_problem(&problem, isa, seed % 3 ? pool : NULL);
            double error = largest_error(&problem);
            if (!(error < 1e-5))
                printf("\n  seed %llu %s: error %g", (unsigned long long)seed, isa_name(isa),
                       error);
            CU_ASSERT(error < 1e-5);
            CU_ASSERT(canvas_is_intact(&problem.output));
            problem_destroy(&problem);
        }
    thread_pool_destroy(pool);
}

static void adds_a_residual_in_place(void)
{
    for (uint64_t seed = 0; seed < 40; seed++)
        for (enum isa isa = ISA_PLAIN; isa <= ISA_AVX512; isa++) {
            if (!isa_available(isa))
                continue;
            uint64_t state = seed + 1000;
            struct problem problem = problem_create(&state);
            struct canvas *output = &problem.output;
            for (size_t p = 0; p < output->pixels; p++)
                for (size_t c = 0; c < output->channels; c++)
                    output->data[p * output->stride + c] =
                        problem.residual.data[p * problem.residual.stride + c];
            problem.call.epilogue.residual = output->data;
            problem.call.epilogue.residual_stride = output->stride;
            run_problem(&problem, isa, NULL);
            CU_ASSERT(largest_error(&problem) < 1e-5);
            problem_destroy(&problem);
        }
}

const struct cunit_test tests[] = {
    {"any kernel, stride, dilation, padding and epilogue gives the definition's sums, in slices",
     matches_the_definition},
    {"the residual may lie where the output goes", adds_a_residual_in_place},
    {NULL, NULL},
};
