/* joint-api as jointd keeps it: one process that shows the service, and an ingress for the requests
 * that come over HTTP. It is started with the service, so that what is not ready yet can be asked
 * about; without it all else goes on. */
#ifndef SCHEDULER_SERVICE_API_H
#define SCHEDULER_SERVICE_API_H

#include "scheduler/service/ingress.h"
#include "scheduler/supervise/child.h"
#include "shm/api_setup.h"

struct service;

struct api {
    bool is_wanted;
    struct child child;
    struct child_config child_config;
    struct api_setup *setup; /* owned */
    struct ingress ingress; /* zeroed unless is_wanted */
    /* What this life was told: models by the time their packing began, 0 if not; counters. */
    uint64_t model_since_ns[API_MAX_MODELS];
    bool has_own_counters;
    uint64_t queues_of; /* which start of the dataplane the others are of */
    uint64_t beat_count; /* heard from this life */
    /* What there is to load, as it was told; owned, [API_MAX_ROWS] each. */
    struct api_message *rows, *told_rows;
    uint32_t told_row_count;
    bool has_told_rows; /* all, and how many */
    bool has_told_tls; /* as the files were when it started, or with the last SIGHUP */
    uint64_t rows_ns; /* when to look at it again */
};

/* Of the slab that its requests come through; 0: no joint-api is wanted, or there is none. */
uint64_t api_requests_bytes(const struct service *service);

/* No process yet. 0 or -errno. */
int api_init(struct api *api, struct service *service);
void api_fini(struct api *api); /* accepts NULL and zeroed */

int api_poll(struct service *service, uint64_t now_ns);
/* Now and then: its life, and what is new for it. How much was done. */
int api_look(struct service *service, uint64_t now_ns);

/* Whether it has no request open any more, or is not there. */
bool api_is_drained(const struct api *api);
/* It did what no honest one does: kills it. */
void api_condemn(struct service *service, const char *why);
/* The files of HTTPS are to be read anew. */
void api_renew_tls(struct api *api);

/* Whether this life was told that the model takes requests. */
bool api_shows(const struct service *service, uint32_t model);

/* The service ends: so shall it. */
void api_stop(struct api *api);
bool api_is_gone(const struct api *api);

#endif
