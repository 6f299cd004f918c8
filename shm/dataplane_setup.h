/* What jointd tells joint-dataplane before the first channel: one message over the first socket.
 * The dataplane's command line names only its sockets, one a queue; all settings come here.
 *
 * Over each socket then: the channel's offer (ingress.h), and models as they come. */
#ifndef SHM_DATAPLANE_SETUP_H
#define SHM_DATAPLANE_SETUP_H

#include "shm/layout.h"

#define DATAPLANE_MAX_QUEUES 63u /* and joint-api: a bit for each fits a word */
#define DATAPLANE_MAX_ADDRESSES 8u
#define DATAPLANE_NO_CPU UINT32_MAX

enum dataplane_port { DATAPLANE_DPDK = 1, DATAPLANE_URING };
enum dataplane_choice { DATAPLANE_AUTO, DATAPLANE_YES, DATAPLANE_NO };
enum dataplane_io { DATAPLANE_IO_AUTO, DATAPLANE_IO_RING, DATAPLANE_IO_PLAIN };

struct dataplane_prefix {
    uint8_t ip[16]; /* IPv6, or IPv4 as ::ffff:a.b.c.d */
    uint32_t length; /* of the network, in bits of its family; of a gateway: no matter */
    uint32_t is_given;
};

/* jointd: sets all, from its configuration, where each field is explained; dataplane: checks what
 * sizes memory or indexes. */
struct dataplane_setup {
    uint32_t port; /* enum dataplane_port */
    uint32_t queue_count; /* sockets, channels, threads */
    uint32_t cpu[DATAPLANE_MAX_QUEUES]; /* or DATAPLANE_NO_CPU */
    uint32_t is_busy; /* idle = busy */
    uint32_t udp_port;
    uint32_t address_count; /* uring: where to listen; all zero: everywhere */
    uint8_t address[DATAPLANE_MAX_ADDRESSES][16];
    uint32_t mtu; /* 0: the device's */
    struct dataplane_prefix v4, v6, gateway_v4, gateway_v6; /* dpdk */
    uint32_t vlan; /* 0: none */
    uint32_t huge_pages; /* enum dataplane_choice */
    uint32_t memory_mib; /* 0: what the port needs */
    uint32_t receive_buffers, send_buffers, descriptors;
    uint32_t verify_checksums, offload;
    uint32_t io; /* enum dataplane_io */
    uint64_t nap_ns;
    uint64_t socket_buffer_bytes;
    char device[1024]; /* texts end with 0 */
    char eal_arguments[4096];
    /* JTP: of the whole process; each queue gets its share. */
    uint32_t validate_address;
    uint32_t max_clients, max_requests, max_requests_per_client;
    uint32_t max_receiving, max_waiting, max_ranges, max_sent;
    uint32_t retry_after_us;
    uint32_t class_count; /* of requests; a class beyond the last is the last */
    uint64_t cookie_lifetime_ns, client_idle_ns, stall_ns, longest_ns, give_up_ns, once_ns;
    uint64_t default_deadline_ns[256]; /* by class, of requests that bring none; 0: none */
    uint8_t cookie_key[16], table_key[16]; /* random; the same for a dataplane that replaces one */
    uint64_t boot; /* a number that no other dataplane of this server had */
    /* The request slab: queue q has [q * part_bytes, (q + 1) * part_bytes) of the payload. */
    uint64_t part_bytes;
    uint64_t max_tensor_bytes;
    uint32_t part_slots; /* requests with memory at once, in each part */
    uint32_t response_slots; /* answers at once, of all queues */
};

#endif
