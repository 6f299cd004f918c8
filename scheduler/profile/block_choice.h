/* Which blocks of consecutive layers are worth measuring, and can be in the time there is. */
#ifndef SCHEDULER_PROFILE_BLOCK_CHOICE_H
#define SCHEDULER_PROFILE_BLOCK_CHOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum block_mode {
    BLOCKS_FITTING, /* between legal cuts, as many as fit the time; the default */
    BLOCKS_ALL, /* every first <= last */
    BLOCKS_UP_TO, /* every one of at most `length` layers; 0: none */
};

struct block_wish {
    enum block_mode mode;
    uint32_t length; /* BLOCKS_UP_TO */
    double budget_ms; /* BLOCKS_FITTING: for one run of each block */
};

/* The boundaries of a network: boundary k lies after layer k, 0..layer_count. */
struct block_network {
    uint32_t layer_count;
    const bool *can_cut; /* a run can start or end here at all */
    const bool *is_legal; /* and few enough tensors cross for a request */
    const double *layer_ms; /* [layer_count] */
};

struct block_choice {
    const struct block_network *network;
    enum block_mode mode;
    bool has_ends; /* BLOCKS_FITTING: all that start or end the network: plans with one cut */
    uint32_t length; /* others of at most this many layers */
    uint64_t count, possible_count; /* chosen; of `mode` without regard to time */
    double run_ms; /* for one run of each chosen block, about */
    double possible_ms; /* for one run of each possible one */
};

/* The network stays the caller's and must outlive the choice. */
void block_choose(struct block_choice *choice, const struct block_network *network,
                  const struct block_wish *wish);

bool block_is_chosen(const struct block_choice *choice, uint32_t first, uint32_t last);

#endif
