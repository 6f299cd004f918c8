/* The GEMM tile in plain C: one element of c at a time, as its definition reads. */
#include "compute/kernels/plain.h"

static float dot(const struct gemm_tile *tile, uint32_t row, uint32_t column)
{
    size_t width = tile->vectors == 1 ? PLAIN_LANES : 2 * PLAIN_LANES;
    float sum = tile->accumulates ? tile->c[row * tile->c_stride + column] : 0;
    for (size_t tap = 0; tap < tile->taps; tap++) {
        const float *a = tile->rows[tap * tile->row_count + row] + tile->row_offset;
        const float *b = tile->b + tap * tile->depth * width + column;
        for (size_t k = 0; k < tile->depth; k++)
            sum += a[k] * b[k * width];
    }
    return sum;
}

void gemm_plain(const struct gemm_tile *tile)
{
    for (uint32_t row = 0; row < tile->row_count; row++) {
        for (uint32_t column = 0; column < tile->columns; column++) {
            float y = dot(tile, row, column);
            if (tile->bias)
                y += tile->bias[column];
            if (tile->residual)
                y += tile->residual[row * tile->residual_stride + column];
            if (tile->is_clipped)
                y = y < tile->low ? tile->low : y > tile->high ? tile->high : y;
            tile->c[row * tile->c_stride + column] = y;
        }
    }
}
