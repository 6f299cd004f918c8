/* All worker processes: as many as the configuration wants are active, the spares stand by.
 *
 * When an active one dies, a warm spare takes its place in the same turn, and the process that is
 * started anew becomes the spare. A worker that loads a model computes nothing meanwhile, so a new
 * model goes to the spares first; then they change places with the others, one after the other,
 * which load it in their turn. With cores of their own the configured workers are preferred: a
 * spare, which has none, only stands in until the worker whose cores are idle is as warm. */
#ifndef SCHEDULER_SERVICE_WORKERS_H
#define SCHEDULER_SERVICE_WORKERS_H

#include "scheduler/service/worker_link.h"

struct workers {
    struct worker_link *items; /* owned; [count], the configured ones first */
    uint32_t count;
    uint32_t wanted_count; /* to be active */
    uint32_t active_count;
    bool have_cores;
    uint64_t
        short_since_ns; /* when an active one died and no other took over; 0: enough are active */
};

int workers_init(struct workers *workers, struct service *service);
void workers_fini(struct workers *workers); /* accepts NULL and zeroed */

int workers_poll(struct service *service, uint64_t now_ns);
int workers_look(struct service *service, uint64_t now_ns);

/* Makes warm ones active until enough are, and the warmest of them. */
void workers_fill(struct service *service);
/* Whether a worker may be given a model to load now. */
bool workers_may_load(const struct service *service, const struct worker_link *worker);
/* The dispatcher's number named one of them. */
void workers_run(struct service *service, const struct dispatch_action *action, uint64_t now_ns);
/* Tells whoever runs a request that nobody wants it. */
void workers_cancel(struct service *service, uint32_t slot);
bool workers_have_model(const struct workers *workers, uint32_t number);
/* Tells all to end in good order; whether all have ended. */
void workers_stop(struct workers *workers);
bool workers_are_gone(const struct workers *workers);

#endif
