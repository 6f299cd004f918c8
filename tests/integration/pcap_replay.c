/* Replays a capture file into the protocol's server, as a port would: frames are read by what the
 * DPDK port reads them with. usage: pcap_replay FILE.pcap MAC IP PORT MODEL FROM TO BYTES
 *
 * Prints one line: what the frames were, and what the server made of them. Every request is
 * answered at once, with its own message's first bytes. */
#include "dataplane/port/net/frame.h"
#include "dataplane/proto/crc32c.h"
#include "dataplane/proto/server.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_FRAME_BYTES 65535
#define MAX_SLOTS 1024
#define ANSWER_BYTES 40
#define TURN_NS 100000 /* virtual time between two frames */

struct replay {
    struct jtp_server *server;
    uint32_t model, bytes;
    uint16_t from, to;
    uint8_t *slots[MAX_SLOTS]; /* slot i + 1; NULL: free */
    uint64_t delivered, once, answers, answer_bytes, load_replies, refused;
    uint32_t message_crc;
    uint64_t now_ns;
    uint64_t kinds[NET_KIND_COUNT];
};

static uint8_t check(void *user, const struct jtp_open *open)
{
    const struct replay *replay = user;
    if (open->model != replay->model)
        return JTP_MODEL_UNKNOWN;
    if (open->from != replay->from || open->to != replay->to)
        return JTP_BAD_RANGE;
    return open->total_bytes == replay->bytes && open->rows == 1 ? 0 : JTP_BAD_SIZE;
}

static int reserve(void *user, const struct jtp_open *open, struct jtp_reservation *reservation)
{
    struct replay *replay = user;
    for (uint32_t i = 0; i < MAX_SLOTS; i++) {
        if (replay->slots[i])
            continue;
        replay->slots[i] = malloc(open->total_bytes + ANSWER_BYTES);
        *reservation = (struct jtp_reservation){.bytes = replay->slots[i], .slot = i + 1};
        return replay->slots[i] ? 0 : -ENOMEM;
    }
    return -ENOMEM;
}

static void release(void *user, uint64_t slot)
{
    struct replay *replay = user;
    free(replay->slots[slot - 1]);
    replay->slots[slot - 1] = NULL;
}

static void deliver(void *user, struct jtp_request_ref request, const struct jtp_open *open,
                    uint64_t slot, uint64_t deadline_ns, uint64_t now_ns)
{
    struct replay *replay = user;
    const struct jtp_answering answer = {
        .bytes = replay->slots[slot - 1], .total_bytes = ANSWER_BYTES, .slot = slot, .batch = 1};
    replay->delivered++;
    replay->once += open->flags & JTP_ONCE;
    replay->message_crc =
        jtp_crc32c(replay->message_crc, replay->slots[slot - 1], open->total_bytes);
    if (jtp_server_answer(replay->server, request, &answer, now_ns))
        release(user, slot);
}

static void cancelled(void *user, struct jtp_request_ref request, uint64_t slot)
{
    release(user, slot);
}

static void tell_load(void *user, uint64_t client, struct jtp_load *load)
{
    *load = (struct jtp_load){.state = JTP_READY};
}

static const struct jtp_server_ops ops = {.check = check,
                                          .reserve = reserve,
                                          .release = release,
                                          .deliver = deliver,
                                          .cancelled = cancelled,
                                          .sent = release,
                                          .load = tell_load};

static void count_sent(struct replay *replay, const struct jtp_datagram *datagram)
{
    uint8_t bytes[JTP_MAX_HEAD_BYTES + JTP_LARGEST_PROBE_BYTES];
    struct jtp_packet packet;
    if (jtp_packet_read(bytes, jtp_datagram_join(datagram, bytes), &packet))
        return;
    replay->load_replies += packet.header.kind == JTP_LOAD;
    replay->refused += packet.header.kind == JTP_REFUSE || packet.header.kind == JTP_RETRY;
    replay->answers += packet.has_answer;
    replay->answer_bytes += packet.has_data ? packet.data.length : 0;
}

static void give(struct replay *replay, const struct net_frame *frame, const uint8_t *bytes)
{
    struct jtp_datagram datagram;
    struct jtp_address from = {.port = frame->from_port};
    memcpy(from.ip, frame->from, sizeof(from.ip));
    if (jtp_server_on_datagram(replay->server, &from, bytes + frame->offset, frame->bytes,
                               replay->now_ns, &datagram))
        count_sent(replay, &datagram);
}

static void turn(struct replay *replay)
{
    struct jtp_datagram datagram;
    replay->now_ns += TURN_NS;
    if (jtp_server_timeout_ns(replay->server) <= replay->now_ns)
        jtp_server_on_timeout(replay->server, replay->now_ns);
    while (jtp_server_next_datagram(replay->server, replay->now_ns, &datagram))
        count_sent(replay, &datagram);
}

/* The next frame of a capture file, whose own times do not matter here; 0: there is none. */
static uint32_t read_frame(FILE *file, uint8_t *bytes)
{
    uint8_t head[16];
    if (fread(head, sizeof(head), 1, file) != 1)
        return 0;
    const uint32_t count = jtp_get_u32(head + 8);
    if (count > MAX_FRAME_BYTES || fread(bytes, 1, count, file) != count)
        return 0;
    return count;
}

/* Microseconds or nanoseconds, in this byte order. */
static bool is_capture(uint32_t magic)
{
    return magic == 0xa1b2c3d4 || magic == 0xa1b23c4d;
}

static int replay_file(struct replay *replay, const struct net_host *host, const char *path)
{
    const struct net_hint hint = {0};
    uint8_t *bytes = malloc(MAX_FRAME_BYTES);
    FILE *file = fopen(path, "rb");
    if (!file || !bytes || fread(bytes, 24, 1, file) != 1 || !is_capture(jtp_get_u32(bytes))) {
        fprintf(stderr, "pcap_replay: %s is no capture file\n", path);
        return 1;
    }
    for (uint32_t count; (count = read_frame(file, bytes)) > 0;) {
        struct net_frame frame;
        const enum net_kind kind = net_frame_read(&frame, host, bytes, count, &hint);
        replay->kinds[kind]++;
        if (kind == NET_UDP)
            give(replay, &frame, bytes);
        turn(replay);
    }
    fclose(file);
    free(bytes);
    for (int i = 0; i < 100000; i++)
        turn(replay); /* ten seconds: what is to be sent again would be by now */
    return 0;
}

static bool read_host(struct net_host *host, char **argv)
{
    unsigned mac[NET_MAC_BYTES];
    host->mtu = NET_MAX_MTU;
    host->udp_port = (uint16_t)strtoul(argv[4], NULL, 10);
    if (sscanf(argv[2], "%x:%x:%x:%x:%x:%x", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4],
               &mac[5]) != NET_MAC_BYTES ||
        net_prefix_read(&host->v4, argv[3]))
        return false;
    for (int i = 0; i < NET_MAC_BYTES; i++)
        host->mac[i] = (uint8_t)mac[i];
    return net_host_complete(host) == 0;
}

int main(int argc, char **argv)
{
    struct net_host host = {0};
    if (argc != 9 || !read_host(&host, argv))
        return 2;
    struct replay *replay = calloc(1, sizeof(*replay));
    struct jtp_server_config config;
    jtp_server_config_default(&config);
    config.ops = &ops;
    config.user = replay;
    config.boot = 1;
    config.validate_address = false;
    void *memory = aligned_alloc(64, (jtp_server_bytes(&config) + 63) & ~(size_t)63);
    if (!replay || !memory)
        return 1;
    replay->model = jtp_crc32c(0, argv[5], strlen(argv[5]));
    replay->from = (uint16_t)strtoul(argv[6], NULL, 10);
    replay->to = (uint16_t)strtoul(argv[7], NULL, 10);
    replay->bytes = (uint32_t)strtoul(argv[8], NULL, 10);
    replay->now_ns = 1000000000;
    replay->server = jtp_server_init(memory, &config, replay->now_ns);
    const int status = replay_file(replay, &host, argv[1]);
    const struct jtp_server_stats *stats = jtp_server_stats(replay->server);
    uint32_t held = 0;
    for (uint32_t i = 0; i < MAX_SLOTS; i++)
        held += replay->slots[i] != NULL;
    printf("udp %" PRIu64 " delivered %" PRIu64 " once %" PRIu64 " answers %" PRIu64
           " answer_bytes %" PRIu64 " loads %" PRIu64 " refused %" PRIu64 " not_jtp %" PRIu64
           " bad_checksum %" PRIu64 " malformed %" PRIu64 " rejected %" PRIu64 " repeated %" PRIu64
           " held %" PRIu32 " crc %08" PRIx32 "\n",
           replay->kinds[NET_UDP], replay->delivered, replay->once, replay->answers,
           replay->answer_bytes, replay->load_replies, replay->refused, stats->not_jtp,
           stats->bad_checksum, stats->malformed, stats->rejected, stats->repeated, held,
           replay->message_crc);
    free(memory);
    free(replay);
    return status;
}
