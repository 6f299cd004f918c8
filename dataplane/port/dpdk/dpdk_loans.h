/* Payloads that packet buffers point to, and their tokens.
 *
 *   free ──take──> with the caller ──lend──> in packet buffers ──DPDK frees the last──┐
 *    ^                   └──────────────────return──────────────────────────────────> ready
 *    └───────────────────────────────────fetch────────────────────────────────────────┘
 *
 * The queue's thread takes, lends and fetches; DPDK may free in any thread, so ready is a ring. */
#ifndef DATAPLANE_PORT_DPDK_DPDK_LOANS_H
#define DATAPLANE_PORT_DPDK_DPDK_LOANS_H

#include "dataplane/port/port.h"

#include <rte_mbuf.h>
#include <rte_ring.h>

struct dpdk_loan {
    struct rte_mbuf_ext_shared_info shared; /* DPDK: rw */
    struct rte_ring *ready;
    uint64_t token;
};

struct dpdk_loans {
    struct dpdk_loan *loans; /* owned, PORT_MAX_TOKENS */
    struct dpdk_loan **free; /* owned, a stack */
    uint32_t free_count;
    struct rte_ring *ready; /* owned; holds all of them */
};

/* The name is unique in the process. 0 or a negative errno. */
int dpdk_loans_init(struct dpdk_loans *loans, const char *name, int socket);
void dpdk_loans_fini(struct dpdk_loans *loans); /* accepts a zeroed one; nothing is lent any more */

/* The token comes back from fetch, without having been lent. */
void dpdk_loans_return(struct dpdk_loans *loans, uint64_t token);

/* Makes this empty packet buffer point to the payload; the token comes back once nobody does. */
void dpdk_loans_lend(struct dpdk_loans *loans, struct rte_mbuf *mbuf, const uint8_t *payload,
                     uint16_t bytes, rte_iova_t iova, uint64_t token);

uint32_t dpdk_loans_fetch(struct dpdk_loans *loans, uint64_t *tokens, uint32_t count);

static inline uint32_t dpdk_loans_out(const struct dpdk_loans *loans)
{
    return PORT_MAX_TOKENS - loans->free_count;
}

#endif
