/* joint-api as an ingress of jointd (shm/ingress.h): places in its request slab, what is said of
 * them, and answers in the response slab. It knows nothing of HTTP.
 *
 *            reserve            submit               finished
 *   FREE ────────────> FILLING ────────> SUBMITTED ────────────> FREE
 *                         │ release           │ leave: CANCEL is said, nobody is told of the end
 *                         └──> FREE           └ and its place stays until FINISHED
 *
 * One thread uses it. What jointd says is checked; what cannot be true is counted and has no
 * effect.
 */
#ifndef SCHEDULER_API_INFER_RING_H
#define SCHEDULER_API_INFER_RING_H

#include "scheduler/api/infer_models.h"
#include "shm/channel.h"
#include "shm/slab.h"

enum infer_slot_state { INFER_SLOT_FREE, INFER_SLOT_FILLING, INFER_SLOT_SUBMITTED };

struct infer_slot {
    enum infer_slot_state state;
    uint32_t generation;
    uint32_t answer_bytes; /* expected */
    uint8_t answer_encoding;
    uint16_t model;
    uint64_t offset, client;
    void *caller; /* who is told of the end; NULL: nobody */
};

struct infer_answer_slot {
    bool is_taken;
    uint32_t generation;
};

struct infer_ring_ops {
    /* A request has ended as jointd says. With INGRESS_ANSWERED, `bytes` are the answer's, and lie
     * there until infer_ring_sent. */
    void (*finished)(void *caller, const struct ingress_finished *finished,
                     const unsigned char *bytes);
};

struct infer_ring {
    const struct infer_ring_ops *ops;
    struct api_infer_setup setup;
    int socket; /* borrowed; models come over it */
    struct channel channel; /* owned */
    struct slab *slab; /* owned */
    struct infer_slot *slots; /* owned; [setup.slots] */
    uint32_t taken_count;
    struct infer_answer_slot *answers; /* owned; [setup.answer_slots] */
    uint32_t answer_count;
    struct infer_models models;
    bool is_draining, is_drained;
    bool has_news; /* said, and jointd was not woken for it */
    int failure; /* -errno: the channel cannot be used any more; exit */
    uint64_t unsound_count;
};

/* Waits for the channel on the socket. 0; -EBADMSG: setup and grants contradict each other; or the
 * errors of channel_accept. It must not move after. */
int infer_ring_init(struct infer_ring *ring, const struct api_infer_setup *setup, int socket,
                    const struct infer_ring_ops *ops);
void infer_ring_fini(struct infer_ring *ring); /* accepts NULL and zeroed */

/* Takes what jointd said, and says what it is owed. How much was done. */
int infer_ring_poll(struct infer_ring *ring);
/* At a turn's end: wakes jointd once for all that was said, if it is not only that places are free.
 */
void infer_ring_flush(struct infer_ring *ring);

/* A place for a message for that model. 0 and its slot; -ENOSPC: not now; -EMSGSIZE: never. */
int infer_ring_reserve(struct infer_ring *ring, uint32_t model, uint32_t bytes, uint32_t *slot,
                       unsigned char **place);
void infer_ring_release(struct infer_ring *ring, uint32_t slot);
/* All of the message is there. Sets kind, slot, generation, offset and model of `submit`. */
void infer_ring_submit(struct infer_ring *ring, uint32_t slot, struct ingress_submit *submit,
                       uint32_t answer_bytes, void *caller);
/* The caller does not wait any more. */
void infer_ring_leave(struct infer_ring *ring, uint32_t slot);
/* An answer's bytes are not needed any more. */
void infer_ring_sent(struct infer_ring *ring, uint32_t answer_slot);

/* How many requests of that client are open. */
uint32_t infer_ring_open_of(const struct infer_ring *ring, uint64_t client);

#endif
