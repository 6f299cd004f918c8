/* Feeds the control socket from the service's state. */
#include "scheduler/service/show.h"
#include "scheduler/service/service.h"
#include "scheduler/supervise/notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *name_of_service(enum service_state state)
{
    static const char *const names[] = {[SERVICE_STARTING] = "starting",
                                        [SERVICE_SERVING] = "serving",
                                        [SERVICE_DRAINING] = "draining",
                                        [SERVICE_ENDING] = "ending",
                                        [SERVICE_ENDED] = "ended"};
    return names[state];
}

static const char *name_of_model(enum model_state state)
{
    static const char *const names[] = {
        [MODEL_EMPTY] = "empty",         [MODEL_WAITING] = "waiting",
        [MODEL_PACKING] = "packing",     [MODEL_LOADING] = "loading",
        [MODEL_SERVING] = "ready",       [MODEL_WITHDRAWING] = "withdrawing",
        [MODEL_UNLOADING] = "unloading",
    };
    return names[state];
}

static void say_status(void *context, struct control_status *status)
{
    const struct service *service = context;
    const uint64_t now_ns = service->now_ns;
    control_status_begin(status, service->config.server.name, name_of_service(service->state));
    control_status_child(status, &service->dataplane.child, now_ns);
    if (service->api.is_wanted)
        control_status_child(status, &service->api.child, now_ns);
    for (uint32_t i = 0; i < service->workers.count; i++)
        control_status_child(status, &service->workers.items[i].child, now_ns);
    control_status_child(status, &service->models.loader.child, now_ns);
    for (uint32_t i = 0; i < service->models.limit; i++) {
        const struct model *model = &service->models.items[i];
        if (model->state != MODEL_EMPTY)
            control_status_model(status, model->name, model->version, name_of_model(model->state));
    }
    control_status_end(status);
}

int show_init(struct show *show, struct service *service)
{
    const struct server_section *server = &service->config.server;
    struct control_config config = {.path = server->control,
                                    .name = server->name,
                                    .say_status = say_status,
                                    .context = service};
    char why[512];
    int error = control_init(&show->control, &config, why, sizeof(why));
    if (error && strcmp(server->control, "auto") == 0) {
        log_say(&service->log, "server.control: %s; joint top will not see this one", why);
        config.path = "";
        error = control_init(&show->control, &config, why, sizeof(why));
    } else if (error) {
        log_say(&service->log, "server.control: %s", why);
    }
    if (!error)
        error = control_share(&show->control, CONTROL_LOAD, "load", &service->memory.load);
    if (!error)
        error =
            control_share(&show->control, CONTROL_COUNTERS, "jointd", &service->memory.counters);
    if (!error && show->control.fd >= 0)
        error = idle_watch(&service->idle, show->control.fd);
    return error;
}

void show_fini(struct show *show)
{
    if (show)
        control_fini(&show->control);
}

/* Counters are made anew for each life of the dataplane; those of the last stay until then. */
static int share_queues(struct service *service)
{
    struct show *show = &service->show;
    const struct dataplane *dataplane = &service->dataplane;
    if (show->queues_of == dataplane->child.start_count || !dataplane_is_started(dataplane))
        return 0;
    show->queues_of = dataplane->child.start_count;
    for (uint32_t i = 0; i < dataplane->count; i++) {
        char name[CONTROL_NAME_BYTES];
        snprintf(name, sizeof(name), "queue %u", i);
        if (control_share(&show->control, CONTROL_COUNTERS, name, &dataplane->ingress[i].counters))
            log_say(&service->log, "the counters of %s cannot be shown", name);
    }
    return 1;
}

/* Of models that serve, each under its number: their names may be longer than what is shared. */
static int share_statistics(struct service *service)
{
    struct show *show = &service->show;
    int work = 0;
    for (uint32_t i = 0; i < service->models.limit; i++) {
        const struct model *model = &service->models.items[i];
        const uint64_t wanted_ns = model->state == MODEL_SERVING ? model->since_ns : 0;
        const struct region *region;
        if (show->shown_ns[i] == wanted_ns ||
            (wanted_ns && !statistics_region(service, i, &region)))
            continue;
        char name[CONTROL_NAME_BYTES];
        snprintf(name, sizeof(name), "model %u", i);
        if (!wanted_ns || !region)
            control_unshare(&show->control, name);
        else if (control_share(&show->control, CONTROL_STATISTICS, name, region))
            log_say(&service->log, "the statistics of %s cannot be shown", name);
        show->shown_ns[i] = wanted_ns;
        work++;
    }
    return work;
}

static void tell_systemd(struct service *service)
{
    const enum service_state state = service->state;
    if (service->show.told == state)
        return;
    service->show.told = state;
    const char *text = state == SERVICE_SERVING    ? "READY=1\nSTATUS=serves"
                       : state == SERVICE_DRAINING ? "STOPPING=1\nSTATUS=ends what is open"
                                                   : "STATUS=ends";
    const int error = notify_say(secure_getenv("NOTIFY_SOCKET"), text);
    if (error)
        log_say(&service->log, "NOTIFY_SOCKET: %s", strerror(-error));
}

int show_look(struct service *service, uint64_t now_ns)
{
    tell_systemd(service);
    return share_queues(service) + share_statistics(service) + control_poll(&service->show.control);
}
