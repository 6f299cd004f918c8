/* What the sources compiled for one instruction set give each other. */
#ifndef COMPUTE_KERNELS_KERNELS_VECTOR_H
#define COMPUTE_KERNELS_KERNELS_VECTOR_H

#include "compute/kernels/kernels.h"
#include "compute/kernels/vector.h"

extern const struct kernels VECTOR_NAME(kernels); /* kernels_vector.c */

void VECTOR_NAME(gemm)(const struct gemm_tile *tile); /* gemm_vector.c */

/* winograd_vector.c */
void VECTOR_NAME(winograd_weight)(const struct winograd_weight *weight);
void VECTOR_NAME(winograd_input)(enum winograd_kind kind, const struct winograd_input *input);
void VECTOR_NAME(winograd_output)(enum winograd_kind kind, const struct winograd_output *output);

#endif
