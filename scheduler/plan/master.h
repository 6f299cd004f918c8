/* The best mixture of known plans within bounds: a linear program of one row for each bound and one
 * for the shares, by the simplex method. Its prices say which plan to look for next. */
#ifndef SCHEDULER_PLAN_MASTER_H
#define SCHEDULER_PLAN_MASTER_H

#include <stdbool.h>

enum {
    SPLIT_MASTER_BOUNDS = 2,
    SPLIT_MASTER_ROWS = SPLIT_MASTER_BOUNDS + 1,
};

enum split_master_kind {
    SPLIT_MASTER_PLAN,
    SPLIT_MASTER_SLACK, /* what is left of a bound */
    SPLIT_MASTER_EXCESS, /* what is missing of it */
};

struct split_master_column {
    enum split_master_kind kind;
    double cost, uses[SPLIT_MASTER_BOUNDS]; /* of a plan */
    unsigned bound; /* of a slack or an excess */
    unsigned slot; /* of a plan: the caller's name for it */
    double share; /* of the mixture */
};

struct split_master {
    unsigned bound_count;
    double limits[SPLIT_MASTER_BOUNDS];
    struct split_master_column basis[SPLIT_MASTER_ROWS]; /* [bound_count + 1] */
};

/* What a plan must have to improve the mixture: cost + sum of multiplier * uses below the rest. */
struct split_master_prices {
    double multipliers[SPLIT_MASTER_BOUNDS]; /* not negative */
    double value; /* of the mixture: its cost, or what its bounds are missed by in sum */
    bool is_within; /* the bounds are met, so cost counts; else cost is left out */
};

/* A mixture of this plan alone. limits are the caller's to set first. */
void split_master_start(struct split_master *master, const struct split_master_column *plan);

/* Makes the mixture the best of what it has; false: the numbers do not allow it, give up. */
bool split_master_price(struct split_master *master, struct split_master_prices *prices);

/* Takes a plan in, and lets another column go. false: as above. */
bool split_master_enter(struct split_master *master, const struct split_master_column *plan);

#endif
