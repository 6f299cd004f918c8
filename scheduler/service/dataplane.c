/* The life of joint-dataplane: setup, offers, signs of life, death, and anew. */
#include "scheduler/service/dataplane.h"
#include "scheduler/service/service.h"
#include "shm/fd_pass.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Before it takes requests it may have to set up a device. */
#define START_NS UINT64_C(30000000000)

static const char *const arguments[] = {"--sockets", "%s", NULL};

static struct ingress_config queue_config(const struct service *service, uint32_t number)
{
    const struct dataplane_setup *setup = service->dataplane.setup;
    return (struct ingress_config){.number = number,
                                   .requests = &service->memory.requests,
                                   .worker_grant = MEMORY_GRANT_REQUESTS,
                                   .part_offset = number * setup->part_bytes,
                                   .part_bytes = setup->part_bytes,
                                   .slot_count = setup->part_slots,
                                   .can_sleep = !setup->is_busy};
}

int dataplane_init(struct dataplane *dataplane, struct service *service)
{
    const struct jointd_config *config = &service->config;
    *dataplane = (struct dataplane){.count = (uint32_t)config->dataplane.queues};
    dataplane->setup = calloc(1, sizeof(*dataplane->setup));
    dataplane->ingress = calloc(dataplane->count, sizeof(*dataplane->ingress));
    int error = dataplane->setup && dataplane->ingress ? 0 : -ENOMEM;
    if (!error)
        error = dataplane_setup_fill(dataplane->setup, config);
    if (!error)
        error = dataplane_setup_draw_keys(dataplane->setup);
    for (uint32_t i = 0; i < dataplane->count && !error; i++) {
        const struct ingress_config queue = queue_config(service, i);
        error = ingress_init(&dataplane->ingress[i], service, &queue);
    }
    if (error) {
        dataplane_fini(dataplane);
        return error;
    }
    dataplane->child_config =
        (struct child_config){.name = "joint-dataplane",
                              .program = service->programs.dataplane,
                              .arguments = arguments,
                              .socket_count = dataplane->count,
                              .restart_delay_ns = config->workers.restart_delay_ns,
                              .restart_delay_max_ns = config->workers.restart_delay_max_ns,
                              .stable_ns = service->stable_ns};
    child_init(&dataplane->child, &dataplane->child_config);
    return 0;
}

void dataplane_fini(struct dataplane *dataplane)
{
    if (!dataplane)
        return;
    child_fini(&dataplane->child);
    for (uint32_t i = 0; dataplane->ingress && i < dataplane->count; i++)
        ingress_fini(&dataplane->ingress[i]);
    free(dataplane->ingress);
    free(dataplane->setup);
    *dataplane = (struct dataplane){0};
}

int dataplane_poll(struct service *service, uint64_t now_ns)
{
    struct dataplane *dataplane = &service->dataplane;
    int work = 0;
    for (uint32_t i = 0; i < dataplane->count; i++)
        work += ingress_poll(service, &dataplane->ingress[i], now_ns);
    return work;
}

/* The settings over the first socket, then each queue's channel over its own. */
static int introduce(struct service *service)
{
    struct dataplane *dataplane = &service->dataplane;
    if (getrandom(&dataplane->setup->boot, sizeof(dataplane->setup->boot), 0) !=
        sizeof(dataplane->setup->boot))
        return -EIO;
    int error = fd_pass_send(dataplane->child.socket[0], dataplane->setup,
                             sizeof(*dataplane->setup), NULL, 0);
    for (uint32_t i = 0; i < dataplane->count && !error; i++) {
        const int socket = dataplane->child.socket[i];
        dataplane->child.socket[i] = -1; /* the ingress's now */
        error = ingress_offer(service, &dataplane->ingress[i], socket);
    }
    return error;
}

static int start(struct service *service, uint64_t now_ns)
{
    struct dataplane *dataplane = &service->dataplane;
    struct child *child = &dataplane->child;
    dataplane->is_told = false;
    if (!dataplane->first_ns)
        dataplane->first_ns = now_ns;
    int error = child_start(child, now_ns);
    if (error) {
        char text[256];
        child_describe(child, text, sizeof(text));
        log_say(&service->log, "%s", text);
        return 1;
    }
    error = idle_watch(&service->idle, child->pidfd);
    if (!error)
        error = introduce(service);
    if (error)
        dataplane_condemn(service, 0, strerror(-error));
    return 1;
}

void dataplane_condemn(struct service *service, uint32_t queue, const char *why)
{
    log_say(&service->log, "joint-dataplane, queue %u: %s; it is started anew", queue, why);
    child_kill(&service->dataplane.child);
}

static int bury(struct service *service, uint64_t now_ns)
{
    struct dataplane *dataplane = &service->dataplane;
    char text[256];
    child_describe(&dataplane->child, text, sizeof(text));
    if (service->state < SERVICE_ENDING) {
        counts_add(&service->counts, COUNT_DATAPLANE_DEATHS, 1);
        log_say(&service->log, "%s; it is started again", text);
    }
    for (uint32_t i = 0; i < dataplane->count; i++)
        ingress_bury(service, &dataplane->ingress[i], now_ns);
    child_clear(&dataplane->child);
    return 1;
}

/* The thread that has been silent longest. */
static uint64_t oldest_beat(const struct dataplane *dataplane)
{
    uint64_t oldest = UINT64_MAX;
    for (uint32_t i = 0; i < dataplane->count; i++) {
        const struct link *link = &dataplane->ingress[i].link;
        const uint64_t beat =
            link->state == LINK_OPEN ? channel_peer_beat(&link->channel, NULL) : 0;
        oldest = beat < oldest ? beat : oldest;
    }
    return oldest;
}

bool dataplane_is_started(const struct dataplane *dataplane)
{
    for (uint32_t i = 0; i < dataplane->count; i++)
        if (!dataplane->ingress[i].is_started)
            return false;
    return true;
}

bool dataplane_is_drained(const struct dataplane *dataplane)
{
    if (dataplane->child.state != CHILD_RUNNING)
        return true;
    for (uint32_t i = 0; i < dataplane->count; i++)
        if (!dataplane->ingress[i].is_drained)
            return false;
    return true;
}

static void watch(struct service *service, uint64_t now_ns)
{
    struct dataplane *dataplane = &service->dataplane;
    const bool is_started = dataplane_is_started(dataplane);
    const uint64_t hang_ns = service->config.workers.hang_timeout_ns;
    const uint64_t patience_ns = is_started || hang_ns > START_NS ? hang_ns : START_NS;
    if (child_watch(&dataplane->child, oldest_beat(dataplane), patience_ns, now_ns))
        log_say(&service->log, "joint-dataplane gave no sign of life for %llu ms; it is killed",
                (unsigned long long)(patience_ns / 1000000));
}

int dataplane_look(struct service *service, uint64_t now_ns)
{
    struct dataplane *dataplane = &service->dataplane;
    if (child_poll(&dataplane->child, now_ns))
        return bury(service, now_ns);
    if (child_is_due(&dataplane->child, now_ns))
        return service_may_serve(service) ? start(service, now_ns) : 0;
    if (dataplane->child.state != CHILD_RUNNING)
        return 0;
    int work = 0;
    for (uint32_t i = 0; i < dataplane->count; i++)
        work += ingress_look(service, &dataplane->ingress[i], now_ns);
    watch(service, now_ns);
    if (!dataplane->is_told && dataplane_is_started(dataplane)) {
        dataplane->is_told = true;
        service_say_ready(service);
    }
    return work;
}
