/* Serves the control socket's clients. */
#include "scheduler/control/control.h"
#include "shm/fd_pass.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define WORD_BYTES 64

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static const char *reason_of(int error)
{
    switch (error) {
    case -EADDRINUSE:
        return "another jointd is running; end it, or give this one another server.name or "
               "server.control";
    case -EEXIST:
        return "something that is no socket lies there; take it away, or set server.control";
    case -EPERM:
        return "its folder is not this user's alone; mend that, or set server.control";
    default:
        return strerrordesc_np(-error);
    }
}

/* Where it is to lie. */
static int find_path(const struct control_config *config, char *path)
{
    if (strcmp(config->path, "auto") != 0) {
        snprintf(path, CONTROL_PATH_BYTES, "%s", config->path);
        return strlen(config->path) < CONTROL_PATH_BYTES ? 0 : -ENAMETOOLONG;
    }
    const struct control_user user = control_user_of_process();
    const int error = control_path(path, config->name, &user, false, 0);
    return error ? error : control_path_make_folder(path, &user);
}

static int watch_fd(struct control *control, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    return epoll_ctl(control->fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int open_it(struct control *control, const char *path)
{
    int error = control_listen_init(&control->listen, path, control->config.is_for_group);
    if (error)
        return error;
    control->fd = epoll_create1(EPOLL_CLOEXEC);
    error = control->fd < 0 ? -errno : watch_fd(control, control->listen.fd);
    return error ? error : control_status_init(&control->status, CONTROL_STATUS_BYTES);
}

int control_init(struct control *control, const struct control_config *config, char *why,
                 size_t why_bytes)
{
    *control = (struct control){
        .fd = -1, .config = *config, .listen = {.fd = -1, .file_fd = -1}, .version = 1};
    for (unsigned i = 0; i < CONTROL_MAX_CLIENTS; i++)
        control->client[i].fd = -1;
    if (!config->path[0])
        return 0;
    char path[CONTROL_PATH_BYTES] = "";
    int error = find_path(config, path);
    if (!error)
        error = open_it(control, path);
    if (error) {
        snprintf(why, why_bytes, "%s: %s", path, reason_of(error));
        control_fini(control);
    }
    return error;
}

void control_fini(struct control *control)
{
    if (!control || !control->config.path)
        return;
    for (unsigned i = 0; i < CONTROL_MAX_CLIENTS; i++)
        close_fd(&control->client[i].fd);
    for (uint32_t i = 0; i < control->share_count; i++)
        close_fd(&control->shares[i].fd);
    free(control->shares);
    control_status_fini(&control->status);
    control_listen_fini(&control->listen);
    close_fd(&control->fd);
    *control = (struct control){0};
}

static struct control_share *find_share(struct control *control, const char *name)
{
    for (uint32_t i = 0; i < control->share_count; i++)
        if (strncmp(control->shares[i].message.name, name, CONTROL_NAME_BYTES - 1) == 0)
            return &control->shares[i];
    return NULL;
}

static struct control_share *add_share(struct control *control)
{
    if (control->share_count == control->share_capacity) {
        const uint32_t capacity = control->share_capacity ? 2 * control->share_capacity : 16;
        struct control_share *shares = realloc(control->shares, capacity * sizeof(*shares));
        if (!shares)
            return NULL;
        control->shares = shares;
        control->share_capacity = capacity;
    }
    struct control_share *share = &control->shares[control->share_count++];
    *share = (struct control_share){.fd = -1};
    return share;
}

int control_share(struct control *control, enum control_kind kind, const char *name,
                  const struct region *region)
{
    if (control->fd < 0)
        return 0;
    struct control_share *share = find_share(control, name);
    if (!share && control->share_count == CONTROL_MAX_REGIONS)
        return -ENOSPC;
    const int fd = region_share_fd(region, REGION_READ_ONLY);
    if (fd < 0)
        return fd;
    if (!share && !(share = add_share(control))) {
        close(fd);
        return -ENOMEM;
    }
    close_fd(&share->fd);
    *share = (struct control_share){.fd = fd,
                                    .message = {.magic = CONTROL_MAGIC,
                                                .version = CONTROL_VERSION,
                                                .kind = kind,
                                                .epoch = region->epoch}};
    snprintf(share->message.name, sizeof(share->message.name), "%s", name);
    control->version++;
    return 0;
}

void control_unshare(struct control *control, const char *name)
{
    struct control_share *share = control->fd < 0 ? NULL : find_share(control, name);
    if (!share)
        return;
    close_fd(&share->fd);
    const uint32_t after = control->share_count - (uint32_t)(share - control->shares) - 1;
    memmove(share, share + 1, after * sizeof(*share));
    control->share_count--;
    control->version++;
}

/* All regions, in order. -errno if the client has no room for them. */
static int tell_regions(struct control *control, struct control_client *client)
{
    const struct control_region none = {.magic = CONTROL_MAGIC, .version = CONTROL_VERSION};
    int error = control->share_count ? 0 : fd_pass_send(client->fd, &none, sizeof(none), NULL, 0);
    for (uint32_t i = 0; i < control->share_count && !error; i++) {
        struct control_region message = control->shares[i].message;
        message.index = i;
        message.count = control->share_count;
        error = fd_pass_send(client->fd, &message, sizeof(message), &control->shares[i].fd, 1);
    }
    client->told = control->version;
    return error;
}

static int answer(struct control *control, struct control_client *client, const char *word)
{
    if (strcmp(word, "watch") == 0) {
        client->is_watching = true;
        return tell_regions(control, client);
    }
    if (strcmp(word, "status") == 0)
        control->config.say_status(control->config.context, &control->status);
    else
        control_status_error(&control->status, "no such word: there are status and watch");
    return fd_pass_send(client->fd, control->status.text, control->status.length, NULL, 0);
}

/* A word, without the line's end that a script may send. True: there was one, or an end. */
static bool serve(struct control *control, struct control_client *client)
{
    char word[WORD_BYTES];
    /* Without room for ancillary data: descriptors that a client sends are dropped by the kernel.
     */
    const ssize_t length = recv(client->fd, word, sizeof(word) - 1, MSG_DONTWAIT);
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (length <= 0) {
        close_fd(&client->fd);
        return true;
    }
    word[length] = '\0';
    word[strcspn(word, "\r\n")] = '\0';
    if (answer(control, client, word)) {
        control->dropped_count++;
        close_fd(&client->fd);
    }
    return true;
}

static int welcome(struct control *control)
{
    const int fd = accept4(control->listen.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return 0;
    for (unsigned i = 0; i < CONTROL_MAX_CLIENTS; i++)
        if (control->client[i].fd < 0 && watch_fd(control, fd) == 0) {
            control->client[i] = (struct control_client){.fd = fd};
            return 1;
        }
    control->refused_count++;
    close(fd);
    return 1;
}

int control_poll(struct control *control)
{
    if (control->fd < 0)
        return 0;
    int work = welcome(control);
    for (unsigned i = 0; i < CONTROL_MAX_CLIENTS; i++) {
        struct control_client *client = &control->client[i];
        if (client->fd >= 0)
            work += serve(control, client);
        if (client->fd < 0 || !client->is_watching || client->told == control->version)
            continue;
        work++;
        if (tell_regions(control, client)) {
            control->dropped_count++;
            close_fd(&client->fd);
        }
    }
    return work;
}
