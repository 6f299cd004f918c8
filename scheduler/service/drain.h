/* The orderly end.
 *
 *   SERVING ── SIGTERM ──> DRAINING: DRAIN to every ingress
 *                             │ all say DRAINED, or server.drain_timeout, or SIGTERM again
 *                             v
 *                          ENDING: dataplane, workers and loader are told to end
 *                             │ all have, or a moment has passed
 *                             v
 *                          ENDED */
#ifndef SCHEDULER_SERVICE_DRAIN_H
#define SCHEDULER_SERVICE_DRAIN_H

#include <stdint.h>

struct service;

void drain_begin(struct service *service);
/* Now and then: one step further if it can be taken. How much was done. */
int drain_look(struct service *service, uint64_t now_ns);

#endif
