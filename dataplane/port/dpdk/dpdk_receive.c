/* Receiving: frames of the device and of other queues, read, told apart and lent. */
#include "dataplane/port/dpdk/dpdk_queue.h"

#include <assert.h>

static struct net_hint hint_of(const struct rte_mbuf *mbuf, bool verifies_sums)
{
    const uint64_t flags = mbuf->ol_flags;
    return (struct net_hint){
        .ip_sum_is_right =
            !verifies_sums || (flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_GOOD,
        .udp_sum_is_right =
            !verifies_sums || (flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_GOOD,
        .has_tag = flags & RTE_MBUF_F_RX_VLAN_STRIPPED,
        .tag = mbuf->vlan_tci,
    };
}

/* All datagrams of one sender belong to one queue, whoever received them. */
static uint32_t queue_of(const struct dpdk_queue *queue, const struct net_frame *frame)
{
    uint64_t half[2];
    memcpy(half, frame->from, sizeof(half));
    uint64_t hash = (half[0] ^ frame->from_port) * UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ hash >> 32 ^ half[1]) * UINT64_C(0xbf58476d1ce4e5b9);
    return (uint32_t)((hash >> 32) * queue->shared->queue_count >> 32);
}

static void hand_off(struct dpdk_queue *queue, uint32_t to, struct rte_mbuf *mbuf)
{
    if (rte_ring_enqueue(queue->queues[to].hand_off, mbuf) != 0) {
        dpdk_count(&queue->counters.missed, 1);
        rte_pktmbuf_free(mbuf);
    }
}

static void lend(struct dpdk_queue *queue, struct rte_mbuf *mbuf, const struct net_frame *frame,
                 struct port_received *received)
{
    const struct net_host *host = &queue->shared->host;
    *received = (struct port_received){
        .from = {.port = frame->from_port,
                 /* Answers leave from the address that was asked. */
                 .route = host->v6.is_set && net_ip_equal(frame->to, host->link_local)},
        .bytes = rte_pktmbuf_mtod_offset(mbuf, const uint8_t *, frame->offset),
        .count = frame->bytes,
    };
    memcpy(received->from.ip, frame->from, NET_IP_BYTES);
    queue->lent[queue->lent_count++] = mbuf;
    dpdk_count(&queue->counters.received, 1);
    dpdk_count(&queue->counters.received_bytes, frame->bytes);
}

/* Takes the packet buffer. Returns how many datagrams it was: 0 or 1. */
static uint32_t take(struct dpdk_queue *queue, struct rte_mbuf *mbuf, bool may_hand_off,
                     struct port_received *received, uint64_t now_ns)
{
    struct dpdk_shared *shared = queue->shared;
    if (rte_pktmbuf_linearize(mbuf) != 0) {
        dpdk_count(&queue->counters.missed, 1);
        rte_pktmbuf_free(mbuf);
        return 0;
    }
    const uint8_t *bytes = rte_pktmbuf_mtod(mbuf, const uint8_t *);
    struct net_hint hint = hint_of(mbuf, shared->verifies_sums);
    struct net_frame frame;
    if (may_hand_off) {
        /* Only to learn whose it is: that queue checks the sum. */
        struct net_hint trusting = hint;
        trusting.udp_sum_is_right = true;
        if (net_frame_read(&frame, &shared->host, bytes, mbuf->data_len, &trusting) == NET_UDP) {
            const uint32_t to = queue_of(queue, &frame);
            if (to != queue->index) {
                hand_off(queue, to, mbuf);
                return 0;
            }
        }
    }
    if (!may_hand_off || (frame.kind == NET_UDP && !hint.udp_sum_is_right))
        net_frame_read(&frame, &shared->host, bytes, mbuf->data_len, &hint);
    dpdk_count(&queue->counters.kinds[frame.kind], 1);
    if (frame.kind == NET_UDP) {
        lend(queue, mbuf, &frame, received);
        return 1;
    }
    if (frame.kind <= NET_ECHO)
        dpdk_queue_control(queue, &frame, bytes, now_ns);
    rte_pktmbuf_free(mbuf);
    return 0;
}

static uint32_t take_all(struct dpdk_queue *queue, struct rte_mbuf **mbufs, uint32_t count,
                         bool may_hand_off, struct port_received *burst, uint64_t now_ns)
{
    enum { ahead = 4 };
    for (uint32_t i = 0; i < count && i < ahead; i++)
        rte_prefetch0(rte_pktmbuf_mtod(mbufs[i], void *));
    uint32_t filled = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (i + ahead < count)
            rte_prefetch0(rte_pktmbuf_mtod(mbufs[i + ahead], void *));
        filled += take(queue, mbufs[i], may_hand_off, &burst[filled], now_ns);
    }
    return filled;
}

uint32_t dpdk_queue_receive(struct dpdk_queue *queue, struct port_received *burst, uint32_t count,
                            uint64_t now_ns)
{
    struct dpdk_shared *shared = queue->shared;
    assert(queue->lent_count == 0); /* port.h: the last burst was released */
    dpdk_queue_tend(queue, now_ns);
    if (count > PORT_MAX_BURST)
        count = PORT_MAX_BURST;
    struct rte_mbuf *mbufs[PORT_MAX_BURST];
    const bool has_device = queue->index < shared->device.rx_queue_count;
    uint32_t filled = 0;
    if (shared->hands_off) {
        /* Half for each, so that neither starves. */
        uint32_t share = has_device ? count / 2 : count;
        if (has_device && count == 1) {
            share = !queue->prefers_device;
            queue->prefers_device = !queue->prefers_device;
        }
        const uint32_t got = rte_ring_dequeue_burst(queue->hand_off, (void **)mbufs, share, NULL);
        filled = take_all(queue, mbufs, got, false, burst, now_ns);
    }
    if (has_device && filled < count) {
        const uint32_t got = rte_eth_rx_burst(shared->device.id, (uint16_t)queue->index, mbufs,
                                              (uint16_t)(count - filled));
        filled += take_all(queue, mbufs, got, shared->hands_off, burst + filled, now_ns);
    }
    dpdk_queue_flush(queue);
    return filled;
}

void dpdk_queue_release(struct dpdk_queue *queue)
{
    if (queue->lent_count)
        rte_pktmbuf_free_bulk(queue->lent, queue->lent_count);
    queue->lent_count = 0;
}
