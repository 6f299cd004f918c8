/* What the kernel UDP port costs over loopback, by each of its ways, beside one system call per
 * datagram: CPU time of sending and of receiving on one thread, and goodput between two threads.
 *
 *   uring_bench [--rounds N] [--bytes N]
 *
 * Rounds of all ways take turns, the best round of each counts, so that other load on the machine
 * weighs on all alike. Every payload is copied once to its place, as a receiver of tensors does. */
#include "dataplane/port/uring/uring_port.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    HEAD_BYTES = 40, /* about what the transport puts in front */
    MOST_BYTES = 9000,
    PHASE = 1024, /* datagrams sent, then received, on one thread */
    STREAM = 40000, /* between two threads, a round */
    WINDOW = 1024, /* so many more sent than received */
};

struct way {
    const char *name;
    enum uring_port_mode mode;
    bool has_gso, has_gro, is_naive;
};

static const struct way ways[] = {
    {"one call per datagram", URING_PORT_PLAIN, false, false, true},
    {"recvmmsg, sendmmsg", URING_PORT_PLAIN, false, false, false},
    {"recvmmsg, sendmmsg, GSO", URING_PORT_PLAIN, true, false, false},
    {"recvmmsg, sendmmsg, GSO, GRO", URING_PORT_PLAIN, true, true, false},
    {"io_uring", URING_PORT_RING, false, false, false},
    {"io_uring, GSO", URING_PORT_RING, true, false, false},
    {"io_uring, GSO, GRO", URING_PORT_RING, true, true, false},
};
enum { WAYS = sizeof(ways) / sizeof(ways[0]) };

struct lane {
    const struct way *way;
    struct port *from, *to; /* of the naive way only their addresses */
    int from_fd, to_fd;
    struct jtp_address target;
    uint32_t bytes; /* of a payload */
    uint8_t *source, *place; /* PORT_MAX_BURST payloads */
    double send_ns, receive_ns; /* best, per datagram */
    double empty_ns; /* best, of a look that finds nothing */
    double stream_per_s;
    _Atomic uint64_t received;
    bool has_failed;
};

static uint64_t read_clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static void send_burst(struct lane *lane)
{
    static const uint8_t head[HEAD_BYTES];
    struct port_outgoing burst[PORT_MAX_BURST];
    for (uint32_t i = 0; i < PORT_MAX_BURST; i++)
        burst[i] = (struct port_outgoing){.to = lane->target,
                                          .head = head,
                                          .head_bytes = HEAD_BYTES,
                                          .payload = lane->source + (size_t)i * lane->bytes,
                                          .payload_bytes = lane->bytes,
                                          .token = i + 1};
    uint64_t tokens[PORT_MAX_BURST];
    port_send(lane->from, 0, burst, PORT_MAX_BURST, 0);
    while (port_sent(lane->from, 0, tokens, PORT_MAX_BURST) == PORT_MAX_BURST)
        continue;
}

static void send_naively(struct lane *lane)
{
    uint8_t datagram[HEAD_BYTES + MOST_BYTES] = {0};
    for (uint32_t i = 0; i < PORT_MAX_BURST; i++) {
        memcpy(datagram + HEAD_BYTES, lane->source + (size_t)i * lane->bytes, lane->bytes);
        if (send(lane->from_fd, datagram, HEAD_BYTES + lane->bytes, 0) < 0)
            lane->has_failed = true;
    }
}

static void send_some(struct lane *lane)
{
    if (lane->way->is_naive)
        send_naively(lane);
    else
        send_burst(lane);
}

static uint32_t receive_naively(struct lane *lane)
{
    uint8_t datagram[HEAD_BYTES + MOST_BYTES];
    uint32_t came = 0;
    while (came < PORT_MAX_BURST) {
        struct sockaddr_in6 from;
        socklen_t from_bytes = sizeof(from);
        const ssize_t count = recvfrom(lane->to_fd, datagram, sizeof(datagram), MSG_DONTWAIT,
                                       (struct sockaddr *)&from, &from_bytes);
        if (count < HEAD_BYTES)
            break;
        memcpy(lane->place + (size_t)came * lane->bytes, datagram + HEAD_BYTES,
               (size_t)count - HEAD_BYTES);
        came++;
    }
    return came;
}

static uint32_t receive_some(struct lane *lane)
{
    if (lane->way->is_naive)
        return receive_naively(lane);
    struct port_received burst[PORT_MAX_BURST];
    const uint32_t came = port_receive(lane->to, 0, burst, PORT_MAX_BURST, 0);
    for (uint32_t i = 0; i < came; i++)
        memcpy(lane->place + (size_t)i * lane->bytes, burst[i].bytes + HEAD_BYTES,
               burst[i].count - HEAD_BYTES);
    port_release(lane->to, 0);
    return came;
}

static void keep_best(double *best_ns, double now_ns)
{
    if (*best_ns <= 0 || now_ns < *best_ns)
        *best_ns = now_ns;
}

/* On one thread, so that nothing but the work itself is counted. */
static void run_phase(struct lane *lane)
{
    const uint64_t start_ns = read_clock_ns(CLOCK_THREAD_CPUTIME_ID);
    for (uint32_t i = 0; i < PHASE; i += PORT_MAX_BURST)
        send_some(lane);
    const uint64_t sent_ns = read_clock_ns(CLOCK_THREAD_CPUTIME_ID);
    uint32_t received = 0;
    for (uint32_t idle = 0; received < PHASE && idle < 1000; idle++)
        for (uint32_t came; received < PHASE && (came = receive_some(lane)) > 0; idle = 0)
            received += came;
    const uint64_t end_ns = read_clock_ns(CLOCK_THREAD_CPUTIME_ID);
    for (uint32_t i = 0; i < PHASE; i++)
        lane->has_failed = receive_some(lane) != 0 || lane->has_failed;
    const uint64_t empty_ns = read_clock_ns(CLOCK_THREAD_CPUTIME_ID) - end_ns;
    lane->has_failed = lane->has_failed || received != PHASE;
    keep_best(&lane->empty_ns, (double)empty_ns / PHASE);
    keep_best(&lane->send_ns, (double)(sent_ns - start_ns) / PHASE);
    keep_best(&lane->receive_ns, (double)(end_ns - sent_ns) / PHASE);
}

static void *receive_stream(void *argument)
{
    struct lane *lane = argument;
    uint64_t received = 0;
    while (received < STREAM) {
        const uint32_t came = receive_some(lane);
        received += came;
        atomic_store_explicit(&lane->received, received, memory_order_relaxed);
    }
    return NULL;
}

/* Once a lane: a queue belongs to one thread, and the receiver is a new one. */
static void run_stream(struct lane *lane)
{
    atomic_store(&lane->received, 0);
    pthread_t receiver;
    const uint64_t start_ns = read_clock_ns(CLOCK_MONOTONIC);
    if (pthread_create(&receiver, NULL, receive_stream, lane) != 0) {
        lane->has_failed = true;
        return;
    }
    for (uint64_t sent = 0; sent < STREAM; sent += PORT_MAX_BURST) {
        while (sent > atomic_load_explicit(&lane->received, memory_order_relaxed) + WINDOW)
            continue;
        send_some(lane);
    }
    pthread_join(receiver, NULL);
    const double seconds = (double)(read_clock_ns(CLOCK_MONOTONIC) - start_ns) * 1e-9;
    if (STREAM / seconds > lane->stream_per_s)
        lane->stream_per_s = STREAM / seconds;
}

static int open_naively(struct lane *lane)
{
    const struct sockaddr_in6 any = {.sin6_family = AF_INET6,
                                     .sin6_addr = {{{[10] = 0xff, 0xff, 127, 0, 0, 1}}}};
    struct sockaddr_in6 at = any;
    socklen_t at_bytes = sizeof(at);
    const int buffer_bytes = 8 << 20;
    lane->to_fd = socket(AF_INET6, SOCK_DGRAM, 0);
    lane->from_fd = socket(AF_INET6, SOCK_DGRAM, 0);
    if (setsockopt(lane->to_fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer_bytes, sizeof(int)) != 0)
        setsockopt(lane->to_fd, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof(int));
    if (bind(lane->to_fd, (const struct sockaddr *)&any, sizeof(any)) != 0 ||
        getsockname(lane->to_fd, (struct sockaddr *)&at, &at_bytes) != 0 ||
        connect(lane->from_fd, (struct sockaddr *)&at, sizeof(at)) != 0)
        return -errno;
    return 0;
}

static int open_lane(struct lane *lane, const struct way *way, uint32_t bytes)
{
    const struct jtp_address loopback = {.ip = {[10] = 0xff, 0xff, 127, 0, 0, 1}};
    *lane = (struct lane){.way = way, .bytes = bytes, .from_fd = -1, .to_fd = -1};
    lane->source = calloc(PORT_MAX_BURST, MOST_BYTES);
    lane->place = calloc(PORT_MAX_BURST, MOST_BYTES);
    if (!lane->source || !lane->place)
        return -ENOMEM;
    if (way->is_naive)
        return open_naively(lane);
    struct uring_port_config config = uring_port_config_default();
    config.addresses[0] = loopback;
    config.mode = way->mode;
    config.wants_gso = way->has_gso;
    config.wants_gro = way->has_gro;
    int error = uring_port_open(&lane->to, &config);
    if (error)
        return error;
    port_addresses(lane->to, &lane->target, 1);
    config.peer = lane->target; /* connected, as the naive way is */
    error = uring_port_open(&lane->from, &config);
    if (error)
        return error;
    return port_add_memory(lane->from, lane->source, (size_t)PORT_MAX_BURST * MOST_BYTES);
}

static void close_lane(struct lane *lane)
{
    port_close(lane->from);
    port_close(lane->to);
    if (lane->from_fd >= 0)
        close(lane->from_fd);
    if (lane->to_fd >= 0)
        close(lane->to_fd);
    free(lane->source);
    free(lane->place);
}

static bool run_round(struct lane *best, void (*run)(struct lane *), uint32_t repeats)
{
    struct lane lane;
    const int error = open_lane(&lane, best->way, best->bytes);
    if (error) {
        printf("| %s | skipped: %s |\n", best->way->name, strerror(-error));
        close_lane(&lane);
        return false;
    }
    lane.send_ns = best->send_ns;
    lane.receive_ns = best->receive_ns;
    lane.empty_ns = best->empty_ns;
    lane.stream_per_s = best->stream_per_s;
    for (uint32_t i = 0; i < repeats; i++) /* the first warms it up */
        run(&lane);
    best->send_ns = lane.send_ns;
    best->receive_ns = lane.receive_ns;
    best->empty_ns = lane.empty_ns;
    best->stream_per_s = lane.stream_per_s;
    best->has_failed = best->has_failed || lane.has_failed;
    close_lane(&lane);
    return true;
}

static void print_table(const struct lane *lanes)
{
    printf("| way | sends: CPU ns | receives: CPU ns | against one call | finds nothing: CPU ns "
           "| datagrams/s | Gbit/s |\n|---|---|---|---|---|---|---|\n");
    const double base = lanes[0].send_ns + lanes[0].receive_ns;
    for (uint32_t i = 0; i < WAYS; i++) {
        const struct lane *lane = &lanes[i];
        if (lane->send_ns <= 0)
            continue;
        printf("| %s | %.0f | %.0f | %.2f | %.0f | %.0f | %.2f |%s\n", lane->way->name,
               lane->send_ns, lane->receive_ns, base / (lane->send_ns + lane->receive_ns),
               lane->empty_ns, lane->stream_per_s, lane->stream_per_s * lane->bytes * 8e-9,
               lane->has_failed ? " LOST SOME" : "");
    }
}

static uint32_t number_after(int argc, char **argv, const char *option, uint32_t otherwise)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], option) == 0)
            return (uint32_t)strtoul(argv[i + 1], NULL, 10);
    return otherwise;
}

int main(int argc, char **argv)
{
    const uint32_t rounds = number_after(argc, argv, "--rounds", 5);
    const uint32_t bytes = number_after(argc, argv, "--bytes", 1400);
    if (rounds == 0 || bytes == 0 || bytes > MOST_BYTES) {
        fprintf(stderr, "uring_bench: --rounds from 1, --bytes from 1 to %d\n", MOST_BYTES);
        return 2;
    }
    static struct lane best[WAYS];
    bool is_there[WAYS];
    for (uint32_t i = 0; i < WAYS; i++) {
        best[i].way = &ways[i];
        best[i].bytes = bytes;
        is_there[i] = true;
    }
    for (uint32_t round = 0; round < rounds; round++)
        for (uint32_t i = 0; i < WAYS; i++)
            is_there[i] = is_there[i] && run_round(&best[i], run_phase, 5) &&
                          run_round(&best[i], run_stream, 1);
    printf("Payloads of %u bytes, heads of %d, best of %u rounds.\n\n", bytes, HEAD_BYTES, rounds);
    print_table(best);
    for (uint32_t i = 0; i < WAYS; i++)
        if (best[i].has_failed)
            return 1;
    return 0;
}
