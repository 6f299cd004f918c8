/* A generator on an Ethernet device of DPDK: sends whole requests, or load probes, as fast as it
 * can and counts what comes back; for dataplane_rates.py.
 *
 *   jtp_blast DEVICE CPU message|probe SECONDS BYTES TO_MAC
 *
 * Datagrams of BYTES go from 10.9.0.2, its port telling clients apart, to 10.9.0.1 port 4470. A
 * message is that of the made-up model "large" at its first cut, its datagrams made once; a client
 * sends them round and round until something ends its request, then the next port begins. It
 * answers ARP. Each second it prints what it sent, what came back, and how many requests ended. */
#include "dataplane/proto/crc32c.h"
#include "dataplane/proto/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    BURST = 64,
    CLIENTS = 8, /* that send at once */
    HEADERS = 42, /* Ethernet, IPv4, UDP */
    MOST_BYTES = 1472,
    MAX_DATAGRAMS = 1024,
    MESSAGE_BYTES = 602112,
    FIRST_PORT = 2048,
    FIRST_DATAGRAMS = 12, /* that carry OPEN */
    SECOND = 1000000000,
};

struct client {
    uint16_t port;
    uint32_t at; /* of the next datagram */
};

struct blast {
    uint16_t device;
    struct rte_mempool *pool;
    uint8_t mac[6], to_mac[6];
    uint8_t frames[MAX_DATAGRAMS][HEADERS + MOST_BYTES];
    uint32_t lengths[MAX_DATAGRAMS];
    uint32_t frame_count;
    struct client clients[CLIENTS];
    uint32_t turn;
    uint16_t next_port;
    uint64_t sent, back, ended;
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

static void put_u16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* Ethernet, IPv4 with its sum, UDP without one. */
static void put_headers(const struct blast *blast, uint8_t *frame, uint32_t count)
{
    static const uint8_t ip[20] = {0x45, 0, 0,  0, 0, 0, 0x40, 0, 64, 17,
                                   0,    0, 10, 9, 0, 2, 10,   9, 0,  1};
    uint32_t sum = 0;
    memcpy(frame, blast->to_mac, 6);
    memcpy(frame + 6, blast->mac, 6);
    put_u16(frame + 12, 0x0800);
    memcpy(frame + 14, ip, sizeof(ip));
    put_u16(frame + 16, 28 + count);
    for (uint32_t i = 0; i < 20; i += 2)
        sum += (uint32_t)frame[14 + i] << 8 | frame[15 + i];
    sum = (sum & 0xffff) + (sum >> 16);
    put_u16(frame + 24, ~(sum + (sum >> 16)));
    put_u16(frame + 34, FIRST_PORT);
    put_u16(frame + 36, 4470);
    put_u16(frame + 38, 8 + count);
    put_u16(frame + 40, 0);
}

static uint32_t make_datagram(struct blast *blast, uint32_t number, uint32_t offset,
                              uint32_t datagram_bytes)
{
    static const uint8_t payload[MOST_BYTES];
    const bool is_first = number < FIRST_DATAGRAMS;
    const struct jtp_header header = {
        .kind = is_first ? JTP_FIRST : JTP_CLIENT, .connection = 77, .packet_number = number};
    const struct jtp_open open = {.request = 1,
                                  .model = jtp_crc32c(0, "large", 5),
                                  .to = 3,
                                  .rows = 1,
                                  .total_bytes = MESSAGE_BYTES,
                                  .answer_granted_bytes = UINT32_MAX};
    uint8_t *bytes = blast->frames[number] + HEADERS;
    struct jtp_writer writer;
    jtp_writer_begin(&writer, bytes, datagram_bytes, &header);
    if (is_first)
        jtp_write_open(&writer, &open);
    uint32_t length = datagram_bytes - (uint32_t)writer.count - JTP_DATA_BYTES;
    if (length > MESSAGE_BYTES - offset)
        length = MESSAGE_BYTES - offset;
    const struct jtp_data data = {.request = 1, .offset = offset, .length = length};
    jtp_write_data(&writer, &data);
    jtp_writer_finish(&writer, payload, length);
    memset(bytes + writer.count, 0, length);
    blast->lengths[number] = HEADERS + (uint32_t)writer.count + length;
    put_headers(blast, blast->frames[number], blast->lengths[number] - HEADERS);
    return length;
}

static void make_frames(struct blast *blast, bool is_probe, uint32_t datagram_bytes)
{
    if (is_probe) {
        jtp_write_probe(blast->frames[0] + HEADERS, 1);
        put_headers(blast, blast->frames[0], JTP_PROBE_BYTES);
        blast->lengths[0] = HEADERS + JTP_PROBE_BYTES;
        blast->frame_count = 1;
        return;
    }
    for (uint32_t offset = 0; offset < MESSAGE_BYTES && blast->frame_count < MAX_DATAGRAMS;
         blast->frame_count++)
        offset += make_datagram(blast, blast->frame_count, offset, datagram_bytes);
}

static struct rte_mbuf *next_frame(struct blast *blast)
{
    struct client *client = &blast->clients[blast->turn++ % CLIENTS];
    struct rte_mbuf *mbuf = rte_pktmbuf_alloc(blast->pool);
    if (!mbuf)
        return NULL;
    const uint32_t length = blast->lengths[client->at];
    uint8_t *frame = rte_pktmbuf_mtod(mbuf, uint8_t *);
    memcpy(frame, blast->frames[client->at], length);
    put_u16(frame + 34, client->port);
    mbuf->data_len = (uint16_t)length;
    mbuf->pkt_len = length;
    client->at = (client->at + 1) % blast->frame_count;
    return mbuf;
}

/* What the device does not take now is offered until it does. */
static void send_burst(struct blast *blast)
{
    struct rte_mbuf *burst[BURST];
    uint16_t count = 0;
    while (count < BURST && (burst[count] = next_frame(blast)))
        count++;
    uint16_t taken = 0;
    for (int tries = 0; tries < 1000 && taken < count; tries++)
        taken += rte_eth_tx_burst(blast->device, 0, burst + taken, count - taken);
    blast->sent += taken;
    rte_pktmbuf_free_bulk(burst + taken, count - taken);
}

static void answer_arp(struct blast *blast, struct rte_mbuf *mbuf)
{
    uint8_t *frame = rte_pktmbuf_mtod(mbuf, uint8_t *);
    uint8_t asker[10];
    memcpy(asker, frame + 22, 10);
    memcpy(frame, frame + 6, 6);
    memcpy(frame + 6, blast->mac, 6);
    put_u16(frame + 20, 2);
    memcpy(frame + 28, frame + 38, 4); /* who was asked for */
    memcpy(frame + 22, blast->mac, 6);
    memcpy(frame + 32, asker, 10);
    if (rte_eth_tx_burst(blast->device, 0, &mbuf, 1) == 0)
        rte_pktmbuf_free(mbuf);
}

/* A client whose request was rejected or answered makes room for the next. */
static void take_datagram(struct blast *blast, const uint8_t *frame, uint32_t count)
{
    struct jtp_packet packet;
    const uint16_t port = (uint16_t)(frame[36] << 8 | frame[37]);
    blast->back++;
    if (blast->frame_count == 1 || jtp_packet_read(frame + HEADERS, count - HEADERS, &packet))
        return;
    bool has_ended = packet.has_answer;
    for (uint32_t i = 0; i < packet.control_count; i++)
        has_ended |= packet.controls[i].type == JTP_REJECT;
    for (uint32_t i = 0; i < CLIENTS && has_ended; i++) {
        if (blast->clients[i].port != port)
            continue;
        blast->clients[i] = (struct client){.port = blast->next_port++};
        if (blast->next_port < FIRST_PORT)
            blast->next_port = FIRST_PORT;
        blast->ended++;
    }
}

static void receive(struct blast *blast)
{
    struct rte_mbuf *burst[BURST];
    const uint16_t count = rte_eth_rx_burst(blast->device, 0, burst, BURST);
    for (uint16_t i = 0; i < count; i++) {
        const uint8_t *frame = rte_pktmbuf_mtod(burst[i], const uint8_t *);
        const uint32_t bytes = burst[i]->data_len;
        if (bytes >= HEADERS && frame[12] == 8 && frame[13] == 6 && frame[21] == 1) {
            answer_arp(blast, burst[i]);
            continue;
        }
        if (bytes > HEADERS && frame[12] == 8 && frame[13] == 0 && frame[23] == 17) {
            const uint32_t said = HEADERS - 8u + (uint32_t)(frame[38] << 8 | frame[39]);
            take_datagram(blast, frame, said < bytes ? said : bytes);
        }
        rte_pktmbuf_free(burst[i]);
    }
}

static void run(struct blast *blast, uint32_t seconds)
{
    for (uint32_t second = 0; second < seconds; second++) {
        const uint64_t start_ns = now_ns();
        uint64_t end_ns = start_ns;
        blast->sent = blast->back = blast->ended = 0;
        for (; end_ns - start_ns < SECOND; end_ns = now_ns())
            for (int i = 0; i < 16; i++) {
                send_burst(blast);
                receive(blast);
            }
        const double took = (double)(end_ns - start_ns) / SECOND;
        printf("sent %.0f/s, back %.0f/s, ended %.1f/s\n", (double)blast->sent / took,
               (double)blast->back / took, (double)blast->ended / took);
        fflush(stdout);
    }
}

static int open_device(struct blast *blast)
{
    const struct rte_eth_conf config = {0};
    struct rte_ether_addr mac;
    blast->pool = rte_pktmbuf_pool_create("blast", 16383, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
    if (!blast->pool || rte_eth_dev_count_avail() != 1 ||
        rte_eth_dev_configure(blast->device, 1, 1, &config) ||
        rte_eth_rx_queue_setup(blast->device, 0, 1024, 0, NULL, blast->pool) ||
        rte_eth_tx_queue_setup(blast->device, 0, 1024, 0, NULL) ||
        rte_eth_dev_start(blast->device) || rte_eth_macaddr_get(blast->device, &mac))
        return -EIO;
    memcpy(blast->mac, mac.addr_bytes, sizeof(blast->mac));
    for (int i = 0; i < 2000; i++) { /* a memif client connects when it can */
        struct rte_eth_link link;
        if (rte_eth_link_get_nowait(blast->device, &link) == 0 && link.link_status)
            return 0;
        const struct timespec pause = {.tv_nsec = 10000000};
        nanosleep(&pause, NULL);
    }
    return -ENOLINK;
}

static int start_eal(const char *device, const char *cpu)
{
    char lcores[32];
    const char *const said[] = {"jtp_blast",      "--no-huge",     "--no-shconf", "--no-pci",
                                "--no-telemetry", "--log-level=4", "-m",          "128",
                                "--lcores",       lcores,          "--vdev",      device};
    enum { WORDS = sizeof(said) / sizeof(said[0]) };
    char *words[WORDS];
    snprintf(lcores, sizeof(lcores), "0@%s", cpu);
    for (int i = 0; i < WORDS; i++)
        words[i] = strdup(said[i]); /* DPDK may write into them, and keeps them */
    return rte_eal_init(WORDS, words) < 0 ? -EIO : 0;
}

int main(int count, char **values)
{
    static struct blast blast;
    if (count < 7) {
        fprintf(stderr, "jtp_blast DEVICE CPU message|probe SECONDS BYTES TO_MAC\n");
        return 2;
    }
    unsigned octets[6];
    if (sscanf(values[6], "%x:%x:%x:%x:%x:%x", &octets[0], &octets[1], &octets[2], &octets[3],
               &octets[4], &octets[5]) != 6)
        return 2;
    for (uint32_t i = 0; i < 6; i++)
        blast.to_mac[i] = (uint8_t)octets[i];
    const unsigned long datagram_bytes = strtoul(values[5], NULL, 10);
    if (datagram_bytes > MOST_BYTES || datagram_bytes < 200)
        return 2;
    if (start_eal(values[1], values[2]) || open_device(&blast)) {
        fprintf(stderr, "jtp_blast: cannot open %s\n", values[1]);
        return 1;
    }
    make_frames(&blast, strcmp(values[3], "probe") == 0, (uint32_t)datagram_bytes);
    blast.next_port = FIRST_PORT;
    for (uint32_t i = 0; i < CLIENTS; i++)
        blast.clients[i].port = blast.next_port++;
    run(&blast, (uint32_t)strtoul(values[4], NULL, 10));
    rte_eth_dev_stop(blast.device);
    rte_eal_cleanup();
    return 0;
}
