/* The role that computes: takes dispatches from jointd, runs them segment by segment, answers.
 *
 * One thread polls it; helpers of the engine's contexts work inside a poll. A poll takes what the
 * ring holds and runs one dispatch up to where a row enters or leaves. Meanwhile, between small
 * parts of each layer, it takes what has come to the ring; and a dispatch that is more urgent is
 * run to its end in between, in the second context of its model. Nothing is taken from the ring
 * unless there is room for all that could have to be answered; a worker whose answers are not read
 * stops, and nothing is lost. Loading a model takes long and allocates, all else does neither; what
 * it leaves cold is warmed bit by bit in polls that find nothing to do.
 *
 * What it owns: its private memory and its side of the channel. The channel's regions are jointd's
 * word; every descriptor is checked (shm/message.h). */
#ifndef COMPUTE_WORKER_WORKER_H
#define COMPUTE_WORKER_WORKER_H

#include "compute/worker/worker_model.h"
#include "compute/worker/worker_path.h"
#include "shm/channel.h"

#define WORKER_MAX_CPUS 64u

struct worker_config {
    int socket; /* where the channel comes from, and the models; borrowed; no default */
    uint32_t cpu_count; /* 0: wherever the kernel puts the threads */
    uint32_t cpu[WORKER_MAX_CPUS]; /* the polling thread on the first, helpers on the others */
};

struct worker_counts {
    uint64_t rows; /* ended, whatever the status */
    uint64_t refused_rows; /* of these: by a check */
    uint64_t segments;
    uint64_t interruptions; /* segments that another began inside of */
    uint64_t unknown_messages;
};

struct worker {
    struct worker_config config;
    struct channel channel; /* owned */
    bool is_slab[CHANNEL_MAX_GRANTS];
    struct worker_model model[MESSAGE_MAX_MODELS];
    uint32_t cold_model; /* models below are warm */
    struct worker_path *paths; /* [MESSAGE_MAX_DISPATCHES], at rest */
    struct worker_path *path[MESSAGE_MAX_DISPATCHES]; /* each of them once: the open ones first, in
                                                       * the order of their RUNs */
    uint32_t path_count;
    uint32_t depth; /* segments under way */
    bool is_draining;
    bool is_drained; /* all is answered; it may exit */
    int failure; /* -errno: the channel cannot be used any more; exit */
    struct worker_counts counts;
    struct engine_error error; /* of the last thing that failed, for a log; "" once taken */
};

/* Waits for the channel on config->socket. 0; -EINVAL: its ring for answers is too small; or the
 * errors of channel_accept. */
int worker_init(struct worker *worker, const struct worker_config *config);
void worker_fini(struct worker *worker); /* accepts NULL and zeroed */

/* Work done; 0: nothing to do, or no room for answers. */
int worker_poll(struct worker *worker, uint64_t now_ns);

/* As DRAIN does. */
void worker_drain(struct worker *worker);

#endif
