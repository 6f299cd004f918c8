/* Finds the largest datagram that passes, and notices when it passes no more: RFC 8899. */
#ifndef DATAPLANE_PROTO_MTU_H
#define DATAPLANE_PROTO_MTU_H

#include <stdbool.h>
#include <stdint.h>

#define JTP_MAX_SIZE_PROBES 3
#define JTP_SIZE_STEP 16
#define JTP_RAISE_NS (UINT64_C(600) * 1000000000)
#define JTP_BLACK_HOLE_LOSSES 6

/*     base <= current < too_big <= largest + 1
 *     searching while too_big - current > JTP_SIZE_STEP, or nothing above current was tried yet */
struct jtp_mtu {
    uint16_t base, largest;
    uint16_t current; /* what datagrams may have */
    uint32_t too_big; /* the smallest that failed; largest + 1: none did */
    uint16_t probed; /* the size in question; 0: none */
    uint8_t failures; /* of that size */
    uint8_t losses; /* of datagrams above base, sent after the last such that arrived */
    bool is_in_flight; /* a probe is */
    uint64_t arrived_end; /* one more than the number of that one */
    uint64_t raise_ns; /* when sizes that failed are tried again */
};

void jtp_mtu_init(struct jtp_mtu *mtu, uint16_t base, uint16_t largest);

/* The size of probe to send now; 0: none. */
uint16_t jtp_mtu_probe(struct jtp_mtu *mtu, uint64_t now_ns);

void jtp_mtu_probe_sent(struct jtp_mtu *mtu);
void jtp_mtu_probe_acked(struct jtp_mtu *mtu, uint16_t bytes, uint64_t now_ns);
void jtp_mtu_probe_lost(struct jtp_mtu *mtu, uint16_t bytes, uint64_t now_ns);

/* Datagrams that were no probes, by packet number. Losing one returns true if that is a black hole:
 * current is base again. Congestion loses those that others of their size overtake: not counted. */
void jtp_mtu_acked(struct jtp_mtu *mtu, uint16_t bytes, uint64_t number);
bool jtp_mtu_lost(struct jtp_mtu *mtu, uint16_t bytes, uint64_t number, uint64_t now_ns);

/* The second probe timeout in a row, with datagrams above base in flight: a black hole. */
void jtp_mtu_black_hole(struct jtp_mtu *mtu, uint64_t now_ns);

#endif
