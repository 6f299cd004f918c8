/* The I/O thread: moves the calls' requests and their datagrams, and sleeps in between. */
#include "scheduler/client/joint_state.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <time.h>

uint64_t joint_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static struct call *call_of(struct server_link_request *request)
{
    return (struct call *)((char *)request - offsetof(struct call, request));
}

static void ended(void *user, struct server_link_request *request)
{
    (void)user;
    call_ended(call_of(request));
}

void io_hand_over(struct joint *joint, struct call *call)
{
    call->stage = CALL_REMOTE;
    call->handed_ns = joint_now_ns();
    call_list_add(&joint->inbox, call);
    eventfd_write(joint->wake_fd, 1);
}

void io_ask(struct joint *joint, struct server_link *link)
{
    server_link_ask(link);
    eventfd_write(joint->wake_fd, 1);
}

struct server_link *io_choose_link(struct joint *joint, uint64_t now_ns)
{
    struct server_link *chosen = NULL;
    for (uint32_t i = 0; i < joint->link_count && !chosen; i++) {
        struct server_link *link = &joint->links[i];
        if (!server_link_is_away(link))
            chosen = link;
        else if (patience_may_probe(&link->absence, now_ns))
            io_ask(joint, link);
    }
    return chosen;
}

/* Returns when the next turn is due by itself. */
static uint64_t turn(struct joint *joint)
{
    struct call *call;
    uint64_t due_ns = JTP_NEVER;
    while ((call = call_list_take(&joint->inbox)))
        server_link_submit(&joint->links[call->report.server], &call->request, joint_now_ns(),
                           ended, NULL);
    for (uint32_t i = 0; i < joint->link_count; i++) {
        uint64_t link_ns = server_link_turn(&joint->links[i], joint_now_ns(), ended, NULL);
        due_ns = link_ns < due_ns ? link_ns : due_ns;
    }
    return due_ns;
}

static void sleep_until(struct joint *joint, uint64_t due_ns)
{
    struct pollfd fds[1 + JOINT_MAX_SERVERS] = {{.fd = joint->wake_fd, .events = POLLIN}};
    for (uint32_t i = 0; i < joint->link_count; i++)
        fds[1 + i] = (struct pollfd){.fd = joint->links[i].socket.fd, .events = POLLIN};
    uint64_t now_ns = joint_now_ns();
    uint64_t wait_ns = due_ns > now_ns ? due_ns - now_ns : 0;
    const struct timespec wait = {.tv_sec = (time_t)(wait_ns / 1000000000u),
                                  .tv_nsec = (long)(wait_ns % 1000000000u)};
    ppoll(fds, 1 + joint->link_count, due_ns == JTP_NEVER ? NULL : &wait, NULL);
    eventfd_t woken;
    if (fds[0].revents)
        (void)eventfd_read(joint->wake_fd, &woken);
}

static void *run(void *user)
{
    struct joint *joint = user;
    struct call *call;
    pthread_mutex_lock(&joint->mutex);
    while (!joint->is_closing) {
        uint64_t due_ns = turn(joint);
        if (joint->listener_count > 0)
            pthread_cond_broadcast(&joint->heard);
        pthread_mutex_unlock(&joint->mutex);
        sleep_until(joint, due_ns);
        pthread_mutex_lock(&joint->mutex);
    }
    while ((call = call_list_take(&joint->inbox))) {
        call->request.reason = JOINT_LOST;
        call_ended(call);
    }
    for (uint32_t i = 0; i < joint->link_count; i++)
        server_link_abandon(&joint->links[i], ended, NULL);
    pthread_mutex_unlock(&joint->mutex);
    return NULL;
}

int io_start(struct joint *joint)
{
    int rc = -pthread_create(&joint->io_thread, NULL, run, joint);
    joint->has_io_thread = rc == 0;
    return rc;
}

void io_stop(struct joint *joint)
{
    if (!joint->has_io_thread)
        return;
    pthread_mutex_lock(&joint->mutex);
    joint->is_closing = true;
    pthread_mutex_unlock(&joint->mutex);
    eventfd_write(joint->wake_fd, 1);
    pthread_join(joint->io_thread, NULL);
    joint->has_io_thread = false;
}
