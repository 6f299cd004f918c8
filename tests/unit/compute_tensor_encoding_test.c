/* Tests of the encodings: f16 against the definition of binary16 by search among all 65,536 of
 * them, the fast forms against the plain ones, u8 against its definition in double. */
#include "compute/tensor/encoding.h"

#include "tests/unit/cunit_main.h"
#include "tests/unit/shm_random.h"

#include <float.h>
#include <math.h>
#include <string.h>

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

/* IEEE 754-2008, 3.4: sign, five bits of exponent with bias 15, ten of fraction. */
static double value_of_half(uint32_t half)
{
    const double sign = half & 0x8000 ? -1 : 1;
    const int exponent = half >> 10 & 31;
    const double fraction = (half & 1023) / 1024.0;
    if (exponent == 31)
        return fraction != 0 ? NAN : sign * INFINITY;
    return exponent == 0 ? sign * ldexp(fraction, -14) : sign * ldexp(1 + fraction, exponent - 15);
}

/* The nearest by bisection over the halves from 0 up, whose values grow with their bits; one more
 * step, 2^16, stands for infinity when it is rounded to (4.3.1). */
static uint32_t nearest_half(float number)
{
    const double size = fabs((double)number);
    uint32_t below = 0, above = 0x7c00;
    while (above - below > 1) {
        const uint32_t middle = (below + above) / 2;
        *(value_of_half(middle) <= size ? &below : &above) = middle;
    }
    const double low = value_of_half(below);
    const double high = above == 0x7c00 ? 65536 : value_of_half(above);
    const bool is_up = size - low > high - size || (size - low == high - size && below % 2 == 1);
    return (is_up ? above : below) | (signbit(number) ? 0x8000 : 0);
}

static uint16_t half_of(float number)
{
    uint16_t half;
    encoding_f16_from_f32_plain(&half, &number, 1);
    return half;
}

static void every_half_has_its_value(void)
{
    static uint16_t halves[65536];
    static float plain[65536], fast[65536];
    for (uint32_t h = 0; h < 65536; h++)
        halves[h] = (uint16_t)h;
    encoding_f32_from_f16_plain(plain, halves, 65536);
    encoding_f32_from_f16(fast, halves, 65536);
    CU_ASSERT_EQUAL(memcmp(plain, fast, sizeof(plain)), 0);
    for (uint32_t h = 0; h < 65536; h++) {
        const double value = value_of_half(h);
        if (isnan(value)) {
            CU_ASSERT_TRUE(isnan(plain[h]) && !signbit(plain[h]) == !(h & 0x8000));
            CU_ASSERT_EQUAL(half_of(plain[h]), h | 0x200); /* quiet, and else as it was */
        } else {
            CU_ASSERT_TRUE((double)plain[h] == value && !signbit(plain[h]) == !signbit(value));
            CU_ASSERT_EQUAL(half_of(plain[h]), h);
        }
    }
}

/* Every half, the point midway to the next, and the floats beside both. */
static void rounding_is_to_nearest_even_at_every_step(void)
{
    for (uint32_t h = 0; h < 0x7c00; h++) {
        const double next = h + 1 == 0x7c00 ? 65536 : value_of_half(h + 1);
        const float middle = (float)((value_of_half(h) + next) / 2);
        const float at[] = {(float)value_of_half(h), nextafterf((float)value_of_half(h), 1e6f),
                            nextafterf(middle, 0), middle, nextafterf(middle, 1e6f)};
        for (int i = 0; i < 5; i++) {
            CU_ASSERT_EQUAL(half_of(at[i]), nearest_half(at[i]));
            CU_ASSERT_EQUAL(half_of(-at[i]), nearest_half(-at[i]));
        }
    }
    CU_ASSERT_EQUAL(half_of(65519.996f), 0x7bff);
    CU_ASSERT_EQUAL(half_of(65520), 0x7c00);
    CU_ASSERT_EQUAL(half_of(INFINITY), 0x7c00);
    CU_ASSERT_EQUAL(half_of(-FLT_MAX), 0xfc00);
    CU_ASSERT_EQUAL(half_of(FLT_TRUE_MIN), 0);
}

static void any_float_converts_alike(void)
{
    struct shm_random random = shm_random_start();
    enum { COUNT = 1003 };
    static float from[COUNT];
    static uint16_t plain[COUNT], fast[COUNT];
    printf(" (the CPU %s) ", encoding_is_fast() ? "converts itself" : "has no such instruction");
    for (int round = 0; round < 200; round++) {
        for (int i = 0; i < COUNT; i++) {
            uint32_t bits = (uint32_t)shm_random_next(&random);
            if (round % 2) /* in the range of halves more often than not */
                bits = (bits & 0x80ffffff) | (0x30 + shm_random_below(&random, 24)) << 24;
            from[i] = float_of(bits);
        }
        memset(fast, 0xee, sizeof(fast));
        encoding_f16_from_f32_plain(plain, from, COUNT);
        encoding_f16_from_f32(fast, from, COUNT);
        CU_ASSERT_EQUAL(memcmp(plain, fast, sizeof(plain)), 0);
        for (int i = 0; i < COUNT; i++)
            if (!isnan(from[i]))
                CU_ASSERT_EQUAL(plain[i], nearest_half(from[i]));
    }
}

/* Numbers of one spread around one middle, with some that are not finite. */
static size_t fill(struct shm_random *random, float *numbers, size_t capacity, bool is_finite)
{
    const size_t count = 1 + shm_random_below(random, (uint32_t)capacity - 1);
    const float spread = ldexpf(1, (int)shm_random_below(random, 160) - 80);
    const float middle =
        shm_random_below(random, 3) ? 0 : ldexpf(1, (int)shm_random_below(random, 160) - 80);
    for (size_t i = 0; i < count; i++) {
        numbers[i] = middle + spread * ((float)shm_random_below(random, 2000001) / 1e6f - 1);
        if (!is_finite && shm_random_below(random, 20) == 0)
            numbers[i] = shm_random_below(random, 2) ? NAN : -INFINITY;
    }
    return count;
}

static void u8_comes_back_within_half_a_scale(void)
{
    struct shm_random random = shm_random_start();
    enum { CAPACITY = 300 };
    float from[CAPACITY], back[CAPACITY];
    uint8_t elements[CAPACITY];
    for (int round = 0; round < 20000; round++) {
        const size_t count = fill(&random, from, CAPACITY, round % 3 != 0);
        double low = INFINITY, high = -INFINITY;
        for (size_t i = 0; i < count; i++)
            if (isfinite(from[i])) {
                low = fmin(low, from[i]);
                high = fmax(high, from[i]);
            }
        const struct encoding_scale scale = encoding_measure(from, count);
        CU_ASSERT_TRUE_FATAL(scale.scale > 0 && isfinite(scale.scale));
        /* As fine as it can be: 255 steps, unless the numbers are closer than f32 tells apart. */
        const double size = fmax(fabs(low), fabs(high));
        if (low <= high)
            CU_ASSERT_TRUE((double)scale.scale <=
                           fmax(fmax((high - low) / 255, size / (1 << 21)), FLT_MIN) * (1 + 1e-6));
        encoding_u8_from_f32(elements, from, count, scale);
        encoding_f32_from_u8(back, elements, count, scale);
        for (size_t i = 0; i < count; i++) {
            const double value = (double)scale.scale * (elements[i] - (double)scale.zero);
            CU_ASSERT_DOUBLE_EQUAL(back[i], value, fabs(value) * 1e-7);
            if (isfinite(from[i])) {
                CU_ASSERT_TRUE(fabs((double)back[i] - (double)from[i]) <=
                               0.5 * (double)scale.scale * (1 + 1e-4) + size * 4e-7);
            } else {
                CU_ASSERT_EQUAL(elements[i], 0); /* NaN and -infinity */
            }
        }
    }
}

static void u8_of_special_numbers(void)
{
    const float zeros[] = {0, 0, -0.0f};
    struct encoding_scale scale = encoding_measure(zeros, 3);
    uint8_t elements[4];
    float back[4];
    encoding_u8_from_f32(elements, zeros, 3, scale);
    encoding_f32_from_u8(back, elements, 3, scale);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(back[i], 0);
    const float same[] = {1.7f, 1.7f, 1.7f, 1.7f};
    scale = encoding_measure(same, 4);
    encoding_u8_from_f32(elements, same, 4, scale);
    encoding_f32_from_u8(back, elements, 4, scale);
    CU_ASSERT_EQUAL(memcmp(same, back, sizeof(same)), 0);
    const float whole[] = {0, 255, 3, INFINITY}; /* a scale of 1: whole numbers stay */
    scale = encoding_measure(whole, 4);
    CU_ASSERT_TRUE(scale.scale == 1 && scale.zero == 0);
    encoding_u8_from_f32(elements, whole, 4, scale);
    const uint8_t expected[] = {0, 255, 3, 255};
    CU_ASSERT_EQUAL(memcmp(elements, expected, 4), 0);
    const float none[] = {NAN, INFINITY};
    scale = encoding_measure(none, 2);
    CU_ASSERT_TRUE(isfinite(scale.scale) && scale.zero == 0);
    scale = encoding_measure(NULL, 0);
    CU_ASSERT_TRUE(isfinite(scale.scale) && scale.zero == 0);
}

/* Whatever a peer says for scale and zero point: its value as defined, in long arithmetic. */
static void any_scale_is_followed(void)
{
    const float scales[] = {0, -1.5f, INFINITY, NAN, FLT_TRUE_MIN, FLT_MAX, 0.1f};
    const int32_t zeros[] = {0, INT32_MIN, INT32_MAX, -1, 255, 16777217};
    uint8_t elements[256];
    float back[256];
    for (int e = 0; e < 256; e++)
        elements[e] = (uint8_t)e;
    for (size_t s = 0; s < sizeof(scales) / sizeof(scales[0]); s++)
        for (size_t z = 0; z < sizeof(zeros) / sizeof(zeros[0]); z++) {
            encoding_f32_from_u8(back, elements, 256, (struct encoding_scale){scales[s], zeros[z]});
            for (int e = 0; e < 256; e++) {
                const float value = scales[s] * (float)((int64_t)e - zeros[z]);
                CU_ASSERT_TRUE(isnan(value) ? isnan(back[e]) : bits_of(value) == bits_of(back[e]));
            }
        }
}

const struct cunit_test tests[] = {
    {"each of the 65,536 halves has the value of its definition, and comes back",
     every_half_has_its_value},
    {"f16 rounds to nearest, ties to even, at every half and between any two",
     rounding_is_to_nearest_even_at_every_step},
    {"200,600 floats convert to the nearest half, by the plain form and the CPU's own",
     any_float_converts_alike},
    {"u8: each finite number comes back within half a scale", u8_comes_back_within_half_a_scale},
    {"u8: constants come back exactly, what is not finite goes to an end", u8_of_special_numbers},
    {"u8: any scale and zero point mean what the specification says", any_scale_is_followed},
    {NULL, NULL},
};
