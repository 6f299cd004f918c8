/* Choosing a convolution's algorithm. */
#include "compute/plan/choose.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool is_square(const struct conv_shape *shape, uint32_t size)
{
    return shape->kernel_height == size && shape->kernel_width == size;
}

static bool is_allowed(enum conv_algorithm algorithm, const struct conv_shape *shape, enum isa isa,
                       bool is_strict)
{
    return conv_supports(algorithm, isa, shape) &&
           (!is_strict || conv_algorithm_is_direct(algorithm));
}

enum conv_algorithm choose_by_rule(const struct conv_shape *shape, enum isa isa, bool is_strict)
{
    if (is_allowed(CONV_DEPTHWISE, shape, isa, is_strict))
        return CONV_DEPTHWISE;
    bool is_wide = shape->in_channels >= 16 && shape->out_channels >= 16;
    if (is_wide && is_square(shape, 3) && is_allowed(CONV_WINOGRAD_4, shape, isa, is_strict))
        return CONV_WINOGRAD_4;
    if (is_wide && is_square(shape, 5) && is_allowed(CONV_WINOGRAD_25, shape, isa, is_strict))
        return CONV_WINOGRAD_25;
    return is_allowed(CONV_DIRECT, shape, isa, is_strict) ? CONV_DIRECT : CONV_GEMM;
}

void choices_fini(struct choices *choices)
{
    if (!choices)
        return;
    free(choices->items);
    choices->items = NULL;
    choices->count = choices->capacity = 0;
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static float *alloc_floats(size_t bytes)
{
    float *floats = aligned_alloc(64, (bytes / 64 + 1) * 64);
    for (size_t i = 0; floats && i < bytes / sizeof(float); i++)
        floats[i] = (float)(i % 61) * 0.01f - 0.3f; /* ordinary numbers: no denormals */
    return floats;
}

struct trial {
    float *input, *output, *weights;
    struct conv_call call;
};

static void trial_fini(struct trial *trial)
{
    free(trial->input);
    free(trial->output);
    free(trial->weights);
}

static bool trial_init(struct trial *trial, const struct choices *choices,
                       const struct conv_shape *shape, uint32_t images)
{
    size_t in = (size_t)shape->in_height * shape->in_width * shape->in_channels;
    size_t out = (size_t)shape->out_height * shape->out_width * shape->out_channels;
    size_t weights = (size_t)shape->out_channels * (shape->in_channels / shape->groups) *
                     shape->kernel_height * shape->kernel_width;
    *trial = (struct trial){0};
    trial->input = alloc_floats(in * images * sizeof(float));
    trial->output = alloc_floats(out * images * sizeof(float));
    trial->weights = alloc_floats(weights * sizeof(float));
    trial->call = (struct conv_call){.isa = choices->isa,
                                     .shape = *shape,
                                     .images = images,
                                     .input = trial->input,
                                     .input_stride = shape->in_channels,
                                     .output = trial->output,
                                     .output_stride = shape->out_channels};
    if (trial->input && trial->output && trial->weights)
        return true;
    trial_fini(trial);
    return false;
}

/* The best of a few runs in nanoseconds; stops early when it cannot beat `best`. */
static uint64_t measure(struct trial *trial, const struct choices *choices,
                        enum conv_algorithm algorithm, uint64_t best)
{
    const struct conv_shape *shape = &trial->call.shape;
    size_t packed_bytes = conv_packed_bytes(algorithm, choices->isa, shape);
    size_t scratch_bytes =
        conv_scratch_bytes(algorithm, choices->isa, shape, trial->call.images, choices->threads);
    void *packed = aligned_alloc(64, (packed_bytes / 64 + 1) * 64);
    void *scratch = aligned_alloc(64, (scratch_bytes / 64 + 1) * 64);
    uint64_t least = UINT64_MAX;
    if (packed && scratch) {
        conv_pack(algorithm, choices->isa, shape, trial->weights, NULL, packed, choices->pool);
        trial->call.algorithm = algorithm;
        trial->call.packed = packed;
        trial->call.scratch = scratch;
        uint64_t spent = 0;
        for (int round = 0; round < 12 && (round < 3 || spent < 20000000u); round++) {
            uint64_t start = now_ns();
            conv_run(&trial->call, choices->pool);
            uint64_t took = now_ns() - start;
            spent += took;
            if (round > 0 && took < least)
                least = took;
            if (round == 1 && least > best + best / 2)
                break; /* far behind */
        }
    }
    free(packed);
    free(scratch);
    return least;
}

static enum conv_algorithm measure_all(struct choices *choices, const struct conv_shape *shape,
                                       uint32_t images)
{
    enum conv_algorithm best = choose_by_rule(shape, choices->isa, choices->is_strict);
    struct trial trial;
    if (!trial_init(&trial, choices, shape, images))
        return best;
    uint64_t least = measure(&trial, choices, best, UINT64_MAX);
    for (unsigned a = 0; a < CONV_ALGORITHM_COUNT; a++) {
        enum conv_algorithm algorithm = (enum conv_algorithm)a;
        if (!is_allowed(algorithm, shape, choices->isa, choices->is_strict) ||
            algorithm == choose_by_rule(shape, choices->isa, choices->is_strict))
            continue;
        uint64_t took = measure(&trial, choices, algorithm, least);
        if (took < least) {
            least = took;
            best = algorithm;
        }
    }
    trial_fini(&trial);
    return best;
}

static const struct choice *find(const struct choices *choices, const struct choice *wanted)
{
    for (size_t i = 0; i < choices->count; i++) {
        const struct choice *item = &choices->items[i];
        if (item->images == wanted->images && item->isa == wanted->isa &&
            item->threads == wanted->threads && item->is_strict == wanted->is_strict &&
            memcmp(&item->shape, &wanted->shape, sizeof(item->shape)) == 0)
            return item;
    }
    return NULL;
}

bool choices_add(struct choices *choices, const struct choice *choice)
{
    if (choices->count == choices->capacity) {
        size_t capacity = choices->capacity ? choices->capacity * 2 : 32;
        struct choice *grown = reallocarray(choices->items, capacity, sizeof(*grown));
        if (!grown)
            return false;
        choices->items = grown;
        choices->capacity = capacity;
    }
    choices->items[choices->count++] = *choice;
    return true;
}

/* The largest power of two that is not larger, up to where more images change nothing. */
static uint32_t power_of_two(uint32_t images)
{
    uint32_t power = 1;
    while (power * 2 <= images && power < 32)
        power *= 2;
    return power;
}

enum conv_algorithm choices_get(struct choices *choices, const struct conv_shape *shape,
                                uint32_t images)
{
    images = power_of_two(images);
    struct choice choice = {.isa = choices->isa,
                            .is_strict = choices->is_strict,
                            .threads = choices->threads,
                            .images = images,
                            .shape = *shape};
    const struct choice *known = find(choices, &choice);
    if (known && is_allowed(known->algorithm, shape, choices->isa, choices->is_strict))
        return known->algorithm;
    if (!choices->is_measured)
        return choose_by_rule(shape, choices->isa, choices->is_strict);
    if (choices->progress)
        choices->progress(choices->progress_arg, "measuring convolutions", -1);
    choice.algorithm = measure_all(choices, shape, images);
    if (!known && choices_add(choices, &choice))
        choices->is_changed = true;
    return choice.algorithm;
}
