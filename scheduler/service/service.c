/* Makes the service's parts in order, and takes turns at them. */
#include "scheduler/service/service.h"
#include "scheduler/service/drain.h"
#include "scheduler/service/readiness.h"
#include "scheduler/service/reload.h"
#include "scheduler/service/request_record.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STABLE_NS UINT64_C(10000000000)
#define LOOK_NS UINT64_C(1000000) /* between two looks at what is not a ring */
#define STILL_NS UINT64_C(20000000) /* the longest sleep */

uint64_t service_clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void read_wall_clock(struct service *service, uint64_t now_ns)
{
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    service->unix_offset_ns = (uint64_t)wall.tv_sec * 1000000000u + (uint64_t)wall.tv_nsec - now_ns;
}

static int find_user(struct service *service)
{
    const char *name = service->config.workers.user;
    if (!name[0])
        return 0;
    errno = 0;
    const struct passwd *user = getpwnam(name);
    if (!user) {
        log_say(&service->log,
                "workers.user: there is no user %s; `useradd --system %s` makes one, or leave it "
                "empty",
                name, name);
        return errno ? -errno : -ENOENT;
    }
    service->is_confined = geteuid() == 0;
    service->uid = user->pw_uid;
    service->gid = user->pw_gid;
    if (service->is_confined || service->uid == geteuid())
        return 0;
    log_say(&service->log,
            "workers.user: only root can start workers as %s; start jointd by root, "
            "or leave it empty",
            name);
    return -EPERM;
}

static int make_dispatch(struct service *service)
{
    const struct jointd_config *config = &service->config;
    static const enum dispatch_mode modes[] = {[CONFIG_MODE_NONE] = DISPATCH_ALONE,
                                               [CONFIG_MODE_PER_CUT] = DISPATCH_PER_CUT,
                                               [CONFIG_MODE_JOIN] = DISPATCH_ACROSS};
    struct dispatch_class classes[LOAD_REPORT_MAX_CLASSES];
    for (uint32_t i = 0; i < config->class_count; i++)
        classes[i] = reload_class(&config->classes[i]);
    struct dispatch_config wanted = dispatch_config_default();
    wanted.max_requests = service->memory.slot_count;
    wanted.max_workers = service->worker_count;
    wanted.max_models = MESSAGE_MAX_MODELS;
    wanted.max_queued = (uint32_t)config->dispatch.max_queued;
    wanted.class_count = config->class_count;
    wanted.classes = classes;
    wanted.mode = modes[config->dispatch.mode];
    wanted.max_delay_ns = config->dispatch.max_delay_ns;
    wanted.target_delay_ns = config->load.target_delay_ns;
    wanted.max_run_ns = config->dispatch.max_run_ns;
    return dispatch_create(&wanted, &service->dispatch);
}

static int make_memory(struct service *service)
{
    const struct jointd_config *config = &service->config;
    const struct memory_plan plan = {.config = &config->memory,
                                     .api_requests_bytes = api_requests_bytes(service),
                                     .owner_count = 2 + (uint32_t)config->dataplane.queues +
                                                    service->worker_count,
                                     .counters_bytes = counts_bytes(service->worker_count)};
    const char *what = "";
    int error = memory_init(&service->memory, &plan, &what);
    if (error)
        log_say(&service->log,
                "no memory for %s: %s; `jointd --config %s --check` says what there "
                "is",
                what, strerror(-error), service->options.config_path);
    if (!error)
        error = counts_init(&service->counts, &service->memory.counters, service->worker_count);
    if (!error)
        error = request_table_init(&service->requests, service->memory.slot_count);
    return error;
}

static int make_parts(struct service *service)
{
    int error = make_memory(service);
    if (!error)
        error = request_log_init(&service->request_log, &service->config);
    if (!error)
        error = make_dispatch(service);
    if (!error)
        error = load_init(&service->load, service);
    if (!error)
        error = dataplane_init(&service->dataplane, service);
    if (!error)
        error = model_set_init(&service->models, service);
    if (!error)
        error = workers_init(&service->workers, service);
    if (!error)
        error = repository_init(&service->repository);
    if (!error)
        error = api_init(&service->api, service);
    if (!error)
        error = show_init(&service->show, service);
    return error;
}

static int make_loop(struct service *service)
{
    const struct idle_config idle = idle_config_default();
    int error = idle_init(&service->idle, &idle);
    if (error) {
        service->idle.epoll_fd = -1;
        return error;
    }
    return signals_init(&service->signals, &service->idle);
}

static int start(struct service *service)
{
    char why[512];
    int error = programs_find(&service->programs, why, sizeof(why));
    if (error) {
        log_say(&service->log, "%s", why);
        return error;
    }
    error = find_user(service);
    if (error)
        return error;
    error = make_loop(service);
    if (!error)
        error = make_parts(service);
    if (error) {
        log_say(&service->log,
                "cannot start: %s; `jointd --config %s --check` says what is missing",
                strerror(-error), service->options.config_path);
        return error;
    }
    for (uint32_t i = 0; i < service->config.model_count; i++)
        model_set_want(service, &service->config.models[i]);
    return 0;
}

int service_create(struct jointd_config *config, const struct service_options *options,
                   struct service **made)
{
    *made = NULL;
    struct service *service = calloc(1, sizeof(*service));
    if (!service) {
        jointd_config_fini(config);
        return -ENOMEM;
    }
    service->config = *config;
    *config = (struct jointd_config){0};
    service->options = *options;
    service->log = (struct log){.fd = options->log_fd, .who = "jointd"};
    service->idle.epoll_fd = -1;
    service->stable_ns = STABLE_NS;
    service->worker_count =
        (uint32_t)service->config.workers.count + (uint32_t)service->config.workers.spares;
    service->started_ns = service->now_ns = service_clock_ns();
    read_wall_clock(service, service->now_ns);
    const int error = start(service);
    if (error)
        service_destroy(service);
    else
        *made = service;
    return error;
}

void service_destroy(struct service *service)
{
    if (!service)
        return;
    show_fini(&service->show);
    api_fini(&service->api);
    repository_fini(&service->repository);
    workers_fini(&service->workers);
    model_set_fini(&service->models);
    dataplane_fini(&service->dataplane);
    load_models_fini(&service->load_models);
    statistics_fini(&service->statistics);
    dispatch_destroy(service->dispatch);
    request_log_fini(&service->request_log);
    request_table_fini(&service->requests);
    memory_fini(&service->memory);
    signals_fini(&service->signals);
    idle_fini(&service->idle);
    jointd_config_fini(&service->config);
    free(service);
}

/* What the dispatcher wants done now. */
static int decide(struct service *service, uint64_t now_ns)
{
    struct dispatch_action action;
    int count = 0;
    for (; dispatch_next(service->dispatch, now_ns, &action); count++) {
        if (action.kind == DISPATCH_DROP) {
            counts_add(&service->counts, COUNT_DROPPED, 1);
            request_end(service, action.slot, INGRESS_DEADLINE, now_ns);
        } else {
            statistics_note_given(service, &action);
            workers_run(service, &action, now_ns);
        }
        service->load.has_changed = true;
    }
    return count;
}

static int look(struct service *service, uint64_t now_ns)
{
    service->look_ns = now_ns + LOOK_NS;
    read_wall_clock(service, now_ns);
    int work = signals_look(service);
    work += workers_look(service, now_ns);
    work += model_set_look(service, now_ns);
    work += dataplane_look(service, now_ns);
    request_record_look(service);
    statistics_look(service); /* before those who are told of them */
    work += api_look(service, now_ns);
    work += drain_look(service, now_ns);
    load_models_look(service, now_ns); /* before the load, so that both are seen together */
    load_look(service, now_ns);
    work += show_look(service, now_ns);
    readiness_look(service, now_ns);
    return work;
}

int service_poll(struct service *service, uint64_t now_ns)
{
    service->now_ns = now_ns;
    int work = dataplane_poll(service, now_ns);
    work += api_poll(service, now_ns);
    work += workers_poll(service, now_ns);
    work += decide(service, now_ns);
    if (now_ns >= service->look_ns)
        work += look(service, now_ns);
    link_ring(&service->rings);
    return work;
}

/* Until the dispatcher or a look is due. A descriptor that is ready until a look has seen to it
 * keeps it from sleeping until then. */
static void sleep_unless_work(struct service *service)
{
    idle_arm(&service->idle);
    const uint64_t now_ns = service_clock_ns();
    if (service_poll(service, now_ns) == 0) {
        const uint64_t due_ns = dispatch_timeout_ns(service->dispatch);
        uint64_t until_ns = service->look_ns + (service->load.has_changed ? 0 : STILL_NS);
        if (due_ns < until_ns)
            until_ns = due_ns;
        if (until_ns > now_ns)
            idle_sleep(&service->idle, until_ns - now_ns);
    }
    idle_disarm(&service->idle);
}

int service_run(struct service *service)
{
    while (service->state != SERVICE_ENDED) {
        const uint64_t now_ns = service_clock_ns();
        const int work = service_poll(service, now_ns);
        if (idle_wants_sleep(&service->idle, work, now_ns))
            sleep_unless_work(service);
    }
    if (service->exit_status == 0)
        log_say(&service->log, "ended");
    return service->exit_status;
}
