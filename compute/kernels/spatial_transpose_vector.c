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

void VECTOR_NAME(transpose)(size_t rows, size_t columns, const float *input, size_t input_stride,
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
