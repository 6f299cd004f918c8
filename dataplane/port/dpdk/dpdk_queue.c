/* A queue's memory: packet buffers, rings, neighbours, loans. */
#include "dataplane/port/dpdk/dpdk_queue.h"

#include <errno.h>
#include <rte_errno.h>
#include <stdio.h>
#include <sys/random.h>

#define CACHE_COUNT 256
#define NAME_BYTES 32

static void name_it(char *name, const struct dpdk_queue *queue, const char *what)
{
    snprintf(name, NAME_BYTES, "joint_%u_%u_%s", queue->shared->device.id, queue->index, what);
}

static int make_pool(struct rte_mempool **pool, const struct dpdk_queue *queue, const char *what,
                     uint32_t count)
{
    const uint16_t room = dpdk_device_room_bytes(&queue->shared->device);
    if (room == 0)
        return -EMSGSIZE;
    char name[NAME_BYTES];
    name_it(name, queue, what);
    const uint32_t cache = count / 4 < CACHE_COUNT ? count / 4 : CACHE_COUNT;
    /* RTS: a thread that is preempted inside the pool does not stop the others. */
    *pool =
        rte_pktmbuf_pool_create_by_ops(name, count, cache, 0, room, SOCKET_ID_ANY, "ring_mt_rts");
    return *pool ? 0 : -rte_errno;
}

static int make_rings(struct dpdk_queue *queue, const struct dpdk_port_config *config)
{
    char name[NAME_BYTES];
    const unsigned flags = RING_F_EXACT_SZ | RING_F_MP_RTS_ENQ | RING_F_SC_DEQ;
    name_it(name, queue, "hand_off");
    queue->hand_off = rte_ring_create(name, config->hand_off_count, SOCKET_ID_ANY, flags);
    if (!queue->hand_off)
        return -rte_errno;
    name_it(name, queue, "lessons");
    queue->lessons = rte_ring_create_elem(name, sizeof(struct net_lesson), DPDK_LESSON_COUNT,
                                          SOCKET_ID_ANY, flags);
    return queue->lessons ? 0 : -rte_errno;
}

int dpdk_queue_open(struct dpdk_queue *queue, const struct dpdk_port_config *config)
{
    struct jtp_key key;
    if (getrandom(&key, sizeof(key), 0) != sizeof(key))
        return -EIO;
    int error = net_neighbours_init(&queue->neighbours, config->neighbour_count, &key);
    if (!error)
        error = make_pool(&queue->receive_pool, queue, "in", config->receive_count);
    if (!error)
        error = make_pool(&queue->send_pool, queue, "out", config->send_count);
    if (!error)
        error = make_rings(queue, config);
    if (error)
        return error;
    char name[NAME_BYTES];
    name_it(name, queue, "loans");
    return dpdk_loans_init(&queue->loans, name, SOCKET_ID_ANY);
}

static void drain_hand_off(struct dpdk_queue *queue)
{
    void *mbuf;
    while (queue->hand_off && rte_ring_dequeue(queue->hand_off, &mbuf) == 0)
        rte_pktmbuf_free(mbuf);
}

static void drain_neighbours(struct dpdk_queue *queue)
{
    struct net_held held = {0};
    do {
        net_neighbours_drain(&queue->neighbours, &held);
        for (uint32_t i = 0; i < held.count; i++)
            rte_pktmbuf_free(held.items[i]);
    } while (held.count > 0);
}

void dpdk_queue_stop(struct dpdk_queue *queue)
{
    dpdk_queue_release(queue);
    if (queue->staged_count)
        rte_pktmbuf_free_bulk(queue->staged, queue->staged_count);
    queue->staged_count = 0;
    drain_hand_off(queue);
    drain_neighbours(queue);
}

void dpdk_queue_close(struct dpdk_queue *queue)
{
    dpdk_loans_fini(&queue->loans);
    rte_ring_free(queue->lessons);
    rte_ring_free(queue->hand_off);
    rte_mempool_free(queue->send_pool);
    rte_mempool_free(queue->receive_pool);
    net_neighbours_fini(&queue->neighbours);
}
