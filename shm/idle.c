/* Spins, arms the wakes, sleeps in epoll. */
#include "shm/idle.h"

#include <errno.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define MAX_EVENTS 16

struct idle_config idle_config_default(void)
{
    return (struct idle_config){.mode = IDLE_ADAPTIVE, .spin_ns = 20000};
}

int idle_init(struct idle *idle, const struct idle_config *config)
{
    const int fd = epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0)
        return -errno;
    *idle = (struct idle){.config = *config, .epoll_fd = fd};
    return 0;
}

void idle_fini(struct idle *idle)
{
    if (!idle || idle->epoll_fd < 0)
        return;
    while (idle->wakes)
        idle_remove(idle, idle->wakes);
    close(idle->epoll_fd);
    *idle = (struct idle){.epoll_fd = -1};
}

static int watch(struct idle *idle, int fd, struct wake *wake)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = wake};
    return epoll_ctl(idle->epoll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

int idle_add(struct idle *idle, struct wake *wake)
{
    const int error = watch(idle, wake->fd, wake);
    if (error)
        return error;
    wake->next = idle->wakes;
    wake->is_idling = true;
    idle->wakes = wake;
    return 0;
}

void idle_remove(struct idle *idle, struct wake *wake)
{
    for (struct wake **at = &idle->wakes; *at; at = &(*at)->next) {
        if (*at != wake)
            continue;
        *at = wake->next;
        wake->next = NULL;
        wake->is_idling = false;
        epoll_ctl(idle->epoll_fd, EPOLL_CTL_DEL, wake->fd, NULL); /* may be out already */
        return;
    }
}

int idle_watch(struct idle *idle, int fd)
{
    return watch(idle, fd, NULL);
}

void idle_unwatch(struct idle *idle, int fd)
{
    epoll_ctl(idle->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

bool idle_wants_sleep(struct idle *idle, int work, uint64_t now_ns)
{
    if (work != 0) {
        idle->is_spinning = false;
        return false;
    }
    idle_pause();
    if (idle->config.mode == IDLE_BUSY)
        return false;
    if (!idle->is_spinning) {
        idle->is_spinning = true;
        idle->spinning_since_ns = now_ns;
    }
    return now_ns - idle->spinning_since_ns >= idle->config.spin_ns;
}

void idle_arm(struct idle *idle)
{
    for (struct wake *wake = idle->wakes; wake; wake = wake->next)
        wake_arm(wake);
    /* Orders the stores before the caller's re-check; pairs with the fence in wake_ring. */
    atomic_thread_fence(memory_order_seq_cst);
}

/* Rounded up, so that a short sleep is none of no length. */
static int whole_ms(uint64_t ns)
{
    const uint64_t ms = ns / 1000000u + (ns % 1000000u != 0);
    return ms < INT32_MAX ? (int)ms : INT32_MAX;
}

int idle_sleep(struct idle *idle, uint64_t timeout_ns)
{
    struct epoll_event events[MAX_EVENTS];
    const struct timespec timeout = {.tv_sec = (time_t)(timeout_ns / 1000000000u),
                                     .tv_nsec = (long)(timeout_ns % 1000000000u)};
    idle->sleep_count++;
    int count = epoll_pwait2(idle->epoll_fd, events, MAX_EVENTS, &timeout, NULL);
    if (count < 0 && errno == ENOSYS) /* a kernel before 5.11, or a filter that does not know it */
        count = epoll_wait(idle->epoll_fd, events, MAX_EVENTS, whole_ms(timeout_ns));
    for (int i = 0; i < count; i++) {
        struct wake *wake = events[i].data.ptr;
        if (!wake)
            continue;
        wake->is_readable = true;
        if (!(events[i].events & (EPOLLHUP | EPOLLERR)))
            continue;
        /* It would stay ready for ever. */
        wake->is_peer_gone = true;
        epoll_ctl(idle->epoll_fd, EPOLL_CTL_DEL, wake->fd, NULL);
    }
    return count > 0 ? count : 0;
}

void idle_disarm(struct idle *idle)
{
    for (struct wake *wake = idle->wakes; wake; wake = wake->next)
        wake_disarm(wake);
    idle->is_spinning = false;
}
