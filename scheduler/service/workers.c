/* The set of workers: who is active, who stands by. */
#include "scheduler/service/workers.h"
#include "scheduler/service/service.h"
#include "scheduler/service/worker_told.h"

#include <errno.h>
#include <stdlib.h>

int workers_init(struct workers *workers, struct service *service)
{
    const struct workers_section *config = &service->config.workers;
    *workers = (struct workers){.wanted_count = (uint32_t)config->count,
                                .have_cores = config->cores.count > 0};
    workers->items = calloc(service->worker_count, sizeof(*workers->items));
    if (!workers->items)
        return -ENOMEM;
    for (; workers->count < service->worker_count; workers->count++) {
        const int error =
            worker_link_init(&workers->items[workers->count], service, workers->count);
        if (error) {
            workers_fini(workers);
            return error;
        }
    }
    return 0;
}

void workers_fini(struct workers *workers)
{
    if (!workers)
        return;
    for (uint32_t i = 0; i < workers->count; i++)
        worker_link_fini(&workers->items[i]);
    free(workers->items);
    *workers = (struct workers){0};
}

int workers_poll(struct service *service, uint64_t now_ns)
{
    struct workers *workers = &service->workers;
    int work = 0;
    for (uint32_t i = 0; i < workers->count; i++)
        work += worker_link_poll(service, &workers->items[i], now_ns);
    return work;
}

static bool can_be_active(const struct service *service, const struct worker_link *worker)
{
    return worker->link.state == LINK_OPEN && !worker->is_condemned &&
           worker->child.state == CHILD_RUNNING &&
           (worker->has_count > 0 || service->models.used_count == 0);
}

/* The one with most models, of these the first. */
static struct worker_link *best_to_activate(struct service *service)
{
    struct workers *workers = &service->workers;
    struct worker_link *best = NULL;
    for (uint32_t i = 0; i < workers->count; i++) {
        struct worker_link *worker = &workers->items[i];
        if (!worker->is_active && can_be_active(service, worker) &&
            (!best || worker->has_count > best->has_count))
            best = worker;
    }
    return best;
}

/* Whether it should be active in the other's place. */
static bool is_better(const struct workers *workers, const struct worker_link *worker,
                      const struct worker_link *active)
{
    if (worker->has_count != active->has_count)
        return worker->has_count > active->has_count;
    return workers->have_cores && worker->number < workers->wanted_count &&
           active->number >= workers->wanted_count;
}

static void change_guard(struct service *service)
{
    struct workers *workers = &service->workers;
    for (uint32_t i = 0; i < workers->count; i++) {
        struct worker_link *worker = &workers->items[i];
        for (uint32_t a = 0; a < workers->count; a++) {
            struct worker_link *active = &workers->items[a];
            if (worker->is_active || !active->is_active || !can_be_active(service, worker) ||
                !is_better(workers, worker, active))
                continue;
            worker_link_activate(service, worker);
            worker_link_rest(service, active);
        }
    }
}

bool workers_may_load(const struct service *service, const struct worker_link *worker)
{
    const struct workers *workers = &service->workers;
    if (service->state == SERVICE_STARTING)
        return true;
    if (!worker->is_active)
        return !worker_link_is_busy(worker);
    for (uint32_t i = 0; i < workers->count; i++) {
        const struct worker_link *other = &workers->items[i];
        const bool is_spare = !other->is_active && other->child.state == CHILD_RUNNING;
        if (is_spare || other->loads > 0)
            return false; /* the spare will take its place first; or it comes after the other */
    }
    return true;
}

static void count_active(struct service *service)
{
    struct workers *workers = &service->workers;
    workers->active_count = 0;
    for (uint32_t i = 0; i < workers->count; i++)
        workers->active_count += workers->items[i].is_active;
    counts_set(&service->counts, COUNT_WORKERS, workers->active_count);
}

void workers_fill(struct service *service)
{
    struct workers *workers = &service->workers;
    count_active(service);
    while (workers->active_count < workers->wanted_count) {
        struct worker_link *best = best_to_activate(service);
        if (!best)
            break;
        worker_link_activate(service, best);
        count_active(service);
    }
    change_guard(service);
    if (workers->short_since_ns && workers->active_count >= workers->wanted_count) {
        counts_max(&service->counts, COUNT_RECOVERY_NS_MAX,
                   service_clock_ns() - workers->short_since_ns);
        workers->short_since_ns = 0;
    }
}

int workers_look(struct service *service, uint64_t now_ns)
{
    struct workers *workers = &service->workers;
    int work = 0;
    for (uint32_t i = 0; i < workers->count; i++)
        work += worker_link_look(service, &workers->items[i], now_ns);
    if (work)
        workers_fill(service);
    return work;
}

void workers_run(struct service *service, const struct dispatch_action *action, uint64_t now_ns)
{
    assert(action->worker < service->workers.count);
    worker_told_run(service, &service->workers.items[action->worker], action, now_ns);
}

void workers_cancel(struct service *service, uint32_t slot)
{
    struct slot_view view;
    const uint32_t first = ingress_owner(service_ingress_count(service));
    if (slot_table_view(service->memory.owners, slot, &view) || view.state != SLOT_RUNNING ||
        view.owner < first)
        return;
    worker_told_cancel(service, &service->workers.items[view.owner - first], slot, view.generation);
}

bool workers_have_model(const struct workers *workers, uint32_t number)
{
    for (uint32_t i = 0; i < workers->count; i++) {
        const uint8_t has = workers->items[i].has[number];
        if (has != WORKER_HAS_NOT && has != WORKER_CANNOT)
            return true;
    }
    return false;
}

void workers_stop(struct workers *workers)
{
    for (uint32_t i = 0; i < workers->count; i++)
        child_stop(&workers->items[i].child);
}

bool workers_are_gone(const struct workers *workers)
{
    for (uint32_t i = 0; i < workers->count; i++)
        if (workers->items[i].child.state != CHILD_IDLE)
            return false;
    return true;
}
