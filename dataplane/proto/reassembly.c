/* Only the gaps are copied into, so a message once whole cannot be altered by a late duplicate. */
#include "dataplane/proto/reassembly.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

void jtp_reassembly_init(struct jtp_reassembly *reassembly, uint8_t *bytes, uint32_t total_bytes,
                         struct jtp_range *ranges, uint32_t range_count)
{
    assert(range_count >= 2);
    *reassembly = (struct jtp_reassembly){.bytes = bytes, .total_bytes = total_bytes};
    jtp_range_set_init(&reassembly->ranges, ranges, range_count);
}

/* One range is kept for the message's beginning: with it the first gap can always be narrowed. */
static bool has_room(const struct jtp_range_set *set, uint32_t offset)
{
    bool has_beginning = set->count > 0 && set->ranges[0].first == 0;
    return offset == 0 || set->count + (has_beginning ? 0 : 1) < set->capacity;
}

int64_t jtp_reassembly_add(struct jtp_reassembly *reassembly, uint32_t offset,
                           const uint8_t *payload, uint32_t length)
{
    struct jtp_range_set *set = &reassembly->ranges;
    if (offset > reassembly->total_bytes || length > reassembly->total_bytes - offset)
        return -ERANGE;
    uint64_t end = (uint64_t)offset + length;
    struct jtp_range gap;
    if (length == 0 || !jtp_range_set_gap(set, offset, end, &gap))
        return 0;
    /* A range that touches one that is there needs no room: a set without change of count. */
    bool is_touching = gap.first > offset || gap.end < end ||
                       (offset > 0 && jtp_range_set_holds(set, offset - 1u, offset)) ||
                       jtp_range_set_holds(set, end, end + 1);
    if (!is_touching && !has_room(set, offset))
        return -ENOSPC;
    int64_t added = 0;
    for (uint64_t from = offset; jtp_range_set_gap(set, from, end, &gap); from = gap.end) {
        memcpy(reassembly->bytes + gap.first, payload + (gap.first - offset),
               (size_t)(gap.end - gap.first));
        added += (int64_t)(gap.end - gap.first);
    }
    int status = jtp_range_set_add(set, offset, end);
    assert(status == 0);
    (void)status;
    reassembly->received_bytes += (uint32_t)added;
    return added;
}
