/* A peer that writes anything over every word it can write: the other side reports it and goes on,
 * without a crash and without a step outside the memory (run it under the address sanitizer). */
#include "shm/channel.h"
#include "shm/fd_pass.h"
#include "shm/idle.h"
#include "shm/slab.h"
#include "shm/slot_table.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/shm_random.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CAPACITY 16u
#define SLOTS 32u

static const uint32_t extremes[] = {0,
                                    1,
                                    2,
                                    CAPACITY - 1,
                                    CAPACITY,
                                    CAPACITY + 1,
                                    INT32_MAX,
                                    1u << 31,
                                    UINT32_MAX - CAPACITY,
                                    UINT32_MAX - 1,
                                    UINT32_MAX};
#define EXTREMES (sizeof(extremes) / sizeof(extremes[0]))

static struct channel_config small_config(void)
{
    struct channel_config config = channel_config_default();
    config.to_peer_capacity = CAPACITY;
    config.from_peer_capacity = CAPACITY;
    return config;
}

/* All that a role does with a channel in a round. True while nothing is reported. */
static bool use(struct channel *channel, struct idle *idle)
{
    struct spsc_entry batch[CAPACITY + 4] = {0};
    idle_arm(idle);
    const int popped = channel_pop(channel, batch, CAPACITY + 4);
    const int pushed = channel_push(channel, batch, 3);
    const int waiting = spsc_queue_waiting(&channel->in);
    const int room = spsc_queue_room(&channel->out);
    idle_sleep(idle, 0);
    idle_disarm(idle);
    uint64_t task;
    channel_peer_beat(channel, &task);
    channel_beat(channel, 1, 2);
    CU_ASSERT_TRUE_FATAL(popped <= (int)CAPACITY && pushed <= 3);
    CU_ASSERT_TRUE_FATAL(waiting <= (int)CAPACITY && room <= (int)CAPACITY);
    CU_ASSERT_TRUE_FATAL((popped >= 0 || popped == -EBADMSG) &&
                         (pushed >= 0 || pushed == -EBADMSG));
    return popped >= 0 && pushed >= 0;
}

/* Each 32-bit word of the region, header and all, set to each extreme, before and after use. */
static void each_word_set_to_extremes(void)
{
    const struct channel_config config = small_config();
    uint32_t reported = 0;
    uint64_t words = 1;
    for (uint64_t w = 0; w < words; w++) {
        for (size_t e = 0; e < EXTREMES; e++) {
            struct channel channel;
            struct idle idle;
            const struct idle_config idle_config = idle_config_default();
            CU_ASSERT_EQUAL_FATAL(channel_init(&channel, &config), 0);
            CU_ASSERT_EQUAL_FATAL(idle_init(&idle, &idle_config), 0);
            CU_ASSERT_EQUAL_FATAL(idle_add(&idle, &channel.wake), 0);
            words = (SHM_PAYLOAD_OFFSET + channel.region.payload_bytes) / 4;
            const uint32_t rounds = e % 3;
            for (uint32_t i = 0; i < rounds; i++)
                CU_ASSERT_TRUE_FATAL(use(&channel, &idle));
            ((uint32_t *)channel.region.base)[w] = extremes[e];
            const bool is_fine = use(&channel, &idle);
            reported += !use(&channel, &idle) || !is_fine;
            idle_remove(&idle, &channel.wake);
            idle_fini(&idle);
            channel_fini(&channel);
        }
        if (w == SHM_NAME_BYTES / 4 + 10) /* the rest of the header's page is never read */
            w = SHM_PAYLOAD_OFFSET / 4 - 1;
    }
    printf(" (%llu words, %u reports) ", (unsigned long long)words, reported);
    CU_ASSERT_TRUE(reported >= 10);
}

/* The rings in memory of exactly their size, so that the sanitizer sees one byte beside them. */
static void rings_of_anything_stay_inside(void)
{
    struct shm_random random = shm_random_start();
    int reported = 0;
    for (int round = 0; round < 20000; round++) {
        const uint32_t capacity = 2u << shm_random_below(&random, 5);
        struct spsc_shared *ring = aligned_alloc(SHM_APART_BYTES, spsc_queue_bytes(capacity));
        struct spsc_producer producer;
        struct spsc_consumer consumer;
        struct spsc_entry batch[80] = {0};
        spsc_queue_format(ring, capacity, (uint32_t)shm_random_next(&random));
        spsc_producer_attach(&producer, ring, capacity);
        spsc_consumer_attach(&consumer, ring, capacity);
        for (int step = 0; step < 20; step++) {
            /* Near to the truth half of the time, so that lies get far. */
            const uint32_t near = shm_random_below(&random, 2 * capacity) - capacity;
            const uint32_t lie = shm_random_next(&random) & 1
                                     ? atomic_load(&ring->producer) + near
                                     : extremes[shm_random_below(&random, EXTREMES)];
            atomic_store(step % 2 ? &ring->producer : &ring->consumer, lie);
            ring->capacity = (uint32_t)shm_random_next(&random);
            const uint32_t want = shm_random_below(&random, 80);
            const int done = step % 2 ? spsc_queue_pop(&consumer, batch, want)
                                      : spsc_queue_push(&producer, batch, want);
            CU_ASSERT_TRUE_FATAL(done == -EBADMSG || (done >= 0 && done <= (int)capacity));
            reported += done < 0;
        }
        free(ring);
    }
    CU_ASSERT_TRUE(reported > 0);
}

/* Writes anything anywhere, all the time. */
static void be_scribbler(int socket, struct shm_random random)
{
    struct channel peer;
    if (channel_accept(&peer, socket))
        _exit(1);
    uint32_t *words = (uint32_t *)peer.region.base;
    const uint32_t count = (uint32_t)(peer.region.bytes / 4);
    for (;;) {
        const uint32_t value = shm_random_next(&random) & 1
                                   ? (uint32_t)shm_random_next(&random)
                                   : extremes[shm_random_below(&random, EXTREMES)];
        words[shm_random_below(&random, count)] = value;
        /* Often enough just the indices, near to what they are. */
        atomic_fetch_add(&peer.out.shared->producer, shm_random_below(&random, 3));
        atomic_fetch_add(&peer.in.shared->consumer, shm_random_below(&random, 3));
    }
}

/* Anything that a worker may say about slots is looked up, and never followed. */
static void check_words(struct slab *slab, struct slot_table *table, struct region *region,
                        const struct spsc_entry *entry)
{
    struct slab_ref said;
    struct slab_ref real;
    memcpy(&said, entry, sizeof(said));
    const uint32_t slot = said.slot % (2 * SLOTS);
    const uint32_t generation = said.generation % 3;
    if (slot_table_complete(table, slot, generation, 1) == 0)
        CU_ASSERT_EQUAL_FATAL(slab_find(slab, slot, generation, &real), 0);
    const void *place = region_at(region, said.offset, said.bytes);
    CU_ASSERT_TRUE_FATAL(!place || said.offset + said.bytes <= region->payload_bytes);
}

static pid_t start_scribbler(struct channel *owner, struct shm_random random)
{
    int sockets[2];
    CU_ASSERT_EQUAL_FATAL(fd_pass_pair(sockets), 0);
    const pid_t child = fork();
    if (child == 0)
        be_scribbler(sockets[1], random);
    CU_ASSERT_EQUAL_FATAL(channel_offer(owner, sockets[0], NULL, 0), 0);
    CU_ASSERT_EQUAL_FATAL(channel_settle(owner, sockets[0]), 0);
    close(sockets[0]);
    close(sockets[1]);
    return child;
}

static void a_scribbling_process_is_reported(void)
{
    struct shm_random random = shm_random_start();
    struct channel owner;
    const struct channel_config config = small_config();
    CU_ASSERT_EQUAL_FATAL(channel_init(&owner, &config), 0);
    struct region region;
    const struct region_config region_config = {
        .name = "slab", .kind = REGION_SLAB, .payload_bytes = 4u << 20};
    const struct slab_config slab_config = {
        .payload_bytes = 4u << 20, .max_tensor_bytes = 1000, .slot_count = SLOTS};
    const struct slot_table_config table_config = {.slot_count = SLOTS, .owner_count = 2};
    struct slab *slab;
    struct slot_table *table;
    CU_ASSERT_EQUAL_FATAL(region_init(&region, &region_config), 0);
    CU_ASSERT_EQUAL_FATAL(slab_create(&slab_config, &slab), 0);
    CU_ASSERT_EQUAL_FATAL(slot_table_create(&table_config, &table), 0);
    for (int round = 0; round < 100; round++) {
        random.state += 1000003;
        const pid_t child = start_scribbler(&owner, random);
        bool is_reported = false;
        while (!is_reported) {
            struct spsc_entry batch[CAPACITY] = {0};
            const int popped = channel_pop(&owner, batch, CAPACITY);
            const int pushed = channel_push(&owner, batch, 2);
            CU_ASSERT_TRUE_FATAL(popped <= (int)CAPACITY && pushed <= 2);
            for (int i = 0; i < popped; i++)
                check_words(slab, table, &region, &batch[i]);
            uint64_t task;
            channel_peer_beat(&owner, &task);
            wake_disarm(&owner.wake);
            is_reported = popped < 0 || pushed < 0;
        }
        kill(child, SIGKILL);
        int status;
        CU_ASSERT_EQUAL_FATAL(waitpid(child, &status, 0), child);
        /* On with the next, in memory that this one never saw. */
        CU_ASSERT_EQUAL_FATAL(channel_renew(&owner), 0);
    }
    slab_destroy(slab);
    slot_table_destroy(table);
    region_fini(&region);
    channel_fini(&owner);
}

/* A peer's offer may be memory of anything, too: what is attached is checked before it is used. */
static void regions_of_anything_are_checked(void)
{
    struct shm_random random = shm_random_start();
    int refused = 0;
    for (int round = 0; round < 3000; round++) {
        struct region region;
        struct region other;
        const struct region_config config = {
            .name = "any", .kind = REGION_SLAB, .epoch = 2, .payload_bytes = 8000};
        CU_ASSERT_EQUAL_FATAL(region_init(&region, &config), 0);
        uint32_t *words = (uint32_t *)region.base;
        words[shm_random_below(&random, sizeof(struct region_header) / 4)] =
            shm_random_next(&random) & 1 ? (uint32_t)shm_random_next(&random)
                                         : extremes[shm_random_below(&random, EXTREMES)];
        const struct region_expect expect = {
            .kind = REGION_SLAB, .epoch = 2, .min_payload_bytes = 100};
        const int fd = region_share_fd(&region, REGION_READ_ONLY);
        if (region_attach(&other, fd, &expect)) {
            refused++;
            close(fd);
        } else {
            /* The name, or a size that still fits. */
            CU_ASSERT_TRUE(SHM_PAYLOAD_OFFSET + other.payload_bytes <= other.bytes);
            const uint64_t end = other.payload_bytes;
            CU_ASSERT_EQUAL(*(const char *)region_at(&other, end - 1, 1), 0);
            region_fini(&other);
        }
        region_fini(&region);
    }
    CU_ASSERT_TRUE(refused > 1000);
}

const struct cunit_test tests[] = {
    {"each word set to extremes is used safely or reported", each_word_set_to_extremes},
    {"rings of anything stay inside their memory", rings_of_anything_stay_inside},
    {"a process that scribbles is reported, and the next one is served",
     a_scribbling_process_is_reported},
    {"regions of anything are checked before use", regions_of_anything_are_checked},
    {NULL, NULL},
};
