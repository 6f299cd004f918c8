/* Random instances for the planner: a profile, conditions and a goal from a seed. */
#ifndef TESTS_PROPERTY_RANDOM_SPLIT_H
#define TESTS_PROPERTY_RANDOM_SPLIT_H

#include "scheduler/plan/plan.h"

#include <stdint.h>

enum random_split_shape {
    RANDOM_SPLIT_CHAIN, /* as the paper has it, single layers */
    RANDOM_SPLIT_BLOCKS, /* a chain with some or all of the blocks */
    RANDOM_SPLIT_SKIPS, /* a chain with skips of the tensor's bytes and of others */
    RANDOM_SPLIT_DAG, /* layers with any inputs */
    RANDOM_SPLIT_MIXED, /* a DAG with blocks and skips */
    RANDOM_SPLIT_SHAPES,
};

struct random_split {
    uint64_t state; /* of the random numbers */
    enum random_split_shape shape;
    enum split_mode mode;
    bool is_dyadic; /* every number on a coarse grid of binary fractions: ties are met exactly */
    struct split_profile profile;
    struct split_problem problem;
    struct split_conditions conditions;
    uint32_t *cut_layers;
    double *remaining_ms;
    uint32_t *inputs;
};

/* A number below `below`, which is above 0. */
uint32_t random_split_below(struct random_split *random, uint32_t below);

/* An instance with 1 to max_layers layers and a problem with at most max_steps steps; exits the
 * program where memory is short. */
void random_split_init(struct random_split *random, uint64_t seed, enum random_split_shape shape,
                       uint32_t max_layers, uint32_t max_steps);
void random_split_fini(struct random_split *random);

/* Any plan of the instance's: parts has room for as many as there are steps. */
uint32_t random_split_plan(struct random_split *random, struct split_part *parts);

/* A goal with some bounds, some loose, some met exactly by a plan, some beyond reach. */
void random_split_goal(struct random_split *random, struct split_goal *goal);

#endif
