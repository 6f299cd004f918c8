/* Asks a server on this host for a page at an even pace, in every other window of time, and says
 * what those that serve spent of their cores in each window, for api_polls.py.
 *
 * The windows come in pairs, with polls and without, and chance decides which of both is first.
 * The loop is open: each poll has its time, whether others were answered or not, and how long one
 * took counts from there. usage: api_poller PORT PATH RATE PAIRS WINDOW_MS SEED [PID...] */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS 16u
#define REPLY_BYTES 65536u
#define MAX_PIDS 16u
#define SECOND_NS UINT64_C(1000000000)

struct connection {
    int fd;
    bool is_waiting;
    uint64_t due_ns;
    size_t bytes; /* of the reply, so far */
    char reply[REPLY_BYTES + 1];
};

struct poller {
    struct connection connections[CONNECTIONS];
    int epoll_fd;
    char request[512];
    size_t request_bytes;
    uint64_t interval_ns, window_ns, random;
    uint32_t pairs, next;
    clockid_t clocks[MAX_PIDS];
    uint32_t clock_count;
    uint64_t spent_ns[MAX_PIDS]; /* when the window began */
    uint64_t own_ns;
    uint32_t asked, unasked, answered, refused; /* in this window */
    uint64_t *latencies_ns;
    uint32_t latency_room;
};

static uint64_t read_clock(clockid_t clock)
{
    struct timespec now;
    return clock_gettime(clock, &now) ? 0
                                      : (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

static uint64_t now_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

static bool is_coin_up(struct poller *poller)
{
    poller->random = poller->random * 6364136223846793005u + 1442695040888963407u;
    return poller->random >> 63;
}

static int open_connection(struct poller *poller, struct connection *connection, uint16_t port)
{
    const struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int on = 1;
    const int fd = connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof(to)) ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) ||
        epoll_ctl(poller->epoll_fd, EPOLL_CTL_ADD, fd, &event))
        return -errno;
    return 0;
}

/* Of head and body; 0 while that is not known. */
static size_t whole_bytes(struct connection *connection)
{
    connection->reply[connection->bytes] = '\0';
    const char *end = strstr(connection->reply, "\r\n\r\n");
    const char *length = strcasestr(connection->reply, "\r\nContent-Length:");
    if (!end || !length || length > end)
        return 0;
    return (size_t)(end + 4 - connection->reply) + strtoul(length + 17, NULL, 10);
}

static int take_reply(struct poller *poller, struct connection *connection)
{
    const ssize_t count = recv(connection->fd, connection->reply + connection->bytes,
                               REPLY_BYTES - connection->bytes, MSG_DONTWAIT);
    if (count < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    if (count == 0)
        return -ECONNRESET;
    connection->bytes += (size_t)count;
    const size_t whole = whole_bytes(connection);
    if (whole > REPLY_BYTES || (whole && connection->bytes > whole))
        return -EPROTO;
    if (!whole || connection->bytes < whole)
        return 0;
    if (strncmp(connection->reply, "HTTP/1.1 200 ", 13) != 0)
        poller->refused++;
    else if (poller->answered < poller->latency_room)
        poller->latencies_ns[poller->answered++] = now_ns() - connection->due_ns;
    connection->is_waiting = false;
    connection->bytes = 0;
    return 0;
}

/* Takes what is answered until then. */
static int wait_until(struct poller *poller, uint64_t until_ns)
{
    for (uint64_t now = now_ns(); now < until_ns; now = now_ns()) {
        const struct timespec left = {.tv_sec = (time_t)((until_ns - now) / SECOND_NS),
                                      .tv_nsec = (long)((until_ns - now) % SECOND_NS)};
        struct epoll_event events[CONNECTIONS];
        const int count = epoll_pwait2(poller->epoll_fd, events, CONNECTIONS, &left, NULL);
        for (int i = 0; i < count; i++) {
            const int error = take_reply(poller, events[i].data.ptr);
            if (error)
                return error;
        }
        if (count < 0 && errno != EINTR)
            return -errno;
    }
    return 0;
}

static int ask(struct poller *poller, uint64_t due_ns)
{
    struct connection *connection = &poller->connections[poller->next++ % CONNECTIONS];
    if (connection->is_waiting) {
        poller->unasked++;
        return 0;
    }
    connection->is_waiting = true;
    connection->due_ns = due_ns;
    poller->asked++;
    const ssize_t sent =
        send(connection->fd, poller->request, poller->request_bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent == (ssize_t)poller->request_bytes ? 0 : sent < 0 ? -errno : -EIO;
}

static int order(const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static void print_window(struct poller *poller, uint32_t pair, bool is_polled, uint64_t begun_ns)
{
    qsort(poller->latencies_ns, poller->answered, sizeof(*poller->latencies_ns), order);
    printf("%u\t%d\t%llu\t%llu\t%u\t%u\t%u\t%u", pair, is_polled, (unsigned long long)begun_ns,
           (unsigned long long)read_clock(CLOCK_REALTIME), poller->asked, poller->unasked,
           poller->answered, poller->refused);
    const uint32_t last = poller->answered ? poller->answered - 1 : 0;
    const uint32_t at[] = {last / 2, last - last / 100, last};
    for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++)
        printf("\t%.1f", poller->answered ? (double)poller->latencies_ns[at[i]] / 1e3 : 0.0);
    printf("\t%llu", (unsigned long long)(read_clock(CLOCK_PROCESS_CPUTIME_ID) - poller->own_ns));
    for (uint32_t i = 0; i < poller->clock_count; i++)
        printf("\t%llu", (unsigned long long)(read_clock(poller->clocks[i]) - poller->spent_ns[i]));
    printf("\n");
}

static int run_window(struct poller *poller, uint32_t pair, bool is_polled, uint64_t end_ns)
{
    poller->asked = poller->unasked = poller->answered = poller->refused = 0;
    for (uint32_t i = 0; i < poller->clock_count; i++)
        poller->spent_ns[i] = read_clock(poller->clocks[i]);
    poller->own_ns = read_clock(CLOCK_PROCESS_CPUTIME_ID);
    const uint64_t begun_ns = read_clock(CLOCK_REALTIME);
    uint64_t due_ns = end_ns - poller->window_ns;
    int error = 0;
    for (; is_polled && due_ns < end_ns && !error; due_ns += poller->interval_ns) {
        error = wait_until(poller, due_ns);
        if (!error)
            error = ask(poller, due_ns);
    }
    if (!error)
        error = wait_until(poller, end_ns);
    print_window(poller, pair, is_polled, begun_ns);
    return error;
}

static int run(struct poller *poller)
{
    uint64_t end_ns = now_ns();
    int error = 0;
    printf("pair\tpolled\tbegin_unix_ns\tend_unix_ns\tasked\tunasked\tanswered\trefused\tp50_us\t"
           "p99_us\tmax_us\town_ns\tspent_ns...\n");
    for (uint32_t pair = 0; pair < poller->pairs && !error; pair++) {
        const bool is_polled_first = is_coin_up(poller);
        for (int half = 0; half < 2 && !error; half++) {
            end_ns += poller->window_ns;
            error = run_window(poller, pair, is_polled_first == (half == 0), end_ns);
        }
    }
    return error;
}

static int read_arguments(struct poller *poller, int argc, char **argv, uint16_t *port)
{
    if (argc < 7 || argc > 7 + (int)MAX_PIDS)
        return -EINVAL;
    *port = (uint16_t)strtoul(argv[1], NULL, 10);
    const int bytes = snprintf(poller->request, sizeof(poller->request),
                               "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", argv[2]);
    const double rate = strtod(argv[3], NULL), window_ms = strtod(argv[5], NULL);
    poller->pairs = (uint32_t)strtoul(argv[4], NULL, 10);
    poller->random = strtoull(argv[6], NULL, 10);
    if (!*port || bytes < 0 || bytes >= (int)sizeof(poller->request) || !(rate >= 1) ||
        rate > 1e6 || !(window_ms >= 1) || window_ms > 1e5)
        return -EINVAL;
    poller->request_bytes = (size_t)bytes;
    poller->interval_ns = (uint64_t)(1e9 / rate);
    poller->window_ns = (uint64_t)(window_ms * 1e6);
    for (int i = 7; i < argc; i++)
        if (clock_getcpuclockid((pid_t)strtol(argv[i], NULL, 10),
                                &poller->clocks[poller->clock_count++]))
            return -ESRCH;
    return 0;
}

static int init(struct poller *poller, uint16_t port)
{
    prctl(PR_SET_TIMERSLACK, 1);
    poller->latency_room = (uint32_t)(poller->window_ns / poller->interval_ns) + 2 + CONNECTIONS;
    poller->latencies_ns = calloc(poller->latency_room, sizeof(*poller->latencies_ns));
    poller->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    int error = !poller->latencies_ns ? -ENOMEM : poller->epoll_fd < 0 ? -errno : 0;
    for (uint32_t i = 0; i < CONNECTIONS && !error; i++)
        error = open_connection(poller, &poller->connections[i], port);
    return error;
}

int main(int argc, char **argv)
{
    uint16_t port = 0;
    struct poller *poller = calloc(1, sizeof(*poller)); /* what it holds is the process's */
    int error = poller ? read_arguments(poller, argc, argv, &port) : -ENOMEM;
    if (error == -EINVAL)
        fprintf(stderr, "usage: api_poller PORT PATH RATE PAIRS WINDOW_MS SEED [PID...]\n");
    if (!error)
        error = init(poller, port);
    if (!error)
        error = run(poller);
    if (error)
        fprintf(stderr, "api_poller: %s\n", strerror(-error));
    if (poller)
        free(poller->latencies_ns);
    free(poller);
    return error ? 1 : 0;
}
