/* What a queue of joint-dataplane costs above its port: a port that only lends what was made before
 * and swallows what is sent; CPU time of one thread.
 *
 *   queue_bench [--rounds N]
 *
 * Whole requests of 600 KB in datagrams of 1,400 bytes, eight clients in turn, each rejected by
 * jointd once it is whole; and load probes. The best round of each counts. */
#include "dataplane/proto/crc32c.h"
#include "dataplane/queue.h"
#include "shm/fd_pass.h"
#include "tests/property/ingress_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    CLIENTS = 8,
    DATAGRAM_BYTES = 1400,
    MESSAGE_BYTES = 602112,
    MAX_DATAGRAMS = 512,
    FIRST_PORT = 1000,
    PROBES = 1 << 16,
};

/* It lends the next datagrams of the clients in turn, or the probe. */
struct bench_port {
    struct port port;
    uint8_t datagrams[MAX_DATAGRAMS][DATAGRAM_BYTES];
    uint32_t bytes[MAX_DATAGRAMS];
    uint32_t datagram_count;
    uint32_t at[CLIENTS];
    uint16_t client_port[CLIENTS];
    uint16_t next_port;
    uint32_t turn;
    uint64_t left; /* to lend */
    uint64_t sent;
    bool is_probing;
};

static uint32_t lend(struct port *port, uint32_t queue, struct port_received *burst, uint32_t count,
                     uint64_t now_ns)
{
    struct bench_port *bench = (struct bench_port *)port;
    uint32_t lent = 0;
    for (; lent < count && bench->left > 0; lent++, bench->left--) {
        const uint32_t client = bench->turn++ % CLIENTS, at = bench->at[client];
        burst[lent] = (struct port_received){.from = {.ip = {[10] = 0xff, [11] = 0xff, [12] = 10},
                                                      .port = bench->client_port[client]},
                                             .bytes = bench->datagrams[at],
                                             .count = bench->bytes[at]};
        if (++bench->at[client] < bench->datagram_count)
            continue;
        bench->at[client] = 0;
        if (!bench->is_probing)
            bench->client_port[client] = bench->next_port++;
    }
    return lent;
}

static void release(struct port *port, uint32_t queue)
{
}

static void swallow(struct port *port, uint32_t queue, const struct port_outgoing *burst,
                    uint32_t count, uint64_t now_ns)
{
    ((struct bench_port *)port)->sent += count;
}

static uint32_t no_tokens(struct port *port, uint32_t queue, uint64_t *tokens, uint32_t count)
{
    return 0;
}

static void count_nothing(const struct port *port, uint32_t queue, struct port_counters *counters)
{
    *counters = (struct port_counters){0};
}

static const struct port_ops ops = {.name = "bench",
                                    .receive = lend,
                                    .release = release,
                                    .send = swallow,
                                    .sent = no_tokens,
                                    .counters = count_nothing};

static uint32_t make_datagram(struct bench_port *bench, uint32_t number, uint32_t offset)
{
    static const uint8_t payload[DATAGRAM_BYTES];
    const struct jtp_header header = {
        .kind = number < 12 ? JTP_FIRST : JTP_CLIENT, .connection = 77, .packet_number = number};
    const struct jtp_open open = {.request = 1,
                                  .model = jtp_crc32c(0, "large", 5),
                                  .to = 3,
                                  .rows = 1,
                                  .total_bytes = MESSAGE_BYTES};
    struct jtp_writer writer;
    jtp_writer_begin(&writer, bench->datagrams[number], DATAGRAM_BYTES, &header);
    if (number < 12)
        jtp_write_open(&writer, &open);
    uint32_t length = DATAGRAM_BYTES - (uint32_t)writer.count - JTP_DATA_BYTES;
    if (length > MESSAGE_BYTES - offset)
        length = MESSAGE_BYTES - offset;
    const struct jtp_data data = {.request = 1, .offset = offset, .length = length};
    jtp_write_data(&writer, &data);
    jtp_writer_finish(&writer, payload, length);
    bench->bytes[number] = (uint32_t)writer.count + length;
    return length;
}

static void make_messages(struct bench_port *bench)
{
    bench->datagram_count = 0;
    bench->is_probing = false;
    for (uint32_t offset = 0; offset < MESSAGE_BYTES; bench->datagram_count++)
        offset += make_datagram(bench, bench->datagram_count, offset);
    bench->left = 0;
    for (uint32_t i = 0; i < CLIENTS; i++) {
        bench->at[i] = 0;
        bench->client_port[i] = bench->next_port++;
    }
}

static void make_probe(struct bench_port *bench)
{
    bench->bytes[0] = (uint32_t)jtp_write_probe(bench->datagrams[0], 1);
    bench->datagram_count = 1;
    bench->is_probing = true;
    memset(bench->at, 0, sizeof(bench->at));
}

static bool join(struct ingress_host *host, struct queue *queue)
{
    int ends[2];
    const struct channel_grant grants[INGRESS_GRANT_COUNT] = {
        {.region = &host->requests, .kind = REGION_SLAB, .access = REGION_READ_WRITE},
        {.region = &host->responses, .kind = REGION_SLAB, .access = REGION_READ_ONLY},
        {.region = &host->load, .kind = REGION_LOAD_PAGE, .access = REGION_READ_ONLY},
        {.region = &host->counters[0], .kind = REGION_COUNTERS, .access = REGION_READ_WRITE}};
    if (fd_pass_pair(ends))
        return false;
    host->socket[0] = ends[0];
    const struct queue_config config = {.setup = &host->setup, .socket = ends[1]};
    return channel_offer(&host->channel[0], ends[0], grants, INGRESS_GRANT_COUNT) == 0 &&
           queue_init(queue, &config) == 0 && channel_settle(&host->channel[0], ends[0]) == 0;
}

static uint64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ns for each of so many datagrams; what jointd has to do is not counted. */
static double spend(struct ingress_host *host, struct queue *queue, struct bench_port *bench,
                    uint64_t datagrams)
{
    uint64_t sum_ns = 0;
    for (uint64_t left = datagrams; left > 0;) {
        const uint64_t part = left < 2048 ? left : 2048;
        bench->left = part;
        left -= part;
        const uint64_t begun_ns = cpu_ns();
        while (queue_poll(queue, host_now_ns()) > 0)
            ;
        sum_ns += cpu_ns() - begun_ns;
        ingress_host_poll(host);
        while (host->pending_count > 0)
            ingress_host_finish(host, 0, INGRESS_FAILED);
    }
    return (double)sum_ns / (double)datagrams;
}

int main(int count, char **values)
{
    static struct bench_port bench = {.port = {.ops = &ops, .queue_count = 1},
                                      .next_port = FIRST_PORT};
    const unsigned long rounds =
        count > 2 && strcmp(values[1], "--rounds") == 0 ? strtoul(values[2], NULL, 10) : 7;
    struct ingress_host *host = calloc(1, sizeof(*host));
    struct queue *queue = calloc(1, sizeof(*queue));
    double message_ns = 1e9, probe_ns = 1e9;
    ingress_host_default(host, 1);
    host->setup.validate_address = 0;
    host->setup.part_bytes = UINT64_C(64) << 20;
    host->holds = true;
    if (!ingress_host_open(host) || !join(host, queue) ||
        queue_open(queue, &bench.port, 1472, host_now_ns()) ||
        !ingress_host_offer_model(host, &host_large)) {
        fprintf(stderr, "queue_bench: cannot start\n");
        return 1;
    }
    for (unsigned long round = 0; round < rounds; round++) {
        make_messages(&bench);
        const uint64_t datagrams = 8u * CLIENTS * bench.datagram_count;
        const uint64_t whole = host->submitted;
        const double a = spend(host, queue, &bench, datagrams);
        if (host->submitted - whole != 8u * CLIENTS)
            printf("only %llu requests were whole\n",
                   (unsigned long long)(host->submitted - whole));
        message_ns = a < message_ns ? a : message_ns;
        make_probe(&bench);
        const double b = spend(host, queue, &bench, PROBES);
        probe_ns = b < probe_ns ? b : probe_ns;
    }
    printf("datagram of 1,400 bytes put in its place   %6.1f ns\n", message_ns);
    printf("load probe answered                        %6.1f ns\n", probe_ns);
    queue_fini(queue);
    ingress_host_close(host);
    free(queue);
    free(host);
    return 0;
}
