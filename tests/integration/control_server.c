/* Stands in for jointd behind its control socket: `control_server PATH`, until its input ends. Its
 * counters grow by fixed steps each round, so that their ratios are known. */
#include "scheduler/control/control.h"
#include "shm/counters.h"
#include "shm/load_report.h"
#include "shm/model_statistics.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { QUEUES = 2, ROUND_MS = 5 };

struct server {
    struct control control;
    struct region load_region, regions[QUEUES + 1];
    struct load_page_writer load_page;
    struct load_report load;
    struct counter_value *answered, *late, *rx[QUEUES];
    struct region statistics_region;
    struct model_statistics_shared *statistics;
};

static void say_status(void *context, struct control_status *status)
{
    control_status_begin(status, "edge", "serving");
    control_status_model(status, "alexnet", 1, "ready");
    control_status_end(status);
}

static int make_region(struct region *region, enum region_kind kind, uint64_t bytes)
{
    const struct region_config config = {.name = "test", .kind = kind, .payload_bytes = bytes};
    const int error = region_init(region, &config);
    return error ? error : region_seal(region, REGION_SEAL_SEALS);
}

static int make_load(struct server *server)
{
    struct region *region = &server->load_region;
    int error = make_region(region, REGION_LOAD_PAGE, sizeof(struct load_page_shared));
    if (!error)
        error = load_page_init(&server->load_page, region_at(region, 0, 0), region->payload_bytes,
                               LOAD_REPORT_WORDS);
    server->load = (struct load_report){.state = LOAD_READY,
                                        .workers = 2,
                                        .utilization_permille = 825,
                                        .queued = 12,
                                        .valid_ns = UINT64_C(60000000000),
                                        .class_count = 1};
    return error ? error : control_share(&server->control, CONTROL_LOAD, "load", region);
}

static int make_counters(struct server *server)
{
    for (unsigned i = 0; i <= QUEUES; i++) {
        char name[CONTROL_NAME_BYTES] = "jointd";
        char label[COUNTER_LABEL_BYTES] = "jointd.answered";
        struct region *region = &server->regions[i];
        struct counters counters;
        if (make_region(region, REGION_COUNTERS, counters_bytes(8)) ||
            counters_init(&counters, region_at(region, 0, 0), region->payload_bytes, 8))
            return -1;
        if (i < QUEUES) {
            snprintf(name, sizeof(name), "queue %u", i);
            snprintf(label, sizeof(label), "dataplane.%u.rx_datagrams", i);
        }
        struct counter_value *value = counters_define(&counters, label, COUNTER_SUM, 0);
        if (i < QUEUES)
            server->rx[i] = value;
        else
            server->answered = value;
        if (i == QUEUES)
            server->late = counters_define(&counters, "jointd.late", COUNTER_SUM, 0);
        if (control_share(&server->control, CONTROL_COUNTERS, name, region))
            return -1;
    }
    return 0;
}

static int make_statistics(struct server *server)
{
    struct region *region = &server->statistics_region;
    if (make_region(region, REGION_STATISTICS, model_statistics_bytes(1)))
        return -1;
    server->statistics = region_at(region, 0, region->payload_bytes);
    server->statistics->version = 2;
    server->statistics->class_count = 1;
    snprintf(server->statistics->name, sizeof(server->statistics->name), "alexnet");
    snprintf(server->statistics->classes[0].name, sizeof(server->statistics->classes[0].name),
             "fast");
    return control_share(&server->control, CONTROL_STATISTICS, "model 0", region);
}

/* Three requests of 25 ms each in a batch of two and one alone. */
static void count(struct model_statistics_shared *statistics)
{
    atomic_fetch_add(&statistics->rows, 3);
    atomic_fetch_add(&statistics->batch[0].count, 1);
    atomic_fetch_add(&statistics->batch[1].count, 1);
    atomic_fetch_add(&statistics->classes[0].outcome[MODEL_ANSWERED], 3);
    for (int i = 0; i < 3; i++)
        distribution_note(&statistics->classes[0].request, &distribution_time, 25000000);
}

static void go_on(struct server *server)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    server->load.generated_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
    load_page_publish(&server->load_page, (const uint64_t *)&server->load);
    counter_add(server->answered, 10);
    counter_add(server->late, 5);
    counter_add(server->rx[0], 30);
    counter_add(server->rx[1], 70);
    count(server->statistics);
}

int main(int argc, char **argv)
{
    static struct server server;
    char why[256];
    if (argc != 2)
        return 2;
    const struct control_config config = {
        .path = argv[1], .name = "edge", .say_status = say_status};
    if (control_init(&server.control, &config, why, sizeof(why))) {
        fprintf(stderr, "control_server: %s\n", why);
        return 1;
    }
    if (make_load(&server) || make_counters(&server) || make_statistics(&server))
        return 1;
    printf("ready\n");
    fflush(stdout);
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    while (poll(&input, 1, ROUND_MS) == 0) {
        go_on(&server);
        control_poll(&server.control);
    }
    control_fini(&server.control);
    return 0;
}
