/* Seeded random numbers for the tests of shm: splitmix64. SEED in the environment, 1 by default. */
#ifndef TESTS_UNIT_SHM_RANDOM_H
#define TESTS_UNIT_SHM_RANDOM_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct shm_random {
    uint64_t state;
};

/* Prints the seed it starts from. */
static inline struct shm_random shm_random_start(void)
{
    const char *text = getenv("SEED");
    const uint64_t seed = text ? strtoull(text, NULL, 0) : 1;
    printf(" (SEED=%llu) ", (unsigned long long)seed);
    fflush(stdout);
    return (struct shm_random){seed};
}

static inline uint64_t shm_random_next(struct shm_random *random)
{
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* 0 to count - 1. */
static inline uint32_t shm_random_below(struct shm_random *random, uint32_t count)
{
    return (uint32_t)(shm_random_next(random) % count);
}

#endif
