/* Tests of shm/spsc_queue.c by one thread, against a counter as the model; tests/property runs it
 * with threads and processes. */
#include "shm/spsc_queue.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/shm_random.h"

#include <errno.h>
#include <string.h>

static struct spsc_shared *make_ring(uint32_t capacity, uint32_t first)
{
    struct spsc_shared *ring = aligned_alloc(SHM_APART_BYTES, spsc_queue_bytes(capacity));
    memset(ring, 0xee, spsc_queue_bytes(capacity));
    CU_ASSERT_EQUAL_FATAL(spsc_queue_format(ring, capacity, first), 0);
    return ring;
}

struct pair {
    struct spsc_shared *ring;
    struct spsc_producer producer;
    struct spsc_consumer consumer;
};

static struct pair make_pair(uint32_t capacity, uint32_t first)
{
    struct pair pair = {.ring = make_ring(capacity, first)};
    CU_ASSERT_EQUAL_FATAL(spsc_producer_attach(&pair.producer, pair.ring, capacity), 0);
    CU_ASSERT_EQUAL_FATAL(spsc_consumer_attach(&pair.consumer, pair.ring, capacity), 0);
    return pair;
}

/* Every word of entry n is a function of n. */
static void write_entry(struct spsc_entry *entry, uint64_t n)
{
    for (uint64_t w = 0; w < 8; w++)
        entry->word[w] = n * 8 + w;
}

static bool is_entry(const struct spsc_entry *entry, uint64_t n)
{
    for (uint64_t w = 0; w < 8; w++)
        if (entry->word[w] != n * 8 + w)
            return false;
    return true;
}

static void takes_powers_of_two_only(void)
{
    static const uint32_t bad[] = {0,        1,        3,         6, 1000, (1u << 24) + 1,
                                   1u << 25, 1u << 31, UINT32_MAX};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CU_ASSERT_EQUAL(spsc_queue_bytes(bad[i]), 0);
        struct spsc_shared *ring = make_ring(4, 0);
        CU_ASSERT_EQUAL(spsc_queue_format(ring, bad[i], 0), -EINVAL);
        free(ring);
    }
    CU_ASSERT_EQUAL(spsc_queue_bytes(2), 3 * 128 + 2 * 64);
    CU_ASSERT_EQUAL(spsc_queue_bytes(1u << 24), 3 * 128 + (UINT64_C(64) << 24));
}

static void gives_back_what_went_in(void)
{
    struct shm_random random = shm_random_start();
    static const uint32_t capacities[] = {2, 4, 16, 256};
    static const uint32_t firsts[] = {0,        1, UINT32_MAX, UINT32_MAX - 5, UINT32_MAX - 1000,
                                      INT32_MAX};
    for (int c = 0; c < 4; c++) {
        for (int f = 0; f < 6; f++) {
            struct pair pair = make_pair(capacities[c], firsts[f]);
            struct spsc_entry batch[300];
            uint64_t pushed = 0;
            uint64_t popped = 0;
            for (int step = 0; step < 20000; step++) {
                const uint32_t want = shm_random_below(&random, capacities[c] + 3);
                const uint64_t inside = pushed - popped;
                if (shm_random_next(&random) & 1) {
                    for (uint32_t i = 0; i < want; i++)
                        write_entry(&batch[i], pushed + i);
                    const uint64_t room = capacities[c] - inside;
                    const uint64_t expected = want < room ? want : room;
                    CU_ASSERT_EQUAL_FATAL(spsc_queue_push(&pair.producer, batch, want),
                                          (int)expected);
                    pushed += expected;
                } else {
                    const uint64_t expected = want < inside ? want : inside;
                    CU_ASSERT_EQUAL_FATAL(spsc_queue_pop(&pair.consumer, batch, want),
                                          (int)expected);
                    for (uint32_t i = 0; i < expected; i++)
                        CU_ASSERT_TRUE_FATAL(is_entry(&batch[i], popped + i));
                    popped += expected;
                }
            }
            CU_ASSERT_EQUAL(spsc_queue_waiting(&pair.consumer), (int)(pushed - popped));
            CU_ASSERT_EQUAL(spsc_queue_room(&pair.producer),
                            (int)(capacities[c] - (pushed - popped)));
            free(pair.ring);
        }
    }
}

static void wraps_at_two_to_the_32(void)
{
    struct pair pair = make_pair(8, UINT32_MAX - 3);
    struct spsc_entry batch[9];
    for (uint64_t i = 0; i < 9; i++)
        write_entry(&batch[i], i);
    CU_ASSERT_EQUAL(spsc_queue_push(&pair.producer, batch, 9), 8);
    CU_ASSERT_EQUAL(atomic_load(&pair.ring->producer), 4); /* 2^32 - 4 + 8 */
    CU_ASSERT_EQUAL(spsc_queue_push(&pair.producer, batch, 1), 0);
    memset(batch, 0, sizeof(batch));
    CU_ASSERT_EQUAL(spsc_queue_pop(&pair.consumer, batch, 9), 8);
    for (uint64_t i = 0; i < 8; i++)
        CU_ASSERT_TRUE(is_entry(&batch[i], i));
    CU_ASSERT_EQUAL(atomic_load(&pair.ring->consumer), 4);
    CU_ASSERT_EQUAL(spsc_queue_room(&pair.producer), 8);
    free(pair.ring);
}

/* What the producer's index may be when it stands at 106, 104 was seen, and 100 is consumed. */
static void reports_a_producer_that_lies(void)
{
    const uint32_t base = UINT32_MAX - 2; /* all of this across the wrap */
    for (uint32_t lie = base - 40; lie != base + 40; lie++) {
        struct pair pair = make_pair(16, base);
        struct spsc_entry entry[16] = {0};
        spsc_queue_push(&pair.producer, entry, 4);
        CU_ASSERT_EQUAL(spsc_queue_waiting(&pair.consumer), 4);
        atomic_store(&pair.ring->producer, lie);
        /* It has been seen at base + 4, so from there up to base + 16. */
        const uint32_t ahead = lie - base;
        const bool is_possible = ahead >= 4 && ahead <= 16;
        const int popped = spsc_queue_pop(&pair.consumer, entry, 16);
        CU_ASSERT_EQUAL(popped, is_possible ? (int)ahead : -EBADMSG);
        CU_ASSERT_EQUAL(pair.consumer.is_peer_corrupt, !is_possible);
        if (!is_possible) { /* for good, also when the lie is mended */
            atomic_store(&pair.ring->producer, base + 4);
            CU_ASSERT_EQUAL(spsc_queue_pop(&pair.consumer, entry, 1), -EBADMSG);
            CU_ASSERT_EQUAL(spsc_queue_waiting(&pair.consumer), -EBADMSG);
        }
        free(pair.ring);
    }
}

static void reports_a_consumer_that_lies(void)
{
    const uint32_t base = UINT32_MAX - 2;
    for (uint32_t lie = base - 40; lie != base + 40; lie++) {
        struct pair pair = make_pair(16, base);
        struct spsc_entry entry[16] = {0};
        spsc_queue_push(&pair.producer, entry, 10);
        spsc_queue_pop(&pair.consumer, entry, 4);
        CU_ASSERT_EQUAL(spsc_queue_room(&pair.producer), 10);
        atomic_store(&pair.ring->consumer, lie);
        const uint32_t ahead = lie - base;
        const bool is_possible = ahead >= 4 && ahead <= 10;
        const int pushed = spsc_queue_push(&pair.producer, entry, 16);
        CU_ASSERT_EQUAL(pushed, is_possible ? (int)(16 - 10 + ahead) : -EBADMSG);
        CU_ASSERT_EQUAL(pair.producer.is_peer_corrupt, !is_possible);
        if (!is_possible) {
            atomic_store(&pair.ring->consumer, base + 4);
            CU_ASSERT_EQUAL(spsc_queue_push(&pair.producer, entry, 1), -EBADMSG);
            CU_ASSERT_EQUAL(spsc_queue_room(&pair.producer), -EBADMSG);
        }
        free(pair.ring);
    }
}

/* A peer that writes over our published index changes nothing: ours is private. */
static void own_index_is_not_read_back(void)
{
    struct pair pair = make_pair(8, 0);
    struct spsc_entry entry = {0};
    CU_ASSERT_EQUAL(spsc_queue_push(&pair.producer, &entry, 1), 1);
    atomic_store(&pair.ring->producer, 77);
    pair.ring->capacity = 1u << 30;
    CU_ASSERT_EQUAL(spsc_queue_push(&pair.producer, &entry, 1), 1);
    CU_ASSERT_EQUAL(atomic_load(&pair.ring->producer), 2);
    CU_ASSERT_EQUAL(spsc_queue_pop(&pair.consumer, &entry, 1), 1);
    atomic_store(&pair.ring->consumer, 99);
    CU_ASSERT_EQUAL(spsc_queue_pop(&pair.consumer, &entry, 1), 1);
    CU_ASSERT_EQUAL(atomic_load(&pair.ring->consumer), 2);
    free(pair.ring);
}

static void refuses_a_ring_that_is_none(void)
{
    struct pair pair = make_pair(8, 5);
    struct spsc_entry entry = {0};
    struct spsc_producer producer;
    struct spsc_consumer consumer;
    CU_ASSERT_EQUAL(spsc_producer_attach(&producer, pair.ring, 16), -EBADMSG);
    CU_ASSERT_EQUAL(spsc_consumer_attach(&consumer, pair.ring, 16), -EBADMSG);
    pair.ring->capacity = 7;
    CU_ASSERT_EQUAL(spsc_producer_attach(&producer, pair.ring, 7), -EBADMSG);
    pair.ring->capacity = 8;
    spsc_queue_push(&pair.producer, &entry, 1);
    CU_ASSERT_EQUAL(spsc_producer_attach(&producer, pair.ring, 8), -EBADMSG); /* there was one */
    CU_ASSERT_EQUAL(spsc_consumer_attach(&consumer, pair.ring, 8), 0); /* a consumer may be late */
    CU_ASSERT_EQUAL(spsc_queue_pop(&consumer, &entry, 1), 1);
    atomic_store(&pair.ring->producer, 300);
    CU_ASSERT_EQUAL(spsc_consumer_attach(&consumer, pair.ring, 8), -EBADMSG);
    free(pair.ring);
}

const struct cunit_test tests[] = {
    {"a capacity is a power of two", takes_powers_of_two_only},
    {"any sequence of batches comes out as it went in, from any first index",
     gives_back_what_went_in},
    {"indices wrap at 2^32", wraps_at_two_to_the_32},
    {"an impossible producer index is reported for good, a possible one accepted",
     reports_a_producer_that_lies},
    {"an impossible consumer index is reported for good, a possible one accepted",
     reports_a_consumer_that_lies},
    {"what a peer writes over our own index is not read back", own_index_is_not_read_back},
    {"memory that holds no such ring is refused", refuses_a_ring_that_is_none},
    {NULL, NULL},
};
