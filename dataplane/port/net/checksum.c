/* One's complement sums: added as machine words and folded at the end, which RFC 1071 shows to give
 * the same in either byte order. */
#include "dataplane/port/net/checksum.h"
#include "dataplane/port/net/host.h"

#include <string.h>

uint64_t net_checksum_add(uint64_t sum, const uint8_t *bytes, size_t count)
{
    /* Four independent chains of 32-bit words in 64-bit sums: 2^32 words would have to come before
     * one overflows. */
    uint64_t a = 0, b = 0, c = 0, d = 0;
    for (; count >= 16; bytes += 16, count -= 16) {
        uint32_t word[4];
        memcpy(word, bytes, sizeof(word));
        a += word[0];
        b += word[1];
        c += word[2];
        d += word[3];
    }
    for (; count >= 2; bytes += 2, count -= 2) {
        uint16_t half;
        memcpy(&half, bytes, sizeof(half));
        a += half;
    }
    if (count) {
        const uint8_t last[2] = {bytes[0], 0};
        uint16_t half;
        memcpy(&half, last, sizeof(half));
        b += half;
    }
    return sum + a + b + c + d;
}

static uint16_t fold(uint64_t sum)
{
    sum = (sum & UINT32_MAX) + (sum >> 32);
    sum = (sum & UINT32_MAX) + (sum >> 32);
    sum = (sum & UINT16_MAX) + (sum >> 16);
    sum = (sum & UINT16_MAX) + (sum >> 16);
    return (uint16_t)sum;
}

static void store(uint8_t *field, uint16_t value)
{
    memcpy(field, &value, sizeof(value));
}

void net_checksum_store(uint8_t *field, uint64_t sum)
{
    store(field, (uint16_t)~fold(sum));
}

void net_checksum_store_udp(uint8_t *field, uint64_t sum)
{
    const uint16_t value = (uint16_t)~fold(sum);
    store(field, value ? value : UINT16_MAX);
}

void net_checksum_store_partial(uint8_t *field, uint64_t sum)
{
    store(field, fold(sum));
}

int net_checksum_is_right(uint64_t sum)
{
    return fold(sum) == UINT16_MAX;
}

uint64_t net_checksum_pseudo(const uint8_t *from, const uint8_t *to, uint8_t protocol,
                             uint32_t bytes)
{
    const uint8_t tail[8] = {(uint8_t)(bytes >> 24),
                             (uint8_t)(bytes >> 16),
                             (uint8_t)(bytes >> 8),
                             (uint8_t)bytes,
                             0,
                             0,
                             0,
                             protocol};
    uint64_t sum = net_checksum_add(0, tail, sizeof(tail));
    const size_t skip = net_is_v4(from) ? 12 : 0;
    sum = net_checksum_add(sum, from + skip, 16 - skip);
    return net_checksum_add(sum, to + skip, 16 - skip);
}
