/* The plain C twins of the vector kernels. */
#ifndef COMPUTE_KERNELS_PLAIN_H
#define COMPUTE_KERNELS_PLAIN_H

#include "compute/kernels/kernels.h"

#define PLAIN_LANES 4

void gemm_plain(const struct gemm_tile *tile); /* gemm_plain.c */

/* winograd_plain.c */
void winograd_weight_plain(const struct winograd_weight *weight);
void winograd_input_plain(enum winograd_kind kind, const struct winograd_input *input);
void winograd_output_plain(enum winograd_kind kind, const struct winograd_output *output);

#endif
