/* The encodings of elements that a message may have beside f32: f16, and u8 with scale and zero
 * point. Pure; used by the worker on one side of the network and by libjoint on the other, so both
 * round alike, on any CPU to the bit. */
#ifndef COMPUTE_TENSOR_ENCODING_H
#define COMPUTE_TENSOR_ENCODING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* f16 is IEEE 754 binary16. To f16 rounds to the nearest, ties to even: over 65,504 (more exactly,
 * from 65,520) to infinity; NaN stays NaN, quiet. From f16 is exact. */
void encoding_f16_from_f32(uint16_t *to, const float *from, size_t count);
void encoding_f32_from_f16(float *to, const uint16_t *from, size_t count);

/* u8: the value of an element is scale * (element - zero), computed in that order: the difference
 * exactly, rounded to f32, then the product rounded to f32. */
struct encoding_scale {
    float scale;
    int32_t zero;
};

/* A scale for these numbers, by which each finite one (below 2^126) comes back within half a scale
 * and a few roundings of f32. What is not finite is left out. */
struct encoding_scale encoding_measure(const float *from, size_t count);

/* By a scale that encoding_measure gave: to the nearest element. Numbers outside its range, and
 * infinities, go to the nearest end; NaN to the lower one. */
void encoding_u8_from_f32(uint8_t *to, const float *from, size_t count,
                          struct encoding_scale scale);
/* By any scale, from whomever. */
void encoding_f32_from_u8(float *to, const uint8_t *from, size_t count,
                          struct encoding_scale scale);

/* The plain forms of the first two; the others use the CPU's own conversion where it has one. */
void encoding_f16_from_f32_plain(uint16_t *to, const float *from, size_t count);
void encoding_f32_from_f16_plain(float *to, const uint16_t *from, size_t count);
/* False: this CPU has none, both forms are the plain one. */
bool encoding_is_fast(void);

#endif
