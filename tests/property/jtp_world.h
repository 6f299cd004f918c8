/* A server, its clients and the links between them, in virtual time: everything follows from a
 * seed.
 *
 * The server's owner here computes an answer out of each request after a while; both are checked
 * byte by byte. What must never happen sets world.fault. */
#ifndef TESTS_PROPERTY_JTP_WORLD_H
#define TESTS_PROPERTY_JTP_WORLD_H

#include "dataplane/proto/client.h"
#include "dataplane/proto/server.h"

#include <stdio.h>

#define WORLD_MAX_CLIENTS 256
#define WORLD_MAX_REQUESTS 4096

/* One direction of the path between a client and the server. */
struct world_link {
    double loss, duplicate, corrupt, reorder; /* probabilities */
    uint64_t delay_ns, jitter_ns; /* jitter: the most that a reordered one comes later */
    double bytes_per_s; /* 0: no limit */
    uint64_t queue_ns; /* what waits longer for the link is dropped */
    uint32_t largest_bytes; /* what is larger is dropped silently */
    uint64_t free_ns; /* the link is busy until then */
};

struct world_config {
    uint64_t seed;
    uint32_t clients;
    struct world_link up, down; /* of each client */
    uint64_t shrink_ns; /* when largest_bytes becomes: */
    uint32_t shrink_bytes; /* 0: never */
    uint64_t restart_ns; /* when the server loses all its state; 0: never */
    uint64_t slab_bytes; /* for requests */
    uint32_t workers; /* requests computed at once */
    uint64_t compute_ns; /* for each */
    uint32_t max_ranges;
    struct jtp_server_config server;
    struct jtp_client_config client;
};

struct world_request {
    uint32_t client, number, total_bytes, answer_bytes;
    uint64_t at_ns, deadline_ns;
    uint8_t *bytes, *answer;
    bool is_submitted, has_event;
    uint32_t deliveries; /* by this run of the server */
    struct jtp_event event;
};

enum world_flight_kind { WORLD_TO_SERVER, WORLD_TO_CLIENT, WORLD_ANSWER };

struct world_flight {
    uint64_t at_ns, order;
    enum world_flight_kind kind;
    uint32_t client, count;
    struct jtp_address from;
    uint8_t *bytes;
    struct jtp_request_ref ref; /* ANSWER */
    uint32_t slot;
};

/* What the server's owner holds for a request: its message, then its answer. */
struct world_slot {
    bool is_used;
    uint32_t request; /* the world's */
    uint32_t total_bytes;
    uint8_t *bytes, *answer;
    uint32_t answer_bytes;
};

struct world {
    struct world_config config;
    uint64_t now_ns, random;
    char fault[160]; /* empty: none */
    struct jtp_server *server;
    struct jtp_client *clients[WORLD_MAX_CLIENTS];
    struct world_link up[WORLD_MAX_CLIENTS], down[WORLD_MAX_CLIENTS];
    struct world_request requests[WORLD_MAX_REQUESTS];
    uint32_t request_count, next_request;
    struct world_flight *flights; /* a heap by time */
    uint32_t flight_count, flight_capacity;
    uint64_t flight_order;
    struct world_slot *slots;
    uint32_t slot_count;
    uint64_t slab_used, slab_peak; /* bytes reserved, or with the workers */
    uint32_t answers_held;
    uint32_t working;
    uint64_t sent_bytes_up, sent_bytes_down;
    uint64_t from_strangers, to_strangers; /* bytes: addresses that are no client's */
    uint64_t flood_per_s; /* datagrams from strangers; 0: none */
    uint64_t flood_ns;
    uint32_t flood_kind;
};

void world_config_default(struct world_config *config);
struct world *world_create(const struct world_config *config);
void world_destroy(struct world *world);

/* A request that its client will submit at that time. Times ascend. */
void world_request(struct world *world, uint32_t client, uint64_t at_ns, uint32_t total_bytes,
                   uint32_t answer_bytes, uint64_t deadline_ns);

/* Until nothing is left to happen, or until_ns. */
void world_run(struct world *world, uint64_t until_ns);

/* Finds what has to be true after all requests have ended, and all is idle. */
void world_check_end(struct world *world);

uint32_t world_count(const struct world *world, enum jtp_end end);
/* Between the world's files. */
extern const struct jtp_server_ops world_ops;
void world_fault(struct world *world, const char *what, uint64_t number);
void world_fill(uint8_t *bytes, uint32_t count, uint64_t number);
bool world_is_filled(const uint8_t *bytes, uint32_t count, uint64_t number);
uint64_t world_answer_number(uint32_t request);
void world_push(struct world *world, struct world_flight flight);
struct world_flight world_pop(struct world *world);
void world_transmit(struct world *world, struct world_link *link, struct world_flight flight);
void world_answer(struct world *world, const struct world_flight *flight);
void world_free_slots(struct world *world);

uint64_t world_random(struct world *world);
double world_chance(struct world *world);
const char *world_end_name(enum jtp_end end);

#endif
