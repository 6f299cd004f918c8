/* A server of one model on the loopback interface, in a thread of its own, that can be made to
 * misbehave: what clients are tested against.
 *
 * It speaks JTP by the server's own core over a kernel socket and computes with the engine, one
 * request after the other. Everything random follows from a seed; time is real. Any thread may call
 * these functions, but create and destroy, which frame all others. */
#ifndef TESTS_PROPERTY_FAKE_SERVER_H
#define TESTS_PROPERTY_FAKE_SERVER_H

#include "dataplane/proto/server.h"

/* What may be changed while it runs. All zero: a good server on a perfect link. */
struct fake_server_behaviour {
    /* The link, each direction by itself. */
    double loss, corrupt, duplicate; /* probabilities for each datagram */
    uint64_t delay_ns; /* one way */
    double bytes_per_s; /* 0: no limit; what would wait over 200 ms is dropped */
    bool is_deaf; /* no datagram comes or leaves; the port stays open */
    /* The server. */
    uint64_t compute_ns; /* a request takes at least that, one after the other */
    uint8_t reject; /* enum jtp_reason: for every OPEN; 0: none */
    uint8_t reject_whole; /* the same for requests that were received and computed; with that, */
    uint32_t retry_after_us; /* how long it asks to be left alone */
    bool has_other_model; /* its fingerprint is another, so requests end as model mismatch */
    bool is_idle; /* takes requests, and never answers */
    uint32_t dies_after; /* closes its port and forgets all with so many requests received since
                            the last change of behaviour; 0: never */
    uint32_t surplus_bytes; /* f32 answers are longer by as much as that */
    struct jtp_load load; /* what it tells; the wait of its own queue comes on top */
};

struct fake_server_config {
    const char *model_path; /* no default: an ONNX file */
    const char *name; /* of the model; default "model" */
    uint16_t port; /* default 0: any that is free */
    bool is_ipv6; /* on ::1; default false: on 127.0.0.1 */
    uint64_t seed; /* default 1 */
    uint32_t max_rows; /* of a request; default 4 */
    uint32_t max_cut_tensors; /* default 1, as the engine's */
    uint64_t slab_bytes; /* requests that are held at once; default 256 MiB */
    uint32_t max_clients; /* default 256 */
    bool is_hollow; /* answers zeros and computes nothing; default false */
    struct fake_server_behaviour behaviour;
};

struct fake_server_counts {
    struct jtp_server_stats jtp; /* of this life */
    uint64_t delivered, answered, rejected, cancelled; /* requests, of all lives */
    uint32_t held; /* requests whose memory is in use now */
    bool is_alive;
};

struct fake_server;

void fake_server_config_default(struct fake_server_config *config);

/* Opens the model and the port, and starts. 0 or a negative errno, with a line on stdout. */
int fake_server_create(const struct fake_server_config *config, struct fake_server **server);
void fake_server_destroy(struct fake_server *server); /* accepts NULL */

uint16_t fake_server_port(const struct fake_server *server);

/* "127.0.0.1:4711" or "[::1]:4711"; the server's own text. */
const char *fake_server_address(const struct fake_server *server);

/* All from the thread's next turn on. These return when that has come. */
void fake_server_behave(struct fake_server *server, const struct fake_server_behaviour *behaviour);
void fake_server_kill(struct fake_server *server); /* closes the port, forgets all */
int fake_server_revive(struct fake_server *server); /* the same port, nothing remembered */
void fake_server_count(struct fake_server *server, struct fake_server_counts *counts);

#endif
