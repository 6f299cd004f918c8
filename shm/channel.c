/* Makes a channel's memory, its two ends, and its successor. */
#include "shm/channel.h"
#include "shm/channel_map.h"

#include <errno.h>
#include <unistd.h>

struct channel_config channel_config_default(void)
{
    return (struct channel_config){.name = "joint-channel",
                                   .epoch = 1,
                                   .to_peer_capacity = 1024,
                                   .from_peer_capacity = 1024,
                                   .can_owner_sleep = true,
                                   .can_peer_sleep = true};
}

uint64_t channel_payload_bytes(const struct channel_config *config)
{
    const uint64_t to = spsc_queue_bytes(config->to_peer_capacity);
    const uint64_t from = spsc_queue_bytes(config->from_peer_capacity);
    return to && from ? sizeof(struct channel_shared) + to + from : 0;
}

struct channel_map channel_map_of(const struct region *region, const struct channel_config *config)
{
    const uint64_t to = sizeof(struct channel_shared);
    const uint64_t from = to + spsc_queue_bytes(config->to_peer_capacity);
    return (struct channel_map){
        .shared = region_at(region, 0, sizeof(struct channel_shared)),
        .to_peer = region_at(region, to, spsc_queue_bytes(config->to_peer_capacity)),
        .from_peer = region_at(region, from, spsc_queue_bytes(config->from_peer_capacity)),
    };
}

/* The rings' indices start shortly before they wrap, so that wrapping is no rare event. */
static void format(struct channel *channel, const struct channel_map *map)
{
    const struct channel_config *config = &channel->config;
    map->shared->to_peer_capacity = config->to_peer_capacity;
    map->shared->from_peer_capacity = config->from_peer_capacity;
    spsc_queue_format(map->to_peer, config->to_peer_capacity, 0u - config->to_peer_capacity);
    spsc_queue_format(map->from_peer, config->from_peer_capacity, 0u - config->from_peer_capacity);
}

int channel_init(struct channel *channel, const struct channel_config *config)
{
    *channel = (struct channel){.side = CHANNEL_OWNER, .config = *config, .peer_end = -1};
    const uint64_t bytes = channel_payload_bytes(config);
    if (bytes == 0)
        return -EINVAL;
    const struct region_config wanted = {.name = config->name,
                                         .kind = REGION_CHANNEL,
                                         .epoch = config->epoch,
                                         .payload_bytes = bytes,
                                         .pages = REGION_PAGES_SMALL};
    int error = region_init(&channel->region, &wanted);
    if (error)
        return error;
    int ends[2];
    error = wake_pair(ends);
    if (error) {
        region_fini(&channel->region);
        return error;
    }
    const struct channel_map map = channel_map_of(&channel->region, config);
    format(channel, &map);
    channel->shared = map.shared;
    channel->peer_end = ends[1];
    wake_init(&channel->wake, ends[0], &map.shared->wake[CHANNEL_OWNER],
              &map.shared->wake[CHANNEL_PEER], config->can_peer_sleep);
    /* Just formatted and seen by nobody else: these cannot fail. */
    error = spsc_producer_attach(&channel->out, map.to_peer, config->to_peer_capacity);
    if (!error)
        error = spsc_consumer_attach(&channel->in, map.from_peer, config->from_peer_capacity);
    assert(!error);
    return 0;
}

void channel_fini(struct channel *channel)
{
    if (!channel || !channel->shared)
        return;
    if (channel->peer_end >= 0)
        close(channel->peer_end);
    for (uint32_t i = 0; i < channel->grant_count; i++)
        region_fini(&channel->grant[i]);
    wake_fini(&channel->wake);
    region_fini(&channel->region);
    *channel = (struct channel){.peer_end = -1};
}

int channel_renew(struct channel *channel)
{
    assert(channel->side == CHANNEL_OWNER);
    struct channel_config config = channel->config;
    config.epoch++;
    struct channel next;
    const int error = channel_init(&next, &config);
    if (error)
        return error;
    channel_fini(channel);
    *channel = next;
    return 0;
}

void channel_beat(struct channel *channel, uint64_t now_ns, uint64_t task)
{
    struct heartbeat *ours = &channel->shared->heartbeat[channel->side];
    /* pairs with channel_peer_beat: who sees this beat sees this task or a later one */
    atomic_store_explicit(&ours->task, task, memory_order_relaxed);
    atomic_store_explicit(&ours->beat_ns, now_ns, memory_order_release);
}

uint64_t channel_peer_beat(const struct channel *channel, uint64_t *task)
{
    struct heartbeat *peers = &channel->shared->heartbeat[1 - channel->side];
    const uint64_t beat_ns = atomic_load_explicit(&peers->beat_ns, memory_order_acquire);
    if (task)
        *task = atomic_load_explicit(&peers->task, memory_order_relaxed);
    return beat_ns;
}
