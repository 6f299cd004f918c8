/* Starts workers, talks to them, and runs the same engine here. */
#include "tests/property/worker_host.h"

#include "compute/worker/weights.h"
#include "compute/zoo/zoo.h"
#include "shm/fd_pass.h"
#include "tests/unit/cunit_main.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HEAR_SECONDS 60

static void write_network(struct worker_host *host, const char *network, uint32_t width_divisor,
                          uint32_t input_size)
{
    snprintf(host->path, sizeof(host->path), "/tmp/joint-worker-%s-%ld.onnx", network,
             (long)getpid());
    struct zoo_config config;
    zoo_config_default(&config);
    config.width_divisor = width_divisor;
    config.input_size = input_size;
    CU_ASSERT_EQUAL_FATAL(zoo_write(network, &config, host->path, NULL), 0);
}

static void list_cuts(struct worker_host *host)
{
    host->cut_count = engine_model_cut_count(host->model);
    CU_ASSERT_TRUE_FATAL(host->cut_count <= 512);
    for (uint32_t k = 0; k < host->cut_count; k++) {
        const struct engine_cut *cut = engine_model_cut(host->model, k);
        uint64_t bytes = 0;
        for (uint32_t t = 0; t < cut->tensor_count; t++)
            bytes += cut->tensors[t].bytes;
        host->cut_bytes[k] = bytes;
        if (message_align(bytes) > host->place_bytes)
            host->place_bytes = message_align(bytes);
    }
}

void worker_host_init(struct worker_host *host, const char *network, uint32_t width_divisor,
                      uint32_t input_size, uint32_t max_batch, uint32_t threads,
                      uint64_t payload_bytes)
{
    *host = (struct worker_host){.max_batch = max_batch};
    write_network(host, network, width_divisor, input_size);
    host->file = (struct message_model_file){.model = HOST_MODEL,
                                             .threads = threads,
                                             .max_batch = max_batch,
                                             .max_cut_tensors = 2,
                                             .is_tuned = 1};
    snprintf(host->file.path, sizeof(host->file.path), "%s", host->path);
    struct engine_error error = {{0}};
    CU_ASSERT_EQUAL_FATAL(weights_open_model(&host->file, NULL, NULL, NULL, &host->model, &error),
                          0);
    CU_ASSERT_EQUAL_FATAL(weights_publish(host->model, &host->weights, &error), 0);
    host->file.weights_bytes = engine_model_weights_bytes(host->model);
    CU_ASSERT_EQUAL_FATAL(engine_context_create(host->model, NULL, &host->context, &error), 0);
    list_cuts(host);
    const struct region_config region = {
        .name = "slab", .kind = REGION_SLAB, .payload_bytes = payload_bytes};
    CU_ASSERT_EQUAL_FATAL(region_init(&host->request, &region), 0);
    CU_ASSERT_EQUAL_FATAL(region_init(&host->response, &region), 0);
}

void worker_host_fini(struct worker_host *host)
{
    engine_context_destroy(host->context);
    engine_model_destroy(host->model);
    region_fini(&host->weights);
    region_fini(&host->request);
    region_fini(&host->response);
    char tuning[sizeof(host->path) + 8];
    snprintf(tuning, sizeof(tuning), "%s.tuning", host->path);
    unlink(tuning);
    unlink(host->path);
}

void worker_peer_init(struct worker_peer *peer)
{
    *peer = (struct worker_peer){.socket = -1};
    const struct channel_config config = channel_config_default();
    CU_ASSERT_EQUAL_FATAL(channel_init(&peer->channel, &config), 0);
}

void worker_host_offer(const struct worker_host *host, struct channel *channel, int socket)
{
    const struct channel_grant grants[] = {
        {.region = &host->request, .kind = REGION_SLAB, .access = REGION_READ_ONLY},
        {.region = &host->response, .kind = REGION_SLAB, .access = REGION_READ_WRITE},
    };
    CU_ASSERT_EQUAL_FATAL(channel_offer(channel, socket, grants, 2), 0);
}

void worker_host_send_model(const struct worker_host *host, int socket)
{
    const int fd = region_share_fd(&host->weights, REGION_READ_ONLY);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    CU_ASSERT_EQUAL_FATAL(fd_pass_send(socket, &host->file, sizeof(host->file), &fd, 1), 0);
    close(fd);
}

static pid_t spawn(const struct worker_peer *peer, int socket)
{
    const pid_t pid = fork();
    CU_ASSERT_TRUE_FATAL(pid >= 0);
    if (pid != 0)
        return pid;
    char number[16];
    const int inherited = dup(socket); /* without the flag that closes it */
    snprintf(number, sizeof(number), "%d", inherited);
    const char *const *more = peer->options;
    execl(JOINT_WORKER, "joint-worker", "--socket", number, more[0], more[1], more[2], more[3],
          (char *)NULL);
    _exit(127);
}

void worker_peer_begin(struct worker_peer *peer, const struct worker_host *host)
{
    int sockets[2];
    CU_ASSERT_EQUAL_FATAL(fd_pass_pair(sockets), 0);
    peer->socket = sockets[0];
    peer->pid = spawn(peer, sockets[1]);
    close(sockets[1]);
    worker_host_offer(host, &peer->channel, peer->socket);
    CU_ASSERT_EQUAL_FATAL(channel_settle(&peer->channel, peer->socket), 0);
    worker_host_send_model(host, peer->socket);
    worker_peer_say(peer, &(union message){.order = {.kind = MESSAGE_LOAD, .model = HOST_MODEL}});
}

void worker_peer_start(struct worker_peer *peer, const struct worker_host *host)
{
    worker_peer_begin(peer, host);
    const union message ready = worker_peer_hear(peer);
    CU_ASSERT_EQUAL_FATAL(ready.kind, MESSAGE_READY);
    CU_ASSERT_EQUAL_FATAL(ready.model.model, HOST_MODEL);
    CU_ASSERT_EQUAL_FATAL(ready.model.cut_count, host->cut_count);
}

int worker_peer_wait(struct worker_peer *peer)
{
    int status;
    CU_ASSERT_EQUAL_FATAL(waitpid(peer->pid, &status, 0), peer->pid);
    if (peer->socket >= 0)
        close(peer->socket);
    peer->socket = -1;
    peer->pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void worker_peer_kill(struct worker_peer *peer)
{
    kill(peer->pid, SIGKILL);
    CU_ASSERT_EQUAL_FATAL(worker_peer_wait(peer), -1);
}

void worker_peer_fini(struct worker_peer *peer)
{
    channel_fini(&peer->channel);
    if (peer->socket >= 0)
        close(peer->socket);
}

union message worker_peer_hear(struct worker_peer *peer)
{
    union message message = {0};
    const time_t end = time(NULL) + HEAR_SECONDS;
    for (uint32_t i = 1; i % 4096 != 0 || time(NULL) < end; i++) {
        const int count = channel_pop(&peer->channel, &message, 1);
        if (count == 0 && i % 1024 == 0)
            sched_yield();
        if (count < 0)
            CU_FAIL_FATAL("the worker spoilt a ring");
        if (count == 1)
            return message;
    }
    CU_FAIL_FATAL("the worker says nothing");
    return message;
}

void worker_peer_say(struct worker_peer *peer, const union message *message)
{
    for (time_t end = time(NULL) + HEAR_SECONDS; time(NULL) < end; sched_yield()) {
        const int count = channel_push(&peer->channel, message, 1);
        if (count < 0)
            CU_FAIL_FATAL("the worker spoilt a ring");
        if (count == 1)
            return;
    }
    CU_FAIL_FATAL("the worker listens to nothing");
}

void worker_host_run(struct worker_host *host, uint32_t from, uint32_t to, uint32_t row_count,
                     const unsigned char *const *in, unsigned char *const *out)
{
    const void *inputs[2 * MESSAGE_MAX_ROWS];
    void *outputs[2 * MESSAGE_MAX_ROWS];
    const struct engine_cut *cut_in = engine_model_cut(host->model, from);
    const struct engine_cut *cut_out = engine_model_cut(host->model, to);
    for (uint32_t r = 0; r < row_count; r++) {
        /* At most two tensors: the second starts behind the first. */
        for (uint32_t t = 0; t < cut_in->tensor_count; t++)
            inputs[t * row_count + r] = in[r] + (t ? cut_in->tensors[0].bytes : 0);
        for (uint32_t t = 0; t < cut_out->tensor_count; t++)
            outputs[t * row_count + r] = out[r] + (t ? cut_out->tensors[0].bytes : 0);
    }
    const struct engine_run run = {
        .from = from, .to = to, .rows = row_count, .inputs = inputs, .outputs = outputs};
    struct engine_error error = {{0}};
    CU_ASSERT_EQUAL_FATAL(engine_context_run(host->context, &run, &error), 0);
}
