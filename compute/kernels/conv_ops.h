/* What each convolution algorithm provides; conv.c picks from the table of these. */
#ifndef COMPUTE_KERNELS_CONV_OPS_H
#define COMPUTE_KERNELS_CONV_OPS_H

#include "compute/kernels/conv.h"

/* Arguments as in the functions of conv.h of the same names. shape has been checked by supports
 * for all the others. */
struct conv_ops {
    bool (*supports)(enum conv_algorithm algorithm, enum isa isa, const struct conv_shape *shape);
    size_t (*packed_bytes)(enum conv_algorithm algorithm, enum isa isa,
                           const struct conv_shape *shape);
    void (*pack)(enum conv_algorithm algorithm, enum isa isa, const struct conv_shape *shape,
                 const packable_float *weights, const float *scale, void *packed,
                 struct thread_pool *pool);
    size_t (*scratch_bytes)(enum conv_algorithm algorithm, enum isa isa,
                            const struct conv_shape *shape, uint32_t images, uint32_t threads);
    void (*run)(const struct conv_call *call, struct thread_pool *pool);
};

extern const struct conv_ops conv_direct_ops; /* conv_direct.c */
extern const struct conv_ops conv_gemm_ops; /* conv_gemm.c */
extern const struct conv_ops conv_depthwise_ops; /* conv_depthwise.c */
extern const struct conv_ops conv_winograd_ops; /* conv_winograd.c, of all three tile sizes */

#endif
