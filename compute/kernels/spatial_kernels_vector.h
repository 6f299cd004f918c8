/* What the spatial sources compiled for one instruction set give each other. */
#ifndef COMPUTE_KERNELS_SPATIAL_KERNELS_VECTOR_H
#define COMPUTE_KERNELS_SPATIAL_KERNELS_VECTOR_H

#include "compute/kernels/spatial_kernels.h"
#include "compute/kernels/spatial_vector.h"

void VECTOR_NAME(activation)(struct activation activation, const float *input, float *output,
                             size_t count);
spatial_range VECTOR_NAME(pool);
spatial_range VECTOR_NAME(average);
spatial_range VECTOR_NAME(lrn);
spatial_range VECTOR_NAME(affine);
spatial_range VECTOR_NAME(combine);
spatial_range VECTOR_NAME(copy);
spatial_range VECTOR_NAME(depthwise);
void VECTOR_NAME(transpose)(size_t rows, size_t columns, const float *input, size_t input_stride,
                            float *output, size_t output_stride);

#endif
