/* Clients of a server over real UDP sockets: each the protocol's client core and a socket. */
#ifndef TESTS_PROPERTY_INGRESS_CALLER_H
#define TESTS_PROPERTY_INGRESS_CALLER_H

#include "dataplane/proto/client.h"
#include "tests/property/ingress_host.h"

/* One request: what it asks, and what came of it. */
struct call {
    const struct host_model *model;
    uint16_t from, to, rows;
    uint8_t encoding, answer_encoding, class_index;
    uint32_t version; /* 0: the newest */
    uint64_t deadline_ns; /* 0: none */
    /* Wrong on purpose: added to the bytes, mixed into the fingerprint. */
    int32_t more_bytes;
    uint16_t wrong_to; /* 0: none */
    uint8_t spoilt_mark;
    uint32_t request;
    uint32_t bytes, answer_bytes;
    uint8_t *message, *answer, *expected; /* owned */
    bool is_over;
    struct jtp_event event;
};

struct caller {
    int fd;
    struct jtp_client *client; /* owned */
    uint64_t seed;
};

/* To 127.0.0.1 or another IPv4 address (host byte order). False: there is no such way. */
bool caller_open(struct caller *caller, uint32_t address, uint16_t port, uint64_t seed);
void caller_close(struct caller *caller);

/* Random bytes, and the answer they should get. False: the client takes no more. */
bool caller_call(struct caller *caller, struct call *call);
void caller_cancel(struct caller *caller, struct call *call);
void call_free(struct call *call);
/* It was answered, right to the byte. */
bool call_is_right(const struct call *call);
bool call_is_rejected(const struct call *call, enum jtp_reason reason);

/* A turn: what came, what time it is, what leaves; how many datagrams. */
int caller_poll(struct caller *caller);

/* One datagram that is a whole request, as a stateless generator sends it: no deadline, no
 * acknowledgement. */
bool caller_fire(uint16_t port, const struct host_model *model, uint8_t class_index);

/* The load that a probe is told, over a socket of its own; false: nobody answered. */
bool caller_probe(uint32_t address, uint16_t port, struct jtp_load *load);

#endif
