/* Sending: a header and a head copied into a packet buffer, the payload beside it where it lies. */
#include "dataplane/port/dpdk/dpdk_queue.h"
#include "dataplane/port/net/header.h"

/* Shorter payloads are copied: a second packet buffer costs more. */
#define MIN_LENT_BYTES 256
/* How often a full device is asked again before the rest is lost. */
#define MAX_ATTEMPTS 32

static uint32_t datagram_bytes(const struct rte_mbuf *mbuf)
{
    return mbuf->pkt_len - mbuf->l2_len - mbuf->l3_len - 8;
}

void dpdk_queue_stage(struct dpdk_queue *queue, struct rte_mbuf *mbuf)
{
    if (queue->staged_count == PORT_MAX_BURST)
        dpdk_queue_flush(queue);
    queue->staged[queue->staged_count++] = mbuf;
}

static uint16_t transmit(struct dpdk_queue *queue, struct rte_mbuf **mbufs, uint16_t count)
{
    const struct dpdk_device *device = &queue->shared->device;
    const uint16_t tx = (uint16_t)(queue->index % device->tx_queue_count);
    if (device->tx_queue_count == queue->shared->queue_count)
        return rte_eth_tx_burst(device->id, tx, mbufs, count);
    rte_spinlock_lock(&queue->shared->tx_locks[tx]);
    const uint16_t sent = rte_eth_tx_burst(device->id, tx, mbufs, count);
    rte_spinlock_unlock(&queue->shared->tx_locks[tx]);
    return sent;
}

void dpdk_queue_flush(struct dpdk_queue *queue)
{
    const uint32_t count = queue->staged_count;
    if (count == 0)
        return;
    queue->staged_count = 0;
    /* Once sent they may be gone, so their lengths are read before. 0: not a datagram. */
    uint32_t bytes[PORT_MAX_BURST];
    bool is_datagram[PORT_MAX_BURST];
    for (uint32_t i = 0; i < count; i++) {
        is_datagram[i] = queue->staged[i]->l2_len != 0;
        bytes[i] = is_datagram[i] ? datagram_bytes(queue->staged[i]) : 0;
    }
    uint32_t sent = 0;
    for (uint32_t attempt = 0; sent < count && attempt < MAX_ATTEMPTS; attempt++) {
        const uint16_t more = transmit(queue, queue->staged + sent, (uint16_t)(count - sent));
        sent += more;
        if (more == 0)
            rte_pause();
    }
    uint64_t datagrams = 0, sum = 0, lost = 0;
    for (uint32_t i = 0; i < count; i++) {
        datagrams += i < sent && is_datagram[i];
        sum += i < sent ? bytes[i] : 0;
        lost += i >= sent && is_datagram[i];
    }
    if (sent < count)
        rte_pktmbuf_free_bulk(queue->staged + sent, count - sent);
    dpdk_count(&queue->counters.sent, datagrams);
    dpdk_count(&queue->counters.sent_bytes, sum);
    dpdk_count(&queue->counters.unsent, lost);
}

static bool can_lend(const struct dpdk_queue *queue, const struct port_outgoing *out)
{
    const struct dpdk_shared *shared = queue->shared;
    if (!shared->lends || out->token == 0 || out->payload_bytes < MIN_LENT_BYTES)
        return false;
    for (uint32_t i = 0; i < shared->memory_count; i++) {
        const struct dpdk_memory *memory = &shared->memories[i];
        const uintptr_t offset = (uintptr_t)out->payload - (uintptr_t)memory->first;
        if (offset < memory->bytes && out->payload_bytes <= memory->bytes - offset)
            return true;
    }
    return false;
}

/* Returns whether the token will come back by itself. */
static bool add_payload(struct dpdk_queue *queue, struct rte_mbuf *mbuf,
                        const struct port_outgoing *out)
{
    struct rte_mbuf *part = can_lend(queue, out) ? rte_pktmbuf_alloc(queue->send_pool) : NULL;
    if (!part) {
        memcpy(rte_pktmbuf_mtod_offset(mbuf, uint8_t *, mbuf->data_len), out->payload,
               out->payload_bytes);
        mbuf->data_len = (uint16_t)(mbuf->data_len + out->payload_bytes);
        mbuf->pkt_len = mbuf->data_len;
        return false;
    }
    /* Lent only where addresses are what the device reads by (dpdk_port.c, add_memory). */
    dpdk_loans_lend(&queue->loans, part, out->payload, (uint16_t)out->payload_bytes,
                    (rte_iova_t)(uintptr_t)out->payload, out->token);
    mbuf->next = part;
    mbuf->nb_segs = 2;
    mbuf->pkt_len = mbuf->data_len + out->payload_bytes;
    return true;
}

static void finish_sum(const struct dpdk_queue *queue, struct rte_mbuf *mbuf,
                       const struct net_header *header, const struct port_outgoing *out)
{
    mbuf->l2_len = header->ip_offset;
    mbuf->l3_len = header->udp_offset - header->ip_offset;
    if (queue->shared->device.has_send_sums) {
        mbuf->l4_len = 8;
        mbuf->ol_flags |= RTE_MBUF_F_TX_UDP_CKSUM |
                          (net_is_v4(out->to.ip) ? RTE_MBUF_F_TX_IPV4 : RTE_MBUF_F_TX_IPV6);
        return;
    }
    uint8_t *frame = rte_pktmbuf_mtod(mbuf, uint8_t *);
    net_datagram_sum(frame, header, frame + header->bytes, out->head_bytes, out->payload,
                     out->payload_bytes);
}

/* The frame but for the MAC it goes to, which is the first of it; NULL: lost. */
static struct rte_mbuf *build(struct dpdk_queue *queue, const struct port_outgoing *out,
                              bool *is_lent)
{
    static const uint8_t unknown[NET_MAC_BYTES] = {0};
    const struct net_host *host = &queue->shared->host;
    const uint32_t bytes = out->head_bytes + out->payload_bytes;
    struct rte_mbuf *mbuf = rte_pktmbuf_alloc(queue->send_pool);
    if (!mbuf)
        return NULL;
    uint8_t *frame = rte_pktmbuf_mtod(mbuf, uint8_t *);
    const struct net_header header =
        net_datagram_write(frame, host,
                           &(struct net_datagram){
                               .mac = unknown,
                               .from = out->to.route == 1 && !net_is_v4(out->to.ip)
                                           ? host->link_local
                                           : net_host_source(host, out->to.ip),
                               .to = out->to.ip,
                               .to_port = out->to.port,
                               .bytes = bytes,
                           });
    if (out->head_bytes)
        memcpy(frame + header.bytes, out->head, out->head_bytes);
    mbuf->data_len = (uint16_t)(header.bytes + out->head_bytes);
    mbuf->pkt_len = mbuf->data_len;
    if (out->payload_bytes)
        *is_lent = add_payload(queue, mbuf, out);
    finish_sum(queue, mbuf, &header, out);
    return mbuf;
}

static bool fits(const struct net_host *host, const struct port_outgoing *out)
{
    const uint32_t most = host->mtu - net_ip_udp_bytes(out->to.ip);
    const bool has_family = net_is_v4(out->to.ip) ? host->v4.is_set : host->v6.is_set;
    return has_family && out->to.port != 0 && out->head_bytes <= PORT_MAX_HEAD_BYTES &&
           out->head_bytes <= most && out->payload_bytes <= most - out->head_bytes;
}

static void send_one(struct dpdk_queue *queue, const struct port_outgoing *out, uint64_t now_ns)
{
    const struct net_host *host = &queue->shared->host;
    const uint8_t *next;
    bool is_lent = false;
    struct rte_mbuf *mbuf = NULL;
    if (fits(host, out) && net_host_route(host, out->to.ip, &next) != NET_NOWHERE)
        mbuf = build(queue, out, &is_lent);
    if (out->token && out->payload_bytes && !is_lent)
        dpdk_loans_return(&queue->loans, out->token);
    if (!mbuf) {
        dpdk_count(&queue->counters.unsent, 1);
        return;
    }
    const uint8_t *mac = net_neighbours_want(&queue->neighbours, next, now_ns);
    if (mac) {
        memcpy(rte_pktmbuf_mtod(mbuf, uint8_t *), mac, NET_MAC_BYTES);
        dpdk_queue_stage(queue, mbuf);
        return;
    }
    struct rte_mbuf *lost = net_neighbours_hold(&queue->neighbours, next, mbuf, now_ns);
    if (lost) {
        rte_pktmbuf_free(lost);
        dpdk_count(&queue->counters.unresolved, 1);
        dpdk_count(&queue->counters.unsent, 1);
    }
}

void dpdk_queue_send(struct dpdk_queue *queue, const struct port_outgoing *burst, uint32_t count,
                     uint64_t now_ns)
{
    for (uint32_t i = 0; i < count; i++)
        send_one(queue, &burst[i], now_ns);
    dpdk_queue_tend(queue, now_ns);
    dpdk_queue_flush(queue);
}
