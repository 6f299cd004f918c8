/* Opening and closing a client, and the calls of joint.h. */
#include "scheduler/client/joint.h"
#include "dataplane/proto/crc32c.h"
#include "scheduler/client/joint_state.h"
#include "scheduler/client/message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_SPEED 4
#define WARM_RUNS 2 /* the last one is what the times are taken from */

static int fail(struct joint_error *error, int rc, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int fail(struct joint_error *error, int rc, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (error)
        vsnprintf(error->text, sizeof(error->text), format, arguments);
    va_end(arguments);
    return rc;
}

void joint_config_default(struct joint_config *config)
{
    const struct split_network *wifi = split_network_named("wifi");
    *config = (struct joint_config){.threads = 1,
                                    .workers = 1,
                                    .max_calls = 8,
                                    .max_rows = 1,
                                    .max_cut_tensors = 1,
                                    .up_mbps = wifi->up_mbps,
                                    .down_mbps = wifi->down_mbps};
}

void joint_call_default(struct joint_call *call)
{
    *call = (struct joint_call){.rows = 1};
}

static int check(const struct joint_config *config, struct joint_error *error)
{
    if (!config->model_path)
        return fail(error, -EINVAL, "no model: set model_path to an ONNX file");
    bool is_small = config->threads >= 1 && config->workers >= 1 &&
                    config->workers < JOINT_MAX_CONTEXTS && config->max_calls >= 1 &&
                    config->max_calls <= JOINT_MAX_CALLS && config->max_rows >= 1 &&
                    config->max_rows <= UINT16_MAX && config->max_cut_tensors >= 1;
    if (!is_small)
        return fail(error, -EINVAL,
                    "threads, workers (at most %u), max_calls (at most %u), max_rows (at most %u) "
                    "and max_cut_tensors are 1 at least",
                    JOINT_MAX_CONTEXTS - 1, JOINT_MAX_CALLS, (unsigned)UINT16_MAX);
    if (!(config->up_mbps > 0 && config->down_mbps > 0 && config->server_speed >= 0))
        return fail(error, -EINVAL, "up_mbps and down_mbps are above 0, server_speed is not below");
    if (config->is_paced && !config->profile_path)
        return fail(error, -EINVAL, "is_paced: set profile_path, the device to act as");
    return 0;
}

/* ---- The way to the servers ---- */

static int open_links(struct joint *joint, const struct joint_config *config,
                      struct joint_error *error)
{
    struct server_link_config link = {.client = config->client,
                                      .max_requests =
                                          config->max_calls < 16 ? config->max_calls : 16,
                                      .up_mbps = config->up_mbps,
                                      .down_mbps = config->down_mbps,
                                      .server_speed = config->server_speed,
                                      .now_ns = joint_now_ns()};
    if (config->server_speed <= 0)
        link.server_speed = config->profile_path ? 1 : DEFAULT_SPEED;
    if (link.client == 0 && getrandom(&link.client, sizeof(link.client), 0) < 0)
        return fail(error, -errno, "no random number: %s", strerror(errno));
    for (uint32_t i = 0; i < JOINT_MAX_SERVERS && config->servers[i]; i++) {
        int rc = socket_resolve(config->servers[i], &link.address);
        if (rc == -EHOSTUNREACH)
            return fail(error, rc, "%s: no such host is known", config->servers[i]);
        if (rc)
            return fail(error, rc, "%s: give the server as HOST:PORT", config->servers[i]);
        rc = server_link_init(&joint->links[i], &link);
        if (rc)
            return fail(error, rc, "%s: cannot open a socket to it: %s", config->servers[i],
                        strerror(-rc));
        joint->link_count++;
    }
    return 0;
}

/* ---- The network ---- */

static int open_model(struct joint *joint, const struct joint_config *config,
                      struct engine_error *error)
{
    struct engine_config engine;
    engine_config_default(&engine);
    engine.threads = config->threads;
    engine.max_batch = config->max_rows;
    engine.max_cut_tensors = config->max_cut_tensors;
    engine.is_tuned = !config->is_untuned;
    engine.tuning_path = config->tuning_path;
    int rc = engine_model_open(config->model_path, &engine, &joint->model, error);
    if (rc == 0)
        rc = engine_model_prepare(joint->model, error);
    if (rc)
        return rc;
    joint->last_cut = engine_model_cut_count(joint->model) - 1;
    if (joint->last_cut == 0 || joint->last_cut > UINT16_MAX) {
        snprintf(error->text, sizeof(error->text), "%s has %u cuts, a request names 2 to 65,536",
                 config->model_path, joint->last_cut + 1);
        return -ENOTSUP;
    }
    engine_model_fingerprint(joint->model, joint->fingerprint);
    return engine_model_pack(joint->model, NULL, error);
}

static int make_contexts(struct joint *joint, struct engine_error *error)
{
    for (uint32_t i = 0; i < joint->context_count; i++) {
        int rc = engine_context_create(joint->model, NULL, &joint->contexts[i], error);
        if (rc)
            return rc;
        joint->free_contexts++;
        joint->layer_ns[i] =
            calloc(engine_model_layer_count(joint->model), sizeof(*joint->layer_ns[i]));
        if (!joint->layer_ns[i])
            return -ENOMEM;
    }
    return 0;
}

static uint8_t *take(size_t bytes)
{
    size_t whole = (bytes + 63) & ~(size_t)63;
    uint8_t *memory = aligned_alloc(64, whole ? whole : 64);
    if (memory)
        memset(memory, 0, whole);
    return memory;
}

static int make_calls(struct joint *joint)
{
    size_t state_bytes = 0, message_size = 0, pointers = 0;
    for (uint32_t k = 0; k <= joint->last_cut; k++) {
        const struct engine_cut *cut = engine_model_cut(joint->model, k);
        size_t bytes = message_state_bytes(cut, joint->max_rows);
        size_t scales = (size_t)8 * cut->tensor_count * joint->max_rows;
        state_bytes = bytes > state_bytes ? bytes : state_bytes;
        message_size = bytes + scales > message_size ? bytes + scales : message_size;
        pointers = cut->tensor_count > pointers ? cut->tensor_count : pointers;
    }
    joint->calls = calloc(joint->call_count, sizeof(*joint->calls));
    if (!joint->calls)
        return -ENOMEM;
    for (uint32_t i = 0; i < joint->call_count; i++) {
        struct call *call = &joint->calls[i];
        call->joint = joint;
        pthread_cond_init(&call->ended, NULL);
        call->state = take(state_bytes);
        call->message = take(message_size);
        call->answer = take(message_size);
        call->input_rows = calloc(pointers * joint->max_rows, sizeof(void *));
        call->output_rows = calloc(pointers * joint->max_rows, sizeof(void *));
        if (!call->state || !call->message || !call->answer || !call->input_rows ||
            !call->output_rows)
            return -ENOMEM;
        call_list_add(&joint->free_calls, call);
    }
    return 0;
}

/* Runs the network on zeros; what the steps took the last time. */
static int warm(struct joint *joint, struct device_costs *costs, struct engine_error *error)
{
    struct call *call = joint->free_calls.first;
    const uint32_t layers = engine_model_layer_count(joint->model), last = joint->last_cut;
    int rc = 0;
    for (uint32_t i = 0; i < WARM_RUNS && rc == 0; i++) {
        const struct engine_cut *in = engine_model_cut(joint->model, 0);
        const struct engine_cut *out = engine_model_cut(joint->model, last);
        const struct engine_run run = {.to = last,
                                       .rows = 1,
                                       .inputs = call->input_rows,
                                       .outputs = call->output_rows,
                                       .layer_ns = joint->layer_ns[0]};
        for (uint32_t t = 0; t < in->tensor_count; t++)
            call->input_rows[t] = call->state + message_state_at(in, 1, t);
        for (uint32_t t = 0; t < out->tensor_count; t++)
            call->output_rows[t] = call->answer + message_state_at(out, 1, t);
        memset(joint->layer_ns[0], 0, layers * sizeof(*joint->layer_ns[0]));
        rc = engine_context_run(joint->contexts[0], &run, error);
    }
    for (uint32_t k = 0; k < last && rc == 0; k++) {
        double ms = 0;
        for (uint32_t i = engine_model_cut(joint->model, k)->layer_count;
             i < engine_model_cut(joint->model, k + 1)->layer_count; i++)
            ms += (double)joint->layer_ns[0][i] / 1e6;
        costs->steps[k].mobile_ms = costs->steps[k].cloud_ms = ms;
    }
    return rc;
}

/* Begins the planner with what a profile says, or with what the steps take here. */
static int begin_planner(struct joint *joint, const struct joint_config *config,
                         struct engine_error *error)
{
    const struct device_network network = {.model_path = config->model_path,
                                           .fingerprint = joint->fingerprint,
                                           .step_count = joint->last_cut};
    double *bytes = calloc(joint->last_cut + 1, sizeof(*bytes));
    struct device_costs measured = {0}, costs = {0};
    int rc = bytes ? device_costs_init(&measured, joint->last_cut) : -ENOMEM;
    for (uint32_t k = 0; k <= joint->last_cut && rc == 0; k++)
        bytes[k] = message_bytes(engine_model_cut(joint->model, k), 1, JTP_F32);
    if (rc == 0)
        rc = warm(joint, &measured, error);
    if (rc == 0 && config->profile_path)
        rc = device_costs_read(&costs, config->profile_path, &network, error->text,
                               sizeof(error->text));
    if (rc == 0)
        rc = planner_init(&joint->planner, config->profile_path ? &costs : &measured, bytes,
                          !config->profile_path);
    joint->has_energy = costs.has_energy;
    device_costs_fini(&costs);
    device_costs_fini(&measured);
    free(bytes);
    return rc;
}

/* "/x/alexnet.onnx" is alexnet to the server, unless it was told otherwise. */
static uint32_t name_crc(const struct joint_config *config)
{
    if (config->model_name)
        return jtp_crc32c(0, config->model_name, strlen(config->model_name));
    const char *slash = strrchr(config->model_path, '/');
    const char *name = slash ? slash + 1 : config->model_path;
    size_t length = strlen(name);
    if (length > 5 && strcmp(name + length - 5, ".onnx") == 0)
        length -= 5;
    return jtp_crc32c(0, name, length);
}

static int start(struct joint *joint, const struct joint_config *config, struct joint_error *error)
{
    struct engine_error engine_error = {.text = "out of memory"};
    joint->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    joint->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
    if (joint->wake_fd < 0 || joint->done_fd < 0)
        return fail(error, -errno, "cannot make a descriptor: %s", strerror(errno));
    int rc = open_links(joint, config, error);
    if (rc)
        return rc;
    /* The servers answer while the network is read. */
    rc = io_start(joint);
    if (rc)
        return fail(error, rc, "cannot start a thread: %s", strerror(-rc));
    rc = open_model(joint, config, &engine_error);
    if (rc == 0)
        rc = make_contexts(joint, &engine_error);
    if (rc == 0)
        rc = make_calls(joint);
    if (rc == 0)
        rc = begin_planner(joint, config, &engine_error);
    if (rc)
        return fail(error, rc, "%s", engine_error.text);
    rc = compute_start(joint);
    return rc ? fail(error, rc, "cannot start a thread: %s", strerror(-rc)) : 0;
}

int joint_open(const struct joint_config *config, struct joint **opened, struct joint_error *error)
{
    pthread_condattr_t monotonic;
    *opened = NULL;
    int rc = check(config, error);
    if (rc)
        return rc;
    struct joint *joint = calloc(1, sizeof(*joint));
    if (!joint)
        return fail(error, -ENOMEM, "out of memory");
    joint->wake_fd = joint->done_fd = -1;
    joint->max_rows = config->max_rows;
    joint->threads = config->threads;
    joint->is_paced = config->is_paced;
    joint->call_count = config->max_calls;
    joint->worker_count = config->workers;
    joint->context_count = config->workers + 1; /* one for who calls joint_run() */
    joint->name_crc = name_crc(config);
    pthread_mutex_init(&joint->mutex, NULL);
    pthread_cond_init(&joint->work, NULL);
    pthread_cond_init(&joint->context_free, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&joint->heard, &monotonic);
    pthread_condattr_destroy(&monotonic);
    rc = start(joint, config, error);
    if (rc) {
        joint_close(joint);
        return rc;
    }
    *opened = joint;
    return 0;
}

void joint_close(struct joint *joint)
{
    if (!joint)
        return;
    io_stop(joint);
    compute_stop(joint);
    for (uint32_t i = 0; i < joint->link_count; i++)
        server_link_fini(&joint->links[i]);
    planner_fini(&joint->planner);
    for (uint32_t i = 0; joint->calls && i < joint->call_count; i++) {
        struct call *call = &joint->calls[i];
        if (call->joint)
            pthread_cond_destroy(&call->ended);
        free(call->state);
        free(call->message);
        free(call->answer);
        free(call->input_rows);
        free(call->output_rows);
    }
    free(joint->calls);
    for (uint32_t i = 0; i < joint->context_count; i++) {
        free(joint->layer_ns[i]);
        engine_context_destroy(joint->contexts[i]);
    }
    engine_model_destroy(joint->model);
    if (joint->wake_fd >= 0)
        close(joint->wake_fd);
    if (joint->done_fd >= 0)
        close(joint->done_fd);
    pthread_cond_destroy(&joint->heard);
    pthread_cond_destroy(&joint->context_free);
    pthread_cond_destroy(&joint->work);
    pthread_mutex_destroy(&joint->mutex);
    free(joint);
}
