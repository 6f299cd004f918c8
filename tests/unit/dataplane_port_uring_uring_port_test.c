/* Tests of opening, naming and closing the kernel UDP port, and of its queues. */
#include "tests/unit/cunit_main.h"
#include "tests/unit/port_case.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const enum uring_port_mode modes[] = {URING_PORT_PLAIN, URING_PORT_RING};

/* 2, or 1 where there is no io_uring. */
static size_t mode_count(void)
{
    return port_case_has_ring() ? 2 : 1;
}

static void refuse(void (*spoil)(struct uring_port_config *))
{
    struct uring_port_config config = uring_port_config_default();
    spoil(&config);
    struct port *port;
    CU_ASSERT_EQUAL(uring_port_open(&port, &config), -EINVAL);
    CU_ASSERT_PTR_NULL(port);
    port_close(port);
}

static void no_address(struct uring_port_config *config)
{
    config->address_count = 0;
}

static void nine_addresses(struct uring_port_config *config)
{
    config->address_count = URING_PORT_MAX_ADDRESSES + 1;
}

static void no_queue(struct uring_port_config *config)
{
    config->queue_count = 0;
}

static void odd_buffers(struct uring_port_config *config)
{
    config->receive_count = 100;
}

static void no_slot(struct uring_port_config *config)
{
    config->send_count = 0;
}

static void short_gro(struct uring_port_config *config)
{
    config->receive_bytes = 9000;
}

static void peer_of_two_queues(struct uring_port_config *config)
{
    config->peer = port_case_v4;
    config->peer.port = 9;
    config->queue_count = 2;
}

static void contradictions_are_refused(void)
{
    refuse(no_address);
    refuse(nine_addresses);
    refuse(no_queue);
    refuse(odd_buffers);
    refuse(no_slot);
    refuse(short_gro);
    refuse(peer_of_two_queues);
}

static void says_what_it_has(void)
{
    for (size_t m = 0; m < mode_count(); m++) {
        struct port *port = port_case_open_at(&port_case_v4, modes[m]);
        struct uring_port_features features;
        uring_port_features(port, &features);
        CU_ASSERT_EQUAL(features.has_ring, modes[m] == URING_PORT_RING);
        CU_ASSERT_EQUAL(features.ring_error, modes[m] == URING_PORT_RING ? 0 : -ENOTSUP);
        CU_ASSERT_TRUE(features.receive_buffer_bytes > 0 && features.send_buffer_bytes > 0);
        char text[200];
        uring_port_describe(port, text, sizeof(text));
        printf("\n    %s ", text);
        CU_ASSERT_EQUAL(strncmp(text, "io_uring", 8) == 0, modes[m] == URING_PORT_RING);
        CU_ASSERT_STRING_EQUAL(port->ops->name, "uring");
        port_close(port);
    }
}

static void the_best_mode_is_taken(void)
{
    struct port *port = port_case_open_at(&port_case_any, URING_PORT_AUTO);
    struct uring_port_features features;
    uring_port_features(port, &features);
    CU_ASSERT_EQUAL(features.has_ring, port_case_has_ring());
    port_close(port);
}

/* As a container's seccomp filter does it. */
static bool forbid_io_uring(void)
{
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {.len = sizeof(rules) / sizeof(rules[0]), .filter = rules};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* In a process of its own: 0 if the port works without, and says why. */
static int work_without_io_uring(void)
{
    if (!forbid_io_uring())
        return 77;
    struct uring_port_config config = uring_port_config_default();
    config.addresses[0] = port_case_v4;
    struct port *port;
    if (uring_port_open(&port, &config) != 0)
        return 1;
    struct uring_port_features features;
    uring_port_features(port, &features);
    if (features.has_ring || (features.ring_error != -EPERM && features.ring_error != -ENOSYS))
        return 2;
    struct jtp_address self;
    struct port_received received = {0};
    const uint8_t bytes[] = {1, 2, 3};
    port_addresses(port, &self, 1);
    const struct port_outgoing datagram = {.to = self, .head = bytes, .head_bytes = sizeof(bytes)};
    port_send(port, 0, &datagram, 1, 0);
    if (port_case_receive(port, 0, &received, 1) != 1 || received.count != sizeof(bytes))
        return 3;
    port_close(port);
    config.mode = URING_PORT_RING;
    return uring_port_open(&port, &config) == features.ring_error ? 0 : 4;
}

static void works_where_io_uring_is_refused(void)
{
    const pid_t child = fork();
    CU_ASSERT_TRUE_FATAL(child >= 0);
    if (child == 0)
        _exit(work_without_io_uring());
    int status = -1;
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT_TRUE_FATAL(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        printf(" (skipped: no seccomp filters here) ");
    else
        CU_ASSERT_EQUAL(WEXITSTATUS(status), 0);
}

static void a_port_in_use_is_refused(void)
{
    struct uring_port_config config = uring_port_config_default();
    config.queue_count = 2;
    struct port *port = port_case_open(&config);
    struct port *second;
    CU_ASSERT_EQUAL(port_addresses(port, config.addresses, 1), 1);
    CU_ASSERT_NOT_EQUAL(config.addresses[0].port, 0);
    CU_ASSERT_EQUAL(uring_port_open(&second, &config), -EADDRINUSE);
    port_close(port);
}

static void send_bytes(struct port *from, const struct jtp_address *to, uint32_t count)
{
    uint8_t bytes[64];
    port_case_write(bytes, count, count);
    const struct port_outgoing datagram = {.to = *to, .head = bytes, .head_bytes = count};
    port_send(from, 0, &datagram, 1, 0);
}

/* The next datagram is that of so many bytes; its sender. */
static struct jtp_address expect_bytes(struct port *port, uint32_t count)
{
    struct port_received received = {0};
    CU_ASSERT_EQUAL(port_case_receive(port, 0, &received, 1), 1);
    CU_ASSERT_EQUAL_FATAL(received.count, count);
    CU_ASSERT_TRUE(port_case_is(received.bytes, count, count));
    port_release(port, 0);
    return received.from;
}

static void a_port_is_free_once_closed(void)
{
    for (size_t m = 0; m < mode_count(); m++) {
        struct port *peer = port_case_open_at(&port_case_v4, modes[m]);
        struct port *port = port_case_open_at(&port_case_v4, modes[m]);
        const struct jtp_address address = port_case_target(port, &port_case_v4);
        for (uint32_t i = 0; i < 50; i++) {
            send_bytes(peer, &address, 1 + i);
            (void)expect_bytes(port, 1 + i); /* so that a receive request is under way */
            port_close(port);
            port = port_case_open_at(&address, modes[m]);
        }
        port_close(port);
        port_close(peer);
    }
}

static void *use_and_leave(void *argument)
{
    struct port *port = argument;
    struct jtp_address self = port_case_target(port, &port_case_v4);
    send_bytes(port, &self, 5);
    (void)expect_bytes(port, 5);
    return NULL;
}

static void another_thread_may_close(void)
{
    for (size_t m = 0; m < mode_count(); m++) {
        struct jtp_address address = port_case_v4;
        for (uint32_t i = 0; i < 20; i++) {
            struct port *port = port_case_open_at(&address, modes[m]);
            address = port_case_target(port, &port_case_v4);
            pthread_t thread;
            CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, use_and_leave, port), 0);
            pthread_join(thread, NULL);
            port_close(port);
        }
    }
}

static void answers_leave_from_the_address_asked(void)
{
    const struct jtp_address other = {.ip = {[10] = 0xff, 0xff, 127, 1, 2, 3}};
    for (size_t m = 0; m < mode_count(); m++) {
        struct port *server = port_case_open_at(&port_case_any, modes[m]);
        const struct jtp_address asked[] = {port_case_target(server, &other),
                                            port_case_target(server, &port_case_v4),
                                            port_case_target(server, &port_case_v6)};
        for (size_t i = 0; i < (port_case_has_v6() ? 3 : 2); i++) {
            struct uring_port_config config = uring_port_config_default();
            config.peer = asked[i]; /* takes answers from no other address */
            config.mode = modes[m];
            struct port *client = port_case_open(&config);
            send_bytes(client, &asked[i], 9);
            const struct jtp_address from = expect_bytes(server, 9);
            CU_ASSERT_EQUAL(from.port, port_case_target(client, &port_case_any).port);
            send_bytes(server, &from, 11);
            const struct jtp_address back = expect_bytes(client, 11);
            CU_ASSERT_TRUE(jtp_address_equal(&back, &asked[i]));
            port_close(client);
        }
        port_close(server);
    }
}

static void several_addresses_answer_each_by_itself(void)
{
    for (size_t m = 0; m < mode_count(); m++) {
        struct uring_port_config config = uring_port_config_default();
        config.mode = modes[m];
        config.address_count = 2;
        config.addresses[0] = port_case_v4;
        config.addresses[1] = port_case_v4;
        config.addresses[1].ip[15] = 7;
        struct port *server = port_case_open(&config);
        struct jtp_address at[3];
        CU_ASSERT_EQUAL(port_addresses(server, at, 3), 2);
        CU_ASSERT_EQUAL(at[1].ip[15], 7);
        for (uint32_t i = 0; i < 10; i++) {
            struct port *client = port_case_open_at(&port_case_v4, modes[m]);
            send_bytes(client, &at[i % 2], 20);
            const struct jtp_address from = expect_bytes(server, 20);
            send_bytes(server, &from, 21);
            const struct jtp_address back = expect_bytes(client, 21);
            CU_ASSERT_TRUE(jtp_address_equal(&back, &at[i % 2]));
            port_close(client);
        }
        port_close(server);
    }
}

#define QUEUES 4
#define SENDERS 32

/* Each sender's datagrams on one queue, and not all senders on the same. */
static void senders_keep_their_queue(enum uring_port_mode mode)
{
    struct uring_port_config config = uring_port_config_default();
    config.addresses[0] = port_case_v4;
    config.queue_count = QUEUES;
    config.mode = mode;
    struct port *server = port_case_open(&config);
    const struct jtp_address target = port_case_target(server, &port_case_v4);
    uint32_t per_queue[QUEUES] = {0};
    for (uint32_t s = 0; s < SENDERS; s++) {
        struct port *client = port_case_open_at(&port_case_v4, mode);
        for (uint32_t i = 0; i < 5; i++)
            send_bytes(client, &target, 1 + i);
        uint32_t queue_of = QUEUES;
        for (uint32_t q = 0; q < QUEUES; q++) {
            struct port_received burst[8];
            uint32_t came = 0;
            for (uint32_t tries = 0; tries < 3; tries++) { /* a queue's first call starts it */
                came += port_receive(server, q, burst, 8, 0);
                port_release(server, q);
            }
            CU_ASSERT_TRUE(came == 0 || (came == 5 && queue_of == QUEUES));
            if (came > 0)
                queue_of = q;
        }
        CU_ASSERT_NOT_EQUAL_FATAL(queue_of, QUEUES);
        per_queue[queue_of]++;
        port_close(client);
    }
    for (uint32_t q = 0; q < QUEUES; q++)
        CU_ASSERT_TRUE(per_queue[q] < SENDERS);
    port_close(server);
}

static void queues_share_senders(void)
{
    for (size_t m = 0; m < mode_count(); m++)
        senders_keep_their_queue(modes[m]);
}

static void knows_how_long_datagrams_may_be(void)
{
    struct port *port = port_case_open_at(&port_case_any, URING_PORT_PLAIN);
    CU_ASSERT_EQUAL(port_max_datagram_bytes(port, &port_case_v4), 65507); /* 65,535 - 20 - 8 */
    CU_ASSERT_EQUAL(port_max_datagram_bytes(port, &port_case_v6), 65536 - 40 - 8);
    const struct jtp_address far = {.ip = {[10] = 0xff, 0xff, 192, 0, 2, 1}};
    CU_ASSERT_TRUE(port_max_datagram_bytes(port, &far) >= 1200);
    port_close(port);
}

static void closing_accepts_null(void)
{
    port_close(NULL);
}

const struct cunit_test tests[] = {
    {"contradictions in the configuration are refused", contradictions_are_refused},
    {"it says what the kernel let it have", says_what_it_has},
    {"automatic is io_uring where there is one", the_best_mode_is_taken},
    {"where io_uring is refused it works all the same, and says why",
     works_where_io_uring_is_refused},
    {"a port that somebody has is refused, although queues share theirs", a_port_in_use_is_refused},
    {"a port is free again once closed", a_port_is_free_once_closed},
    {"another thread may close it after the queue's has ended", another_thread_may_close},
    {"an answer leaves from the address that was asked", answers_leave_from_the_address_asked},
    {"several addresses are heard at once", several_addresses_answer_each_by_itself},
    {"a sender keeps its queue, and senders spread", queues_share_senders},
    {"the longest datagram is the link's", knows_how_long_datagrams_may_be},
    {"closing accepts NULL", closing_accepts_null},
    {NULL, NULL},
};
