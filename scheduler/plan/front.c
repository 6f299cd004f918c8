/* A Pareto front over a cost and up to two uses, from labels in any order.
 *
 * Labels are gathered, and compacted when they are twice as many as the last compaction left:
 * sorted by key, then uses, so that whatever dominates a label stands before it. With one use, a
 * label is kept if its use is below all before it. With two, the uses of the kept ones form a
 * staircase, and a binary search finds the one step that can dominate. O(log) a label either way,
 * amortised. */
#include "scheduler/plan/front.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_ROOM = 256,
};

void split_front_init(struct split_front *front, size_t *bytes_left)
{
    *front = (struct split_front){.bytes_left = bytes_left};
}

void split_front_fini(struct split_front *front)
{
    if (!front)
        return;
    free(front->labels);
    free(front->scratch);
    free(front->stairs);
    *front = (struct split_front){0};
}

void split_front_clear(struct split_front *front, unsigned use_count)
{
    front->count = front->kept = 0;
    front->use_count = use_count;
}

static int grow(struct split_front *front)
{
    const size_t room = front->room ? 2 * front->room : FIRST_ROOM;
    const size_t more =
        (room - front->room) * (2 * sizeof(struct split_label) + sizeof(struct split_stair));
    if (more > *front->bytes_left)
        return -E2BIG;
    struct split_label *labels = reallocarray(front->labels, room, sizeof(*labels));
    if (labels)
        front->labels = labels;
    struct split_label *scratch = reallocarray(front->scratch, room, sizeof(*scratch));
    if (scratch)
        front->scratch = scratch;
    struct split_stair *stairs = reallocarray(front->stairs, room, sizeof(*stairs));
    if (stairs)
        front->stairs = stairs;
    if (!labels || !scratch || !stairs)
        return -ENOMEM;
    front->room = room;
    *front->bytes_left -= more;
    return 0;
}

int split_front_make_room(struct split_front *front)
{
    if (front->count >= 2 * front->kept)
        split_front_compact(front);
    return 2 * front->count > front->room || !front->room ? grow(front) : 0;
}

static bool is_before(const struct split_label *a, const struct split_label *b)
{
    if (a->key < b->key || a->key > b->key)
        return a->key < b->key;
    if (a->uses[0] < b->uses[0] || a->uses[0] > b->uses[0])
        return a->uses[0] < b->uses[0];
    return a->uses[1] < b->uses[1];
}

static size_t run_end(const struct split_label *labels, size_t from, size_t count)
{
    if (from == count)
        return count;
    for (from++; from < count && !is_before(&labels[from], &labels[from - 1]); from++)
        ;
    return from;
}

/* Sorts a short array, in place. */
static void insert_all(struct split_label *labels, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const struct split_label label = labels[i];
        size_t at = i;
        for (; at && is_before(&label, &labels[at - 1]); at--)
            labels[at] = labels[at - 1];
        labels[at] = label;
    }
}

/* Merges neighbouring runs until there is one: labels come as one run for each arc. Stable. */
static void sort(struct split_front *front)
{
    const size_t count = front->count;
    if (count <= 16) {
        insert_all(front->labels, count);
        return;
    }
    while (run_end(front->labels, 0, count) < count) {
        const struct split_label *from = front->labels;
        struct split_label *to = front->scratch;
        for (size_t start = 0; start < count;) {
            size_t middle = run_end(from, start, count), end = run_end(from, middle, count);
            size_t a = start, b = middle;
            for (size_t i = start; i < end; i++)
                to[i] = b == end || (a < middle && !is_before(&from[b], &from[a])) ? from[a++]
                                                                                   : from[b++];
            start = end;
        }
        front->scratch = front->labels;
        front->labels = to;
    }
}

/* The number of steps whose first use is at most this. */
static size_t stairs_below(const struct split_stair *stairs, size_t count, double use)
{
    size_t low = 0;
    while (low < count) {
        size_t middle = low + (count - low) / 2;
        if (stairs[middle].uses[0] <= use)
            low = middle + 1;
        else
            count = middle;
    }
    return low;
}

/* The first use rises along the stairs, the second falls. False if one of them dominates. */
static bool take_stair(struct split_stair *stairs, size_t *count, const double uses[2])
{
    size_t at = stairs_below(stairs, *count, uses[0]);
    if (at && stairs[at - 1].uses[1] <= uses[1])
        return false;
    if (at && stairs[at - 1].uses[0] >= uses[0])
        at--;
    size_t end = at;
    while (end < *count && stairs[end].uses[1] >= uses[1])
        end++;
    memmove(&stairs[at + 1], &stairs[end], (*count - end) * sizeof(*stairs));
    stairs[at] = (struct split_stair){{uses[0], uses[1]}};
    *count = *count - (end - at) + 1;
    return true;
}

static void keep_one_use(struct split_front *front)
{
    double least = INFINITY;
    for (size_t i = 0; i < front->count; i++)
        if (front->labels[i].uses[0] < least) {
            least = front->labels[i].uses[0];
            front->labels[front->kept++] = front->labels[i];
        }
}

static void keep_two_uses(struct split_front *front)
{
    size_t stair_count = 0;
    for (size_t i = 0; i < front->count; i++)
        if (take_stair(front->stairs, &stair_count, front->labels[i].uses))
            front->labels[front->kept++] = front->labels[i];
}

void split_front_compact(struct split_front *front)
{
    sort(front);
    front->kept = 0;
    if (front->use_count == 2)
        keep_two_uses(front);
    else
        keep_one_use(front);
    front->count = front->kept;
}
