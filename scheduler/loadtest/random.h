/* The load generator's random numbers: SplitMix64, the same on every platform. */
#ifndef SCHEDULER_LOADTEST_RANDOM_H
#define SCHEDULER_LOADTEST_RANDOM_H

#include <stdint.h>

/* Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014. */
struct loadtest_random {
    uint64_t state;
};

static inline uint64_t loadtest_random_next(struct loadtest_random *random)
{
    uint64_t mixed = random->state += 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebu;
    return mixed ^ mixed >> 31;
}

/* A stream of its own for each purpose, so that one more draw here changes nothing there. */
static inline struct loadtest_random loadtest_random_stream(uint64_t seed, uint64_t purpose)
{
    struct loadtest_random random = {seed ^ purpose * 0xd1342543de82ef95u};
    random.state = loadtest_random_next(&random);
    return random;
}

/* In [0, 1). */
static inline double loadtest_random_unit(struct loadtest_random *random)
{
    return (double)(loadtest_random_next(random) >> 11) * 0x1p-53;
}

/* In [0, count); count is not 0. The bias, below count / 2^32, is of no matter here. */
static inline uint32_t loadtest_random_below(struct loadtest_random *random, uint32_t count)
{
    return (uint32_t)((loadtest_random_next(random) >> 32) * count >> 32);
}

#endif
