/* Hands a channel over: one message with all descriptors, one answer, one seal. */
#include "shm/channel_map.h"
#include "shm/fd_pass.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_MAGIC UINT64_C(0x31304b4f54435443)

/* What the message's descriptors are: the channel, the doorbell, the grants. */
enum {
    FD_CHANNEL,
    FD_DOORBELL,
    FD_GRANTS,
    FD_MAX = FD_GRANTS + CHANNEL_MAX_GRANTS,
};

static_assert((int)FD_MAX <= FD_PASS_MAX, "one message holds all");

struct offered_grant {
    uint64_t payload_bytes;
    uint32_t kind;
    uint32_t access;
    uint32_t epoch;
    uint32_t is_content_sealed;
    uint32_t is_lazy;
    uint32_t zero;
};

struct offer {
    uint64_t magic;
    uint32_t abi_version;
    uint32_t epoch;
    uint32_t to_peer_capacity;
    uint32_t from_peer_capacity;
    uint32_t can_owner_sleep;
    uint32_t can_peer_sleep;
    uint32_t grant_count;
    uint32_t zero;
    struct offered_grant grant[CHANNEL_MAX_GRANTS];
};

struct answer {
    uint64_t magic;
    uint64_t epoch;
};

static_assert(sizeof(struct offer) == 40 + 32 * CHANNEL_MAX_GRANTS, "offer");

static struct offer describe(const struct channel *channel, const struct channel_grant *grants,
                             uint32_t count)
{
    const struct channel_config *config = &channel->config;
    struct offer offer = {.magic = SHM_MAGIC,
                          .abi_version = SHM_ABI_VERSION,
                          .epoch = config->epoch,
                          .to_peer_capacity = config->to_peer_capacity,
                          .from_peer_capacity = config->from_peer_capacity,
                          .can_owner_sleep = config->can_owner_sleep,
                          .can_peer_sleep = config->can_peer_sleep,
                          .grant_count = count};
    for (uint32_t i = 0; i < count; i++)
        offer.grant[i] = (struct offered_grant){.payload_bytes = grants[i].region->payload_bytes,
                                                .kind = grants[i].kind,
                                                .access = grants[i].access,
                                                .epoch = grants[i].region->epoch,
                                                .is_content_sealed = grants[i].is_content_sealed,
                                                .is_lazy = grants[i].is_lazy};
    return offer;
}

int channel_offer(struct channel *channel, int socket, const struct channel_grant *grants,
                  uint32_t grant_count)
{
    if (grant_count > CHANNEL_MAX_GRANTS || channel->peer_end < 0)
        return -EINVAL;
    const struct offer offer = describe(channel, grants, grant_count);
    int fds[FD_MAX];
    fds[FD_DOORBELL] = channel->peer_end;
    fds[FD_CHANNEL] = region_share_fd(&channel->region, REGION_READ_WRITE);
    if (fds[FD_CHANNEL] < 0)
        return fds[FD_CHANNEL];
    int error = 0;
    uint32_t count = 0;
    for (; count < grant_count && !error; count++) {
        const int fd = region_share_fd(grants[count].region, grants[count].access);
        fds[FD_GRANTS + count] = fd;
        if (fd < 0)
            error = fd;
    }
    if (!error)
        error = fd_pass_send(socket, &offer, sizeof(offer), fds, FD_GRANTS + grant_count);
    for (uint32_t i = 0; i < count; i++)
        if (fds[FD_GRANTS + i] >= 0)
            close(fds[FD_GRANTS + i]);
    close(fds[FD_CHANNEL]);
    if (!error) {
        /* The peer's alone from now on, so that its end closes when it dies. */
        close(channel->peer_end);
        channel->peer_end = -1;
    }
    return error;
}

static int check_offer(const struct offer *offer, int fd_count)
{
    if (offer->magic != SHM_MAGIC || offer->grant_count > CHANNEL_MAX_GRANTS ||
        fd_count != (int)(FD_GRANTS + offer->grant_count))
        return -EBADMSG;
    for (uint32_t i = 0; i < offer->grant_count; i++)
        if (offer->grant[i].access > REGION_READ_WRITE)
            return -EBADMSG;
    return offer->abi_version == SHM_ABI_VERSION ? 0 : -EPROTO;
}

static int attach_grants(struct channel *channel, const struct offer *offer, int *fds)
{
    for (uint32_t i = 0; i < offer->grant_count; i++) {
        const struct region_expect expect = {.kind = (enum region_kind)offer->grant[i].kind,
                                             .access = (enum region_access)offer->grant[i].access,
                                             .epoch = offer->grant[i].epoch,
                                             .min_payload_bytes = offer->grant[i].payload_bytes,
                                             .is_content_sealed =
                                                 offer->grant[i].is_content_sealed != 0,
                                             .is_lazy = offer->grant[i].is_lazy != 0};
        const int error = region_attach(&channel->grant[i], fds[FD_GRANTS + i], &expect);
        if (error)
            return error;
        fds[FD_GRANTS + i] = -1; /* the region's now */
        channel->grant_count++;
    }
    return 0;
}

static int attach_rings(struct channel *channel, int *fds)
{
    const struct channel_config *config = &channel->config;
    const uint64_t bytes = channel_payload_bytes(config);
    if (bytes == 0)
        return -EBADMSG;
    const struct region_expect expect = {.kind = REGION_CHANNEL,
                                         .access = REGION_READ_WRITE,
                                         .epoch = config->epoch,
                                         .min_payload_bytes = bytes};
    int error = region_attach(&channel->region, fds[FD_CHANNEL], &expect);
    if (error)
        return error;
    fds[FD_CHANNEL] = -1;
    const struct channel_map map = channel_map_of(&channel->region, config);
    error = spsc_producer_attach(&channel->out, map.from_peer, config->from_peer_capacity);
    if (!error)
        error = spsc_consumer_attach(&channel->in, map.to_peer, config->to_peer_capacity);
    if (error)
        return error;
    channel->shared = map.shared;
    wake_init(&channel->wake, fds[FD_DOORBELL], &map.shared->wake[CHANNEL_PEER],
              &map.shared->wake[CHANNEL_OWNER], config->can_owner_sleep);
    fds[FD_DOORBELL] = -1;
    return 0;
}

int channel_accept(struct channel *channel, int socket)
{
    struct offer offer;
    int fds[FD_MAX];
    const int fd_count = fd_pass_receive(socket, &offer, sizeof(offer), fds, FD_MAX);
    if (fd_count < 0)
        return fd_count;
    *channel = (struct channel){.side = CHANNEL_PEER,
                                .config = {.epoch = offer.epoch,
                                           .to_peer_capacity = offer.to_peer_capacity,
                                           .from_peer_capacity = offer.from_peer_capacity,
                                           .can_owner_sleep = offer.can_owner_sleep != 0,
                                           .can_peer_sleep = offer.can_peer_sleep != 0},
                                .peer_end = -1};
    int error = check_offer(&offer, fd_count);
    if (!error)
        error = attach_rings(channel, fds);
    if (!error)
        error = attach_grants(channel, &offer, fds);
    const struct answer answer = {.magic = ANSWER_MAGIC, .epoch = offer.epoch};
    if (!error)
        error = fd_pass_send(socket, &answer, sizeof(answer), NULL, 0);
    if (!error)
        return 0;
    for (int i = 0; i < fd_count; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    if (channel->shared)
        channel_fini(channel);
    else
        region_fini(&channel->region);
    return error;
}

int channel_settle(struct channel *channel, int socket)
{
    struct answer answer;
    const int fd_count = fd_pass_receive(socket, &answer, sizeof(answer), NULL, 0);
    if (fd_count < 0)
        return fd_count;
    if (answer.magic != ANSWER_MAGIC || answer.epoch != channel->config.epoch)
        return -EBADMSG;
    return region_seal(&channel->region, REGION_SEAL_NEW_WRITERS);
}
