/* The frames by which a host is found, and shown to be there: ARP, neighbour discovery, echo. */
#ifndef DATAPLANE_PORT_NET_ANSWER_H
#define DATAPLANE_PORT_NET_ANSWER_H

#include "dataplane/port/net/frame.h"
#include "dataplane/port/net/neighbours.h"

#define NET_MAX_CONTROL_BYTES 96 /* of a question, or of an answer but to an echo */

/* What ip's MAC is: ARP or a neighbour solicitation, to mac, or to all if mac is NULL. Returns the
 * bytes written, at most NET_MAX_CONTROL_BYTES. */
uint32_t net_question_write(uint8_t *out, const struct net_host *host, const uint8_t *ip,
                            const uint8_t *mac);

/* The answer to a frame that was read from bytes; 0 if it needs none or does not fit. Only the
 * answer to an echo exceeds NET_MAX_CONTROL_BYTES. */
uint32_t net_answer_write(uint8_t *out, uint32_t capacity, const struct net_host *host,
                          const struct net_frame *frame, const uint8_t *bytes);

/* What a frame of ARP or neighbour discovery says about someone on our link that a host should
 * remember; false: nothing. */
bool net_lesson_read(struct net_lesson *lesson, const struct net_host *host,
                     const struct net_frame *frame);

#endif
