/* What there is to load, by name: the models of the configuration and those that were loaded by a
 * path, each with how its last load failed. */
#ifndef SCHEDULER_SERVICE_CATALOGUE_H
#define SCHEDULER_SERVICE_CATALOGUE_H

#include "shm/api_setup.h"

#include <stdbool.h>

struct service;

#define CATALOGUE_MAX 512u

struct catalogue_entry {
    char name[API_NAME_BYTES];
    uint32_t version; /* that failed */
    bool has_failed;
    char reason[API_TEXT_BYTES]; /* "" unless has_failed */
};

struct catalogue {
    struct catalogue_entry *entries; /* owned; [CATALOGUE_MAX] */
    uint32_t count;
};

int catalogue_init(struct catalogue *catalogue);
void catalogue_fini(struct catalogue *catalogue); /* accepts NULL and zeroed */

/* A model of that name could not be loaded. Those beyond the room are not kept. */
void catalogue_failed(struct catalogue *catalogue, const char *name, uint32_t version,
                      const char *reason);
/* One is, or nobody wants it any more. */
void catalogue_forget(struct catalogue *catalogue, const char *name);
/* NULL: nothing is known of it. */
const struct catalogue_entry *catalogue_find(const struct catalogue *catalogue, const char *name);

/* As joint-api is told: a row for each version that is there, and for each name of the
 * configuration or with a failure that is not there. At most `room`; returns how many. */
uint32_t catalogue_rows(const struct service *service, struct api_message *rows, uint32_t room);

#endif
