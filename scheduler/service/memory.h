/* The regions that jointd shares, and its private word on whose place is whose.
 *
 *   request slab   │ part of queue 0 │ part of queue 1 │ ...      each ingress gives out its own
 *   api slab       │ all of it: joint-api's, which sees no other request
 *   response slab  │ places given out by `answers`, owned as `owners` says
 *   load page, counters: jointd writes, all others read */
#ifndef SCHEDULER_SERVICE_MEMORY_H
#define SCHEDULER_SERVICE_MEMORY_H

#include "scheduler/config/jointd_config.h"
#include "shm/region.h"
#include "shm/slab.h"
#include "shm/slot_table.h"

/* The regions of a worker's channel, by their number in the offer. */
enum memory_grant {
    MEMORY_GRANT_REQUESTS,
    MEMORY_GRANT_RESPONSES,
    MEMORY_GRANT_API_REQUESTS, /* if there is joint-api */
};

struct memory {
    struct region requests, responses, load, counters; /* owned */
    struct region api_requests; /* owned; empty without joint-api */
    struct slab *answers; /* owned */
    struct slot_table *owners; /* owned; slots are those of `answers` */
    uint32_t slot_count; /* of answers */
};

struct memory_plan {
    const struct memory_section *config;
    uint64_t api_requests_bytes; /* 0: no such region */
    uint32_t owner_count; /* of the slot table */
    uint64_t counters_bytes;
};

/* 0; -ENOMEM: what the region `*what` needs is not there; or -errno. */
int memory_init(struct memory *memory, const struct memory_plan *plan, const char **what);
void memory_fini(struct memory *memory); /* accepts NULL and zeroed */

#endif
