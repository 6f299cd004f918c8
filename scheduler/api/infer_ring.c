/* Its rings have room for all that an honest jointd can leave unread, so a full one means that
 * jointd does not move, and ends this process: nobody else can help its clients. */
#include "scheduler/api/infer_ring.h"
#include "shm/fd_pass.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define BURST 64u
#define MAX_SLOTS (1u << 20)

static bool is_sound(const struct api_infer_setup *setup)
{
    return setup->slab_bytes > 0 && setup->max_tensor_bytes > 0 &&
           setup->max_tensor_bytes <= UINT32_MAX && setup->max_answer_bytes > 0 &&
           setup->max_answer_bytes <= UINT32_MAX && setup->max_json_bytes > 0 &&
           setup->max_json_bytes <= UINT32_MAX && setup->slots > 0 && setup->slots <= MAX_SLOTS &&
           setup->answer_slots > 0 && setup->answer_slots <= MAX_SLOTS;
}

static bool has_grants(const struct infer_ring *ring)
{
    const struct channel *channel = &ring->channel;
    if (channel->grant_count != INGRESS_GRANT_COUNT)
        return false;
    const struct region *requests = &channel->grant[INGRESS_REQUESTS];
    const struct region *responses = &channel->grant[INGRESS_RESPONSES];
    const struct region_header *headers[] = {(const void *)requests->base,
                                             (const void *)responses->base};
    return headers[0]->kind == REGION_SLAB && headers[1]->kind == REGION_SLAB &&
           requests->access == REGION_READ_WRITE &&
           region_at(requests, 0, ring->setup.slab_bytes) != NULL;
}

/* Without waking anybody. */
static void whisper(struct infer_ring *ring, const void *message)
{
    const int pushed = spsc_queue_push(&ring->channel.out, message, 1);
    if (pushed != 1 && !ring->failure)
        ring->failure = pushed < 0 ? pushed : -EPIPE;
}

static void say(struct infer_ring *ring, const void *message)
{
    whisper(ring, message);
    ring->has_news = true;
}

void infer_ring_flush(struct infer_ring *ring)
{
    if (ring->has_news)
        wake_ring(&ring->channel.wake);
    ring->has_news = false;
}

static int init_parts(struct infer_ring *ring)
{
    const struct slab_config slab = {.payload_bytes = ring->setup.slab_bytes,
                                     .max_tensor_bytes = ring->setup.max_tensor_bytes,
                                     .slot_count = ring->setup.slots};
    if (!has_grants(ring))
        return -EBADMSG;
    int error = slab_create(&slab, &ring->slab);
    if (error)
        return error;
    error = infer_models_init(&ring->models);
    ring->slots = calloc(ring->setup.slots, sizeof(*ring->slots));
    ring->answers = calloc(ring->setup.answer_slots, sizeof(*ring->answers));
    if (!error && (!ring->slots || !ring->answers))
        error = -ENOMEM;
    if (!error && fcntl(ring->socket, F_SETFL, O_NONBLOCK))
        error = -errno;
    return error;
}

int infer_ring_init(struct infer_ring *ring, const struct api_infer_setup *setup, int socket,
                    const struct infer_ring_ops *ops)
{
    *ring = (struct infer_ring){.ops = ops, .setup = *setup, .socket = socket};
    if (!is_sound(setup))
        return -EBADMSG;
    int error = channel_accept(&ring->channel, socket);
    if (error)
        return error;
    error = init_parts(ring);
    if (error) {
        infer_ring_fini(ring);
        return error;
    }
    const struct ingress_order started = {.kind = INGRESS_STARTED};
    say(ring, &started);
    return 0;
}

void infer_ring_fini(struct infer_ring *ring)
{
    if (!ring || !ring->ops)
        return;
    infer_models_fini(&ring->models);
    free(ring->answers);
    free(ring->slots);
    slab_destroy(ring->slab);
    channel_fini(&ring->channel);
    *ring = (struct infer_ring){0};
}

int infer_ring_reserve(struct infer_ring *ring, uint32_t model, uint32_t bytes, uint32_t *slot,
                       unsigned char **place)
{
    struct slab_ref ref;
    const int error = slab_alloc(ring->slab, bytes, &ref);
    if (error)
        return error;
    assert(ref.slot < ring->setup.slots && ring->slots[ref.slot].state == INFER_SLOT_FREE);
    ring->slots[ref.slot] = (struct infer_slot){.state = INFER_SLOT_FILLING,
                                                .generation = ref.generation,
                                                .model = (uint16_t)model,
                                                .offset = ref.offset};
    ring->taken_count++;
    ring->models.items[model].arriving++;
    *slot = ref.slot;
    *place = region_at(&ring->channel.grant[INGRESS_REQUESTS], ref.offset, bytes);
    return 0;
}

static void free_slot(struct infer_ring *ring, uint32_t slot)
{
    const int error = slab_free(ring->slab, slot, ring->slots[slot].generation);
    assert(!error);
    (void)error;
    ring->slots[slot] = (struct infer_slot){0};
    ring->taken_count--;
}

void infer_ring_release(struct infer_ring *ring, uint32_t slot)
{
    assert(ring->slots[slot].state == INFER_SLOT_FILLING);
    ring->models.items[ring->slots[slot].model].arriving--;
    free_slot(ring, slot);
}

void infer_ring_submit(struct infer_ring *ring, uint32_t slot, struct ingress_submit *submit,
                       uint32_t answer_bytes, void *caller)
{
    struct infer_slot *mine = &ring->slots[slot];
    assert(mine->state == INFER_SLOT_FILLING);
    mine->state = INFER_SLOT_SUBMITTED;
    mine->answer_bytes = answer_bytes;
    mine->answer_encoding = submit->answer_encoding;
    mine->client = submit->client;
    mine->caller = caller;
    submit->kind = INGRESS_SUBMIT;
    submit->slot = slot;
    submit->generation = mine->generation;
    submit->offset = mine->offset;
    submit->model = mine->model;
    ring->models.items[mine->model].arriving--;
    ring->models.items[mine->model].open++;
    say(ring, submit);
}

void infer_ring_leave(struct infer_ring *ring, uint32_t slot)
{
    struct infer_slot *mine = &ring->slots[slot];
    assert(mine->state == INFER_SLOT_SUBMITTED && mine->caller);
    mine->caller = NULL;
    const struct ingress_order order = {
        .kind = INGRESS_CANCEL, .slot = slot, .generation = mine->generation};
    say(ring, &order);
}

static void say_sent(struct infer_ring *ring, uint32_t slot, uint32_t generation)
{
    const struct ingress_order order = {
        .kind = INGRESS_SENT, .slot = slot, .generation = generation};
    whisper(ring, &order);
}

void infer_ring_sent(struct infer_ring *ring, uint32_t answer_slot)
{
    struct infer_answer_slot *answer = &ring->answers[answer_slot];
    assert(answer->is_taken);
    answer->is_taken = false;
    ring->answer_count--;
    say_sent(ring, answer_slot, answer->generation);
}

uint32_t infer_ring_open_of(const struct infer_ring *ring, uint64_t client)
{
    uint32_t count = 0, seen = 0;
    for (uint32_t i = 0; i < ring->setup.slots && seen < ring->taken_count; i++) {
        const struct infer_slot *slot = &ring->slots[i];
        seen += slot->state != INFER_SLOT_FREE;
        count += slot->state == INFER_SLOT_SUBMITTED && slot->client == client;
    }
    return count;
}

static void take_model(struct infer_ring *ring, const struct ingress_order *order)
{
    struct ingress_model model;
    int fd = -1;
    const int fd_count = fd_pass_receive(ring->socket, &model, sizeof(model), &fd, 1);
    if (fd_count == 1 && model.model != order->model)
        close(fd);
    if (fd_count != 1 || model.model != order->model || infer_models_add(&ring->models, &model, fd))
        ring->unsound_count++;
}

/* The bytes of the answer that was asked for; NULL: it cannot be that. */
static const unsigned char *find_answer(const struct infer_ring *ring,
                                        const struct infer_slot *slot,
                                        const struct ingress_finished *said)
{
    if (said->encoding != slot->answer_encoding || said->bytes != slot->answer_bytes)
        return NULL;
    return region_at(&ring->channel.grant[INGRESS_RESPONSES], said->offset, said->bytes);
}

static void take_finished(struct infer_ring *ring, const struct ingress_finished *said)
{
    if (said->slot >= ring->setup.slots || ring->slots[said->slot].state != INFER_SLOT_SUBMITTED ||
        ring->slots[said->slot].generation != said->generation) {
        ring->unsound_count++;
        return;
    }
    const struct infer_slot slot = ring->slots[said->slot];
    struct ingress_finished finished = *said;
    const unsigned char *bytes = NULL;
    free_slot(ring, said->slot);
    if (said->reason == INGRESS_ANSWERED) {
        const bool is_place = said->answer_slot < ring->setup.answer_slots &&
                              !ring->answers[said->answer_slot].is_taken;
        bytes = is_place ? find_answer(ring, &slot, said) : NULL;
        if (bytes && slot.caller) {
            ring->answers[said->answer_slot] =
                (struct infer_answer_slot){.is_taken = true, .generation = said->answer_generation};
            ring->answer_count++;
        } else if (is_place) {
            say_sent(ring, said->answer_slot, said->answer_generation);
        }
        if (!bytes) {
            ring->unsound_count++;
            finished.reason = INGRESS_FAILED;
        }
    }
    if (slot.caller)
        ring->ops->finished(slot.caller, &finished, bytes);
    infer_models_finish(&ring->models, slot.model); /* the caller may have looked at its table */
}

static void take(struct infer_ring *ring, const union ingress_message *message)
{
    switch (message->kind) {
    case INGRESS_MODEL:
        take_model(ring, &message->order);
        break;
    case INGRESS_WITHDRAW:
        ring->unsound_count += !infer_models_withdraw(&ring->models, message->order.model);
        break;
    case INGRESS_FINISHED:
        take_finished(ring, &message->finished);
        break;
    case INGRESS_DRAIN:
        ring->is_draining = true;
        break;
    default:
        ring->unsound_count++;
    }
}

int infer_ring_poll(struct infer_ring *ring)
{
    union ingress_message said[BURST];
    if (ring->failure)
        return 0;
    const int count = channel_pop(&ring->channel, said, BURST);
    if (count < 0) {
        ring->failure = count;
        return 1;
    }
    for (int i = 0; i < count; i++)
        take(ring, &said[i]);
    for (int gone; (gone = infer_models_next_gone(&ring->models)) >= 0;) {
        const struct ingress_order order = {.kind = INGRESS_WITHDRAWN, .model = (uint16_t)gone};
        say(ring, &order);
    }
    if (ring->is_draining && !ring->is_drained && ring->taken_count + ring->answer_count == 0) {
        const struct ingress_order order = {.kind = INGRESS_DRAINED};
        ring->is_drained = true;
        say(ring, &order);
    }
    return count;
}
