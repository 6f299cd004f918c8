/* `joint-worker`: the process around the role; started by jointd with a socket. */
#include "compute/worker/loader.h"
#include "compute/worker/options.h"
#include "compute/worker/worker.h"
#include "compute/worker/worker_inbox.h"
#include "shm/idle.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* How often it shows life when there is nothing to do, and looks whether jointd is alive. */
#define CHECK_NS UINT64_C(20000000)

static int complain(const char *what, int error)
{
    fprintf(stderr, "joint-worker: %s: %s\n", what, strerror(-error));
    return 1;
}

/* Runs in a thread that does not block the signal: one of OpenBLAS's own, which started before
 * main. The main thread blocks it and reads it. */
static void forward_signal(int signal)
{
    (void)tgkill(getpid(), getpid(), signal);
}

/* SIGTERM is read by the main thread, from a descriptor. */
static int open_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    const struct sigaction action = {.sa_handler = forward_signal, .sa_flags = SA_RESTART};
    if (sigprocmask(SIG_BLOCK, &signals, NULL) || sigaction(SIGTERM, &action, NULL))
        return -errno;
    const int fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

/* False when jointd is gone. */
static bool check_outside(struct worker *worker, int signals)
{
    struct pollfd fds[] = {{.fd = signals, .events = POLLIN},
                           {.fd = worker->config.socket, .events = POLLRDHUP},
                           {.fd = worker->channel.wake.fd, .events = POLLRDHUP}};
    struct signalfd_siginfo info;
    if (poll(fds, 3, 0) > 0 && fds[0].revents && read(signals, &info, sizeof(info)) > 0)
        worker_drain(worker);
    const int gone = POLLRDHUP | POLLHUP | POLLERR;
    return !((fds[1].revents | fds[2].revents) & gone) && !worker->channel.wake.is_peer_gone;
}

static void report(struct worker *worker)
{
    if (!worker->error.text[0])
        return;
    fprintf(stderr, "joint-worker: %s\n", worker->error.text);
    worker->error.text[0] = '\0';
}

/* The work that a re-check found before sleeping. */
static int sleep_unless_work(struct worker *worker, struct idle *idle)
{
    idle_arm(idle);
    const int work = worker_poll(worker, worker_now_ns());
    if (work == 0)
        idle_sleep(idle, worker_has_out_room(worker) ? CHECK_NS : CHECK_NS / 40);
    idle_disarm(idle);
    return work;
}

static int serve(struct worker *worker, struct idle *idle, int signals)
{
    uint64_t checked_ns = 0;
    while (!worker->failure && !worker->is_drained) {
        const uint64_t now_ns = worker_now_ns();
        int work = worker_poll(worker, now_ns);
        bool is_time = now_ns - checked_ns >= CHECK_NS;
        if (idle_wants_sleep(idle, work, now_ns)) {
            sleep_unless_work(worker, idle);
            is_time = true;
        }
        if (is_time) {
            checked_ns = now_ns;
            report(worker);
            if (!check_outside(worker, signals))
                return 0;
        }
    }
    return worker->failure ? complain("jointd's ring cannot be followed; it ends", worker->failure)
                           : 0;
}

static int start(struct worker *worker, struct idle *idle, const struct options *options)
{
    const int signals = open_signals();
    if (signals < 0)
        return complain("cannot wait for signals", signals);
    int error = worker_init(worker, &options->worker);
    if (error)
        return complain("no channel came over the socket; jointd starts this program", error);
    error = idle_init(idle, &options->idle);
    if (error)
        return complain("cannot sleep", error);
    if ((error = idle_add(idle, &worker->channel.wake)) || (error = idle_watch(idle, signals)) ||
        (error = idle_watch(idle, options->worker.socket)))
        return complain("cannot sleep", error);
    const int status = serve(worker, idle, signals);
    report(worker);
    idle_remove(idle, &worker->channel.wake);
    idle_fini(idle);
    worker_fini(worker);
    close(signals);
    return status;
}

/* What went wrong has been told to jointd, who logs it. */
static int load(const struct worker_config *config)
{
    prctl(PR_SET_NAME, "joint-loader");
    const struct loader_config loader = {
        .socket = config->socket, .cpu_count = config->cpu_count, .cpu = config->cpu};
    return loader_run(&loader) ? 1 : 0;
}

int main(int argc, char **argv)
{
    struct options options;
    const int status = options_read(&options, argc, argv);
    if (status >= 0)
        return status;
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (options.is_loader)
        return load(&options.worker);
    prctl(PR_SET_NAME, "joint-worker");
    struct worker worker = {0};
    struct idle idle;
    return start(&worker, &idle, &options);
}
