/* Packs weights into panels and runs blocks of tiles over them. */
#include "compute/kernels/gemm.h"

#include <assert.h>
#include <math.h>

#include "compute/kernels/activation.h"

#define PACK_DEPTH 64 /* rows of a panel that stay in the first-level cache while packing */

static size_t panel_width(const struct kernels *kernels, size_t columns, uint32_t panel)
{
    size_t width = 2 * (size_t)kernels->lanes;
    return columns - panel * width <= kernels->lanes ? kernels->lanes : width;
}

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t gemm_packed_floats(const struct kernels *kernels, size_t depth, size_t columns)
{
    return (columns + kernels->lanes - 1) / kernels->lanes * kernels->lanes * depth;
}

uint32_t gemm_panels(const struct kernels *kernels, size_t columns)
{
    size_t width = 2 * (size_t)kernels->lanes;
    return (uint32_t)((columns + width - 1) / width);
}

/* Column by column within a few rows, so that reads are runs and writes stay in the cache. */
static void pack_rows(const struct gemm_source *source, const packable_float *from, size_t taps,
                      size_t depth, size_t first, size_t end, size_t count, size_t width, float *to)
{
    for (size_t n = 0; n < count; n++) {
        float factor = source->alpha * (source->scale ? source->scale[n] : 1);
        const packable_float *column = from + n * source->column_stride;
        /* Jumps from column to column defeat the hardware's prefetching, so ask for the next rows.
         */
        if (source->depth_stride <= taps)
            for (size_t i = 0; i < (end - first) * taps; i += 16)
                __builtin_prefetch(column + end * taps + i);
        for (size_t k = first; k < end; k++)
            for (size_t tap = 0; tap < taps; tap++)
                to[(tap * depth + k) * width + n] =
                    column[k * source->depth_stride + tap * source->tap_stride] * factor;
    }
    for (size_t n = count; n < width; n++)
        for (size_t k = first; k < end; k++)
            for (size_t tap = 0; tap < taps; tap++)
                to[(tap * depth + k) * width + n] = 0;
}

void gemm_pack(const struct kernels *kernels, const struct gemm_source *source, size_t taps,
               size_t depth, size_t columns, uint32_t panel, float *packed)
{
    size_t first_column = (size_t)panel * 2 * kernels->lanes;
    size_t width = panel_width(kernels, columns, panel);
    struct gemm_source part = *source;
    if (part.scale)
        part.scale += first_column;
    float *to = packed + first_column * taps * depth;
    const packable_float *from = source->weights + first_column * source->column_stride;
    size_t step = taps < PACK_DEPTH ? PACK_DEPTH / taps : 1;
    for (size_t k = 0; k < depth; k += step)
        pack_rows(&part, from, taps, depth, k, min_size(k + step, depth),
                  min_size(columns - first_column, width), width, to);
}

struct gemm_split gemm_split(const struct kernels *kernels, uint32_t row_count)
{
    uint32_t limit = kernels->max_rows[2];
    uint32_t tiles = (row_count + limit - 1) / limit;
    if (tiles == 0)
        return (struct gemm_split){0};
    return (struct gemm_split){tiles, row_count / tiles, row_count % tiles};
}

bool gemm_clip(struct activation activation, float *low, float *high)
{
    *low = -INFINITY;
    *high = INFINITY;
    switch (activation.kind) {
    case ACTIVATION_NONE:
        return true;
    case ACTIVATION_RELU:
        *low = 0;
        return true;
    case ACTIVATION_CLIP:
        *low = activation.alpha;
        *high = activation.beta;
        return true;
    default:
        return false;
    }
}

static void activate(const struct gemm_job *job, const struct gemm_tile *tile)
{
    for (uint32_t r = 0; r < tile->row_count; r++)
        activation_span(job->isa, job->epilogue.activation, tile->c + r * tile->c_stride,
                        tile->columns);
}

/* All rows against one panel. */
static void run_panel(const struct gemm_job *job, uint32_t panel, struct gemm_tile *tile,
                      bool is_activated)
{
    const struct gemm_split split = gemm_split(job->kernels, job->row_count);
    size_t column = (size_t)panel * 2 * job->kernels->lanes;
    size_t width = panel_width(job->kernels, job->columns, panel);
    tile->columns = (uint32_t)min_size(width, job->columns - column);
    tile->vectors = width == job->kernels->lanes ? 1 : 2;
    tile->b = job->packed + column * job->packed_depth + job->first_depth * width;
    tile->bias = job->is_partial || !job->epilogue.bias ? NULL : job->epilogue.bias + column;
    float *c = job->c + (size_t)(panel - job->first_panel) * 2 * job->kernels->lanes;
    uint32_t row = 0;
    for (uint32_t i = 0; i < split.tiles; i++) {
        tile->row_count = split.rows + (i < split.larger);
        tile->rows = job->rows + row * job->taps;
        tile->c = c + row * job->c_stride;
        tile->residual = NULL;
        if (!job->is_partial && job->epilogue.residual)
            tile->residual = job->epilogue.residual + row * job->epilogue.residual_stride + column;
        job->kernels->gemm(tile);
        if (is_activated)
            activate(job, tile);
        row += tile->row_count;
    }
    assert(row == job->row_count);
}

void gemm_run(const struct gemm_job *job)
{
    struct gemm_tile tile = {
        .row_offset = job->row_offset,
        .taps = job->taps,
        .depth = job->depth,
        .c_stride = job->c_stride,
        .residual_stride = job->epilogue.residual_stride,
        .accumulates = job->accumulates,
    };
    bool is_clip = gemm_clip(job->epilogue.activation, &tile.low, &tile.high);
    tile.is_clipped =
        !job->is_partial && is_clip && job->epilogue.activation.kind != ACTIVATION_NONE;
    for (uint32_t panel = job->first_panel; panel < job->end_panel; panel++)
        run_panel(job, panel, &tile, !job->is_partial && !is_clip);
}
