/* `joint-api`: the service over HTTP; started by jointd with a socket. */
#include "scheduler/api/pages.h"
#include "scheduler/api/server.h"
#include "scheduler/api/view.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SETUP_MS 10000
#define TURN_MS 100 /* the longest sleep; a beat each */
#define BEAT_NS UINT64_C(100000000)

struct api {
    int socket;
    struct view view;
    struct pages pages;
    struct poll_limit poll_limit;
    struct server servers[API_MAX_ADDRESSES];
    uint32_t server_count;
    uint64_t beat_ns, beat_count;
};

static uint64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int complain(const char *what, int error)
{
    fprintf(stderr, "joint-api: %s: %s\n", what, strerror(-error));
    return 1;
}

static int start(struct api *api)
{
    struct pollfd told = {.fd = api->socket, .events = POLLIN};
    if (poll(&told, 1, SETUP_MS) != 1)
        return complain("no setup came over the socket; jointd starts this program", -ETIMEDOUT);
    int error = view_init(&api->view, api->socket);
    if (error)
        return complain("no sound setup came over the socket; jointd starts this program", error);
    const struct api_setup *setup = &api->view.setup;
    pages_init(&api->pages, &api->view);
    uint64_t seed;
    if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
        return complain("no random numbers", -errno);
    error = poll_limit_init(&api->poll_limit, seed);
    for (uint32_t i = 0; i < setup->address_count && !error; i++) {
        struct server_config config = {.pages = &api->pages,
                                       .poll_limit = &api->poll_limit,
                                       .port = (uint16_t)setup->tcp_port,
                                       .max_connections = setup->max_connections,
                                       .request_ns = setup->request_ns};
        memcpy(config.address, setup->address[i], sizeof(config.address));
        error = server_init(&api->servers[i], &config);
        api->server_count += !error;
    }
    return error ? complain("cannot start", error) : 0;
}

static void beat(struct api *api, uint64_t now_ns)
{
    if (now_ns < api->beat_ns)
        return;
    api->beat_ns = now_ns + BEAT_NS;
    const struct api_beat beat = {.count = ++api->beat_count};
    (void)send(api->socket, &beat, sizeof(beat), MSG_DONTWAIT | MSG_NOSIGNAL); /* or the next */
}

/* Sleeps until there is something; whether jointd has said something. */
static bool wait(struct api *api)
{
    struct pollfd fds[1 + API_MAX_ADDRESSES] = {{.fd = api->socket, .events = POLLIN}};
    int timeout_ms = TURN_MS;
    for (uint32_t i = 0; i < api->server_count; i++) {
        fds[1 + i] = (struct pollfd){.fd = api->servers[i].epoll_fd, .events = POLLIN};
        timeout_ms = server_timeout_ms(&api->servers[i], timeout_ms);
    }
    (void)poll(fds, 1 + api->server_count, timeout_ms);
    return fds[0].revents != 0;
}

static int serve(struct api *api)
{
    for (;;) {
        const uint64_t now_ns = api->pages.now_ns = clock_ns();
        beat(api, now_ns);
        for (uint32_t i = 0; i < api->server_count; i++)
            server_poll(&api->servers[i], now_ns);
        if (!wait(api))
            continue;
        const int error = view_take(&api->view, api->socket);
        if (error == -EPIPE || error == -ECONNRESET)
            return 0; /* jointd is gone */
        if (error && error != -EAGAIN)
            return complain("what jointd says makes no sense; it ends", error);
    }
}

static void finish(struct api *api)
{
    for (uint32_t i = 0; i < api->server_count; i++)
        server_fini(&api->servers[i]);
    poll_limit_fini(&api->poll_limit);
    pages_fini(&api->pages);
    view_fini(&api->view);
}

static int read_socket(int argc, char **argv)
{
    char *end = NULL;
    const long fd = argc == 3 && strcmp(argv[1], "--socket") == 0 ? strtol(argv[2], &end, 10) : -1;
    return end && end != argv[2] && !*end && fd >= 0 && fd < 1 << 20 ? (int)fd : -1;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        printf(
            "usage: joint-api --socket FD\n\n"
            "Serves the load, health, models and metrics of Joint over HTTP. jointd starts it, if\n"
            "[api] listen of its configuration names an address, and tells it the rest over the\n"
            "socket. It ends when jointd does.\n");
        return 0;
    }
    const int socket = read_socket(argc, argv);
    if (socket < 0) {
        fprintf(stderr, "joint-api: --socket FD is missing; jointd starts this program\n");
        return 2;
    }
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_NAME, "joint-api");
    signal(SIGPIPE, SIG_IGN);
    struct api *api = calloc(1, sizeof(*api));
    if (!api)
        return complain("cannot start", -ENOMEM);
    api->socket = socket;
    int status = start(api);
    if (!status)
        status = serve(api);
    finish(api);
    free(api);
    return status;
}
