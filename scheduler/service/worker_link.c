/* The life of one worker process. What it says is in worker_said.c. */
#include "scheduler/service/worker_link.h"
#include "scheduler/service/service.h"
#include "scheduler/service/worker_said.h"
#include "shm/fd_pass.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BURST 64
/* It maps slabs and starts threads before its first sign of life; and a large model's weights are
 * packed or checked in one step. */
#define START_NS UINT64_C(10000000000)
#define LOAD_NS UINT64_C(120000000000)
#define LOADING_TASK UINT64_MAX

/* "2,3": its share of the cores. Spares go wherever the kernel puts them. */
static void write_cpus(struct worker_link *worker, const struct workers_section *config)
{
    const uint64_t threads = config->threads;
    size_t used = 0;
    for (uint64_t i = 0; i < threads && worker->number < config->count; i++) {
        const uint64_t at = worker->number * threads + i;
        if (at >= config->cores.count || used >= sizeof(worker->cpus))
            break;
        const int more = snprintf(worker->cpus + used, sizeof(worker->cpus) - used, "%s%u",
                                  i ? "," : "", config->cores.items[at]);
        used += more > 0 ? (size_t)more : 0;
    }
}

static void write_arguments(struct worker_link *worker, const struct workers_section *config)
{
    write_cpus(worker, config);
    uint32_t count = 0;
    worker->arguments[count++] = "--socket";
    worker->arguments[count++] = "%s";
    worker->arguments[count++] = "--idle";
    worker->arguments[count++] = config->idle == CONFIG_IDLE_BUSY ? "busy" : "adaptive";
    if (worker->cpus[0]) {
        worker->arguments[count++] = "--cpus";
        worker->arguments[count++] = worker->cpus;
    }
    worker->arguments[count] = NULL;
}

int worker_link_init(struct worker_link *worker, struct service *service, uint32_t number)
{
    const struct workers_section *config = &service->config.workers;
    *worker = (struct worker_link){.number = number};
    snprintf(worker->name, sizeof(worker->name), "%s %u",
             number < config->count ? "worker" : "spare worker", number);
    write_arguments(worker, config);
    struct channel_config channel = channel_config_default();
    channel.name = "joint-worker";
    /* All dispatches that may be open, with all their rows, cancelled one by one. */
    channel.to_peer_capacity = 2048;
    channel.can_peer_sleep = config->idle != CONFIG_IDLE_BUSY;
    const int error = link_init(&worker->link, &service->idle, &channel);
    if (error)
        return error;
    worker->child_config =
        (struct child_config){.name = worker->name,
                              .program = service->programs.worker,
                              .arguments = worker->arguments,
                              .socket_count = 1,
                              .is_confined = service->is_confined,
                              .uid = service->uid,
                              .gid = service->gid,
                              .restart_delay_ns = config->restart_delay_ns,
                              .restart_delay_max_ns = config->restart_delay_max_ns,
                              .stable_ns = service->stable_ns};
    child_init(&worker->child, &worker->child_config);
    return 0;
}

void worker_link_fini(struct worker_link *worker)
{
    if (!worker || !worker->child.config)
        return;
    child_fini(&worker->child);
    link_fini(&worker->link);
    *worker = (struct worker_link){0};
}

uint32_t worker_link_owner(const struct service *service, const struct worker_link *worker)
{
    return ingress_owner(service_ingress_count(service)) + worker->number;
}

void worker_link_condemn(struct service *service, struct worker_link *worker, const char *why)
{
    if (worker->is_condemned)
        return;
    worker->is_condemned = true;
    log_say(&service->log, "%s: %s; it is started anew", worker->name, why);
    child_kill(&worker->child);
}

bool worker_link_say(struct service *service, struct worker_link *worker, const void *messages,
                     uint32_t count)
{
    if (worker->link.state != LINK_OPEN || worker->is_condemned)
        return false;
    const int room = spsc_queue_room(&worker->link.channel.out);
    if (room >= (int)count && channel_push(&worker->link.channel, messages, count) == (int)count)
        return true;
    worker_link_condemn(service, worker, room < 0 ? "spoilt its ring" : "does not listen");
    return false;
}

static int start(struct service *service, struct worker_link *worker, uint64_t now_ns)
{
    char text[256];
    if (child_start(&worker->child, now_ns)) {
        child_describe(&worker->child, text, sizeof(text));
        log_say(&service->log, "%s", text);
        return 1;
    }
    const int socket = worker->child.socket[0];
    worker->child.socket[0] = -1; /* the link's now */
    /* Large slabs of small pages take long to map whole, and it is to be there soon. */
    const struct channel_grant grants[] = {{.region = &service->memory.requests,
                                            .kind = REGION_SLAB,
                                            .access = REGION_READ_ONLY,
                                            .is_lazy = true},
                                           {.region = &service->memory.responses,
                                            .kind = REGION_SLAB,
                                            .access = REGION_READ_WRITE,
                                            .is_lazy = true},
                                           {.region = &service->memory.api_requests,
                                            .kind = REGION_SLAB,
                                            .access = REGION_READ_ONLY,
                                            .is_lazy = true}};
    const uint32_t grant_count = service->memory.api_requests.base ? 3 : 2;
    int error = idle_watch(&service->idle, worker->child.pidfd);
    const int offered = link_offer(&worker->link, socket, grants, grant_count);
    error = error ? error : offered;
    if (error)
        worker_link_condemn(service, worker, strerror(-error));
    return 1;
}

/* Gives it the next model that it lacks, one at a time; or takes one that is not wanted. */
static int feed(struct service *service, struct worker_link *worker)
{
    for (uint32_t i = 0; i < service->models.limit && worker->loads == 0; i++) {
        const bool is_wanted = model_set_is_wanted(&service->models, i);
        struct message_order order = {.model = (uint16_t)i};
        if (is_wanted && worker->has[i] == WORKER_HAS_NOT) {
            if (!workers_may_load(service, worker))
                continue;
            const struct model *model = &service->models.items[i];
            const int fd = region_share_fd(&model->weights, REGION_READ_ONLY);
            if (fd < 0)
                return 0;
            const int error =
                fd_pass_send(worker->link.socket, &model->file, sizeof(model->file), &fd, 1);
            close(fd);
            if (error)
                return 0;
            order.kind = MESSAGE_LOAD;
            worker->has[i] = WORKER_LOADS;
        } else if (!is_wanted && worker->has[i] == WORKER_HAS) {
            order.kind = MESSAGE_UNLOAD;
            worker->has[i] = WORKER_UNLOADS;
            worker->has_count--;
        } else {
            if (!is_wanted && worker->has[i] == WORKER_CANNOT)
                worker->has[i] = WORKER_HAS_NOT;
            continue;
        }
        worker->loads = 1;
        worker_link_say(service, worker, &order, 1);
        return 1;
    }
    return 0;
}

bool worker_link_is_busy(const struct worker_link *worker)
{
    for (uint32_t i = 0; i < MESSAGE_MAX_DISPATCHES; i++)
        if (!worker_run_is_free(&worker->run[i]))
            return true;
    return false;
}

bool worker_link_has(const struct worker_link *worker, uint32_t slot)
{
    for (uint32_t i = 0; i < MESSAGE_MAX_DISPATCHES; i++)
        if (worker_run_has(&worker->run[i], slot))
            return true;
    return false;
}

uint64_t worker_link_predicted_ns(const struct worker_link *worker)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < MESSAGE_MAX_DISPATCHES; i++)
        if (worker->run[i].is_open)
            sum += worker->run[i].predicted_ns;
    return sum;
}

/* It beats before and after each segment, so what it runs may keep it silent. */
static void watch(struct service *service, struct worker_link *worker, uint64_t now_ns)
{
    uint64_t patience_ns =
        service->config.workers.hang_timeout_ns + 4 * worker_link_predicted_ns(worker);
    uint64_t task = 0;
    uint64_t beat_ns = 0;
    if (worker->link.state == LINK_OPEN)
        beat_ns = channel_peer_beat(&worker->link.channel, &task);
    if (beat_ns == 0 && patience_ns < START_NS)
        patience_ns = START_NS;
    if (task == LOADING_TASK && patience_ns < LOAD_NS)
        patience_ns = LOAD_NS;
    if (!child_watch(&worker->child, beat_ns, patience_ns, now_ns))
        return;
    counts_add(&service->counts, COUNT_WORKER_HANGS, 1);
    log_say(&service->log, "%s gave no sign of life for %llu ms; it is killed", worker->name,
            (unsigned long long)(patience_ns / 1000000));
}

/* With leases of about one length the first of the list is about the first to end. */
static void check_lease(struct service *service, struct worker_link *worker, uint64_t now_ns)
{
    struct slot_view view;
    const uint32_t first =
        slot_table_first(service->memory.owners, worker_link_owner(service, worker));
    if (first != SLOT_NONE && slot_table_view(service->memory.owners, first, &view) == 0 &&
        view.lease_ns < now_ns)
        worker_link_condemn(service, worker, "shows life, but keeps a request for ever");
}

static bool is_innocent(const struct worker_link *worker, uint32_t slot)
{
    for (uint32_t i = 0; i < MESSAGE_MAX_DISPATCHES; i++)
        if (worker_run_has_begun(&worker->run[i], slot))
            return false;
    return true;
}

/* Rows that had not entered wait again as if they had never been there. */
static void take_back_innocent(struct service *service, struct worker_link *worker, uint64_t now_ns)
{
    const uint32_t owner = worker_link_owner(service, worker);
    for (uint32_t i = 0; i < MESSAGE_MAX_DISPATCHES; i++) {
        const struct worker_run *run = &worker->run[i];
        for (uint32_t r = 0; r < run->row_count; r++) {
            const uint32_t slot = run->rows[r].slot;
            struct slot_view view;
            if (slot_table_view(service->memory.owners, slot, &view) == 0 &&
                view.state == SLOT_RUNNING && view.owner == owner && is_innocent(worker, slot) &&
                slot_table_put_back(service->memory.owners, slot, view.generation, owner) == 0)
                request_requeue(service, slot, false, now_ns);
        }
    }
}

/* All else waits again, alone, for it may have killed it; or is quarantined. */
static void take_back(struct service *service, struct worker_link *worker, uint64_t now_ns)
{
    const uint32_t owner = worker_link_owner(service, worker);
    struct slot_recovered recovered;
    take_back_innocent(service, worker, now_ns);
    while (slot_table_recover(service->memory.owners, owner, &recovered)) {
        if (recovered.fate == SLOT_QUARANTINED)
            request_end(service, recovered.slot, INGRESS_QUARANTINED, now_ns);
        else
            request_requeue(service, recovered.slot, true, now_ns);
    }
}

static int bury(struct service *service, struct worker_link *worker, uint64_t now_ns)
{
    while (worker_link_poll(service, worker, now_ns) > 0)
        continue;
    char text[256];
    child_describe(&worker->child, text, sizeof(text));
    if (service->state < SERVICE_ENDING) {
        counts_add(&service->counts, COUNT_WORKER_DEATHS, 1);
        log_say(&service->log, "%s; it is started again", text);
    }
    dispatch_worker_gone(service->dispatch, worker->number);
    take_back(service, worker, now_ns);
    link_close(&worker->link);
    child_clear(&worker->child);
    if (worker->is_active && !service->workers.short_since_ns)
        service->workers.short_since_ns = now_ns;
    worker->is_active = worker->is_condemned = false;
    memset(worker->has, 0, sizeof(worker->has));
    memset(worker->run, 0, sizeof(worker->run));
    worker->loads = worker->has_count = 0;
    workers_fill(service);
    return 1;
}

int worker_link_poll(struct service *service, struct worker_link *worker, uint64_t now_ns)
{
    if (worker->link.state != LINK_OPEN)
        return 0;
    union message said[BURST];
    const int count = channel_pop(&worker->link.channel, said, BURST);
    if (count < 0) {
        worker_link_condemn(service, worker, "spoilt its ring");
        return 0;
    }
    for (int i = 0; i < count; i++)
        worker_said(service, worker, &said[i], now_ns);
    return count;
}

int worker_link_look(struct service *service, struct worker_link *worker, uint64_t now_ns)
{
    if (child_poll(&worker->child, now_ns))
        return bury(service, worker, now_ns);
    if (child_is_due(&worker->child, now_ns))
        return service->state < SERVICE_ENDING ? start(service, worker, now_ns) : 0;
    if (worker->child.state == CHILD_IDLE || worker->is_condemned)
        return 0;
    const int opened = link_poll(&worker->link);
    if (opened < 0)
        worker_link_condemn(service, worker, "did not take its channel");
    watch(service, worker, now_ns);
    if (worker->link.state != LINK_OPEN || worker->is_condemned)
        return opened != 0;
    check_lease(service, worker, now_ns);
    return opened + (service->state < SERVICE_ENDING ? feed(service, worker) : 0);
}

struct worker_run *worker_link_find_run(struct worker_link *worker, uint32_t number)
{
    for (uint32_t i = 0; i < MESSAGE_MAX_DISPATCHES; i++)
        if (!worker_run_is_free(&worker->run[i]) && worker->run[i].number == number)
            return &worker->run[i];
    return NULL;
}

void worker_link_activate(struct service *service, struct worker_link *worker)
{
    worker->is_active = true;
    for (uint32_t i = 0; i < service->models.limit; i++)
        if (worker->has[i] == WORKER_HAS && service->models.items[i].is_known)
            dispatch_worker_has(service->dispatch, worker->number, i);
}

void worker_link_rest(struct service *service, struct worker_link *worker)
{
    worker->is_active = false;
    for (uint32_t i = 0; i < service->models.limit; i++)
        if (worker->has[i] == WORKER_HAS && service->models.items[i].is_known)
            dispatch_worker_lost_model(service->dispatch, worker->number, i);
}
