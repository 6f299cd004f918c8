/* The zoo's random numbers: the same on every platform, because they are sums of integers. */
#ifndef COMPUTE_ZOO_RANDOM_H
#define COMPUTE_ZOO_RANDOM_H

#include <stdint.h>

/* SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014). */
struct zoo_random {
    uint64_t state;
};

/* A stream of its own for each tensor: a weight's values depend on the seed and its name alone. */
void zoo_random_init(struct zoo_random *random, uint64_t seed, const char *stream);

static inline uint64_t zoo_random_next(struct zoo_random *random)
{
    uint64_t z = random->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* What the values of a tensor look like: bell-shaped, |value - centre| < 3.47 deviations. */
struct zoo_distribution {
    double centre;
    double deviation; /* > 0 */
};

/* The next count values as little-endian float32. */
void zoo_random_fill(struct zoo_random *random, const struct zoo_distribution *distribution,
                     uint8_t *bytes, uint64_t count);

#endif
