/* A queue of joint-dataplane, the role: datagrams of one queue of the port, requests into their
 * places, what jointd has to know of them, answers from where they lie.
 *
 *            ┌────────────────────────── queue ───────────────────────────┐
 *   port ──> │ jtp_server ──check──> catalogue, load_view                 │
 *            │      │ reserve, deliver, cancelled                         │
 *            │      v                                                     │
 *            │  requests ─ASK SUBMIT .. ──┐        ┌─ FINISHED VERDICT .. │ <── ring
 *            │                            ├────────┼──────────────────────┼──> ring
 *            │  answers  ──SENT───────────┘        │                      │
 *   port <── │      ^ sent, tokens                 v                      │
 *            │      └──────────────────── jtp_server_answer               │
 *            └────────────────────────────────────────────────────────────┘
 *
 * One thread polls it; queues share nothing but the port. Nothing is allocated after init but the
 * tables of models. What is owed to jointd waits in lists with a place for each slot, so a full
 * ring delays it and loses nothing. What jointd says is checked; what cannot be true is reported
 * (queue.trouble) and has no effect. */
#ifndef DATAPLANE_QUEUE_H
#define DATAPLANE_QUEUE_H

#include "dataplane/answers.h"
#include "dataplane/catalogue.h"
#include "dataplane/load_view.h"
#include "dataplane/port/port.h"
#include "dataplane/proto/server.h"
#include "dataplane/queue_counters.h"
#include "dataplane/requests.h"
#include "shm/channel.h"
#include "shm/dataplane_setup.h"

#define QUEUE_BURST 64u

struct queue_config {
    const struct dataplane_setup *setup; /* checked; borrowed for the queue's life */
    uint32_t number; /* of the port's queue */
    int socket; /* where the channel comes from, and the models; borrowed */
};

struct queue {
    struct queue_config config;
    struct channel channel; /* owned */
    struct port *port; /* borrowed; from queue_open on */
    struct jtp_server *server; /* owned, its memory too */
    size_t server_bytes;
    struct catalogue catalogue;
    struct requests requests;
    struct answers answers;
    struct load_view load;
    uint32_t asking_count; /* ASKs that are owed, or without a VERDICT yet */
    struct queue_counters counters;
    struct queue_counts counts;
    uint64_t now_ns; /* of this poll */
    bool was_busy; /* the last poll found work */
    bool has_freed; /* those that wait for memory may get some */
    bool has_started, has_models, is_draining; /* has_models: one came, ever */
    bool is_drained; /* nothing is open, and jointd was told */
    int failure; /* -errno: the channel cannot be used any more; exit */
    char trouble[120]; /* what jointd last said that cannot be, for a log; "" once taken */
    struct jtp_datagram outbox[QUEUE_BURST];
};

/* Waits for the channel on config->socket. 0; -EBADMSG: its grants are not those of ingress.h or
 * less than the setup says; or the errors of channel_accept. The queue must not move after. */
int queue_init(struct queue *queue, const struct queue_config *config);

/* Once the port is open, before the first poll. 0 or -ENOMEM. */
int queue_open(struct queue *queue, struct port *port, uint32_t largest_datagram_bytes,
               uint64_t now_ns);
void queue_fini(struct queue *queue); /* accepts NULL and zeroed */

/* If both were granted the same response slab, as is usual, this queue uses the other's mapping of
 * it, which must stay. */
void queue_share_responses(struct queue *queue, const struct queue *other);

/* Work done; 0: nothing to do. */
int queue_poll(struct queue *queue, uint64_t now_ns);

/* When to poll it again, though nothing came. */
uint64_t queue_timeout_ns(const struct queue *queue);

/* As DRAIN does. */
void queue_drain(struct queue *queue);

#endif
