/* A byte is unsent, in flight, lost or acknowledged; only the lost ones need a set: whatever is in
 * none of the others has arrived. */
#include "dataplane/proto/outbound.h"

#include <assert.h>

void jtp_outbound_init(struct jtp_outbound *outbound, const uint8_t *bytes, uint32_t total_bytes,
                       uint32_t granted_bytes, struct jtp_range *ranges, uint32_t range_count)
{
    *outbound = (struct jtp_outbound){.bytes = bytes, .total_bytes = total_bytes};
    jtp_range_set_init(&outbound->lost, ranges, range_count);
    jtp_outbound_grant(outbound, granted_bytes);
}

void jtp_outbound_grant(struct jtp_outbound *outbound, uint32_t granted_bytes)
{
    if (granted_bytes > outbound->total_bytes)
        granted_bytes = outbound->total_bytes;
    if (granted_bytes > outbound->granted_bytes)
        outbound->granted_bytes = granted_bytes;
}

void jtp_outbound_restart(struct jtp_outbound *outbound)
{
    outbound->next = 0;
    outbound->in_flight = 0;
    outbound->lost.count = 0;
}

bool jtp_outbound_has_next(const struct jtp_outbound *outbound)
{
    return outbound->lost.count > 0 || outbound->next < outbound->granted_bytes;
}

bool jtp_outbound_take(struct jtp_outbound *outbound, uint32_t length, struct jtp_range *range)
{
    assert(length > 0);
    if (outbound->lost.count > 0) {
        *range = jtp_range_set_take(&outbound->lost, length);
    } else if (outbound->next < outbound->granted_bytes) {
        uint32_t left = outbound->granted_bytes - outbound->next;
        uint32_t taken = left < length ? left : length;
        *range = (struct jtp_range){outbound->next, (uint64_t)outbound->next + taken};
        outbound->next += taken;
    } else {
        return false;
    }
    outbound->in_flight++;
    return true;
}

void jtp_outbound_acked(struct jtp_outbound *outbound)
{
    assert(outbound->in_flight > 0);
    outbound->in_flight--;
}

void jtp_outbound_again(struct jtp_outbound *outbound, uint32_t offset, uint32_t length)
{
    assert(length > 0);
    jtp_range_set_cover(&outbound->lost, offset, (uint64_t)offset + length);
}

void jtp_outbound_lost(struct jtp_outbound *outbound)
{
    assert(outbound->in_flight > 0);
    outbound->in_flight--;
}

bool jtp_outbound_is_done(const struct jtp_outbound *outbound)
{
    return outbound->next == outbound->total_bytes && outbound->in_flight == 0 &&
           outbound->lost.count == 0;
}
