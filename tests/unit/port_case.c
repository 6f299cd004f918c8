/* Opens loopback ports, writes datagrams and recognises them. */
#include "tests/unit/port_case.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

const struct jtp_address port_case_any = {0};
const struct jtp_address port_case_v4 = {.ip = {[10] = 0xff, 0xff, 127, 0, 0, 1}};
const struct jtp_address port_case_v6 = {.ip = {[15] = 1}};

uint64_t port_case_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static bool can_open(const struct jtp_address *local, enum uring_port_mode mode, const char *what)
{
    struct uring_port_config config = uring_port_config_default();
    config.addresses[0] = *local;
    config.mode = mode;
    struct port *port;
    const int error = uring_port_open(&port, &config);
    port_close(port);
    if (error)
        printf(" (skipped without %s: %s) ", what, strerror(-error));
    return error == 0;
}

bool port_case_has_ring(void)
{
    return can_open(&port_case_any, URING_PORT_RING, "io_uring");
}

bool port_case_has_v6(void)
{
    return can_open(&port_case_v6, URING_PORT_PLAIN, "IPv6");
}

struct port *port_case_open(const struct uring_port_config *config)
{
    struct port *port;
    const int error = uring_port_open(&port, config);
    if (error)
        printf(" (cannot open: %s) ", strerror(-error));
    CU_ASSERT_EQUAL_FATAL(error, 0);
    return port;
}

struct port *port_case_open_at(const struct jtp_address *local, enum uring_port_mode mode)
{
    struct uring_port_config config = uring_port_config_default();
    config.addresses[0] = *local;
    config.mode = mode;
    return port_case_open(&config);
}

struct jtp_address port_case_target(const struct port *port, const struct jtp_address *ip)
{
    struct jtp_address target = *ip;
    struct jtp_address local;
    CU_ASSERT_EQUAL_FATAL(port_addresses(port, &local, 1), 1);
    target.port = local.port;
    return target;
}

struct port_counters port_case_counters(const struct port *port)
{
    struct port_counters sum = {0};
    for (uint32_t i = 0; i < port->queue_count; i++) {
        struct port_counters one;
        port_counters(port, i, &one);
        sum.received += one.received;
        sum.received_bytes += one.received_bytes;
        sum.sent += one.sent;
        sum.sent_bytes += one.sent_bytes;
        sum.bad += one.bad;
        sum.missed += one.missed;
        sum.unsent += one.unsent;
        sum.errors += one.errors;
    }
    return sum;
}

static uint8_t byte_of(uint64_t number, uint32_t i)
{
    return (uint8_t)((number * UINT64_C(0x9e3779b97f4a7c15) + i * UINT64_C(0xbf58476d1ce4e5b9)) >>
                     56);
}

void port_case_write(uint8_t *bytes, uint32_t count, uint64_t number)
{
    for (uint32_t i = 0; i < count; i++)
        bytes[i] = i < 8 ? (uint8_t)(number >> 8 * i) : byte_of(number, i);
}

bool port_case_is(const uint8_t *bytes, uint32_t count, uint64_t number)
{
    for (uint32_t i = 0; i < count; i++)
        if (bytes[i] != (i < 8 ? (uint8_t)(number >> 8 * i) : byte_of(number, i)))
            return false;
    return true;
}

uint32_t port_case_receive(struct port *port, uint32_t queue, struct port_received *burst,
                           uint32_t count)
{
    const uint64_t end_ns = port_case_now_ns() + PORT_CASE_PATIENCE_NS;
    for (uint64_t now_ns = end_ns - PORT_CASE_PATIENCE_NS; now_ns < end_ns;
         now_ns = port_case_now_ns()) {
        const uint32_t came = port_receive(port, queue, burst, count, now_ns);
        if (came > 0)
            return came;
        port_release(port, queue);
        CU_ASSERT_EQUAL(port_wait(port, queue, -1, end_ns - now_ns), 0);
    }
    return 0;
}

uint32_t port_case_tokens(struct port *port, uint64_t *tokens, uint32_t count, uint32_t wanted)
{
    const uint64_t end_ns = port_case_now_ns() + PORT_CASE_PATIENCE_NS;
    uint32_t got = port_sent(port, 0, tokens, count);
    while (got < wanted && port_case_now_ns() < end_ns) {
        port_wait(port, 0, -1, 1000000);
        got += port_sent(port, 0, tokens + got, count - got);
    }
    return got;
}
