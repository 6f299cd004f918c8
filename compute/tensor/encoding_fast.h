/* The conversions that the CPU has itself; encoding.c chooses. */
#ifndef COMPUTE_TENSOR_ENCODING_FAST_H
#define COMPUTE_TENSOR_ENCODING_FAST_H

#include <stddef.h>
#include <stdint.h>

/* How many of the first elements they converted: all but fewer than eight. */
size_t encoding_f16_from_f32_fast(uint16_t *to, const float *from, size_t count);
size_t encoding_f32_from_f16_fast(float *to, const uint16_t *from, size_t count);

#endif
