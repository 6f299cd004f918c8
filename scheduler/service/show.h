/* What jointd shows of itself: load, counters, children and models over its control socket; to
 * systemd, that it serves or ends. */
#ifndef SCHEDULER_SERVICE_SHOW_H
#define SCHEDULER_SERVICE_SHOW_H

#include "scheduler/control/control.h"
#include "shm/message.h"

struct service;

struct show {
    struct control control;
    uint64_t shown_ns[MESSAGE_MAX_MODELS]; /* whose statistics are shared: since_ns of the model */
    uint64_t queues_of; /* which start of the dataplane the shared counters are of */
    uint32_t told; /* enum service_state that systemd knows of */
};

/* After the regions are made. A socket that was asked for by its path must be possible: -errno,
 * said in the log. One that is only the default is done without, said too. */
int show_init(struct show *show, struct service *service);
void show_fini(struct show *show); /* accepts NULL and zeroed */

/* Now and then: answers clients, shares and tells what is new. How much was done. */
int show_look(struct service *service, uint64_t now_ns);

#endif
