/* Tests of shm/channel.c and shm/channel_offer.c: both ends in one process, and offers that lie. */
#include "shm/channel.h"
#include "shm/fd_pass.h"
#include "tests/unit/cunit_main.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int open_count(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (dir && readdir(dir))
        count++;
    closedir(dir);
    return count;
}

static struct region make_slab(uint32_t epoch)
{
    struct region region;
    const struct region_config config = {
        .name = "slab", .kind = REGION_SLAB, .epoch = epoch, .payload_bytes = 50000};
    CU_ASSERT_EQUAL_FATAL(region_init(&region, &config), 0);
    return region;
}

static struct channel make_owner(void)
{
    struct channel owner;
    struct channel_config config = channel_config_default();
    config.to_peer_capacity = 16;
    config.from_peer_capacity = 64;
    CU_ASSERT_EQUAL_FATAL(channel_init(&owner, &config), 0);
    return owner;
}

static void join(struct channel *owner, struct channel *peer, const struct channel_grant *grants,
                 uint32_t count)
{
    int sockets[2];
    CU_ASSERT_EQUAL_FATAL(fd_pass_pair(sockets), 0);
    CU_ASSERT_EQUAL_FATAL(channel_offer(owner, sockets[0], grants, count), 0);
    CU_ASSERT_EQUAL_FATAL(channel_accept(peer, sockets[1]), 0);
    CU_ASSERT_EQUAL_FATAL(channel_settle(owner, sockets[0]), 0);
    close(sockets[0]);
    close(sockets[1]);
}

static void carries_both_ways(void)
{
    const int before = open_count();
    struct channel owner = make_owner();
    struct channel peer;
    join(&owner, &peer, NULL, 0);
    struct spsc_entry entries[64] = {0};
    for (uint64_t i = 0; i < 64; i++)
        entries[i].word[0] = i;
    struct spsc_entry got[64];
    for (int lap = 0; lap < 100; lap++) {
        CU_ASSERT_EQUAL(channel_push(&owner, entries, 64), 16);
        CU_ASSERT_EQUAL(channel_push(&peer, entries, 64), 64);
        CU_ASSERT_EQUAL(channel_pop(&peer, got, 64), 16);
        CU_ASSERT_EQUAL(memcmp(got, entries, 16 * sizeof(*got)), 0);
        CU_ASSERT_EQUAL(channel_pop(&owner, got, 64), 64);
        CU_ASSERT_EQUAL(memcmp(got, entries, 64 * sizeof(*got)), 0);
    }
    uint64_t task = 1;
    CU_ASSERT_EQUAL(channel_peer_beat(&owner, &task), 0);
    channel_beat(&peer, 123, 77);
    CU_ASSERT_EQUAL(channel_peer_beat(&owner, &task), 123);
    CU_ASSERT_EQUAL(task, 77);
    CU_ASSERT_EQUAL(channel_peer_beat(&peer, NULL), 0);
    channel_fini(&peer);
    channel_fini(&owner);
    channel_fini(&owner);
    channel_fini(NULL);
    CU_ASSERT_EQUAL(open_count(), before);
}

static void grants_come_with_their_access(void)
{
    struct channel owner = make_owner();
    struct channel peer;
    struct region requests = make_slab(3);
    struct region responses = make_slab(4);
    const struct channel_grant grants[] = {
        {.region = &requests, .kind = REGION_SLAB, .access = REGION_READ_ONLY},
        {.region = &responses, .kind = REGION_SLAB, .access = REGION_READ_WRITE, .is_lazy = true}};
    join(&owner, &peer, grants, 2);
    CU_ASSERT_EQUAL(peer.grant_count, 2);
    memset(region_at(&requests, 0, 50000), 5, 50000);
    CU_ASSERT_EQUAL(*(char *)region_at(&peer.grant[0], 49999, 1), 5);
    CU_ASSERT_PTR_NULL(region_at(&peer.grant[0], 50000, 1));
    memset(region_at(&peer.grant[1], 0, 50000), 6, 50000);
    CU_ASSERT_EQUAL(*(char *)region_at(&responses, 0, 1), 6);
    CU_ASSERT_EQUAL(mprotect(peer.grant[0].base, 4096, PROT_READ | PROT_WRITE), -1);
    channel_fini(&peer);
    channel_fini(&owner);
    region_fini(&requests);
    region_fini(&responses);
}

/* Bytes of the mapping that this process has in its page table. */
static uint64_t mapped_bytes(const void *base)
{
    char line[256], start[32];
    unsigned long long kib = 0;
    bool is_inside = false;
    FILE *file = fopen("/proc/self/smaps", "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    snprintf(start, sizeof(start), "%" PRIxPTR "-", (uintptr_t)base);
    while (fgets(line, sizeof(line), file)) {
        if (strncmp(line, start, strlen(start)) == 0)
            is_inside = true;
        if (is_inside && sscanf(line, "Rss: %llu kB", &kib) == 1)
            break;
    }
    fclose(file);
    return (uint64_t)kib * 1024;
}

static void lazy_grants_are_mapped_page_by_page(void)
{
    const uint64_t bytes = 4 << 20;
    struct channel owner = make_owner();
    struct channel peer;
    struct region slab;
    const struct region_config config = {
        .name = "slab", .kind = REGION_SLAB, .pages = REGION_PAGES_SMALL, .payload_bytes = bytes};
    CU_ASSERT_EQUAL_FATAL(region_init(&slab, &config), 0);
    const struct channel_grant grants[] = {
        {.region = &slab, .kind = REGION_SLAB, .access = REGION_READ_WRITE},
        {.region = &slab, .kind = REGION_SLAB, .access = REGION_READ_WRITE, .is_lazy = true}};
    join(&owner, &peer, grants, 2);
    CU_ASSERT(mapped_bytes(peer.grant[0].base) >= bytes);
    CU_ASSERT(mapped_bytes(peer.grant[1].base) < bytes / 4);
    memset(region_at(&peer.grant[1], 0, bytes), 7, bytes);
    CU_ASSERT(mapped_bytes(peer.grant[1].base) >= bytes);
    CU_ASSERT_EQUAL(*(char *)region_at(&slab, bytes - 1, 1), 7);
    channel_fini(&peer);
    channel_fini(&owner);
    region_fini(&slab);
}

static void a_settled_channel_takes_no_writers(void)
{
    struct channel owner = make_owner();
    struct channel peer;
    join(&owner, &peer, NULL, 0);
    struct region region;
    const struct region_expect expect = {
        .kind = REGION_CHANNEL, .access = REGION_READ_WRITE, .epoch = 1, .min_payload_bytes = 1};
    CU_ASSERT_EQUAL(region_attach(&region, peer.region.fd, &expect), -EPERM);
    /* Nor can the peer take pages away. */
    CU_ASSERT_EQUAL(madvise(peer.region.base, peer.region.bytes, MADV_REMOVE), -1);
    int sockets[2];
    fd_pass_pair(sockets);
    CU_ASSERT_EQUAL(channel_offer(&owner, sockets[0], NULL, 0), -EINVAL); /* once only */
    close(sockets[0]);
    close(sockets[1]);
    channel_fini(&peer);
    channel_fini(&owner);
}

static void the_next_peer_gets_new_memory(void)
{
    struct channel owner = make_owner();
    struct channel dead;
    struct channel next;
    struct spsc_entry entry = {0};
    join(&owner, &dead, NULL, 0);
    channel_push(&owner, &entry, 1);
    const void *memory = owner.shared;
    CU_ASSERT_EQUAL_FATAL(channel_renew(&owner), 0);
    CU_ASSERT_EQUAL(owner.config.epoch, 2);
    (void)memory;
    join(&owner, &next, NULL, 0);
    CU_ASSERT_EQUAL(next.config.epoch, 2);
    /* The dead one writes and reads its own old memory. */
    entry.word[0] = 66;
    CU_ASSERT_EQUAL(channel_push(&dead, &entry, 1), 1);
    CU_ASSERT_EQUAL(channel_pop(&dead, &entry, 1), 1);
    CU_ASSERT_EQUAL(channel_pop(&owner, &entry, 1), 0);
    CU_ASSERT_EQUAL(channel_pop(&next, &entry, 1), 0);
    CU_ASSERT_EQUAL(channel_push(&next, &entry, 1), 1);
    CU_ASSERT_EQUAL(channel_pop(&owner, &entry, 1), 1);
    channel_fini(&dead);
    channel_fini(&next);
    channel_fini(&owner);
}

/* Receives an offer, changes one 32-bit word of it, sends it on; counts what is accepted. */
static void an_offer_that_lies_is_refused(void)
{
    const int before = open_count();
    struct region slab = make_slab(3);
    const struct channel_grant grant = {
        .region = &slab, .kind = REGION_SLAB, .access = REGION_READ_ONLY};
    enum { OFFER_BYTES = 296, FDS = 3 };
    int accepted = 0;
    for (int word = 0; word < OFFER_BYTES / 4; word++) {
        struct channel owner = make_owner();
        struct channel peer;
        int sockets[2];
        fd_pass_pair(sockets);
        CU_ASSERT_EQUAL_FATAL(channel_offer(&owner, sockets[0], &grant, 1), 0);
        uint32_t offer[OFFER_BYTES / 4];
        int fds[FD_PASS_MAX];
        CU_ASSERT_EQUAL_FATAL(fd_pass_receive(sockets[1], offer, sizeof(offer), fds, FD_PASS_MAX),
                              FDS);
        offer[word] ^= 0x40000001u;
        fd_pass_send(sockets[0], offer, sizeof(offer), fds, FDS);
        const int error = channel_accept(&peer, sockets[1]);
        if (!error) {
            accepted++;
            channel_fini(&peer);
        }
        /* magic, version, epoch, capacities, count; size, kind, access, epoch, seal of the grant */
        static const int must_fail[] = {0, 1, 2, 3, 4, 5, 8, 10, 11, 12, 13, 14, 15};
        for (size_t i = 0; i < sizeof(must_fail) / sizeof(must_fail[0]); i++)
            if (word == must_fail[i])
                CU_ASSERT_TRUE(error < 0);
        for (int i = 0; i < FDS; i++)
            close(fds[i]);
        close(sockets[0]);
        close(sockets[1]);
        channel_fini(&owner);
    }
    CU_ASSERT_EQUAL(accepted,
                    OFFER_BYTES / 4 - 13); /* the two "can sleep", padding, unused grants */
    region_fini(&slab);
    CU_ASSERT_EQUAL(open_count(), before);
}

static void a_spoilt_answer_is_reported(void)
{
    struct channel owner = make_owner();
    int sockets[2];
    fd_pass_pair(sockets);
    CU_ASSERT_EQUAL(channel_offer(&owner, sockets[0], NULL, 0), 0);
    fd_pass_send(sockets[1], "sixteen bytes...", 16, NULL, 0);
    CU_ASSERT_EQUAL(channel_settle(&owner, sockets[0]), -EBADMSG);
    fd_pass_send(sockets[1], "too short", 9, NULL, 0);
    CU_ASSERT_EQUAL(channel_settle(&owner, sockets[0]), -EBADMSG);
    close(sockets[1]);
    CU_ASSERT_EQUAL(channel_settle(&owner, sockets[0]), -EPIPE);
    close(sockets[0]);
    channel_fini(&owner);
}

static void refuses_bad_capacities(void)
{
    struct channel channel;
    struct channel_config config = channel_config_default();
    config.to_peer_capacity = 1000;
    CU_ASSERT_EQUAL(channel_init(&channel, &config), -EINVAL);
    config.to_peer_capacity = 1024;
    config.from_peer_capacity = 0;
    CU_ASSERT_EQUAL(channel_init(&channel, &config), -EINVAL);
    channel_fini(&channel);
}

const struct cunit_test tests[] = {
    {"descriptors and heartbeats go both ways", carries_both_ways},
    {"granted regions come with their access", grants_come_with_their_access},
    {"a lazy grant is mapped page by page, another at once", lazy_grants_are_mapped_page_by_page},
    {"a settled channel takes no new writer and loses no page", a_settled_channel_takes_no_writers},
    {"the next peer gets new memory, and the old one reaches nobody",
     the_next_peer_gets_new_memory},
    {"an offer that lies is refused and leaves nothing open", an_offer_that_lies_is_refused},
    {"a spoilt answer is reported", a_spoilt_answer_is_reported},
    {"bad capacities are refused", refuses_bad_capacities},
    {NULL, NULL},
};
