/* Ends the service in good order. */
#include "scheduler/service/drain.h"
#include "scheduler/service/service.h"

#define ENDING_NS UINT64_C(2000000000) /* for the processes to end by themselves */

void drain_begin(struct service *service)
{
    if (service->state >= SERVICE_DRAINING) {
        service->is_hasty = true;
        return;
    }
    log_say(&service->log, "draining: %u requests are open; at most %.1f s",
            service->requests.open_count, (double)service->config.server.drain_timeout_ns / 1e9);
    service->state = SERVICE_DRAINING;
    service->drain_ns = service->now_ns + service->config.server.drain_timeout_ns;
    service->load.has_changed = true;
}

static void tell_ingresses(struct service *service)
{
    const struct ingress_order order = {.kind = INGRESS_DRAIN};
    for (uint32_t i = 0; i < service_ingress_count(service); i++) {
        struct ingress *ingress = service_ingress(service, i);
        if (!ingress->is_drain_told)
            ingress->is_drain_told = ingress_say(service, ingress, &order);
    }
}

static uint64_t counted(const struct service *service, enum count count)
{
    return atomic_load_explicit(&service->counts.value[count]->value, memory_order_relaxed);
}

static uint32_t answers_taken(const struct service *service)
{
    struct slab_use use;
    slab_measure(service->memory.answers, &use);
    return use.slots_taken;
}

static void say_sum(struct service *service)
{
    log_say(&service->log,
            "of %llu requests %llu were answered; given up: %u open, %u answers unsent",
            (unsigned long long)counted(service, COUNT_SUBMITTED),
            (unsigned long long)counted(service, COUNT_ANSWERED), service->requests.open_count,
            answers_taken(service) - service->requests.open_count);
    log_say(
        &service->log,
        "%llu rows in %llu dispatches: %llu ran with rows of other cuts, %llu joined on the way, "
        "%llu came too late for that",
        (unsigned long long)counted(service, COUNT_ROWS),
        (unsigned long long)counted(service, COUNT_DISPATCHES),
        (unsigned long long)counted(service, COUNT_MERGED_ROWS),
        (unsigned long long)counted(service, COUNT_LATE_JOINS),
        (unsigned long long)counted(service, COUNT_MISSED_ROWS));
    if (counted(service, COUNT_WORKER_DEATHS) > 0)
        log_say(&service->log, "%llu workers died; another one was active after %.2f ms at worst",
                (unsigned long long)counted(service, COUNT_WORKER_DEATHS),
                (double)counted(service, COUNT_RECOVERY_NS_MAX) / 1e6);
}

static void end(struct service *service, uint64_t now_ns)
{
    if (service->exit_status == 0)
        say_sum(service);
    service->state = SERVICE_ENDING;
    service->drain_ns = now_ns + ENDING_NS;
    child_stop(&service->dataplane.child);
    api_stop(&service->api);
    child_kill(&service->models.loader.child);
    workers_stop(&service->workers);
}

static bool are_all_gone(const struct service *service)
{
    return service->dataplane.child.state == CHILD_IDLE && api_is_gone(&service->api) &&
           workers_are_gone(&service->workers);
}

int drain_look(struct service *service, uint64_t now_ns)
{
    if (service->state == SERVICE_DRAINING) {
        tell_ingresses(service);
        /* Whoever says too early that it is drained may still have an answer to send. */
        const bool is_done = dataplane_is_drained(&service->dataplane) &&
                             api_is_drained(&service->api) && service->requests.open_count == 0 &&
                             answers_taken(service) == 0;
        if (!is_done && !service->is_hasty && now_ns < service->drain_ns)
            return 0;
        end(service, now_ns);
        return 1;
    }
    if (service->state == SERVICE_ENDING &&
        (are_all_gone(service) || now_ns >= service->drain_ns)) {
        service->state = SERVICE_ENDED;
        return 1;
    }
    return 0;
}
