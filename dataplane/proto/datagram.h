/* A datagram to send, in two parts, so that a port can send the payload from where it lies. */
#ifndef DATAPLANE_PROTO_DATAGRAM_H
#define DATAPLANE_PROTO_DATAGRAM_H

#include "dataplane/proto/address.h"
#include "dataplane/proto/wire.h"

#define JTP_LARGEST_PROBE_BYTES 9216 /* no datagram of ours is larger */

struct jtp_datagram {
    struct jtp_address to;
    uint64_t slot; /* the server's answer slot that payload lies in; 0 with payload elsewhere */
    const uint8_t *payload; /* follows the head; unchanged as long as the slot or message is */
    uint32_t payload_bytes;
    uint32_t head_bytes;
    uint8_t head[JTP_MAX_HEAD_BYTES];
};

/* JTP_LARGEST_PROBE_BYTES zeros, for padding. */
extern const uint8_t jtp_zeros[];

/* The whole datagram in one piece; memory for head_bytes + payload_bytes. Returns their sum. */
static inline size_t jtp_datagram_join(const struct jtp_datagram *datagram, uint8_t *memory)
{
    memcpy(memory, datagram->head, datagram->head_bytes);
    if (datagram->payload_bytes > 0)
        memcpy(memory + datagram->head_bytes, datagram->payload, datagram->payload_bytes);
    return (size_t)datagram->head_bytes + datagram->payload_bytes;
}

/* Makes what the writer holds, and the payload, the datagram. Returns its size. */
uint16_t jtp_datagram_finish(struct jtp_datagram *datagram, struct jtp_writer *writer,
                             const uint8_t *payload, uint32_t payload_bytes);

/* The same, padded with zeros up to size. */
void jtp_datagram_pad(struct jtp_datagram *datagram, struct jtp_writer *writer, uint16_t size);

#endif
