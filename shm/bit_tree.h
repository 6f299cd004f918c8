/* A set of numbers below 4096 that gives its lowest in two steps: 64 words under a summary. */
#ifndef SHM_BIT_TREE_H
#define SHM_BIT_TREE_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#define BIT_TREE_MAX 4096u

struct bit_tree {
    uint64_t summary; /* bit i: word[i] is not 0 */
    uint64_t word[64];
};

static inline void bit_tree_add(struct bit_tree *tree, uint32_t number)
{
    assert(number < BIT_TREE_MAX);
    tree->word[number / 64] |= UINT64_C(1) << (number % 64);
    tree->summary |= UINT64_C(1) << (number / 64);
}

static inline void bit_tree_remove(struct bit_tree *tree, uint32_t number)
{
    assert(number < BIT_TREE_MAX);
    tree->word[number / 64] &= ~(UINT64_C(1) << (number % 64));
    if (tree->word[number / 64] == 0)
        tree->summary &= ~(UINT64_C(1) << (number / 64));
}

static inline bool bit_tree_has(const struct bit_tree *tree, uint32_t number)
{
    return number < BIT_TREE_MAX && (tree->word[number / 64] >> (number % 64) & 1);
}

static inline bool bit_tree_is_empty(const struct bit_tree *tree)
{
    return tree->summary == 0;
}

/* The tree must not be empty. */
static inline uint32_t bit_tree_lowest(const struct bit_tree *tree)
{
    assert(tree->summary != 0);
    const uint32_t word = (uint32_t)__builtin_ctzll(tree->summary);
    return word * 64 + (uint32_t)__builtin_ctzll(tree->word[word]);
}

#endif
