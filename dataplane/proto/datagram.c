/* Head and payload are summed where they lie; nothing is copied. */
#include "dataplane/proto/datagram.h"

#include <assert.h>

const uint8_t jtp_zeros[JTP_LARGEST_PROBE_BYTES] = {0};

uint16_t jtp_datagram_finish(struct jtp_datagram *datagram, struct jtp_writer *writer,
                             const uint8_t *payload, uint32_t payload_bytes)
{
    assert(writer->bytes == datagram->head);
    jtp_writer_finish(writer, payload, payload_bytes);
    datagram->head_bytes = (uint32_t)writer->count;
    datagram->payload = payload;
    datagram->payload_bytes = payload_bytes;
    return (uint16_t)(writer->count + payload_bytes);
}

void jtp_datagram_pad(struct jtp_datagram *datagram, struct jtp_writer *writer, uint16_t size)
{
    assert(size > writer->count && size <= JTP_LARGEST_PROBE_BYTES);
    jtp_write_padding(writer);
    jtp_datagram_finish(datagram, writer, jtp_zeros, (uint32_t)(size - writer->count));
}
