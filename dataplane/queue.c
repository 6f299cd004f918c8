/* The queue's poll: datagrams, what jointd says, time, datagrams, what jointd is owed. */
#include "dataplane/queue.h"

#include "dataplane/queue_parts.h"
#include "dataplane/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define RETRY_NS UINT64_C(500000)

static bool has_grants(const struct channel *channel, const struct dataplane_setup *setup)
{
    static const struct {
        enum region_kind kind;
        enum region_access access;
    } wanted[INGRESS_GRANT_COUNT] = {
        [INGRESS_REQUESTS] = {REGION_SLAB, REGION_READ_WRITE},
        [INGRESS_RESPONSES] = {REGION_SLAB, REGION_READ_ONLY},
        [INGRESS_LOAD] = {REGION_LOAD_PAGE, REGION_READ_ONLY},
        [INGRESS_COUNTERS] = {REGION_COUNTERS, REGION_READ_WRITE},
    };
    if (channel->grant_count != INGRESS_GRANT_COUNT)
        return false;
    for (uint32_t i = 0; i < INGRESS_GRANT_COUNT; i++) {
        const struct region *region = &channel->grant[i];
        const struct region_header *header = (const void *)region->base;
        if (header->kind != wanted[i].kind || region->access != wanted[i].access)
            return false;
    }
    return region_at(&channel->grant[INGRESS_REQUESTS], 0,
                     setup->queue_count * setup->part_bytes) != NULL;
}

static int init_parts(struct queue *queue)
{
    const struct dataplane_setup *setup = queue->config.setup;
    const struct region *grant = queue->channel.grant;
    const uint64_t part_offset = queue->config.number * setup->part_bytes;
    const struct slab_config slab = {.payload_bytes = setup->part_bytes,
                                     .max_tensor_bytes = setup->max_tensor_bytes,
                                     .slot_count = setup->part_slots};
    if (!has_grants(&queue->channel, setup))
        return -EBADMSG;
    uint8_t *part = region_at(&grant[INGRESS_REQUESTS], part_offset, setup->part_bytes);
    int error = load_view_init(&queue->load, &grant[INGRESS_LOAD]);
    if (!error)
        error =
            queue_counters_init(&queue->counters, &grant[INGRESS_COUNTERS], queue->config.number);
    if (!error)
        error = catalogue_init(&queue->catalogue, setup->max_tensor_bytes);
    if (!error)
        error = requests_init(&queue->requests, part, part_offset, &slab);
    if (!error)
        error = answers_init(&queue->answers, setup->response_slots, &grant[INGRESS_RESPONSES]);
    return error;
}

int queue_init(struct queue *queue, const struct queue_config *config)
{
    *queue = (struct queue){.config = *config};
    int error = channel_accept(&queue->channel, config->socket);
    if (error)
        return error;
    error = init_parts(queue);
    /* A poll must not wait for a socket. */
    if (!error && fcntl(config->socket, F_SETFL, O_NONBLOCK))
        error = -errno;
    if (error)
        queue_fini(queue);
    return error;
}

int queue_open(struct queue *queue, struct port *port, uint32_t largest_datagram_bytes,
               uint64_t now_ns)
{
    struct jtp_server_config config;
    setup_server_config(queue->config.setup, largest_datagram_bytes, &config);
    config.ops = &queue_server_ops;
    config.user = queue;
    const size_t bytes = jtp_server_bytes(&config);
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return -ENOMEM;
    (void)madvise(memory, bytes, MADV_HUGEPAGE); /* where clients are many; slower without */
    queue->port = port;
    queue->server_bytes = bytes;
    queue->server = jtp_server_init(memory, &config, now_ns);
    return 0;
}

void queue_fini(struct queue *queue)
{
    if (!queue)
        return;
    if (queue->server)
        munmap(queue->server, queue->server_bytes);
    answers_fini(&queue->answers);
    requests_fini(&queue->requests);
    catalogue_fini(&queue->catalogue);
    channel_fini(&queue->channel);
    *queue = (struct queue){0};
}

void queue_share_responses(struct queue *queue, const struct queue *other)
{
    struct region *ours = &queue->channel.grant[INGRESS_RESPONSES];
    const struct region *theirs = &other->channel.grant[INGRESS_RESPONSES];
    struct stat a, b;
    if (fstat(ours->fd, &a) || fstat(theirs->fd, &b) || a.st_dev != b.st_dev ||
        a.st_ino != b.st_ino)
        return;
    queue->answers.bytes = other->answers.bytes;
    region_fini(ours);
}

void queue_drain(struct queue *queue)
{
    queue->is_draining = true;
    queue->has_freed = true; /* those that wait for memory end */
}

/* How long the poll before took, if it did something: else it may have slept since. */
static void measure_poll(struct queue *queue, uint64_t now_ns)
{
    const uint64_t took_ns = now_ns - queue->now_ns;
    if (!queue->was_busy)
        return;
    queue->counts.busy_ns += took_ns;
    if (took_ns > queue->counts.longest_poll_ns)
        queue->counts.longest_poll_ns = took_ns;
}

int queue_poll(struct queue *queue, uint64_t now_ns)
{
    if (queue->failure)
        return 0;
    measure_poll(queue, now_ns);
    queue->now_ns = now_ns;
    channel_beat(&queue->channel, now_ns, 0);
    int work = queue_take_messages(queue);
    work += queue_receive(queue);
    if (jtp_server_timeout_ns(queue->server) <= now_ns)
        jtp_server_on_timeout(queue->server, now_ns);
    if (queue->has_freed) {
        queue->has_freed = false;
        jtp_server_memory_freed(queue->server, now_ns);
    }
    work += queue_send(queue);
    work += queue_say_owed(queue);
    queue->counts.polls++;
    queue->was_busy = work > 0;
    queue->counts.busy_polls += queue->was_busy;
    queue_counters_write(queue, now_ns);
    return work;
}

uint64_t queue_timeout_ns(const struct queue *queue)
{
    const uint64_t timeout_ns = jtp_server_timeout_ns(queue->server);
    /* Nobody rings when jointd has made room in its ring. */
    const uint64_t retry_ns = queue_owes(queue) ? queue->now_ns + RETRY_NS : UINT64_MAX;
    return timeout_ns < retry_ns ? timeout_ns : retry_ns;
}
