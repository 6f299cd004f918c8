/* Runs a loader: one question, progress, one answer. */
#include "scheduler/service/loader.h"
#include "scheduler/service/service.h"
#include "shm/fd_pass.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The longest that it may work on one thing without a word. */
#define SILENT_NS UINT64_C(120000000000)
#define SAY_NS UINT64_C(2000000000) /* between two lines about its progress */

static const char *const arguments[] = {"--pack", "--socket", "%s", NULL};

int loader_init(struct loader *loader, struct service *service)
{
    *loader = (struct loader){.fds = {-1, -1}};
    loader->child_config = (struct child_config){.name = "loader",
                                                 .program = service->programs.worker,
                                                 .arguments = arguments,
                                                 .socket_count = 1,
                                                 .is_confined = service->is_confined,
                                                 .uid = service->uid,
                                                 .gid = service->gid};
    child_init(&loader->child, &loader->child_config);
    return 0;
}

static void close_fds(struct loader *loader)
{
    for (uint32_t i = 0; i < MESSAGE_PACKED_DESCRIPTORS; i++) {
        if (loader->fds[i] >= 0)
            close(loader->fds[i]);
        loader->fds[i] = -1;
    }
}

void loader_fini(struct loader *loader)
{
    if (!loader || !loader->child.config)
        return;
    child_fini(&loader->child);
    close_fds(loader);
    *loader = (struct loader){.fds = {-1, -1}};
}

bool loader_is_free(const struct loader *loader)
{
    return loader->child.state == CHILD_IDLE;
}

int loader_start(struct loader *loader, struct service *service,
                 const struct message_model_file *file, uint64_t now_ns)
{
    close_fds(loader);
    loader->is_answered = false;
    loader->heard_ns = loader->said_ns = now_ns;
    int error = child_start(&loader->child, now_ns);
    if (error)
        return error;
    error = idle_watch(&service->idle, loader->child.pidfd);
    if (!error)
        error = idle_watch(&service->idle, loader->child.socket[0]);
    if (!error)
        error = fd_pass_send(loader->child.socket[0], file, sizeof(*file), NULL, 0);
    if (error) /* it ends, and that is its answer */
        child_kill(&loader->child);
    return 0;
}

static void say_progress(struct loader *loader, struct service *service, const char *name,
                         uint64_t now_ns)
{
    loader->packed.text[MESSAGE_PACKED_TEXT_BYTES - 1] = '\0';
    if (now_ns - loader->said_ns < SAY_NS)
        return;
    loader->said_ns = now_ns;
    char share[16] = ""; /* not all work knows how much there is */
    if (loader->packed.permille <= 1000)
        snprintf(share, sizeof(share), ", %u %%", loader->packed.permille / 10);
    log_say(&service->log, "model %s: %s%s", name, loader->packed.text, share);
}

/* What it says while it works, and at last. */
static void listen(struct loader *loader, struct service *service, const char *name,
                   uint64_t now_ns)
{
    while (!loader->is_answered && loader->child.socket[0] >= 0) {
        int fds[MESSAGE_PACKED_DESCRIPTORS] = {-1, -1};
        struct message_packed packed;
        const int count = fd_pass_receive(loader->child.socket[0], &packed, sizeof(packed), fds,
                                          MESSAGE_PACKED_DESCRIPTORS);
        if (count < 0)
            return;
        loader->heard_ns = now_ns;
        loader->packed = packed;
        for (int i = 0; i < count; i++)
            loader->fds[i] = fds[i];
        if (packed.status == -EINPROGRESS) {
            close_fds(loader);
            say_progress(loader, service, name, now_ns);
            continue;
        }
        loader->is_answered = true;
        if (packed.status == 0 && count != (int)MESSAGE_PACKED_DESCRIPTORS)
            loader->packed.status = -EBADMSG;
    }
}

/* It ended without an answer: its end is the answer. */
static void answer_for_it(struct loader *loader)
{
    loader->packed = (struct message_packed){.status = -EIO};
    child_describe(&loader->child, loader->packed.text, sizeof(loader->packed.text));
}

int loader_poll(struct loader *loader, struct service *service, const char *name, uint64_t now_ns)
{
    const bool is_dead = child_poll(&loader->child, now_ns);
    listen(loader, service, name, now_ns);
    if (!is_dead) {
        if (loader->is_answered || now_ns - loader->heard_ns > SILENT_NS)
            child_kill(&loader->child); /* it has nothing more to do */
        return 0;
    }
    if (!loader->is_answered)
        answer_for_it(loader);
    loader->packed.text[MESSAGE_PACKED_TEXT_BYTES - 1] = '\0';
    idle_unwatch(&service->idle, loader->child.socket[0]);
    child_clear(&loader->child);
    loader->child.restart_ns = 0;
    return 1;
}

void loader_take(struct loader *loader, int fds[MESSAGE_PACKED_DESCRIPTORS])
{
    for (uint32_t i = 0; i < MESSAGE_PACKED_DESCRIPTORS; i++) {
        fds[i] = loader->fds[i];
        loader->fds[i] = -1;
    }
}
