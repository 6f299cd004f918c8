/* Places for tensors of any size up to a maximum in one region: O(1), bounded, contiguous.
 *
 * The allocator is private memory of the one process that gives out places (jointd); the region
 * holds nothing but tensors, so no peer can harm it. The region's payload is cut into spans of four
 * maximal tensors (more, if that would be over 4096 spans), and these, as smaller tensors need it,
 * into halves, quarters, ... of SLAB_MIN_SPAN_BYTES at least. A span in use belongs to a size class
 * and holds 4, 5, 6 or 7 equal slots, one of the smallest spans any number: neighbouring classes
 * differ by at most a quarter, so a slot is at least 80 % full, save the very small. A new span is
 * opened only when all spans of the class are full, and is given back when its last slot is: a
 * class never holds more than its own largest use so far, rounded up to a span, and nothing when it
 * is idle. The lowest span goes first, so that high ones drain and stay whole for the largest. With
 * no span free, a slot of the next larger class that has one is taken.
 *
 *   payload: │ span 0 (class 7)        │ span 1 (class 4)          │ span 2 (free) │ ...
 *            │ s0 │ s1 │ .. │ s6 │rest │  s0  │  s1  │  s2  │  s3  │               │
 *
 * A place is taken when a request is admitted and held until it ends; so a tensor that is let in
 * has its memory, and lack of memory is a rejection at the door. */
#ifndef SHM_SLAB_H
#define SHM_SLAB_H

#include "shm/layout.h"

#define SLAB_MIN_SPAN_BYTES (UINT64_C(4096) * SHM_LINE_BYTES)

struct slab;

struct slab_config {
    uint64_t payload_bytes; /* of the region; no default */
    uint64_t max_tensor_bytes; /* no default */
    uint32_t slot_count; /* tensors at once, at most; no default */
};

struct slab_use {
    uint64_t total_bytes; /* in whole spans */
    uint64_t held_bytes; /* in spans that belong to a class */
    uint64_t slot_bytes; /* in slots that are taken */
    uint64_t tensor_bytes; /* in tensors */
    uint32_t slots_taken;
    uint64_t refused_count; /* slab_alloc that found no place */
    uint64_t stale_count; /* slab_free that named no live slot */
};

/* 0, -EINVAL (nothing, or so little that not one span fits), -ENOMEM. */
int slab_create(const struct slab_config *config, struct slab **slab);
void slab_destroy(struct slab *slab); /* accepts NULL */

/* Takes a place, aligned to a cache line. -EMSGSIZE: over the maximum, never possible; -ENOSPC:
 * none now. Slots are numbered from 0 below slot_count; generations start at 1. */
int slab_alloc(struct slab *slab, uint64_t bytes, struct slab_ref *ref);

/* Gives a place back. -ESTALE, and nothing happens, unless that generation of the slot is live. */
int slab_free(struct slab *slab, uint32_t slot, uint32_t generation);

/* The live place of a slot and generation; -ESTALE. What a peer says of a slot is checked so. */
int slab_find(const struct slab *slab, uint32_t slot, uint32_t generation, struct slab_ref *ref);

/* How many tensors of that size could still be taken if no other is: what a grant may promise. */
uint64_t slab_room(const struct slab *slab, uint64_t bytes);

void slab_measure(const struct slab *slab, struct slab_use *use);

#endif
