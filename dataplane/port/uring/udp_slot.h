/* One message that is sent: its datagrams' parts, its address, its control data, its tokens. */
#ifndef DATAPLANE_PORT_URING_UDP_SLOT_H
#define DATAPLANE_PORT_URING_UDP_SLOT_H

#include "dataplane/port/port.h"
#include "dataplane/port/uring/udp_routes.h"
#include "dataplane/port/uring/udp_socket.h"
#include "dataplane/port/uring/uring_port.h"

#define UDP_SLOT_BUFFER_BYTES 65536
#define UDP_SLOT_CONTROL_BYTES 64

/* Memory that payloads may be sent from without a copy of ours. */
struct udp_memories {
    uint32_t count;
    struct {
        const uint8_t *first;
        size_t bytes;
    } memory[URING_PORT_MAX_MEMORIES];
};

enum udp_slot_state { UDP_SLOT_FREE, UDP_SLOT_FILLED, UDP_SLOT_PENDING, UDP_SLOT_LENT };

struct udp_slot {
    struct msghdr message;
    union udp_name name;
    /* Our address, if the answer has to say it; then the segment size, if there are several. */
    _Alignas(8) uint8_t control[UDP_SLOT_CONTROL_BYTES];
    uint32_t address_control_bytes;
    struct iovec parts[2 * PORT_MAX_BURST];
    uint8_t part_counts[PORT_MAX_BURST]; /* of each datagram */
    uint8_t *buffer; /* UDP_SLOT_BUFFER_BYTES: heads, and what was copied */
    uint32_t buffer_used;
    uint32_t datagram_count;
    uint32_t datagram_bytes; /* of each but the last */
    uint32_t bytes;
    uint32_t socket;
    uint32_t token_count;
    uint64_t tokens[PORT_MAX_BURST];
    enum udp_slot_state state;
    bool has_foreign; /* refers to memory that is only lent for port_send() */
    bool wants_zero_copy;
    bool was_refused; /* an error that an earlier datagram met was told to this one */
    bool must_retry; /* lent, but did not go out */
};

static inline uint32_t port_outgoing_bytes(const struct port_outgoing *datagram)
{
    return datagram->head_bytes + datagram->payload_bytes;
}

/* How many of the datagrams, from the first, go out as one message: a run to one address, all of
 * one length but the last. At least 1. */
uint32_t udp_slot_run(const struct port_outgoing *burst, uint32_t count);

/* Makes a run the slot's message; the route is NULL where the kernel chooses our address. False if
 * the socket cannot send to that address. */
bool udp_slot_fill(struct udp_slot *slot, const struct udp_socket *udp,
                   const struct udp_route *route, const struct udp_memories *memories,
                   const struct port_outgoing *run, uint32_t count);

/* Copies what the slot only borrowed. */
void udp_slot_own(struct udp_slot *slot, const struct udp_memories *memories);

/* Whether the kernel could refer to its memory instead of copying it: few enough pages. */
bool udp_slot_fits_zero_copy(const struct udp_slot *slot);

/* Sends its datagrams one by one; how many went, and their bytes. */
uint32_t udp_slot_send_singly(const struct udp_slot *slot, int fd, uint64_t *bytes);

#endif
