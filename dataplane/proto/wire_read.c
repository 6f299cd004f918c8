/* The reading half of the wire format: everything that comes from outside is checked here, once. */
#include "dataplane/proto/wire.h"

#include "dataplane/proto/crc32c.h"
#include "dataplane/proto/frame.h"

#include <errno.h>
#include <string.h>

static void get_load(const uint8_t *at, struct jtp_load *load)
{
    load->predicted_wait_us = jtp_get_u32(at);
    load->utilization_permille = jtp_get_u16(at + 4);
    load->queued = jtp_get_u16(at + 6);
    load->credits = jtp_get_u16(at + 8);
    load->state = at[10];
    load->switch_gain = at[11];
    load->age_us = jtp_get_u32(at + 12);
}

/* Each read_* gets what is left of the datagram, and returns the bytes of its frame, 0 if it breaks
 * the format. */
static size_t read_ack(const uint8_t *at, size_t left, struct jtp_packet *packet)
{
    struct jtp_ack *ack = &packet->ack;
    if (left < JTP_ACK_BYTES || packet->has_ack)
        return 0;
    ack->count = at[1];
    if (ack->count == 0 || ack->count > JTP_MAX_ACK_RANGES || left < jtp_ack_bytes(ack))
        return 0;
    ack->delay_us = jtp_get_u16(at + 2) * 16u;
    uint64_t last = jtp_get_u64(at + 4), more = jtp_get_u32(at + 12);
    for (uint32_t i = 0; i < ack->count; i++) {
        if (i > 0) {
            const uint8_t *next = at + JTP_ACK_BYTES + (i - 1) * (size_t)JTP_ACK_RANGE_BYTES;
            uint64_t down = (uint64_t)jtp_get_u32(next) + 2;
            if (ack->ranges[i - 1].first < down)
                return 0;
            last = ack->ranges[i - 1].first - down;
            more = jtp_get_u32(next + 4);
        }
        if (last < more)
            return 0;
        ack->ranges[i] = (struct jtp_ack_range){last - more, last};
    }
    packet->has_ack = true;
    return jtp_ack_bytes(ack);
}

static size_t read_cookie(const uint8_t *at, size_t left, struct jtp_packet *packet)
{
    if (left < JTP_COOKIE_BYTES || packet->has_cookie)
        return 0;
    packet->has_cookie = true;
    packet->cookie.made_s = jtp_get_u32(at + 4);
    packet->cookie.signature = jtp_get_u64(at + 8);
    return JTP_COOKIE_BYTES;
}

static size_t read_open(const uint8_t *at, size_t left, struct jtp_packet *packet)
{
    struct jtp_open *open = &packet->open;
    if (left < JTP_OPEN_BYTES || packet->has_open)
        return 0;
    packet->has_open = true;
    open->encoding = at[1];
    open->class_index = at[2];
    open->flags = at[3];
    open->request = jtp_get_u32(at + 4);
    open->client = jtp_get_u64(at + 8);
    memcpy(open->fingerprint, at + 16, 16);
    open->model = jtp_get_u32(at + 32);
    open->model_version = jtp_get_u32(at + 36);
    open->from = jtp_get_u16(at + 40);
    open->to = jtp_get_u16(at + 42);
    open->rows = jtp_get_u16(at + 44);
    open->answer_encoding = at[46];
    open->total_bytes = jtp_get_u32(at + 48);
    open->deadline_us = jtp_get_u32(at + 52);
    open->answer_granted_bytes = jtp_get_u32(at + 56);
    return JTP_OPEN_BYTES;
}

static size_t read_answer(const uint8_t *at, size_t left, struct jtp_packet *packet)
{
    struct jtp_answer *answer = &packet->answer;
    if (left < JTP_ANSWER_BYTES || packet->has_answer)
        return 0;
    packet->has_answer = true;
    answer->encoding = at[1];
    answer->batch = jtp_get_u16(at + 2);
    answer->request = jtp_get_u32(at + 4);
    answer->total_bytes = jtp_get_u32(at + 8);
    answer->queue_us = jtp_get_u32(at + 12);
    answer->compute_us = jtp_get_u32(at + 16);
    get_load(at + 24, &answer->load);
    return JTP_ANSWER_BYTES;
}

static size_t read_control(const uint8_t *at, size_t left, struct jtp_packet *packet)
{
    size_t count = jtp_control_bytes(at[0]);
    if (count == 0 || left < count || packet->control_count == JTP_MAX_CONTROLS)
        return 0;
    struct jtp_control *control = &packet->controls[packet->control_count++];
    *control = (struct jtp_control){.type = at[0], .detail = at[1], .request = jtp_get_u32(at + 4)};
    if (control->type == JTP_GRANT || control->type == JTP_REJECT)
        control->value = jtp_get_u32(at + 8);
    if (control->type == JTP_REJECT)
        get_load(at + 12, &control->load);
    return count;
}

/* The last frame of its datagram: its length must be all that is left. */
static size_t read_data(const uint8_t *at, size_t left, struct jtp_packet *packet)
{
    struct jtp_data *data = &packet->data;
    if (left <= JTP_DATA_BYTES)
        return 0;
    *data = (struct jtp_data){.length = jtp_get_u16(at + 2),
                              .request = jtp_get_u32(at + 4),
                              .offset = jtp_get_u32(at + 8),
                              .payload = at + JTP_DATA_BYTES};
    if (data->length != left - JTP_DATA_BYTES || data->length > UINT32_MAX - data->offset)
        return 0;
    packet->has_data = true;
    return left;
}

static size_t read_padding(const uint8_t *at, size_t left)
{
    for (size_t i = 0; i < left; i++)
        if (at[i] != 0)
            return 0;
    return left;
}

static size_t read_frame(const uint8_t *at, size_t left, struct jtp_packet *packet)
{
    bool is_client = packet->header.kind != JTP_SERVER;
    switch (at[0]) {
    case JTP_FRAME_PADDING:
        return read_padding(at, left);
    case JTP_FRAME_ACK:
        return read_ack(at, left, packet);
    case JTP_FRAME_DATA:
        return read_data(at, left, packet);
    case JTP_FRAME_PING:
        packet->has_ping = true;
        return JTP_PING_BYTES;
    case JTP_FRAME_COOKIE:
        return is_client ? read_cookie(at, left, packet) : 0;
    case JTP_FRAME_OPEN:
        return is_client ? read_open(at, left, packet) : 0;
    case JTP_CANCEL:
    case JTP_QUERY:
        return is_client ? read_control(at, left, packet) : 0;
    case JTP_FRAME_ANSWER:
        return is_client ? 0 : read_answer(at, left, packet);
    case JTP_PROGRESS:
    case JTP_REJECT:
    case JTP_UNKNOWN:
        return is_client ? 0 : read_control(at, left, packet);
    case JTP_GRANT:
        return read_control(at, left, packet);
    default:
        return 0;
    }
}

static int read_frames(const uint8_t *at, size_t left, struct jtp_packet *packet)
{
    if (left == 0)
        return -EBADMSG;
    while (left > 0) {
        size_t count = read_frame(at, left, packet);
        if (count == 0)
            return -EBADMSG;
        at += count;
        left -= count;
    }
    return 0;
}

/* RETRY, REFUSE, LOAD and PROBE: fixed fields; a PROBE may be longer. */
static int read_whole(const uint8_t *bytes, size_t count, struct jtp_packet *packet)
{
    switch (packet->header.kind) {
    case JTP_RETRY:
        if (count != JTP_RETRY_BYTES)
            return -EBADMSG;
        packet->cookie.made_s = jtp_get_u32(bytes + 24);
        packet->cookie.signature = jtp_get_u64(bytes + 28);
        return 0;
    case JTP_REFUSE:
        if (count < JTP_REFUSE_BYTES)
            return -EBADMSG;
        packet->reason = bytes[24];
        packet->retry_after_us = jtp_get_u32(bytes + 28);
        get_load(bytes + 32, &packet->load);
        return 0;
    case JTP_PROBE:
        return count < JTP_PROBE_BYTES ? -EBADMSG : 0;
    case JTP_LOAD:
        if (count != JTP_PROBE_BYTES)
            return -EBADMSG;
        get_load(bytes + 24, &packet->load);
        packet->boot = jtp_get_u64(bytes + 40);
        packet->sequence = jtp_get_u64(bytes + 48);
        return 0;
    default:
        return -EBADMSG;
    }
}

int jtp_packet_read(const uint8_t *bytes, size_t count, struct jtp_packet *packet)
{
    /* The ranges of an ACK are written before they are read: no need to clear a kilobyte. */
    packet->has_ack = packet->has_cookie = packet->has_open = false;
    packet->has_answer = packet->has_data = packet->has_ping = false;
    packet->control_count = 0;
    packet->header = (struct jtp_header){0};
    if (count < JTP_HEADER_BYTES || jtp_get_u16(bytes) != JTP_MAGIC)
        return -EPROTO;
    packet->header.version = bytes[2];
    packet->header.kind = bytes[3];
    packet->header.connection = jtp_get_u64(bytes + 8);
    packet->header.packet_number = jtp_get_u64(bytes + 16);
    /* Before the version: one bit of that changed on the way would be answered by REFUSE. */
    uint32_t crc = jtp_crc32c(0, bytes, 4);
    if (jtp_crc32c(crc, bytes + 8, count - 8) != jtp_get_u32(bytes + 4))
        return -EILSEQ;
    /* A server of another version says so by REFUSE, whose format is every version's. */
    if (packet->header.version != JTP_VERSION && packet->header.kind != JTP_REFUSE)
        return -EPROTO;
    if (packet->header.kind == JTP_FIRST || packet->header.kind == JTP_CLIENT ||
        packet->header.kind == JTP_SERVER)
        return read_frames(bytes + JTP_HEADER_BYTES, count - JTP_HEADER_BYTES, packet);
    return read_whole(bytes, count, packet);
}
