/* Tests of what a queue does with datagrams that are too long, empty, too many, or come while it
 * sleeps. */
#include "tests/unit/cunit_main.h"
#include "tests/unit/port_case.h"
#include "tests/unit/shm_random.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static const enum uring_port_mode modes[] = {URING_PORT_PLAIN, URING_PORT_RING};

/* 2, or 1 where there is no io_uring. */
static size_t mode_count(void)
{
    return port_case_has_ring() ? 2 : 1;
}

static void send_one(struct port *from, const struct jtp_address *to, uint32_t count,
                     uint64_t number)
{
    uint8_t *bytes = malloc(count + 1);
    port_case_write(bytes, count, number);
    const struct port_outgoing datagram = {.to = *to, .payload = bytes, .payload_bytes = count};
    port_send(from, 0, &datagram, 1, 0);
    free(bytes);
}

static void expect_one(struct port *port, uint32_t count, uint64_t number)
{
    struct port_received received = {0};
    CU_ASSERT_EQUAL(port_case_receive(port, 0, &received, 1), 1);
    CU_ASSERT_EQUAL_FATAL(received.count, count);
    CU_ASSERT_TRUE(port_case_is(received.bytes, count, number));
    port_release(port, 0);
}

static void any_length_arrives(void)
{
    static const uint32_t sizes[] = {0, 1, 255, 256, 257, 1199, 1472, 9000, 65000, 65507, 8};
    for (size_t m = 0; m < mode_count(); m++) {
        struct port *from = port_case_open_at(&port_case_any, modes[m]);
        struct port *to = port_case_open_at(&port_case_v4, modes[m]);
        const struct jtp_address target = port_case_target(to, &port_case_v4);
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            send_one(from, &target, sizes[i], i);
            expect_one(to, sizes[i], i);
        }
        port_close(from);
        port_close(to);
    }
}

static void too_long_is_bad(void)
{
    for (size_t m = 0; m < mode_count(); m++) {
        struct uring_port_config config = uring_port_config_default();
        config.addresses[0] = port_case_v4;
        config.mode = modes[m];
        config.wants_gro = false;
        config.receive_bytes = 1000;
        struct port *to = port_case_open(&config);
        struct port *from = port_case_open_at(&port_case_any, modes[m]);
        const struct jtp_address target = port_case_target(to, &port_case_v4);
        for (uint32_t i = 0; i < 1000; i++) { /* more than there are buffers */
            send_one(from, &target, i % 3 == 0 ? 1000 : 1001 + i, i);
            if (i % 3 == 0)
                expect_one(to, 1000, i);
        }
        const struct port_counters counters = port_case_counters(to);
        CU_ASSERT_EQUAL(counters.received, 334);
        CU_ASSERT_EQUAL(counters.received_bytes, 334000);
        CU_ASSERT_EQUAL(counters.bad, 666);
        port_close(from);
        port_close(to);
    }
}

static void fragments_are_not_made(void)
{
    if (!port_case_has_v6())
        return;
    for (size_t m = 0; m < mode_count(); m++) {
        struct port *from = port_case_open_at(&port_case_any, modes[m]);
        struct port *to = port_case_open_at(&port_case_v6, modes[m]);
        const struct jtp_address target = port_case_target(to, &port_case_v6);
        const uint32_t most = port_max_datagram_bytes(from, &target);
        CU_ASSERT_EQUAL(most, 65488);
        send_one(from, &target, most + 1, 1);
        send_one(from, &target, most, 2);
        expect_one(to, most, 2);
        CU_ASSERT_EQUAL(port_case_counters(from).sent, 1);
        CU_ASSERT_EQUAL(port_case_counters(from).unsent, 1);
        CU_ASSERT_EQUAL(port_case_counters(to).received, 1);
        port_close(from);
        port_close(to);
    }
}

static void empty_ones_hold_up_nothing(void)
{
    for (size_t m = 0; m < mode_count(); m++) {
        struct port *from = port_case_open_at(&port_case_any, modes[m]);
        struct port *to = port_case_open_at(&port_case_v4, modes[m]);
        const struct jtp_address target = port_case_target(to, &port_case_v4);
        for (uint32_t i = 0; i < 40; i++)
            send_one(from, &target, i % 2 ? 100 + i : 0, i);
        struct port_received burst[PORT_MAX_BURST];
        /* Far fewer calls than there are empty ones. */
        uint32_t came = 0;
        for (uint32_t calls = 0; calls < 6 && came < 40; calls++) {
            const uint32_t more = port_receive(to, 0, burst, PORT_MAX_BURST, 0);
            for (uint32_t i = 0; i < more; i++, came++)
                CU_ASSERT_EQUAL(burst[i].count, came % 2 ? 100 + came : 0);
            port_release(to, 0);
        }
        CU_ASSERT_EQUAL(came, 40);
        port_close(from);
        port_close(to);
    }
}

/* More than socket and buffers hold: what is not received is missed, and then it goes on. */
static void flood(enum uring_port_mode mode, bool has_gso, bool has_gro)
{
    enum { BURSTS = 40, BYTES = 1000 };
    struct uring_port_config config = uring_port_config_default();
    config.addresses[0] = port_case_v4;
    config.mode = mode;
    config.receive_count = 4;
    config.socket_buffer_bytes = 300000;
    config.wants_gro = has_gro;
    config.wants_gso = has_gso;
    struct port *to = port_case_open(&config);
    struct port *from = port_case_open(&config);
    const struct jtp_address target = port_case_target(to, &port_case_v4);
    static uint8_t bytes[BYTES];
    struct port_outgoing burst[PORT_MAX_BURST];
    struct port_received received[PORT_MAX_BURST];
    for (uint32_t i = 0; i < PORT_MAX_BURST; i++)
        burst[i] = (struct port_outgoing){.to = target, .payload = bytes, .payload_bytes = BYTES};
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < BURSTS; i++)
            port_send(from, 0, burst, PORT_MAX_BURST, 0);
        uint32_t came;
        while ((came = port_receive(to, 0, received, PORT_MAX_BURST, 0)) > 0 ||
               (port_wait(to, 0, -1, 1000000) == 0 &&
                (came = port_receive(to, 0, received, PORT_MAX_BURST, 0)) > 0)) {
            for (uint32_t i = 0; i < came; i++)
                CU_ASSERT_EQUAL(received[i].count, BYTES);
            port_release(to, 0);
        }
        port_release(to, 0);
        const struct port_counters in = port_case_counters(to);
        const struct port_counters out = port_case_counters(from);
        CU_ASSERT_EQUAL(out.sent, (round + 1) * BURSTS * PORT_MAX_BURST);
        CU_ASSERT_TRUE(in.missed > 0 && in.received > 0);
        /* Linux counts a run that it drops whole as one; others may count its datagrams. */
        const uint64_t run = has_gso && has_gro ? PORT_MAX_BURST : 1;
        CU_ASSERT_TRUE(in.received + in.missed == out.sent ||
                       in.received + in.missed * run == out.sent);
    }
    send_one(from, &target, 77, 7); /* it has recovered */
    expect_one(to, 77, 7);
    port_close(from);
    port_close(to);
}

static void a_full_queue_misses_and_recovers(void)
{
    for (size_t m = 0; m < mode_count(); m++) {
        flood(modes[m], false, false);
        flood(modes[m], false, true);
        flood(modes[m], true, true);
        flood(modes[m], true, false);
    }
}

static void lent_bytes_stay_until_released(void)
{
    for (size_t m = 0; m < mode_count(); m++) {
        struct port *from = port_case_open_at(&port_case_any, modes[m]);
        struct port *to = port_case_open_at(&port_case_v4, modes[m]);
        const struct jtp_address target = port_case_target(to, &port_case_v4);
        for (uint32_t i = 0; i < 40; i++)
            send_one(from, &target, 700, i);
        struct port_received burst[PORT_MAX_BURST];
        const uint32_t came = port_case_receive(to, 0, burst, PORT_MAX_BURST);
        for (uint32_t i = 0; i < 2000; i++)
            send_one(from, &target, 700, 1000000 + i);
        for (uint32_t i = 0; i < came; i++)
            CU_ASSERT_TRUE(port_case_is(burst[i].bytes, burst[i].count, i));
        port_release(to, 0);
        port_close(from);
        port_close(to);
    }
}

/* The sleeper waits for one token after another, by eventfd or by datagram, with no time limit that
 * would hide a lost wake-up. */
struct sleeper {
    struct port *port;
    int wake_fd;
    _Atomic uint64_t wanted; /* by the waker */
    _Atomic uint64_t seen;
    uint64_t datagrams;
};

enum { WAKES = 3000 };

static void *sleep_and_count(void *argument)
{
    struct sleeper *sleeper = argument;
    uint64_t rung = 0;
    while (rung + sleeper->datagrams < WAKES) {
        struct port_received burst[PORT_MAX_BURST];
        const uint32_t came = port_receive(sleeper->port, 0, burst, PORT_MAX_BURST, 0);
        port_release(sleeper->port, 0);
        sleeper->datagrams += came;
        uint64_t rings = 0;
        if (read(sleeper->wake_fd, &rings, sizeof(rings)) == sizeof(rings))
            rung += rings;
        atomic_store(&sleeper->seen, rung + sleeper->datagrams);
        if (came == 0 && rings == 0 && port_wait(sleeper->port, 0, sleeper->wake_fd, UINT64_MAX))
            break;
    }
    return NULL;
}

static void no_wake_is_lost(void)
{
    struct shm_random random = shm_random_start();
    for (size_t m = 0; m < mode_count(); m++) {
        struct sleeper sleeper = {.port = port_case_open_at(&port_case_v4, modes[m]),
                                  .wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
        struct port *from = port_case_open_at(&port_case_any, modes[m]);
        const struct jtp_address target = port_case_target(sleeper.port, &port_case_v4);
        pthread_t thread;
        CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, sleep_and_count, &sleeper), 0);
        const uint64_t end_ns = port_case_now_ns() + 60 * UINT64_C(1000000000);
        uint64_t n = 0;
        while (n < WAKES && port_case_now_ns() < end_ns) {
            const uint64_t one = 1;
            if (shm_random_below(&random, 2))
                send_one(from, &target, 10, n);
            else if (write(sleeper.wake_fd, &one, sizeof(one)) < 0)
                break;
            n++;
            if (shm_random_below(&random, 4) != 0) /* until it was seen, else at once the next */
                while (atomic_load(&sleeper.seen) < n && port_case_now_ns() < end_ns)
                    poll(NULL, 0, 0);
        }
        CU_ASSERT_EQUAL(n, WAKES);
        while (atomic_load(&sleeper.seen) < WAKES && port_case_now_ns() < end_ns)
            poll(NULL, 0, 1);
        CU_ASSERT_EQUAL_FATAL(atomic_load(&sleeper.seen), WAKES);
        pthread_join(thread, NULL);
        CU_ASSERT_TRUE(sleeper.datagrams > WAKES / 4);
        port_close(sleeper.port);
        port_close(from);
        close(sleeper.wake_fd);
    }
}

static void a_wait_ends_with_its_time(void)
{
    for (size_t m = 0; m < mode_count(); m++) {
        struct port *port = port_case_open_at(&port_case_v4, modes[m]);
        const uint64_t before_ns = port_case_now_ns();
        CU_ASSERT_EQUAL(port_wait(port, 0, -1, 20000000), 0);
        CU_ASSERT_TRUE(port_case_now_ns() - before_ns >= 20000000);
        CU_ASSERT_EQUAL(port_wait(port, 0, -1, 0), 0);
        const int ready = eventfd(1, EFD_CLOEXEC);
        CU_ASSERT_EQUAL(port_wait(port, 0, ready, UINT64_MAX), 0);
        uint64_t value = 0;
        CU_ASSERT_EQUAL(read(ready, &value, sizeof(value)), 8); /* it was left alone */
        close(ready);
        port_close(port);
    }
}

const struct cunit_test tests[] = {
    {"a datagram of any length arrives", any_length_arrives},
    {"one longer than the buffers is bad, and its buffer used again", too_long_is_bad},
    {"one longer than the link takes is unsent, not cut", fragments_are_not_made},
    {"empty ones hold up nothing", empty_ones_hold_up_nothing},
    {"a full queue misses datagrams, counts each, and recovers", a_full_queue_misses_and_recovers},
    {"lent bytes stay until released", lent_bytes_stay_until_released},
    {"no wake-up is lost, by datagram or by descriptor", no_wake_is_lost},
    {"a wait ends with its time, and leaves the descriptor alone", a_wait_ends_with_its_time},
    {NULL, NULL},
};
