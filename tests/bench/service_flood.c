/* Sends junk to a server on this host's loopback as fast as it can, for service_flood.py: random
 * datagrams, genuine ones cut short, the same with their checksums made right, and genuine ones
 * from addresses that never asked. Sends nothing to another host. */
#include "dataplane/proto/client.h"
#include "dataplane/proto/crc32c.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define JUNK_COUNT 1024u /* made beforehand, sent over and over */
#define JUNK_BYTES 1472u
#define SOCKET_COUNT 4u
#define BURST 64u
#define CHECKSUM_AT 4u

enum kind { RANDOM, CUT, SEALED, SPOOFED, KIND_COUNT };

static const char *const kind_names[KIND_COUNT] = {"random", "cut", "sealed", "spoofed"};

struct junk {
    uint32_t bytes;
    uint8_t data[sizeof(struct iphdr) + sizeof(struct udphdr) + JUNK_BYTES];
};

struct flood {
    enum kind kind;
    uint16_t port;
    double seconds;
    uint64_t state; /* of the random numbers */
    int sockets[SOCKET_COUNT];
    struct junk junk[JUNK_COUNT];
    uint64_t sent, sent_bytes, unsent;
};

static uint64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint32_t draw(struct flood *flood)
{
    flood->state = flood->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(flood->state >> 32);
}

/* What a client sends first: OPEN and the beginning of a message. */
static uint32_t make_genuine(struct flood *flood, uint8_t *bytes)
{
    static const uint8_t message[JUNK_BYTES * 8];
    static uint8_t answer[64];
    struct jtp_client_config config;
    jtp_client_config_default(&config);
    config.seed = (uint64_t)draw(flood) << 32 | draw(flood);
    config.client = draw(flood);
    struct jtp_client *client = calloc(1, jtp_client_bytes(&config));
    if (!client)
        return 0;
    jtp_client_init(client, &config);
    const struct jtp_submission submission = {
        .open = {.to = 1, .rows = 1, .model = draw(flood), .total_bytes = sizeof(message)},
        .bytes = message,
        .answer = answer,
        .answer_capacity = sizeof(answer)};
    struct jtp_datagram datagram;
    uint32_t request, count = 0;
    if (!jtp_client_submit(client, &submission, 1, &request) &&
        jtp_client_next_datagram(client, 1, &datagram) &&
        datagram.head_bytes + datagram.payload_bytes <= JUNK_BYTES)
        count = (uint32_t)jtp_datagram_join(&datagram, bytes);
    free(client);
    return count;
}

static void seal(uint8_t *bytes, uint32_t count)
{
    uint32_t crc = jtp_crc32c(0, bytes, CHECKSUM_AT);
    crc = jtp_crc32c(crc, bytes + CHECKSUM_AT + 4, count - CHECKSUM_AT - 4);
    for (uint32_t i = 0; i < 4; i++)
        bytes[CHECKSUM_AT + i] = (uint8_t)(crc >> 8 * i);
}

static uint32_t make_payload(struct flood *flood, uint8_t *bytes)
{
    if (flood->kind == RANDOM) {
        const uint32_t count = 1 + draw(flood) % JUNK_BYTES;
        for (uint32_t i = 0; i < count; i++)
            bytes[i] = (uint8_t)draw(flood);
        return count;
    }
    uint32_t count = make_genuine(flood, bytes);
    if (flood->kind == SPOOFED || count <= JTP_HEADER_BYTES)
        return count;
    count = JTP_HEADER_BYTES + draw(flood) % (count - JTP_HEADER_BYTES);
    if (flood->kind == SEALED)
        seal(bytes, count);
    return count;
}

/* From anywhere in 127.0.0.0/8, so that answers stay on this host. No UDP checksum. */
static uint32_t write_heads(struct flood *flood, uint8_t *bytes, uint32_t count)
{
    const struct udphdr udp = {.source = htons((uint16_t)(1024 + draw(flood) % 60000)),
                               .dest = htons(flood->port),
                               .len = htons((uint16_t)(sizeof(udp) + count))};
    const struct iphdr ip = {.ihl = 5,
                             .version = 4,
                             .ttl = 64,
                             .protocol = IPPROTO_UDP,
                             .saddr = htonl(INADDR_LOOPBACK & 0xff000000u) |
                                      htonl(1 + draw(flood) % 0xfffffeu),
                             .daddr = htonl(INADDR_LOOPBACK),
                             .tot_len = htons((uint16_t)(sizeof(ip) + sizeof(udp) + count))};
    memcpy(bytes, &ip, sizeof(ip));
    memcpy(bytes + sizeof(ip), &udp, sizeof(udp));
    return (uint32_t)(sizeof(ip) + sizeof(udp)) + count;
}

static int make_junk(struct flood *flood)
{
    const uint32_t heads =
        flood->kind == SPOOFED ? sizeof(struct iphdr) + sizeof(struct udphdr) : 0;
    for (uint32_t i = 0; i < JUNK_COUNT; i++) {
        struct junk *junk = &flood->junk[i];
        const uint32_t count = make_payload(flood, junk->data + heads);
        if (count == 0)
            return -ENOMEM;
        junk->bytes = heads ? write_heads(flood, junk->data, count) : count;
    }
    return 0;
}

static int open_sockets(struct flood *flood)
{
    for (uint32_t i = 0; i < SOCKET_COUNT; i++) {
        flood->sockets[i] = flood->kind == SPOOFED ? socket(AF_INET, SOCK_RAW, IPPROTO_RAW)
                                                   : socket(AF_INET, SOCK_DGRAM, 0);
        if (flood->sockets[i] < 0)
            return -errno;
    }
    return 0;
}

static void send_burst(struct flood *flood, int socket, uint32_t first)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = flood->kind == SPOOFED ? 0 : htons(flood->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct mmsghdr messages[BURST];
    struct iovec parts[BURST];
    for (uint32_t i = 0; i < BURST; i++) {
        struct junk *junk = &flood->junk[(first + i) % JUNK_COUNT];
        parts[i] = (struct iovec){junk->data, junk->bytes};
        messages[i] = (struct mmsghdr){
            .msg_hdr = {
                .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &parts[i], .msg_iovlen = 1}};
    }
    const int count = sendmmsg(socket, messages, BURST, 0);
    for (int i = 0; i < count; i++)
        flood->sent_bytes += messages[i].msg_len;
    flood->sent += count > 0 ? (uint32_t)count : 0;
    flood->unsent += count <= 0;
}

static void send_all(struct flood *flood)
{
    const uint64_t until_ns = clock_ns() + (uint64_t)(flood->seconds * 1e9);
    for (uint32_t turn = 0; clock_ns() < until_ns; turn++)
        send_burst(flood, flood->sockets[turn % SOCKET_COUNT], turn * BURST);
}

static int read_arguments(struct flood *flood, int argc, char **argv)
{
    if (argc != 4)
        return -EINVAL;
    for (flood->kind = 0; flood->kind < KIND_COUNT; flood->kind++)
        if (strcmp(argv[1], kind_names[flood->kind]) == 0)
            break;
    flood->port = (uint16_t)strtoul(argv[2], NULL, 10);
    flood->seconds = strtod(argv[3], NULL);
    return flood->kind < KIND_COUNT && flood->port > 0 && flood->seconds > 0 ? 0 : -EINVAL;
}

int main(int argc, char **argv)
{
    struct flood *flood = calloc(1, sizeof(*flood));
    int error = flood ? read_arguments(flood, argc, argv) : -ENOMEM;
    if (error == -EINVAL)
        fprintf(stderr, "usage: service_flood random|cut|sealed|spoofed PORT SECONDS\n");
    if (!error) {
        flood->state = 1;
        error = open_sockets(flood);
        if (!error)
            error = make_junk(flood);
        if (error)
            fprintf(stderr, "service_flood: %s\n", strerror(-error));
    }
    if (!error) {
        send_all(flood);
        const uint64_t heads =
            flood->kind == SPOOFED ? sizeof(struct iphdr) + sizeof(struct udphdr) : 0;
        printf("{\"sent\": %llu, \"bytes\": %llu, \"unsent\": %llu}\n",
               (unsigned long long)flood->sent,
               (unsigned long long)(flood->sent_bytes - heads * flood->sent),
               (unsigned long long)flood->unsent);
    }
    free(flood);
    return error == -EPERM ? 77 : error ? 1 : 0;
}
