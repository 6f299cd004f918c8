/* A stand-in for jointd around a real joint-dataplane, for dataplane_ports.py and benchmarks.
 *
 *   dataplane_host PROGRAM [OPTION=VALUE]...
 *
 * Options: port (dpdk or uring), device, v4 (ADDRESS/BITS), listen (ADDRESS), udp_port, queues,
 * huge (auto, yes, no), verify, busy, cpu (of the first queue; the next has the next), mtu,
 * validate, part_mib, eal. It prints "ready", answers requests until its standard input ends,
 * drains, and prints what it saw as JSON. */
#include "tests/property/ingress_host.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)

static bool read_ip(uint8_t ip[16], const char *text)
{
    char before[64];
    snprintf(before, sizeof(before), "%s", text);
    before[strcspn(before, "/")] = '\0';
    memset(ip, 0, 10);
    memset(ip + 10, 0xff, 2);
    return inet_pton(AF_INET, before, ip + 12) == 1;
}

static uint32_t number(const char *text)
{
    return (uint32_t)strtoul(text, NULL, 10);
}

static bool read_option(struct dataplane_setup *setup, const char *name, const char *value)
{
    if (strcmp(name, "port") == 0) {
        setup->port = strcmp(value, "dpdk") == 0 ? DATAPLANE_DPDK : DATAPLANE_URING;
    } else if (strcmp(name, "device") == 0) {
        snprintf(setup->device, sizeof(setup->device), "%s", value);
    } else if (strcmp(name, "eal") == 0) {
        snprintf(setup->eal_arguments, sizeof(setup->eal_arguments), "%s", value);
    } else if (strcmp(name, "v4") == 0) {
        setup->v4.is_given = 1;
        setup->v4.length = number(strchr(value, '/') ? strchr(value, '/') + 1 : "32");
        return read_ip(setup->v4.ip, value);
    } else if (strcmp(name, "listen") == 0) {
        return read_ip(setup->address[0], value);
    } else if (strcmp(name, "udp_port") == 0) {
        setup->udp_port = number(value);
    } else if (strcmp(name, "queues") == 0) {
        setup->queue_count = number(value);
    } else if (strcmp(name, "huge") == 0) {
        setup->huge_pages = strcmp(value, "no") == 0    ? DATAPLANE_NO
                            : strcmp(value, "yes") == 0 ? DATAPLANE_YES
                                                        : DATAPLANE_AUTO;
    } else if (strcmp(name, "verify") == 0) {
        setup->verify_checksums = number(value);
    } else if (strcmp(name, "busy") == 0) {
        setup->is_busy = number(value);
    } else if (strcmp(name, "mtu") == 0) {
        setup->mtu = number(value);
    } else if (strcmp(name, "validate") == 0) {
        setup->validate_address = number(value);
    } else if (strcmp(name, "once_ms") == 0) {
        setup->once_ns = number(value) * UINT64_C(1000000);
    } else if (strcmp(name, "part_mib") == 0) {
        setup->part_bytes = (uint64_t)number(value) << 20;
    } else if (strcmp(name, "cpu") == 0) {
        for (uint32_t i = 0; i < DATAPLANE_MAX_QUEUES; i++)
            setup->cpu[i] = number(value) + i;
    } else {
        return false;
    }
    return true;
}

/* How it behaves, rather than joint-dataplane. */
struct manner {
    bool fails, has_rates;
};

static bool read_options(struct ingress_host *host, struct manner *manner, int count, char **values)
{
    for (int i = 2; i < count; i++) {
        char name[16];
        const char *value = strchr(values[i], '=');
        if (!value || (size_t)(value - values[i]) >= sizeof(name))
            return false;
        snprintf(name, sizeof(name), "%.*s", (int)(value - values[i]), values[i]);
        if (strcmp(name, "fails") == 0)
            manner->fails = number(value + 1) != 0;
        else if (strcmp(name, "rates") == 0)
            manner->has_rates = number(value + 1) != 0;
        else if (!read_option(&host->setup, name, value + 1))
            return false;
    }
    return host->setup.queue_count <= HOST_MAX_QUEUES;
}

static bool await(struct ingress_host *host, const uint64_t *word)
{
    const uint64_t end_ns = host_now_ns() + 20 * SECOND;
    while (*word < host->setup.queue_count && host_now_ns() < end_ns)
        if (ingress_host_poll(host) == 0)
            usleep(100);
    return *word == host->setup.queue_count;
}

static bool has_input_ended(void)
{
    char byte;
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    return poll(&input, 1, 0) == 1 && read(STDIN_FILENO, &byte, 1) <= 0;
}

static uint64_t sum_of(const struct ingress_host *host, const char *name)
{
    uint64_t sum = 0;
    for (uint32_t q = 0; q < host->setup.queue_count; q++)
        sum += ingress_host_counter(host, q, name);
    return sum;
}

/* What came since the last time, a second. */
static void print_rates(const struct ingress_host *host)
{
    static const char *const names[] = {"rx_datagrams", "jtp_delivered", "jtp_probes",
                                        "tx_datagrams"};
    static uint64_t last[4], last_ns;
    const uint64_t now_ns = host_now_ns();
    if (now_ns - last_ns < SECOND)
        return;
    for (uint32_t i = 0; i < 4; i++) {
        const uint64_t value = sum_of(host, names[i]);
        if (last_ns > 0)
            printf("%s %.0f/s%s", names[i],
                   (double)(value - last[i]) * 1e9 / (double)(now_ns - last_ns),
                   i == 3 ? "\n" : ", ");
        last[i] = value;
    }
    last_ns = now_ns;
    fflush(stdout);
}

static void serve(struct ingress_host *host, const struct manner *manner)
{
    host->holds = manner->fails;
    for (uint32_t turn = 1; turn % 64 != 0 || !has_input_ended(); turn++) {
        if (ingress_host_poll(host) == 0)
            usleep(manner->has_rates ? 200 : 20);
        while (manner->fails && host->pending_count > 0)
            ingress_host_finish(host, 0, INGRESS_FAILED);
        if (manner->has_rates)
            print_rates(host);
    }
    host->holds = false;
}

static void print(const struct ingress_host *host, bool has_drained, int status)
{
    static const char *const names[] = {
        "rx_datagrams",  "rx_bad",      "rx_missed",    "tx_datagrams", "tx_unsent",
        "jtp_answered",  "jtp_unknown", "jtp_given_up", "jtp_lost",     "jtp_probes",
        "sent",          "polls",       "busy_polls",   "busy_ns",      "requests_taken",
        "answers_taken", "answers_lent"};
    struct slab_use use;
    slab_measure(host->answers, &use);
    printf("{\"status\": %d, \"drained\": %d, \"faults\": %llu, \"submitted\": %llu, "
           "\"finished\": %llu, \"leaked\": %u",
           status, has_drained, (unsigned long long)host->faults,
           (unsigned long long)host->submitted, (unsigned long long)host->finished,
           use.slots_taken);
    for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        printf(", \"%s\": [", names[i]);
        for (uint32_t q = 0; q < host->setup.queue_count; q++)
            printf("%s%llu", q ? ", " : "",
                   (unsigned long long)ingress_host_counter(host, q, names[i]));
        printf("]");
    }
    printf("}\n");
    if (host->faults > 0)
        fprintf(stderr, "joint-dataplane: %s\n", host->fault);
}

static bool start(struct ingress_host *host, const char *program)
{
    return ingress_host_open(host) && ingress_host_start(host, program) &&
           ingress_host_offer_model(host, &host_large) &&
           ingress_host_offer_model(host, &host_small) && await(host, &host->started);
}

int main(int count, char **values)
{
    struct ingress_host *host = calloc(1, sizeof(*host));
    if (!host || count < 2)
        return 2;
    struct manner manner = {0};
    ingress_host_default(host, 1);
    host->setup.udp_port = 4470;
    if (!read_options(host, &manner, count, values)) {
        fprintf(stderr, "dataplane_host: an option that is none\n");
        return 2;
    }
    if (!start(host, values[1])) {
        fprintf(stderr, "dataplane_host: joint-dataplane did not start\n");
        return 1;
    }
    puts("ready");
    fflush(stdout);
    serve(host, &manner);
    kill(host->pid, SIGTERM);
    const bool has_drained = await(host, &host->drained);
    print(host, has_drained, has_drained ? ingress_host_wait(host) : -2);
    ingress_host_close(host);
    free(host);
    return 0;
}
