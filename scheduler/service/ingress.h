/* One thread that brings requests (a queue of joint-dataplane, or joint-api), as jointd speaks with
 * it: what it says is checked here, at the edge; what it is owed is said from here (shm/ingress.h).
 */
#ifndef SCHEDULER_SERVICE_INGRESS_H
#define SCHEDULER_SERVICE_INGRESS_H

#include "scheduler/service/link.h"
#include "shm/ingress.h"

struct service;

/* A request that it has open, by its own name for it. */
struct ingress_open {
    uint32_t request; /* REQUEST_NONE: none */
    uint32_t generation;
};

struct ingress_config {
    uint32_t number; /* those of the dataplane's queues, then joint-api's */
    const struct region *requests; /* borrowed; where its messages lie */
    uint32_t worker_grant; /* that region's number among a worker's grants */
    uint64_t part_offset, part_bytes; /* its part of that region's payload */
    uint32_t slot_count; /* requests that it may have open */
    bool can_sleep;
};

struct ingress {
    struct ingress_config config;
    struct link link;
    struct region counters; /* owned; its own, made for each life */
    struct ingress_open *open; /* owned; [slot_count] */
    uint32_t open_count;
    bool is_started;
    bool is_drain_told, is_drained;
    bool
        is_condemned; /* it spoilt its ring, or said what no honest one would: it is being killed */
};

/* Its number in the slot table; 0 is jointd. */
static inline uint32_t ingress_owner(uint32_t number)
{
    return 1 + number;
}

/* No process yet. 0 or -errno. */
int ingress_init(struct ingress *ingress, struct service *service,
                 const struct ingress_config *config);
void ingress_fini(struct ingress *ingress); /* accepts NULL and zeroed */

/* Offers a new process its channel, with counters of its own. Takes the socket. 0 or -errno. */
int ingress_offer(struct service *service, struct ingress *ingress, int socket);

/* Takes what it said; how much that was. */
int ingress_poll(struct service *service, struct ingress *ingress, uint64_t now_ns);
/* Now and then: its answer to the offer, models that it is to know, leases. How much was done. */
int ingress_look(struct service *service, struct ingress *ingress, uint64_t now_ns);

/* A request is open under its name, or is not any more. */
void ingress_open(struct ingress *ingress, const struct ingress_submit *submit, uint32_t request);
void ingress_close(struct ingress *ingress, uint32_t slot);

/* FINISHED, of a request that it has open. */
void ingress_finish(struct service *service, struct ingress *ingress,
                    const struct ingress_finished *finished);
/* Any other word; false: it will not be heard, the process is being killed. */
bool ingress_say(struct service *service, struct ingress *ingress, const void *message);

/* The process is dead: all its requests are dropped, its places are free. */
void ingress_bury(struct service *service, struct ingress *ingress, uint64_t now_ns);

#endif
