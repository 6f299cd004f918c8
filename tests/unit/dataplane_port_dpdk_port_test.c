/* Tests of the DPDK port between two devices in this process, in virtual time, without huge pages:
 * what arrives, what comes back, and that no packet buffer is lost. */
#include "tests/unit/cunit_main.h"
#include "tests/unit/net_case.h"
#include "tests/unit/ring_pair.h"
#include "tests/unit/shm_random.h"

#include "dataplane/port/dpdk/dpdk_port.h"
#include "dataplane/port/net/neighbours.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <stdlib.h>

#define SECOND UINT64_C(1000000000)
#define SLOTS 64
#define SLOT_BYTES 1472

struct world {
    struct ring_pair pair;
    struct port *ports[2]; /* 192.0.2.1 and .2, 2001:db8::1 and ::2 */
    uint8_t *memory; /* SLOTS of SLOT_BYTES, given to both */
    uint64_t now_ns;
    uint64_t received, wrong, queues_used;
};

static struct dpdk_port_config config_of(unsigned which, const char *device, uint32_t queues)
{
    struct dpdk_port_config config = dpdk_port_config_default();
    config.device = device;
    config.queue_count = queues;
    config.huge_pages = DPDK_NO;
    config.memory_mib = 512;
    CU_ASSERT_EQUAL(net_prefix_read(&config.v4, which ? "192.0.2.2/24" : "192.0.2.1/24"), 0);
    CU_ASSERT_EQUAL(net_prefix_read(&config.v6, which ? "2001:db8::2/64" : "2001:db8::1/64"), 0);
    return config;
}

static void begin(struct world *world, const char *name, uint32_t queues)
{
    *world = (struct world){.now_ns = SECOND};
    const struct dpdk_port_config first = config_of(0, name, 1);
    CU_ASSERT_EQUAL_FATAL(dpdk_eal_start(&first), 0);
    CU_ASSERT_TRUE_FATAL(ring_pair_init(&world->pair, name));
    world->memory = aligned_alloc(4096, 24 * 4096); /* room for the slots */
    CU_ASSERT_PTR_NOT_NULL_FATAL(world->memory);
    for (unsigned i = 0; i < 2; i++) {
        const struct dpdk_port_config config =
            config_of(i, world->pair.names[i], i == 0 ? 1 : queues);
        CU_ASSERT_EQUAL_FATAL(dpdk_port_open(&world->ports[i], &config), 0);
        CU_ASSERT_EQUAL(port_add_memory(world->ports[i], world->memory, 24 * 4096), 0);
    }
}

static uint32_t in_use(const struct world *world)
{
    uint32_t sum = 0;
    for (unsigned i = 0; i < 2; i++)
        for (uint32_t queue = 0; queue < world->ports[i]->queue_count; queue++)
            sum += dpdk_port_buffers_in_use(world->ports[i], queue);
    return sum;
}

static void end(struct world *world)
{
    ring_pair_drain(&world->pair);
    CU_ASSERT_EQUAL(in_use(world), 0);
    for (unsigned i = 0; i < 2; i++)
        port_close(world->ports[i]);
    free(world->memory);
}

static struct jtp_address address(const char *ip, uint16_t port)
{
    struct jtp_address to = net_case_ip(ip);
    to.port = port;
    return to;
}

static void write_slot(struct world *world, uint32_t slot, uint8_t number, uint32_t bytes)
{
    memset(world->memory + slot * SLOT_BYTES, number, bytes);
}

/* Both ports look for frames once, and check that each is of one byte's repetition. */
static void poll_all(struct world *world)
{
    struct port_received burst[PORT_MAX_BURST];
    for (unsigned i = 0; i < 2; i++) {
        for (uint32_t queue = 0; queue < world->ports[i]->queue_count; queue++) {
            const uint32_t came =
                port_receive(world->ports[i], queue, burst, PORT_MAX_BURST, world->now_ns);
            for (uint32_t d = 0; d < came; d++) {
                const struct port_received *one = &burst[d];
                for (uint32_t b = 1; b < one->count; b++)
                    world->wrong += one->bytes[b] != one->bytes[0];
                world->received++;
            }
            if (came)
                world->queues_used |= UINT64_C(1) << (32 * i + queue);
            port_release(world->ports[i], queue);
        }
    }
}

static uint32_t tokens_back(struct world *world, uint64_t *seen)
{
    uint64_t tokens[SLOTS];
    const uint32_t got = port_sent(world->ports[0], 0, tokens, SLOTS);
    for (uint32_t i = 0; i < got; i++) {
        CU_ASSERT_TRUE_FATAL(tokens[i] >= 1 && tokens[i] <= SLOTS);
        CU_ASSERT_FALSE(*seen >> (tokens[i] - 1) & 1); /* each once */
        *seen |= UINT64_C(1) << (tokens[i] - 1);
    }
    return got;
}

static struct port_outgoing outgoing(struct world *world, const struct jtp_address *to,
                                     uint32_t slot, uint32_t bytes)
{
    write_slot(world, slot, (uint8_t)slot, bytes);
    return (struct port_outgoing){.to = *to,
                                  .payload = world->memory + slot * SLOT_BYTES,
                                  .payload_bytes = bytes,
                                  .token = slot + 1};
}

/* Rounds of a burst with sizes around what is lent, heads of any length. */
static void exchange(const char *name, const char *ip, uint32_t most)
{
    struct world world;
    begin(&world, name, 1);
    struct shm_random random = shm_random_start();
    const struct jtp_address to = address(ip, 4470);
    uint64_t sent = 0;
    for (uint32_t round = 0; round < 300; round++) {
        struct port_outgoing burst[8];
        uint8_t heads[8][PORT_MAX_HEAD_BYTES];
        uint64_t seen = 0;
        uint32_t got = 0;
        for (uint32_t i = 0; i < 8; i++) {
            burst[i] = outgoing(&world, &to, i, 1 + shm_random_below(&random, most - 512));
            memset(heads[i], (int)i, sizeof(heads[i]));
            burst[i].head = heads[i];
            burst[i].head_bytes = shm_random_below(&random, PORT_MAX_HEAD_BYTES + 1);
        }
        port_send(world.ports[0], 0, burst, 8, world.now_ns);
        sent += 8;
        for (uint32_t turn = 0; turn < 6; turn++) {
            poll_all(&world);
            got += tokens_back(&world, &seen);
        }
        CU_ASSERT_EQUAL(got, 8);
    }
    CU_ASSERT_EQUAL(world.received, sent);
    CU_ASSERT_EQUAL(world.wrong, 0);
    struct port_counters counters;
    port_counters(world.ports[0], 0, &counters);
    CU_ASSERT_EQUAL(counters.sent, sent);
    CU_ASSERT_EQUAL(counters.unsent, 0);
    end(&world);
}

static void every_byte_arrives_and_every_token_comes_back(void)
{
    exchange("pair_v4_", "192.0.2.2", 1472);
    exchange("pair_v6_", "2001:db8::2", 1452);
}

static void senders_are_spread_over_queues_that_the_device_lacks(void)
{
    struct world world;
    begin(&world, "pair_q_", 4);
    /* Port 0 has one address; the frames of others are written by hand, from many ports. */
    for (uint32_t i = 0; i < 200; i++) {
        const struct jtp_address to = address("192.0.2.2", 4470);
        const struct port_outgoing one = outgoing(&world, &to, i % SLOTS, 100);
        port_send(world.ports[0], 0, &one, 1, world.now_ns);
        poll_all(&world);
        poll_all(&world);
        uint64_t tokens[SLOTS];
        port_sent(world.ports[0], 0, tokens, SLOTS);
    }
    CU_ASSERT_EQUAL(world.received, 200);
    CU_ASSERT_EQUAL(__builtin_popcountll(world.queues_used >> 32), 1); /* one sender, one queue */
    /* Every queue can answer: what one heard of a neighbour the others know. */
    const struct jtp_address back = address("192.0.2.1", 4470);
    for (uint32_t queue = 0; queue < 4; queue++) {
        const uint8_t byte = 7;
        const struct port_outgoing one = {.to = back, .head = &byte, .head_bytes = 1};
        port_send(world.ports[1], queue, &one, 1, world.now_ns);
        poll_all(&world);
    }
    CU_ASSERT_EQUAL(world.received, 204);
    struct dpdk_port_frames frames;
    uint64_t asked = 0;
    for (uint32_t queue = 0; queue < 4; queue++) {
        dpdk_port_frames(world.ports[1], queue, &frames);
        asked += frames.asked;
    }
    CU_ASSERT_EQUAL(asked, 0);
    end(&world);
}

static void what_nobody_answers_for_is_lost_and_counted(void)
{
    struct world world;
    begin(&world, "pair_lost_", 1);
    uint64_t seen = 0;
    uint32_t got = 0;
    for (uint32_t i = 0; i < SLOTS; i++) { /* 4 addresses: 16 for each, of which 8 wait */
        struct jtp_address to = address("192.0.2.100", 4470);
        to.ip[15] = (uint8_t)(to.ip[15] + i % 4);
        const struct port_outgoing one = outgoing(&world, &to, i, 1000);
        port_send(world.ports[0], 0, &one, 1, world.now_ns);
    }
    got += tokens_back(&world, &seen);
    CU_ASSERT_EQUAL(got, SLOTS - 4 * NET_MAX_HELD);
    for (uint32_t second = 0; second < 5; second++, world.now_ns += SECOND) {
        poll_all(&world);
        got += tokens_back(&world, &seen);
    }
    CU_ASSERT_EQUAL(got, SLOTS);
    CU_ASSERT_EQUAL(world.received, 0);
    struct port_counters counters;
    struct dpdk_port_frames frames;
    port_counters(world.ports[0], 0, &counters);
    dpdk_port_frames(world.ports[0], 0, &frames);
    CU_ASSERT_EQUAL(counters.unsent, SLOTS);
    CU_ASSERT_EQUAL(frames.unresolved, SLOTS);
    CU_ASSERT_EQUAL(frames.asked, 4 * 3);
    end(&world);
}

static void what_cannot_be_sent_is_counted_and_its_token_comes_back(void)
{
    struct world world;
    begin(&world, "pair_bad_", 1);
    const struct jtp_address wrong[] = {
        address("192.0.2.2", 0),        address("10.1.1.1", 4470), /* no gateway */
        address("127.0.0.1", 4470),     address("255.255.255.255", 4470),
        address("2001:db8:1::1", 4470),
    };
    const uint32_t count = sizeof(wrong) / sizeof(wrong[0]);
    for (uint32_t i = 0; i < count; i++) {
        const struct port_outgoing one = outgoing(&world, &wrong[i], i, 1000);
        port_send(world.ports[0], 0, &one, 1, world.now_ns);
    }
    const struct jtp_address to = address("192.0.2.2", 4470);
    struct port_outgoing one = outgoing(&world, &to, count, SLOT_BYTES);
    one.head = world.memory;
    one.head_bytes = 1; /* 1,473 bytes: one too many */
    port_send(world.ports[0], 0, &one, 1, world.now_ns);
    uint64_t seen = 0;
    CU_ASSERT_EQUAL(tokens_back(&world, &seen), count + 1);
    struct port_counters counters;
    port_counters(world.ports[0], 0, &counters);
    CU_ASSERT_EQUAL(counters.unsent, count + 1);
    CU_ASSERT_EQUAL(port_max_datagram_bytes(world.ports[0], &to), SLOT_BYTES);
    end(&world);
}

static void junk_leaves_nothing_behind(void)
{
    struct world world;
    begin(&world, "pair_junk_", 2);
    struct shm_random random = shm_random_start();
    struct dpdk_port_features has;
    dpdk_port_features(world.ports[1], &has);
    uint64_t injected = 0;
    for (uint32_t round = 0; round < 400; round++) {
        for (uint32_t i = 0; i < 50; i++) {
            uint8_t frame[300];
            const uint32_t bytes = 1 + shm_random_below(&random, sizeof(frame));
            for (uint32_t b = 0; b < bytes; b++)
                frame[b] = (uint8_t)shm_random_below(&random, 256);
            if (i % 2 && bytes > 14) {
                static const uint8_t types[3][2] = {{8, 0}, {8, 6}, {0x86, 0xdd}};
                memcpy(frame, has.mac, NET_MAC_BYTES);
                frame[6] &= 0xfe;
                memcpy(frame + 12, types[i % 3], 2);
            }
            injected += ring_pair_inject(&world.pair, 1, frame, bytes);
        }
        poll_all(&world);
    }
    poll_all(&world);
    struct port_counters one;
    uint64_t bad = 0;
    for (uint32_t queue = 0; queue < 2; queue++) {
        port_counters(world.ports[1], queue, &one);
        bad += one.bad + one.missed;
    }
    CU_ASSERT_EQUAL(world.received, 0);
    CU_ASSERT_EQUAL(bad, injected);
    end(&world);
}

static void wrong_configurations_are_refused(void)
{
    struct port *port;
    struct dpdk_port_config config = config_of(0, NULL, 1);
    CU_ASSERT_EQUAL(dpdk_port_open(&port, &config), -EINVAL);
    config = config_of(0, "net_no_such_driver0", 1);
    CU_ASSERT_NOT_EQUAL(dpdk_port_open(&port, &config), 0);
    CU_ASSERT_PTR_NULL(port);
    config = config_of(0, "net_null0", 0);
    CU_ASSERT_EQUAL(dpdk_port_open(&port, &config), -EINVAL);
    config = config_of(0, "net_null0", 1);
    config.v4.is_set = config.v6.is_set = false;
    CU_ASSERT_EQUAL(dpdk_port_open(&port, &config), -EINVAL);
    config = config_of(0, "net_null0", 1);
    CU_ASSERT_EQUAL(net_ip_read(config.gateway_v4, "10.0.0.1"), 0); /* not on the link */
    CU_ASSERT_EQUAL(dpdk_port_open(&port, &config), -EINVAL);
}

static void a_device_can_be_opened_again(void)
{
    for (uint32_t i = 0; i < 20; i++) {
        struct port *port;
        struct port_received burst[PORT_MAX_BURST];
        const struct dpdk_port_config config = config_of(0, "net_null0", 2);
        CU_ASSERT_EQUAL_FATAL(dpdk_port_open(&port, &config), 0);
        for (uint32_t queue = 0; queue < 2; queue++) {
            CU_ASSERT_EQUAL(port_receive(port, queue, burst, PORT_MAX_BURST, SECOND), 0);
            port_release(port, queue);
            CU_ASSERT_EQUAL(dpdk_port_buffers_in_use(port, queue), 0);
        }
        struct port_counters counters;
        port_counters(port, 0, &counters);
        CU_ASSERT_EQUAL(counters.bad, PORT_MAX_BURST); /* net_null's frames are zeros */
        port_close(port);
    }
}

const struct cunit_test tests[] = {
    {"every byte arrives and every token comes back, in both families",
     every_byte_arrives_and_every_token_comes_back},
    {"senders are spread over queues that the device lacks",
     senders_are_spread_over_queues_that_the_device_lacks},
    {"what nobody answers for is lost after three seconds, and counted",
     what_nobody_answers_for_is_lost_and_counted},
    {"what cannot be sent is counted and its token comes back",
     what_cannot_be_sent_is_counted_and_its_token_comes_back},
    {"junk is counted and leaves nothing behind", junk_leaves_nothing_behind},
    {"wrong configurations are refused", wrong_configurations_are_refused},
    {"a device can be opened again, and loses no packet buffer", a_device_can_be_opened_again},
    {NULL, NULL},
};
