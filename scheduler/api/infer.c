/* The life of a request over HTTP, from libmicrohttpd's calls and jointd's words. */
#include "scheduler/api/infer_call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define TEXTS 8u /* of the longest, at once */
#define EVENTS 32
#define STATUS_GONE 499u

static void finished(void *caller, const struct ingress_finished *said, const unsigned char *bytes);

static const struct infer_ring_ops ring_ops = {.finished = finished};

int infer_init(struct infer *infer, struct pages *pages, int socket)
{
    const struct api_setup *setup = &pages->view->setup;
    *infer = (struct infer){.pages = pages, .gone_fd = -1};
    infer->call_count = setup->max_connections * setup->address_count;
    infer->max_text_bytes = TEXTS * setup->infer.max_json_bytes;
    infer->calls = calloc(infer->call_count, sizeof(*infer->calls));
    if (!infer->calls)
        return -ENOMEM;
    for (uint32_t i = infer->call_count; i > 0; i--) {
        infer->calls[i - 1].next_free = infer->free;
        infer->free = &infer->calls[i - 1];
    }
    infer->gone_fd = epoll_create1(EPOLL_CLOEXEC);
    int error = infer->gone_fd < 0 ? -errno : 0;
    if (!error)
        error = infer_ring_init(&infer->ring, &setup->infer, socket, &ring_ops);
    if (error)
        infer_fini(infer);
    return error;
}

void infer_fini(struct infer *infer)
{
    if (!infer || !infer->pages)
        return;
    infer_ring_fini(&infer->ring);
    if (infer->gone_fd >= 0)
        close(infer->gone_fd);
    page_text_fini(&infer->text);
    free(infer->calls);
    *infer = (struct infer){0};
}

static int fd_of(const struct infer_call *call)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(call->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

/* While it is suspended nobody reads from the connection; its end is watched for here. */
static void suspend(struct infer_call *call)
{
    struct epoll_event event = {.events = EPOLLRDHUP | EPOLLONESHOT, .data.ptr = call};
    call->state = INFER_WAITING;
    (void)epoll_ctl(call->infer->gone_fd, EPOLL_CTL_ADD, fd_of(call), &event);
    MHD_suspend_connection(call->connection);
}

static void resume(struct infer_call *call)
{
    call->state = INFER_ENDED;
    (void)epoll_ctl(call->infer->gone_fd, EPOLL_CTL_DEL, fd_of(call), NULL);
    MHD_resume_connection(call->connection);
}

static void finished(void *caller, const struct ingress_finished *said, const unsigned char *bytes)
{
    struct infer_call *call = caller;
    infer_make_answer(call, said, bytes);
    resume(call);
}

static void give_up(struct infer_call *call, unsigned status, const char *reason, const char *what)
{
    infer_ring_leave(&call->infer->ring, call->slot);
    infer_fault_set(&call->fault, status, reason, "%s", what);
    resume(call);
}

void infer_stop(struct infer *infer)
{
    for (uint32_t i = 0; i < infer->call_count; i++)
        if (infer->calls[i].state == INFER_WAITING)
            give_up(&infer->calls[i], 503, "draining", "the service ends");
}

void infer_look_who_is_gone(struct infer *infer)
{
    struct epoll_event events[EVENTS];
    const int count = epoll_wait(infer->gone_fd, events, EVENTS, 0);
    for (int i = 0; i < count; i++) {
        struct infer_call *call = events[i].data.ptr;
        if (call->state == INFER_WAITING)
            give_up(call, STATUS_GONE, "cancelled",
                    "the client ended its side of the connection before the answer was there, "
                    "which cancels the request");
    }
}

int infer_poll(struct infer *infer)
{
    return infer_ring_poll(&infer->ring);
}

void infer_flush(struct infer *infer)
{
    infer_ring_flush(&infer->ring);
}

static struct infer_call *begin(struct infer *infer, struct MHD_Connection *connection)
{
    struct infer_call *call = infer->free;
    if (!call)
        return NULL;
    infer->free = call->next_free;
    memset(call, 0, offsetof(struct infer_call, plan));
    call->fault.status = 0;
    call->response = NULL;
    call->infer = infer;
    call->connection = connection;
    call->opened_ns = infer->pages->now_ns;
    return call;
}

enum MHD_Result infer_on_first(struct infer *infer, struct MHD_Connection *connection,
                               const struct route_match *match, void **context)
{
    struct infer_call *call = begin(infer, connection);
    if (!call)
        return MHD_NO;
    *context = call;
    infer_begin(call, match);
    return infer_wants_body(call) ? MHD_YES : infer_respond(call);
}

bool infer_is_call(const struct infer *infer, const void *context)
{
    const char *first = (const void *)infer->calls, *at = context;
    return at && at >= first && at < first + infer->call_count * sizeof(*infer->calls);
}

enum MHD_Result infer_on_request(struct infer *infer, void *context, const char *upload,
                                 size_t *upload_bytes)
{
    struct infer_call *call = context;
    assert(call->infer == infer);
    (void)infer;
    if (*upload_bytes > 0) {
        infer_take_body(call, upload, *upload_bytes);
        *upload_bytes = 0;
        return MHD_YES;
    }
    if (call->state == INFER_ENDED || !infer_submit(call))
        return infer_respond(call);
    suspend(call);
    return MHD_YES;
}

void infer_on_end(struct infer *infer, void *context)
{
    struct infer_call *call = context;
    if (!infer_is_call(infer, context))
        return;
    infer_drop_text(call);
    if (call->has_slot)
        infer_ring_release(&infer->ring, call->slot);
    if (call->response)
        MHD_destroy_response(call->response);
    call->response = NULL;
    call->state = INFER_FREE;
    call->next_free = infer->free;
    infer->free = call;
}
