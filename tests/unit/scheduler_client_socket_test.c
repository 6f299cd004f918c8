/* The client's socket against a plain one of the kernel. */
#include "scheduler/client/load_probe.h"
#include "tests/unit/cunit_main.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static void test_resolve(void)
{
    static const char *const bad[] = {"",        "host", ":1",     "host:",   "host:0",
                                      "h:65536", "h:1x", "::1:80", "[::1]80", "[::1",
                                      "[]:1",    "h:-1", "h: 1",   "[::1]x:1"};
    struct jtp_address address;
    char text[64];
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CU_ASSERT_EQUAL(socket_resolve(bad[i], &address), -EINVAL);
    CU_ASSERT_EQUAL(socket_resolve("192.0.2.7:4470", &address), 0);
    const uint8_t ipv4[16] = {[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 7};
    CU_ASSERT_EQUAL(memcmp(address.ip, ipv4, 16), 0);
    CU_ASSERT_EQUAL(address.port, 4470);
    socket_print_address(&address, text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "192.0.2.7:4470");
    CU_ASSERT_EQUAL(socket_resolve("[2001:db8::5]:65535", &address), 0);
    socket_print_address(&address, text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "[2001:db8::5]:65535");
    CU_ASSERT_EQUAL(socket_resolve("no-such-host.invalid:1", &address), -EHOSTUNREACH);
}

/* A plain socket on loopback, and the client's connected to it. */
static int listen_at(struct jtp_address *address)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof(name);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    char text[32];
    if (fd < 0 || bind(fd, (struct sockaddr *)&name, bytes) ||
        getsockname(fd, (struct sockaddr *)&name, &bytes))
        return -1;
    snprintf(text, sizeof(text), "127.0.0.1:%u", (unsigned)ntohs(name.sin_port));
    return socket_resolve(text, address) == 0 ? fd : -1;
}

static void test_burst(void)
{
    /* Runs that the kernel can cut by itself, and such that it cannot. */
    static const uint32_t sizes[] = {1200, 1200, 1200, 300, 64,   64,   1200, 1472, 1472,
                                     1472, 1472, 24,   25,  1472, 1471, 1470, 500,  500};
    enum { COUNT = sizeof(sizes) / sizeof(sizes[0]) };
    static uint8_t payload[COUNT][1472];
    struct jtp_datagram burst[COUNT];
    struct jtp_address address;
    struct socket s;
    uint8_t bytes[2048];
    int fd = listen_at(&address);
    CU_ASSERT_FATAL(fd >= 0 && socket_open(&s, &address) == 0);
    for (int has_gso = 1; has_gso >= 0; has_gso--) {
        s.has_gso &= has_gso == 1;
        for (uint32_t i = 0; i < COUNT; i++) {
            memset(payload[i], (int)i + 1, sizeof(payload[i]));
            burst[i] = (struct jtp_datagram){
                .payload = payload[i], .payload_bytes = sizes[i] - 24, .head_bytes = 24};
            memset(burst[i].head, (int)i + 101, 24);
        }
        CU_ASSERT_EQUAL(socket_send(&s, burst, COUNT), 0);
        for (uint32_t i = 0; i < COUNT; i++) {
            struct pollfd wait = {.fd = fd, .events = POLLIN};
            CU_ASSERT_EQUAL_FATAL(poll(&wait, 1, 5000), 1);
            CU_ASSERT_EQUAL(recv(fd, bytes, sizeof(bytes), 0), sizes[i]);
            CU_ASSERT_EQUAL(bytes[0], i + 101);
            CU_ASSERT_EQUAL(bytes[23], i + 101);
            if (sizes[i] > 24)
                CU_ASSERT_EQUAL(bytes[sizes[i] - 1], i + 1);
        }
    }
    socket_close(&s);
    close(fd);
}

static void test_refused(void)
{
    struct jtp_address address;
    struct socket s;
    struct load_probe_answer answer;
    int fd = listen_at(&address);
    CU_ASSERT_FATAL(fd >= 0 && socket_open(&s, &address) == 0);
    CU_ASSERT_EQUAL(load_probe(&s, 2, 1000000, &answer), -ETIMEDOUT);
    close(fd);
    CU_ASSERT_EQUAL(load_probe(&s, 5, 200000000, &answer), -ECONNREFUSED);
    socket_close(&s);
}

const struct cunit_test tests[] = {
    {"addresses are read and printed; what is none is refused", test_resolve},
    {"a burst arrives whole and in order, however the kernel sends it", test_burst},
    {"a port that is closed says so, one that is silent does not", test_refused},
    {NULL, NULL},
};
