/* Inference over HTTP: POST /v2/models/M[/versions/V]/infer, of the Open Inference Protocol v2.
 *
 *   headers ──> text (the JSON) ──> binary, into its place ──> submitted: the connection waits
 *      │             │ a fault           │ a fault                    │            │ client gone
 *      v             v                   v                            v            v
 *   answered     the rest is read and dropped, then answered       answered     CANCEL
 *
 * One thread; libmicrohttpd suspends a connection while its request is with jointd. */
#ifndef SCHEDULER_API_INFER_H
#define SCHEDULER_API_INFER_H

#include "scheduler/api/infer_ring.h"
#include "scheduler/api/infer_words.h"
#include "scheduler/api/pages.h"
#include "scheduler/api/route.h"

#include <microhttpd.h>

struct infer_call;

struct infer {
    struct pages *pages; /* borrowed; its load, its clock */
    struct infer_ring ring;
    struct infer_call *calls; /* owned; [call_count], one a connection */
    uint32_t call_count;
    struct infer_call *free; /* the first of those that are */
    int gone_fd; /* epoll: a waiting client is gone */
    uint64_t text_bytes, max_text_bytes; /* of JSON that is held, of all calls */
    struct infer_words words; /* scratch of one request at a time */
    struct page_text text; /* scratch of one answer at a time */
};

/* Waits for the channel on the socket, which is borrowed. 0 or -errno; it must not move after. */
int infer_init(struct infer *infer, struct pages *pages, int socket);
/* All wait no more, so that servers can end; then, when these have: */
void infer_stop(struct infer *infer);
void infer_fini(struct infer *infer); /* accepts NULL and zeroed */

/* What jointd said. How much was done; infer->ring.failure: it cannot go on. */
int infer_poll(struct infer *infer);
/* When gone_fd is readable: their requests are cancelled. */
void infer_look_who_is_gone(struct infer *infer);
/* At a turn's end, before it sleeps. */
void infer_flush(struct infer *infer);

/* As MHD_AccessHandlerCallback: a request's first call, which sets *call; and all others. */
enum MHD_Result infer_on_first(struct infer *infer, struct MHD_Connection *connection,
                               const struct route_match *match, void **call);
bool infer_is_call(const struct infer *infer, const void *call);
enum MHD_Result infer_on_request(struct infer *infer, void *call, const char *upload,
                                 size_t *upload_bytes);
/* The request is over, answered or not. Accepts what is none of its calls, and NULL. */
void infer_on_end(struct infer *infer, void *call);

#endif
