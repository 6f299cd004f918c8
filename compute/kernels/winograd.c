/* Winograd's matrices from their interpolation points, as Toom and Cook construct them. */
#include "compute/kernels/winograd.h"

static const double points_4[] = {0, 1, -1};
static const double points_6[] = {0, WINOGRAD_POINT_A, -WINOGRAD_POINT_A, WINOGRAD_POINT_B,
                                  -WINOGRAD_POINT_B};

/* Coefficients, constant first, of the product of (x - point) over all points but skipped. */
static void expand(const double *points, uint32_t count, uint32_t skipped, double *coefficients)
{
    uint32_t degree = 0;
    for (uint32_t i = 0; i < WINOGRAD_MAX_POINTS; i++)
        coefficients[i] = 0;
    coefficients[0] = 1;
    for (uint32_t l = 0; l < count; l++) {
        if (l == skipped)
            continue;
        degree++;
        for (uint32_t i = degree; i > 0; i--)
            coefficients[i] = coefficients[i - 1] - points[l] * coefficients[i];
        coefficients[0] *= -points[l];
    }
}

void winograd_matrices(enum winograd_kind kind, struct winograd_matrices *matrices)
{
    *matrices = (struct winograd_matrices){
        .points = kind == WINOGRAD_2_3 ? 4 : 6,
        .outputs = kind == WINOGRAD_4_3 ? 4 : 2,
        .taps = kind == WINOGRAD_2_5 ? 5 : 3,
    };
    const double *points = matrices->points == 4 ? points_4 : points_6;
    const uint32_t last = matrices->points - 1; /* the point at infinity */
    for (uint32_t j = 0; j < last; j++) {
        expand(points, last, j, matrices->input[j]);
        double norm = 1;
        for (uint32_t l = 0; l < last; l++)
            norm *= l == j ? 1 : points[j] - points[l];
        double power = 1;
        for (uint32_t k = 0; k < matrices->taps; k++, power *= points[j])
            matrices->weight[j][k] = power / norm;
        power = 1;
        for (uint32_t i = 0; i < matrices->outputs; i++, power *= points[j])
            matrices->output[i][j] = power;
    }
    expand(points, last, last, matrices->input[last]);
    matrices->weight[last][matrices->taps - 1] = 1;
    matrices->output[matrices->outputs - 1][last] = 1;
}
