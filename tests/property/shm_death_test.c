/* kill -9 of either end of a channel at random moments: no slot is lost, no answer comes twice, and
 * the other end goes on. The test's process is what jointd will be: it owns slab and table. */
#include "shm/channel.h"
#include "shm/fd_pass.h"
#include "shm/idle.h"
#include "shm/slab.h"
#include "shm/slot_table.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/shm_random.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SLOTS 64u
#define KILLS 300
#define PAYLOAD (UINT64_C(8) << 20)
#define PEER 1u

/* What the two ends say in a descriptor. */
struct message {
    struct slab_ref ref;
    uint64_t request;
    uint64_t sum;
    uint64_t unused[3];
};

static_assert(sizeof(struct message) == sizeof(struct spsc_entry), "a descriptor");

struct host {
    struct region region;
    struct slab *slab;
    struct slot_table *table;
    struct channel channel;
    int socket;
    pid_t peer;
    uint64_t request_of[SLOTS];
    uint32_t answers[1u << 20]; /* by request */
    uint64_t requests;
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t sum_of(const uint64_t *words, uint64_t bytes)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < bytes / 8; i++)
        sum = sum * 31 + words[i];
    return sum;
}

static void fill(uint64_t *words, uint64_t bytes, uint64_t request)
{
    for (uint64_t i = 0; i < bytes / 8; i++)
        words[i] = request + i;
}

/* Reads requests from a read-only slab, answers with a checksum, until it is killed. */
static void be_worker(struct channel *peer)
{
    for (;;) {
        struct message batch[4];
        const int count = channel_pop(peer, batch, 4);
        if (count <= 0)
            sched_yield();
        for (int i = 0; i < count; i++) {
            const uint64_t *words =
                region_at(&peer->grant[0], batch[i].ref.offset, batch[i].ref.bytes);
            batch[i].sum = sum_of(words, batch[i].ref.bytes);
            while (channel_push(peer, &batch[i], 1) == 0)
                sched_yield();
        }
    }
}

/* Fills the places that it is given, until it is killed. */
static void be_dataplane(struct channel *peer)
{
    for (;;) {
        struct message message;
        if (channel_pop(peer, &message, 1) <= 0) {
            sched_yield();
            continue;
        }
        uint64_t *words = region_at(&peer->grant[0], message.ref.offset, message.ref.bytes);
        fill(words, message.ref.bytes, message.request);
        while (channel_push(peer, &message, 1) == 0)
            sched_yield();
    }
}

static void start_peer(struct host *host, enum region_access access, void be(struct channel *))
{
    int sockets[2];
    CU_ASSERT_EQUAL_FATAL(fd_pass_pair(sockets), 0);
    host->peer = fork();
    if (host->peer == 0) {
        struct channel peer;
        close(sockets[0]);
        if (channel_accept(&peer, sockets[1]) == 0)
            be(&peer);
        _exit(1);
    }
    close(sockets[1]);
    const struct channel_grant grant = {
        .region = &host->region, .kind = REGION_SLAB, .access = access};
    CU_ASSERT_EQUAL_FATAL(channel_offer(&host->channel, sockets[0], &grant, 1), 0);
    CU_ASSERT_EQUAL_FATAL(channel_settle(&host->channel, sockets[0]), 0);
    close(sockets[0]);
}

static struct host *make_host(void)
{
    struct host *host = calloc(1, sizeof(*host));
    const struct region_config region = {
        .name = "slab", .kind = REGION_SLAB, .payload_bytes = PAYLOAD};
    const struct slab_config slab = {
        .payload_bytes = PAYLOAD, .max_tensor_bytes = 100000, .slot_count = SLOTS};
    const struct slot_table_config table = {.slot_count = SLOTS, .owner_count = 2};
    struct channel_config channel = channel_config_default();
    channel.to_peer_capacity = 32;
    channel.from_peer_capacity = 8; /* full now and then, so that the peer also dies waiting */
    CU_ASSERT_EQUAL_FATAL(region_init(&host->region, &region), 0);
    CU_ASSERT_EQUAL_FATAL(slab_create(&slab, &host->slab), 0);
    CU_ASSERT_EQUAL_FATAL(slot_table_create(&table, &host->table), 0);
    CU_ASSERT_EQUAL_FATAL(channel_init(&host->channel, &channel), 0);
    return host;
}

static void free_host(struct host *host)
{
    slab_destroy(host->slab);
    slot_table_destroy(host->table);
    channel_fini(&host->channel);
    region_fini(&host->region);
    free(host);
}

static void kill_peer(struct host *host)
{
    int status;
    kill(host->peer, SIGKILL);
    CU_ASSERT_EQUAL_FATAL(waitpid(host->peer, &status, 0), host->peer);
    CU_ASSERT_TRUE_FATAL(WIFSIGNALED(status));
}

static void release(struct host *host, uint32_t slot, uint32_t generation, uint32_t owner)
{
    CU_ASSERT_EQUAL_FATAL(slot_table_release(host->table, slot, generation, owner), 0);
    CU_ASSERT_EQUAL_FATAL(slab_free(host->slab, slot, generation), 0);
}

/* Gives a queued slot to the worker; a full ring leaves it queued. */
static void dispatch(struct host *host, uint32_t slot, uint32_t generation)
{
    struct message message = {.request = host->request_of[slot]};
    CU_ASSERT_EQUAL_FATAL(slab_find(host->slab, slot, generation, &message.ref), 0);
    CU_ASSERT_EQUAL_FATAL(slot_table_run(host->table, slot, generation, PEER, 0), 0);
    /* The ring has room for half of the slots; the other half is kept back by the caller. */
    CU_ASSERT_EQUAL_FATAL(channel_push(&host->channel, &message, 1), 1);
}

static void dispatch_queued(struct host *host)
{
    const int room = spsc_queue_room(&host->channel.out);
    CU_ASSERT_TRUE_FATAL(room >= 0);
    uint32_t slot = slot_table_first(host->table, SLOT_OWNER_JOINTD);
    for (int i = 0; i < room && slot != SLOT_NONE; i++) {
        struct slot_view view;
        slot_table_view(host->table, slot, &view);
        const uint32_t next = slot_table_next(host->table, slot);
        CU_ASSERT_EQUAL_FATAL(view.state, SLOT_QUEUED);
        dispatch(host, slot, view.generation);
        slot = next;
    }
}

/* A new request, filled by us and queued. False if there is no place. */
static bool admit(struct host *host, struct shm_random *random)
{
    struct slab_ref ref;
    if (slab_alloc(host->slab, 8 * (1 + shm_random_below(random, 1000)), &ref))
        return false;
    const uint64_t request = host->requests++;
    host->request_of[ref.slot] = request;
    fill(region_at(&host->region, ref.offset, ref.bytes), ref.bytes, request);
    CU_ASSERT_EQUAL_FATAL(slot_table_fill(host->table, ref.slot, ref.generation, PEER, 0), 0);
    CU_ASSERT_EQUAL_FATAL(slot_table_queue(host->table, ref.slot, ref.generation, PEER), 0);
    return true;
}

static int take_answers(struct host *host)
{
    struct message batch[8];
    const int count = channel_pop(&host->channel, batch, 8);
    CU_ASSERT_TRUE_FATAL(count >= 0);
    for (int i = 0; i < count; i++) {
        const struct slab_ref said = batch[i].ref;
        CU_ASSERT_EQUAL_FATAL(slot_table_complete(host->table, said.slot, said.generation, PEER),
                              0);
        struct slab_ref ref;
        CU_ASSERT_EQUAL_FATAL(slab_find(host->slab, said.slot, said.generation, &ref), 0);
        const uint64_t *words = region_at(&host->region, ref.offset, ref.bytes);
        CU_ASSERT_EQUAL_FATAL(batch[i].sum, sum_of(words, ref.bytes));
        CU_ASSERT_EQUAL_FATAL(batch[i].request, host->request_of[said.slot]);
        host->answers[batch[i].request]++;
        release(host, said.slot, said.generation, SLOT_OWNER_JOINTD);
    }
    return count;
}

/* After the worker died: first what it had said, then what it still had. */
static void recover_worker(struct host *host, uint32_t *quarantined)
{
    while (take_answers(host) > 0)
        continue;
    struct slot_recovered recovered;
    while (slot_table_recover(host->table, PEER, &recovered)) {
        if (recovered.fate == SLOT_QUARANTINED) {
            /* It was running twice when a worker was shot: it is answered as failed. */
            host->answers[host->request_of[recovered.slot]]++;
            release(host, recovered.slot, recovered.generation, SLOT_OWNER_JOINTD);
            ++*quarantined;
        } else {
            CU_ASSERT_EQUAL_FATAL(recovered.fate, SLOT_REQUEUED);
        }
    }
    CU_ASSERT_EQUAL_FATAL(slot_table_owned(host->table, PEER), 0);
    CU_ASSERT_EQUAL_FATAL(channel_renew(&host->channel), 0);
}

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void check_nothing_leaked(struct host *host)
{
    struct slab_use use;
    slab_measure(host->slab, &use);
    CU_ASSERT_EQUAL(use.slots_taken, 0);
    CU_ASSERT_EQUAL(use.held_bytes, 0);
    CU_ASSERT_EQUAL(use.stale_count, 0);
    struct slot_table_counts counts;
    slot_table_count(host->table, &counts);
    CU_ASSERT_EQUAL(counts.stale + counts.wrong_state, 0);
}

static void killed_workers_lose_no_request(void)
{
    struct shm_random random = shm_random_start();
    struct host *host = make_host();
    static uint64_t recovery_ns[KILLS];
    uint32_t quarantined = 0;
    for (int round = 0; round < KILLS; round++) {
        start_peer(host, REGION_READ_ONLY, be_worker);
        dispatch_queued(host);
        const uint32_t rounds = 1 + shm_random_below(&random, 400);
        for (uint32_t i = 0; i < rounds; i++) {
            while (shm_random_below(&random, 3) && admit(host, &random))
                continue;
            dispatch_queued(host);
            if (take_answers(host) == 0 && shm_random_below(&random, 4) == 0)
                sched_yield();
        }
        kill_peer(host);
        const uint64_t start_ns = now_ns();
        recover_worker(host, &quarantined);
        recovery_ns[round] = now_ns() - start_ns;
    }
    start_peer(host, REGION_READ_ONLY, be_worker);
    while (slot_table_owned(host->table, PEER) + slot_table_owned(host->table, 0) > 0) {
        dispatch_queued(host);
        if (take_answers(host) == 0)
            sched_yield();
    }
    kill_peer(host);
    for (uint64_t i = 0; i < host->requests; i++)
        CU_ASSERT_EQUAL_FATAL(host->answers[i], 1);
    check_nothing_leaked(host);
    qsort(recovery_ns, KILLS, sizeof(*recovery_ns), by_value);
    printf(
        " (%llu requests, %u quarantined; after a death all slots back in %.2f ms, median %.2f) ",
        (unsigned long long)host->requests, quarantined, (double)recovery_ns[KILLS - 1] / 1e6,
        (double)recovery_ns[KILLS / 2] / 1e6);
    free_host(host);
}

/* What the dataplane says it filled; checks content and gives the place back. */
static uint64_t take_filled(struct host *host)
{
    struct message batch[8];
    const int count = channel_pop(&host->channel, batch, 8);
    CU_ASSERT_TRUE_FATAL(count >= 0);
    for (int i = 0; i < count; i++) {
        const struct slab_ref said = batch[i].ref;
        CU_ASSERT_EQUAL_FATAL(slot_table_queue(host->table, said.slot, said.generation, PEER), 0);
        const uint64_t *words = region_at(&host->region, said.offset, said.bytes);
        for (uint64_t w = 0; w < said.bytes / 8; w++)
            CU_ASSERT_EQUAL_FATAL(words[w], host->request_of[said.slot] + w);
        release(host, said.slot, said.generation, SLOT_OWNER_JOINTD);
    }
    return (uint64_t)count;
}

static void killed_dataplanes_leave_no_slot(void)
{
    struct shm_random random = shm_random_start();
    struct host *host = make_host();
    uint64_t given = 0;
    uint64_t filled = 0;
    uint64_t lost = 0;
    for (int round = 0; round < KILLS; round++) {
        start_peer(host, REGION_READ_WRITE, be_dataplane);
        const uint32_t rounds = 1 + shm_random_below(&random, 400);
        for (uint32_t i = 0; i < rounds; i++) {
            struct message message = {.request = given};
            if (spsc_queue_room(&host->channel.out) > 0 &&
                slab_alloc(host->slab, 8 * (1 + shm_random_below(&random, 2000)), &message.ref) ==
                    0) {
                host->request_of[message.ref.slot] = given++;
                CU_ASSERT_EQUAL_FATAL(
                    slot_table_fill(host->table, message.ref.slot, message.ref.generation, PEER, 0),
                    0);
                CU_ASSERT_EQUAL_FATAL(channel_push(&host->channel, &message, 1), 1);
            }
            const uint64_t now = take_filled(host);
            filled += now;
            if (now == 0 && shm_random_below(&random, 2))
                sched_yield();
        }
        kill_peer(host);
        for (uint64_t more = 1; more > 0; filled += more)
            more = take_filled(host);
        struct slot_recovered recovered;
        while (slot_table_recover(host->table, PEER, &recovered)) {
            CU_ASSERT_EQUAL_FATAL(recovered.fate, SLOT_LOST);
            CU_ASSERT_EQUAL_FATAL(slab_free(host->slab, recovered.slot, recovered.generation), 0);
            lost++;
        }
        CU_ASSERT_EQUAL_FATAL(channel_renew(&host->channel), 0);
        check_nothing_leaked(host);
    }
    CU_ASSERT_EQUAL(given, filled + lost);
    CU_ASSERT_TRUE(filled > 0);
    printf(" (%llu filled, %llu lost half-way) ", (unsigned long long)filled,
           (unsigned long long)lost);
    free_host(host);
}

/* An owner that talks on until it is killed. */
static void be_owner(int socket)
{
    struct channel owner;
    struct channel_config config = channel_config_default();
    config.to_peer_capacity = 64;
    if (channel_init(&owner, &config) || channel_offer(&owner, socket, NULL, 0) ||
        channel_settle(&owner, socket))
        _exit(1);
    for (uint64_t n = 0;;) {
        struct message message = {.request = n, .sum = ~n};
        if (channel_push(&owner, &message, 1) == 1)
            n++;
        else
            sched_yield();
    }
}

/* The peer sleeps between messages; it must wake up when the owner dies, not only when it speaks.
 */
static uint64_t listen_until_gone(struct channel *peer, pid_t owner, uint64_t kill_at)
{
    struct idle idle;
    const struct idle_config config = {.mode = IDLE_ADAPTIVE, .spin_ns = 0};
    CU_ASSERT_EQUAL_FATAL(idle_init(&idle, &config), 0);
    CU_ASSERT_EQUAL_FATAL(idle_add(&idle, &peer->wake), 0);
    uint64_t heard = 0;
    for (;;) {
        struct message message;
        idle_arm(&idle);
        int work = 0;
        while (channel_pop(peer, &message, 1) == 1) {
            CU_ASSERT_TRUE_FATAL(message.request == heard && message.sum == ~heard);
            heard++;
            work++;
            if (heard == kill_at)
                kill(owner, SIGKILL);
        }
        if (work == 0 && peer->wake.is_peer_gone)
            break;
        if (work == 0)
            CU_ASSERT_TRUE_FATAL(idle_sleep(&idle, UINT64_C(20000000000)) > 0);
        idle_disarm(&idle);
    }
    idle_fini(&idle);
    return heard;
}

static void a_killed_owner_is_noticed(void)
{
    struct shm_random random = shm_random_start();
    for (int round = 0; round < 100; round++) {
        int sockets[2];
        CU_ASSERT_EQUAL_FATAL(fd_pass_pair(sockets), 0);
        const pid_t owner = fork();
        if (owner == 0) {
            close(sockets[0]);
            be_owner(sockets[1]);
        }
        close(sockets[1]);
        struct channel peer;
        CU_ASSERT_EQUAL_FATAL(channel_accept(&peer, sockets[0]), 0);
        const uint64_t kill_at = 1 + shm_random_below(&random, 3000);
        CU_ASSERT_TRUE(listen_until_gone(&peer, owner, kill_at) >= kill_at);
        int status;
        CU_ASSERT_EQUAL(waitpid(owner, &status, 0), owner);
        close(sockets[0]);
        channel_fini(&peer);
    }
}

const struct cunit_test tests[] = {
    {"300 killed workers lose no request and answer none twice", killed_workers_lose_no_request},
    {"300 killed dataplanes leave no slot behind", killed_dataplanes_leave_no_slot},
    {"a killed owner is noticed by its peers, and what it had said is whole",
     a_killed_owner_is_noticed},
    {NULL, NULL},
};
