/* GEMM tiles with the accumulators in registers, for one instruction set (vector.h).
 *
 * One always-inline body; each (rows, vectors) pair instantiates it with constants, so that every
 * loop over rows and vectors is unrolled and the accumulators are registers. A tile is as high as
 * the register file allows: rows * vectors accumulators, vectors of b and one element of a. */
#include "compute/kernels/kernels_vector.h"

#define LANES VECTOR_FLOATS
#define PANEL (2 * LANES)

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED
#endif

/* Checks at every access of the unrolled bodies take minutes to compile. */
#if defined(IS_SANITIZED)
#define UNROLL
#elif defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

VECTOR_INLINE void finish(const struct gemm_tile *t, vector acc[][GEMM_MAX_VECTORS],
                          const uint32_t row_count, const uint32_t vectors, const bool is_part)
{
    const size_t part = t->columns - (vectors - 1) * LANES;
    if (t->bias) {
        UNROLL for (uint32_t j = 0; j < vectors; j++)
        {
            vector bias = is_part && j == vectors - 1 ? vector_load_part(t->bias + j * LANES, part)
                                                      : vector_load(t->bias + j * LANES);
            UNROLL for (uint32_t r = 0; r < row_count; r++) acc[r][j] += bias;
        }
    }
    if (t->residual) {
        UNROLL for (uint32_t r = 0; r < row_count; r++)
        {
            const float *from = t->residual + r * t->residual_stride;
            UNROLL for (uint32_t j = 0; j < vectors; j++) acc[r][j] +=
                is_part && j == vectors - 1 ? vector_load_part(from + j * LANES, part)
                                            : vector_load(from + j * LANES);
        }
    }
    if (t->is_clipped) {
        const vector low = vector_set(t->low), high = vector_set(t->high);
        UNROLL for (uint32_t r = 0; r < row_count; r++)
        {
            UNROLL for (uint32_t j = 0; j < vectors; j++) acc[r][j] =
                vector_min(high, vector_max(low, acc[r][j]));
        }
    }
    UNROLL for (uint32_t r = 0; r < row_count; r++)
    {
        float *to = t->c + r * t->c_stride;
        UNROLL for (uint32_t j = 0; j < vectors; j++)
        {
            if (is_part && j == vectors - 1)
                vector_store_part(to + j * LANES, acc[r][j], part);
            else
                vector_store(to + j * LANES, acc[r][j]);
        }
    }
}

VECTOR_INLINE void start(const struct gemm_tile *t, vector acc[][GEMM_MAX_VECTORS],
                         const uint32_t row_count, const uint32_t vectors)
{
    UNROLL for (uint32_t r = 0; r < row_count; r++)
    {
        UNROLL for (uint32_t j = 0; j < vectors; j++) acc[r][j] = (vector){0};
    }
    if (!t->accumulates)
        return;
    const size_t part = t->columns - (vectors - 1) * LANES;
    UNROLL for (uint32_t r = 0; r < row_count; r++)
    {
        const float *from = t->c + r * t->c_stride;
        UNROLL for (uint32_t j = 0; j < vectors; j++) acc[r][j] =
            j == vectors - 1 && part < LANES ? vector_load_part(from + j * LANES, part)
                                             : vector_load(from + j * LANES);
    }
}

VECTOR_INLINE void tile(const struct gemm_tile *t, const uint32_t row_count, const uint32_t vectors)
{
    vector acc[GEMM_MAX_ROWS][GEMM_MAX_VECTORS];
    start(t, acc, row_count, vectors);
    const size_t width = vectors == 1 ? LANES : PANEL;
    const size_t next_width = vectors == 3 ? LANES : PANEL;
    const float *b = t->b, *b_next = t->b_next;
    const float *const *rows = t->rows;
    const size_t depth = t->depth;
    for (size_t tap = t->taps; tap > 0; tap--, rows += row_count) {
        const float *a[GEMM_MAX_ROWS];
        UNROLL for (uint32_t r = 0; r < row_count; r++) a[r] = rows[r] + t->row_offset;
        for (size_t k = 0; k < depth; k++) {
            vector w[GEMM_MAX_VECTORS];
            UNROLL for (uint32_t j = 0; j < vectors; j++) w[j] =
                j < 2 ? vector_load(b + j * LANES) : vector_load(b_next + (j - 2) * LANES);
            UNROLL for (uint32_t r = 0; r < row_count; r++)
            {
                const vector x = vector_set(a[r][k]);
                UNROLL for (uint32_t j = 0; j < vectors; j++) acc[r][j] =
                    vector_fma(x, w[j], acc[r][j]);
            }
            b += width;
            if (vectors > 2)
                b_next += next_width;
        }
    }
    if (t->columns == vectors * LANES)
        finish(t, acc, row_count, vectors, false);
    else
        finish(t, acc, row_count, vectors, true);
}

#if defined(IS_SANITIZED)
void VECTOR_NAME(gemm)(const struct gemm_tile *t)
{
    tile(t, t->row_count, t->vectors);
}
#else
#define TILE(row_count, vectors)                                                                   \
    static void tile_##row_count##x##vectors(const struct gemm_tile *t)                            \
    {                                                                                              \
        tile(t, row_count, vectors);                                                               \
    }

#define TILES_TO_4(vectors) TILE(1, vectors) TILE(2, vectors) TILE(3, vectors) TILE(4, vectors)
#define TILES_TO_6(vectors) TILES_TO_4(vectors) TILE(5, vectors) TILE(6, vectors)
#define TILES_TO_8(vectors) TILES_TO_6(vectors) TILE(7, vectors) TILE(8, vectors)
#define TILES_TO_12(vectors)                                                                       \
    TILES_TO_8(vectors) TILE(9, vectors) TILE(10, vectors) TILE(11, vectors) TILE(12, vectors)

#define LIST_TO_6(v) NULL, tile_1x##v, tile_2x##v, tile_3x##v, tile_4x##v, tile_5x##v, tile_6x##v
#define LIST_TO_8(v) LIST_TO_6(v), tile_7x##v, tile_8x##v
#define LIST_TO_12(v) LIST_TO_8(v), tile_9x##v, tile_10x##v, tile_11x##v, tile_12x##v

typedef void tile_function(const struct gemm_tile *t);

#if VECTOR_REGISTERS == 32
TILES_TO_12(1)
TILES_TO_12(2)
TILES_TO_8(3)
TILES_TO_6(4)

static tile_function *const tiles[GEMM_MAX_VECTORS + 1][GEMM_MAX_ROWS + 1] = {
    {NULL}, {LIST_TO_12(1)}, {LIST_TO_12(2)}, {LIST_TO_8(3)}, {LIST_TO_6(4)}};
#else
TILES_TO_12(1)
TILES_TO_6(2)

static tile_function *const tiles[GEMM_MAX_VECTORS + 1][GEMM_MAX_ROWS + 1] = {
    {NULL}, {LIST_TO_12(1)}, {LIST_TO_6(2)}};
#endif

void VECTOR_NAME(gemm)(const struct gemm_tile *t)
{
    tiles[t->vectors][t->row_count](t);
}
#endif
