/* A vector of floats of the instruction set that a source is being compiled for.
 *
 * Sources named *_vector.c are compiled once per instruction set, each time with the compiler flags
 * of that set and with one of VECTOR_AVX512, VECTOR_AVX2, VECTOR_NEON defined (meson.build). They
 * name their external functions by VECTOR_NAME(f), which is f_avx512 and so on. Only they may
 * include this header. +, -, * and / work on vectors; the rest is below. */
#ifndef COMPUTE_KERNELS_VECTOR_H
#define COMPUTE_KERNELS_VECTOR_H

#include <stddef.h>
#include <string.h>

#if defined(VECTOR_AVX512)
#include <immintrin.h>
#define VECTOR_NAME(name) name##_avx512
#define VECTOR_FLOATS 16
#define VECTOR_REGISTERS 32
#elif defined(VECTOR_AVX2)
#include <immintrin.h>
#define VECTOR_NAME(name) name##_avx2
#define VECTOR_FLOATS 8
#define VECTOR_REGISTERS 16
#elif defined(VECTOR_NEON)
#include <arm_neon.h>
#define VECTOR_NAME(name) name##_neon
#define VECTOR_FLOATS 4
#define VECTOR_REGISTERS 32
#else
#error "compile *_vector.c with the instruction set defined"
#endif

#define VECTOR_INLINE static inline __attribute__((always_inline))

typedef float vector __attribute__((vector_size(VECTOR_FLOATS * 4)));
typedef float vector_unaligned
    __attribute__((vector_size(VECTOR_FLOATS * 4), aligned(4), may_alias));

VECTOR_INLINE vector vector_load(const float *from)
{
    return *(const vector_unaligned *)from;
}

VECTOR_INLINE void vector_store(float *to, vector v)
{
    *(vector_unaligned *)to = v;
}

/* The first count (< VECTOR_FLOATS) floats, zero in the rest. */
VECTOR_INLINE vector vector_load_part(const float *from, size_t count)
{
#if defined(VECTOR_AVX512)
    return (vector)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), from);
#else
    float lanes[VECTOR_FLOATS] = {0};
    memcpy(lanes, from, count * sizeof(float));
    return vector_load(lanes);
#endif
}

VECTOR_INLINE void vector_store_part(float *to, vector v, size_t count)
{
#if defined(VECTOR_AVX512)
    _mm512_mask_storeu_ps(to, (__mmask16)((1u << count) - 1), (__m512)v);
#else
    float lanes[VECTOR_FLOATS];
    vector_store(lanes, v);
    memcpy(to, lanes, count * sizeof(float));
#endif
}

VECTOR_INLINE vector vector_set(float value)
{
#if defined(VECTOR_AVX512)
    return (vector)_mm512_set1_ps(value);
#elif defined(VECTOR_AVX2)
    return (vector)_mm256_set1_ps(value);
#else
    return (vector)vdupq_n_f32(value);
#endif
}

/* a * b + c in one rounding. */
VECTOR_INLINE vector vector_fma(vector a, vector b, vector c)
{
#if defined(VECTOR_AVX512)
    return (vector)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(VECTOR_AVX2)
    return (vector)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
    return (vector)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#endif
}

/* Not-a-number in v stays; bound must be a number. */
VECTOR_INLINE vector vector_max(vector bound, vector v)
{
#if defined(VECTOR_AVX512)
    return (vector)_mm512_max_ps((__m512)bound, (__m512)v);
#elif defined(VECTOR_AVX2)
    return (vector)_mm256_max_ps((__m256)bound, (__m256)v);
#else
    return (vector)vmaxq_f32((float32x4_t)bound, (float32x4_t)v);
#endif
}

VECTOR_INLINE vector vector_min(vector bound, vector v)
{
#if defined(VECTOR_AVX512)
    return (vector)_mm512_min_ps((__m512)bound, (__m512)v);
#elif defined(VECTOR_AVX2)
    return (vector)_mm256_min_ps((__m256)bound, (__m256)v);
#else
    return (vector)vminq_f32((float32x4_t)bound, (float32x4_t)v);
#endif
}

#endif
