/* Fuzz target: Ethernet frames; what is read lies inside the frame, and what is answered is
 * well-formed. */
#include "dataplane/port/net/answer.h"
#include "dataplane/port/net/checksum.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#define CAPACITY 2048

static void require(int is_true)
{
    if (!is_true)
        abort();
}

/* Of the golden frames: us is .1, they are .2. */
static struct net_host host_of(uint8_t last, uint16_t vlan)
{
    struct net_host host = {.mac = {2, [5] = last}, .vlan = vlan, .udp_port = 4470, .mtu = 1500};
    require(net_prefix_read(&host.v4, "192.0.2.1/24") == 0);
    require(net_prefix_read(&host.v6, "2001:db8::1/64") == 0);
    host.v4.ip[15] = host.v6.ip[15] = last;
    require(net_host_complete(&host) == 0);
    return host;
}

/* Puts in the ICMP checksum that a fuzzer cannot guess. */
static void mend(uint8_t *frame, size_t count)
{
    const size_t at = 14;
    if (count < at + 48 || count > UINT16_MAX)
        return;
    if (frame[12] == 8 && frame[13] == 0 && frame[at] == 0x45 && frame[at + 9] == 1) {
        const size_t bytes = (size_t)frame[at + 2] << 8 | frame[at + 3];
        if (bytes < 28 || bytes > count - at)
            return;
        memset(frame + at + 22, 0, 2);
        net_checksum_store(frame + at + 22, net_checksum_add(0, frame + at + 20, bytes - 20));
    }
    if (frame[12] == 0x86 && frame[13] == 0xdd && frame[at + 6] == 58) {
        const size_t bytes = (size_t)frame[at + 4] << 8 | frame[at + 5];
        if (bytes < 8 || bytes > count - at - 40)
            return;
        uint8_t *message = frame + at + 40;
        memset(message + 2, 0, 2);
        const uint64_t pseudo =
            net_checksum_pseudo(frame + at + 8, frame + at + 24, 58, (uint32_t)bytes);
        net_checksum_store(message + 2, net_checksum_add(pseudo, message, bytes));
    }
}

static void answer(const struct net_host *host, const struct net_frame *frame, const uint8_t *bytes)
{
    uint8_t out[CAPACITY];
    const uint32_t count = net_answer_write(out, sizeof(out), host, frame, bytes);
    require(count <= sizeof(out));
    if (count == 0)
        return;
    require(frame->kind == NET_ARP || frame->kind == NET_SOLICIT || frame->kind == NET_ECHO);
    require(memcmp(out + NET_MAC_BYTES, host->mac, NET_MAC_BYTES) == 0);
    /* They find nothing wrong with it, if it is for them. */
    const struct net_host them = host_of(2, host->vlan);
    struct net_frame again;
    const enum net_kind kind = net_frame_read(&again, &them, out, count, &(struct net_hint){0});
    require(kind == NET_ARP || kind == NET_ADVERT || kind == NET_FOREIGN);
}

static void learn(const struct net_host *host, const struct net_frame *frame)
{
    struct net_lesson lesson;
    if (!net_lesson_read(&lesson, host, frame))
        return;
    require(!(lesson.mac[0] & 1) && net_is_unicast(lesson.ip));
    require(net_host_is_on_link(host, lesson.ip) && !net_host_has(host, lesson.ip));
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    if (size < 1 || size > CAPACITY)
        return 0;
    const uint8_t flags = input[0];
    const struct net_host host = host_of(1, flags & 1 ? 7 : 0);
    const struct net_hint hint = {.ip_sum_is_right = flags & 2,
                                  .udp_sum_is_right = flags & 4,
                                  .has_tag = flags & 8,
                                  .tag = flags & 16 ? 7 : 0};
    const uint32_t count = (uint32_t)(size - 1);
    uint8_t *bytes = malloc(count ? count : 1);
    require(bytes != NULL);
    memcpy(bytes, input + 1, count);
    if (flags & 32)
        mend(bytes, count);
    struct net_frame frame;
    const enum net_kind kind = net_frame_read(&frame, &host, bytes, count, &hint);
    require(kind < NET_KIND_COUNT && kind == frame.kind);
    if (kind == NET_UDP || kind == NET_ECHO)
        require(frame.offset <= count && frame.bytes <= count - frame.offset);
    if (kind == NET_UDP)
        require(frame.from_port != 0 && net_is_unicast(frame.from) &&
                net_host_has(&host, frame.to));
    learn(&host, &frame);
    answer(&host, &frame, bytes);
    free(bytes);
    return 0;
}
