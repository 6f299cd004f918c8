/* When the service lets clients in, and when it gives up starting. */
#ifndef SCHEDULER_SERVICE_READINESS_H
#define SCHEDULER_SERVICE_READINESS_H

#include <stdbool.h>
#include <stdint.h>

struct service;

/* Now and then, while it starts: whether that is still to succeed. */
void readiness_look(struct service *service, uint64_t now_ns);

#endif
