/* Unrolls and folds windows of any rank, one row of positions along the last axis at a time. */
#include "compute/ops/im2col.h"

#include <string.h>

/* A run of positions that share all but their last coordinate, under one tap. */
struct im2col_run {
    size_t offset; /* of the image's row, in elements */
    int64_t start; /* image coordinate of the first position along the last axis */
    int64_t count;
    bool is_inside; /* false: the whole row lies in the padding */
};

struct im2col_walk {
    const struct im2col *shape;
    int64_t tap[WINDOW_MAX_RANK]; /* the kernel's coordinate */
    int64_t begin[WINDOW_MAX_RANK]; /* the first position of the block */
    int64_t at[WINDOW_MAX_RANK]; /* the next position */
};

static void im2col_walk_init(struct im2col_walk *walk, const struct im2col *shape, size_t first)
{
    *walk = (struct im2col_walk){.shape = shape};
    for (uint32_t i = shape->window->spatial_rank; i-- > 0;) {
        walk->begin[i] = (int64_t)(first % (size_t)shape->grid[i]);
        first /= (size_t)shape->grid[i];
    }
}

static void im2col_next_tap(struct im2col_walk *walk)
{
    const struct window *window = walk->shape->window;
    for (uint32_t i = window->spatial_rank; i-- > 0;) {
        if (++walk->tap[i] < window->kernel[i])
            return;
        walk->tap[i] = 0;
    }
}

static struct im2col_run im2col_next_run(struct im2col_walk *walk, size_t left)
{
    const struct im2col *shape = walk->shape;
    const struct window *window = shape->window;
    uint32_t last = window->spatial_rank - 1;
    struct im2col_run run = {.is_inside = true};
    for (uint32_t i = 0; i < last; i++) {
        int64_t x = walk->at[i] * window->stride[i] - window->pad_begin[i] +
                    walk->tap[i] * window->dilation[i];
        run.is_inside = run.is_inside && x >= 0 && x < shape->image[i];
        run.offset = run.offset * (size_t)shape->image[i] + (size_t)x;
    }
    run.offset *= (size_t)shape->image[last];
    run.start = walk->at[last] * window->stride[last] - window->pad_begin[last] +
                walk->tap[last] * window->dilation[last];
    int64_t rest = shape->grid[last] - walk->at[last];
    run.count = (size_t)rest < left ? rest : (int64_t)left;
    walk->at[last] += run.count;
    for (uint32_t i = last; i > 0 && walk->at[i] == shape->grid[i]; i--) {
        walk->at[i] = 0;
        walk->at[i - 1]++;
    }
    return run;
}

static size_t im2col_image_count(const struct im2col *shape)
{
    size_t count = 1;
    for (uint32_t i = 0; i < shape->window->spatial_rank; i++)
        count *= (size_t)shape->image[i];
    return count;
}

static void im2col_unroll_run(const struct im2col_run *run, int64_t stride, int64_t width,
                              const float *image, float *column)
{
    int64_t low = 0, high = 0;
    if (run->is_inside)
        window_clip(run->start, stride, width, run->count, &low, &high);
    memset(column, 0, (size_t)low * sizeof(float));
    if (low < high) {
        const float *row = image + run->offset + (run->start + low * stride);
        if (stride == 1)
            memcpy(column + low, row, (size_t)(high - low) * sizeof(float));
        else
            for (int64_t x = 0; x < high - low; x++)
                column[low + x] = row[x * stride];
    }
    memset(column + high, 0, (size_t)(run->count - high) * sizeof(float));
}

static void im2col_add_run(const struct im2col_run *run, int64_t stride, int64_t width,
                           const float *column, float *image)
{
    int64_t low, high;
    window_clip(run->start, stride, width, run->count, &low, &high);
    if (low == high)
        return;
    float *row = image + run->offset + (run->start + low * stride);
    if (stride == 1)
        for (int64_t x = 0; x < high - low; x++)
            row[x] += column[low + x];
    else
        for (int64_t x = 0; x < high - low; x++)
            row[x * stride] += column[low + x];
}

void im2col_unroll(const struct im2col *shape, size_t channels, const float *image, size_t first,
                   size_t count, float *columns)
{
    const struct window *window = shape->window;
    uint32_t last = window->spatial_rank - 1;
    size_t taps = window_taps(window), step = im2col_image_count(shape);
    struct im2col_walk walk;
    im2col_walk_init(&walk, shape, first);
    for (size_t row = 0; row < channels * taps; row++, im2col_next_tap(&walk)) {
        memcpy(walk.at, walk.begin, sizeof(walk.at));
        for (size_t done = 0; done < count;) {
            struct im2col_run run = im2col_next_run(&walk, count - done);
            im2col_unroll_run(&run, window->stride[last], shape->image[last],
                              image + row / taps * step, columns + row * count + done);
            done += (size_t)run.count;
        }
    }
}

void im2col_add(const struct im2col *shape, size_t channels, const float *columns, size_t first,
                size_t count, float *image)
{
    const struct window *window = shape->window;
    uint32_t last = window->spatial_rank - 1;
    size_t taps = window_taps(window), step = im2col_image_count(shape);
    struct im2col_walk walk;
    im2col_walk_init(&walk, shape, first);
    for (size_t row = 0; row < channels * taps; row++, im2col_next_tap(&walk)) {
        memcpy(walk.at, walk.begin, sizeof(walk.at));
        for (size_t done = 0; done < count;) {
            struct im2col_run run = im2col_next_run(&walk, count - done);
            if (run.is_inside)
                im2col_add_run(&run, window->stride[last], shape->image[last],
                               columns + row * count + done, image + row / taps * step);
            done += (size_t)run.count;
        }
    }
}
