/* Random networks for the planner, and the best of all plans of a small one, one after the other.
 */
#ifndef TESTS_UNIT_SPLIT_CASE_H
#define TESTS_UNIT_SPLIT_CASE_H

#include "scheduler/plan/solve.h"

enum {
    SPLIT_CASE_LAYERS = 1000,
    SPLIT_CASE_CUTS = 16,
};

struct split_random {
    uint64_t state;
};

double split_random_unit(struct split_random *random); /* from 0 to below 1 */
uint32_t split_random_below(struct split_random *random, uint32_t end);

struct split_case_config {
    uint32_t layer_count;
    bool has_all_blocks; /* else block_share of them */
    double block_share;
    double skip_share; /* of layers that have a skip from before them */
    bool has_branches; /* layers take several inputs of any layer before them */
    bool is_whole; /* small whole numbers: many plans are equal */
};

struct split_case {
    struct split_profile profile;
    struct split_conditions conditions;
    uint32_t cut_layers[SPLIT_CASE_CUTS];
    double remaining_ms[SPLIT_CASE_CUTS];
    uint32_t *inputs;
};

void split_case_init(struct split_case *one, const struct split_case_config *config,
                     struct split_random *random);
void split_case_fini(struct split_case *one);

/* Gives the load round trips and waits, or (cut_count > 1) the server's own figures. */
void split_case_load(struct split_case *one, uint32_t cut_count, struct split_random *random);

enum split_case_criterion {
    LATENCY,
    ENERGY,
    CLOUD_TIME,
};

double split_case_value(const struct split_totals *totals, enum split_case_criterion criterion);

/* The plan with the least of the criterion, by evaluating each: false if none keeps the bounds. */
bool split_case_brute(const struct split_problem *problem,
                      const struct split_conditions *conditions, const struct split_goal *goal,
                      enum split_case_criterion criterion, struct split_totals *best);

#endif
