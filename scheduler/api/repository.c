/* Reads what is asked, asks jointd, waits. What it says is checked there. */
#include "scheduler/api/repository.h"
#include "scheduler/api/repository_json.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#define RETRY_NS UINT64_C(1000000000)

enum call_state {
    CALL_FREE,
    CALL_READING,
    CALL_ASKED, /* suspended */
    CALL_LEFT, /* its client is gone, jointd's answer is still to come */
    CALL_ANSWERED,
};

struct repository_call {
    enum call_state state;
    struct MHD_Connection *connection;
    enum route_page page;
    struct api_change change;
    uint64_t *asked_ns;
    struct page_text body;
    enum api_verdict verdict; /* ANSWERED */
    char text[API_TEXT_BYTES];
};

int repository_init(struct repository *repository, struct pages *pages, struct view *view,
                    int socket)
{
    *repository =
        (struct repository){.pages = pages,
                            .view = view,
                            .socket = socket,
                            .calls = calloc(REPOSITORY_CALLS, sizeof(struct repository_call))};
    return repository->calls ? 0 : -ENOMEM;
}

void repository_fini(struct repository *repository)
{
    if (!repository || !repository->calls)
        return;
    for (uint32_t i = 0; i < REPOSITORY_CALLS; i++)
        page_text_fini(&repository->calls[i].body);
    free(repository->calls);
    *repository = (struct repository){0};
}

bool repository_has(const struct route *route)
{
    return route->page == ROUTE_INDEX || route->page == ROUTE_LOAD_MODEL ||
           route->page == ROUTE_UNLOAD_MODEL;
}

/* "Bearer SECRET"; one that has no room is none. */
static void take_token(struct api_change *change, const char *authorization)
{
    static const char scheme[] = "Bearer ";
    if (!authorization || strncasecmp(authorization, scheme, sizeof(scheme) - 1) != 0)
        return;
    const char *token = authorization + sizeof(scheme) - 1;
    token += strspn(token, " ");
    if (strlen(token) < sizeof(change->token))
        snprintf(change->token, sizeof(change->token), "%s", token);
}

struct repository_call *repository_begin(struct repository *repository,
                                         struct MHD_Connection *connection,
                                         const struct route_match *match, const char *authorization,
                                         uint64_t body_bytes, uint64_t *asked_ns,
                                         struct reply *reply)
{
    struct page_text *text = &repository->pages->text;
    uint32_t i = 0;
    while (i < REPOSITORY_CALLS && repository->calls[i].state != CALL_FREE)
        i++;
    if (body_bytes > REPOSITORY_BODY_BYTES) {
        *reply = reply_error(text, 413, "the body may have %u bytes", REPOSITORY_BODY_BYTES);
        return NULL;
    }
    if (strlen(match->model) >= API_NAME_BYTES) {
        *reply = reply_error(text, 404, "no model has so long a name");
        return NULL;
    }
    if (i == REPOSITORY_CALLS) {
        *reply = reply_retry(text, 503, RETRY_NS, "%u changes are under way; ask again later",
                             REPOSITORY_CALLS);
        return NULL;
    }
    struct repository_call *call = &repository->calls[i];
    const struct page_text body = call->body;
    *call = (struct repository_call){.state = CALL_READING,
                                     .connection = connection,
                                     .page = match->route->page,
                                     .asked_ns = asked_ns,
                                     .body = body};
    page_text_clear(&call->body);
    call->change.kind = call->page == ROUTE_LOAD_MODEL ? API_LOAD : API_UNLOAD;
    memcpy(call->change.name, match->model, strlen(match->model));
    take_token(&call->change, authorization);
    return call;
}

struct repository_call *repository_call(const struct repository *repository, void *request)
{
    for (uint32_t i = 0; i < REPOSITORY_CALLS; i++)
        if (request == &repository->calls[i])
            return &repository->calls[i];
    return NULL;
}

/* Whether jointd has it now. */
static bool ask(struct repository *repository, struct repository_call *call)
{
    call->change.ticket = ++repository->last_ticket;
    const ssize_t sent =
        send(repository->socket, &call->change, sizeof(call->change), MSG_DONTWAIT | MSG_NOSIGNAL);
    memset(call->change.token, 0, sizeof(call->change.token));
    return sent == (ssize_t)sizeof(call->change);
}

static struct reply answer(struct repository *repository, const struct repository_call *call)
{
    static const unsigned statuses[] = {
        [API_DONE] = 200,    [API_WRONG] = 400,  [API_NO_TOKEN] = 403, [API_WRONG_TOKEN] = 401,
        [API_UNKNOWN] = 404, [API_FAILED] = 400, [API_BUSY] = 503};
    struct page_text *text = &repository->pages->text;
    if (call->verdict == API_BUSY)
        return reply_retry(text, 503, RETRY_NS, "%s", call->text);
    if (call->verdict != API_DONE) {
        const uint32_t count = sizeof(statuses) / sizeof(statuses[0]);
        return reply_error(text, call->verdict < count ? statuses[call->verdict] : 500, "%s",
                           call->text);
    }
    page_text_clear(text);
    page_text_add(text, "{\"name\":");
    page_text_add_json_string(text, call->change.name);
    page_text_add(text, ",\"state\":\"%s\"}\n",
                  call->page == ROUTE_LOAD_MODEL ? "READY" : "UNAVAILABLE");
    return (struct reply){.status = 200, .body = text};
}

/* All of the body is there: whether there is an answer already. */
static bool read_body(struct repository *repository, struct repository_call *call,
                      struct reply *reply)
{
    struct page_text *text = &repository->pages->text;
    char why[256];
    bool only_ready = false;
    const bool is_index = call->page == ROUTE_INDEX;
    if (call->body.has_failed || call->body.length > REPOSITORY_BODY_BYTES) {
        *reply = reply_error(text, 413, "the body may have %u bytes", REPOSITORY_BODY_BYTES);
        return true;
    }
    if (!(is_index ? repository_json_read_index(&call->body, &only_ready, why, sizeof(why))
                   : repository_json_read_change(&call->body, &call->change, why, sizeof(why)))) {
        *reply = reply_error(text, 400, "%s", why);
        return true;
    }
    if (is_index) {
        page_text_clear(text);
        repository_json_add_index(text, repository->view, only_ready);
        *reply = (struct reply){.status = text->has_failed ? 500 : 200, .body = text};
        return true;
    }
    if (!ask(repository, call)) {
        *reply = reply_retry(text, 503, RETRY_NS, "jointd has no ear for it now; ask again");
        return true;
    }
    call->state = CALL_ASKED;
    MHD_suspend_connection(call->connection);
    return false;
}

bool repository_go_on(struct repository *repository, struct repository_call *call,
                      const char *upload, size_t *upload_bytes, struct reply *reply)
{
    if (*upload_bytes) {
        if (call->body.length + *upload_bytes <= REPOSITORY_BODY_BYTES)
            page_text_add_bytes(&call->body, upload, *upload_bytes);
        else
            call->body.has_failed = true;
        *upload_bytes = 0;
        return false;
    }
    if (call->state == CALL_READING)
        return read_body(repository, call, reply);
    if (call->state != CALL_ANSWERED)
        return false;
    *reply = answer(repository, call);
    return true;
}

void repository_end(struct repository_call *call)
{
    memset(call->change.token, 0, sizeof(call->change.token));
    call->state = call->state == CALL_ASKED ? CALL_LEFT : CALL_FREE;
}

static void take_answer(struct repository *repository, const struct api_message *message)
{
    for (uint32_t i = 0; i < REPOSITORY_CALLS; i++) {
        struct repository_call *call = &repository->calls[i];
        if (call->change.ticket != message->number)
            continue;
        if (call->state == CALL_LEFT)
            call->state = CALL_FREE;
        if (call->state != CALL_ASKED)
            continue;
        call->verdict = message->status;
        snprintf(call->text, sizeof(call->text), "%s", message->text);
        call->state = CALL_ANSWERED;
        MHD_resume_connection(call->connection);
    }
}

void repository_poll(struct repository *repository)
{
    struct api_message message;
    while (view_take_answer(repository->view, &message))
        take_answer(repository, &message);
    for (uint32_t i = 0; i < REPOSITORY_CALLS; i++)
        if (repository->calls[i].state == CALL_ASKED)
            *repository->calls[i].asked_ns = repository->pages->now_ns;
}

void repository_release(struct repository *repository)
{
    for (uint32_t i = 0; i < REPOSITORY_CALLS; i++) {
        struct repository_call *call = &repository->calls[i];
        if (call->state != CALL_ASKED)
            continue;
        call->verdict = API_BUSY;
        snprintf(call->text, sizeof(call->text), "joint-api ends; ask again");
        call->state = CALL_ANSWERED;
        MHD_resume_connection(call->connection);
    }
}
