/* The plain C twins of the vector kernels. */
#ifndef COMPUTE_KERNELS_PLAIN_H
#define COMPUTE_KERNELS_PLAIN_H

#include "compute/kernels/kernels.h"

#define PLAIN_LANES 4

void gemm_plain(const struct gemm_tile *tile); /* gemm_plain.c */

#endif
