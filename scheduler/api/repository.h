/* The model repository: its index, and changes, which jointd makes. A change's connection waits,
 * suspended, until jointd has answered; a bounded number of them. */
#ifndef SCHEDULER_API_REPOSITORY_H
#define SCHEDULER_API_REPOSITORY_H

#include "scheduler/api/pages.h"

#define REPOSITORY_CALLS 16u /* at once; as many as jointd takes */
#define REPOSITORY_BODY_BYTES 4096u

struct MHD_Connection;
struct repository_call;

struct repository {
    struct pages *pages; /* borrowed */
    struct view *view; /* borrowed */
    int socket; /* to jointd; borrowed */
    struct repository_call *calls; /* owned; [REPOSITORY_CALLS] */
    uint32_t last_ticket;
};

int repository_init(struct repository *repository, struct pages *pages, struct view *view,
                    int socket);
/* After libmicrohttpd has let go of all; accepts NULL and zeroed. */
void repository_fini(struct repository *repository);

/* Whether the route is one of these. */
bool repository_has(const struct route *route);

/* The headers of a request are there. NULL: it is answered, by *reply, without its body. *asked_ns
 * is set to the time for as long as jointd is at work on it. */
struct repository_call *repository_begin(struct repository *repository,
                                         struct MHD_Connection *connection,
                                         const struct route_match *match, const char *authorization,
                                         uint64_t body_bytes, uint64_t *asked_ns,
                                         struct reply *reply);
/* The call that this is, or NULL: it is something else's. */
struct repository_call *repository_call(const struct repository *repository, void *request);
/* More of the body, or its end, or the same again after it was suspended: whether there is an
 * answer, which is then in *reply. */
bool repository_go_on(struct repository *repository, struct repository_call *call,
                      const char *upload, size_t *upload_bytes, struct reply *reply);
void repository_end(struct repository_call *call);

/* What jointd has answered; before each turn of libmicrohttpd. */
void repository_poll(struct repository *repository);
/* All go on with an error, so that libmicrohttpd can close them. */
void repository_release(struct repository *repository);

#endif
