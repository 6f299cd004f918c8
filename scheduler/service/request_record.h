/* What the request log is told: the way of a request while it runs, and a line when it has ended.
 * Nothing is done while the log is off. */
#ifndef SCHEDULER_SERVICE_REQUEST_RECORD_H
#define SCHEDULER_SERVICE_REQUEST_RECORD_H

#include "shm/ingress.h"
#include "shm/message.h"

struct service;
struct request;
struct worker_link;
struct worker_run;

/* It has ended, or was not taken. */
void request_record_end(struct service *service, const struct request *request,
                        enum ingress_reason reason, uint64_t now_ns);
/* A part of a dispatch's path is over: of each request whose rows were in it. */
void request_record_segment(struct service *service, const struct worker_link *worker,
                            const struct worker_run *run, const struct message_segment *said);
/* Now and then: the log's own numbers, and its troubles to people. */
void request_record_look(struct service *service);

#endif
