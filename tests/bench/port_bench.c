/* How many datagrams a DPDK port receives per second on one thread, for port_receive.py.
 *
 *   port_bench DEVICE ADDRESS/BITS CPU SECONDS [COPY]
 *
 * It polls without napping, on that CPU, and copies each payload to its place in a slab if COPY is
 * 1. Each second it prints datagrams, and how many of its polls found something. */
#include "dataplane/port/dpdk/dpdk_port.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SECOND UINT64_C(1000000000)
#define SLAB_BYTES (8u << 20)

struct bench {
    struct port *port;
    uint8_t *slab; /* NULL: nothing is copied */
    size_t at;
    uint64_t datagrams, polls, full_polls;
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

static void poll_once(struct bench *bench, uint64_t now)
{
    struct port_received burst[PORT_MAX_BURST];
    const uint32_t came = port_receive(bench->port, 0, burst, PORT_MAX_BURST, now);
    for (uint32_t i = 0; bench->slab && i < came; i++) {
        if (bench->at + burst[i].count > SLAB_BYTES)
            bench->at = 0;
        memcpy(bench->slab + bench->at, burst[i].bytes, burst[i].count);
        bench->at += burst[i].count;
    }
    port_release(bench->port, 0);
    bench->datagrams += came;
    bench->polls++;
    bench->full_polls += came > 0;
}

static void run(struct bench *bench, uint64_t seconds)
{
    for (uint64_t second = 0; second < seconds; second++) {
        const uint64_t start = now_ns();
        uint64_t now = start;
        bench->datagrams = bench->polls = bench->full_polls = 0;
        while (now - start < SECOND) {
            for (uint32_t i = 0; i < 32; i++)
                poll_once(bench, now);
            now = now_ns();
        }
        printf("%.0f datagrams/s, %.1f %% of polls\n",
               (double)bench->datagrams * 1e9 / (double)(now - start),
               100.0 * (double)bench->full_polls / (double)bench->polls);
        fflush(stdout);
    }
}

static int pin(unsigned long cpu)
{
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET(cpu, &cpus);
    return sched_setaffinity(0, sizeof(cpus), &cpus);
}

int main(int count, char **values)
{
    if (count < 5) {
        fprintf(stderr, "port_bench DEVICE ADDRESS/BITS CPU SECONDS [COPY]\n");
        return 2;
    }
    struct dpdk_port_config config = dpdk_port_config_default();
    config.device = values[1];
    config.huge_pages = DPDK_NO;
    struct bench bench = {0};
    if (net_prefix_read(&config.v4, values[2]) || pin(strtoul(values[3], NULL, 10)))
        return 2;
    const int error = dpdk_port_open(&bench.port, &config);
    if (error) {
        fprintf(stderr, "port_bench: cannot open %s: %s\n", values[1], strerror(-error));
        return 1;
    }
    if (count > 5 && values[5][0] == '1' && !(bench.slab = calloc(1, SLAB_BYTES)))
        return 1;
    run(&bench, strtoull(values[4], NULL, 10));
    struct port_counters counters;
    port_counters(bench.port, 0, &counters);
    printf("missed %lu, bad %lu\n", (unsigned long)counters.missed, (unsigned long)counters.bad);
    port_close(bench.port);
    dpdk_eal_stop();
    free(bench.slab);
    return 0;
}
