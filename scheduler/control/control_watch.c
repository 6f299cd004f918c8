/* Connects to a jointd, and keeps what it hands out mapped. */
#include "scheduler/control/control_watch.h"
#include "scheduler/control/control_path.h"
#include "shm/fd_pass.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    memcpy(address.sun_path, path, strlen(path) + 1);
    const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    const int error = -errno;
    close(fd);
    return error;
}

int control_connect(const char *path, const char *name, char *why, size_t why_bytes)
{
    char place[CONTROL_PATH_BYTES];
    int fd = -ENOENT;
    if (path) {
        fd = connect_to(path);
        snprintf(place, sizeof(place), "%s", path);
    }
    const struct control_user user = control_user_of_process();
    for (unsigned i = 0; !path && fd < 0 && control_path(place, name, &user, true, i) == 0; i++) {
        const int error = connect_to(place);
        if (error >= 0 || i == 0 || error == -EACCES)
            fd = error;
    }
    if (fd == -ENOENT || fd == -ECONNREFUSED)
        snprintf(why, why_bytes,
                 "%s: no jointd is running there; start it, or say where: --control", place);
    else if (fd < 0)
        snprintf(why, why_bytes, "%s: %s", place, strerrordesc_np(-fd));
    return fd;
}

static int await(int fd, int timeout_ms)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    const int count = poll(&ready, 1, timeout_ms);
    return count > 0 ? 0 : count == 0 || errno == EINTR ? -ETIMEDOUT : -errno;
}

int control_ask(int fd, const char *word, char *text, size_t text_bytes, int timeout_ms)
{
    int error = fd_pass_send(fd, word, strlen(word), NULL, 0);
    if (!error)
        error = await(fd, timeout_ms);
    if (error)
        return error;
    const ssize_t length = recv(fd, text, text_bytes - 1, MSG_TRUNC);
    if (length <= 0)
        return length < 0 && errno != ECONNRESET ? -errno : -EPIPE;
    if ((size_t)length >= text_bytes)
        return -EMSGSIZE;
    text[length] = '\0';
    return 0;
}

static void empty(struct control_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        region_fini(&list->items[i].region);
    free(list->items);
    *list = (struct control_list){0};
}

int control_watch_init(struct control_watch *watch, int fd)
{
    *watch = (struct control_watch){.fd = fd};
    const int error = fd_pass_send(fd, "watch", strlen("watch"), NULL, 0);
    if (error)
        *watch = (struct control_watch){0};
    return error;
}

void control_watch_fini(struct control_watch *watch)
{
    if (!watch || watch->fd <= 0)
        return;
    empty(&watch->now);
    empty(&watch->coming);
    close(watch->fd);
    *watch = (struct control_watch){0};
}

/* The next of a list, and all of it if the first comes. A region that cannot be mapped is left out:
 * a page of another build must not hide the others. */
static int take(struct control_watch *watch, const struct control_region *message, int fd)
{
    struct control_list *coming = &watch->coming;
    if (message->index == 0) {
        empty(coming);
        watch->skipped_count = 0;
        coming->wanted = message->count;
        coming->items = calloc(message->count + 1, sizeof(*coming->items));
    }
    if (!coming->items || message->count != coming->wanted ||
        message->index != coming->count + watch->skipped_count)
        return coming->items ? -EBADMSG : -ENOMEM;
    struct control_watched *item = &coming->items[coming->count];
    static const enum region_kind kinds[] = {[CONTROL_LOAD] = REGION_LOAD_PAGE,
                                             [CONTROL_COUNTERS] = REGION_COUNTERS,
                                             [CONTROL_STATISTICS] = REGION_STATISTICS};
    const struct region_expect expect = {.kind = kinds[message->kind],
                                         .access = REGION_READ_ONLY,
                                         .epoch = message->epoch,
                                         .min_payload_bytes = 1};
    if (fd < 0 || region_attach(&item->region, fd, &expect)) {
        watch->skipped_count += fd >= 0;
        return fd >= 0 ? -EAGAIN : 0;
    }
    item->kind = (enum control_kind)message->kind;
    memcpy(item->name, message->name, sizeof(item->name));
    coming->count++;
    return 0;
}

static bool is_sound(const struct control_region *message, int fd_count)
{
    if (message->magic != CONTROL_MAGIC || message->version != CONTROL_VERSION ||
        message->name[CONTROL_NAME_BYTES - 1] != '\0')
        return false;
    if (message->count == 0)
        return fd_count == 0 && message->index == 0;
    return fd_count == 1 && message->index < message->count &&
           message->count <= CONTROL_MAX_REGIONS && message->kind >= CONTROL_LOAD &&
           message->kind <= CONTROL_STATISTICS;
}

/* 1: a list is whole; 0: not yet. */
static int receive(struct control_watch *watch)
{
    struct control_region message;
    int fd = -1;
    const int fd_count = fd_pass_receive(watch->fd, &message, sizeof(message), &fd, 1);
    if (fd_count < 0)
        return fd_count;
    int error = is_sound(&message, fd_count) ? take(watch, &message, fd) : -EBADMSG;
    if (error && fd >= 0)
        close(fd);
    if (error && error != -EAGAIN)
        return error;
    if (message.count > 0 && message.index + 1 < message.count)
        return 0;
    empty(&watch->now);
    watch->now = watch->coming;
    watch->coming = (struct control_list){0};
    return 1;
}

int control_watch_poll(struct control_watch *watch, int timeout_ms)
{
    int has_new = 0;
    int error = await(watch->fd, timeout_ms);
    while (error == 0) {
        const int got = receive(watch);
        if (got < 0)
            return got;
        has_new |= got;
        /* A list that has begun is worth waiting for: its rest is on the way. */
        error = await(watch->fd, watch->coming.items ? 1000 : 0);
    }
    return error == -ETIMEDOUT ? has_new : error;
}
