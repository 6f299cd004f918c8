/* Listens, answers, and closes what takes too long. */
#include "scheduler/api/server.h"
#include "scheduler/api/answer.h"
#include "scheduler/api/body_length.h"
#include "scheduler/api/listen.h"

#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIRST_DELAY_NS UINT64_C(1000000000)
#define LAST_DELAY_NS UINT64_C(30000000000)
#define SWEEP_NS UINT64_C(1000000000)
/* Request line and headers have to fit. */
#define CONNECTION_BYTES ((size_t)16384)
#define IDLE_SECONDS 15u
#define SECOND_NS UINT64_C(1000000000)
#define WATCH_RETRY_NS (10 * SECOND_NS)

struct server_connection {
    bool is_open;
    int fd; /* libmicrohttpd's */
    uint64_t since_ns; /* its start, or the end of its last request */
};

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static const char *argument(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name);
}

static struct page_query query_of(struct MHD_Connection *connection)
{
    return (struct page_query){
        .model = argument(connection, "model"),
        .class_name = argument(connection, "class"),
        .include = argument(connection, "include"),
        .fail_on_overload = argument(connection, "fail_on_overload"),
        .accept = header(connection, MHD_HTTP_HEADER_ACCEPT),
        .if_none_match = header(connection, MHD_HTTP_HEADER_IF_NONE_MATCH),
    };
}

static bool is_plain(struct MHD_Connection *connection)
{
    return MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, NULL, NULL) == 0 &&
           !header(connection, MHD_HTTP_HEADER_IF_NONE_MATCH) &&
           !header(connection, "endpoint-load-metrics-format");
}

static struct server_connection *connection_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

/* 0, or how long this client is to wait until it asks for the load again. */
static uint64_t time_to_wait(struct server *server, struct MHD_Connection *connection)
{
    struct pages *pages = server->config.pages;
    const struct api_setup *setup = &pages->view->setup;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    uint8_t address[16] = {[10] = 0xff, [11] = 0xff};
    if (!info || !pages_read_newest(pages) || pages->load.report.min_poll_ns == 0)
        return 0;
    if (info->client_addr->sa_family == AF_INET)
        memcpy(address + 12, &((const struct sockaddr_in *)info->client_addr)->sin_addr, 4);
    else
        memcpy(address, &((const struct sockaddr_in6 *)info->client_addr)->sin6_addr, 16);
    for (uint32_t i = 0; i < setup->poll_exempt_count; i++)
        if (memcmp(setup->poll_exempt[i], address, sizeof(address)) == 0)
            return 0;
    return poll_limit_take(server->config.poll_limit, address, pages->load.report.min_poll_ns,
                           pages->now_ns);
}

static void forget_whole_load(struct server *server)
{
    if (server->whole_load)
        MHD_destroy_response(server->whole_load);
    server->whole_load = NULL;
}

static enum MHD_Result send_reply(struct server *server, struct MHD_Connection *connection,
                                  const struct reply *reply)
{
    const char *orca_format = header(connection, "endpoint-load-metrics-format");
    struct MHD_Response *response = answer_make(server->config.pages, reply, orca_format);
    if (!response)
        return MHD_NO;
    const enum MHD_Result result = MHD_queue_response(connection, reply->status, response);
    if (reply->is_whole_load && !orca_format) {
        forget_whole_load(server);
        server->whole_load = response;
        server->whole_load_ns = server->config.pages->now_ns;
    } else {
        MHD_destroy_response(response);
    }
    return result;
}

static struct reply get(struct server *server, struct MHD_Connection *connection,
                        const struct route_match *match)
{
    const struct page_query query = query_of(connection);
    return pages_get(server->config.pages, match, &query);
}

/* A zero byte would end the name that it stands in. */
static size_t unescape(void *context, struct MHD_Connection *connection, char *text)
{
    const size_t length = MHD_http_unescape(text);
    for (size_t i = 0; i < length; i++)
        if (text[i] == '\0')
            text[i] = '\x7f';
    return length;
}

/* What can be said once the headers are there; false: a page is to be made. */
static bool answer_at_once(struct server *server, struct MHD_Connection *connection,
                           const char *method, const struct route_match *match, struct reply *reply)
{
    struct page_text *text = &server->config.pages->text;
    const char *allow = route_allow(match->route);
    const bool is_options = strcmp(method, MHD_HTTP_METHOD_OPTIONS) == 0;
    if (!is_options && !route_takes(match->route, method))
        *reply = reply_error(text, MHD_HTTP_METHOD_NOT_ALLOWED, "%s: %s takes %s", method,
                             match->route->pattern, allow);
    else if (body_length_has(connection))
        *reply = reply_error(text, MHD_HTTP_BAD_REQUEST, "%s takes no body; send none", method);
    else if (is_options)
        *reply = reply_empty(text, MHD_HTTP_NO_CONTENT);
    else
        return false;
    reply->allow = allow;
    return true;
}

static enum MHD_Result watch_load(struct server *server, struct MHD_Connection *connection,
                                  const struct route_match *match)
{
    struct pages *pages = server->config.pages;
    struct page_query query = query_of(connection);
    struct watch watch;
    query.if_none_match = NULL;
    struct reply reply = pages_get(pages, match, &query);
    if (reply.status == MHD_HTTP_OK &&
        !watch_init(&watch, &query, argument(connection, "interval_ms")))
        reply = reply_error(&pages->text, MHD_HTTP_BAD_REQUEST,
                            "interval_ms=%s: milliseconds, a whole number up to an hour",
                            argument(connection, "interval_ms"));
    struct server_connection *mine = connection_of(connection);
    if (reply.status != MHD_HTTP_OK || !mine)
        return send_reply(server, connection, &reply);
    struct MHD_Response *response =
        watchers_add(&server->watchers, connection, &watch, &mine->since_ns);
    if (!response) {
        reply = reply_retry(&pages->text, MHD_HTTP_SERVICE_UNAVAILABLE, WATCH_RETRY_NS,
                            "%u watch already; ask for the load now and then", WATCHERS_MAX);
        return send_reply(server, connection, &reply);
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/event-stream");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    const enum MHD_Result result = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

/* The page that is asked for most. */
static enum MHD_Result get_load(struct server *server, struct MHD_Connection *connection,
                                const char *method, const struct route_match *match)
{
    struct pages *pages = server->config.pages;
    struct reply reply;
    const uint64_t wait_ns = time_to_wait(server, connection);
    if (wait_ns) {
        reply = reply_retry(&pages->text, MHD_HTTP_TOO_MANY_REQUESTS, wait_ns,
                            "asked more often than min_poll_ms; ask again in %llu ms, or watch the "
                            "load (?watch=1)",
                            (unsigned long long)((wait_ns + 999999u) / 1000000u));
        return send_reply(server, connection, &reply);
    }
    const char *watch = argument(connection, "watch");
    if (watch && strcmp(watch, "0") != 0 && strcmp(method, MHD_HTTP_METHOD_GET) == 0)
        return watch_load(server, connection, match);
    if (server->whole_load && server->whole_load_ns == pages->now_ns && is_plain(connection))
        return MHD_queue_response(connection, MHD_HTTP_OK, server->whole_load);
    reply = get(server, connection, match);
    return send_reply(server, connection, &reply);
}

static enum MHD_Result begin_change(struct server *server, struct MHD_Connection *connection,
                                    const struct route_match *match, void **request)
{
    struct server_connection *mine = connection_of(connection);
    struct reply reply;
    *request = mine ? repository_begin(server->config.repository, connection, match,
                                       header(connection, MHD_HTTP_HEADER_AUTHORIZATION),
                                       body_length_announced(connection), &mine->since_ns, &reply)
                    : NULL;
    if (!mine)
        return MHD_NO;
    return *request ? MHD_YES : send_reply(server, connection, &reply);
}

/* Called when the headers are there, and again when all is. An answer at the first call ends the
 * connection: it is for those that announce a body, which is never waited for, as no page takes
 * one. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *path, const char *method, const char *version,
                                  const char *upload, size_t *upload_bytes, void **request)
{
    struct server *server = context;
    const bool is_first = !*request;
    if (infer_is_call(server->config.infer, *request))
        return infer_on_request(server->config.infer, *request, upload, upload_bytes);
    struct repository *repository = server->config.repository;
    struct repository_call *call = repository_call(repository, *request);
    struct reply reply;
    if (call)
        return repository_go_on(repository, call, upload, upload_bytes, &reply)
                   ? send_reply(server, connection, &reply)
                   : MHD_YES;
    if (is_first && !body_length_is_clear(connection)) {
        reply = reply_error(
            &server->config.pages->text, MHD_HTTP_BAD_REQUEST,
            "a header's name has a space in it, or it is not plain how long the body is");
        return send_reply(server, connection, &reply);
    }
    struct route_match match;
    const enum route_result result = route_find(path, &match);
    if (is_first && result == ROUTE_FOUND && match.route->page == ROUTE_INFER &&
        route_takes(match.route, method))
        return infer_on_first(server->config.infer, connection, &match, request);
    if (is_first && result == ROUTE_FOUND && repository_has(match.route) &&
        route_takes(match.route, method))
        return begin_change(server, connection, &match, request);
    *request = server;
    if (is_first && !body_length_has(connection))
        return MHD_YES;
    if (result != ROUTE_FOUND)
        reply = pages_missing(server->config.pages, result);
    else if (!answer_at_once(server, connection, method, &match, &reply)) {
        if (match.route->page == ROUTE_LOAD)
            return get_load(server, connection, method, &match);
        reply = get(server, connection, &match);
    }
    return send_reply(server, connection, &reply);
}

static void on_request_end(void *context, struct MHD_Connection *connection, void **request,
                           enum MHD_RequestTerminationCode code)
{
    const struct server *server = context;
    struct server_connection *mine = connection_of(connection);
    infer_on_end(server->config.infer, *request);
    struct repository_call *call = repository_call(server->config.repository, *request);
    if (call)
        repository_end(call);
    if (mine)
        mine->since_ns = server->config.pages->now_ns;
}

static void on_connection(void *context, struct MHD_Connection *connection, void **mine,
                          enum MHD_ConnectionNotificationCode code)
{
    struct server *server = context;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (*mine)
            *(struct server_connection *)*mine = (struct server_connection){0};
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    for (uint32_t i = 0; info && i < server->config.max_connections; i++) {
        struct server_connection *free = &server->connections[i];
        if (free->is_open)
            continue;
        *free = (struct server_connection){
            .is_open = true, .fd = info->connect_fd, .since_ns = server->config.pages->now_ns};
        *mine = free;
        return;
    }
}

int server_init(struct server *server, const struct server_config *config)
{
    *server = (struct server){.config = *config, .epoll_fd = -1, .delay_ns = FIRST_DELAY_NS};
    server->connections = calloc(config->max_connections, sizeof(*server->connections));
    const int error =
        server->connections ? watchers_init(&server->watchers, config->pages) : -ENOMEM;
    if (error)
        server_fini(server);
    return error;
}

void server_fini(struct server *server)
{
    if (!server)
        return;
    watchers_release(&server->watchers, NULL);
    if (server->leaving)
        MHD_stop_daemon(server->leaving);
    if (server->daemon)
        MHD_stop_daemon(server->daemon);
    forget_whole_load(server);
    watchers_fini(&server->watchers);
    free(server->connections);
    *server = (struct server){.epoll_fd = -1};
}

/* Whoever opens all that one address may have leaves a quarter to the others. */
static uint32_t most_of_one(uint32_t max_connections)
{
    return max_connections - max_connections / 4;
}

/* Serves connections of a socket that listens, which is its own then. NULL: the certificate and the
 * key are not for each other, or there is no memory. */
static struct MHD_Daemon *serve(struct server *server, int fd)
{
    const struct tls *tls = server->config.tls;
    const struct MHD_OptionItem secure[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, tls->certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, tls->key},
        {MHD_OPTION_END, 0, NULL},
    };
    const unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;
    return MHD_start_daemon(
        server->config.has_tls ? flags | MHD_USE_TLS : flags, 0, NULL, NULL, on_request, server,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, server->config.max_connections,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, most_of_one(server->config.max_connections),
        MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_NOTIFY_COMPLETED, on_request_end, server, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, server, MHD_OPTION_ARRAY, server->config.has_tls ? secure : &secure[2],
        MHD_OPTION_END);
}

static void use(struct server *server, struct MHD_Daemon *daemon)
{
    server->daemon = daemon;
    server->epoll_fd = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    server->tls_number = server->config.tls->number;
}

static int start(struct server *server)
{
    const int fd = listen_open(server->config.address, server->config.port);
    if (fd < 0)
        return fd;
    struct MHD_Daemon *daemon = serve(server, fd);
    if (!daemon) {
        close(fd);
        return server->config.has_tls ? -EKEYREJECTED : -ENOMEM;
    }
    use(server, daemon);
    return 0;
}

static void refuse_tls(struct server *server)
{
    if (server->refused_number != server->config.tls->number)
        fprintf(stderr,
                "joint-api: [api] tls_certificate and tls_key are not PEM, or not of each other; "
                "correct them and send jointd SIGHUP\n");
    server->refused_number = server->config.tls->number;
}

static void try_to_listen(struct server *server, uint64_t now_ns)
{
    char place[LISTEN_TEXT_BYTES];
    listen_print(server->config.address, server->config.port, place);
    const int error = start(server);
    if (!error) {
        fprintf(stderr, "joint-api: serves http%s://%s\n", server->config.has_tls ? "s" : "",
                place);
        return;
    }
    server->retry_ns = now_ns + FIRST_DELAY_NS;
    if (error == -EKEYREJECTED) {
        refuse_tls(server);
        return;
    }
    if (!server->has_complained)
        fprintf(stderr,
                "joint-api: cannot listen on %s: %s; tries again and again; [api] listen and port "
                "name others\n",
                place, strerror(-error));
    server->has_complained = true;
    server->retry_ns = now_ns + server->delay_ns;
    server->delay_ns = 2 * server->delay_ns < LAST_DELAY_NS ? 2 * server->delay_ns : LAST_DELAY_NS;
}

/* libmicrohttpd notices the end by itself. Its own limit is one of silence only: a byte now and
 * then would do. */
static void sweep(struct server *server, uint64_t now_ns)
{
    server->sweep_ns = now_ns + SWEEP_NS;
    for (uint32_t i = 0; i < server->config.max_connections; i++) {
        const struct server_connection *connection = &server->connections[i];
        if (connection->is_open && now_ns > connection->since_ns &&
            now_ns - connection->since_ns > server->config.request_ns)
            shutdown(connection->fd, SHUT_RDWR);
    }
}

/* There is a new certificate: new connections are by it, while those that there are end. What
 * cannot be used changes nothing. */
static void renew(struct server *server)
{
    const int fd = dup(MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_LISTEN_FD)->listen_fd);
    struct MHD_Daemon *daemon = fd >= 0 ? serve(server, fd) : NULL;
    if (!daemon) {
        refuse_tls(server);
        server->tls_number = server->config.tls->number;
        if (fd >= 0)
            close(fd);
        return;
    }
    const MHD_socket old = MHD_quiesce_daemon(server->daemon);
    if (old != MHD_INVALID_SOCKET)
        close(old);
    server->leaving = server->daemon;
    use(server, daemon);
    fprintf(stderr, "joint-api: has a new certificate\n");
}

static uint32_t open_connections(struct MHD_Daemon *daemon)
{
    return MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS)->num_connections;
}

/* Watchers would stay for ever; they come back by themselves. */
static void let_leave(struct server *server)
{
    watchers_release(&server->watchers, server->leaving);
    MHD_run(server->leaving);
    if (open_connections(server->leaving) > 0)
        return;
    MHD_stop_daemon(server->leaving);
    server->leaving = NULL;
}

void server_poll(struct server *server, uint64_t now_ns)
{
    const struct server_config *config = &server->config;
    if (config->has_tls && !config->tls->key)
        return;
    if (!server->daemon) {
        if (now_ns >= server->retry_ns)
            try_to_listen(server, now_ns);
        return;
    }
    if (server->leaving)
        let_leave(server);
    else if (server->tls_number != config->tls->number)
        renew(server);
    watchers_poll(&server->watchers);
    MHD_run(server->daemon);
    if (now_ns >= server->sweep_ns)
        sweep(server, now_ns);
}

int server_timeout_ms(const struct server *server, int most_ms)
{
    MHD_UNSIGNED_LONG_LONG ms;
    most_ms = watchers_timeout_ms(&server->watchers, most_ms);
    if (!server->daemon || MHD_get_timeout(server->daemon, &ms) != MHD_YES)
        return most_ms;
    return ms < (unsigned)most_ms ? (int)ms : most_ms;
}
