/* The life of joint-api: setup, what comes and goes, signs of life, death, and anew. */
#include "scheduler/service/api.h"
#include "scheduler/service/service.h"
#include "shm/fd_pass.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define START_NS UINT64_C(10000000000)
#define SPANS 4u /* of its slab, so that tensors of so many sizes find room at once */
/* Of requests; one that its client has left keeps its place until it has ended. */
#define SLOTS_PER_CONNECTION 2u
#define ROWS_NS UINT64_C(10000000) /* between two looks at what there is to load */
#define HEARD_MAX 64u /* messages in one turn */

enum { SHOWN, BROUGHT, SOCKETS }; /* what is told and shown; the channel of its requests */

static const char *const arguments[] = {"--sockets", "%s", NULL};

static_assert(CONFIG_MAX_ADDRESSES <= API_MAX_ADDRESSES, "addresses");
static_assert(CONFIG_NAME_BYTES <= API_NAME_BYTES && INGRESS_NAME_BYTES <= API_NAME_BYTES, "names");
static_assert(MESSAGE_MAX_MODELS <= API_MAX_MODELS, "models");
static_assert(1 + DATAPLANE_MAX_QUEUES <= API_MAX_COUNTERS, "counters");

static void fill(struct api_setup *setup, const struct jointd_config *config)
{
    const struct config_addresses *listen = &config->api.listen;
    setup->tcp_port = (uint32_t)config->api.port;
    setup->address_count = listen->count;
    for (uint32_t i = 0; i < listen->count; i++)
        memcpy(setup->address[i], listen->items[i].ip, sizeof(setup->address[i]));
    setup->max_connections = (uint32_t)(config->api.max_connections / listen->count);
    if (setup->max_connections == 0)
        setup->max_connections = 1;
    setup->request_ns = config->api.request_timeout_ns;
    setup->poll_exempt_count = config->api.poll_exempt.count;
    for (uint32_t i = 0; i < config->api.poll_exempt.count; i++)
        memcpy(setup->poll_exempt[i], config->api.poll_exempt.items[i].ip,
               sizeof(setup->poll_exempt[i]));
    for (uint32_t i = 0; i < config->workers.cores.count; i++) {
        const uint32_t core = config->workers.cores.items[i];
        if (core < API_CORES)
            setup->worker_cores[core / 64] |= (uint64_t)1 << core % 64;
    }
    setup->has_tls = config->api.tls_key[0] != 0;
    setup->class_count = config->class_count;
    snprintf(setup->server, sizeof(setup->server), "%s", config->server.name);
    for (uint32_t i = 0; i < config->class_count; i++)
        snprintf(setup->class_name[i], sizeof(setup->class_name[i]), "%s", config->classes[i].name);
}

uint64_t api_requests_bytes(const struct service *service)
{
    return service->programs.api[0] ? jointd_config_api_slab_bytes(&service->config) : 0;
}

/* A span holds four of the largest. */
static void fill_infer(struct api_infer_setup *setup, const struct service *service)
{
    const struct jointd_config *config = &service->config;
    const uint64_t largest =
        api_requests_bytes(service) / (4 * SPANS) / SHM_LINE_BYTES * SHM_LINE_BYTES;
    setup->slab_bytes = api_requests_bytes(service);
    setup->max_tensor_bytes =
        largest < config->memory.max_tensor_bytes ? largest : config->memory.max_tensor_bytes;
    setup->max_answer_bytes = config->memory.max_tensor_bytes;
    setup->max_json_bytes = config->api.max_json_bytes;
    setup->slots = SLOTS_PER_CONNECTION * (uint32_t)config->api.max_connections;
    setup->answer_slots = (uint32_t)config->memory.slots;
    setup->max_requests_per_client = (uint32_t)config->limits.max_requests_per_client;
}

static int init_ingress(struct api *api, struct service *service)
{
    const struct ingress_config config = {.number = service->dataplane.count,
                                          .requests = &service->memory.api_requests,
                                          .worker_grant = MEMORY_GRANT_API_REQUESTS,
                                          .part_bytes = api->setup->infer.slab_bytes,
                                          .slot_count = api->setup->infer.slots,
                                          .can_sleep = true};
    return ingress_init(&api->ingress, service, &config);
}

int api_init(struct api *api, struct service *service)
{
    const struct jointd_config *config = &service->config;
    *api = (struct api){0};
    if (config->api.listen.count == 0)
        return 0;
    if (!service->programs.api[0]) {
        log_say(&service->log, "joint-api is not installed: no HTTP; [api] listen = (nothing) "
                               "says that none is wanted");
        return 0;
    }
    api->setup = calloc(1, sizeof(*api->setup));
    api->rows = calloc(API_MAX_ROWS, sizeof(*api->rows));
    api->told_rows = calloc(API_MAX_ROWS, sizeof(*api->told_rows));
    if (!api->setup || !api->rows || !api->told_rows) {
        api_fini(api);
        return -ENOMEM;
    }
    changes_read_token(service);
    fill(api->setup, config);
    fill_infer(&api->setup->infer, service);
    const int error = init_ingress(api, service);
    if (error) {
        api_fini(api);
        return error;
    }
    api->child_config =
        (struct child_config){.name = "joint-api",
                              .program = service->programs.api,
                              .arguments = arguments,
                              .socket_count = SOCKETS,
                              .is_confined = service->is_confined,
                              .uid = service->uid,
                              .gid = service->gid,
                              .restart_delay_ns = config->workers.restart_delay_ns,
                              .restart_delay_max_ns = config->workers.restart_delay_max_ns,
                              .stable_ns = service->stable_ns};
    child_init(&api->child, &api->child_config);
    api->is_wanted = true;
    return 0;
}

void api_fini(struct api *api)
{
    if (!api)
        return;
    if (api->is_wanted)
        child_fini(&api->child);
    ingress_fini(&api->ingress);
    free(api->told_rows);
    free(api->rows);
    free(api->setup);
    *api = (struct api){0};
}

/* With up to three regions, up to the first that is NULL. */
static int send_regions(struct api *api, const void *message, size_t bytes,
                        const struct region *const regions[3])
{
    int fds[3] = {-1, -1, -1}, error = 0;
    unsigned count = 0;
    for (; count < 3 && regions[count] && !error; count++) {
        fds[count] = region_share_fd(regions[count], REGION_READ_ONLY);
        error = fds[count] < 0 ? fds[count] : 0;
    }
    if (!error)
        error = fd_pass_send(api->child.socket[SHOWN], message, bytes, fds, count);
    for (unsigned i = 0; i < count; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    return error;
}

static int send_region(struct api *api, const void *message, size_t bytes,
                       const struct region *region)
{
    return send_regions(api, message, bytes, (const struct region *const[3]){region});
}

static void start(struct service *service, uint64_t now_ns)
{
    struct api *api = &service->api;
    memset(api->model_since_ns, 0, sizeof(api->model_since_ns));
    api->has_own_counters = false;
    api->queues_of = 0;
    api->beat_count = 0;
    api->told_row_count = 0;
    api->has_told_rows = false;
    api->has_told_tls = false;
    api->rows_ns = 0;
    int error = child_start(&api->child, now_ns);
    if (error) {
        char text[256];
        child_describe(&api->child, text, sizeof(text));
        log_say(&service->log, "%s", text);
        return;
    }
    error = idle_watch(&service->idle, api->child.pidfd);
    if (!error)
        error = idle_watch(&service->idle, api->child.socket[SHOWN]);
    if (!error)
        error = send_region(api, api->setup, sizeof(*api->setup), &service->memory.load);
    if (!error) {
        const int socket = api->child.socket[BROUGHT];
        api->child.socket[BROUGHT] = -1; /* the ingress's now */
        error = ingress_offer(service, &api->ingress, socket);
    }
    if (error) {
        log_say(&service->log, "joint-api: %s; it is started anew", strerror(-error));
        child_kill(&api->child);
    }
}

static void bury(struct service *service, uint64_t now_ns)
{
    struct api *api = &service->api;
    if (service->state < SERVICE_ENDING) {
        char text[256];
        child_describe(&api->child, text, sizeof(text));
        counts_add(&service->counts, COUNT_API_DEATHS, 1);
        log_say(&service->log, "%s; it is started again", text);
    }
    ingress_bury(service, &api->ingress, now_ns);
    changes_forget(&service->changes);
    child_clear(&api->child);
}

/* Each of these sends one thing: 1 if it did, 0 if there is nothing, -errno for later. */

static int tell_counters(struct service *service)
{
    struct api *api = &service->api;
    const struct dataplane *dataplane = &service->dataplane;
    struct api_message message = {.kind = API_COUNTERS};
    if (!api->has_own_counters) {
        const int error = send_region(api, &message, sizeof(message), &service->memory.counters);
        api->has_own_counters = !error;
        return error ? error : 1;
    }
    if (api->queues_of == dataplane->child.start_count || !dataplane_is_started(dataplane))
        return 0;
    for (uint32_t i = 0; i < dataplane->count; i++) {
        message.number = 1 + i;
        const int error =
            send_region(api, &message, sizeof(message), &dataplane->ingress[i].counters);
        if (error)
            return error; /* then all of them again: they only replace each other */
    }
    api->queues_of = dataplane->child.start_count;
    return 1;
}

static bool is_shown(const struct api *api, const struct model *model, uint32_t number)
{
    return model->state == MODEL_SERVING && api->model_since_ns[number] == model->since_ns;
}

bool api_shows(const struct service *service, uint32_t model)
{
    return is_shown(&service->api, &service->models.items[model], model);
}

/* Rows that differ from those that were told, and how many there are. */
static int tell_rows(struct service *service, uint64_t now_ns)
{
    struct api *api = &service->api;
    int work = 0;
    if (now_ns < api->rows_ns)
        return 0;
    const uint32_t count = repository_rows(service, api->rows, API_MAX_ROWS);
    for (uint32_t i = 0; i < count; i++) {
        if (i < api->told_row_count &&
            memcmp(&api->rows[i], &api->told_rows[i], sizeof(api->rows[i])) == 0)
            continue;
        if (fd_pass_send(api->child.socket[SHOWN], &api->rows[i], sizeof(api->rows[i]), NULL, 0))
            return work; /* those before it are as they were told */
        api->has_told_rows = false;
        api->told_rows[i] = api->rows[i];
        if (i >= api->told_row_count)
            api->told_row_count = i + 1;
        work++;
    }
    const struct api_message end = {.kind = API_ROWS_END, .number = count};
    if (api->told_row_count != count || !api->has_told_rows) {
        if (fd_pass_send(api->child.socket[SHOWN], &end, sizeof(end), NULL, 0))
            return work;
        api->has_told_rows = true;
        work++;
    }
    api->told_row_count = count;
    api->rows_ns = now_ns + ROWS_NS;
    return work;
}

void api_renew_tls(struct api *api)
{
    api->has_told_tls = false;
}

/* Whoever may read the key, this process must. */
static int tell_tls(struct service *service)
{
    struct api *api = &service->api;
    const char *const paths[2] = {service->config.api.tls_certificate, service->config.api.tls_key};
    const struct api_message message = {.kind = API_TLS};
    int fds[2] = {-1, -1}, error = 0;
    if (api->has_told_tls || !api->setup->has_tls)
        return 0;
    for (int i = 0; i < 2; i++) {
        fds[i] = open(paths[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fds[i] < 0)
            log_say(&service->log, "api: %s: %s; HTTPS is as it was; correct it and send SIGHUP",
                    paths[i], strerror(errno));
    }
    if (fds[0] >= 0 && fds[1] >= 0)
        error = fd_pass_send(api->child.socket[SHOWN], &message, sizeof(message), fds, 2);
    for (int i = 0; i < 2; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    api->has_told_tls = !error; /* a file that is not there is not looked for again and again */
    return !error;
}

static int tell_model(struct service *service, uint32_t number)
{
    struct api *api = &service->api;
    const struct model *model = &service->models.items[number];
    struct api_message message = {.number = number};
    const struct region *regions[3] = {&model->table_region};
    if (model->state == MODEL_SERVING && !is_shown(api, model, number)) {
        /* What is shown can be asked for. */
        if (!model_set_is_told(&service->models, number, api->ingress.config.number) ||
            !statistics_region(service, number, &regions[1]) ||
            !load_models_page(service, number, &regions[2]))
            return 0;
        message.kind = API_MODEL;
        message.version = model->version;
        memcpy(message.name, model->name, sizeof(model->name));
        const int error = send_regions(api, &message, sizeof(message), regions);
        if (!error)
            api->model_since_ns[number] = model->since_ns;
        return error ? error : 1;
    }
    if (model->state == MODEL_SERVING || !api->model_since_ns[number])
        return 0;
    message.kind = API_MODEL_GONE;
    const int error = fd_pass_send(api->child.socket[SHOWN], &message, sizeof(message), NULL, 0);
    if (!error)
        api->model_since_ns[number] = 0;
    return error ? error : 1;
}

static int tell(struct service *service)
{
    int work = 0, told;
    while ((told = tell_counters(service)) > 0)
        work++;
    /* What came before what went, so that a model that is replaced is never missing. */
    for (int is_end = 0; is_end < 2; is_end++)
        for (uint32_t i = 0; i < service->models.limit && told >= 0; i++)
            if ((service->models.items[i].state != MODEL_SERVING) == is_end)
                work += (told = tell_model(service, i)) > 0;
    return work;
}

/* Told apart by their lengths. What is neither is nothing. */
static void hear(struct service *service)
{
    struct api *api = &service->api;
    union {
        struct api_beat beat;
        struct api_change change;
    } said;
    for (uint32_t i = 0; i < HEARD_MAX; i++) {
        const ssize_t bytes = recv(api->child.socket[SHOWN], &said, sizeof(said), MSG_DONTWAIT);
        if (bytes <= 0)
            return;
        if ((size_t)bytes == sizeof(said.beat))
            api->beat_count++;
        else if ((size_t)bytes == sizeof(said.change))
            changes_take(service, &said.change);
    }
}

int api_look(struct service *service, uint64_t now_ns)
{
    struct api *api = &service->api;
    if (!api->is_wanted)
        return 0;
    if (child_poll(&api->child, now_ns)) {
        bury(service, now_ns);
        return 1;
    }
    if (child_is_due(&api->child, now_ns)) {
        if (service->state >= SERVICE_ENDING)
            return 0;
        start(service, now_ns);
        return 1;
    }
    if (api->child.state != CHILD_RUNNING)
        return 0;
    hear(service);
    const uint64_t hang_ns = service->config.workers.hang_timeout_ns;
    const uint64_t patience_ns = api->beat_count || hang_ns > START_NS ? hang_ns : START_NS;
    if (child_watch(&api->child, api->beat_count, patience_ns, now_ns))
        log_say(&service->log, "joint-api gave no sign of life for %llu ms; it is killed",
                (unsigned long long)(patience_ns / 1000000));
    int work = ingress_look(service, &api->ingress, now_ns) + tell(service);
    work += tell_tls(service);
    if (changes_wait(&service->changes))
        api->rows_ns = 0; /* what was changed is told before the answer */
    work += tell_rows(service, now_ns);
    return work + changes_look(service, api->child.socket[SHOWN]);
}

int api_poll(struct service *service, uint64_t now_ns)
{
    return ingress_poll(service, &service->api.ingress, now_ns);
}

bool api_is_drained(const struct api *api)
{
    return api->child.state != CHILD_RUNNING || api->ingress.is_drained;
}

void api_condemn(struct service *service, const char *why)
{
    log_say(&service->log, "joint-api: %s; it is started anew", why);
    child_kill(&service->api.child);
}

void api_stop(struct api *api)
{
    if (api->is_wanted)
        child_stop(&api->child);
}

bool api_is_gone(const struct api *api)
{
    return !api->is_wanted || api->child.state == CHILD_IDLE;
}
