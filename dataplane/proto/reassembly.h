/* A message that arrives: each byte is put in its place once, and never changed afterwards. */
#ifndef DATAPLANE_PROTO_REASSEMBLY_H
#define DATAPLANE_PROTO_REASSEMBLY_H

#include "dataplane/proto/range_set.h"

struct jtp_reassembly {
    uint8_t *bytes; /* where the message goes */
    uint32_t total_bytes, received_bytes;
    struct jtp_range_set ranges;
};

/* ranges: the caller's memory for at least 2. */
void jtp_reassembly_init(struct jtp_reassembly *reassembly, uint8_t *bytes, uint32_t total_bytes,
                         struct jtp_range *ranges, uint32_t range_count);

/* Puts length bytes at offset; what is there already stays. Returns how many were new; -ERANGE:
 * they reach beyond the message; -ENOSPC: too many gaps, nothing was put. Bytes that continue what
 * is complete from offset 0 on always find room. */
int64_t jtp_reassembly_add(struct jtp_reassembly *reassembly, uint32_t offset,
                           const uint8_t *payload, uint32_t length);

static inline bool jtp_reassembly_is_complete(const struct jtp_reassembly *reassembly)
{
    return reassembly->received_bytes == reassembly->total_bytes;
}

#endif
