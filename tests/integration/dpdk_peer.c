/* A peer on the DPDK port for dpdk_port.py: sends back what it receives, or sends and compares.
 *
 *   dpdk_peer DEVICE [OPTION=VALUE]...
 *
 * Options: v4, v6, gateway4, gateway6, vlan, mtu, queues, verify, huge, lend, descriptors, eal.
 * It prints "ready" and a line that describes the port, works until its standard input ends, and
 * prints its counters as JSON. With to=ADDRESS count=N bytes=N it sends so many datagrams, one
 * burst of 16 after the other, waits for each to come back, and ends. */
#include "dataplane/port/dpdk/dpdk_port.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define SLOT_BYTES 16384
#define SLOTS 256
#define BURST 16
#define SECOND UINT64_C(1000000000)

struct peer {
    struct dpdk_port_config config;
    struct port *port;
    struct jtp_address to; /* port 0: send back */
    uint32_t count, bytes;
    _Atomic bool is_over;
};

struct worker {
    struct peer *peer;
    uint32_t queue;
    uint8_t *slots; /* SLOTS of SLOT_BYTES: payloads that may be lent */
    uint64_t free[SLOTS];
    uint32_t free_count;
    uint64_t back, wrong, lost;
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

static void fetch(struct worker *worker)
{
    worker->free_count += port_sent(worker->peer->port, worker->queue,
                                    worker->free + worker->free_count, SLOTS - worker->free_count);
}

/* A datagram with a head of some bytes and the rest in a slot; false: all slots are lent. */
static bool fill(struct worker *worker, struct port_outgoing *out, const struct jtp_address *to,
                 const uint8_t *bytes, uint32_t count)
{
    if (worker->free_count == 0)
        fetch(worker);
    if (worker->free_count == 0)
        return false;
    const uint64_t token = worker->free[--worker->free_count];
    uint8_t *slot = worker->slots + (token - 1) * SLOT_BYTES;
    const uint32_t head = count < 23 ? count : 23;
    memcpy(slot, bytes + head, count - head);
    *out = (struct port_outgoing){.to = *to,
                                  .head = bytes,
                                  .head_bytes = head,
                                  .payload = slot,
                                  .payload_bytes = count - head,
                                  .token = token};
    if (count == head) /* no payload: no token */
        worker->free[worker->free_count++] = token;
    return true;
}

static void send_back(struct worker *worker)
{
    struct peer *peer = worker->peer;
    struct port_received burst[PORT_MAX_BURST];
    struct port_outgoing out[PORT_MAX_BURST];
    const uint32_t came = port_receive(peer->port, worker->queue, burst, PORT_MAX_BURST, now_ns());
    uint32_t count = 0;
    for (uint32_t i = 0; i < came; i++) {
        if (fill(worker, &out[count], &burst[i].from, burst[i].bytes, burst[i].count))
            count++;
        else
            worker->lost++;
    }
    port_send(peer->port, worker->queue, out, count, now_ns());
    port_release(peer->port, worker->queue);
    fetch(worker);
    if (came == 0)
        port_wait(peer->port, worker->queue, -1, SECOND / 1000);
}

static void *work(void *of)
{
    struct worker *worker = of;
    dpdk_port_enter();
    while (!atomic_load_explicit(&worker->peer->is_over, memory_order_relaxed))
        send_back(worker);
    if (worker->queue != 0)
        dpdk_port_leave();
    return NULL;
}

static void write_bytes(uint8_t *bytes, uint32_t count, uint32_t number)
{
    for (uint32_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)(i < 4 ? number >> 8 * i : number * 31 + i * 7);
}

static bool is_right(const struct port_received *came, uint32_t bytes, uint32_t first)
{
    uint8_t expected[SLOT_BYTES];
    uint32_t number;
    if (came->count != bytes)
        return false;
    memcpy(&number, came->bytes, sizeof(number));
    write_bytes(expected, bytes, number);
    return number - first < BURST && memcmp(expected, came->bytes, bytes) == 0;
}

/* One burst there and back. */
static void ask(struct worker *worker, uint32_t first)
{
    struct peer *peer = worker->peer;
    struct port_outgoing out[BURST];
    uint8_t bytes[BURST][SLOT_BYTES];
    uint32_t sent = 0;
    for (uint32_t i = 0; i < BURST && first + i < peer->count; i++) {
        write_bytes(bytes[i], peer->bytes, first + i);
        sent += fill(worker, &out[i], &peer->to, bytes[i], peer->bytes);
    }
    port_send(peer->port, 0, out, sent, now_ns());
    const uint64_t end_ns = now_ns() + SECOND;
    for (uint32_t left = sent, turn = 0; left > 0 && now_ns() < end_ns; turn++) {
        struct port_received burst[BURST];
        const uint32_t queue = turn % peer->port->queue_count;
        const uint32_t came = port_receive(peer->port, queue, burst, BURST, now_ns());
        for (uint32_t i = 0; i < came; i++) {
            const bool is_good = is_right(&burst[i], peer->bytes, first);
            worker->back += is_good;
            worker->wrong += !is_good;
        }
        port_release(peer->port, queue);
        left -= came < left ? came : left;
        if (came == 0 && queue == 0)
            port_wait(peer->port, 0, -1, SECOND / 1000);
        fetch(worker);
    }
}

/* The first ones may meet a link that is not up yet. */
static void wait_for_peer(struct worker *worker)
{
    const uint32_t count = worker->peer->count;
    worker->peer->count = BURST;
    for (uint32_t i = 0; i < 8 && worker->back == 0; i++)
        ask(worker, 0);
    worker->peer->count = count;
    worker->back = worker->wrong = 0;
}

static void print_counters(const struct peer *peer, const struct worker *workers)
{
    struct port_counters sum = {0};
    struct dpdk_port_frames frames = {0};
    uint64_t back = 0, wrong = 0, lost = 0, lent = 0, queues_used = 0;
    for (uint32_t i = 0; i < peer->port->queue_count; i++) {
        struct port_counters one;
        struct dpdk_port_frames more;
        port_counters(peer->port, i, &one);
        dpdk_port_frames(peer->port, i, &more);
        sum.received += one.received;
        sum.sent += one.sent;
        sum.bad += one.bad;
        sum.missed += one.missed;
        sum.unsent += one.unsent;
        sum.errors += one.errors;
        for (uint32_t kind = 0; kind < NET_KIND_COUNT; kind++)
            frames.kinds[kind] += more.kinds[kind];
        frames.answered += more.answered;
        frames.asked += more.asked;
        frames.unresolved += more.unresolved;
        back += workers[i].back;
        wrong += workers[i].wrong;
        lost += workers[i].lost;
        lent += SLOTS - workers[i].free_count;
        queues_used += one.received > 0;
    }
    printf("{\"received\":%lu,\"sent\":%lu,\"bad\":%lu,\"missed\":%lu,\"unsent\":%lu,"
           "\"errors\":%lu,\"foreign\":%lu,\"fragments\":%lu,\"bad_sums\":%lu,\"broken\":%lu,"
           "\"answered\":%lu,\"asked\":%lu,\"unresolved\":%lu,\"back\":%lu,\"wrong\":%lu,"
           "\"lost\":%lu,\"lent\":%lu,\"queues_used\":%lu}\n",
           sum.received, sum.sent, sum.bad, sum.missed, sum.unsent, sum.errors,
           frames.kinds[NET_FOREIGN], frames.kinds[NET_FRAGMENT], frames.kinds[NET_BAD_SUM],
           frames.kinds[NET_BROKEN], frames.answered, frames.asked, frames.unresolved, back, wrong,
           lost, lent, queues_used);
}

static uint32_t number_of(const char *text)
{
    return (uint32_t)strtoul(text, NULL, 10);
}

static bool set_option(struct peer *peer, const char *name, const char *value)
{
    struct dpdk_port_config *config = &peer->config;
    if (strcmp(name, "v4") == 0)
        return net_prefix_read(&config->v4, value) == 0;
    if (strcmp(name, "v6") == 0)
        return net_prefix_read(&config->v6, value) == 0;
    if (strcmp(name, "gateway4") == 0)
        return net_ip_read(config->gateway_v4, value) == 0;
    if (strcmp(name, "gateway6") == 0)
        return net_ip_read(config->gateway_v6, value) == 0;
    if (strcmp(name, "to") == 0) {
        peer->to.port = config->udp_port;
        return net_ip_read(peer->to.ip, value) == 0;
    }
    if (strcmp(name, "eal") == 0)
        return (config->eal_arguments = value) != NULL;
    const struct {
        const char *name;
        uint32_t *at;
    } numbers[] = {
        {"mtu", &config->mtu},
        {"queues", &config->queue_count},
        {"descriptors", &config->descriptor_count},
        {"count", &peer->count},
        {"bytes", &peer->bytes},
    };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (strcmp(name, numbers[i].name) == 0) {
            *numbers[i].at = number_of(value);
            return true;
        }
    }
    if (strcmp(name, "vlan") == 0)
        config->vlan = (uint16_t)number_of(value);
    else if (strcmp(name, "verify") == 0)
        config->verifies_sums = number_of(value);
    else if (strcmp(name, "lend") == 0)
        config->wants_lending = number_of(value);
    else if (strcmp(name, "huge") == 0)
        config->huge_pages = number_of(value) ? DPDK_YES : DPDK_NO;
    else
        return false;
    return true;
}

static int read_options(struct peer *peer, int count, char **options)
{
    for (int i = 0; i < count; i++) {
        char *equals = strchr(options[i], '=');
        if (!equals)
            return -EINVAL;
        *equals = 0;
        if (!set_option(peer, options[i], equals + 1))
            return -EINVAL;
    }
    return 0;
}

static void wait_for_end(void)
{
    char line[64];
    while (read(STDIN_FILENO, line, sizeof(line)) > 0)
        ;
}

static void run(struct peer *peer, struct worker *workers)
{
    const uint32_t queues = peer->port->queue_count;
    pthread_t threads[DPDK_PORT_MAX_QUEUES];
    if (peer->to.port) {
        wait_for_peer(&workers[0]);
        for (uint32_t i = 0; i < peer->count; i += BURST)
            ask(&workers[0], i);
        return;
    }
    uint32_t started = 0;
    while (started < queues &&
           pthread_create(&threads[started], NULL, work, &workers[started]) == 0)
        started++;
    wait_for_end();
    atomic_store_explicit(&peer->is_over, true, memory_order_relaxed);
    for (uint32_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
}

int main(int count, char **values)
{
    struct peer peer = {.config = dpdk_port_config_default(), .count = 1, .bytes = 64};
    if (count < 2 || read_options(&peer, count - 2, values + 2) || peer.bytes < 4 ||
        peer.bytes > SLOT_BYTES || peer.config.queue_count > DPDK_PORT_MAX_QUEUES) {
        fprintf(stderr, "dpdk_peer: wrong option\n");
        return 2;
    }
    peer.config.device = values[1];
    const int error = dpdk_port_open(&peer.port, &peer.config);
    if (error) {
        fprintf(stderr, "dpdk_peer: cannot open %s: %s\n", values[1], strerror(-error));
        return 1;
    }
    const uint32_t queues = peer.port->queue_count;
    const size_t bytes = (size_t)queues * SLOTS * SLOT_BYTES;
    uint8_t *slots = aligned_alloc(4096, bytes);
    struct worker *workers = calloc(queues, sizeof(*workers));
    if (!slots || !workers)
        return 1;
    memset(slots, 0, bytes);
    (void)port_add_memory(peer.port, slots, bytes); /* refused: payloads are copied */
    for (uint32_t i = 0; i < queues; i++) {
        workers[i].peer = &peer;
        workers[i].queue = i;
        workers[i].slots = slots + (size_t)i * SLOTS * SLOT_BYTES;
        for (uint32_t slot = 0; slot < SLOTS; slot++)
            workers[i].free[workers[i].free_count++] = SLOTS - slot;
    }
    char text[256];
    dpdk_port_describe(peer.port, text, sizeof(text));
    printf("ready %s\n", text);
    fflush(stdout);
    run(&peer, workers);
    for (uint32_t i = 0; i < queues; i++)
        fetch(&workers[i]);
    print_counters(&peer, workers);
    port_close(peer.port);
    dpdk_eal_stop();
    free(workers);
    free(slots);
    return 0;
}
