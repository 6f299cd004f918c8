/* Connections that watch the load: a bounded number, each with one event at most on its way. Who
 * reads slowly misses what came meanwhile; who reads nothing is closed as a silent connection. */
#ifndef SCHEDULER_API_WATCHERS_H
#define SCHEDULER_API_WATCHERS_H

#include "scheduler/api/watch.h"

#define WATCHERS_MAX 64u

struct MHD_Connection;
struct MHD_Daemon;
struct MHD_Response;
struct watcher;

struct watchers {
    struct pages *pages; /* borrowed */
    struct watcher *items; /* owned; [WATCHERS_MAX] */
    uint32_t count;
};

/* 0 or -ENOMEM. */
int watchers_init(struct watchers *watchers, struct pages *pages);
/* After libmicrohttpd has let go of all; accepts NULL and zeroed. */
void watchers_fini(struct watchers *watchers);

/* What answers this connection from now on, as often as there is an event; NULL: there are too
 * many, or no memory. *asked_ns is set to the time whenever it has taken all it was sent. */
struct MHD_Response *watchers_add(struct watchers *watchers, struct MHD_Connection *connection,
                                  const struct watch *watch, uint64_t *asked_ns);

/* Before each turn of libmicrohttpd: lets those go on for whom there may be something. */
void watchers_poll(struct watchers *watchers);
/* All of this daemon, or of any for NULL, go on and end. */
void watchers_release(struct watchers *watchers, const struct MHD_Daemon *daemon);
/* When watchers_poll is to be called at the latest, in ms from now, at most `most_ms`. */
int watchers_timeout_ms(const struct watchers *watchers, int most_ms);

#endif
