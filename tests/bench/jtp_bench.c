/* Times the transport's core without a network: checksum, probes, and requests put together. */
#include "dataplane/proto/crc32c.h"
#include "dataplane/proto/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS 7
#define DATAGRAM 1400
#define MESSAGE 600000

/* CPU time of this process: other processes do not count. */
static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static uint8_t check(void *user, const struct jtp_open *open)
{
    (void)user;
    return open->total_bytes != MESSAGE ? JTP_BAD_SIZE : 0;
}

static int reserve(void *user, const struct jtp_open *open, struct jtp_reservation *reservation)
{
    (void)open;
    *reservation = (struct jtp_reservation){.bytes = user, .slot = 1};
    return 0;
}

static void release(void *user, uint64_t slot)
{
    (void)user;
    (void)slot;
}

static void deliver(void *user, struct jtp_request_ref ref, const struct jtp_open *open,
                    uint64_t slot, uint64_t deadline_ns, uint64_t now_ns)
{
    (void)user;
    (void)ref;
    (void)open;
    (void)slot;
    (void)deadline_ns;
    (void)now_ns;
}

static void cancelled(void *user, struct jtp_request_ref ref, uint64_t slot)
{
    (void)user;
    (void)ref;
    (void)slot;
}

static void load(void *user, uint64_t client, struct jtp_load *load)
{
    (void)user;
    (void)client;
    *load = (struct jtp_load){.queued = 3};
}

static const struct jtp_server_ops ops = {check,     reserve, release, deliver,
                                          cancelled, release, load};

static struct jtp_server *server_of(uint8_t *slab)
{
    struct jtp_server_config config;
    jtp_server_config_default(&config);
    config.ops = &ops;
    config.user = slab;
    config.validate_address = false;
    return jtp_server_init(malloc(jtp_server_bytes(&config)), &config, 1000000000);
}

static const struct jtp_address client = {.ip = {[15] = 1}, .port = 5};

/* Seconds for one request of MESSAGE bytes, acknowledgements made too. */
static double receive(uint8_t *slab, uint32_t *datagrams)
{
    static uint8_t wire[MESSAGE / 1000][DATAGRAM];
    static size_t sizes[MESSAGE / 1000];
    static const uint8_t message[DATAGRAM];
    struct jtp_open open = {.request = 1, .to = 1, .rows = 1, .total_bytes = MESSAGE};
    uint32_t count = 0;
    for (uint32_t offset = 0; offset < MESSAGE; count++) {
        struct jtp_writer writer;
        const struct jtp_header header = {.kind = JTP_FIRST, .packet_number = count};
        jtp_writer_begin(&writer, wire[count], DATAGRAM, &header);
        if (count == 0)
            jtp_write_open(&writer, &open);
        uint32_t room = (uint32_t)(DATAGRAM - writer.count - JTP_DATA_BYTES);
        uint32_t length = MESSAGE - offset < room ? MESSAGE - offset : room;
        const struct jtp_data data = {.request = 1, .offset = offset, .length = length};
        jtp_write_data(&writer, &data);
        memcpy(wire[count] + writer.count, message, length);
        jtp_writer_finish(&writer, wire[count] + writer.count, length);
        sizes[count] = writer.count + length;
        offset += length;
    }
    struct jtp_server *server = server_of(slab);
    struct jtp_datagram out;
    double start_s = now_s();
    for (uint32_t i = 0; i < count; i++) {
        jtp_server_on_datagram(server, &client, wire[i], sizes[i], 1000000000, &out);
        while (i % 32 == 31 && jtp_server_next_datagram(server, 1000000000, &out))
            ;
    }
    double took_s = now_s() - start_s;
    if (jtp_server_stats(server)->delivered != 1)
        printf("the request was not delivered\n");
    free(server);
    *datagrams = count;
    return took_s;
}

static double probe(uint8_t *slab, uint32_t count)
{
    uint8_t bytes[JTP_PROBE_BYTES];
    struct jtp_datagram out;
    struct jtp_server *server = server_of(slab);
    jtp_write_probe(bytes, 7);
    double start_s = now_s();
    for (uint32_t i = 0; i < count; i++)
        jtp_server_on_datagram(server, &client, bytes, sizeof(bytes), 1000000000, &out);
    double took_s = now_s() - start_s;
    free(server);
    return took_s;
}

static double checksum(uint32_t (*sum)(uint32_t, const void *, size_t), const uint8_t *bytes,
                       uint32_t count)
{
    uint32_t crc = 0;
    double start_s = now_s();
    for (uint32_t i = 0; i < count; i++)
        crc = sum(crc, bytes, DATAGRAM);
    double took_s = now_s() - start_s;
    return crc == 1 ? 0 : took_s; /* so that the sum is needed */
}

static double copy(uint8_t *to, const uint8_t *bytes, uint32_t count)
{
    double start_s = now_s();
    for (uint32_t i = 0; i < count; i++) {
        memcpy(to + i % 8, bytes, DATAGRAM);
        __asm__ volatile("" : : "r"(to) : "memory");
    }
    return now_s() - start_s;
}

static void keep_least(double *least, double value)
{
    if (*least == 0 || value < *least)
        *least = value;
}

int main(void)
{
    uint8_t *slab = calloc(1, MESSAGE), bytes[DATAGRAM] = {0};
    double sum_s = 0, plain_s = 0, copy_s = 0, probe_s = 0, receive_s = 0;
    uint32_t datagrams = 1, count = 100000;
    for (int round = 0; round < ROUNDS; round++) {
        keep_least(&sum_s, checksum(jtp_crc32c, bytes, count) / count);
        keep_least(&plain_s, checksum(jtp_crc32c_plain, bytes, count / 10) / (count / 10));
        keep_least(&copy_s, copy(slab, bytes, count) / count);
        keep_least(&probe_s, probe(slab, count) / count);
        for (int i = 0; i < 20; i++)
            keep_least(&receive_s, receive(slab, &datagrams) / datagrams);
    }
    printf("CRC32C of %d bytes            %7.1f ns\n", DATAGRAM, 1e9 * sum_s);
    printf("  by the table                %7.1f ns\n", 1e9 * plain_s);
    printf("memcpy of %d bytes            %7.1f ns\n", DATAGRAM, 1e9 * copy_s);
    printf("datagram checked and placed     %7.1f ns, %.2f million a second\n", 1e9 * receive_s,
           1e-6 / receive_s);
    printf("probe read and answered         %7.1f ns, %.2f million a second\n", 1e9 * probe_s,
           1e-6 / probe_s);
    free(slab);
    return 0;
}
