/* The table of one instruction set's kernels. */
#include "compute/kernels/kernels_vector.h"

const struct kernels VECTOR_NAME(kernels) = {
    .lanes = VECTOR_FLOATS,
#if VECTOR_REGISTERS == 32
    .max_vectors = 4,
    .max_rows = {0, 12, 12, 8, 6},
#else
    .max_vectors = 2,
    .max_rows = {0, 12, 6},
#endif
    .gemm = VECTOR_NAME(gemm),
    .winograd_weight = VECTOR_NAME(winograd_weight),
    .winograd_input = VECTOR_NAME(winograd_input),
    .winograd_output = VECTOR_NAME(winograd_output),
};
