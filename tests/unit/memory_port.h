/* A port of memory with the protocol's server behind it, whose owner answers at once: what a load
 * generator is tested with, without sockets. */
#ifndef TESTS_UNIT_MEMORY_PORT_H
#define TESTS_UNIT_MEMORY_PORT_H

#include "dataplane/port/port.h"
#include "dataplane/proto/server.h"

#define MEMORY_PORT_SLOTS 512
#define MEMORY_PORT_MESSAGE_BYTES 5000 /* of each request; byte i is byte 0 + i */
#define MEMORY_PORT_ANSWER_BYTES 400 /* its first ones */
#define MEMORY_PORT_MODEL 77
#define MEMORY_PORT_FROM 2
#define MEMORY_PORT_TO 7

struct memory_port_parcel;

/* A port of one queue, whose other end is a server. */
struct memory_port {
    struct port port;
    struct jtp_server *server;
    void *server_memory;
    struct jtp_address server_address;
    struct memory_port_parcel *parcels; /* to the lane, a ring */
    uint32_t first, end;
    uint32_t drop_each; /* one of so many, each way; 0: none */
    uint32_t passed;
    bool is_dead;
    uint8_t reject; /* reason; 0: none */
    uint32_t held_back; /* requests delivered and never answered, the first so many */
    uint8_t *slots[MEMORY_PORT_SLOTS];
    uint64_t delivered, wrong, from_lane;
};

void memory_port_init(struct memory_port *port);
void memory_port_fini(struct memory_port *port);

#endif
