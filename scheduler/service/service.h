/* jointd's service: one thread, a list of poll functions over one idle. main() owns it.
 *
 *   struct service *service;
 *   int error = service_create(&config, &options, &service);
 *   if (!error) status = service_run(service);
 *   service_destroy(service);
 *
 * The start, in this order; each part needs those above it:
 *
 *   | part        | what it makes                                   | undone            |
 *   |-------------|-------------------------------------------------|-------------------|
 *   | signals     | SIGTERM, SIGINT, SIGHUP by descriptor           | last              |
 *   | memory      | slabs, load page, counters; slab and slot table | after all peers   |
 *   | dispatch    | the dispatcher, requests                        |                   |
 *   | models      | one loader after the other packs                | its loader ends   |
 *   | workers     | processes; each loads what is packed            | DRAIN, then killed|
 *   | dataplane   | started once the models are warm                | DRAIN, stopped    |
 *   | api         | joint-api, if HTTP is wanted                    | stopped           |
 *   | show        | the control socket                              | its file is gone  |
 *   | ready line  | when all queues take requests                   |                   | */
#ifndef SCHEDULER_SERVICE_SERVICE_H
#define SCHEDULER_SERVICE_SERVICE_H

#include "scheduler/config/jointd_config.h"
#include "scheduler/dispatch/dispatch.h"
#include "scheduler/service/api.h"
#include "scheduler/service/repository.h"
#include "scheduler/service/change.h"
#include "scheduler/service/counts.h"
#include "scheduler/service/dataplane.h"
#include "scheduler/service/ingress.h"
#include "scheduler/service/load.h"
#include "scheduler/service/load_models.h"
#include "scheduler/service/log.h"
#include "scheduler/service/memory.h"
#include "scheduler/service/model_set.h"
#include "scheduler/service/request.h"
#include "scheduler/service/request_log.h"
#include "scheduler/service/dataplane_setup.h"
#include "scheduler/service/show.h"
#include "scheduler/service/signals.h"
#include "scheduler/service/statistics.h"
#include "scheduler/service/submit.h"
#include "scheduler/service/workers.h"
#include "scheduler/supervise/programs.h"
#include "shm/idle.h"

#include <sys/types.h>

enum service_state {
    SERVICE_STARTING, /* not ready yet */
    SERVICE_SERVING,
    SERVICE_DRAINING, /* no new requests; what is open is ended */
    SERVICE_ENDING, /* the processes are told to end */
    SERVICE_ENDED,
};

struct service_options {
    const char *config_path; /* read anew on SIGHUP; borrowed */
    int log_fd; /* borrowed */
};

struct service {
    struct jointd_config config; /* owned */
    struct service_options options;
    struct log log;
    struct programs programs;
    bool is_confined; /* workers and loaders run as: */
    uid_t uid;
    gid_t gid;
    uint32_t worker_count; /* processes, spares included */
    uint64_t stable_ns;
    struct idle idle;
    struct signals signals;
    struct memory memory;
    struct counts counts;
    struct dispatch *dispatch; /* owned */
    struct request_table requests;
    struct link_rings rings;
    struct model_set models;
    struct workers workers;
    struct dataplane dataplane;
    struct repository repository;
    struct changes changes;
    struct api api;
    struct load load;
    struct load_models load_models;
    struct statistics statistics;
    struct request_log request_log;
    struct show show;
    enum service_state state;
    int exit_status;
    uint64_t now_ns; /* of this turn */
    uint64_t unix_offset_ns; /* from the monotonic clock to the wall's, as last looked at */
    uint64_t look_ns; /* when all that is not a ring is looked at again */
    uint64_t started_ns;
    uint64_t drain_ns; /* when patience ends, in DRAINING and ENDING */
    bool is_hasty; /* told a second time to end */
};

/* Takes the configuration in any case. 0, or -errno and it is said in the log what to do. */
int service_create(struct jointd_config *config, const struct service_options *options,
                   struct service **service);
void service_destroy(struct service *service); /* accepts NULL */

/* Serves until it is told to end: the exit status. */
int service_run(struct service *service);

/* One turn; work done. */
int service_poll(struct service *service, uint64_t now_ns);

/* Whether the dataplane may let clients in. */
bool service_may_serve(const struct service *service);
void service_say_ready(struct service *service);
/* It cannot serve: ends with status 1. */
void service_fail(struct service *service);

/* Whoever may bring requests: the dataplane's queues, then joint-api, whether it is there or not.
 */
static inline uint32_t service_ingress_count(const struct service *service)
{
    return service->dataplane.count + 1;
}

static inline struct ingress *service_ingress(struct service *service, uint32_t number)
{
    return number < service->dataplane.count ? &service->dataplane.ingress[number]
                                             : &service->api.ingress;
}

uint64_t service_clock_ns(void);
/* When that was by the wall's clock. */
static inline uint64_t service_unix_ns(const struct service *service, uint64_t monotonic_ns)
{
    return monotonic_ns + service->unix_offset_ns;
}

#endif
