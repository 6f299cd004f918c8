/* Takes a new configuration over: options that are live, and models as they come and go. */
#include "scheduler/service/reload.h"
#include "scheduler/config/diff.h"
#include "scheduler/config/reader.h"
#include "scheduler/service/service.h"

#include <stdlib.h>
#include <string.h>

static void say(struct service *service, const struct config_change *change)
{
    const char *name = change->name ? change->name : "";
    const char *space = change->name ? " " : "";
    static const char *const words[] = {
        [CONFIG_CHANGED] = "changed", [CONFIG_ADDED] = "added", [CONFIG_REMOVED] = "removed"};
    if (change->kind == CONFIG_CHANGED)
        log_say(&service->log, "reload: [%s%s%s] %s: %s -> %s%s", change->section->name, space,
                name, change->option->name, change->before, change->after,
                change->is_live ? "" : ": takes a restart; as it was until then");
    else
        log_say(&service->log, "reload: [%s%s%s] %s%s", change->section->name, space, name,
                words[change->kind],
                change->is_live ? "" : ": takes a restart; as it was until then");
}

/* The sections change places, so that each frees what it owns. */
static void take_log(struct service *service, struct jointd_config *wanted)
{
    const struct log_section before = service->config.log;
    service->config.log = wanted->log;
    wanted->log = before;
    const int error = request_log_reload(&service->request_log, &service->config.log);
    if (error)
        log_say(&service->log, "reload: the request log: %s; it is off", strerror(-error));
}

struct dispatch_class reload_class(const struct class_section *class)
{
    return (struct dispatch_class){.weight = (uint32_t) class->weight,
                                   .max_queued = (uint32_t) class->max_queued,
                                   .ceiling_ns =
                                       class->ceiling_ns ? class->ceiling_ns : UINT64_MAX};
}

static void swap_texts(char **a, char **b)
{
    char *text = *a;
    *a = *b;
    *b = text;
}

/* All that the option table calls live, but the models. */
static void take_options(struct service *service, struct jointd_config *wanted)
{
    struct jointd_config *config = &service->config;
    config->workers.hang_timeout_ns = wanted->workers.hang_timeout_ns;
    config->workers.restart_delay_ns = wanted->workers.restart_delay_ns;
    config->workers.restart_delay_max_ns = wanted->workers.restart_delay_max_ns;
    config->dispatch.max_delay_ns = wanted->dispatch.max_delay_ns;
    config->load = wanted->load;
    swap_texts(&config->api.token_file, &wanted->api.token_file);
    swap_texts(&config->api.model_root, &wanted->api.model_root);
    take_log(service, wanted);
    config->server.drain_timeout_ns = wanted->server.drain_timeout_ns;
    dispatch_set_delay(service->dispatch, config->dispatch.max_delay_ns);
    dispatch_set_target_delay(service->dispatch, config->load.target_delay_ns);
    for (uint32_t i = 0; i < service->workers.count; i++) {
        struct child_config *child = &service->workers.items[i].child_config;
        child->restart_delay_ns = config->workers.restart_delay_ns;
        child->restart_delay_max_ns = config->workers.restart_delay_max_ns;
    }
    if (config->class_count != wanted->class_count)
        return;
    for (uint32_t i = 0; i < config->class_count; i++) {
        config->classes[i].weight = wanted->classes[i].weight;
        config->classes[i].max_queued = wanted->classes[i].max_queued;
        config->classes[i].ceiling_ns = wanted->classes[i].ceiling_ns;
        const struct dispatch_class limits = reload_class(&config->classes[i]);
        dispatch_set_class(service->dispatch, i, &limits);
    }
}

static void remove_models(struct service *service, const struct jointd_config *wanted)
{
    for (uint32_t i = 0; i < service->models.limit; i++) {
        const struct model *model = &service->models.items[i];
        if (model->state == MODEL_EMPTY || model->state >= MODEL_WITHDRAWING ||
            jointd_config_find_model(wanted, model->name))
            continue;
        log_say(&service->log, "model %s (version %u): is withdrawn", model->name, model->version);
        model_set_remove(service, i);
    }
}

static void swap_models(struct service *service, struct jointd_config *wanted)
{
    struct model_section *models = service->config.models;
    const uint32_t count = service->config.model_count;
    service->config.models = wanted->models;
    service->config.model_count = wanted->model_count;
    wanted->models = models;
    wanted->model_count = count;
}

static void take_over(struct service *service, struct jointd_config *wanted)
{
    struct config_diff diff;
    if (config_diff_init(&diff, &service->config, wanted)) {
        log_say(&service->log, "reload: out of memory; nothing was changed");
        return;
    }
    for (uint32_t i = 0; i < diff.count; i++)
        say(service, &diff.items[i]);
    take_options(service, wanted);
    changes_read_token(service);
    api_renew_tls(&service->api);
    remove_models(service, wanted);
    service->repository.count = 0; /* what fails again is noted again */
    for (uint32_t i = 0; i < wanted->model_count; i++)
        model_set_want(service, &wanted->models[i]);
    swap_models(service, wanted);
    service->load.has_changed = true;
    log_say(&service->log, "reload: done, %u changes, %u of them take a restart", diff.count,
            diff.restart_count);
    config_diff_fini(&diff);
}

void reload(struct service *service)
{
    if (service->state >= SERVICE_DRAINING)
        return;
    struct jointd_config wanted;
    struct config_errors errors = {0};
    const int error = config_read(&wanted, service->options.config_path, &errors);
    for (uint32_t i = 0; i < errors.count; i++)
        log_say(&service->log, "reload: %s", errors.items[i].text);
    if (error) {
        log_say(&service->log, "reload: %s: %s; nothing was changed", service->options.config_path,
                errors.count ? "is not a sound configuration" : strerror(-error));
    } else {
        take_over(service, &wanted);
        jointd_config_fini(&wanted);
    }
    config_errors_fini(&errors);
}
