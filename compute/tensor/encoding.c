/* f16 and u8, in plain C but for the CPU's own f16. */
#include "compute/tensor/encoding.h"
#include "compute/tensor/encoding_fast.h"

#include <float.h>
#include <math.h>
#include <string.h>

#if defined(HAVE_F16C)
#include <cpuid.h>
#endif

#define LANES 16u /* what a compiler makes vectors of */
#define ROUNDER 12582912.0f /* 1.5 * 2^23: adding it rounds to an integer, ties to even */
/* Zero points stay below, so that ROUNDER works on what is near them. */
#define MAX_ZERO 2097152.0 /* 2^21 */

static uint32_t bits_of(float number)
{
    uint32_t bits;
    memcpy(&bits, &number, sizeof(bits));
    return bits;
}

static float float_of(uint32_t bits)
{
    float number;
    memcpy(&number, &bits, sizeof(number));
    return number;
}

static uint16_t half_of(float number)
{
    const uint32_t bits = bits_of(number);
    const uint32_t sign = bits >> 16 & 0x8000;
    const uint32_t size = bits & 0x7fffffff;
    if (size > 0x7f800000) /* NaN: as much of it as there is room for, and quiet */
        return (uint16_t)(sign | 0x7e00 | (size >> 13 & 0x1ff));
    if (size >= 0x47800000) /* 2^16 and up */
        return (uint16_t)(sign | 0x7c00);
    if (size < 0x38800000) { /* below 2^-14: a whole number of 2^-24, which the addition finds */
        const float sum = float_of(size) + 0.5f; /* whose last bit is worth 2^-24 */
        return (uint16_t)(sign | (bits_of(sum) - bits_of(0.5f)));
    }
    const uint32_t odd = size >> 13 & 1;
    return (uint16_t)(sign | ((size - ((127 - 15) << 23) + 0xfff + odd) >> 13));
}

static float float_of_half(uint16_t half)
{
    const uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    const uint32_t size = half & 0x7fff;
    if (size > 0x7c00)
        return float_of(sign | 0x7fc00000 | size << 13);
    if (size == 0x7c00)
        return float_of(sign | 0x7f800000);
    if (size < 0x0400) /* a whole number of 2^-24 */
        return float_of(sign | bits_of((float)size * 0x1p-24f));
    return float_of(sign | ((size << 13) + ((127 - 15) << 23)));
}

void encoding_f16_from_f32_plain(uint16_t *to, const float *from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] = half_of(from[i]);
}

void encoding_f32_from_f16_plain(float *to, const uint16_t *from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] = float_of_half(from[i]);
}

bool encoding_is_fast(void)
{
#if defined(HAVE_F16C)
    unsigned eax, ebx, ecx = 0, edx;
    return __builtin_cpu_supports("avx2") && __get_cpuid(1, &eax, &ebx, &ecx, &edx) &&
           (ecx & bit_F16C);
#elif defined(HAVE_NEON)
    return true;
#else
    return false;
#endif
}

void encoding_f16_from_f32(uint16_t *to, const float *from, size_t count)
{
    size_t done = 0;
#if defined(HAVE_F16C) || defined(HAVE_NEON)
    if (encoding_is_fast())
        done = encoding_f16_from_f32_fast(to, from, count);
#endif
    encoding_f16_from_f32_plain(to + done, from + done, count - done);
}

void encoding_f32_from_f16(float *to, const uint16_t *from, size_t count)
{
    size_t done = 0;
#if defined(HAVE_F16C) || defined(HAVE_NEON)
    if (encoding_is_fast())
        done = encoding_f32_from_f16_fast(to, from, count);
#endif
    encoding_f32_from_f16_plain(to + done, from + done, count - done);
}

struct extent {
    float low, high;
};

/* All of one block of lanes at a time; false if a number is not finite. */
static bool find_extent(const float *from, size_t count, struct extent *extent)
{
    float low[LANES], high[LANES], sum[LANES] = {0};
    for (size_t l = 0; l < LANES; l++)
        low[l] = high[l] = from[0];
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        for (size_t l = 0; l < LANES; l++) {
            const float x = from[i + l];
            low[l] = x < low[l] ? x : low[l];
            high[l] = x > high[l] ? x : high[l];
            sum[l] += x - x; /* NaN for what is not finite */
        }
    for (; i < count; i++) {
        low[0] = from[i] < low[0] ? from[i] : low[0];
        high[0] = from[i] > high[0] ? from[i] : high[0];
        sum[0] += from[i] - from[i];
    }
    for (size_t l = 1; l < LANES; l++) {
        low[0] = low[l] < low[0] ? low[l] : low[0];
        high[0] = high[l] > high[0] ? high[l] : high[0];
        sum[0] += sum[l];
    }
    *extent = (struct extent){low[0], high[0]};
    return sum[0] == 0;
}

static void find_finite_extent(const float *from, size_t count, struct extent *extent)
{
    *extent = (struct extent){INFINITY, -INFINITY};
    for (size_t i = 0; i < count; i++)
        if (isfinite(from[i])) {
            extent->low = from[i] < extent->low ? from[i] : extent->low;
            extent->high = from[i] > extent->high ? from[i] : extent->high;
        }
    if (extent->low > extent->high)
        *extent = (struct extent){0, 0};
}

/* From f32 numbers, in double: ranges of f32 do not overflow there. */
struct encoding_scale encoding_measure(const float *from, size_t count)
{
    struct extent extent = {0, 0};
    if (count > 0 && !find_extent(from, count, &extent))
        find_finite_extent(from, count, &extent);
    const double low = extent.low;
    const double range = (double)extent.high - low;
    /* A narrow range far from 0 would need a zero point beyond MAX_ZERO: a coarser scale then, but
     * not coarser than the numbers' own last bits. */
    const double far = fmax(fabs(low), fabs((double)extent.high)) / MAX_ZERO;
    const float scale = (float)fmax(fmax(range / 255, far), (double)FLT_MIN);
    return (struct encoding_scale){scale, (int32_t)-rint(low / (double)scale)};
}

void encoding_u8_from_f32(uint8_t *to, const float *from, size_t count, struct encoding_scale scale)
{
    const float zero = (float)scale.zero;
    const float low = -zero, high = 255 - zero;
    for (size_t i = 0; i < count; i++) {
        float x = from[i] / scale.scale;
        x = x > low ? x : low; /* NaN as well */
        x = x < high ? x : high;
        to[i] = (uint8_t)(int32_t)((x + ROUNDER) - ROUNDER + zero);
    }
}

void encoding_f32_from_u8(float *to, const uint8_t *from, size_t count, struct encoding_scale scale)
{
    float value[256]; /* the zero point may be anything, and differences with it are not cheap */
    for (int element = 0; element < 256; element++)
        value[element] = scale.scale * (float)((int64_t)element - scale.zero);
    for (size_t i = 0; i < count; i++)
        to[i] = value[from[i]];
}
