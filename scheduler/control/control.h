/* jointd's control socket: hands out what can be watched, and says how things stand.
 *
 *   struct control control;
 *   int error = control_init(&control, &config, why, sizeof(why));
 *   control_share(&control, CONTROL_COUNTERS, "jointd", &counters_region);
 *   idle_watch(&idle, control.fd);
 *   ... control_poll(&control) every 10 ms or so, not in each round: it calls the kernel
 *   control_fini(&control);
 *
 * One thread. Nothing here waits for a client: one that does not read is dropped. */
#ifndef SCHEDULER_CONTROL_CONTROL_H
#define SCHEDULER_CONTROL_CONTROL_H

#include "scheduler/control/control_listen.h"
#include "scheduler/control/control_message.h"
#include "scheduler/control/control_status.h"
#include "shm/region.h"

#define CONTROL_MAX_CLIENTS 16u

struct control_config {
    const char *path; /* "auto": control_path's; "": no socket, and all calls do nothing */
    const char *name; /* of the server, for "auto" */
    bool is_for_group; /* no: its user alone may connect */
    /* Called when a client asks: control_status_begin to control_status_end. */
    void (*say_status)(void *context, struct control_status *status);
    void *context; /* borrowed */
};

struct control_share {
    struct control_region message;
    int fd; /* owned, read-only */
};

struct control_client {
    int fd; /* owned; -1: free */
    bool is_watching;
    uint64_t told; /* the version of the shares that it knows */
};

struct control {
    int fd; /* owned; readable when control_poll has work; -1 without a socket */
    struct control_config config;
    struct control_listen listen;
    struct control_status status;
    struct control_client client[CONTROL_MAX_CLIENTS];
    struct control_share *shares; /* owned */
    uint32_t share_count, share_capacity;
    uint64_t version; /* of the shares; grows with each change */
    uint64_t refused_count; /* clients beyond CONTROL_MAX_CLIENTS */
    uint64_t dropped_count; /* clients that did not read */
};

/* 0; or -errno and why, one line: "/run/joint/edge.sock: another jointd is running ...". */
int control_init(struct control *control, const struct control_config *config, char *why,
                 size_t why_bytes);
void control_fini(struct control *control); /* accepts NULL and zeroed */

/* A region that clients may read, under a name of its own; an earlier one of that name goes. The
 * region may be finished afterwards. 0, -ENOSPC (CONTROL_MAX_REGIONS), -ENOMEM or -errno. */
int control_share(struct control *control, enum control_kind kind, const char *name,
                  const struct region *region);
void control_unshare(struct control *control, const char *name); /* there need be none */

/* Takes clients, answers each one's next word, tells watchers what changed. How much was done. */
int control_poll(struct control *control);

#endif
