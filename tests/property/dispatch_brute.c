/* The best that one worker could do, by trying everything: the least time (or cost) to each state,
 * which is where everybody stands. A state's number is written in digits, one a request, so that
 * whatever is done leads to a larger one. Earlier at the same state is never worse. */
#include "tests/property/dispatch_brute.h"

#include <stdbool.h>

enum { STATES = 78125 }; /* BRUTE_CUTS to the power of BRUTE_REQUESTS */

struct search {
    const struct brute *brute;
    uint32_t members; /* bits: those that are to be in time; nobody else is run */
    uint32_t weight[BRUTE_REQUESTS]; /* of the digit */
    uint64_t best[STATES]; /* UINT64_MAX: not reached */
};

static uint32_t digit(const struct search *search, uint32_t state, uint32_t i)
{
    return state / search->weight[i] % search->brute->cut_count;
}

/* Members that stand at the cut and are to go on. */
static uint32_t standing(const struct search *search, uint32_t state, uint32_t cut)
{
    uint32_t bits = 0;
    for (uint32_t i = 0; i < search->brute->count; i++)
        if (search->members >> i & 1 && digit(search, state, i) == cut &&
            cut < search->brute->to[i])
            bits |= UINT32_C(1) << i;
    return bits;
}

static uint32_t unfinished(const struct search *search, uint32_t state)
{
    uint32_t count = 0;
    for (uint32_t cut = 0; cut < search->brute->cut_count; cut++)
        count += (uint32_t)__builtin_popcount(standing(search, state, cut));
    return count;
}

static uint32_t first_state(struct search *search)
{
    uint32_t weight = 1, state = 0;
    for (uint32_t i = 0; i < search->brute->count; i++) {
        search->weight[i] = weight;
        state += weight * search->brute->from[i];
        weight *= search->brute->cut_count;
    }
    for (uint32_t i = 0; i < weight; i++)
        search->best[i] = UINT64_MAX;
    search->best[state] = 0;
    return state;
}

static uint32_t after(const struct search *search, uint32_t state, uint32_t rows)
{
    for (uint32_t i = 0; i < search->brute->count; i++)
        state += rows >> i & 1 ? search->weight[i] : 0;
    return state;
}

/* When the rows have gone through the layer; UINT64_MAX: one of them is done too late. */
static uint64_t done_ns(const struct search *search, uint32_t cut, uint32_t rows, uint64_t now_ns)
{
    const struct brute *brute = search->brute;
    for (uint32_t i = 0; i < brute->count; i++)
        if (rows >> i & 1 && brute->comes_ns[i] > now_ns)
            now_ns = brute->comes_ns[i];
    now_ns += brute->layer_ns[cut][__builtin_popcount(rows)];
    for (uint32_t i = 0; i < brute->count; i++)
        if (rows >> i & 1 && brute->to[i] == cut + 1 && now_ns > brute->due_ns[i])
            return UINT64_MAX;
    return now_ns;
}

/* From each state everything that can be done. The best for all members; UINT64_MAX: not possible.
 */
static uint64_t try_all(struct search *search, bool is_sum)
{
    const struct brute *brute = search->brute;
    const uint32_t first = first_state(search);
    uint32_t last = first;
    for (uint32_t i = 0; i < brute->count; i++)
        if (search->members >> i & 1)
            last += search->weight[i] * (brute->to[i] - brute->from[i]);
    for (uint32_t state = first; state < last; state++) {
        const uint64_t best = search->best[state];
        const uint32_t left = best == UINT64_MAX ? 0 : unfinished(search, state);
        for (uint32_t cut = 0; left && cut + 1 < brute->cut_count; cut++) {
            const uint32_t all = standing(search, state, cut);
            for (uint32_t rows = all; rows; rows = (rows - 1) & all) {
                const uint64_t cost_ns = brute->layer_ns[cut][__builtin_popcount(rows)];
                const uint64_t reached =
                    is_sum ? best + left * cost_ns : done_ns(search, cut, rows, best);
                uint64_t *known = &search->best[after(search, state, rows)];
                *known = reached < *known ? reached : *known;
            }
        }
    }
    return search->best[last];
}

uint32_t brute_most_in_time(const struct brute *brute)
{
    struct search search = {.brute = brute};
    for (uint32_t most = brute->count; most; most--)
        for (uint32_t members = 1; members < UINT32_C(1) << brute->count; members++) {
            search.members = members;
            if ((uint32_t)__builtin_popcount(members) == most &&
                try_all(&search, false) != UINT64_MAX)
                return most;
        }
    return 0;
}

uint64_t brute_least_sum_ns(const struct brute *brute)
{
    struct search search = {.brute = brute, .members = (UINT32_C(1) << brute->count) - 1};
    return try_all(&search, true);
}
