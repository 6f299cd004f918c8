/* What keeps a queue reachable: answers to ARP, neighbour discovery and echo; learning and asking.
 */
#include "dataplane/port/dpdk/dpdk_queue.h"
#include "dataplane/port/net/answer.h"

/* Room for a frame, with nothing in it; NULL if there is none. */
static struct rte_mbuf *blank(struct dpdk_queue *queue)
{
    struct rte_mbuf *mbuf = rte_pktmbuf_alloc(queue->send_pool);
    if (mbuf) /* whoever sends counts only datagrams: they have a length here */
        mbuf->l2_len = 0;
    return mbuf;
}

static bool stage_control(struct dpdk_queue *queue, struct rte_mbuf *mbuf, uint32_t bytes)
{
    if (bytes == 0) {
        rte_pktmbuf_free(mbuf);
        return false;
    }
    mbuf->data_len = (uint16_t)bytes;
    mbuf->pkt_len = bytes;
    dpdk_queue_stage(queue, mbuf);
    return true;
}

static void learn(struct dpdk_queue *queue, const struct net_lesson *lesson, uint64_t now_ns)
{
    struct net_held held;
    net_neighbours_learn(&queue->neighbours, lesson, now_ns, &held);
    for (uint32_t i = 0; i < held.count; i++) {
        struct rte_mbuf *mbuf = held.items[i];
        memcpy(rte_pktmbuf_mtod(mbuf, uint8_t *), lesson->mac, NET_MAC_BYTES);
        dpdk_queue_stage(queue, mbuf);
    }
}

void dpdk_queue_control(struct dpdk_queue *queue, const struct net_frame *frame,
                        const uint8_t *bytes, uint64_t now_ns)
{
    struct dpdk_shared *shared = queue->shared;
    struct net_lesson lesson;
    if (net_lesson_read(&lesson, &shared->host, frame)) {
        learn(queue, &lesson, now_ns);
        /* Each queue has a table of its own; one that is full of lessons will ask itself. */
        for (uint32_t i = 0; i < shared->queue_count; i++)
            if (i != queue->index)
                (void)rte_ring_enqueue_elem(queue->queues[i].lessons, &lesson, sizeof(lesson));
    }
    if (frame->kind == NET_ADVERT || (frame->kind == NET_ARP && !frame->is_request))
        return;
    struct rte_mbuf *mbuf = blank(queue);
    if (!mbuf)
        return;
    const uint32_t written = net_answer_write(
        rte_pktmbuf_mtod(mbuf, uint8_t *), rte_pktmbuf_tailroom(mbuf), &shared->host, frame, bytes);
    dpdk_count(&queue->counters.answered, stage_control(queue, mbuf, written));
}

static void drop(struct dpdk_queue *queue, const struct net_held *held)
{
    for (uint32_t i = 0; i < held->count; i++)
        rte_pktmbuf_free(held->items[i]);
    dpdk_count(&queue->counters.unresolved, held->count);
    dpdk_count(&queue->counters.unsent, held->count);
}

void dpdk_queue_tend(struct dpdk_queue *queue, uint64_t now_ns)
{
    struct net_lesson lesson;
    while (rte_ring_dequeue_elem(queue->lessons, &lesson, sizeof(lesson)) == 0)
        learn(queue, &lesson, now_ns);
    struct net_due due;
    struct net_held held;
    for (;;) {
        const bool is_due = net_neighbours_next(&queue->neighbours, now_ns, &due, &held);
        drop(queue, &held);
        if (!is_due && held.count == 0)
            return;
        struct rte_mbuf *mbuf = is_due ? blank(queue) : NULL;
        if (!mbuf)
            continue;
        const uint32_t written = net_question_write(rte_pktmbuf_mtod(mbuf, uint8_t *),
                                                    &queue->shared->host, due.ip, due.mac);
        dpdk_count(&queue->counters.asked, stage_control(queue, mbuf, written));
    }
}
