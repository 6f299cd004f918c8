/* Winograd's transforms in plain C: the matrix products of their definition. */
#include "compute/kernels/plain.h"

void winograd_weight_plain(const struct winograd_weight *weight)
{
    const struct winograd_matrices *m = weight->matrices;
    for (size_t n = 0; n < weight->lanes; n++) {
        for (uint32_t i = 0; i < m->points; i++) {
            for (uint32_t j = 0; j < m->points; j++) {
                double sum = 0;
                for (uint32_t y = 0; y < m->taps; y++)
                    for (uint32_t x = 0; x < m->taps; x++)
                        sum += m->weight[i][y] * m->weight[j][x] *
                               weight->g[(y * m->taps + x) * weight->g_stride + n];
                weight->u[(i * m->points + j) * weight->point_stride + n] = (float)sum;
            }
        }
    }
}

typedef float square[WINOGRAD_MAX_POINTS][WINOGRAD_MAX_POINTS];

/* One channel: v = B^T d B. */
static void transform_input(const struct winograd_matrices *m, const struct winograd_input *input,
                            size_t c)
{
    square half = {{0}};
    for (uint32_t i = 0; i < m->points; i++)
        for (uint32_t x = 0; x < m->points; x++)
            for (uint32_t y = 0; y < m->points; y++)
                half[i][x] += (float)m->input[i][y] * input->pixels[y * m->points + x][c];
    for (uint32_t i = 0; i < m->points; i++) {
        for (uint32_t j = 0; j < m->points; j++) {
            float sum = 0;
            for (uint32_t x = 0; x < m->points; x++)
                sum += half[i][x] * (float)m->input[j][x];
            input->v[(i * m->points + j) * input->point_stride + c] = sum;
        }
    }
}

static float finish(const struct winograd_output *output, uint32_t row, uint32_t column, size_t c,
                    float y)
{
    if (output->bias)
        y += output->bias[c];
    if (output->residual)
        y += output->residual[row * output->residual_row_stride +
                              column * output->residual_column_stride + c];
    if (output->is_clipped)
        y = y < output->low ? output->low : y > output->high ? output->high : y;
    return y;
}

/* One channel: y = A^T m A. */
static void transform_output(const struct winograd_matrices *m,
                             const struct winograd_output *output, size_t c)
{
    square half = {{0}};
    for (uint32_t i = 0; i < m->outputs; i++)
        for (uint32_t x = 0; x < m->points; x++)
            for (uint32_t y = 0; y < m->points; y++)
                half[i][x] += (float)m->output[i][y] *
                              output->m[(y * m->points + x) * output->point_stride + c];
    for (uint32_t i = 0; i < output->rows; i++) {
        for (uint32_t j = 0; j < output->columns; j++) {
            float sum = 0;
            for (uint32_t x = 0; x < m->points; x++)
                sum += half[i][x] * (float)m->output[j][x];
            output->y[i * output->row_stride + j * output->column_stride + c] =
                finish(output, i, j, c, sum);
        }
    }
}

void winograd_input_plain(enum winograd_kind kind, const struct winograd_input *input)
{
    struct winograd_matrices matrices;
    winograd_matrices(kind, &matrices);
    for (size_t c = 0; c < input->channels; c++)
        transform_input(&matrices, input, c);
}

void winograd_output_plain(enum winograd_kind kind, const struct winograd_output *output)
{
    struct winograd_matrices matrices;
    winograd_matrices(kind, &matrices);
    for (size_t c = 0; c < output->channels; c++)
        transform_output(&matrices, output, c);
}
