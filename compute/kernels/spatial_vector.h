/* What the kernels over pixels need of a vector beyond vector.h: tails of channels, square roots,
 * comparisons. Only *_vector.c may include it. */
#ifndef COMPUTE_KERNELS_SPATIAL_VECTOR_H
#define COMPUTE_KERNELS_SPATIAL_VECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "compute/kernels/vector.h"

typedef int32_t vector_int __attribute__((vector_size(VECTOR_FLOATS * 4)));

/* A loop over a constant number of vectors, to be laid out flat so that they stay in registers. */
#if defined(__clang__)
#define VECTOR_UNROLL _Pragma("clang loop unroll(full)")
#else
#define VECTOR_UNROLL _Pragma("GCC unroll 32")
#endif

/* Has a loaded vector stay in its register, where the compiler would rather load it again for each
 * use. */
#if defined(VECTOR_NEON)
#define VECTOR_IN_REGISTER(v) __asm__("" : "+w"(v))
#else
#define VECTOR_IN_REGISTER(v) __asm__("" : "+v"(v))
#endif

/* The lanes [first, last) of a vector: a mask made once and used for many loads and stores. */
struct vector_lanes {
#if defined(VECTOR_AVX512)
    __mmask16 mask;
#elif defined(VECTOR_AVX2)
    __m256i mask;
#else
    size_t first, last;
#endif
};

VECTOR_INLINE struct vector_lanes vector_lanes_range(size_t first, size_t last)
{
#if defined(VECTOR_AVX512)
    return (struct vector_lanes){(__mmask16)((1u << last) - (1u << first))};
#elif defined(VECTOR_AVX2)
    __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    __m256i below = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)first), lane);
    __m256i inside = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)last), lane);
    return (struct vector_lanes){_mm256_andnot_si256(below, inside)};
#else
    return (struct vector_lanes){first, last};
#endif
}

/* The lanes that are left of count floats from position on: all, or the first few. */
VECTOR_INLINE struct vector_lanes vector_lanes_left(size_t position, size_t count)
{
    size_t left = count - position;
    return vector_lanes_range(0, left < VECTOR_FLOATS ? left : VECTOR_FLOATS);
}

/* Zero in the other lanes, whose memory is not touched. */
VECTOR_INLINE vector vector_load_lanes(const float *from, struct vector_lanes lanes)
{
#if defined(VECTOR_AVX512)
    return (vector)_mm512_maskz_loadu_ps(lanes.mask, from);
#elif defined(VECTOR_AVX2)
    return (vector)_mm256_maskload_ps(from, lanes.mask);
#else
    float buffer[VECTOR_FLOATS] = {0};
    for (size_t i = lanes.first; i < lanes.last; i++)
        buffer[i] = from[i];
    return vector_load(buffer);
#endif
}

VECTOR_INLINE void vector_store_lanes(float *to, vector v, struct vector_lanes lanes)
{
#if defined(VECTOR_AVX512)
    _mm512_mask_storeu_ps(to, lanes.mask, (__m512)v);
#elif defined(VECTOR_AVX2)
    _mm256_maskstore_ps(to, lanes.mask, (__m256)v);
#else
    float buffer[VECTOR_FLOATS];
    vector_store(buffer, v);
    for (size_t i = lanes.first; i < lanes.last; i++)
        to[i] = buffer[i];
#endif
}

/* A whole vector where is_whole (a constant in the caller), otherwise its lanes only. */
VECTOR_INLINE vector vector_fetch(const float *from, bool is_whole, struct vector_lanes lanes)
{
    return is_whole ? vector_load(from) : vector_load_lanes(from, lanes);
}

VECTOR_INLINE void vector_put(float *to, vector v, bool is_whole, struct vector_lanes lanes)
{
    if (is_whole)
        vector_store(to, v);
    else
        vector_store_lanes(to, v, lanes);
}

VECTOR_INLINE vector vector_sqrt(vector v)
{
#if defined(VECTOR_AVX512)
    return (vector)_mm512_sqrt_ps((__m512)v);
#elif defined(VECTOR_AVX2)
    return (vector)_mm256_sqrt_ps((__m256)v);
#else
    return (vector)vsqrtq_f32((float32x4_t)v);
#endif
}

/* v^(-1/2) to 2 ulp, for v in [1e-30, 3e38]. */
VECTOR_INLINE vector vector_inverse_sqrt(vector v)
{
#if defined(VECTOR_AVX512)
    vector guess = (vector)_mm512_rsqrt14_ps((__m512)v);
#elif defined(VECTOR_AVX2)
    vector guess = (vector)_mm256_rsqrt_ps((__m256)v);
#else
    vector guess = (vector)vrsqrteq_f32((float32x4_t)v);
    guess *= (vector)vrsqrtsq_f32((float32x4_t)(v * guess), (float32x4_t)guess);
#endif
    /* One step of Newton's, as a correction to the guess so that the rounding stays small. */
    vector residue = vector_fma(v * guess, guess * vector_set(-1), vector_set(1));
    return vector_fma(guess * vector_set(0.5f), residue, guess);
}

/* In each lane: negative where x < 0, other where not (also where x is not a number). */
VECTOR_INLINE vector vector_where_negative(vector x, vector negative, vector other)
{
#if defined(VECTOR_AVX512)
    __mmask16 mask = _mm512_cmp_ps_mask((__m512)x, _mm512_setzero_ps(), _CMP_LT_OQ);
    return (vector)_mm512_mask_blend_ps(mask, (__m512)other, (__m512)negative);
#elif defined(VECTOR_AVX2)
    __m256 mask = _mm256_cmp_ps((__m256)x, _mm256_setzero_ps(), _CMP_LT_OQ);
    return (vector)_mm256_blendv_ps((__m256)other, (__m256)negative, mask);
#else
    return (vector)vbslq_f32(vcltq_f32((float32x4_t)x, vdupq_n_f32(0)), (float32x4_t)negative,
                             (float32x4_t)other);
#endif
}

VECTOR_INLINE vector_int vector_int_set(int32_t value)
{
    return (vector_int)vector_set(0) + value;
}

#endif
