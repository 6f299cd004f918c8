/* Fuzz target: datagrams; what was read must survive being written again. */
#include "dataplane/proto/crc32c.h"
#include "dataplane/proto/wire.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void require(int is_true)
{
    if (!is_true)
        abort();
}

static void require_same(const struct jtp_packet *one, const struct jtp_packet *other)
{
    require(one->has_ack == other->has_ack && one->has_open == other->has_open);
    require(one->has_answer == other->has_answer && one->has_data == other->has_data);
    require(one->control_count == other->control_count);
    if (one->has_ack)
        require(one->ack.count == other->ack.count && one->ack.delay_us == other->ack.delay_us &&
                memcmp(one->ack.ranges, other->ack.ranges,
                       one->ack.count * sizeof(one->ack.ranges[0])) == 0);
    if (one->has_open)
        require(memcmp(one->open.fingerprint, other->open.fingerprint, 16) == 0 &&
                one->open.request == other->open.request &&
                one->open.total_bytes == other->open.total_bytes);
    if (one->has_data)
        require(one->data.offset == other->data.offset && one->data.length == other->data.length &&
                memcmp(one->data.payload, other->data.payload, one->data.length) == 0);
}

static void write_again(const struct jtp_packet *packet, uint8_t *bytes, size_t capacity)
{
    struct jtp_packet again;
    struct jtp_writer writer;
    jtp_writer_begin(&writer, bytes, JTP_MAX_HEAD_BYTES, &packet->header);
    if (packet->has_ack)
        jtp_write_ack(&writer, &packet->ack);
    if (packet->has_cookie)
        jtp_write_cookie(&writer, &packet->cookie);
    if (packet->has_open)
        jtp_write_open(&writer, &packet->open);
    if (packet->has_answer)
        jtp_write_answer(&writer, &packet->answer);
    for (uint32_t i = 0; i < packet->control_count; i++)
        jtp_write_control(&writer, &packet->controls[i]);
    if (packet->has_ping || writer.count == JTP_HEADER_BYTES)
        jtp_write_ping(&writer);
    size_t payload_bytes = 0;
    if (packet->has_data) {
        jtp_write_data(&writer, &packet->data);
        payload_bytes = packet->data.length;
        require(writer.count + payload_bytes <= capacity);
        memcpy(bytes + writer.count, packet->data.payload, payload_bytes);
    }
    jtp_writer_finish(&writer, bytes + writer.count, payload_bytes);
    require(jtp_packet_read(bytes, writer.count + payload_bytes, &again) == 0);
    require_same(packet, &again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct jtp_packet packet;
    if (size < JTP_HEADER_BYTES || size > JTP_MAX_DATAGRAM_BYTES)
        return jtp_packet_read(bytes, size, &packet) == 0 ? 1 : 0;
    /* As it came, then with the checksum that the fuzzer cannot guess. */
    jtp_packet_read(bytes, size, &packet);
    uint8_t *copy = malloc(size);
    uint8_t *again = malloc(size + JTP_MAX_HEAD_BYTES);
    require(copy != NULL && again != NULL);
    memcpy(copy, bytes, size);
    jtp_put_u32(copy + 4, jtp_crc32c(jtp_crc32c(0, copy, 4), copy + 8, size - 8));
    if (jtp_packet_read(copy, size, &packet) == 0 && packet.header.kind <= JTP_SERVER)
        write_again(&packet, again, size + JTP_MAX_HEAD_BYTES);
    free(again);
    free(copy);
    return 0;
}
