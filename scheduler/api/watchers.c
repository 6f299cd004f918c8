/* A watcher for whom there is nothing is suspended, or libmicrohttpd would ask again and again. */
#include "scheduler/api/watchers.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define BLOCK_BYTES 4096u
/* Of the kernel, for each: who reads slowly gets what is new, not what was new long ago. */
#define SEND_BYTES 32768

struct watcher {
    struct watchers *all; /* NULL: this place is free */
    struct MHD_Connection *connection;
    struct watch watch;
    uint64_t *asked_ns;
    struct page_text text; /* what is on its way; the memory stays for whoever comes next */
    size_t sent;
    bool is_suspended, is_ending;
};

int watchers_init(struct watchers *watchers, struct pages *pages)
{
    *watchers =
        (struct watchers){.pages = pages, .items = calloc(WATCHERS_MAX, sizeof(struct watcher))};
    return watchers->items ? 0 : -ENOMEM;
}

void watchers_fini(struct watchers *watchers)
{
    if (!watchers || !watchers->items)
        return;
    for (uint32_t i = 0; i < WATCHERS_MAX; i++)
        page_text_fini(&watchers->items[i].text);
    free(watchers->items);
    *watchers = (struct watchers){0};
}

static ssize_t give(void *context, uint64_t position, char *buffer, size_t room)
{
    struct watcher *watcher = context;
    struct page_text *text = &watcher->text;
    if (watcher->sent == text->length) {
        *watcher->asked_ns = watcher->all->pages->now_ns;
        watcher->sent = 0;
        page_text_clear(text);
        if (watcher->is_ending)
            return MHD_CONTENT_READER_END_OF_STREAM;
        if (!watch_next(&watcher->watch, watcher->all->pages, text)) {
            watcher->is_suspended = true;
            MHD_suspend_connection(watcher->connection);
            return 0;
        }
        if (text->has_failed)
            return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    const size_t rest = text->length - watcher->sent;
    const size_t bytes = rest < room ? rest : room;
    memcpy(buffer, text->bytes + watcher->sent, bytes);
    watcher->sent += bytes;
    return (ssize_t)bytes;
}

static void leave(void *context)
{
    struct watcher *watcher = context;
    watcher->all->count--;
    const struct page_text text = watcher->text;
    *watcher = (struct watcher){.text = text};
}

struct MHD_Response *watchers_add(struct watchers *watchers, struct MHD_Connection *connection,
                                  const struct watch *watch, uint64_t *asked_ns)
{
    struct watcher *watcher = watchers->items;
    while (watcher < watchers->items + WATCHERS_MAX && watcher->all)
        watcher++;
    if (watcher == watchers->items + WATCHERS_MAX)
        return NULL;
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, give, watcher, leave);
    if (!response)
        return NULL;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const int bytes = SEND_BYTES;
    if (info)
        (void)setsockopt(info->connect_fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
    page_text_clear(&watcher->text);
    *watcher = (struct watcher){.all = watchers,
                                .connection = connection,
                                .watch = *watch,
                                .asked_ns = asked_ns,
                                .text = watcher->text};
    watchers->count++;
    return response;
}

static void go_on(struct watcher *watcher)
{
    watcher->is_suspended = false;
    MHD_resume_connection(watcher->connection);
}

void watchers_poll(struct watchers *watchers)
{
    for (uint32_t i = 0; i < WATCHERS_MAX && watchers->count; i++) {
        struct watcher *watcher = &watchers->items[i];
        if (watcher->all && watcher->is_suspended &&
            watchers->pages->now_ns >= watcher->watch.look_ns &&
            watch_is_due(&watcher->watch, watchers->pages))
            go_on(watcher);
    }
}

static bool is_of(const struct watcher *watcher, const struct MHD_Daemon *daemon)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(watcher->connection, MHD_CONNECTION_INFO_DAEMON);
    return !daemon || (info && info->daemon == daemon);
}

void watchers_release(struct watchers *watchers, const struct MHD_Daemon *daemon)
{
    for (uint32_t i = 0; i < WATCHERS_MAX && watchers->count; i++) {
        struct watcher *watcher = &watchers->items[i];
        if (!watcher->all || !is_of(watcher, daemon))
            continue;
        watcher->is_ending = true;
        if (watcher->is_suspended)
            go_on(watcher);
    }
}

int watchers_timeout_ms(const struct watchers *watchers, int most_ms)
{
    const uint64_t now_ns = watchers->pages->now_ns;
    for (uint32_t i = 0; i < WATCHERS_MAX && watchers->count; i++) {
        const struct watcher *watcher = &watchers->items[i];
        if (!watcher->all || !watcher->is_suspended)
            continue;
        const uint64_t look_ns = watcher->watch.look_ns;
        const uint64_t ms = look_ns > now_ns ? (look_ns - now_ns + 999999u) / 1000000u : 0;
        if (ms < (uint64_t)most_ms)
            most_ms = (int)ms;
    }
    return most_ms;
}
