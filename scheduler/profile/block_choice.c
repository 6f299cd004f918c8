/* Chooses blocks: first those that plans with one cut are made of, then the short ones. */
#include "scheduler/profile/block_choice.h"

static bool is_possible(const struct block_network *network, enum block_mode mode, uint32_t first,
                        uint32_t last)
{
    if (mode == BLOCKS_FITTING)
        return network->is_legal[first - 1] && network->is_legal[last];
    return network->can_cut[first - 1] && network->can_cut[last];
}

bool block_is_chosen(const struct block_choice *choice, uint32_t first, uint32_t last)
{
    const struct block_network *network = choice->network;
    if (!is_possible(network, choice->mode, first, last))
        return false;
    bool is_end = first == 1 || last == network->layer_count;
    return (choice->has_ends && is_end) || last - first < choice->length;
}

/* How many blocks, and how long one run of each takes: by length, and of those at the ends. */
struct tally {
    uint64_t count;
    double ms;
};

static struct tally tally_up(const struct block_choice *choice)
{
    struct tally tally = {0};
    const struct block_network *network = choice->network;
    for (uint32_t first = 1; first <= network->layer_count; first++) {
        double ms = 0;
        for (uint32_t last = first; last <= network->layer_count; last++) {
            ms += network->layer_ms[last - 1];
            if (!block_is_chosen(choice, first, last))
                continue;
            tally.count++;
            tally.ms += ms;
        }
    }
    return tally;
}

void block_choose(struct block_choice *choice, const struct block_network *network,
                  const struct block_wish *wish)
{
    const uint32_t all = network->layer_count;
    *choice = (struct block_choice){.network = network, .mode = wish->mode, .length = all};
    struct tally tally = tally_up(choice);
    choice->possible_count = tally.count;
    choice->possible_ms = tally.ms;
    if (wish->mode == BLOCKS_UP_TO)
        choice->length = wish->length;
    if (wish->mode == BLOCKS_FITTING && tally.ms > wish->budget_ms) {
        choice->has_ends = true;
        choice->length = 0;
        choice->has_ends = tally_up(choice).ms <= wish->budget_ms;
        /* The longest length that fits, between one that does and one that does not. */
        uint32_t fits = 0, exceeds = all;
        while (exceeds - fits > 1) {
            choice->length = fits + (exceeds - fits) / 2;
            if (tally_up(choice).ms <= wish->budget_ms)
                fits = choice->length;
            else
                exceeds = choice->length;
        }
        choice->length = fits;
    }
    tally = tally_up(choice);
    choice->count = tally.count;
    choice->run_ms = tally.ms;
}
