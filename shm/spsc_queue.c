/* The ring's two sides: private indices, cached peer indices, one release per batch.
 *
 * Invariant: consumed <= produced <= consumed + capacity, in arithmetic modulo 2^32. An index of
 * the peer may only move forward inside that; any other value can come from no correct peer, and is
 * reported, never clamped: a clamped index would let us run on with memory that makes no sense. */
#include "shm/spsc_queue.h"

#include <errno.h>
#include <string.h>

#define MAX_CAPACITY (1u << 24)

static bool is_capacity(uint32_t capacity)
{
    return capacity >= 2 && capacity <= MAX_CAPACITY && (capacity & (capacity - 1)) == 0;
}

uint64_t spsc_queue_bytes(uint32_t capacity)
{
    if (!is_capacity(capacity))
        return 0;
    return sizeof(struct spsc_shared) + (uint64_t)capacity * sizeof(struct spsc_entry);
}

int spsc_queue_format(struct spsc_shared *shared, uint32_t capacity, uint32_t first_index)
{
    if (!is_capacity(capacity))
        return -EINVAL;
    assert((uintptr_t)shared % SHM_APART_BYTES == 0);
    shared->capacity = capacity;
    /* The memory is handed over by a socket, which orders these. */
    atomic_store_explicit(&shared->producer, first_index, memory_order_relaxed);
    atomic_store_explicit(&shared->consumer, first_index, memory_order_relaxed);
    return 0;
}

static int read_indices(const struct spsc_shared *shared, uint32_t capacity, uint32_t *producer,
                        uint32_t *consumer)
{
    struct spsc_shared *ring = (struct spsc_shared *)shared;
    /* The consumer's first: it never passes a producer's index that is read later. */
    *consumer = atomic_load_explicit(&ring->consumer, memory_order_acquire);
    *producer = atomic_load_explicit(&ring->producer, memory_order_acquire);
    if (!is_capacity(capacity) || ring->capacity != capacity)
        return -EBADMSG;
    return 0;
}

int spsc_producer_attach(struct spsc_producer *producer, struct spsc_shared *shared,
                         uint32_t capacity)
{
    uint32_t produced;
    uint32_t consumed;
    int error = read_indices(shared, capacity, &produced, &consumed);
    /* Nobody has produced yet, so nobody can have consumed. */
    if (error || produced != consumed)
        return -EBADMSG;
    *producer = (struct spsc_producer){
        .shared = shared, .mask = capacity - 1, .produced = produced, .consumed_seen = consumed};
    return 0;
}

int spsc_consumer_attach(struct spsc_consumer *consumer, struct spsc_shared *shared,
                         uint32_t capacity)
{
    uint32_t produced;
    uint32_t consumed;
    int error = read_indices(shared, capacity, &produced, &consumed);
    if (error || produced - consumed > capacity)
        return -EBADMSG;
    *consumer = (struct spsc_consumer){
        .shared = shared, .mask = capacity - 1, .consumed = consumed, .produced_seen = consumed};
    return 0;
}

/* Reads how far the consumer is. */
static int refresh_consumed(struct spsc_producer *producer)
{
    /* pairs with the release in spsc_queue_pop: the places up to it have been copied out */
    const uint32_t consumed =
        atomic_load_explicit(&producer->shared->consumer, memory_order_acquire);
    const uint32_t advance = consumed - producer->consumed_seen;
    if (producer->is_peer_corrupt || advance > producer->produced - producer->consumed_seen) {
        producer->is_peer_corrupt = true;
        return -EBADMSG;
    }
    producer->consumed_seen = consumed;
    return 0;
}

/* Reads how far the producer is. */
static int refresh_produced(struct spsc_consumer *consumer)
{
    /* pairs with the release in spsc_queue_push: the entries up to it are written */
    const uint32_t produced =
        atomic_load_explicit(&consumer->shared->producer, memory_order_acquire);
    const uint32_t waiting = produced - consumer->consumed;
    if (consumer->is_peer_corrupt || waiting > consumer->mask + 1 ||
        waiting < consumer->produced_seen - consumer->consumed) {
        consumer->is_peer_corrupt = true;
        return -EBADMSG;
    }
    consumer->produced_seen = produced;
    return 0;
}

int spsc_queue_room(struct spsc_producer *producer)
{
    const int error = refresh_consumed(producer);
    return error ? error
                 : (int)(producer->mask + 1 - (producer->produced - producer->consumed_seen));
}

int spsc_queue_waiting(struct spsc_consumer *consumer)
{
    const int error = refresh_produced(consumer);
    return error ? error : (int)(consumer->produced_seen - consumer->consumed);
}

static void copy_one(void *to, const void *from)
{
    memcpy(to, from, sizeof(struct spsc_entry));
}

int spsc_queue_push(struct spsc_producer *producer, const void *entries, uint32_t count)
{
    const uint32_t capacity = producer->mask + 1;
    uint32_t room = capacity - (producer->produced - producer->consumed_seen);
    if (room < count || producer->is_peer_corrupt) {
        const int error = refresh_consumed(producer);
        if (error)
            return error;
        room = capacity - (producer->produced - producer->consumed_seen);
    }
    if (count > room)
        count = room;
    if (count == 0)
        return 0;
    struct spsc_entry *ring = producer->shared->entry;
    const char *from = entries;
    for (uint32_t i = 0; i < count; i++)
        copy_one(&ring[(producer->produced + i) & producer->mask],
                 from + i * sizeof(struct spsc_entry));
    producer->produced += count;
    /* pairs with the acquire in refresh_produced */
    atomic_store_explicit(&producer->shared->producer, producer->produced, memory_order_release);
    return (int)count;
}

int spsc_queue_pop(struct spsc_consumer *consumer, void *entries, uint32_t count)
{
    uint32_t waiting = consumer->produced_seen - consumer->consumed;
    if (waiting < count || consumer->is_peer_corrupt) {
        const int error = refresh_produced(consumer);
        if (error)
            return error;
        waiting = consumer->produced_seen - consumer->consumed;
    }
    if (count > waiting)
        count = waiting;
    if (count == 0)
        return 0;
    const struct spsc_entry *ring = consumer->shared->entry;
    char *to = entries;
    for (uint32_t i = 0; i < count; i++)
        copy_one(to + i * sizeof(struct spsc_entry),
                 &ring[(consumer->consumed + i) & consumer->mask]);
    consumer->consumed += count;
    /* pairs with the acquire in refresh_consumed */
    atomic_store_explicit(&consumer->shared->consumer, consumer->consumed, memory_order_release);
    return (int)count;
}
