/* What the run and the packing of Winograd convolution share. */
#ifndef COMPUTE_KERNELS_CONV_WINOGRAD_H
#define COMPUTE_KERNELS_CONV_WINOGRAD_H

#include "compute/kernels/conv.h"
#include "compute/kernels/winograd.h"

static inline enum winograd_kind winograd_kind_of(enum conv_algorithm algorithm)
{
    return algorithm == CONV_WINOGRAD_2   ? WINOGRAD_2_3
           : algorithm == CONV_WINOGRAD_4 ? WINOGRAD_4_3
                                          : WINOGRAD_2_5;
}

/* Packed: as one matrix [points * in_channels][out_channels] (kernels.h), so that a panel holds its
 * columns of all points one after the other. */
size_t conv_winograd_packed_bytes(enum conv_algorithm algorithm, enum isa isa,
                                  const struct conv_shape *shape);
void conv_winograd_pack(enum conv_algorithm algorithm, enum isa isa, const struct conv_shape *shape,
                        const packable_float *weights, const float *scale, void *packed,
                        struct thread_pool *pool);

#endif
