/* Starts joint-dataplane, hears it, answers it, and notes what it must not say. */
#include "tests/property/ingress_host.h"

#include "shm/counters.h"
#include "shm/fd_pass.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WAIT_NS UINT64_C(20000000000)
#define COUNTERS 64u

uint64_t host_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* One that nobody listens at right now. */
static uint32_t free_udp_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof(address);
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
        getsockname(fd, (struct sockaddr *)&address, &bytes))
        perror("no free UDP port");
    close(fd);
    return ntohs(address.sin_port);
}

void ingress_host_default(struct ingress_host *host, uint32_t queue_count)
{
    const uint64_t s = UINT64_C(1000000000);
    *host = (struct ingress_host){.ring_capacity = 1024, .response_bytes = UINT64_C(32) << 20};
    host->setup =
        (struct dataplane_setup){.port = DATAPLANE_URING,
                                 .queue_count = queue_count,
                                 .udp_port = free_udp_port(),
                                 .address_count = 1,
                                 .address = {{[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}},
                                 .receive_buffers = 4096,
                                 .send_buffers = 4096,
                                 .descriptors = 1024,
                                 .verify_checksums = 1,
                                 .offload = 1,
                                 .nap_ns = 50000,
                                 .validate_address = 1,
                                 .max_clients = 256,
                                 .max_requests = 512,
                                 .max_requests_per_client = 16,
                                 .max_receiving = 128,
                                 .max_waiting = 128,
                                 .max_ranges = 64,
                                 .max_sent = 8192,
                                 .retry_after_us = 20000,
                                 .class_count = 2,
                                 .cookie_lifetime_ns = 600 * s,
                                 .client_idle_ns = 60 * s,
                                 .stall_ns = 5 * s,
                                 .longest_ns = 20 * s,
                                 .give_up_ns = 10 * s,
                                 .once_ns = s,
                                 .boot = 77,
                                 .part_bytes = UINT64_C(16) << 20,
                                 .max_tensor_bytes = UINT64_C(2) << 20,
                                 .part_slots = 256,
                                 .response_slots = 512};
    for (uint32_t i = 0; i < DATAPLANE_MAX_QUEUES; i++)
        host->setup.cpu[i] = DATAPLANE_NO_CPU;
    memset(host->setup.cookie_key, 0x5c, sizeof(host->setup.cookie_key));
    memset(host->setup.table_key, 0x7a, sizeof(host->setup.table_key));
    for (uint32_t q = 0; q < HOST_MAX_QUEUES; q++)
        host->socket[q] = -1;
}

static bool make_region(struct region *region, enum region_kind kind, uint64_t payload_bytes)
{
    const struct region_config config = {
        .name = "joint-test", .kind = kind, .payload_bytes = payload_bytes};
    return region_init(region, &config) == 0;
}

bool ingress_host_open(struct ingress_host *host)
{
    const uint32_t queue_count = host->setup.queue_count;
    const struct slab_config slab = {.payload_bytes = host->response_bytes,
                                     .max_tensor_bytes = host->setup.max_tensor_bytes,
                                     .slot_count = host->setup.response_slots};
    if (!make_region(&host->requests, REGION_SLAB, queue_count * host->setup.part_bytes) ||
        !make_region(&host->responses, REGION_SLAB, host->response_bytes) ||
        !make_region(&host->load, REGION_LOAD_PAGE, sizeof(struct load_page_shared)) ||
        load_page_init(&host->load_writer, region_at(&host->load, 0, 0), host->load.payload_bytes,
                       LOAD_REPORT_WORDS) ||
        slab_create(&slab, &host->answers))
        return false;
    for (uint32_t q = 0; q < queue_count; q++) {
        struct channel_config config = channel_config_default();
        config.to_peer_capacity = config.from_peer_capacity = host->ring_capacity;
        if (!make_region(&host->counters[q], REGION_COUNTERS, counters_bytes(COUNTERS)) ||
            channel_init(&host->channel[q], &config))
            return false;
    }
    return true;
}

void ingress_host_hang_up(struct ingress_host *host)
{
    for (uint32_t q = 0; q < host->setup.queue_count; q++) {
        if (host->socket[q] >= 0)
            close(host->socket[q]);
        host->socket[q] = -1;
        channel_fini(&host->channel[q]);
    }
}

void ingress_host_close(struct ingress_host *host)
{
    if (host->pid > 0)
        ingress_host_kill(host);
    ingress_host_hang_up(host);
    for (uint32_t q = 0; q < host->setup.queue_count; q++)
        region_fini(&host->counters[q]);
    slab_destroy(host->answers);
    region_fini(&host->requests);
    region_fini(&host->responses);
    region_fini(&host->load);
}

static pid_t spawn(const int *sockets, uint32_t count, const char *program)
{
    const pid_t pid = fork();
    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    char list[16 * HOST_MAX_QUEUES] = "";
    for (uint32_t q = 0; q < count; q++) {
        const int inherited = dup(sockets[q]); /* without the flag that closes it */
        const size_t used = strlen(list);
        snprintf(list + used, sizeof(list) - used, q ? ",%d" : "%d", inherited);
    }
    execl(program, "joint-dataplane", "--sockets", list, (char *)NULL);
    _exit(127);
}

static bool settle(struct ingress_host *host)
{
    for (uint32_t q = 0; q < host->setup.queue_count; q++) {
        const struct channel_grant grants[INGRESS_GRANT_COUNT] = {
            {.region = &host->requests, .kind = REGION_SLAB, .access = REGION_READ_WRITE},
            {.region = &host->responses, .kind = REGION_SLAB, .access = REGION_READ_ONLY},
            {.region = &host->load, .kind = REGION_LOAD_PAGE, .access = REGION_READ_ONLY},
            {.region = &host->counters[q], .kind = REGION_COUNTERS, .access = REGION_READ_WRITE}};
        if (channel_offer(&host->channel[q], host->socket[q], grants, INGRESS_GRANT_COUNT))
            return false;
    }
    for (uint32_t q = 0; q < host->setup.queue_count; q++)
        if (channel_settle(&host->channel[q], host->socket[q]))
            return false;
    return true;
}

bool ingress_host_start(struct ingress_host *host, const char *program)
{
    const uint32_t queue_count = host->setup.queue_count;
    int theirs[HOST_MAX_QUEUES];
    for (uint32_t q = 0; q < queue_count; q++) {
        int ends[2];
        if (fd_pass_pair(ends))
            return false;
        host->socket[q] = ends[0];
        theirs[q] = ends[1];
    }
    host->pid = spawn(theirs, queue_count, program);
    for (uint32_t q = 0; q < queue_count; q++)
        close(theirs[q]);
    return host->pid > 0 &&
           fd_pass_send(host->socket[0], &host->setup, sizeof(host->setup), NULL, 0) == 0 &&
           settle(host);
}

int ingress_host_wait(struct ingress_host *host)
{
    const uint64_t end_ns = host_now_ns() + WAIT_NS;
    int status;
    pid_t pid;
    while ((pid = waitpid(host->pid, &status, WNOHANG)) == 0) {
        if (host_now_ns() > end_ns)
            return -2;
        usleep(1000);
    }
    host->pid = 0;
    return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* What a dead one held is nobody's: all its requests and answers end. */
static void forget(struct ingress_host *host)
{
    union ingress_message message;
    host->pending_count = 0;
    for (uint32_t slot = 0; slot < host->setup.response_slots; slot++)
        if (host->answer_of[slot].generation) {
            slab_free(host->answers, slot, host->answer_of[slot].generation);
            host->answer_of[slot] = (struct slab_ref){0};
        }
    for (uint32_t q = 0; q < host->setup.queue_count; q++) {
        while (channel_pop(&host->channel[q], &message, 1) > 0)
            ;
        close(host->socket[q]);
        host->socket[q] = -1;
        channel_renew(&host->channel[q]);
        memset(region_at(&host->counters[q], 0, 0), 0, host->counters[q].payload_bytes);
    }
}

void ingress_host_kill(struct ingress_host *host)
{
    kill(host->pid, SIGKILL);
    ingress_host_wait(host);
    forget(host);
}

bool ingress_host_offer_model(struct ingress_host *host, const struct host_model *model)
{
    struct region table;
    struct ingress_model said = {.model = model->number, .version = model->version};
    snprintf(said.name, sizeof(said.name), "%s", model->name);
    host->models[model->number] = model;
    bool is_done = host_model_table(model, &table);
    const int fd = is_done ? region_share_fd(&table, REGION_READ_ONLY) : -1;
    for (uint32_t q = 0; is_done && q < host->setup.queue_count; q++)
        is_done = fd_pass_send(host->socket[q], &said, sizeof(said), &fd, 1) == 0;
    if (fd >= 0)
        close(fd);
    region_fini(&table);
    ingress_host_say_all(host, INGRESS_MODEL, (uint16_t)model->number);
    return is_done;
}

void ingress_host_say(struct ingress_host *host, uint32_t queue, const union ingress_message *what)
{
    const uint64_t end_ns = host_now_ns() + WAIT_NS;
    while (channel_push(&host->channel[queue], what, 1) != 1 && host_now_ns() < end_ns)
        usleep(100);
}

void ingress_host_say_all(struct ingress_host *host, enum ingress_kind kind, uint16_t model)
{
    const union ingress_message message = {.order = {.kind = (uint8_t)kind, .model = model}};
    for (uint32_t q = 0; q < host->setup.queue_count; q++)
        ingress_host_say(host, q, &message);
}

void ingress_host_publish_load(struct ingress_host *host, const struct load_report *report)
{
    uint64_t words[LOAD_REPORT_WORDS];
    memcpy(words, report, sizeof(words));
    load_page_publish(&host->load_writer, words);
}

uint64_t ingress_host_counter(const struct ingress_host *host, uint32_t queue, const char *name)
{
    char label[COUNTER_LABEL_BYTES];
    struct counters_reader reader;
    struct counter_view view;
    const struct region *region = &host->counters[queue];
    snprintf(label, sizeof(label), "dataplane.%u.%s", queue, name);
    if (counters_attach(&reader, region_at(region, 0, 0), region->payload_bytes))
        return UINT64_MAX;
    for (uint32_t i = 0; counters_read(&reader, i, &view) == 0; i++)
        if (strcmp(view.label, label) == 0)
            return view.value;
    return UINT64_MAX;
}
