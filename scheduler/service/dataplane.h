/* joint-dataplane as jointd keeps it: one process with an ingress for each of its queues. It is
 * started when there is something to serve, and again when it has died, with the same keys. */
#ifndef SCHEDULER_SERVICE_DATAPLANE_H
#define SCHEDULER_SERVICE_DATAPLANE_H

#include "scheduler/service/ingress.h"
#include "scheduler/supervise/child.h"
#include "shm/dataplane_setup.h"

struct service;

struct dataplane {
    struct child child;
    struct child_config child_config;
    struct dataplane_setup *setup; /* owned; boot is set anew for each life */
    struct ingress *ingress; /* owned; [count] */
    uint32_t count;
    uint64_t first_ns; /* its first start; 0: not yet */
    bool is_told; /* of this life: that it serves */
};

/* No process yet. 0 or -errno. */
int dataplane_init(struct dataplane *dataplane, struct service *service);
void dataplane_fini(struct dataplane *dataplane); /* accepts NULL and zeroed */

int dataplane_poll(struct service *service, uint64_t now_ns);
/* Now and then: its life. How much was done. */
int dataplane_look(struct service *service, uint64_t now_ns);

/* All its queues take requests. */
bool dataplane_is_started(const struct dataplane *dataplane);
/* Whether it has nothing open any more, or is not there. */
bool dataplane_is_drained(const struct dataplane *dataplane);
/* It did what no honest one does: kills it. */
void dataplane_condemn(struct service *service, uint32_t queue, const char *why);

#endif
