/* What there is to load, by name: the models of the configuration and those that were loaded by a
 * path, each with how its last load failed. */
#ifndef SCHEDULER_SERVICE_REPOSITORY_H
#define SCHEDULER_SERVICE_REPOSITORY_H

#include "shm/api_setup.h"

#include <stdbool.h>

struct service;

#define REPOSITORY_MAX 512u

struct repository_entry {
    char name[API_NAME_BYTES];
    uint32_t version; /* that failed */
    bool has_failed;
    char reason[API_TEXT_BYTES]; /* "" unless has_failed */
};

struct repository {
    struct repository_entry *entries; /* owned; [REPOSITORY_MAX] */
    uint32_t count;
};

int repository_init(struct repository *repository);
void repository_fini(struct repository *repository); /* accepts NULL and zeroed */

/* A model of that name could not be loaded. Those beyond the room are not kept. */
void repository_failed(struct repository *repository, const char *name, uint32_t version,
                       const char *reason);
/* One is, or nobody wants it any more. */
void repository_forget(struct repository *repository, const char *name);
/* NULL: nothing is known of it. */
const struct repository_entry *repository_find(const struct repository *repository,
                                               const char *name);

/* As joint-api is told: a row for each version that is there, and for each name of the
 * configuration or with a failure that is not there. At most `room`; returns how many. */
uint32_t repository_rows(const struct service *service, struct api_message *rows, uint32_t room);

#endif
