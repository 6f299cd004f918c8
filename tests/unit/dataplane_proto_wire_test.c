/* Tests of dataplane/proto/wire.c and wire_read.c; the expected bytes come from the tables of
 * dataplane/PROTOCOL.md, put together by another program. */
#include "dataplane/proto/wire.h"
#include "dataplane/proto/crc32c.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t first_datagram[] = {
    0x4a, 0x54, 0x01, 0x01, 0x42, 0xbd, 0xd7, 0xac, 0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23,
    0x01, 0x07, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0xe8, 0x03,
    0x00, 0x00, 0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01, 0x03, 0x02, 0x01, 0x01, 0x4d,
    0x00, 0x00, 0x00, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0x00, 0x01, 0x02, 0x03,
    0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0xdd, 0xcc, 0xbb,
    0xaa, 0x03, 0x00, 0x00, 0x00, 0x05, 0x00, 0x0e, 0x00, 0x01, 0x00, 0x00, 0x00, 0x05, 0x00,
    0x00, 0x00, 0x50, 0xc3, 0x00, 0x00, 0xa0, 0x0f, 0x00, 0x00, 0x04, 0x00, 0x05, 0x00, 0x4d,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x68, 0x65, 0x6c, 0x6c, 0x6f,
};

static const uint8_t server_datagram[] = {
    0x4a, 0x54, 0x01, 0x03, 0xd1, 0x80, 0xde, 0x50, 0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23,
    0x01, 0x09, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x02, 0x19, 0x00, 0x64, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x04,
    0x00, 0x00, 0x00, 0x05, 0x01, 0x00, 0x00, 0x4d, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00,
    0x07, 0x01, 0x08, 0x00, 0x4d, 0x00, 0x00, 0x00, 0xa0, 0x0f, 0x00, 0x00, 0xdc, 0x05, 0x00,
    0x00, 0xc4, 0x09, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x34, 0x08, 0x00, 0x00, 0x34, 0x03,
    0x0c, 0x00, 0x03, 0x00, 0x01, 0x26, 0xb4, 0x00, 0x00, 0x00, 0x08, 0x01, 0x00, 0x00, 0x4d,
    0x00, 0x00, 0x00, 0x20, 0x4e, 0x00, 0x00, 0x34, 0x08, 0x00, 0x00, 0x34, 0x03, 0x0c, 0x00,
    0x03, 0x00, 0x01, 0x26, 0xb4, 0x00, 0x00, 0x00, 0x06, 0x03, 0x00, 0x00, 0x4e, 0x00, 0x00,
    0x00, 0x0a, 0x00, 0x00, 0x00, 0x4f, 0x00, 0x00, 0x00, 0x0b, 0x00, 0x00, 0x00,
};

static const uint8_t retry_datagram[] = {
    0x4a, 0x54, 0x01, 0x04, 0x97, 0x47, 0x47, 0x27, 0x05, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x06, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0xe8, 0x03, 0x00, 0x00, 0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01,
};

static const uint8_t refuse_datagram[] = {
    0x4a, 0x54, 0x01, 0x05, 0xa4, 0xdb, 0x77, 0xf0, 0x05, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x06, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0f, 0x00, 0x00, 0x00, 0x20, 0x4e, 0x00, 0x00,
    0x34, 0x08, 0x00, 0x00, 0x34, 0x03, 0x0c, 0x00, 0x03, 0x00, 0x01, 0x26, 0xb4, 0x00, 0x00, 0x00,
};

static const uint8_t load_datagram[] = {
    0x4a, 0x54, 0x01, 0x07, 0x2c, 0xca, 0xb5, 0x6f, 0x05, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x34, 0x08, 0x00, 0x00, 0x34, 0x03, 0x0c, 0x00,
    0x03, 0x00, 0x01, 0x26, 0xb4, 0x00, 0x00, 0x00, 0x2a, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x2b, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
};

static const struct jtp_load some_load = {.predicted_wait_us = 2100,
                                          .utilization_permille = 820,
                                          .queued = 12,
                                          .credits = 3,
                                          .state = JTP_DEGRADED,
                                          .switch_gain = 38,
                                          .age_us = 180};

static struct jtp_open some_open(void)
{
    struct jtp_open open = {.request = 77,
                            .encoding = JTP_U8,
                            .class_index = 1,
                            .flags = JTP_ONCE,
                            .client = 0x1122334455667788,
                            .model = 0xaabbccdd,
                            .model_version = 3,
                            .from = 5,
                            .to = 14,
                            .rows = 1,
                            .total_bytes = 5,
                            .deadline_us = 50000,
                            .answer_granted_bytes = 4000};
    for (uint8_t i = 0; i < 16; i++)
        open.fingerprint[i] = i;
    return open;
}

/* In memory of exactly its size, so that the sanitizer sees a read beyond it. */
static int read_exact(const uint8_t *bytes, size_t count, struct jtp_packet *packet)
{
    uint8_t *exact = malloc(count ? count : 1);
    memcpy(exact, bytes, count);
    int status = jtp_packet_read(exact, count, packet);
    free(exact);
    return status;
}

static void sign(uint8_t *bytes, size_t count)
{
    jtp_put_u32(bytes + 4, jtp_crc32c_plain(jtp_crc32c_plain(0, bytes, 4), bytes + 8, count - 8));
}

static void writes_a_first_datagram(void)
{
    uint8_t bytes[256];
    const struct jtp_header header = {
        .kind = JTP_FIRST, .connection = 0x0123456789abcdef, .packet_number = 7};
    const struct jtp_cookie cookie = {1000, 0x0102030405060708};
    const struct jtp_data data = {.request = 77, .offset = 0, .length = 5};
    const struct jtp_open open = some_open();
    struct jtp_writer writer;
    jtp_writer_begin(&writer, bytes, sizeof(bytes), &header);
    jtp_write_cookie(&writer, &cookie);
    jtp_write_open(&writer, &open);
    jtp_write_data(&writer, &data);
    jtp_writer_finish(&writer, (const uint8_t *)"hello", 5);
    memcpy(bytes + writer.count, "hello", 5);
    CU_ASSERT_EQUAL_FATAL(writer.count + 5, sizeof(first_datagram));
    CU_ASSERT_EQUAL(memcmp(bytes, first_datagram, sizeof(first_datagram)), 0);
}

static void reads_a_first_datagram(void)
{
    struct jtp_packet packet;
    const struct jtp_open open = some_open();
    CU_ASSERT_EQUAL_FATAL(jtp_packet_read(first_datagram, sizeof(first_datagram), &packet), 0);
    CU_ASSERT_EQUAL(packet.header.connection, 0x0123456789abcdef);
    CU_ASSERT_EQUAL(packet.header.packet_number, 7);
    CU_ASSERT(packet.has_cookie && packet.has_open && packet.has_data && !packet.has_ack);
    CU_ASSERT_EQUAL(packet.cookie.made_s, 1000);
    CU_ASSERT_EQUAL(packet.open.request, open.request);
    CU_ASSERT_EQUAL(packet.open.client, open.client);
    CU_ASSERT_EQUAL(packet.open.model, open.model);
    CU_ASSERT_EQUAL(packet.open.to, 14);
    CU_ASSERT_EQUAL(packet.open.deadline_us, 50000);
    CU_ASSERT_EQUAL(packet.open.answer_granted_bytes, 4000);
    CU_ASSERT_EQUAL(memcmp(packet.open.fingerprint, open.fingerprint, 16), 0);
    CU_ASSERT_EQUAL(packet.data.length, 5);
    CU_ASSERT_EQUAL(memcmp(packet.data.payload, "hello", 5), 0);
    CU_ASSERT(jtp_packet_elicits_ack(&packet));
}

static void writes_a_server_datagram(void)
{
    uint8_t bytes[256];
    const struct jtp_header header = {
        .kind = JTP_SERVER, .connection = 0x0123456789abcdef, .packet_number = 9};
    const struct jtp_ack ack = {.delay_us = 400, .count = 2, .ranges = {{97, 100}, {90, 94}}};
    const struct jtp_control grant = {
        .type = JTP_GRANT, .detail = JTP_RESTART, .request = 77, .value = 65536};
    const struct jtp_answer answer = {.request = 77,
                                      .total_bytes = 4000,
                                      .encoding = JTP_F16,
                                      .batch = 8,
                                      .queue_us = 1500,
                                      .compute_us = 2500,
                                      .load = some_load};
    const struct jtp_control reject = {.type = JTP_REJECT,
                                       .detail = JTP_OVERLOADED,
                                       .request = 77,
                                       .value = 20000,
                                       .load = some_load};
    const struct jtp_control progress = {
        .type = JTP_PROGRESS, .detail = JTP_WORKING, .request = 78};
    const struct jtp_control unknown = {.type = JTP_UNKNOWN, .request = 79};
    struct jtp_writer writer;
    jtp_writer_begin(&writer, bytes, sizeof(bytes), &header);
    jtp_write_ack(&writer, &ack);
    jtp_write_control(&writer, &grant);
    jtp_write_answer(&writer, &answer);
    jtp_write_control(&writer, &reject);
    jtp_write_control(&writer, &progress);
    jtp_write_control(&writer, &unknown);
    jtp_write_ping(&writer);
    jtp_write_padding(&writer);
    memset(bytes + writer.count, 0, 2);
    jtp_writer_finish(&writer, bytes + writer.count, 2);
    CU_ASSERT_EQUAL_FATAL(writer.count + 2, sizeof(server_datagram));
    CU_ASSERT_EQUAL(memcmp(bytes, server_datagram, sizeof(server_datagram)), 0);
    struct jtp_packet packet;
    CU_ASSERT_EQUAL_FATAL(jtp_packet_read(bytes, sizeof(server_datagram), &packet), 0);
    CU_ASSERT(packet.has_ack && packet.has_answer && packet.has_ping && !packet.has_data);
    CU_ASSERT_EQUAL(memcmp(&packet.ack, &ack, 8 + 2 * sizeof(ack.ranges[0])), 0);
    CU_ASSERT_EQUAL(packet.answer.total_bytes, answer.total_bytes);
    CU_ASSERT_EQUAL(packet.answer.encoding, answer.encoding);
    CU_ASSERT_EQUAL(packet.answer.batch, answer.batch);
    CU_ASSERT_EQUAL(packet.answer.queue_us, answer.queue_us);
    CU_ASSERT_EQUAL(packet.answer.compute_us, answer.compute_us);
    CU_ASSERT_EQUAL(memcmp(&packet.answer.load, &some_load, sizeof(some_load)), 0);
    CU_ASSERT_EQUAL_FATAL(packet.control_count, 4);
    CU_ASSERT_EQUAL(packet.controls[0].value, 65536);
    CU_ASSERT_EQUAL(packet.controls[0].detail, JTP_RESTART);
    CU_ASSERT_EQUAL(packet.controls[1].detail, JTP_OVERLOADED);
    CU_ASSERT_EQUAL(packet.controls[1].value, 20000);
    CU_ASSERT_EQUAL(memcmp(&packet.controls[1].load, &some_load, sizeof(some_load)), 0);
    CU_ASSERT_EQUAL(packet.controls[2].detail, JTP_WORKING);
    CU_ASSERT_EQUAL(packet.controls[3].type, JTP_UNKNOWN);
}

static void writes_and_reads_what_needs_no_state(void)
{
    uint8_t bytes[JTP_PROBE_BYTES];
    struct jtp_packet packet;
    const struct jtp_header to = {.kind = JTP_FIRST, .connection = 5, .packet_number = 6};
    const struct jtp_cookie cookie = {1000, 0x0102030405060708};
    CU_ASSERT_EQUAL(jtp_write_retry(bytes, &to, &cookie), sizeof(retry_datagram));
    CU_ASSERT_EQUAL(memcmp(bytes, retry_datagram, sizeof(retry_datagram)), 0);
    CU_ASSERT_EQUAL(read_exact(bytes, JTP_RETRY_BYTES, &packet), 0);
    CU_ASSERT_EQUAL(packet.cookie.signature, cookie.signature);
    CU_ASSERT_EQUAL(jtp_write_refuse(bytes, &to, JTP_FULL, 20000, &some_load),
                    sizeof(refuse_datagram));
    CU_ASSERT_EQUAL(memcmp(bytes, refuse_datagram, sizeof(refuse_datagram)), 0);
    CU_ASSERT_EQUAL(read_exact(bytes, JTP_REFUSE_BYTES, &packet), 0);
    CU_ASSERT_EQUAL(packet.reason, JTP_FULL);
    CU_ASSERT_EQUAL(packet.retry_after_us, 20000);
    CU_ASSERT_EQUAL(packet.load.queued, 12);
    const struct jtp_header probe = {.kind = JTP_PROBE, .connection = 5};
    CU_ASSERT_EQUAL(jtp_write_load(bytes, &probe, &some_load, 42, 43), sizeof(load_datagram));
    CU_ASSERT_EQUAL(memcmp(bytes, load_datagram, sizeof(load_datagram)), 0);
    CU_ASSERT_EQUAL(read_exact(bytes, JTP_PROBE_BYTES, &packet), 0);
    CU_ASSERT_EQUAL(packet.boot, 42);
    CU_ASSERT_EQUAL(packet.sequence, 43);
    CU_ASSERT_EQUAL(memcmp(&packet.load, &some_load, sizeof(some_load)), 0);
    CU_ASSERT_EQUAL(jtp_write_probe(bytes, 5), JTP_PROBE_BYTES);
    CU_ASSERT_EQUAL(read_exact(bytes, JTP_PROBE_BYTES, &packet), 0);
    CU_ASSERT_EQUAL(packet.header.kind, JTP_PROBE);
}

static void replies_without_state_never_exceed_three_times_the_least_query(void)
{
    /* The least that is answered: a header alone by REFUSE, an OPEN by RETRY, a PROBE by LOAD. */
    CU_ASSERT(JTP_REFUSE_BYTES <= 3 * JTP_HEADER_BYTES);
    CU_ASSERT(JTP_RETRY_BYTES <= JTP_HEADER_BYTES + JTP_OPEN_BYTES);
    CU_ASSERT_EQUAL(sizeof(load_datagram), JTP_PROBE_BYTES);
}

static void finds_every_changed_byte_and_every_cut(void)
{
    struct jtp_packet packet;
    uint8_t bytes[sizeof(first_datagram)];
    for (size_t i = 0; i < sizeof(bytes); i++) {
        for (int bit = 0; bit < 8; bit++) {
            memcpy(bytes, first_datagram, sizeof(bytes));
            bytes[i] ^= (uint8_t)(1 << bit);
            CU_ASSERT_NOT_EQUAL(read_exact(bytes, sizeof(bytes), &packet), 0);
        }
        CU_ASSERT_NOT_EQUAL(read_exact(first_datagram, i, &packet), 0);
    }
}

static void cut_frames_break_the_format_even_when_signed(void)
{
    struct jtp_packet packet;
    uint8_t bytes[sizeof(server_datagram)];
    /* Where a frame ends, a shorter datagram is whole. */
    static const size_t ends[] = {24, 48, 60, 100, 128, 136, 144, 145, 146, 147};
    for (size_t count = 24; count < sizeof(bytes); count++) {
        bool is_end = false;
        for (size_t i = 1; i < sizeof(ends) / sizeof(ends[0]); i++)
            is_end |= ends[i] == count;
        memcpy(bytes, server_datagram, count);
        sign(bytes, count);
        CU_ASSERT_EQUAL(read_exact(bytes, count, &packet), is_end ? 0 : -EBADMSG);
    }
}

/* A signed datagram with these bytes after its header. */
static int read_frames(uint8_t kind, const uint8_t *frames, size_t count)
{
    uint8_t bytes[256];
    struct jtp_packet packet;
    struct jtp_writer writer;
    const struct jtp_header header = {.kind = kind};
    jtp_writer_begin(&writer, bytes, sizeof(bytes), &header);
    memcpy(bytes + 24, frames, count);
    sign(bytes, 24 + count);
    return read_exact(bytes, 24 + count, &packet);
}

static void refuses_what_breaks_the_format(void)
{
    static const uint8_t unknown_frame[] = {13}, zeros[] = {0, 0, 0}, not_zeros[] = {0, 0, 1};
    static const uint8_t cancel[] = {9, 0, 0, 0, 1, 0, 0, 0};
    static const uint8_t empty_data[] = {4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t wrapping_data[] = {4, 0, 2, 0, 1, 0, 0, 0, 254, 255, 255, 255, 'a', 'b'};
    static const uint8_t last_data[] = {4, 0, 2, 0, 1, 0, 0, 0, 253, 255, 255, 255, 'a', 'b'};
    static const uint8_t long_data[] = {4, 0, 3, 0, 1, 0, 0, 0, 0, 0, 0, 0, 'a', 'b'};
    static const uint8_t short_data[] = {4, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 'a', 'b'};
    CU_ASSERT_EQUAL(read_frames(JTP_CLIENT, unknown_frame, 1), -EBADMSG);
    CU_ASSERT_EQUAL(read_frames(JTP_CLIENT, zeros, 0), -EBADMSG);
    CU_ASSERT_EQUAL(read_frames(JTP_CLIENT, zeros, 3), 0);
    CU_ASSERT_EQUAL(read_frames(JTP_CLIENT, not_zeros, 3), -EBADMSG);
    CU_ASSERT_EQUAL(read_frames(JTP_CLIENT, cancel, 8), 0);
    CU_ASSERT_EQUAL(read_frames(JTP_SERVER, cancel, 8), -EBADMSG);
    CU_ASSERT_EQUAL(read_frames(0, cancel, 8), -EBADMSG);
    CU_ASSERT_EQUAL(read_frames(8, cancel, 8), -EBADMSG);
    CU_ASSERT_EQUAL(read_frames(JTP_CLIENT, empty_data, 12), -EBADMSG);
    CU_ASSERT_EQUAL(read_frames(JTP_CLIENT, wrapping_data, 14), -EBADMSG);
    CU_ASSERT_EQUAL(read_frames(JTP_CLIENT, last_data, 14), 0);
    CU_ASSERT_EQUAL(read_frames(JTP_CLIENT, long_data, 14), -EBADMSG);
    CU_ASSERT_EQUAL(read_frames(JTP_CLIENT, short_data, 14), -EBADMSG);
}

static void refuses_acknowledgements_of_what_cannot_be(void)
{
    /* type, ranges, delay, largest = 5, numbers below it that are in its range. */
    uint8_t ack[24] = {1, 1, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 5};
    CU_ASSERT_EQUAL(read_frames(JTP_CLIENT, ack, 16), 0);
    ack[12] = 6;
    CU_ASSERT_EQUAL(read_frames(JTP_CLIENT, ack, 16), -EBADMSG);
    ack[12] = 1; /* 4..5, then a gap of 1: 2 at most, and 2 more below */
    ack[1] = 2;
    ack[20] = 2;
    CU_ASSERT_EQUAL(read_frames(JTP_CLIENT, ack, 24), 0);
    ack[20] = 3;
    CU_ASSERT_EQUAL(read_frames(JTP_CLIENT, ack, 24), -EBADMSG);
    ack[20] = 0;
    ack[16] = 3;
    CU_ASSERT_EQUAL(read_frames(JTP_CLIENT, ack, 24), -EBADMSG);
    ack[1] = 0;
    CU_ASSERT_EQUAL(read_frames(JTP_CLIENT, ack, 16), -EBADMSG);
    ack[1] = 17;
    CU_ASSERT_EQUAL(read_frames(JTP_CLIENT, ack, 24), -EBADMSG);
}

static void tells_other_versions_and_other_protocols_apart(void)
{
    struct jtp_packet packet;
    uint8_t bytes[sizeof(first_datagram)];
    memcpy(bytes, first_datagram, sizeof(bytes));
    bytes[2] = 2; /* by damage on the way, as the checksum shows: nothing to answer */
    CU_ASSERT_EQUAL(read_exact(bytes, sizeof(bytes), &packet), -EILSEQ);
    sign(bytes, sizeof(bytes));
    CU_ASSERT_EQUAL(read_exact(bytes, sizeof(bytes), &packet), -EPROTO);
    CU_ASSERT_EQUAL(packet.header.version, 2);
    bytes[0] = 'X';
    CU_ASSERT_EQUAL(read_exact(bytes, sizeof(bytes), &packet), -EPROTO);
    CU_ASSERT_EQUAL(packet.header.version, 0);
    memcpy(bytes, refuse_datagram, sizeof(refuse_datagram));
    bytes[2] = 9;
    sign(bytes, sizeof(refuse_datagram));
    CU_ASSERT_EQUAL(read_exact(bytes, sizeof(refuse_datagram), &packet), 0);
}

static void a_full_writer_stays_within_its_memory(void)
{
    const struct jtp_open open = some_open();
    const struct jtp_header header = {.kind = JTP_FIRST};
    for (size_t capacity = 24; capacity < 24 + 60; capacity++) {
        uint8_t *bytes = malloc(capacity);
        struct jtp_writer writer;
        jtp_writer_begin(&writer, bytes, capacity, &header);
        jtp_write_open(&writer, &open);
        CU_ASSERT(writer.is_full);
        CU_ASSERT_EQUAL(writer.count, 24);
        free(bytes);
    }
}

const struct cunit_test tests[] = {
    {"a first datagram has the bytes that the specification says", writes_a_first_datagram},
    {"a first datagram is read", reads_a_first_datagram},
    {"a server's datagram has the bytes of the specification", writes_a_server_datagram},
    {"RETRY, REFUSE, PROBE and LOAD likewise", writes_and_reads_what_needs_no_state},
    {"replies without state never exceed three times the least query",
     replies_without_state_never_exceed_three_times_the_least_query},
    {"every changed bit and every cut is found", finds_every_changed_byte_and_every_cut},
    {"cut frames break the format even when signed", cut_frames_break_the_format_even_when_signed},
    {"what breaks the format is refused", refuses_what_breaks_the_format},
    {"acknowledgements of what cannot be are refused", refuses_acknowledgements_of_what_cannot_be},
    {"other versions and other protocols are told apart",
     tells_other_versions_and_other_protocols_apart},
    {"a full writer stays within its memory", a_full_writer_stays_within_its_memory},
    {NULL, NULL},
};
