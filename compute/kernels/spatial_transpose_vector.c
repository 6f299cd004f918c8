/* Transposes of strided matrices, by square tiles in registers. */
#include "compute/kernels/spatial_kernels_vector.h"

/* The lower or upper halves of a and b, interleaved: a0 b0 a1 b1 ... */
#if VECTOR_FLOATS == 16
#define INTERLEAVE_LOW(a, b)                                                                       \
    __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define INTERLEAVE_HIGH(a, b)                                                                      \
    __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#elif VECTOR_FLOATS == 8
#define INTERLEAVE_LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define INTERLEAVE_HIGH(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#else
#define INTERLEAVE_LOW(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define INTERLEAVE_HIGH(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#endif

/* Interleaving row i with row i + half, log2(VECTOR_FLOATS) times over, transposes: each round
 * moves one bit of the row number to the column number. */
VECTOR_INLINE void transpose_round(const vector *from, vector *to)
{
    VECTOR_UNROLL
    for (size_t i = 0; i < VECTOR_FLOATS / 2; i++) {
        to[2 * i] = INTERLEAVE_LOW(from[i], from[i + VECTOR_FLOATS / 2]);
        to[2 * i + 1] = INTERLEAVE_HIGH(from[i], from[i + VECTOR_FLOATS / 2]);
    }
}

VECTOR_INLINE void transpose_vectors(vector *a)
{
    vector b[VECTOR_FLOATS];
    transpose_round(a, b);
    transpose_round(b, a);
#if VECTOR_FLOATS >= 8
    transpose_round(a, b);
#if VECTOR_FLOATS == 16
    transpose_round(b, a);
#else
    VECTOR_UNROLL
    for (size_t i = 0; i < VECTOR_FLOATS; i++)
        a[i] = b[i];
#endif
#endif
}

VECTOR_INLINE void transpose_tile(const float *input, size_t input_stride, float *output,
                                  size_t output_stride)
{
    vector tile[VECTOR_FLOATS];
    VECTOR_UNROLL
    for (size_t i = 0; i < VECTOR_FLOATS; i++)
        tile[i] = vector_load(input + i * input_stride);
    transpose_vectors(tile);
    VECTOR_UNROLL
    for (size_t i = 0; i < VECTOR_FLOATS; i++)
        vector_store(output + i * output_stride, tile[i]);
}

/* Three planes to and from pixels of three floats: VECTOR_FLOATS pixels at a time where the vectors
 * have a shuffle of two registers by any index, otherwise four. Return how many pixels are done. */
#if defined(VECTOR_AVX512)
static size_t interleave_three(size_t pixels, const float *planes, size_t stride, float *output)
{
    size_t p = 0;
    for (; p + 16 <= pixels; p += 16, output += 48) {
        vector a = vector_load(planes + p), b = vector_load(planes + stride + p);
        vector c = vector_load(planes + 2 * stride + p);
        vector pair0 =
            __builtin_shufflevector(a, b, 0, 16, 0, 1, 17, 0, 2, 18, 0, 3, 19, 0, 4, 20, 0, 5);
        vector_store(output + 0, __builtin_shufflevector(pair0, c, 0, 1, 16, 3, 4, 17, 6, 7, 18, 9,
                                                         10, 19, 12, 13, 20, 15));
        vector pair1 =
            __builtin_shufflevector(a, b, 21, 0, 6, 22, 0, 7, 23, 0, 8, 24, 0, 9, 25, 0, 10, 26);
        vector_store(output + 16, __builtin_shufflevector(pair1, c, 0, 21, 2, 3, 22, 5, 6, 23, 8, 9,
                                                          24, 11, 12, 25, 14, 15));
        vector pair2 =
            __builtin_shufflevector(a, b, 0, 11, 27, 0, 12, 28, 0, 13, 29, 0, 14, 30, 0, 15, 31, 0);
        vector_store(output + 32, __builtin_shufflevector(pair2, c, 26, 1, 2, 27, 4, 5, 28, 7, 8,
                                                          29, 10, 11, 30, 13, 14, 31));
    }
    return p;
}

static size_t separate_three(size_t pixels, const float *input, float *planes, size_t stride)
{
    size_t p = 0;
    for (; p + 16 <= pixels; p += 16, input += 48) {
        vector x = vector_load(input), y = vector_load(input + 16), z = vector_load(input + 32);
        vector low0 =
            __builtin_shufflevector(x, y, 0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 0, 0, 0, 0, 0);
        vector_store(planes + p, __builtin_shufflevector(low0, z, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
                                                         17, 20, 23, 26, 29));
        vector low1 =
            __builtin_shufflevector(x, y, 1, 4, 7, 10, 13, 16, 19, 22, 25, 28, 31, 0, 0, 0, 0, 0);
        vector_store(planes + stride + p, __builtin_shufflevector(low1, z, 0, 1, 2, 3, 4, 5, 6, 7,
                                                                  8, 9, 10, 18, 21, 24, 27, 30));
        vector low2 =
            __builtin_shufflevector(x, y, 2, 5, 8, 11, 14, 17, 20, 23, 26, 29, 0, 0, 0, 0, 0, 0);
        vector_store(
            planes + 2 * stride + p,
            __builtin_shufflevector(low2, z, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 19, 22, 25, 28, 31));
    }
    return p;
}
#else
typedef float quad __attribute__((vector_size(16)));
typedef float quad_unaligned __attribute__((vector_size(16), aligned(4), may_alias));

VECTOR_INLINE quad quad_load(const float *from)
{
    return *(const quad_unaligned *)from;
}

VECTOR_INLINE void quad_store(float *to, quad v)
{
    *(quad_unaligned *)to = v;
}

static size_t interleave_three(size_t pixels, const float *planes, size_t stride, float *output)
{
    size_t p = 0;
    for (; p + 4 <= pixels; p += 4, output += 12) {
        quad a = quad_load(planes + p), b = quad_load(planes + stride + p);
        quad c = quad_load(planes + 2 * stride + p);
        quad ab = __builtin_shufflevector(a, b, 0, 2, 4, 6); /* a0 a2 b0 b2 */
        quad bc = __builtin_shufflevector(b, c, 1, 3, 5, 7); /* b1 b3 c1 c3 */
        quad ca = __builtin_shufflevector(c, a, 0, 2, 5, 7); /* c0 c2 a1 a3 */
        quad_store(output, __builtin_shufflevector(ab, ca, 0, 2, 4, 6));
        quad_store(output + 4, __builtin_shufflevector(bc, ab, 0, 2, 5, 7));
        quad_store(output + 8, __builtin_shufflevector(ca, bc, 1, 3, 5, 7));
    }
    return p;
}

static size_t separate_three(size_t pixels, const float *input, float *planes, size_t stride)
{
    size_t p = 0;
    for (; p + 4 <= pixels; p += 4, input += 12) {
        quad x = quad_load(input); /* a0 b0 c0 a1 */
        quad y = quad_load(input + 4); /* b1 c1 a2 b2 */
        quad z = quad_load(input + 8); /* c2 a3 b3 c3 */
        quad a23b23 = __builtin_shufflevector(y, z, 2, 5, 3, 6);
        quad b01c01 = __builtin_shufflevector(x, y, 1, 4, 2, 5);
        quad_store(planes + p, __builtin_shufflevector(x, a23b23, 0, 3, 4, 5));
        quad_store(planes + stride + p, __builtin_shufflevector(b01c01, a23b23, 0, 1, 6, 7));
        quad_store(planes + 2 * stride + p, __builtin_shufflevector(b01c01, z, 2, 3, 4, 7));
    }
    return p;
}
#endif

/* Up to this many rows or columns beyond whole tiles go one by one. */
#define FEW 2

static void transpose_scalar(size_t rows, size_t columns, const float *input, size_t input_stride,
                             float *output, size_t output_stride)
{
    if (columns <= FEW) {
        for (size_t c = 0; c < columns; c++)
            for (size_t r = 0; r < rows; r++)
                output[c * output_stride + r] = input[r * input_stride + c];
        return;
    }
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++)
            output[c * output_stride + r] = input[r * input_stride + c];
}

/* rows and columns up to VECTOR_FLOATS. */
static void transpose_part(size_t rows, size_t columns, const float *input, size_t input_stride,
                           float *output, size_t output_stride)
{
    vector tile[VECTOR_FLOATS];
    struct vector_lanes in = vector_lanes_range(0, columns), out = vector_lanes_range(0, rows);
    for (size_t i = 0; i < VECTOR_FLOATS; i++)
        tile[i] = i < rows ? vector_load_lanes(input + i * input_stride, in) : vector_set(0);
    transpose_vectors(tile);
    for (size_t i = 0; i < columns; i++)
        vector_store_lanes(output + i * output_stride, tile[i], out);
}

/* Tiles of up to VECTOR_FLOATS on each side. */
static void transpose_tiles(size_t rows, size_t columns, const float *input, size_t input_stride,
                            float *output, size_t output_stride)
{
    for (size_t c = 0; c < columns; c += VECTOR_FLOATS)
        for (size_t r = 0; r < rows; r += VECTOR_FLOATS) {
            const float *from = input + r * input_stride + c;
            float *to = output + c * output_stride + r;
            size_t row_count = rows - r, column_count = columns - c;
            if (row_count >= VECTOR_FLOATS && column_count >= VECTOR_FLOATS)
                transpose_tile(from, input_stride, to, output_stride);
            else
                transpose_part(row_count < VECTOR_FLOATS ? row_count : VECTOR_FLOATS,
                               column_count < VECTOR_FLOATS ? column_count : VECTOR_FLOATS, from,
                               input_stride, to, output_stride);
        }
}

void VECTOR_NAME(transpose)(size_t rows, size_t columns, const float *input, size_t input_stride,
                            float *output, size_t output_stride)
{
    if (rows == 3 && output_stride == 3) {
        size_t done = interleave_three(columns, input, input_stride, output);
        transpose_scalar(3, columns - done, input + done, input_stride, output + 3 * done, 3);
        return;
    }
    if (columns == 3 && input_stride == 3) {
        size_t done = separate_three(rows, input, output, output_stride);
        transpose_scalar(rows - done, 3, input + 3 * done, 3, output + done, output_stride);
        return;
    }
    size_t whole_rows = rows % VECTOR_FLOATS <= FEW ? rows - rows % VECTOR_FLOATS : rows;
    size_t whole_columns =
        columns % VECTOR_FLOATS <= FEW ? columns - columns % VECTOR_FLOATS : columns;
    transpose_tiles(whole_rows, whole_columns, input, input_stride, output, output_stride);
    transpose_scalar(whole_rows, columns - whole_columns, input + whole_columns, input_stride,
                     output + whole_columns * output_stride, output_stride);
    transpose_scalar(rows - whole_rows, columns, input + whole_rows * input_stride, input_stride,
                     output + whole_rows, output_stride);
}
