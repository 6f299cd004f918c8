/* SipHash-2-4, a keyed 64-bit hash: cookies cannot be forged with it, nor hash tables flooded. */
#ifndef DATAPLANE_PROTO_SIPHASH_H
#define DATAPLANE_PROTO_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct jtp_key {
    uint8_t bytes[16];
};

/* As in Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012). */
uint64_t jtp_siphash(const struct jtp_key *key, const void *bytes, size_t count);

#endif
