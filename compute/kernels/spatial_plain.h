/* The plain C kernels, written one element after the other: what the fast ones are tested against,
 * and what runs where there is no vector unit. */
#ifndef COMPUTE_KERNELS_SPATIAL_PLAIN_H
#define COMPUTE_KERNELS_SPATIAL_PLAIN_H

#include "compute/kernels/spatial_kernels.h"

void activation_plain(struct activation activation, const float *input, float *output,
                      size_t count);
spatial_range pool_plain;
spatial_range average_plain;
spatial_range depthwise_plain;

#endif
