/* What the files of a queue have in common. */
#ifndef DATAPLANE_QUEUE_PARTS_H
#define DATAPLANE_QUEUE_PARTS_H

#include "dataplane/queue.h"

/* queue_requests.c: what the protocol asks of its owner; user is the queue. */
extern const struct jtp_server_ops queue_server_ops;

/* queue_ring.c: takes what jointd said, and says what it is owed; how many descriptors. */
int queue_take_messages(struct queue *queue);
int queue_say_owed(struct queue *queue);
bool queue_owes(const struct queue *queue); /* its ring was full */

/* queue_datagrams.c: how many datagrams came, how many left or whose payload came back. */
int queue_receive(struct queue *queue);
int queue_send(struct queue *queue);

/* The protocol's name for a slot, which is never 0, and the token of a datagram that points there.
 */
static inline uint64_t queue_name_of(uint32_t slot)
{
    return (uint64_t)slot + 1;
}

static inline uint32_t queue_slot_of(uint64_t name)
{
    return (uint32_t)(name - 1);
}

/* A request was let in, and its SUBMIT may follow; it does now, or never will. */
static inline void queue_arrives(struct queue *queue, const struct request *request)
{
    queue->catalogue.models[request->submit.model].arriving++;
}

static inline void queue_arrived(struct queue *queue, const struct request *request)
{
    queue->catalogue.models[request->submit.model].arriving--;
}

#endif
