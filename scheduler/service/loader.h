/* The process that packs one model: `joint-worker --pack`, which may die of a bad file in our
 * stead. One at a time; it ends when it has answered. */
#ifndef SCHEDULER_SERVICE_LOADER_H
#define SCHEDULER_SERVICE_LOADER_H

#include "scheduler/supervise/child.h"
#include "shm/message.h"

struct service;

struct loader {
    struct child child;
    struct child_config child_config;
    bool is_answered; /* what it said is in `packed` and `fds` */
    struct message_packed packed;
    int fds[MESSAGE_PACKED_DESCRIPTORS]; /* owned; -1 */
    uint64_t heard_ns, said_ns; /* its newest word; our newest line about it */
};

int loader_init(struct loader *loader, struct service *service);
void loader_fini(struct loader *loader); /* accepts NULL and zeroed */

/* Whether another model can be begun. */
bool loader_is_free(const struct loader *loader);
/* 0; or -errno, and it is free. */
int loader_start(struct loader *loader, struct service *service,
                 const struct message_model_file *file, uint64_t now_ns);
/* 1: it has ended, `packed` says how: status 0 with its descriptors, or -errno with a text. 0: not
 * yet. */
int loader_poll(struct loader *loader, struct service *service, const char *name, uint64_t now_ns);
/* Takes the descriptors out; the caller owns them then. */
void loader_take(struct loader *loader, int fds[MESSAGE_PACKED_DESCRIPTORS]);

#endif
