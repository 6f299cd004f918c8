/* Tests that what one port sends another receives: every byte, in both families, by every way that
 * the kernel has, and back to the address that was asked. */
#include "tests/unit/cunit_main.h"
#include "tests/unit/port_case.h"
#include "tests/unit/shm_random.h"

#include <string.h>

struct way {
    const char *name;
    enum uring_port_mode mode;
    bool has_gro, has_gso;
};

static const struct way ways[] = {
    {"ring, GSO, GRO", URING_PORT_RING, true, true},
    {"ring, GSO", URING_PORT_RING, false, true},
    {"ring, GRO", URING_PORT_RING, true, false},
    {"ring", URING_PORT_RING, false, false},
    {"plain, GSO, GRO", URING_PORT_PLAIN, true, true},
    {"plain, GSO", URING_PORT_PLAIN, false, true},
    {"plain, GRO", URING_PORT_PLAIN, true, false},
    {"plain", URING_PORT_PLAIN, false, false},
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

static struct port *open_way(const struct way *way, const struct jtp_address *local)
{
    struct uring_port_config config = uring_port_config_default();
    config.addresses[0] = *local;
    config.mode = way->mode;
    config.wants_gro = way->has_gro;
    config.wants_gso = way->has_gso;
    return port_case_open(&config);
}

#define BURSTS 20
#define MOST_BYTES 1400

struct burst {
    uint8_t bytes[PORT_MAX_BURST][MOST_BYTES];
    struct port_outgoing datagrams[PORT_MAX_BURST];
    uint32_t count;
    uint64_t first; /* number of its first datagram */
};

/* Runs of equal sizes and single ones, heads of any length. */
static void make_burst(struct burst *burst, struct shm_random *random, uint64_t first,
                       const struct jtp_address *to)
{
    burst->first = first;
    burst->count = 1 + shm_random_below(random, PORT_MAX_BURST);
    uint32_t bytes = 0;
    for (uint32_t i = 0; i < burst->count; i++) {
        if (bytes == 0 || shm_random_below(random, 8) == 0)
            bytes = 8 + shm_random_below(random, MOST_BYTES - 8 + 1);
        const uint32_t most = bytes < PORT_MAX_HEAD_BYTES ? bytes : PORT_MAX_HEAD_BYTES;
        const uint32_t head_bytes = shm_random_below(random, most + 1);
        port_case_write(burst->bytes[i], bytes, first + i);
        burst->datagrams[i] = (struct port_outgoing){
            .to = *to,
            .head = burst->bytes[i],
            .head_bytes = head_bytes,
            .payload = burst->bytes[i] + head_bytes,
            .payload_bytes = bytes - head_bytes,
        };
    }
}

static uint32_t size_of(const struct burst *burst, uint32_t i)
{
    return burst->datagrams[i].head_bytes + burst->datagrams[i].payload_bytes;
}

/* Nothing is lost or overtaken over loopback to one queue. */
static bool has_arrived(struct port *port, const struct burst *burst, uint32_t most_at_once)
{
    struct port_received received[PORT_MAX_BURST];
    for (uint32_t i = 0; i < burst->count;) {
        const uint32_t came = port_case_receive(port, 0, received, most_at_once);
        bool is_right = came > 0 && i + came <= burst->count;
        for (uint32_t r = 0; is_right && r < came; r++, i++)
            is_right = received[r].count == size_of(burst, i) &&
                       port_case_is(received[r].bytes, received[r].count, burst->first + i);
        port_release(port, 0);
        if (!is_right)
            return false;
    }
    return true;
}

static void transfer(const struct way *from_way, const struct way *to_way,
                     const struct jtp_address *local, const struct jtp_address *ip,
                     struct shm_random *random)
{
    struct port *from = open_way(from_way, &port_case_any);
    struct port *to = open_way(to_way, local);
    const struct jtp_address target = port_case_target(to, ip);
    struct burst *burst = calloc(1, sizeof(*burst));
    uint64_t sent = 0;
    uint64_t bytes = 0;
    bool is_right = true;
    for (uint32_t i = 0; i < BURSTS && is_right; i++) {
        make_burst(burst, random, sent, &target);
        port_send(from, 0, burst->datagrams, burst->count, 0);
        memset(burst->bytes, 0xee, i % 2 ? sizeof(burst->bytes) : 0); /* all of it was copied */
        is_right = has_arrived(to, burst, 1 + shm_random_below(random, PORT_MAX_BURST));
        sent += burst->count;
        for (uint32_t d = 0; d < burst->count; d++)
            bytes += size_of(burst, d);
    }
    if (!is_right)
        printf(" (%s to %s: wrong at %llu) ", from_way->name, to_way->name,
               (unsigned long long)sent);
    CU_ASSERT_TRUE(is_right);
    const struct port_counters out = port_case_counters(from);
    const struct port_counters in = port_case_counters(to);
    CU_ASSERT_EQUAL(out.sent, sent);
    CU_ASSERT_EQUAL(out.sent_bytes, bytes);
    CU_ASSERT_EQUAL(in.received, sent);
    CU_ASSERT_EQUAL(in.received_bytes, bytes);
    CU_ASSERT_EQUAL(in.bad + in.missed + out.unsent + out.errors + in.errors, 0);
    free(burst);
    port_close(from);
    port_close(to);
}

static void transfer_by_all_ways(const struct jtp_address *local, const struct jtp_address *ip)
{
    struct shm_random random = shm_random_start();
    const bool has_ring = port_case_has_ring();
    for (size_t i = 0; i < WAYS; i++)
        for (size_t j = 0; j < WAYS; j++)
            if (has_ring || (ways[i].mode != URING_PORT_RING && ways[j].mode != URING_PORT_RING))
                transfer(&ways[i], &ways[j], local, ip, &random);
}

static void arrives_by_v4(void)
{
    transfer_by_all_ways(&port_case_v4, &port_case_v4);
}

static void arrives_by_v6(void)
{
    if (port_case_has_v6())
        transfer_by_all_ways(&port_case_v6, &port_case_v6);
}

static void both_families_arrive_at_one_socket(void)
{
    transfer_by_all_ways(&port_case_any, &port_case_v4);
    if (port_case_has_v6())
        transfer_by_all_ways(&port_case_any, &port_case_v6);
}

const struct cunit_test tests[] = {
    {"every byte arrives by IPv4, whichever way each end goes", arrives_by_v4},
    {"every byte arrives by IPv6, whichever way each end goes", arrives_by_v6},
    {"one socket takes both families", both_families_arrive_at_one_socket},
    {NULL, NULL},
};
