/* Fills tensors with bell-shaped random values that have the same bits on every platform.
 *
 * Box-Muller would need log and cos, which differ between C libraries. Instead the four 16-bit
 * quarters of one SplitMix64 number are summed (Irwin and Hall; excess kurtosis -0.3, enough like a
 * normal for weights). The centre becomes an integer too, so that a value is one exact integer, one
 * double multiplication and one rounding to float: nothing that a compiler could contract. */
#include "compute/zoo/random.h"

#include <math.h>
#include <string.h>

enum { MIDDLE = 2 * 65535 }; /* mean of the sum of four 16-bit numbers */

void zoo_random_init(struct zoo_random *random, uint64_t seed, const char *stream)
{
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (const char *c = stream; *c; c++)
        hash = (hash ^ (uint8_t)*c) * 0x100000001b3u;
    random->state = seed;
    random->state = zoo_random_next(random) ^ hash;
    random->state = zoo_random_next(random);
}

void zoo_random_fill(struct zoo_random *random, const struct zoo_distribution *distribution,
                     uint8_t *bytes, uint64_t count)
{
    /* Variance of the sum: 4 (2^32 - 1) / 12. sqrt is exact by IEEE 754. */
    double step = distribution->deviation / sqrt(4294967295.0 / 3);
    int64_t centre = llround(distribution->centre / step) - MIDDLE;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t r = zoo_random_next(random);
        int64_t sum = (int64_t)((r & 0xffff) + (r >> 16 & 0xffff) + (r >> 32 & 0xffff) + (r >> 48));
        float value = (float)((double)(centre + sum) * step);
        uint32_t bits;
        memcpy(&bits, &value, sizeof(bits));
        for (int byte = 0; byte < 4; byte++)
            bytes[4 * i + byte] = (uint8_t)(bits >> 8 * byte);
    }
}
