/* What a worker says, checked and turned into what the dispatcher and the requests need to know. */
#ifndef SCHEDULER_SERVICE_WORKER_SAID_H
#define SCHEDULER_SERVICE_WORKER_SAID_H

#include "shm/message.h"

struct service;
struct worker_link;

/* One descriptor: a private copy, which may say anything. */
void worker_said(struct service *service, struct worker_link *worker, const union message *message,
                 uint64_t now_ns);

#endif
