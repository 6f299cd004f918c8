/* Tests that what we send is what Scapy would, byte by byte. */
#include "tests/unit/cunit_main.h"
#include "tests/unit/net_case.h"
#include "tests/unit/net_golden.h"

#include "dataplane/port/net/answer.h"
#include "dataplane/port/net/checksum.h"
#include "dataplane/port/net/header.h"

#include <CUnit/CUnit.h>

static const uint8_t them[NET_MAC_BYTES] = {0x02, 0, 0, 0, 0, 2};
static const struct net_hint no_hint = {0};

/* The answer to a frame equals what was expected; none is expected if it is NULL. */
static void expect_answer(const uint8_t *question, size_t question_bytes, const uint8_t *answer,
                          size_t answer_bytes)
{
    const struct net_host host = net_case_host(0);
    struct net_frame frame;
    uint8_t out[2048];
    memset(out, 0xcc, sizeof(out));
    net_frame_read(&frame, &host, question, (uint32_t)question_bytes, &no_hint);
    const uint32_t bytes = net_answer_write(out, sizeof(out), &host, &frame, question);
    CU_ASSERT_EQUAL(bytes, answer_bytes);
    CU_ASSERT_TRUE(answer_bytes == 0 || memcmp(out, answer, answer_bytes) == 0);
}

#define EXPECT(question, answer) expect_answer(question, sizeof(question), answer, sizeof(answer))
#define EXPECT_NONE(question) expect_answer(question, sizeof(question), NULL, 0)

static void questions_are_answered(void)
{
    EXPECT(in_arp_request, out_arp_reply);
    EXPECT(in_arp_probe, out_arp_probe_reply);
    EXPECT(in_solicit, out_advert);
    EXPECT(in_solicit_probe, out_advert_all);
    EXPECT(in_echo4, out_echo4);
    EXPECT(in_echo6, out_echo6);
}

static void others_are_not(void)
{
    EXPECT_NONE(in_arp_reply);
    EXPECT_NONE(in_arp_gratuitous);
    EXPECT_NONE(in_arp_thief);
    EXPECT_NONE(in_advert);
    EXPECT_NONE(in_solicit_hop);
    EXPECT_NONE(in_error4);
    EXPECT_NONE(in_udp4);
    EXPECT_NONE(in_udp4_other_port);
}

static void questions_are_asked(void)
{
    const struct net_host host = net_case_host(0);
    uint8_t out[NET_MAX_CONTROL_BYTES];
    uint32_t bytes = net_question_write(out, &host, net_case_ip("192.0.2.2").ip, NULL);
    CU_ASSERT_EQUAL(bytes, sizeof(out_arp_request));
    CU_ASSERT_EQUAL(memcmp(out, out_arp_request, bytes), 0);
    bytes = net_question_write(out, &host, net_case_ip("2001:db8::2").ip, NULL);
    CU_ASSERT_EQUAL(bytes, sizeof(out_solicit));
    CU_ASSERT_EQUAL(memcmp(out, out_solicit, bytes), 0);
}

/* Written with every division into head and payload. */
static void expect_datagram(const uint8_t *golden, size_t golden_bytes, const char *to,
                            uint32_t payload_bytes, uint16_t vlan)
{
    const struct net_host host = net_case_host(vlan);
    const struct jtp_address address = net_case_ip(to);
    const uint8_t *payload = golden + golden_bytes - payload_bytes;
    for (uint32_t head = 0; head <= payload_bytes; head++) {
        uint8_t out[NET_MAX_HEADER_BYTES];
        const struct net_datagram datagram = {.mac = them,
                                              .from = net_host_source(&host, address.ip),
                                              .to = address.ip,
                                              .to_port = 40000,
                                              .bytes = payload_bytes};
        const struct net_header header = net_datagram_write(out, &host, &datagram);
        net_datagram_sum(out, &header, payload, head, payload + head, payload_bytes - head);
        CU_ASSERT_EQUAL(header.bytes + payload_bytes, golden_bytes);
        CU_ASSERT_EQUAL(memcmp(out, golden, header.bytes), 0);
    }
}

static void datagrams_are_written(void)
{
    expect_datagram(out_udp4, sizeof(out_udp4), "192.0.2.2", 13, 0);
    expect_datagram(out_udp4_zero, sizeof(out_udp4_zero), "192.0.2.2", 102, 0);
    expect_datagram(out_udp4_vlan, sizeof(out_udp4_vlan), "192.0.2.2", 100, 7);
    expect_datagram(out_udp6, sizeof(out_udp6), "2001:db8::2", 13, 0);
}

static void a_checksum_of_zero_is_written_as_ones(void)
{
    CU_ASSERT_EQUAL(out_udp4_zero[14 + 20 + 6], 0xff);
    CU_ASSERT_EQUAL(out_udp4_zero[14 + 20 + 7], 0xff);
}

/* The example of RFC 1071, 3: 00 01 f2 03 f4 f5 f6 f7 sum up to ddf2. */
static void the_checksum_is_rfc_1071s(void)
{
    static const uint8_t example[8] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    uint8_t field[2];
    net_checksum_store_partial(field, net_checksum_add(0, example, sizeof(example)));
    CU_ASSERT_EQUAL(field[0] << 8 | field[1], 0xddf2);
    net_checksum_store(field, net_checksum_add(0, example, sizeof(example)));
    CU_ASSERT_EQUAL(field[0] << 8 | field[1], 0xffff ^ 0xddf2);
}

#define LESSON(name)                                                                               \
    (net_frame_read(&frame, &host, name, sizeof(name), &no_hint),                                  \
     net_lesson_read(&lesson, &host, &frame))

static void only_what_concerns_us_is_learned(void)
{
    const struct net_host host = net_case_host(0);
    struct net_frame frame;
    struct net_lesson lesson;
    CU_ASSERT_TRUE(LESSON(in_arp_request) && lesson.can_add && lesson.can_change);
    CU_ASSERT_EQUAL(memcmp(lesson.mac, them, NET_MAC_BYTES), 0);
    CU_ASSERT_TRUE(LESSON(in_arp_reply) && !lesson.can_add && lesson.can_change);
    CU_ASSERT_TRUE(LESSON(in_arp_gratuitous) && !lesson.can_add && lesson.can_change);
    CU_ASSERT_TRUE(LESSON(in_solicit) && lesson.can_add);
    CU_ASSERT_TRUE(LESSON(in_advert) && !lesson.can_add && lesson.can_change);
    CU_ASSERT_FALSE(LESSON(in_arp_probe));
    CU_ASSERT_FALSE(LESSON(in_arp_thief));
    CU_ASSERT_FALSE(LESSON(in_solicit_probe));
    CU_ASSERT_FALSE(LESSON(in_echo4));
}

const struct cunit_test tests[] = {
    {"ARP, solicitations and echo are answered as they should be", questions_are_answered},
    {"nothing else is answered", others_are_not},
    {"who has an address is asked by ARP and by solicitation", questions_are_asked},
    {"a datagram is the same wherever head and payload meet", datagrams_are_written},
    {"a UDP checksum of zero is written as ones", a_checksum_of_zero_is_written_as_ones},
    {"the checksum is that of RFC 1071's example", the_checksum_is_rfc_1071s},
    {"only what concerns us is learned", only_what_concerns_us_is_learned},
    {NULL, NULL},
};
