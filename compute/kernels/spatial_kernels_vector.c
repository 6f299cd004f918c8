/* The table of one instruction set's spatial kernels. */
#include "compute/kernels/spatial_kernels_vector.h"

const struct spatial_kernels VECTOR_NAME(spatial_kernels) = {
    .activate = VECTOR_NAME(activation),
    .pool = VECTOR_NAME(pool),
    .average = VECTOR_NAME(average),
    .lrn = VECTOR_NAME(lrn),
    .affine = VECTOR_NAME(affine),
    .combine = VECTOR_NAME(combine),
    .copy = VECTOR_NAME(copy),
    .transpose = VECTOR_NAME(transpose),
    .depthwise = VECTOR_NAME(depthwise),
};
