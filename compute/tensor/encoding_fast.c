/* f16 by F16C or NEON; built with its own flags, so that nothing else is built for such a CPU. */
#include "compute/tensor/encoding_fast.h"

#if defined(__x86_64__)
#include <immintrin.h>

size_t encoding_f16_from_f32_fast(uint16_t *to, const float *from, size_t count)
{
    size_t i = 0;
    for (; i + 8 <= count; i += 8)
        _mm_storeu_si128((__m128i *)(to + i),
                         _mm256_cvtps_ph(_mm256_loadu_ps(from + i), _MM_FROUND_TO_NEAREST_INT));
    return i;
}

size_t encoding_f32_from_f16_fast(float *to, const uint16_t *from, size_t count)
{
    size_t i = 0;
    for (; i + 8 <= count; i += 8)
        _mm256_storeu_ps(to + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(from + i))));
    return i;
}

#elif defined(__aarch64__)
#include <arm_neon.h>

size_t encoding_f16_from_f32_fast(uint16_t *to, const float *from, size_t count)
{
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        const float16x4_t low = vcvt_f16_f32(vld1q_f32(from + i));
        vst1q_u16(to + i, vreinterpretq_u16_f16(vcvt_high_f16_f32(low, vld1q_f32(from + i + 4))));
    }
    return i;
}

size_t encoding_f32_from_f16_fast(float *to, const uint16_t *from, size_t count)
{
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        const float16x8_t halves = vreinterpretq_f16_u16(vld1q_u16(from + i));
        vst1q_f32(to + i, vcvt_f32_f16(vget_low_f16(halves)));
        vst1q_f32(to + i + 4, vcvt_high_f32_f16(halves));
    }
    return i;
}
#endif
