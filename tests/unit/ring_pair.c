/* net_ring devices over two rings; frames that tests inject come from a pool of their own. */
#include "tests/unit/ring_pair.h"

#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <stdio.h>
#include <string.h>

static struct rte_mempool *injected(void)
{
    struct rte_mempool *pool = rte_mempool_lookup("ring_pair");
    return pool ? pool
                : rte_pktmbuf_pool_create("ring_pair", 2048, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
                                          SOCKET_ID_ANY);
}

bool ring_pair_init(struct ring_pair *pair, const char *name)
{
    for (unsigned i = 0; i < 2; i++) {
        snprintf(pair->names[i], sizeof(pair->names[i]), "%s%u", name, i);
        pair->rings[i] =
            rte_ring_create(pair->names[i], RING_PAIR_FRAMES, SOCKET_ID_ANY, RING_F_EXACT_SZ);
        if (!pair->rings[i])
            return false;
    }
    for (unsigned i = 0; i < 2; i++) {
        const int id = rte_eth_from_rings(pair->names[i], &pair->rings[i], 1, &pair->rings[1 - i],
                                          1, SOCKET_ID_ANY);
        if (id < 0)
            return false;
        char device[RTE_ETH_NAME_MAX_LEN];
        if (rte_eth_dev_get_name_by_port((uint16_t)id, device))
            return false;
        snprintf(pair->names[i], sizeof(pair->names[i]), "%s", device);
    }
    return true;
}

void ring_pair_drain(struct ring_pair *pair)
{
    void *mbuf;
    for (unsigned i = 0; i < 2; i++)
        while (rte_ring_dequeue(pair->rings[i], &mbuf) == 0)
            rte_pktmbuf_free(mbuf);
}

bool ring_pair_inject(struct ring_pair *pair, unsigned to, const uint8_t *frame, uint32_t bytes)
{
    struct rte_mempool *pool = injected();
    struct rte_mbuf *mbuf = pool ? rte_pktmbuf_alloc(pool) : NULL;
    if (!mbuf)
        return false;
    memcpy(rte_pktmbuf_append(mbuf, (uint16_t)bytes), frame, bytes);
    if (rte_ring_enqueue(pair->rings[to], mbuf) == 0)
        return true;
    rte_pktmbuf_free(mbuf);
    return false;
}
