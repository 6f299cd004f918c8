/* Offers a channel without waiting for the answer. */
#include "scheduler/service/link.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int link_init(struct link *link, struct idle *idle, const struct channel_config *config)
{
    *link = (struct link){.idle = idle, .socket = -1};
    return channel_init(&link->channel, config);
}

static void leave_idle(struct link *link)
{
    if (link->state == LINK_OFFERED)
        idle_unwatch(link->idle, link->socket);
    if (link->channel.shared && link->channel.wake.is_idling)
        idle_remove(link->idle, &link->channel.wake);
}

static void close_socket(struct link *link)
{
    if (link->socket >= 0)
        close(link->socket);
    link->socket = -1;
}

void link_fini(struct link *link)
{
    if (!link || !link->idle)
        return;
    leave_idle(link);
    close_socket(link);
    channel_fini(&link->channel);
    *link = (struct link){.socket = -1};
}

int link_offer(struct link *link, int socket, const struct channel_grant *grants, uint32_t count)
{
    assert(link->state == LINK_CLOSED && link->socket < 0);
    link->socket = socket;
    /* Of our end alone: the answer is looked for, not waited for. */
    if (fcntl(socket, F_SETFL, O_NONBLOCK))
        return -errno;
    int error = link->channel.peer_end < 0 ? channel_renew(&link->channel) : 0;
    if (!error)
        error = channel_offer(&link->channel, socket, grants, count);
    if (!error)
        error = idle_watch(link->idle, socket);
    if (!error)
        link->state = LINK_OFFERED;
    return error == -EPIPE ? 0 : error; /* when it died, that shows by its process */
}

int link_poll(struct link *link)
{
    if (link->state != LINK_OFFERED)
        return 0;
    int error = channel_settle(&link->channel, link->socket);
    if (error == -EAGAIN)
        return 0;
    idle_unwatch(link->idle, link->socket);
    if (!error)
        error = idle_add(link->idle, &link->channel.wake);
    if (error) /* when it died, that shows by its process */
        return error == -EPIPE ? 0 : error;
    link->state = LINK_OPEN;
    return 1;
}

int link_push(struct link *link, struct link_rings *rings, const void *entries, uint32_t count)
{
    const int pushed = spsc_queue_push(&link->channel.out, entries, count);
    if (pushed > 0 && !link->is_ringing) {
        link->is_ringing = true;
        link->next_ringing = rings->first;
        rings->first = link;
    }
    return pushed;
}

void link_ring(struct link_rings *rings)
{
    for (struct link *link = rings->first; link; link = link->next_ringing) {
        link->is_ringing = false;
        if (link->state == LINK_OPEN)
            wake_ring(&link->channel.wake);
    }
    rings->first = NULL;
}

void link_close(struct link *link)
{
    leave_idle(link);
    close_socket(link);
    link->state = LINK_CLOSED;
}
