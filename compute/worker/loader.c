/* One model from its file to two sealed regions, telling jointd all the way. */
#include "compute/worker/loader.h"
#include "compute/worker/affinity.h"
#include "compute/worker/table.h"
#include "compute/worker/weights.h"
#include "shm/fd_pass.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TELL_NS UINT64_C(100000000) /* at most so often */
#define UNKNOWN_PERMILLE UINT32_MAX

struct loader {
    const struct loader_config *config;
    uint64_t begun_ns, told_ns;
    struct message_model_file file;
    struct engine_model *model;
    struct region weights, table;
    struct engine_error error;
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static struct message_packed packed_of(const struct loader *loader, int status, const char *text)
{
    struct message_packed packed = {.status = status, .took_ns = now_ns() - loader->begun_ns};
    snprintf(packed.text, sizeof(packed.text), "%s", text);
    return packed;
}

/* For a jointd that is gone there is nothing to work for. */
static void tell(void *arg, const char *what, double fraction)
{
    struct loader *loader = arg;
    const uint64_t at_ns = now_ns();
    if (at_ns - loader->told_ns < TELL_NS)
        return;
    loader->told_ns = at_ns;
    struct message_packed packed = packed_of(loader, -EINPROGRESS, what);
    packed.permille =
        fraction >= 0 && fraction <= 1 ? (uint32_t)(fraction * 1000) : UNKNOWN_PERMILLE;
    if (fd_pass_send(loader->config->socket, &packed, sizeof(packed), NULL, 0) == -EPIPE)
        _exit(1);
}

/* The last word waits until there is room for it. */
static int answer(const struct loader *loader, const struct message_packed *packed, const int *fds,
                  unsigned fd_count)
{
    int rc;
    while ((rc = fd_pass_send(loader->config->socket, packed, sizeof(*packed), fds, fd_count)) ==
           -EAGAIN) {
        struct pollfd room = {.fd = loader->config->socket, .events = POLLOUT};
        if (poll(&room, 1, -1) < 0 && errno != EINTR)
            return -errno;
    }
    return rc;
}

static int answer_regions(struct loader *loader)
{
    int fds[MESSAGE_PACKED_DESCRIPTORS] = {region_share_fd(&loader->weights, REGION_READ_ONLY),
                                           region_share_fd(&loader->table, REGION_READ_ONLY)};
    int rc = fds[0] < 0 ? fds[0] : fds[1] < 0 ? fds[1] : 0;
    if (rc == 0) {
        struct message_packed packed = packed_of(loader, 0, "");
        packed.permille = 1000;
        packed.weights_bytes = engine_model_weights_bytes(loader->model);
        rc = answer(loader, &packed, fds, MESSAGE_PACKED_DESCRIPTORS);
    }
    for (unsigned i = 0; i < MESSAGE_PACKED_DESCRIPTORS; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    return rc;
}

static int publish_table(struct loader *loader)
{
    struct cut_times times;
    const uint32_t max_batch = weights_max_batch(loader->model, &loader->file);
    int rc = cut_times_measure(&times, loader->model, max_batch, tell, loader, &loader->error);
    if (rc)
        return rc;
    rc = table_publish(loader->model, max_batch, &times, &loader->table, &loader->error);
    cut_times_fini(&times);
    return rc;
}

static int pack(struct loader *loader)
{
    tell(loader, "reading the model's file", -1);
    int rc = weights_open_model(&loader->file, NULL, tell, loader, &loader->model, &loader->error);
    if (rc)
        return rc;
    /* Its helpers were started on all cores of ours: one each from now on. */
    affinity_spread(loader->config->cpu, loader->config->cpu_count);
    rc = weights_publish(loader->model, &loader->weights, &loader->error);
    if (rc == 0)
        rc = publish_table(loader);
    return rc;
}

static int receive(struct loader *loader)
{
    const int count =
        fd_pass_receive(loader->config->socket, &loader->file, sizeof(loader->file), NULL, 0);
    return count < 0 ? count : 0;
}

static int serve(struct loader *loader)
{
    const struct loader_config *config = loader->config;
    int rc = receive(loader);
    if (rc == -EPIPE)
        return rc;
    loader->begun_ns = now_ns();
    if (rc)
        snprintf(loader->error.text, sizeof(loader->error.text), "no request for a model");
    else if ((rc = affinity_confine(config->cpu, config->cpu_count)) != 0)
        snprintf(loader->error.text, sizeof(loader->error.text), "cores that cannot be had");
    else if ((rc = pack(loader)) == 0)
        return answer_regions(loader);
    const struct message_packed packed = packed_of(loader, rc, loader->error.text);
    const int said = answer(loader, &packed, NULL, 0);
    return said ? said : rc;
}

int loader_run(const struct loader_config *config)
{
    struct loader *loader = calloc(1, sizeof(*loader));
    if (!loader)
        return -ENOMEM;
    loader->config = config;
    const int rc = serve(loader);
    engine_model_destroy(loader->model);
    region_fini(&loader->weights);
    region_fini(&loader->table);
    free(loader);
    return rc;
}
