/* The tables of kernels that this build has. */
#include "compute/kernels/kernels.h"

#include "compute/kernels/plain.h"

/* Each in the library that meson.build makes of the *_vector.c sources. */
extern const struct kernels kernels_avx512, kernels_avx2, kernels_neon;

static const struct kernels kernels_plain = {
    .lanes = PLAIN_LANES,
    .max_vectors = 2,
    .max_rows = {0, 4, 4},
    .gemm = gemm_plain,
    .winograd_weight = winograd_weight_plain,
    .winograd_input = winograd_input_plain,
    .winograd_output = winograd_output_plain,
};

const struct kernels *kernels_of(enum isa isa)
{
    switch (isa) {
    case ISA_PLAIN:
        return &kernels_plain;
    case ISA_NEON:
#if defined(HAVE_NEON)
        return &kernels_neon;
#else
        return NULL;
#endif
    case ISA_AVX2:
#if defined(HAVE_AVX2)
        return &kernels_avx2;
#else
        return NULL;
#endif
    case ISA_AVX512:
#if defined(HAVE_AVX512)
        return &kernels_avx512;
#else
        return NULL;
#endif
    }
    return NULL;
}
