/* Ports over loopback for the tests: opened in a given way, datagrams that say what they are. */
#ifndef TESTS_UNIT_PORT_CASE_H
#define TESTS_UNIT_PORT_CASE_H

#include "dataplane/port/uring/uring_port.h"

#define PORT_CASE_PATIENCE_NS UINT64_C(2000000000) /* for what should come at once */

/* Loopback addresses, by family. */
extern const struct jtp_address port_case_any; /* both families */
extern const struct jtp_address port_case_v4;
extern const struct jtp_address port_case_v6;

/* False, with the reason printed, where the machine has no such thing. */
bool port_case_has_ring(void);
bool port_case_has_v6(void);

/* Opens or fails the test. */
struct port *port_case_open(const struct uring_port_config *config);
struct port *port_case_open_at(const struct jtp_address *local, enum uring_port_mode mode);

/* Where to send to, for a port that listens at this ip. */
struct jtp_address port_case_target(const struct port *port, const struct jtp_address *ip);

struct port_counters port_case_counters(const struct port *port);

/* A datagram of count bytes, all a function of number. */
void port_case_write(uint8_t *bytes, uint32_t count, uint64_t number);
bool port_case_is(const uint8_t *bytes, uint32_t count, uint64_t number);

/* The next burst; waits for it. 0 after PORT_CASE_PATIENCE_NS. */
uint32_t port_case_receive(struct port *port, uint32_t queue, struct port_received *burst,
                           uint32_t count);

/* Tokens that come back until none has for a while, at most count. */
uint32_t port_case_tokens(struct port *port, uint64_t *tokens, uint32_t count, uint32_t wanted);

uint64_t port_case_now_ns(void);

#endif
