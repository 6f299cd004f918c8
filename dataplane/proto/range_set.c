/* A sorted array: sets here are small, and most additions touch the last range. */
#include "dataplane/proto/range_set.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

void jtp_range_set_init(struct jtp_range_set *set, struct jtp_range *memory, uint32_t capacity)
{
    *set = (struct jtp_range_set){.ranges = memory, .capacity = capacity};
}

/* The first range that ends at or after number: the first that [number, ...) can touch. */
static uint32_t touching(const struct jtp_range_set *set, uint64_t number)
{
    uint32_t low = 0, high = set->count;
    if (high > 0 && set->ranges[high - 1].first <= number)
        return set->ranges[high - 1].end >= number ? high - 1 : high;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (set->ranges[middle].end < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void move(struct jtp_range_set *set, uint32_t from, uint32_t to)
{
    memmove(set->ranges + to, set->ranges + from, (set->count - from) * sizeof(set->ranges[0]));
    set->count = set->count - from + to;
}

int jtp_range_set_add(struct jtp_range_set *set, uint64_t first, uint64_t end)
{
    assert(first < end);
    uint32_t at = touching(set, first), after = at;
    while (after < set->count && set->ranges[after].first <= end)
        after++;
    if (at == after) {
        if (set->count == set->capacity)
            return -ENOSPC;
        move(set, at, at + 1);
        set->ranges[at] = (struct jtp_range){first, end};
        return 0;
    }
    struct jtp_range *merged = &set->ranges[at];
    if (first < merged->first)
        merged->first = first;
    uint64_t last_end = set->ranges[after - 1].end;
    merged->end = end > last_end ? end : last_end;
    if (after > at + 1)
        move(set, after, at + 1);
    return 0;
}

void jtp_range_set_cover(struct jtp_range_set *set, uint64_t first, uint64_t end)
{
    assert(set->capacity > 0);
    if (jtp_range_set_add(set, first, end) == 0)
        return;
    /* The gap to a neighbour, or between two others: whichever adds least. */
    uint32_t at = touching(set, first), narrowest = 0;
    uint64_t least = UINT64_MAX;
    for (uint32_t i = 0; i + 1 < set->count; i++) {
        uint64_t gap = set->ranges[i + 1].first - set->ranges[i].end;
        if (gap < least) {
            least = gap;
            narrowest = i;
        }
    }
    uint64_t below = at > 0 ? first - set->ranges[at - 1].end : UINT64_MAX;
    uint64_t above = at < set->count ? set->ranges[at].first - end : UINT64_MAX;
    if (below <= above && below <= least)
        first = set->ranges[at - 1].end;
    else if (above <= least)
        end = set->ranges[at].first;
    else
        jtp_range_set_add(set, set->ranges[narrowest].end, set->ranges[narrowest + 1].first);
    jtp_range_set_add(set, first, end);
}

bool jtp_range_set_holds(const struct jtp_range_set *set, uint64_t first, uint64_t end)
{
    struct jtp_range gap;
    return !jtp_range_set_gap(set, first, end, &gap);
}

bool jtp_range_set_gap(const struct jtp_range_set *set, uint64_t first, uint64_t end,
                       struct jtp_range *gap)
{
    uint32_t at = touching(set, first);
    if (at < set->count && set->ranges[at].first <= first) {
        first = set->ranges[at].end;
        at++;
    }
    if (first >= end)
        return false;
    if (at < set->count && set->ranges[at].first < end)
        end = set->ranges[at].first;
    *gap = (struct jtp_range){first, end};
    return true;
}

struct jtp_range jtp_range_set_take(struct jtp_range_set *set, uint64_t count)
{
    assert(set->count > 0);
    struct jtp_range *lowest = &set->ranges[0];
    struct jtp_range taken = *lowest;
    if (taken.end - taken.first > count) {
        taken.end = taken.first + count;
        lowest->first = taken.end;
    } else {
        jtp_range_set_drop_lowest(set);
    }
    return taken;
}

void jtp_range_set_drop_lowest(struct jtp_range_set *set)
{
    assert(set->count > 0);
    move(set, 1, 0);
}
