/* `joint-api`: the service over HTTP; started by jointd with a socket. */
#include "scheduler/api/cores.h"
#include "scheduler/api/infer.h"
#include "scheduler/api/pages.h"
#include "scheduler/api/server.h"
#include "scheduler/api/view.h"
#include "shm/idle.h"

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
    int sockets[2]; /* what is told and shown; the channel of requests */
    struct view view;
    struct pages pages;
    struct poll_limit poll_limit;
    struct infer infer;
    struct idle idle;
    struct repository repository;
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
    struct pollfd told = {.fd = api->sockets[0], .events = POLLIN};
    if (poll(&told, 1, SETUP_MS) != 1)
        return complain("no setup came over the socket; jointd starts this program", -ETIMEDOUT);
    int error = view_init(&api->view, api->sockets[0]);
    if (error)
        return complain("no sound setup came over the socket; jointd starts this program", error);
    const struct api_setup *setup = &api->view.setup;
    error = cores_keep_off(setup->worker_cores);
    if (error)
        complain("cannot keep off the workers' cores", error); /* it serves all the same */
    pages_init(&api->pages, &api->view);
    uint64_t seed;
    if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
        return complain("no random numbers", -errno);
    error = poll_limit_init(&api->poll_limit, seed);
    const struct idle_config idle = idle_config_default();
    if (!error)
        error = idle_init(&api->idle, &idle);
    if (!error)
        error = infer_init(&api->infer, &api->pages, api->sockets[1]);
    if (!error)
        error = idle_add(&api->idle, &api->infer.ring.channel.wake);
    if (!error)
        error = repository_init(&api->repository, &api->pages, &api->view, api->sockets[0]);
    for (uint32_t i = 0; i < setup->address_count && !error; i++) {
        struct server_config config = {.pages = &api->pages,
                                       .poll_limit = &api->poll_limit,
                                       .infer = &api->infer,
                                       .repository = &api->repository,
                                       .port = (uint16_t)setup->tcp_port,
                                       .has_tls = setup->has_tls != 0,
                                       .tls = &api->view.tls,
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
    (void)send(api->sockets[0], &beat, sizeof(beat), MSG_DONTWAIT | MSG_NOSIGNAL); /* or the next */
}

/* Sleeps until there is something; whether jointd has said something over the first socket. Woken
 * by the ring only if nothing was in it before. */
static bool wait(struct api *api)
{
    enum { TOLD, RING, GONE, SERVERS };
    struct pollfd fds[SERVERS + API_MAX_ADDRESSES] = {
        [TOLD] = {.fd = api->sockets[0], .events = POLLIN},
        [RING] = {.fd = idle_fd(&api->idle), .events = POLLIN},
        [GONE] = {.fd = api->infer.gone_fd, .events = POLLIN}};
    int timeout_ms = TURN_MS;
    for (uint32_t i = 0; i < api->server_count; i++) {
        fds[SERVERS + i] = (struct pollfd){.fd = api->servers[i].epoll_fd, .events = POLLIN};
        timeout_ms = server_timeout_ms(&api->servers[i], timeout_ms);
    }
    idle_arm(&api->idle);
    if (infer_poll(&api->infer) > 0)
        timeout_ms = 0;
    infer_flush(&api->infer);
    (void)poll(fds, SERVERS + api->server_count, timeout_ms);
    if (fds[GONE].revents)
        infer_look_who_is_gone(&api->infer);
    if (fds[RING].revents)
        (void)idle_sleep(&api->idle, 0);
    idle_disarm(&api->idle);
    return fds[TOLD].revents != 0;
}

/* What is told comes before the ring, so that what is shown can be asked for. */
static int serve(struct api *api)
{
    for (;;) {
        const uint64_t now_ns = api->pages.now_ns = clock_ns();
        beat(api, now_ns);
        infer_poll(&api->infer);
        repository_poll(&api->repository);
        for (uint32_t i = 0; i < api->server_count; i++)
            server_poll(&api->servers[i], now_ns);
        infer_flush(&api->infer);
        if (api->infer.ring.channel.wake.is_peer_gone)
            return 0;
        if (api->infer.ring.failure)
            return complain("its ring cannot be used any more; it ends", api->infer.ring.failure);
        if (!wait(api))
            continue;
        const int error = view_take(&api->view, api->sockets[0]);
        if (error == -EPIPE || error == -ECONNRESET)
            return 0; /* jointd is gone */
        if (error && error != -EAGAIN)
            return complain("what jointd says makes no sense; it ends", error);
    }
}

static void finish(struct api *api)
{
    infer_stop(&api->infer);
    repository_release(&api->repository);
    for (uint32_t i = 0; i < api->server_count; i++)
        server_fini(&api->servers[i]);
    repository_fini(&api->repository);
    poll_limit_fini(&api->poll_limit);
    if (api->infer.ring.channel.wake.is_idling)
        idle_remove(&api->idle, &api->infer.ring.channel.wake);
    infer_fini(&api->infer);
    if (api->idle.epoll_fd >= 0)
        idle_fini(&api->idle);
    pages_fini(&api->pages);
    view_fini(&api->view);
}

/* "4,5" */
static bool read_sockets(int argc, char **argv, int sockets[2])
{
    char *end = argc == 3 && strcmp(argv[1], "--sockets") == 0 ? argv[2] : NULL;
    for (int i = 0; end && i < 2; i++) {
        const char *at = end;
        const long fd = strtol(at, &end, 10);
        if (end == at || fd < 0 || fd >= 1 << 20 || *end++ != (i == 0 ? ',' : '\0'))
            return false;
        sockets[i] = (int)fd;
    }
    return end != NULL;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        printf(
            "usage: joint-api --sockets FD,FD\n\n"
            "Serves the load, health, models and metrics of Joint over HTTP, and inference. "
            "jointd\n"
            "starts it, if [api] listen of its configuration names an address, and tells it the\n"
            "rest over the sockets. It ends when jointd does.\n");
        return 0;
    }
    int sockets[2];
    if (!read_sockets(argc, argv, sockets)) {
        fprintf(stderr, "joint-api: --sockets FD,FD is missing; jointd starts this program\n");
        return 2;
    }
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_NAME, "joint-api");
    signal(SIGPIPE, SIG_IGN);
    struct api *api = calloc(1, sizeof(*api));
    if (!api)
        return complain("cannot start", -ENOMEM);
    memcpy(api->sockets, sockets, sizeof(sockets));
    api->idle.epoll_fd = -1;
    int status = start(api);
    if (!status)
        status = serve(api);
    finish(api);
    free(api);
    return status;
}
