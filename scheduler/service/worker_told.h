/* What a worker is told of dispatches: RUN, ROW, CANCEL. */
#ifndef SCHEDULER_SERVICE_WORKER_TOLD_H
#define SCHEDULER_SERVICE_WORKER_TOLD_H

#include "scheduler/service/worker_link.h"

/* A dispatch, or rows that join one. */
void worker_told_run(struct service *service, struct worker_link *worker,
                     const struct dispatch_action *action, uint64_t now_ns);
/* Nobody wants what it computes for that request. */
void worker_told_cancel(struct service *service, struct worker_link *worker, uint32_t slot,
                        uint32_t generation);

#endif
