/* One worker process as jointd keeps it: started, given models, told what to run, watched, buried.
 *
 *   (child) IDLE ──> started, offered ──> OPEN ──> it loads models ──> warm ──> active
 *              ^                                                        (spare: warm, not active)
 *              └── buried: what it ran waits again ◄── died, hung, or condemned
 *
 * An active worker has been named to the dispatcher, under its number, with the models that it has.
 * A spare is as warm as the others; it becomes active the moment one of them dies (workers.h). */
#ifndef SCHEDULER_SERVICE_WORKER_LINK_H
#define SCHEDULER_SERVICE_WORKER_LINK_H

#include "scheduler/dispatch/dispatch.h"
#include "scheduler/service/link.h"
#include "scheduler/service/worker_run.h"
#include "scheduler/supervise/child.h"
#include "shm/message.h"

struct service;

enum worker_has {
    WORKER_HAS_NOT,
    WORKER_LOADS,
    WORKER_HAS,
    WORKER_UNLOADS,
    WORKER_CANNOT,
};

#define WORKER_NAME_BYTES 24u
#define WORKER_CPUS_BYTES 512u

struct worker_link {
    uint32_t number; /* the dispatcher's name for it */
    char name[WORKER_NAME_BYTES]; /* "worker 2" */
    char cpus[WORKER_CPUS_BYTES];
    const char *arguments[8];
    struct child child;
    struct child_config child_config;
    struct link link;
    bool is_active;
    bool is_condemned;
    uint8_t has[MESSAGE_MAX_MODELS]; /* enum worker_has */
    uint32_t loads; /* models on their way: at most one */
    uint32_t has_count; /* WORKER_HAS */
    struct worker_run run[MESSAGE_MAX_DISPATCHES];
};

/* No process yet. 0 or -errno. */
int worker_link_init(struct worker_link *worker, struct service *service, uint32_t number);
void worker_link_fini(struct worker_link *worker); /* accepts NULL and zeroed */

/* Takes what it said; how much that was. */
int worker_link_poll(struct service *service, struct worker_link *worker, uint64_t now_ns);
/* Now and then: its life, and models that it is to have. How much was done. */
int worker_link_look(struct service *service, struct worker_link *worker, uint64_t now_ns);

/* False: it will not hear that, it is being killed. */
bool worker_link_say(struct service *service, struct worker_link *worker, const void *messages,
                     uint32_t count);
/* How long all that it was told should take. */
uint64_t worker_link_predicted_ns(const struct worker_link *worker);

/* From now on the dispatcher may use it; or no more, and it ends what it was told. */
void worker_link_activate(struct service *service, struct worker_link *worker);
void worker_link_rest(struct service *service, struct worker_link *worker);

/* It was told something that it has not ended. */
bool worker_link_is_busy(const struct worker_link *worker);

/* Says so and kills it. */
void worker_link_condemn(struct service *service, struct worker_link *worker, const char *why);

/* Its number in the slot table. */
uint32_t worker_link_owner(const struct service *service, const struct worker_link *worker);

/* The dispatch of that number that is open, or of which rows were not answered; or NULL. */
struct worker_run *worker_link_find_run(struct worker_link *worker, uint32_t number);
/* It was told rows of that request that it has not answered. */
bool worker_link_has(const struct worker_link *worker, uint32_t slot);

#endif
