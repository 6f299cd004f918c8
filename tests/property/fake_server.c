/* The fake server's thread: moves datagrams between socket, link and JTP, and does as it is told.
 */
#include "tests/property/fake_server_state.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

uint64_t fake_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void fake_server_config_default(struct fake_server_config *config)
{
    *config = (struct fake_server_config){.name = "model",
                                          .seed = 1,
                                          .max_rows = 4,
                                          .max_cut_tensors = 1,
                                          .slab_bytes = UINT64_C(256) << 20,
                                          .max_clients = 256};
}

static socklen_t to_kernel(bool is_ipv6, const struct jtp_address *from, struct sockaddr_in6 *to)
{
    *to = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(from->port)};
    memcpy(&to->sin6_addr, from->ip, 16);
    if (is_ipv6)
        return sizeof(*to);
    struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = htons(from->port)};
    memcpy(&ipv4.sin_addr, from->ip + 12, 4);
    memcpy(to, &ipv4, sizeof(ipv4));
    return sizeof(ipv4);
}

static struct jtp_address from_kernel(const struct sockaddr_in6 *from)
{
    struct jtp_address to = {.port = ntohs(from->sin6_port)};
    if (from->sin6_family == AF_INET6) {
        memcpy(to.ip, &from->sin6_addr, 16);
        return to;
    }
    struct sockaddr_in ipv4;
    memcpy(&ipv4, from, sizeof(ipv4));
    to.ip[10] = to.ip[11] = 0xff;
    memcpy(to.ip + 12, &ipv4.sin_addr, 4);
    return to;
}

static int open_socket(struct fake_server *server)
{
    bool is_ipv6 = server->config.is_ipv6;
    struct jtp_address here = {.port = server->port};
    struct sockaddr_in6 name;
    here.ip[10] = here.ip[11] = is_ipv6 ? 0 : 0xff;
    here.ip[12] = is_ipv6 ? 0 : 127;
    here.ip[15] = 1;
    socklen_t bytes = to_kernel(is_ipv6, &here, &name);
    int fd = socket(is_ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    int room = 4 << 20;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    if (bind(fd, (struct sockaddr *)&name, bytes) ||
        getsockname(fd, (struct sockaddr *)&name, &bytes)) {
        int rc = -errno;
        close(fd);
        return rc;
    }
    server->fd = fd;
    server->port = from_kernel(&name).port;
    snprintf(server->address, sizeof(server->address), is_ipv6 ? "[::1]:%u" : "127.0.0.1:%u",
             (unsigned)server->port);
    return 0;
}

static int live(struct fake_server *server)
{
    struct jtp_server_config config;
    jtp_server_config_default(&config);
    config.ops = &fake_server_ops;
    config.user = server;
    config.boot = ++server->boot;
    jtp_put_u64(config.cookie_key.bytes, server->boot * 7919 + server->config.seed);
    jtp_put_u64(config.table_key.bytes, server->boot * 104729 + server->config.seed);
    config.max_clients = server->config.max_clients;
    config.max_requests = FAKE_MAX_SLOTS;
    int rc = open_socket(server);
    if (rc)
        return rc;
    server->memory = aligned_alloc(64, (jtp_server_bytes(&config) + 63) & ~(size_t)63);
    if (!server->memory) {
        close(server->fd);
        server->fd = -1;
        return -ENOMEM;
    }
    server->jtp = jtp_server_init(server->memory, &config, fake_now_ns());
    server->count.is_alive = true;
    return 0;
}

static void die(struct fake_server *server)
{
    if (server->fd >= 0)
        close(server->fd);
    server->fd = -1;
    free(server->memory);
    server->memory = NULL;
    server->jtp = NULL;
    server->must_die = false;
    fake_link_clear(&server->in);
    fake_link_clear(&server->out);
    fake_model_clear(&server->model);
    server->count.held = 0;
    server->count.is_alive = false;
}

static void send_joined(struct fake_server *server, const struct jtp_datagram *datagram)
{
    uint8_t bytes[JTP_MAX_HEAD_BYTES + JTP_LARGEST_PROBE_BYTES];
    fake_link_push(server, &server->out, &datagram->to, bytes, jtp_datagram_join(datagram, bytes));
}

static void receive(struct fake_server *server)
{
    uint8_t bytes[65536];
    struct sockaddr_in6 name;
    for (int i = 0; i < 256; i++) {
        socklen_t room = sizeof(name);
        ssize_t count =
            recvfrom(server->fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&name, &room);
        if (count < 0)
            return;
        struct jtp_address from = from_kernel(&name);
        fake_link_push(server, &server->in, &from, bytes, (size_t)count);
    }
}

static void move(struct fake_server *server)
{
    struct jtp_datagram datagram;
    struct fake_flight *flight;
    receive(server);
    while (!server->must_die && (flight = fake_link_pop(&server->in, fake_now_ns()))) {
        if (jtp_server_on_datagram(server->jtp, &flight->address, flight->bytes, flight->count,
                                   fake_now_ns(), &datagram))
            send_joined(server, &datagram);
        free(flight);
    }
    if (server->must_die)
        return;
    fake_model_turn(server, fake_now_ns());
    jtp_server_on_timeout(server->jtp, fake_now_ns());
    while (jtp_server_next_datagram(server->jtp, fake_now_ns(), &datagram))
        send_joined(server, &datagram);
    while ((flight = fake_link_pop(&server->out, fake_now_ns()))) {
        struct sockaddr_in6 name;
        socklen_t bytes = to_kernel(server->config.is_ipv6, &flight->address, &name);
        sendto(server->fd, flight->bytes, flight->count, 0, (struct sockaddr *)&name, bytes);
        free(flight);
    }
}

static void wait_for_work(struct fake_server *server)
{
    struct pollfd fds[2] = {{.fd = server->wake_fd, .events = POLLIN},
                            {.fd = server->fd, .events = POLLIN}};
    uint64_t due_ns = JTP_NEVER, now_ns = fake_now_ns();
    if (server->fd >= 0) {
        uint64_t dues_ns[] = {jtp_server_timeout_ns(server->jtp), fake_model_due_ns(server),
                              server->in.first ? server->in.first->at_ns : JTP_NEVER,
                              server->out.first ? server->out.first->at_ns : JTP_NEVER};
        for (size_t i = 0; i < sizeof(dues_ns) / sizeof(dues_ns[0]); i++)
            due_ns = dues_ns[i] < due_ns ? dues_ns[i] : due_ns;
    }
    uint64_t wait_ns = due_ns > now_ns ? due_ns - now_ns : 0;
    struct timespec wait = {.tv_sec = (time_t)(wait_ns / 1000000000u),
                            .tv_nsec = (long)(wait_ns % 1000000000u)};
    ppoll(fds, server->fd >= 0 ? 2 : 1, due_ns == JTP_NEVER ? NULL : &wait, NULL);
    eventfd_t woken;
    if (fds[0].revents)
        (void)eventfd_read(server->wake_fd, &woken);
}

/* Takes over what was wished. False: to stop. */
static bool obey(struct fake_server *server)
{
    pthread_mutex_lock(&server->mutex);
    if (server->has_behaviour) {
        server->now = server->wished;
        server->received = 0;
    }
    if (server->has_kill || server->must_die)
        die(server);
    if (server->has_revive)
        server->revived = server->fd < 0 ? live(server) : -EALREADY;
    server->has_behaviour = server->has_kill = server->has_revive = false;
    if (server->jtp)
        server->count.jtp = *jtp_server_stats(server->jtp);
    server->counts = server->count;
    server->turns = server->wishes;
    bool goes_on = !server->has_stop;
    pthread_cond_broadcast(&server->turned);
    pthread_mutex_unlock(&server->mutex);
    return goes_on;
}

static void *run(void *user)
{
    struct fake_server *server = user;
    while (obey(server)) {
        if (server->fd >= 0)
            move(server);
        if (!server->must_die)
            wait_for_work(server);
    }
    return NULL;
}

int fake_server_create(const struct fake_server_config *config, struct fake_server **created)
{
    struct fake_server *server = calloc(1, sizeof(*server));
    if (!server)
        return -ENOMEM;
    server->config = *config;
    server->now = config->behaviour;
    server->port = config->port;
    server->random = config->seed;
    server->fd = -1;
    int rc = fake_model_init(&server->model, config);
    if (rc)
        goto free_server;
    rc = live(server);
    if (rc)
        goto fini_model;
    server->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&server->mutex, NULL);
    pthread_cond_init(&server->turned, NULL);
    rc = server->wake_fd < 0 ? -errno : -pthread_create(&server->thread, NULL, run, server);
    if (rc)
        goto close_wake;
    *created = server;
    return 0;

close_wake:
    if (server->wake_fd >= 0)
        close(server->wake_fd);
    die(server);
fini_model:
    fake_model_fini(&server->model);
free_server:
    free(server);
    return rc;
}

/* With the mutex held: the thread's next turn has the wish, when this returns. */
static void wish(struct fake_server *server)
{
    uint64_t turn = ++server->wishes;
    eventfd_write(server->wake_fd, 1);
    while (server->turns < turn)
        pthread_cond_wait(&server->turned, &server->mutex);
}

void fake_server_destroy(struct fake_server *server)
{
    if (!server)
        return;
    pthread_mutex_lock(&server->mutex);
    server->has_stop = true;
    wish(server);
    pthread_mutex_unlock(&server->mutex);
    pthread_join(server->thread, NULL);
    die(server);
    fake_model_fini(&server->model);
    close(server->wake_fd);
    pthread_cond_destroy(&server->turned);
    pthread_mutex_destroy(&server->mutex);
    free(server);
}

uint16_t fake_server_port(const struct fake_server *server)
{
    return server->port;
}

const char *fake_server_address(const struct fake_server *server)
{
    return server->address;
}

void fake_server_behave(struct fake_server *server, const struct fake_server_behaviour *behaviour)
{
    pthread_mutex_lock(&server->mutex);
    server->wished = *behaviour;
    server->has_behaviour = true;
    wish(server);
    pthread_mutex_unlock(&server->mutex);
}

void fake_server_kill(struct fake_server *server)
{
    pthread_mutex_lock(&server->mutex);
    server->has_kill = true;
    wish(server);
    pthread_mutex_unlock(&server->mutex);
}

int fake_server_revive(struct fake_server *server)
{
    pthread_mutex_lock(&server->mutex);
    server->has_revive = true;
    wish(server);
    int rc = server->revived;
    pthread_mutex_unlock(&server->mutex);
    return rc;
}

void fake_server_count(struct fake_server *server, struct fake_server_counts *counts)
{
    pthread_mutex_lock(&server->mutex);
    wish(server);
    *counts = server->counts;
    pthread_mutex_unlock(&server->mutex);
}
