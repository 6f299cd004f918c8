/* The ring between two threads (worth a run under -Db_sanitize=thread) and between two processes:
 * all that goes in comes out, once, whole and in order, across the wrap of the indices. */
#include "shm/channel.h"
#include "shm/fd_pass.h"
#include "shm/idle.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/shm_random.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BATCH 64u

static void write_entry(struct spsc_entry *entry, uint64_t n)
{
    for (uint64_t w = 0; w < 8; w++)
        entry->word[w] = n * (2 * w + 1);
}

static bool is_entry(const struct spsc_entry *entry, uint64_t n)
{
    for (uint64_t w = 0; w < 8; w++)
        if (entry->word[w] != n * (2 * w + 1))
            return false;
    return true;
}

/* With fewer cores than threads, whoever waits should let the other run. */
static void give_way(uint32_t *waits)
{
    if (++*waits % 64 == 0)
        sched_yield();
    else
        idle_pause();
}

/* True unless the ring reports something. */
static bool produce(struct spsc_producer *producer, uint64_t count, struct shm_random random)
{
    struct spsc_entry batch[BATCH];
    uint32_t waits = 0;
    for (uint64_t sent = 0; sent < count;) {
        uint32_t want = 1 + shm_random_below(&random, BATCH);
        want = want < count - sent ? want : (uint32_t)(count - sent);
        for (uint32_t i = 0; i < want; i++)
            write_entry(&batch[i], sent + i);
        const int pushed = spsc_queue_push(producer, batch, want);
        if (pushed < 0)
            return false;
        if (pushed == 0)
            give_way(&waits);
        sent += (uint32_t)pushed;
    }
    return true;
}

/* How many of the count entries came as they should. */
static uint64_t consume(struct spsc_consumer *consumer, uint64_t count, struct shm_random random)
{
    struct spsc_entry batch[BATCH];
    uint32_t waits = 0;
    uint64_t good = 0;
    for (uint64_t got = 0; got < count;) {
        const int popped = spsc_queue_pop(consumer, batch, 1 + shm_random_below(&random, BATCH));
        if (popped < 0)
            return 0;
        if (popped == 0)
            give_way(&waits);
        for (int i = 0; i < popped; i++)
            good += is_entry(&batch[i], got + (uint32_t)i);
        got += (uint32_t)popped;
    }
    return good;
}

struct side {
    struct spsc_producer producer;
    uint64_t count;
    struct shm_random random;
    bool is_fine;
};

static void *produce_thread(void *arg)
{
    struct side *side = arg;
    side->is_fine = produce(&side->producer, side->count, side->random);
    return NULL;
}

static void threads_exchange_all(void)
{
    struct shm_random random = shm_random_start();
    static const uint32_t capacities[] = {2, 8, 64, 1024};
    for (int c = 0; c < 4; c++) {
        struct side side = {.count = c == 0 ? 100000 : 1000000};
        struct spsc_shared *ring = aligned_alloc(SHM_APART_BYTES, spsc_queue_bytes(capacities[c]));
        /* The indices wrap in the middle. */
        spsc_queue_format(ring, capacities[c], 0u - (uint32_t)side.count / 2);
        struct spsc_consumer consumer;
        CU_ASSERT_EQUAL(spsc_producer_attach(&side.producer, ring, capacities[c]), 0);
        CU_ASSERT_EQUAL(spsc_consumer_attach(&consumer, ring, capacities[c]), 0);
        side.random.state = shm_random_next(&random);
        pthread_t thread;
        pthread_create(&thread, NULL, produce_thread, &side);
        random.state++;
        CU_ASSERT_EQUAL(consume(&consumer, side.count, random), side.count);
        pthread_join(thread, NULL);
        CU_ASSERT_TRUE(side.is_fine);
        CU_ASSERT_EQUAL(atomic_load(&ring->producer), (uint32_t)side.count / 2);
        CU_ASSERT_EQUAL(spsc_queue_waiting(&consumer), 0);
        free(ring);
    }
}

/* The child is the peer: it accepts the channel over the socket and consumes. */
static int peer_consumes(int socket, uint64_t count, struct shm_random random)
{
    struct channel peer;
    if (channel_accept(&peer, socket))
        return 1;
    if (consume(&peer.in, count, random) != count)
        return 2;
    if (!produce(&peer.out, count / 4, random))
        return 3;
    channel_fini(&peer);
    return 0;
}

static void processes_exchange_millions(void)
{
    struct shm_random random = shm_random_start();
    const uint64_t count = 4000000;
    struct channel owner;
    const struct channel_config config = channel_config_default();
    CU_ASSERT_EQUAL_FATAL(channel_init(&owner, &config), 0);
    int sockets[2];
    CU_ASSERT_EQUAL_FATAL(fd_pass_pair(sockets), 0);
    const pid_t child = fork();
    if (child == 0)
        _exit(peer_consumes(sockets[1], count, random));
    close(sockets[1]);
    CU_ASSERT_EQUAL(channel_offer(&owner, sockets[0], NULL, 0), 0);
    CU_ASSERT_EQUAL(channel_settle(&owner, sockets[0]), 0);
    random.state++;
    CU_ASSERT_TRUE(produce(&owner.out, count, random));
    CU_ASSERT_EQUAL(consume(&owner.in, count / 4, random), count / 4);
    int status;
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CU_ASSERT_EQUAL(atomic_load(&owner.out.shared->producer), (uint32_t)count - 1024);
    close(sockets[0]);
    channel_fini(&owner);
}

/* One role of a pair that sleeps: passes `count` entries out, and as many in. */
static bool sleepy_role(struct channel *channel, uint64_t count, struct shm_random random)
{
    struct idle idle;
    const struct idle_config config = {.mode = IDLE_ADAPTIVE, .spin_ns = 0};
    if (idle_init(&idle, &config) || idle_add(&idle, &channel->wake))
        return false;
    struct spsc_entry batch[BATCH];
    uint64_t sent = 0;
    uint64_t got = 0;
    bool is_fine = true;
    for (bool is_armed = false; is_fine && (sent < count || got < count);) {
        int work = channel_pop(channel, batch, 1 + shm_random_below(&random, BATCH));
        for (int i = 0; i < work; i++)
            is_fine = is_fine && is_entry(&batch[i], got++);
        /* Never more under way than the other has answered, so that both must wait often. */
        const uint64_t target = got + 1 + shm_random_below(&random, 3);
        uint64_t want = target > sent ? target - sent : 0;
        want = want < count - sent ? want : count - sent;
        for (uint64_t i = 0; i < want; i++)
            write_entry(&batch[i], sent + i);
        const int pushed = channel_push(channel, batch, (uint32_t)want);
        sent += pushed > 0 ? (uint32_t)pushed : 0;
        work += pushed;
        if (is_armed) {
            /* Long enough that only a lost wake would reach it. */
            if (work == 0 && idle_sleep(&idle, UINT64_C(20000000000)) == 0)
                is_fine = false;
            idle_disarm(&idle);
            is_armed = false;
        } else if (idle_wants_sleep(&idle, work, 1)) {
            idle_arm(&idle);
            is_armed = true;
        }
    }
    idle_remove(&idle, &channel->wake);
    idle_fini(&idle);
    return is_fine;
}

static void sleeping_processes_miss_nothing(void)
{
    struct shm_random random = shm_random_start();
    const uint64_t count = 100000;
    struct channel owner;
    const struct channel_config config = channel_config_default();
    CU_ASSERT_EQUAL_FATAL(channel_init(&owner, &config), 0);
    int sockets[2];
    CU_ASSERT_EQUAL_FATAL(fd_pass_pair(sockets), 0);
    const pid_t child = fork();
    if (child == 0) {
        struct channel peer;
        random.state += 99;
        _exit(channel_accept(&peer, sockets[1]) ? 1 : !sleepy_role(&peer, count, random));
    }
    close(sockets[1]);
    CU_ASSERT_EQUAL(channel_offer(&owner, sockets[0], NULL, 0), 0);
    CU_ASSERT_EQUAL(channel_settle(&owner, sockets[0]), 0);
    CU_ASSERT_TRUE(sleepy_role(&owner, count, random));
    int status;
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    printf(" (%llu rings by one side for %llu descriptors) ",
           (unsigned long long)owner.wake.ring_count, (unsigned long long)count);
    close(sockets[0]);
    channel_fini(&owner);
}

const struct cunit_test tests[] = {
    {"two threads exchange all, in order, across the wrap", threads_exchange_all},
    {"two processes exchange millions, in order", processes_exchange_millions},
    {"two processes that sleep in between miss nothing", sleeping_processes_miss_nothing},
    {NULL, NULL},
};
