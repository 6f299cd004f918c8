/* A queue of things that know their place in it: in at the back, out anywhere. */
#ifndef DATAPLANE_PROTO_QUEUE_H
#define DATAPLANE_PROTO_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

/* Embedded in what is queued; zeroed: in no queue. Not to be moved while it is in one. */
struct jtp_place {
    struct jtp_place *before, *after;
    void *owner;
};

/* A ring through the head, which points at itself while the queue is empty. */
struct jtp_queue {
    struct jtp_place head;
};

static inline void jtp_queue_init(struct jtp_queue *queue)
{
    queue->head = (struct jtp_place){&queue->head, &queue->head, NULL};
}

static inline bool jtp_place_is_queued(const struct jtp_place *place)
{
    return place->after != NULL;
}

/* The owner of the first place; NULL: the queue is empty. */
static inline void *jtp_queue_first(const struct jtp_queue *queue)
{
    return queue->head.after->owner;
}

/* The owner after the one whose place this is; NULL: that was the last. */
static inline void *jtp_queue_after(const struct jtp_place *place)
{
    return place->after->owner;
}

/* At the back; it must be in no queue. */
static inline void jtp_queue_add(struct jtp_queue *queue, struct jtp_place *place, void *owner)
{
    *place = (struct jtp_place){queue->head.before, &queue->head, owner};
    place->before->after = place;
    queue->head.before = place;
}

/* Out of its queue, if it is in one. */
static inline void jtp_queue_remove(struct jtp_place *place)
{
    if (!place->after)
        return;
    place->before->after = place->after;
    place->after->before = place->before;
    place->before = place->after = NULL;
}

#endif
