/* Times each convolution algorithm and fully connected layers on layers of real networks:
 * kernel_bench [--threads N] [--batch N] [--isa NAME] [--seconds S] [WORD in the layer's name].
 * With one thread, times are of the CPU and not of the clock, so that a busy machine disturbs less.
 *
 * "gflop/s" counts the operations of the definition, so Winograd can exceed the peak; "peak" is
 * against fused multiply-adds measured in the same run, times the threads. Error is against a
 * double-precision sum at random outputs, over the largest magnitude. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compute/kernels/conv.h"
#include "compute/kernels/kernels.h"
#include "compute/kernels/linear.h"

static const struct {
    const char *name;
    struct conv_shape shape;
} layers[] = {
    {"vgg16 conv1_1", {224, 224, 3, 224, 224, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1}},
    {"vgg16 conv1_2", {224, 224, 64, 224, 224, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1}},
    {"vgg16 conv2_2", {112, 112, 128, 112, 112, 128, 3, 3, 1, 1, 1, 1, 1, 1, 1}},
    {"vgg16 conv3_2", {56, 56, 256, 56, 56, 256, 3, 3, 1, 1, 1, 1, 1, 1, 1}},
    {"vgg16 conv4_2", {28, 28, 512, 28, 28, 512, 3, 3, 1, 1, 1, 1, 1, 1, 1}},
    {"vgg16 conv5_2", {14, 14, 512, 14, 14, 512, 3, 3, 1, 1, 1, 1, 1, 1, 1}},
    {"resnet50 conv1", {224, 224, 3, 112, 112, 64, 7, 7, 2, 2, 1, 1, 3, 3, 1}},
    {"resnet50 2 1x1", {56, 56, 256, 56, 56, 64, 1, 1, 1, 1, 1, 1, 0, 0, 1}},
    {"resnet50 2 1x1 up", {56, 56, 64, 56, 56, 256, 1, 1, 1, 1, 1, 1, 0, 0, 1}},
    {"resnet50 2 3x3", {56, 56, 64, 56, 56, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1}},
    {"resnet50 3 3x3 s2", {56, 56, 128, 28, 28, 128, 3, 3, 2, 2, 1, 1, 1, 1, 1}},
    {"resnet50 4 1x1", {14, 14, 1024, 14, 14, 256, 1, 1, 1, 1, 1, 1, 0, 0, 1}},
    {"resnet50 4 1x1 s2", {28, 28, 512, 14, 14, 1024, 1, 1, 2, 2, 1, 1, 0, 0, 1}},
    {"resnet50 4 3x3", {14, 14, 256, 14, 14, 256, 3, 3, 1, 1, 1, 1, 1, 1, 1}},
    {"resnet50 5 1x1", {7, 7, 2048, 7, 7, 512, 1, 1, 1, 1, 1, 1, 0, 0, 1}},
    {"resnet50 5 1x1 up", {7, 7, 512, 7, 7, 2048, 1, 1, 1, 1, 1, 1, 0, 0, 1}},
    {"resnet50 5 3x3", {7, 7, 512, 7, 7, 512, 3, 3, 1, 1, 1, 1, 1, 1, 1}},
    {"alexnet conv1", {224, 224, 3, 55, 55, 64, 11, 11, 4, 4, 1, 1, 2, 2, 1}},
    {"alexnet conv2", {27, 27, 64, 27, 27, 192, 5, 5, 1, 1, 1, 1, 2, 2, 1}},
    {"alexnet conv3", {13, 13, 192, 13, 13, 384, 3, 3, 1, 1, 1, 1, 1, 1, 1}},
    {"alexnet conv5", {13, 13, 256, 13, 13, 256, 3, 3, 1, 1, 1, 1, 1, 1, 1}},
    {"mobilenet conv1", {224, 224, 3, 112, 112, 32, 3, 3, 2, 2, 1, 1, 1, 1, 1}},
    {"mobilenet 16-96", {112, 112, 16, 112, 112, 96, 1, 1, 1, 1, 1, 1, 0, 0, 1}},
    {"mobilenet 96-24", {56, 56, 96, 56, 56, 24, 1, 1, 1, 1, 1, 1, 0, 0, 1}},
    {"mobilenet 144-24", {56, 56, 144, 56, 56, 24, 1, 1, 1, 1, 1, 1, 0, 0, 1}},
    {"mobilenet 64-384", {14, 14, 64, 14, 14, 384, 1, 1, 1, 1, 1, 1, 0, 0, 1}},
    {"mobilenet 320-1280", {7, 7, 320, 7, 7, 1280, 1, 1, 1, 1, 1, 1, 0, 0, 1}},
    {"mobilenet dw 96 s2", {112, 112, 96, 56, 56, 96, 3, 3, 2, 2, 1, 1, 1, 1, 96}},
    {"mobilenet dw 384", {14, 14, 384, 14, 14, 384, 3, 3, 1, 1, 1, 1, 1, 1, 384}},
    {"squeezenet conv1", {224, 224, 3, 111, 111, 64, 3, 3, 2, 2, 1, 1, 0, 0, 1}},
    {"squeezenet fire2 s", {55, 55, 64, 55, 55, 16, 1, 1, 1, 1, 1, 1, 0, 0, 1}},
    {"squeezenet fire2 e1", {55, 55, 16, 55, 55, 64, 1, 1, 1, 1, 1, 1, 0, 0, 1}},
    {"squeezenet fire2 e3", {55, 55, 16, 55, 55, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1}},
    {"squeezenet fire9 e3", {13, 13, 64, 13, 13, 256, 3, 3, 1, 1, 1, 1, 1, 1, 1}},
    {"squeezenet conv10", {13, 13, 512, 13, 13, 1000, 1, 1, 1, 1, 1, 1, 0, 0, 1}},
    {"googlenet 3a 3x3", {28, 28, 96, 28, 28, 128, 3, 3, 1, 1, 1, 1, 1, 1, 1}},
    {"googlenet 3a 5x5", {28, 28, 16, 28, 28, 32, 5, 5, 1, 1, 1, 1, 2, 2, 1}},
    {"googlenet 4e 1x1", {14, 14, 528, 14, 14, 256, 1, 1, 1, 1, 1, 1, 0, 0, 1}},
    {"googlenet 5b 3x3", {7, 7, 192, 7, 7, 384, 3, 3, 1, 1, 1, 1, 1, 1, 1}},
};

static const struct {
    const char *name;
    struct linear_shape shape;
} linears[] = {
    {"vgg16 fc6", {25088, 4096}},
    {"alexnet fc6", {9216, 4096}},
    {"vgg16 fc7", {4096, 4096}},
    {"resnet50 fc", {2048, 1000}},
};

struct options {
    uint32_t threads, batch; /* batch 0: 1 and 8 */
    enum isa isa;
    double seconds; /* per measurement */
    const char *word;
};

struct bench {
    struct options options;
    struct thread_pool *pool;
    double peak; /* flop/s of all threads */
};

static double clock_s(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static float *make_floats(size_t count, float factor)
{
    float *values = aligned_alloc(64, (count * sizeof(float) + 127) / 64 * 64);
    uint32_t state = 1;
    for (size_t i = 0; values && i < count; i++) {
        state = state * 1664525 + 1013904223;
        values[i] = ((float)(state >> 8) / (1 << 24) - 0.5f) * factor;
    }
    if (!values)
        abort();
    return values;
}

/* The best of many runs of f(arg), for at least the given time. */
static double best_seconds(const struct bench *bench, void (*f)(void *), void *arg, double seconds)
{
    clockid_t clock = bench->options.threads == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC;
    double best = INFINITY;
    f(arg); /* warm */
    double end = clock_s(clock) + seconds;
    for (unsigned runs = 0; runs < 3 || clock_s(clock) < end; runs++) {
        double start = clock_s(clock);
        f(arg);
        double took = clock_s(clock) - start;
        best = took < best ? took : best;
    }
    return best;
}

struct peak_run {
    const struct kernels *kernels;
    struct thread_pool *pool;
    const float *a, *b;
};

#define PEAK_DEPTH 64
#define PEAK_REPEATS 2000

/* One tile over data in the first-level cache: no kernel can be faster. */
static void peak_task(void *arg, uint32_t task, uint32_t thread)
{
    const struct peak_run *run = arg;
    float c[GEMM_MAX_ROWS * 2 * GEMM_MAX_LANES];
    const uint32_t rows = run->kernels->max_rows[2];
    const float *pointers[GEMM_MAX_ROWS];
    for (uint32_t i = 0; i < rows; i++)
        pointers[i] = run->a + i * PEAK_DEPTH;
    struct gemm_tile tile = {
        .rows = pointers,
        .taps = 1,
        .depth = PEAK_DEPTH,
        .row_count = rows,
        .vectors = 2,
        .columns = 2 * run->kernels->lanes,
        .b = run->b,
        .c = c,
        .c_stride = 2 * run->kernels->lanes,
    };
    for (unsigned i = 0; i < PEAK_REPEATS; i++)
        run->kernels->gemm(&tile);
}

static void run_peak(void *arg)
{
    const struct peak_run *run = arg;
    thread_pool_run(run->pool, thread_pool_threads(run->pool), peak_task, arg);
}

static double measure_peak(const struct bench *bench)
{
    const struct kernels *kernels = kernels_of(bench->options.isa);
    float *a = make_floats(GEMM_MAX_ROWS * PEAK_DEPTH, 1);
    float *b = make_floats(PEAK_DEPTH * 2 * GEMM_MAX_LANES, 1);
    struct peak_run run = {kernels, bench->pool, a, b};
    double flops = 2.0 * kernels->max_rows[2] * 2 * kernels->lanes * PEAK_DEPTH * PEAK_REPEATS *
                   bench->options.threads;
    double peak = flops / best_seconds(bench, run_peak, &run, 0.5);
    free(a);
    free(b);
    return peak;
}

struct conv_bench {
    struct conv_call call;
    struct thread_pool *pool;
    const float *weights;
    void *packed;
};

static void pack_conv(void *arg)
{
    struct conv_bench *bench = arg;
    conv_pack(bench->call.algorithm, bench->call.isa, &bench->call.shape, bench->weights, NULL,
              bench->packed, bench->pool);
}

static void run_conv(void *arg)
{
    struct conv_bench *bench = arg;
    conv_run(&bench->call, bench->pool);
}

/* Output (pixel, channel) by the definition. */
static double exact_output(const struct conv_bench *bench, size_t pixel, uint32_t o)
{
    const struct conv_shape *s = &bench->call.shape;
    uint32_t channels = s->in_channels / s->groups;
    uint32_t first = o / (s->out_channels / s->groups) * channels;
    size_t image = pixel / s->out_width / s->out_height;
    int64_t top = (int64_t)(pixel / s->out_width % s->out_height) * s->stride_height - s->pad_top;
    int64_t left = (int64_t)(pixel % s->out_width) * s->stride_width - s->pad_left;
    double sum = 0;
    for (uint32_t i = 0; i < s->kernel_height; i++) {
        for (uint32_t j = 0; j < s->kernel_width; j++) {
            int64_t y = top + i * s->dilation_height, x = left + j * s->dilation_width;
            if (y < 0 || y >= s->in_height || x < 0 || x >= s->in_width)
                continue;
            const float *from =
                bench->call.input +
                ((image * s->in_height + (size_t)y) * s->in_width + (size_t)x) * s->in_channels +
                first;
            const float *w = bench->weights +
                             (size_t)o * channels * s->kernel_height * s->kernel_width +
                             i * s->kernel_width + j;
            for (uint32_t k = 0; k < channels; k++)
                sum += (double)from[k] * (double)w[(size_t)k * s->kernel_height * s->kernel_width];
        }
    }
    return sum;
}

static double sampled_error(const struct conv_bench *bench)
{
    const struct conv_shape *s = &bench->call.shape;
    size_t pixels = (size_t)bench->call.images * s->out_height * s->out_width;
    double worst = 0, largest = 1e-30;
    uint64_t state = 1;
    for (unsigned i = 0; i < 2000; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        size_t pixel = (state >> 33) % pixels;
        uint32_t o = (uint32_t)((state >> 20) % s->out_channels);
        double exact = exact_output(bench, pixel, o);
        double got = (double)bench->call.output[pixel * s->out_channels + o];
        worst = fmax(worst, fabs(got - exact));
        largest = fmax(largest, fabs(exact));
    }
    return worst / largest;
}

static void bench_algorithm(const struct bench *bench, const char *name, struct conv_bench *conv)
{
    struct conv_call *call = &conv->call;
    size_t bytes = conv_packed_bytes(call->algorithm, call->isa, &call->shape);
    void *packed = make_floats(bytes / sizeof(float), 0);
    void *scratch = make_floats(conv_scratch_bytes(call->algorithm, call->isa, &call->shape,
                                                   call->images, bench->options.threads) /
                                    sizeof(float),
                                0);
    conv->packed = packed;
    double pack_ms = best_seconds(bench, pack_conv, conv, 0) * 1e3;
    call->packed = packed;
    call->scratch = scratch;
    double seconds = best_seconds(bench, run_conv, conv, bench->options.seconds);
    double flops = conv_flops(&call->shape) * call->images;
    printf("%-20s %5u %-11s %9.3f %9.1f %6.0f%% %9.1e %8.2f\n", name, call->images,
           conv_algorithm_name(call->algorithm), seconds * 1e3, flops / seconds / 1e9,
           100 * flops / seconds / bench->peak, sampled_error(conv), pack_ms);
    fflush(stdout);
    free(packed);
    free(scratch);
}

static void bench_conv(const struct bench *bench, size_t layer, uint32_t batch)
{
    const struct conv_shape *s = &layers[layer].shape;
    size_t depth = (size_t)s->in_channels / s->groups * s->kernel_height * s->kernel_width;
    float *input = make_floats((size_t)batch * s->in_height * s->in_width * s->in_channels, 2);
    float *weights = make_floats(s->out_channels * depth, 1);
    float *output = make_floats((size_t)batch * s->out_height * s->out_width * s->out_channels, 0);
    for (enum conv_algorithm a = 0; a < CONV_ALGORITHM_COUNT; a++) {
        if (!conv_supports(a, bench->options.isa, s) ||
            (s->groups == s->in_channels && s->groups > 1 && a == CONV_GEMM))
            continue;
        struct conv_bench conv = {
            .call = {.algorithm = a,
                     .isa = bench->options.isa,
                     .shape = *s,
                     .images = batch,
                     .input = input,
                     .input_stride = s->in_channels,
                     .output = output,
                     .output_stride = s->out_channels},
            .pool = bench->pool,
            .weights = weights,
        };
        bench_algorithm(bench, layers[layer].name, &conv);
    }
    free(input);
    free(weights);
    free(output);
}

struct linear_bench {
    struct linear_call call;
    struct thread_pool *pool;
    const float *weights;
    void *packed;
};

static void pack_linear(void *arg)
{
    struct linear_bench *bench = arg;
    linear_pack(bench->call.isa, &bench->call.shape, bench->weights, 1, bench->call.shape.depth,
                NULL, 1, bench->packed, bench->pool);
}

static void run_linear(void *arg)
{
    struct linear_bench *bench = arg;
    linear_run(&bench->call, bench->pool);
}

static void bench_linear(const struct bench *bench, size_t layer, uint32_t batch)
{
    const struct linear_shape *s = &linears[layer].shape;
    size_t bytes = linear_packed_bytes(bench->options.isa, s);
    float *weights = make_floats(s->depth * s->columns, 1);
    float *packed = make_floats(bytes / sizeof(float), 0);
    float *input = make_floats(s->depth * batch, 1), *output = make_floats(s->columns * batch, 0);
    const float **in = calloc(batch, sizeof(*in));
    float **out = calloc(batch, sizeof(*out));
    if (!in || !out)
        abort();
    for (uint32_t i = 0; i < batch; i++) {
        in[i] = input + i * s->depth;
        out[i] = output + i * s->columns;
    }
    struct linear_bench linear = {
        .call = {.isa = bench->options.isa,
                 .shape = *s,
                 .rows = batch,
                 .input = in,
                 .output = out,
                 .packed = packed},
        .pool = bench->pool,
        .weights = weights,
        .packed = packed,
    };
    double pack_ms = best_seconds(bench, pack_linear, &linear, 0) * 1e3;
    double seconds = best_seconds(bench, run_linear, &linear, bench->options.seconds);
    double flops = 2.0 * (double)s->depth * (double)s->columns * batch;
    printf("%-20s %5u %-11s %9.3f %9.1f %6.0f%% %5.1f GB/s %7.2f\n", linears[layer].name, batch,
           "linear", seconds * 1e3, flops / seconds / 1e9, 100 * flops / seconds / bench->peak,
           (double)bytes / seconds / 1e9, pack_ms);
    fflush(stdout);
    free(weights);
    free(packed);
    free(input);
    free(output);
    free(in);
    free(out);
}

static bool is_wanted(const struct bench *bench, const char *name)
{
    return !bench->options.word || strstr(name, bench->options.word);
}

static void bench_all(const struct bench *bench, uint32_t batch)
{
    for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++)
        if (is_wanted(bench, layers[i].name))
            bench_conv(bench, i, batch);
    for (size_t i = 0; i < sizeof(linears) / sizeof(linears[0]); i++)
        if (is_wanted(bench, linears[i].name))
            bench_linear(bench, i, batch);
}

static int parse(int argc, char **argv, struct options *options)
{
    for (int i = 1; i < argc; i++) {
        bool has_value = i + 1 < argc;
        if (has_value && strcmp(argv[i], "--threads") == 0) {
            options->threads = (uint32_t)strtoul(argv[++i], NULL, 10);
        } else if (has_value && strcmp(argv[i], "--batch") == 0) {
            options->batch = (uint32_t)strtoul(argv[++i], NULL, 10);
        } else if (has_value && strcmp(argv[i], "--seconds") == 0) {
            options->seconds = strtod(argv[++i], NULL);
        } else if (has_value && strcmp(argv[i], "--isa") == 0) {
            i++;
            for (options->isa = ISA_PLAIN; options->isa <= ISA_AVX512; options->isa++)
                if (strcmp(argv[i], isa_name(options->isa)) == 0)
                    break;
        } else if (argv[i][0] != '-') {
            options->word = argv[i];
        } else {
            return -EINVAL;
        }
    }
    if (options->threads == 0 || options->isa > ISA_AVX512 || !isa_available(options->isa))
        return -EINVAL;
    return 0;
}

int main(int argc, char **argv)
{
    struct bench bench = {.options = {.threads = 1, .isa = isa_best(), .seconds = 0.1}};
    char name[96];
    if (parse(argc, argv, &bench.options)) {
        fprintf(stderr, "usage: kernel_bench [--threads N] [--batch N] [--isa plain|avx2|avx512|"
                        "neon] [--seconds S] [WORD]\n");
        return 2;
    }
    if (thread_pool_create(bench.options.threads, &bench.pool)) {
        fprintf(stderr, "kernel_bench: cannot start %u threads\n", bench.options.threads);
        return 1;
    }
    bench.peak = measure_peak(&bench);
    printf("%s, %s, %u threads, measured peak %.0f GFLOP/s\n", cpu_name(name, sizeof(name)),
           isa_name(bench.options.isa), bench.options.threads, bench.peak / 1e9);
    printf("%-20s %5s %-11s %9s %9s %7s %9s %8s\n", "layer", "batch", "algorithm", "ms", "gflop/s",
           "peak", "error", "pack ms");
    if (bench.options.batch) {
        bench_all(&bench, bench.options.batch);
    } else {
        bench_all(&bench, 1);
        bench_all(&bench, 8);
    }
    thread_pool_destroy(bench.pool);
    return 0;
}
