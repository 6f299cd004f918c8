/* Signals as events of the loop. */
#include "scheduler/service/signals.h"
#include "scheduler/service/drain.h"
#include "scheduler/service/reload.h"
#include "scheduler/service/service.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

int signals_init(struct signals *signals, struct idle *idle)
{
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGHUP);
    sigset_t blocked = wanted;
    sigaddset(&blocked, SIGPIPE); /* whoever read the log may be gone */
    if (sigprocmask(SIG_BLOCK, &blocked, NULL))
        return -errno;
    const int fd = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        return -errno;
    const int error = idle_watch(idle, fd);
    if (error)
        close(fd);
    else
        *signals = (struct signals){.fd = fd, .is_open = 1};
    return error;
}

void signals_fini(struct signals *signals)
{
    if (!signals || !signals->is_open)
        return;
    close(signals->fd);
    *signals = (struct signals){0};
}

int signals_look(struct service *service)
{
    struct signalfd_siginfo info;
    int count = 0;
    for (; read(service->signals.fd, &info, sizeof(info)) == (ssize_t)sizeof(info); count++) {
        if (info.ssi_signo == SIGHUP)
            reload(service);
        else
            drain_begin(service);
    }
    return count;
}
