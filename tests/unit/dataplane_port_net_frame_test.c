/* Tests that frames are read as what Scapy built, and that no other is believed. */
#include "tests/unit/cunit_main.h"
#include "tests/unit/net_case.h"
#include "tests/unit/net_golden.h"
#include "tests/unit/shm_random.h"

#include "dataplane/port/net/answer.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>

static const struct net_hint no_hint = {0};

#define READ(name) net_frame_read(&frame, &host, name, sizeof(name), &no_hint)

static void datagrams_are_found(void)
{
    const struct net_host host = net_case_host(0);
    struct net_frame frame;
    CU_ASSERT_EQUAL(READ(in_udp4), NET_UDP);
    CU_ASSERT_EQUAL(frame.from_port, 40000);
    CU_ASSERT_EQUAL(frame.offset, 14 + 20 + 8);
    CU_ASSERT_EQUAL(frame.bytes, 13);
    CU_ASSERT_TRUE(net_ip_equal(frame.from, net_case_ip("192.0.2.2").ip));
    CU_ASSERT_EQUAL(READ(in_udp4_no_sum), NET_UDP);
    CU_ASSERT_EQUAL(READ(in_udp4_options), NET_UDP);
    CU_ASSERT_EQUAL(frame.offset, 14 + 24 + 8);
    CU_ASSERT_EQUAL(frame.bytes, 100);
    CU_ASSERT_EQUAL(READ(in_udp4_padded), NET_UDP);
    CU_ASSERT_EQUAL(frame.bytes, 1);
    CU_ASSERT_EQUAL(READ(in_udp6), NET_UDP);
    CU_ASSERT_EQUAL(frame.offset, 14 + 40 + 8);
    CU_ASSERT_EQUAL(READ(in_udp6_link_local), NET_UDP);
    CU_ASSERT_TRUE(net_ip_equal(frame.to, host.link_local));
    CU_ASSERT_EQUAL(READ(in_udp4_priority), NET_UDP);
}

static void what_is_not_ours_is_foreign(void)
{
    const struct net_host host = net_case_host(0);
    struct net_frame frame;
    CU_ASSERT_EQUAL(READ(in_udp4_other_port), NET_FOREIGN);
    CU_ASSERT_EQUAL(READ(in_udp4_other_ip), NET_FOREIGN);
    CU_ASSERT_EQUAL(READ(in_udp4_other_mac), NET_FOREIGN);
    CU_ASSERT_EQUAL(READ(in_udp4_broadcast), NET_FOREIGN);
    CU_ASSERT_EQUAL(READ(in_udp4_vlan), NET_FOREIGN);
    CU_ASSERT_EQUAL(READ(in_tcp), NET_FOREIGN);
}

static void broken_frames_are_told_apart(void)
{
    const struct net_host host = net_case_host(0);
    struct net_frame frame;
    CU_ASSERT_EQUAL(READ(in_udp4_bad_sum), NET_BAD_SUM);
    CU_ASSERT_EQUAL(READ(in_udp4_bad_ip_sum), NET_BAD_SUM);
    CU_ASSERT_EQUAL(READ(in_udp6_no_sum), NET_BAD_SUM);
    CU_ASSERT_EQUAL(READ(in_echo4_bad_sum), NET_BAD_SUM);
    CU_ASSERT_EQUAL(READ(in_udp4_first_fragment), NET_FRAGMENT);
    CU_ASSERT_EQUAL(READ(in_udp4_last_fragment), NET_FRAGMENT);
    CU_ASSERT_EQUAL(READ(in_udp4_from_multicast), NET_BROKEN);
    CU_ASSERT_EQUAL(READ(in_udp4_from_us), NET_BROKEN);
    CU_ASSERT_EQUAL(READ(in_udp_long), NET_BROKEN);
}

static void a_vlan_is_kept_apart(void)
{
    const struct net_host host = net_case_host(7);
    struct net_frame frame;
    CU_ASSERT_EQUAL(READ(in_udp4), NET_FOREIGN);
    CU_ASSERT_EQUAL(READ(in_udp4_vlan), NET_UDP);
    CU_ASSERT_EQUAL(frame.offset, 14 + 4 + 20 + 8);
    const struct net_hint stripped = {.has_tag = true, .tag = 0xa007};
    CU_ASSERT_EQUAL(net_frame_read(&frame, &host, in_udp4, sizeof(in_udp4), &stripped), NET_UDP);
    CU_ASSERT_EQUAL(net_frame_read(&frame, &host, in_udp4_vlan, sizeof(in_udp4_vlan), &stripped),
                    NET_FOREIGN);
}

static void the_devices_word_counts_for_checksums(void)
{
    const struct net_host host = net_case_host(0);
    const struct net_hint udp = {.udp_sum_is_right = true};
    const struct net_hint ip = {.ip_sum_is_right = true};
    struct net_frame frame;
    CU_ASSERT_EQUAL(net_frame_read(&frame, &host, in_udp4_bad_sum, sizeof(in_udp4_bad_sum), &udp),
                    NET_UDP);
    CU_ASSERT_EQUAL(
        net_frame_read(&frame, &host, in_udp4_bad_ip_sum, sizeof(in_udp4_bad_ip_sum), &ip),
        NET_UDP);
    CU_ASSERT_EQUAL(net_frame_read(&frame, &host, in_udp6_no_sum, sizeof(in_udp6_no_sum), &udp),
                    NET_BAD_SUM);
}

static void neighbour_discovery_is_checked(void)
{
    const struct net_host host = net_case_host(0);
    struct net_frame frame;
    CU_ASSERT_EQUAL(READ(in_solicit), NET_SOLICIT);
    CU_ASSERT_TRUE(frame.has_link);
    CU_ASSERT_EQUAL(frame.link[5], 2);
    CU_ASSERT_EQUAL(READ(in_solicit_hop), NET_BROKEN);
    CU_ASSERT_EQUAL(READ(in_solicit_probe), NET_SOLICIT);
    CU_ASSERT_EQUAL(READ(in_solicit_probe_link), NET_BROKEN);
    CU_ASSERT_EQUAL(READ(in_solicit_multicast), NET_BROKEN);
    CU_ASSERT_EQUAL(READ(in_advert), NET_ADVERT);
    CU_ASSERT_TRUE(frame.is_solicited && frame.is_override);
    CU_ASSERT_EQUAL(READ(in_advert_option_0), NET_BROKEN);
    CU_ASSERT_EQUAL(READ(in_advert_all_solicited), NET_BROKEN);
}

static void arp_and_icmp_are_told_apart(void)
{
    const struct net_host host = net_case_host(0);
    struct net_frame frame;
    CU_ASSERT_EQUAL(READ(in_arp_request), NET_ARP);
    CU_ASSERT_TRUE(frame.is_request);
    CU_ASSERT_EQUAL(READ(in_arp_reply), NET_ARP);
    CU_ASSERT_FALSE(frame.is_request);
    CU_ASSERT_EQUAL(READ(in_arp_probe), NET_ARP);
    CU_ASSERT_EQUAL(READ(in_arp_thief), NET_BROKEN);
    CU_ASSERT_EQUAL(READ(in_echo4), NET_ECHO);
    CU_ASSERT_EQUAL(READ(in_echo6), NET_ECHO);
    CU_ASSERT_EQUAL(READ(in_error4), NET_ERROR);
}

/* In a buffer of exactly that size, so that a sanitizer sees a byte too far. */
static enum net_kind read_exactly(const uint8_t *bytes, size_t count)
{
    const struct net_host host = net_case_host(0);
    struct net_frame frame;
    uint8_t *copy = malloc(count ? count : 1);
    memcpy(copy, bytes, count);
    const enum net_kind kind = net_frame_read(&frame, &host, copy, (uint32_t)count, &no_hint);
    free(copy);
    return kind;
}

#define CUT(name)                                                                                  \
    for (size_t i = 0; i < sizeof(name); i++)                                                      \
    CU_ASSERT_TRUE(read_exactly(name, i) >= NET_FOREIGN)

static void a_frame_cut_short_is_never_believed(void)
{
    CUT(in_udp4);
    CUT(in_udp6);
    CUT(in_udp4_options);
    CUT(in_arp_request);
    CUT(in_solicit);
    CUT(in_advert);
    CUT(in_echo4);
    CUT(in_echo6);
}

static void a_changed_bit_under_a_checksum_is_seen(void)
{
    uint8_t frame[sizeof(in_udp6)];
    for (size_t bit = 8 * (14 + 40); bit < 8 * sizeof(frame); bit++) {
        memcpy(frame, in_udp6, sizeof(frame));
        frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CU_ASSERT_NOT_EQUAL(read_exactly(frame, sizeof(frame)), NET_UDP);
    }
}

static void random_frames_are_survived(void)
{
    struct shm_random random = shm_random_start();
    uint32_t believed = 0;
    uint8_t bytes[160];
    for (uint32_t round = 0; round < 200000; round++) {
        const uint32_t count = shm_random_below(&random, sizeof(bytes));
        for (uint32_t i = 0; i < count; i++)
            bytes[i] = (uint8_t)shm_random_below(&random, 256);
        if (round & 1 && count > sizeof(in_solicit)) {
            memcpy(bytes, in_solicit, sizeof(in_solicit));
            bytes[shm_random_below(&random, sizeof(in_solicit))] ^= 0x55;
        }
        believed += read_exactly(bytes, count) == NET_UDP;
    }
    CU_ASSERT_EQUAL(believed, 0);
}

const struct cunit_test tests[] = {
    {"datagrams for us are found in IPv4 and IPv6", datagrams_are_found},
    {"what is for another MAC, address, port, VLAN or protocol is foreign",
     what_is_not_ours_is_foreign},
    {"fragments, wrong checksums and contradictions are told apart", broken_frames_are_told_apart},
    {"a VLAN is kept apart, its tag in the frame or beside it", a_vlan_is_kept_apart},
    {"a checksum that the device checked is not checked again",
     the_devices_word_counts_for_checksums},
    {"neighbour discovery is checked as RFC 4861, 7.1 asks", neighbour_discovery_is_checked},
    {"ARP, echo and errors are told apart", arp_and_icmp_are_told_apart},
    {"a frame cut short anywhere is never believed", a_frame_cut_short_is_never_believed},
    {"any changed bit of a datagram is seen", a_changed_bit_under_a_checksum_is_seen},
    {"random frames are survived", random_frames_are_survived},
    {NULL, NULL},
};
