/* Tests of payloads that are lent to the kernel: tokens, zero copy, closing under way, and that the
 * request path takes no memory. */
#include "tests/unit/counted_allocator.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/port_case.h"
#include "tests/unit/shm_random.h"

#include <stdlib.h>
#include <string.h>

enum { MEMORY_BYTES = 4 << 20, MOST_TOKENS = 4096 };

struct way {
    enum uring_port_mode mode;
    uint32_t zero_copy_min_bytes;
};

/* Copied by the kernel, zero copy always, zero copy where it pays. */
static const struct way ways[] = {
    {URING_PORT_PLAIN, 0}, {URING_PORT_RING, 0}, {URING_PORT_RING, 1}, {URING_PORT_RING, 4096}};

static size_t way_count(void)
{
    return port_case_has_ring() ? sizeof(ways) / sizeof(ways[0]) : 1;
}

static struct port *open_way(const struct way *way, const struct jtp_address *peer)
{
    struct uring_port_config config = uring_port_config_default();
    config.mode = way->mode;
    config.zero_copy_min_bytes = way->zero_copy_min_bytes;
    if (peer)
        config.peer = *peer;
    return port_case_open(&config);
}

/* Sends count datagrams of so many bytes from memory, with tokens from first on. */
static void send_many(struct port *port, const struct jtp_address *to, const uint8_t *memory,
                      uint32_t bytes, uint32_t count, uint64_t first)
{
    struct port_outgoing burst[PORT_MAX_BURST];
    for (uint32_t i = 0; i < count; i++)
        burst[i] = (struct port_outgoing){.to = *to,
                                          .head = (const uint8_t *)"headhead",
                                          .head_bytes = 8,
                                          .payload = memory + (size_t)i * bytes,
                                          .payload_bytes = bytes,
                                          .token = first + i};
    port_send(port, 0, burst, count, 0);
}

static bool are_first_to_last(uint64_t *tokens, uint32_t count, uint64_t first)
{
    uint8_t seen[MOST_TOKENS] = {0};
    for (uint32_t i = 0; i < count; i++)
        if (tokens[i] < first || tokens[i] >= first + count || seen[tokens[i] - first]++)
            return false;
    return true;
}

static void expect_payloads(struct port *port, const uint8_t *memory, uint32_t bytes,
                            uint32_t count)
{
    struct port_received burst[PORT_MAX_BURST];
    for (uint32_t i = 0; i < count;) {
        const uint32_t left = count - i < PORT_MAX_BURST ? count - i : PORT_MAX_BURST;
        const uint32_t came = port_case_receive(port, 0, burst, left);
        CU_ASSERT_TRUE_FATAL(came > 0);
        for (uint32_t r = 0; r < came; r++, i++) {
            CU_ASSERT_EQUAL_FATAL(burst[r].count, 8 + bytes);
            CU_ASSERT_EQUAL(memcmp(burst[r].bytes, "headhead", 8), 0);
            CU_ASSERT_EQUAL(memcmp(burst[r].bytes + 8, memory + (size_t)i * bytes, bytes), 0);
        }
        port_release(port, 0);
    }
}

static void tokens_come_back_once(void)
{
    struct shm_random random = shm_random_start();
    uint8_t *memory = malloc(MEMORY_BYTES);
    uint64_t *tokens = malloc(MOST_TOKENS * sizeof(*tokens));
    port_case_write(memory, MEMORY_BYTES, 1);
    for (size_t w = 0; w < way_count(); w++) {
        struct port *to = port_case_open_at(&port_case_v4, ways[w].mode);
        const struct jtp_address target = port_case_target(to, &port_case_v4);
        struct port *from = open_way(&ways[w], NULL);
        CU_ASSERT_EQUAL(port_add_memory(from, memory, MEMORY_BYTES), 0);
        for (uint32_t i = 0; i < 100; i++) {
            const uint32_t count = 1 + shm_random_below(&random, PORT_MAX_BURST);
            const uint32_t most = i % 4 ? 1400 : MEMORY_BYTES / PORT_MAX_BURST;
            const uint32_t bytes = 1 + shm_random_below(&random, most < 60000 ? most : 60000);
            send_many(from, &target, memory, bytes, count, 1000);
            expect_payloads(to, memory, bytes, count);
            CU_ASSERT_EQUAL(port_case_tokens(from, tokens, MOST_TOKENS, count), count);
            CU_ASSERT_TRUE(are_first_to_last(tokens, count, 1000));
        }
        CU_ASSERT_EQUAL(port_sent(from, 0, tokens, MOST_TOKENS), 0);
        CU_ASSERT_EQUAL(port_case_counters(from).unsent, 0);
        port_close(from);
        port_close(to);
    }
    free(tokens);
    free(memory);
}

static void tokens_come_back_though_sends_fail(void)
{
    uint8_t *memory = calloc(1, MEMORY_BYTES);
    uint64_t tokens[MOST_TOKENS];
    const struct jtp_address nobody = {.ip = {[10] = 0xff, 0xff, 127, 0, 0, 1}, .port = 9};
    for (size_t w = 0; w < way_count(); w++) {
        struct port *gone = port_case_open_at(&port_case_v4, ways[w].mode);
        const struct jtp_address target = port_case_target(gone, &port_case_v4);
        struct port *from = open_way(&ways[w], &target);
        port_add_memory(from, memory, MEMORY_BYTES);
        port_close(gone);
        for (uint32_t i = 0; i < 50; i++) { /* the peer is gone, and ICMP says so */
            struct port_received none;
            send_many(from, &target, memory, 1000, 20, 1);
            CU_ASSERT_EQUAL(port_case_tokens(from, tokens, MOST_TOKENS, 20), 20);
            CU_ASSERT_TRUE(are_first_to_last(tokens, 20, 1));
            CU_ASSERT_EQUAL(port_receive(from, 0, &none, 1, 0), 0);
            port_release(from, 0);
        }
        const struct port_counters counters = port_case_counters(from);
        CU_ASSERT_EQUAL(counters.sent + counters.unsent, 1000);
        CU_ASSERT_TRUE(counters.errors > 0);
        port_close(from);

        from = open_way(&ways[w], NULL);
        port_add_memory(from, memory, MEMORY_BYTES);
        send_many(from, &nobody, memory, 65500, 20, 1); /* with their heads too long */
        CU_ASSERT_EQUAL(port_case_tokens(from, tokens, MOST_TOKENS, 20), 20);
        CU_ASSERT_TRUE(are_first_to_last(tokens, 20, 1));
        CU_ASSERT_EQUAL(port_case_counters(from).unsent, 20);
        struct jtp_address nowhere = nobody;
        nowhere.port = 0; /* which no datagram can go to */
        send_many(from, &nowhere, memory, 1000, 30, 1);
        CU_ASSERT_EQUAL(port_case_tokens(from, tokens, MOST_TOKENS, 30), 30);
        CU_ASSERT_EQUAL(port_case_counters(from).unsent, 50);
        port_close(from);
    }
    free(memory);
}

static void a_restarted_peer_is_heard_again(void)
{
    uint8_t memory[100];
    port_case_write(memory, sizeof(memory), 4);
    for (size_t w = 0; w < way_count(); w++) {
        struct port *peer = port_case_open_at(&port_case_v4, ways[w].mode);
        const struct jtp_address target = port_case_target(peer, &port_case_v4);
        struct port *from = open_way(&ways[w], &target);
        port_close(peer);
        send_many(from, &target, memory, 100, 1, 0);
        peer = port_case_open_at(&target, ways[w].mode);
        struct port_received received = {0};
        send_many(from, &target, memory, 100, 1, 0);
        expect_payloads(peer, memory, 100, 1);
        const struct jtp_address back = port_case_target(from, &port_case_v4);
        send_many(peer, &back, memory, 100, 1, 0);
        CU_ASSERT_EQUAL(port_case_receive(from, 0, &received, 1), 1);
        port_release(from, 0);
        port_close(from);
        port_close(peer);
    }
}

static void closing_waits_for_what_is_under_way(void)
{
    uint8_t *memory = malloc(MEMORY_BYTES);
    for (size_t w = 0; w < way_count(); w++) {
        for (uint32_t i = 0; i < 20; i++) {
            struct port *to = port_case_open_at(&port_case_v4, ways[w].mode);
            const struct jtp_address target = port_case_target(to, &port_case_v4);
            struct port *from = open_way(&ways[w], NULL);
            port_case_write(memory, MEMORY_BYTES, i);
            uint8_t *copy = malloc(MEMORY_BYTES);
            memcpy(copy, memory, MEMORY_BYTES);
            port_add_memory(from, copy, MEMORY_BYTES);
            send_many(from, &target, copy, 50000, 20, 1);
            send_many(from, &target, copy, 1000, PORT_MAX_BURST, 100);
            port_close(from);
            memset(copy, 0xee, MEMORY_BYTES);
            free(copy);
            expect_payloads(to, memory, 50000, 20);
            expect_payloads(to, memory, 1000, PORT_MAX_BURST);
            port_close(to);
        }
    }
    free(memory);
}

static void nothing_is_allocated_after_opening(void)
{
    static uint8_t memory[64 * 1400];
    for (size_t w = 0; w < way_count(); w++) {
        struct port *from = open_way(&ways[w], NULL);
        struct port *to = port_case_open_at(&port_case_v4, ways[w].mode);
        const struct jtp_address target = port_case_target(to, &port_case_v4);
        port_add_memory(from, memory, sizeof(memory));
        struct port_received burst[PORT_MAX_BURST];
        uint64_t tokens[100];
        uint64_t received = 0;
        const unsigned long before = counted_allocator_calls();
        CU_ASSERT(before > 0); /* opening took memory: the counter counts */
        for (uint32_t i = 0; i < 200; i++) {
            send_many(from, &target, memory, 1 + i * 6, PORT_MAX_BURST, 1);
            uint32_t came;
            while ((came = port_receive(to, 0, burst, PORT_MAX_BURST, 0)) > 0) {
                received += came;
                port_release(to, 0);
            }
            port_release(to, 0);
            port_wait(to, 0, -1, 0);
            port_sent(from, 0, tokens, 100);
        }
        CU_ASSERT_EQUAL(counted_allocator_calls(), before);
        CU_ASSERT_TRUE(received > 190 * PORT_MAX_BURST);
        port_close(from);
        port_close(to);
    }
}

const struct cunit_test tests[] = {
    {"a token comes back once its payload was sent, and once", tokens_come_back_once},
    {"tokens come back though sends fail or nobody is there", tokens_come_back_though_sends_fail},
    {"a peer that comes back is heard again", a_restarted_peer_is_heard_again},
    {"what was sent arrives whole though the port was closed", closing_waits_for_what_is_under_way},
    {"nothing is allocated after opening", nothing_is_allocated_after_opening},
    {NULL, NULL},
};
