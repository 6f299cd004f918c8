/* `joint-dataplane`: the process around the queues; started by jointd with a socket for each. */
#include "dataplane/options.h"
#include "dataplane/queue_thread.h"
#include "dataplane/setup.h"
#include "dataplane/transport.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct dataplane {
    struct options options;
    struct dataplane_setup setup;
    struct transport transport;
    struct queue_thread *threads; /* owned; one a queue */
    uint32_t running_count;
    int signals, end_bell;
    bool is_ending; /* jointd is gone, or a queue cannot go on */
    int failure;
};

static int complain(const char *what, int error)
{
    fprintf(stderr, "joint-dataplane: %s: %s\n", what, strerror(-error));
    return 1;
}

/* SIGTERM is read from a descriptor; threads that start later block it too. */
static int open_descriptors(struct dataplane *dataplane)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &signals, NULL))
        return -errno;
    dataplane->signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    dataplane->end_bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return dataplane->signals < 0 || dataplane->end_bell < 0 ? -errno : 0;
}

/* Answers all offers, so that jointd need not wait for the port. */
static int accept_channels(struct dataplane *dataplane)
{
    const char *what;
    int error = setup_receive(&dataplane->setup, dataplane->options.socket[0],
                              dataplane->options.socket_count, &what);
    if (error)
        return complain(what, error);
    for (uint32_t i = 0; i < dataplane->setup.queue_count; i++) {
        const struct queue_config config = {
            .setup = &dataplane->setup, .number = i, .socket = dataplane->options.socket[i]};
        error = queue_thread_init(&dataplane->threads[i], &config, dataplane->end_bell);
        if (error)
            return complain("no sound channel came over a socket", error);
        if (i > 0)
            queue_share_responses(&dataplane->threads[i].queue, &dataplane->threads[0].queue);
    }
    return 0;
}

/* Answers are sent from where they lie if the port can do that; it copies them otherwise. */
static void add_responses(struct dataplane *dataplane)
{
    for (uint32_t i = 0; i < dataplane->setup.queue_count; i++) {
        const struct region *responses =
            &dataplane->threads[i].queue.channel.grant[INGRESS_RESPONSES];
        if (!responses->base)
            continue; /* it uses another queue's */
        const int error =
            port_add_memory(dataplane->transport.port, responses->base + SHM_PAYLOAD_OFFSET,
                            responses->payload_bytes);
        if (error)
            fprintf(stderr, "joint-dataplane: answers are copied before they are sent: %s\n",
                    strerror(-error));
    }
}

static int start_threads(struct dataplane *dataplane)
{
    int error = transport_open(&dataplane->transport, &dataplane->setup);
    if (error)
        return complain("the port cannot be opened", error);
    add_responses(dataplane);
    for (uint32_t i = 0; i < dataplane->setup.queue_count; i++) {
        error = queue_thread_start(&dataplane->threads[i], &dataplane->transport);
        if (error)
            return complain("a queue's thread cannot be started on its core", error);
        dataplane->running_count++;
    }
    fprintf(stderr, "joint-dataplane: %u queue%s, %s\n", dataplane->setup.queue_count,
            dataplane->setup.queue_count == 1 ? "" : "s", dataplane->transport.description);
    return 0;
}

/* Those that have ended are joined; one that failed, or lost jointd, ends all. */
static void reap(struct dataplane *dataplane)
{
    for (uint32_t i = 0; i < dataplane->setup.queue_count; i++) {
        struct queue_thread *thread = &dataplane->threads[i];
        if (!thread->is_running || !queue_thread_has_ended(thread))
            continue;
        const int error = queue_thread_join(thread);
        dataplane->running_count--;
        dataplane->failure = dataplane->failure ? dataplane->failure : error;
        dataplane->is_ending |= error || !thread->queue.is_drained;
    }
}

static void tell_all(struct dataplane *dataplane, void (*tell)(struct queue_thread *thread))
{
    for (uint32_t i = 0; i < dataplane->setup.queue_count; i++)
        if (dataplane->threads[i].is_running)
            tell(&dataplane->threads[i]);
}

/* Until a signal, a thread's end, or jointd's. */
static void watch_once(struct dataplane *dataplane)
{
    const uint32_t queue_count = dataplane->setup.queue_count;
    struct pollfd fds[2 + 2 * DATAPLANE_MAX_QUEUES] = {
        {.fd = dataplane->signals, .events = POLLIN},
        {.fd = dataplane->end_bell, .events = POLLIN}};
    for (uint32_t i = 0; i < queue_count; i++) {
        const struct channel *channel = &dataplane->threads[i].queue.channel;
        fds[2 + 2 * i] = (struct pollfd){.fd = dataplane->options.socket[i], .events = POLLRDHUP};
        fds[3 + 2 * i] = (struct pollfd){.fd = channel->wake.fd, .events = POLLRDHUP};
    }
    /* What hung up stays so. */
    const int count = poll(fds, dataplane->is_ending ? 2 : 2 + 2 * queue_count, -1);
    if (count < 0)
        return;
    for (uint32_t i = 2; i < 2 + 2 * queue_count; i++)
        dataplane->is_ending |= fds[i].revents != 0;
    struct signalfd_siginfo info;
    if (fds[0].revents && read(dataplane->signals, &info, sizeof(info)) > 0)
        tell_all(dataplane, queue_thread_drain);
    uint64_t rings;
    if (fds[1].revents && read(dataplane->end_bell, &rings, sizeof(rings)) > 0)
        reap(dataplane);
    if (dataplane->is_ending)
        tell_all(dataplane, queue_thread_end);
}

static int serve(struct dataplane *dataplane)
{
    int status = accept_channels(dataplane);
    if (status == 0)
        status = start_threads(dataplane);
    if (status) {
        dataplane->is_ending = true;
        tell_all(dataplane, queue_thread_end);
    }
    while (dataplane->running_count > 0)
        watch_once(dataplane);
    if (dataplane->failure)
        status = complain("a queue cannot go on", dataplane->failure);
    return status;
}

static void finish(struct dataplane *dataplane)
{
    transport_close(&dataplane->transport);
    for (uint32_t i = 0; i < dataplane->options.socket_count; i++)
        queue_thread_fini(&dataplane->threads[i]);
    free(dataplane->threads);
}

int main(int argc, char **argv)
{
    struct dataplane dataplane = {0};
    int status = options_read(&dataplane.options, argc, argv);
    if (status >= 0)
        return status;
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_NAME, "joint-dataplane");
    dataplane.threads = calloc(dataplane.options.socket_count, sizeof(*dataplane.threads));
    const int error = dataplane.threads ? open_descriptors(&dataplane) : -ENOMEM;
    status = error ? complain("cannot start", error) : serve(&dataplane);
    finish(&dataplane);
    return status;
}
