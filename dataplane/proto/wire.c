/* The writing half of the wire format; wire_read.c is the other. */
#include "dataplane/proto/wire.h"

#include "dataplane/proto/crc32c.h"
#include "dataplane/proto/frame.h"

#include <assert.h>
#include <string.h>

/* Zeroed room for a frame with its type set, or NULL. */
static uint8_t *claim(struct jtp_writer *writer, size_t count, uint8_t type)
{
    if (writer->is_full || writer->capacity - writer->count < count) {
        writer->is_full = true;
        return NULL;
    }
    uint8_t *frame = writer->bytes + writer->count;
    memset(frame, 0, count);
    frame[0] = type;
    writer->count += count;
    return frame;
}

static void put_load(uint8_t *at, const struct jtp_load *load)
{
    jtp_put_u32(at, load->predicted_wait_us);
    jtp_put_u16(at + 4, load->utilization_permille);
    jtp_put_u16(at + 6, load->queued);
    jtp_put_u16(at + 8, load->credits);
    at[10] = load->state;
    at[11] = load->switch_gain;
    jtp_put_u32(at + 12, load->age_us);
}

void jtp_writer_begin(struct jtp_writer *writer, uint8_t *memory, size_t capacity,
                      const struct jtp_header *header)
{
    assert(capacity >= JTP_HEADER_BYTES);
    *writer = (struct jtp_writer){.bytes = memory, .capacity = capacity};
    writer->count = JTP_HEADER_BYTES;
    jtp_put_u16(memory, JTP_MAGIC);
    memory[2] = JTP_VERSION;
    memory[3] = header->kind;
    jtp_put_u32(memory + 4, 0);
    jtp_put_u64(memory + 8, header->connection);
    jtp_put_u64(memory + 16, header->packet_number);
}

size_t jtp_ack_bytes(const struct jtp_ack *ack)
{
    return JTP_ACK_BYTES + (ack->count - 1) * (size_t)JTP_ACK_RANGE_BYTES;
}

void jtp_write_ack(struct jtp_writer *writer, const struct jtp_ack *ack)
{
    assert(ack->count > 0 && ack->count <= JTP_MAX_ACK_RANGES);
    uint8_t *at = claim(writer, jtp_ack_bytes(ack), JTP_FRAME_ACK);
    if (!at)
        return;
    const struct jtp_ack_range *range = ack->ranges;
    uint32_t delay = ack->delay_us / 16;
    at[1] = (uint8_t)ack->count;
    jtp_put_u16(at + 2, delay > UINT16_MAX ? UINT16_MAX : (uint16_t)delay);
    jtp_put_u64(at + 4, range->last);
    jtp_put_u32(at + 12, (uint32_t)(range->last - range->first));
    for (uint32_t i = 1; i < ack->count; i++, range++) {
        uint8_t *next = at + JTP_ACK_BYTES + (i - 1) * (size_t)JTP_ACK_RANGE_BYTES;
        jtp_put_u32(next, (uint32_t)(range[0].first - range[1].last - 2));
        jtp_put_u32(next + 4, (uint32_t)(range[1].last - range[1].first));
    }
}

void jtp_write_cookie(struct jtp_writer *writer, const struct jtp_cookie *cookie)
{
    uint8_t *at = claim(writer, JTP_COOKIE_BYTES, JTP_FRAME_COOKIE);
    if (!at)
        return;
    jtp_put_u32(at + 4, cookie->made_s);
    jtp_put_u64(at + 8, cookie->signature);
}

void jtp_write_open(struct jtp_writer *writer, const struct jtp_open *open)
{
    uint8_t *at = claim(writer, JTP_OPEN_BYTES, JTP_FRAME_OPEN);
    if (!at)
        return;
    at[1] = open->encoding;
    at[2] = open->class_index;
    at[3] = open->flags;
    jtp_put_u32(at + 4, open->request);
    jtp_put_u64(at + 8, open->client);
    memcpy(at + 16, open->fingerprint, 16);
    jtp_put_u32(at + 32, open->model);
    jtp_put_u32(at + 36, open->model_version);
    jtp_put_u16(at + 40, open->from);
    jtp_put_u16(at + 42, open->to);
    jtp_put_u16(at + 44, open->rows);
    at[46] = open->answer_encoding;
    jtp_put_u32(at + 48, open->total_bytes);
    jtp_put_u32(at + 52, open->deadline_us);
    jtp_put_u32(at + 56, open->answer_granted_bytes);
}

void jtp_write_answer(struct jtp_writer *writer, const struct jtp_answer *answer)
{
    uint8_t *at = claim(writer, JTP_ANSWER_BYTES, JTP_FRAME_ANSWER);
    if (!at)
        return;
    at[1] = answer->encoding;
    jtp_put_u16(at + 2, answer->batch);
    jtp_put_u32(at + 4, answer->request);
    jtp_put_u32(at + 8, answer->total_bytes);
    jtp_put_u32(at + 12, answer->queue_us);
    jtp_put_u32(at + 16, answer->compute_us);
    put_load(at + 24, &answer->load);
}

size_t jtp_control_bytes(uint8_t type)
{
    switch (type) {
    case JTP_GRANT:
        return JTP_GRANT_BYTES;
    case JTP_PROGRESS:
        return JTP_PROGRESS_BYTES;
    case JTP_REJECT:
        return JTP_REJECT_BYTES;
    case JTP_CANCEL:
        return JTP_CANCEL_BYTES;
    case JTP_UNKNOWN:
        return JTP_UNKNOWN_BYTES;
    case JTP_QUERY:
        return JTP_QUERY_BYTES;
    default:
        return 0;
    }
}

void jtp_write_control(struct jtp_writer *writer, const struct jtp_control *control)
{
    uint8_t *at = claim(writer, jtp_control_bytes(control->type), control->type);
    if (!at)
        return;
    at[1] = control->detail;
    jtp_put_u32(at + 4, control->request);
    if (control->type == JTP_GRANT || control->type == JTP_REJECT)
        jtp_put_u32(at + 8, control->value);
    if (control->type == JTP_REJECT)
        put_load(at + 12, &control->load);
}

void jtp_write_ping(struct jtp_writer *writer)
{
    claim(writer, JTP_PING_BYTES, JTP_FRAME_PING);
}

void jtp_write_data(struct jtp_writer *writer, const struct jtp_data *data)
{
    uint8_t *at = claim(writer, JTP_DATA_BYTES, JTP_FRAME_DATA);
    if (!at)
        return;
    jtp_put_u16(at + 2, (uint16_t)data->length);
    jtp_put_u32(at + 4, data->request);
    jtp_put_u32(at + 8, data->offset);
}

void jtp_write_padding(struct jtp_writer *writer)
{
    claim(writer, 1, JTP_FRAME_PADDING);
}

void jtp_writer_finish(struct jtp_writer *writer, const uint8_t *payload, size_t payload_bytes)
{
    assert(!writer->is_full);
    uint32_t crc = jtp_crc32c(0, writer->bytes, 4);
    crc = jtp_crc32c(crc, writer->bytes + 8, writer->count - 8);
    if (payload_bytes > 0)
        crc = jtp_crc32c(crc, payload, payload_bytes);
    jtp_put_u32(writer->bytes + 4, crc);
}

/* A datagram of a fixed size after its header, which answers to. */
static struct jtp_writer begin_whole(uint8_t *memory, const struct jtp_header *to, uint8_t kind,
                                     size_t count)
{
    struct jtp_writer writer;
    struct jtp_header header = *to;
    header.kind = kind;
    jtp_writer_begin(&writer, memory, count, &header);
    memset(memory + JTP_HEADER_BYTES, 0, count - JTP_HEADER_BYTES);
    writer.count = count;
    return writer;
}

size_t jtp_write_retry(uint8_t *memory, const struct jtp_header *to,
                       const struct jtp_cookie *cookie)
{
    struct jtp_writer writer = begin_whole(memory, to, JTP_RETRY, JTP_RETRY_BYTES);
    jtp_put_u32(memory + 24, cookie->made_s);
    jtp_put_u64(memory + 28, cookie->signature);
    jtp_writer_finish(&writer, NULL, 0);
    return writer.count;
}

size_t jtp_write_refuse(uint8_t *memory, const struct jtp_header *to, enum jtp_reason reason,
                        uint32_t retry_after_us, const struct jtp_load *load)
{
    struct jtp_writer writer = begin_whole(memory, to, JTP_REFUSE, JTP_REFUSE_BYTES);
    memory[24] = (uint8_t)reason;
    jtp_put_u32(memory + 28, retry_after_us);
    put_load(memory + 32, load);
    jtp_writer_finish(&writer, NULL, 0);
    return writer.count;
}

size_t jtp_write_probe(uint8_t *memory, uint64_t nonce)
{
    struct jtp_header header = {.connection = nonce};
    struct jtp_writer writer = begin_whole(memory, &header, JTP_PROBE, JTP_PROBE_BYTES);
    jtp_writer_finish(&writer, NULL, 0);
    return writer.count;
}

size_t jtp_write_load(uint8_t *memory, const struct jtp_header *to, const struct jtp_load *load,
                      uint64_t boot, uint64_t sequence)
{
    struct jtp_writer writer = begin_whole(memory, to, JTP_LOAD, JTP_PROBE_BYTES);
    put_load(memory + 24, load);
    jtp_put_u64(memory + 40, boot);
    jtp_put_u64(memory + 48, sequence);
    jtp_writer_finish(&writer, NULL, 0);
    return writer.count;
}
