/* HTTP on one address: libmicrohttpd driven from outside, a bounded number of connections, and an
 * end to each that takes too long. */
#ifndef SCHEDULER_API_SERVER_H
#define SCHEDULER_API_SERVER_H

#include "scheduler/api/infer.h"
#include "scheduler/api/pages.h"
#include "scheduler/api/poll_limit.h"
#include "scheduler/api/repository.h"
#include "scheduler/api/tls.h"
#include "scheduler/api/watchers.h"

struct MHD_Daemon;
struct MHD_Response;
struct server_connection;

struct server_config {
    struct pages *pages; /* borrowed */
    struct poll_limit *poll_limit; /* borrowed */
    struct infer *infer; /* borrowed */
    struct repository *repository; /* borrowed */
    uint8_t address[16]; /* IPv6, or IPv4 as ::ffff:a.b.c.d */
    uint16_t port;
    bool has_tls; /* serves when *tls has something */
    const struct tls *tls; /* borrowed */
    uint32_t max_connections;
    uint64_t request_ns; /* a connection may take so long for a request, or be idle */
};

struct server {
    struct server_config config;
    struct MHD_Daemon *daemon; /* owned; NULL: it does not listen */
    struct MHD_Daemon *leaving; /* owned; the one before, whose connections end; NULL */
    uint64_t tls_number, refused_number; /* of the certificate in use; that could not be used */
    int epoll_fd; /* the daemon's; -1 */
    struct server_connection *connections; /* owned; [max_connections] */
    uint64_t retry_ns, delay_ns; /* when it tries to listen again */
    uint64_t sweep_ns;
    struct watchers watchers;
    struct MHD_Response *whole_load; /* owned; NULL, or what all get who ask for it in this turn */
    uint64_t whole_load_ns; /* which turn that is */
    bool has_complained;
};

/* 0 or -ENOMEM; it does not listen yet. */
int server_init(struct server *server, const struct server_config *config);
void server_fini(struct server *server); /* accepts NULL and zeroed */

/* Answers what is there; listens, if it is time to try, and says so on standard error. */
void server_poll(struct server *server, uint64_t now_ns);
/* How long it may be left alone unless epoll_fd is readable; at most `most_ms`. */
int server_timeout_ms(const struct server *server, int most_ms);

#endif
