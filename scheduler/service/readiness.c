/* Ready means: the models are warm and every queue takes requests. */
#include "scheduler/service/readiness.h"
#include "scheduler/service/service.h"

#include <stdio.h>
#include <string.h>

#define LIST_BYTES 640
/* After a jointd that was killed, its dataplane may hold the port for a moment longer. */
#define DATAPLANE_NS UINT64_C(3000000000)
#define WORKER_DEATHS 5u

bool service_may_serve(const struct service *service)
{
    if (service->state == SERVICE_SERVING)
        return true;
    if (service->state != SERVICE_STARTING || !model_set_is_settled(&service->models))
        return false;
    return service->config.model_count == 0 ||
           (model_set_serving(&service->models) > 0 && service->workers.active_count > 0);
}

static void append(char *list, const char *text)
{
    const size_t used = strlen(list);
    snprintf(list + used, LIST_BYTES - used, "%s", text);
}

static void list_models(const struct service *service, char *list)
{
    char one[128];
    list[0] = '\0';
    for (uint32_t i = 0; i < service->models.limit; i++) {
        const struct model *model = &service->models.items[i];
        if (model->state != MODEL_SERVING)
            continue;
        snprintf(one, sizeof(one), "%s%s (version %u, %u cuts)", list[0] ? ", " : "", model->name,
                 model->version, model->table.cut_count);
        append(list, one);
    }
    if (!list[0])
        append(list, "no models");
}

static void append_place(char *list, const struct config_address *address, uint64_t port)
{
    char text[CONFIG_ADDRESS_TEXT_BYTES], one[128];
    config_address_print(address, text, sizeof(text));
    const bool is_v4 = config_address_is_v4(address);
    snprintf(one, sizeof(one), "%s%s%s%s:%u", list[0] ? ", " : "", is_v4 ? "" : "[", text,
             is_v4 ? "" : "]", (unsigned)port);
    append(list, one);
}

/* DPDK has addresses of its own; the kernel's sockets listen on the server's. */
static void list_places(const struct service *service, char *list)
{
    const struct server_section *server = &service->config.server;
    const struct dataplane_section *dataplane = &service->config.dataplane;
    list[0] = '\0';
    if (!jointd_config_uses_dpdk(&service->config)) {
        for (uint32_t i = 0; i < server->listen.count; i++)
            append_place(list, &server->listen.items[i], server->port);
        return;
    }
    if (dataplane->address_v4.has_value)
        append_place(list, &dataplane->address_v4.address, server->port);
    if (dataplane->address_v6.has_value)
        append_place(list, &dataplane->address_v6.address, server->port);
}

void service_say_ready(struct service *service)
{
    if (service->state != SERVICE_STARTING) {
        log_say(&service->log, "joint-dataplane serves again");
        return;
    }
    service->state = SERVICE_SERVING;
    char models[LIST_BYTES], places[LIST_BYTES];
    list_models(service, models);
    list_places(service, places);
    const uint32_t workers = service->workers.active_count;
    log_say(&service->log, "ready: %s on %s, %u worker%s", models, places, workers,
            workers == 1 ? "" : "s");
}

void service_fail(struct service *service)
{
    service->exit_status = 1;
    service->state = SERVICE_DRAINING;
    service->is_hasty = true;
    service->drain_ns = 0;
}

static const char *why_it_cannot(const struct service *service, uint64_t now_ns)
{
    const struct child *dataplane = &service->dataplane.child;
    if (service->config.model_count > 0 && model_set_is_settled(&service->models) &&
        model_set_serving(&service->models) == 0)
        return "no model could be loaded; see above";
    uint64_t deaths = 0;
    for (uint32_t i = 0; i < service->workers.count; i++)
        deaths += service->workers.items[i].child.death_count;
    if (deaths >= WORKER_DEATHS)
        return "its workers die";
    if (dataplane->state == CHILD_IDLE && dataplane->death_count > 2 &&
        now_ns - service->dataplane.first_ns > DATAPLANE_NS)
        return "joint-dataplane does not start";
    return NULL;
}

void readiness_look(struct service *service, uint64_t now_ns)
{
    if (service->state != SERVICE_STARTING)
        return;
    const char *why = why_it_cannot(service, now_ns);
    if (!why)
        return;
    log_say(&service->log, "gives up starting: %s; `jointd --config %s --check` looks for reasons",
            why, service->options.config_path);
    service_fail(service);
}
