/* Random numbers for decisions that clients must not all make alike: SplitMix64. */
#ifndef SCHEDULER_CLIENT_CHANCE_H
#define SCHEDULER_CLIENT_CHANCE_H

#include <stdint.h>

/* In [0, 1). *state is the caller's: any number to begin with, another one for each client. Steele,
 * Lea, Flood: "Fast splittable pseudorandom number generators", 2014. */
static inline double chance_unit(uint64_t *state)
{
    uint64_t mixed = *state += 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebu;
    return (double)((mixed ^ mixed >> 31) >> 11) * 0x1p-53;
}

#endif
