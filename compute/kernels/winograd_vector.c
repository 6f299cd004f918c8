/* Winograd's transforms over a vector of channels, for one instruction set (vector.h).
 *
 * In one dimension, with points 0, +-a, +-b and infinity, the rows of B^T and the columns of A^T
 * of a pair +-p differ only in the sign of their odd terms, so that both cost little more than
 * one. The two-dimensional transform is the one-dimensional one over columns, then over rows. */
#include "compute/kernels/kernels_vector.h"

#define LANES VECTOR_FLOATS
#define A WINOGRAD_POINT_A
#define B WINOGRAD_POINT_B

/* Weights are transformed in double precision, half as many to a vector. */
#define DOUBLES (LANES / 2)
typedef double doubles
    __attribute__((vector_size(DOUBLES * sizeof(double)), aligned(sizeof(double)), may_alias));
typedef float rounded
    __attribute__((vector_size(DOUBLES * sizeof(float)), aligned(sizeof(float)), may_alias));

void VECTOR_NAME(winograd_weight)(const struct winograd_weight *weight)
{
    const struct winograd_matrices *m = weight->matrices;
    const uint32_t points = m->points, taps = m->taps;
    doubles half[WINOGRAD_MAX_POINTS * WINOGRAD_MAX_TAPS];
    for (size_t n = 0; n < weight->lanes; n += DOUBLES) {
        for (uint32_t i = 0; i < points; i++) {
            for (uint32_t x = 0; x < taps; x++) {
                const double *g = weight->g + x * weight->g_stride + n;
                doubles sum = {0};
                for (uint32_t y = 0; y < taps; y++, g += taps * weight->g_stride)
                    sum += m->weight[i][y] * *(const doubles *)g;
                half[i * taps + x] = sum;
            }
        }
        for (uint32_t i = 0; i < points; i++) {
            for (uint32_t j = 0; j < points; j++) {
                doubles sum = {0};
                for (uint32_t x = 0; x < taps; x++)
                    sum += m->weight[j][x] * half[i * taps + x];
                float *u = weight->u + (i * points + j) * weight->point_stride + n;
                *(rounded *)u = __builtin_convertvector(sum, rounded);
            }
        }
    }
}

VECTOR_INLINE vector scaled_sum(float factor, vector a, vector b)
{
    return vector_fma(vector_set(factor), a, b);
}

/* B^T over d[0], d[step], ... */
VECTOR_INLINE void input_line(const uint32_t n, const vector *d, const size_t step, vector *v,
                              const size_t v_step)
{
    if (n == 4) {
        v[0] = d[2 * step] - d[0];
        v[v_step] = d[2 * step] + d[step];
        v[2 * v_step] = d[2 * step] - d[step];
        v[3 * v_step] = d[3 * step] - d[step];
        return;
    }
    const vector d0 = d[0], d1 = d[step], d2 = d[2 * step];
    const vector d3 = d[3 * step], d4 = d[4 * step], d5 = d[5 * step];
    const vector a_even = scaled_sum(-B * B, d2, d4), a_odd = scaled_sum(-B * B, d1, d3);
    const vector b_even = scaled_sum(-A * A, d2, d4), b_odd = scaled_sum(-A * A, d1, d3);
    v[0] = scaled_sum(A * A * B * B, d0, scaled_sum(-(A * A + B * B), d2, d4));
    v[v_step] = scaled_sum(A, a_odd, a_even);
    v[2 * v_step] = scaled_sum(-A, a_odd, a_even);
    v[3 * v_step] = scaled_sum(B, b_odd, b_even);
    v[4 * v_step] = scaled_sum(-B, b_odd, b_even);
    v[5 * v_step] = scaled_sum(A * A * B * B, d1, scaled_sum(-(A * A + B * B), d3, d5));
}

/* A^T over m[0], m[step], ... */
VECTOR_INLINE void output_line(const uint32_t n, const uint32_t outputs, const vector *m,
                               const size_t step, vector *y, const size_t y_step)
{
    if (n == 4) {
        y[0] = m[0] + m[step] + m[2 * step];
        y[y_step] = m[step] - m[2 * step] + m[3 * step];
        return;
    }
    const vector a_sum = m[step] + m[2 * step], a_difference = m[step] - m[2 * step];
    const vector b_sum = m[3 * step] + m[4 * step], b_difference = m[3 * step] - m[4 * step];
    y[0] = m[0] + (a_sum + b_sum);
    if (outputs == 2) {
        y[y_step] = scaled_sum(A, a_difference, scaled_sum(B, b_difference, m[5 * step]));
        return;
    }
    y[y_step] = scaled_sum(A, a_difference, vector_set(B) * b_difference);
    y[2 * y_step] = scaled_sum(A * A, a_sum, vector_set(B * B) * b_sum);
    y[3 * y_step] =
        scaled_sum(A * A * A, a_difference, scaled_sum(B * B * B, b_difference, m[5 * step]));
}

VECTOR_INLINE void input_vector(const uint32_t n, const struct winograd_input *input, size_t c,
                                const size_t part)
{
    vector half[WINOGRAD_MAX_POINTS * WINOGRAD_MAX_POINTS];
    for (uint32_t x = 0; x < n; x++) {
        vector d[WINOGRAD_MAX_POINTS];
        for (uint32_t y = 0; y < n; y++) {
            const float *pixel = input->pixels[y * n + x] + c;
            d[y] = part ? vector_load_part(pixel, part) : vector_load(pixel);
        }
        input_line(n, d, 1, half + x, n);
    }
    float *v = input->v + c;
    for (uint32_t y = 0; y < n; y++) {
        vector line[WINOGRAD_MAX_POINTS];
        input_line(n, half + y * n, 1, line, 1);
        for (uint32_t x = 0; x < n; x++)
            vector_store(v + (y * n + x) * input->point_stride, line[x]);
    }
}

VECTOR_INLINE void input_tile(const uint32_t n, const struct winograd_input *input)
{
    size_t c = 0;
    for (; c + LANES <= input->channels; c += LANES)
        input_vector(n, input, c, 0);
    if (c < input->channels)
        input_vector(n, input, c, input->channels - c);
}

VECTOR_INLINE vector finish(const struct winograd_output *output, vector y, const float *residual,
                            vector bias, const size_t part)
{
    y += bias;
    if (residual)
        y += part ? vector_load_part(residual, part) : vector_load(residual);
    if (output->is_clipped)
        y = vector_min(vector_set(output->high), vector_max(vector_set(output->low), y));
    return y;
}

VECTOR_INLINE void output_vector(const uint32_t n, const uint32_t outputs,
                                 const struct winograd_output *output, size_t c, const size_t part)
{
    vector half[WINOGRAD_MAX_OUTPUTS * WINOGRAD_MAX_POINTS];
    for (uint32_t x = 0; x < n; x++) {
        vector m[WINOGRAD_MAX_POINTS];
        for (uint32_t y = 0; y < n; y++)
            m[y] = vector_load(output->m + (y * n + x) * output->point_stride + c);
        output_line(n, outputs, m, 1, half + x, n);
    }
    vector bias = {0};
    if (output->bias)
        bias = part ? vector_load_part(output->bias + c, part) : vector_load(output->bias + c);
    for (uint32_t row = 0; row < output->rows; row++) {
        vector line[WINOGRAD_MAX_OUTPUTS];
        output_line(n, outputs, half + row * n, 1, line, 1);
        float *y = output->y + row * output->row_stride + c;
        const float *residual = output->residual;
        if (residual)
            residual += row * output->residual_row_stride + c;
        for (uint32_t column = 0; column < outputs && column < output->columns; column++) {
            vector v = finish(output, line[column], residual, bias, part);
            if (residual)
                residual += output->residual_column_stride;
            if (part)
                vector_store_part(y + column * output->column_stride, v, part);
            else
                vector_store(y + column * output->column_stride, v);
        }
    }
}

VECTOR_INLINE void output_tile(const uint32_t n, const uint32_t outputs,
                               const struct winograd_output *output)
{
    size_t c = 0;
    for (; c + LANES <= output->channels; c += LANES)
        output_vector(n, outputs, output, c, 0);
    if (c < output->channels)
        output_vector(n, outputs, output, c, output->channels - c);
}

void VECTOR_NAME(winograd_input)(enum winograd_kind kind, const struct winograd_input *input)
{
    if (kind == WINOGRAD_2_3)
        input_tile(4, input);
    else
        input_tile(6, input);
}

void VECTOR_NAME(winograd_output)(enum winograd_kind kind, const struct winograd_output *output)
{
    if (kind == WINOGRAD_2_3)
        output_tile(4, 2, output);
    else if (kind == WINOGRAD_4_3)
        output_tile(6, 4, output);
    else
        output_tile(6, 2, output);
}
