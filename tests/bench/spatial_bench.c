/* Times the kernels over pixels on the layer shapes of known networks, each beside a memcpy that
 * moves as many bytes: spatial_bench [ISA [THREADS [IMAGES]]]. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compute/kernels/conv_ops.h"
#include "compute/kernels/spatial.h"

#define ROUNDS 60
#define MIN_NS 5e6 /* of each side of each case */
#define BUFFER_FLOATS ((size_t)64 << 20)

struct bench {
    enum isa isa;
    struct thread_pool *pool;
    uint32_t images;
    float *input, *second, *output, *packed;
};

/* One case: its shape in a few numbers, whose meaning run_case knows. */
struct bench_case {
    const char *name;
    enum { DEPTHWISE, POOL, AVERAGE, LRN, ADD, TO_LAST, FROM_LAST, COPY, ACTIVATE } kind;
    uint32_t size, channels, kernel, stride; /* in: size x size x channels */
    enum activation_kind activation; /* ACTIVATE */
    bool is_average; /* POOL */
};

static const struct bench_case cases[] = {
    {"depthwise 112x112x32 3x3", DEPTHWISE, 112, 32, 3, 1, 0, 0},
    {"depthwise 112x112x96 3x3/2", DEPTHWISE, 112, 96, 3, 2, 0, 0},
    {"depthwise 56x56x144 3x3", DEPTHWISE, 56, 144, 3, 1, 0, 0},
    {"depthwise 56x56x144 3x3/2", DEPTHWISE, 56, 144, 3, 2, 0, 0},
    {"depthwise 28x28x192 3x3", DEPTHWISE, 28, 192, 3, 1, 0, 0},
    {"depthwise 28x28x192 3x3/2", DEPTHWISE, 28, 192, 3, 2, 0, 0},
    {"depthwise 14x14x384 3x3", DEPTHWISE, 14, 384, 3, 1, 0, 0},
    {"depthwise 14x14x576 3x3", DEPTHWISE, 14, 576, 3, 1, 0, 0},
    {"depthwise 14x14x576 3x3/2", DEPTHWISE, 14, 576, 3, 2, 0, 0},
    {"depthwise 7x7x960 3x3", DEPTHWISE, 7, 960, 3, 1, 0, 0},
    {"depthwise 28x28x240 5x5", DEPTHWISE, 28, 240, 5, 1, 0, 0},
    {"depthwise 56x56x144 5x5/2", DEPTHWISE, 56, 144, 5, 2, 0, 0},
    {"depthwise 56x56x96 7x7", DEPTHWISE, 56, 96, 7, 1, 0, 0},
    {"max pool 224x224x64 2x2/2", POOL, 224, 64, 2, 2, 0, 0},
    {"max pool 112x112x64 3x3/2", POOL, 112, 64, 3, 2, 0, 0},
    {"max pool 55x55x96 3x3/2", POOL, 55, 96, 3, 2, 0, 0},
    {"max pool 28x28x192 3x3", POOL, 28, 192, 3, 1, 0, 0},
    {"max pool 14x14x512 3x3", POOL, 14, 512, 3, 1, 0, 0},
    {"average pool 28x28x192 3x3", POOL, 28, 192, 3, 1, 0, true},
    {"global average 7x7x1280", AVERAGE, 7, 1280, 0, 0, 0, 0},
    {"global average 7x7x2048", AVERAGE, 7, 2048, 0, 0, 0, 0},
    {"global average 13x13x1000", AVERAGE, 13, 1000, 0, 0, 0, 0},
    {"lrn 55x55x96", LRN, 55, 96, 5, 0, 0, 0},
    {"lrn 27x27x256", LRN, 27, 256, 5, 0, 0, 0},
    {"lrn 56x56x64", LRN, 56, 64, 5, 0, 0, 0},
    {"lrn 56x56x192", LRN, 56, 192, 5, 0, 0, 0},
    {"add relu 56x56x256", ADD, 56, 256, 0, 0, 0, 0},
    {"add relu 7x7x2048", ADD, 7, 2048, 0, 0, 0, 0},
    {"to channels last 224x224x3", TO_LAST, 224, 3, 0, 0, 0, 0},
    {"to channels last 7x7x1024", TO_LAST, 7, 1024, 0, 0, 0, 0},
    {"to channels last 56x56x64", TO_LAST, 56, 64, 0, 0, 0, 0},
    {"from channels last 224x224x3", FROM_LAST, 224, 3, 0, 0, 0, 0},
    {"from channels last 7x7x1024", FROM_LAST, 7, 1024, 0, 0, 0, 0},
    {"from channels last 6x6x256", FROM_LAST, 6, 256, 0, 0, 0, 0},
    {"copy slice 28x28x64", COPY, 28, 64, 0, 0, 0, 0},
    {"relu 56x56x64", ACTIVATE, 56, 64, 0, 0, ACTIVATION_RELU, 0},
    {"hard swish 56x56x64", ACTIVATE, 56, 64, 0, 0, ACTIVATION_HARD_SWISH, 0},
    {"elu 56x56x64", ACTIVATE, 56, 64, 0, 0, ACTIVATION_ELU, 0},
    {"sigmoid 56x56x64", ACTIVATE, 56, 64, 0, 0, ACTIVATION_SIGMOID, 0},
    {"tanh 56x56x64", ACTIVATE, 56, 64, 0, 0, ACTIVATION_TANH, 0},
    {"softplus 56x56x64", ACTIVATE, 56, 64, 0, 0, ACTIVATION_SOFTPLUS, 0},
    {"gelu 56x56x64", ACTIVATE, 56, 64, 0, 0, ACTIVATION_GELU, 0},
};

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static uint32_t out_size(const struct bench_case *c)
{
    uint32_t pad = c->stride == c->kernel ? 0 : c->kernel / 2;
    return c->stride ? (c->size + 2 * pad - c->kernel) / c->stride + 1 : c->size;
}

/* Bytes read and written once each, per image. */
static double case_bytes(const struct bench_case *c)
{
    double in = (double)c->size * c->size, out = (double)out_size(c) * out_size(c);
    if (c->kind == AVERAGE)
        out = 1;
    if (c->kind == ADD)
        in *= 2;
    return (in + out) * c->channels * sizeof(float);
}

static void run_depthwise(const struct bench *bench, const struct bench_case *c)
{
    const struct conv_call call = {
        .algorithm = CONV_DEPTHWISE,
        .isa = bench->isa,
        .shape = {.in_height = c->size,
                  .in_width = c->size,
                  .in_channels = c->channels,
                  .out_height = out_size(c),
                  .out_width = out_size(c),
                  .out_channels = c->channels,
                  .kernel_height = c->kernel,
                  .kernel_width = c->kernel,
                  .stride_height = c->stride,
                  .stride_width = c->stride,
                  .dilation_height = 1,
                  .dilation_width = 1,
                  .pad_top = c->kernel / 2,
                  .pad_left = c->kernel / 2,
                  .groups = c->channels},
        .images = bench->images,
        .input = bench->input,
        .input_stride = c->channels,
        .output = bench->output,
        .output_stride = c->channels,
        .packed = bench->packed,
        .epilogue = {.bias = bench->second, .activation = {ACTIVATION_CLIP, 0, 6}},
    };
    conv_depthwise_ops.run(&call, bench->pool);
}

static void run_pool(const struct bench *bench, const struct bench_case *c)
{
    uint32_t pad = c->stride == c->kernel ? 0 : c->kernel / 2;
    const struct pool_shape shape = {.channels = c->channels,
                                     .in_height = c->size,
                                     .in_width = c->size,
                                     .out_height = out_size(c),
                                     .out_width = out_size(c),
                                     .kernel_height = c->kernel,
                                     .kernel_width = c->kernel,
                                     .stride_height = c->stride,
                                     .stride_width = c->stride,
                                     .dilation_height = 1,
                                     .dilation_width = 1,
                                     .pad_top = pad,
                                     .pad_left = pad,
                                     .pad_bottom = pad,
                                     .pad_right = pad,
                                     .is_average = c->is_average};
    spatial_pool(bench->isa, &shape, bench->images, bench->input, c->channels, bench->output,
                 c->channels, bench->pool);
}

static void run_layout(const struct bench *bench, const struct bench_case *c)
{
    const float *from[64];
    float *to[64];
    size_t pixels = (size_t)c->size * c->size;
    for (uint32_t i = 0; i < bench->images; i++) {
        from[i] = bench->input + i * pixels * c->channels;
        to[i] = bench->output + i * pixels * c->channels;
    }
    if (c->kind == TO_LAST)
        spatial_to_channels_last(bench->isa, c->channels, pixels, bench->images, from,
                                 bench->output, c->channels, bench->pool);
    else
        spatial_from_channels_last(bench->isa, c->channels, pixels, bench->images, bench->input,
                                   c->channels, to, bench->pool);
}

static void run_case(const struct bench *bench, const struct bench_case *c)
{
    const struct activation relu = {ACTIVATION_RELU, 0, 0};
    const struct activation activation = {c->activation, 1, 0};
    size_t image_pixels = (size_t)c->size * c->size, pixels = image_pixels * bench->images;
    switch (c->kind) {
    case DEPTHWISE:
        run_depthwise(bench, c);
        return;
    case POOL:
        run_pool(bench, c);
        return;
    case AVERAGE:
        spatial_global_average(bench->isa, c->channels, image_pixels, bench->images, bench->input,
                               c->channels, bench->output, c->channels, bench->pool);
        return;
    case LRN:
        spatial_lrn(bench->isa, c->channels, pixels, c->kernel, 1e-4f, 0.75f, 1, bench->input,
                    c->channels, bench->output, c->channels, bench->pool);
        return;
    case ADD:
        spatial_combine(bench->isa, c->channels, pixels, false, relu, bench->input, c->channels,
                        bench->second, c->channels, bench->output, c->channels, bench->pool);
        return;
    case TO_LAST:
    case FROM_LAST:
        run_layout(bench, c);
        return;
    case COPY:
        spatial_copy(bench->isa, c->channels, pixels, bench->input, c->channels, bench->output,
                     4 * (size_t)c->channels, bench->pool);
        return;
    case ACTIVATE:
        activation_run(bench->isa, activation, bench->input, bench->output, pixels * c->channels,
                       bench->pool);
        return;
    }
}

struct memcpy_call {
    char *to;
    const char *from;
    size_t bytes, parts;
};

static void memcpy_part(void *argument, uint32_t task, uint32_t thread)
{
    (void)thread;
    const struct memcpy_call *call = argument;
    size_t first = call->bytes / call->parts * task;
    memcpy(call->to + first, call->from + first, call->bytes / call->parts);
}

/* The best of many, alternating with the memcpy. */
static void time_case(const struct bench *bench, const struct bench_case *c)
{
    double bytes = case_bytes(c) * bench->images;
    struct memcpy_call copy = {(char *)bench->output, (const char *)bench->input, (size_t)bytes / 2,
                               thread_pool_threads(bench->pool)};
    if (bytes < 400e3)
        copy.parts = 1;
    double best = 1e18, best_copy = 1e18, spent = 0;
    for (int round = 0; round < ROUNDS || spent < MIN_NS; round++) {
        for (int twice = 0; twice < 2; twice++) {
            double start = now_ns();
            run_case(bench, c);
            double took = now_ns() - start;
            best = took < best ? took : best;
            spent += took;
        }
        for (int twice = 0; twice < 2; twice++) {
            double start = now_ns();
            thread_pool_run(bench->pool, (uint32_t)copy.parts, memcpy_part, &copy);
            double took = now_ns() - start;
            best_copy = took < best_copy ? took : best_copy;
        }
    }
    printf("%-30s %9.4f %8.1f %8.2f\n", c->name, best / 1e6, bytes / best, best / best_copy);
    fflush(stdout);
}

static float *filled(size_t floats, float scale)
{
    float *buffer = aligned_alloc(64, floats * sizeof(float));
    for (size_t i = 0; buffer && i < floats; i++)
        buffer[i] = scale * (float)((i * 2654435761u >> 16 & 1023) - 512.0) / 512;
    return buffer;
}

static enum isa isa_named(const char *name)
{
    for (enum isa isa = ISA_PLAIN; isa <= ISA_AVX512; isa++)
        if (strcmp(isa_name(isa), name) == 0 && isa_available(isa))
            return isa;
    return isa_best();
}

int main(int argc, char **argv)
{
    struct bench bench = {.isa = argc > 1 ? isa_named(argv[1]) : isa_best()};
    long threads = argc > 2 ? strtol(argv[2], NULL, 10) : 1;
    long images = argc > 3 ? strtol(argv[3], NULL, 10) : 1;
    const char *only = argc > 4 ? argv[4] : "";
    if (threads < 1 || threads > 256 || images < 1 || images > 8) {
        fprintf(stderr, "usage: spatial_bench [ISA [THREADS [IMAGES, up to 8 [CASE]]]]\n");
        return 2;
    }
    bench.images = (uint32_t)images;
    bench.input = filled(BUFFER_FLOATS, 3);
    bench.second = filled(BUFFER_FLOATS, 1);
    bench.output = filled(BUFFER_FLOATS, 1);
    bench.packed = filled((size_t)1 << 20, 0.1f);
    int rc = thread_pool_create((uint32_t)threads, &bench.pool);
    if (rc || !bench.input || !bench.second || !bench.output || !bench.packed) {
        fprintf(stderr, "spatial_bench: out of memory\n");
        return 1;
    }
    char cpu[128];
    printf("%s, %s, %ld threads, %ld images\n%-30s %9s %8s %8s\n", cpu_name(cpu, sizeof(cpu)),
           isa_name(bench.isa), threads, images, "layer", "ms", "GB/s", "/memcpy");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (strstr(cases[i].name, only))
            time_case(&bench, &cases[i]);
    thread_pool_destroy(bench.pool);
    free(bench.packed);
    free(bench.output);
    free(bench.second);
    free(bench.input);
    return 0;
}
