/* The server's owner: lends memory, computes answers out of requests, and checks both. */
#include "tests/property/jtp_world.h"

#include <errno.h>
#include <stdlib.h>

/* The bytes of message number: nothing repeats, so misplaced bytes show. */
static uint8_t byte_of(uint64_t number, uint32_t at)
{
    uint32_t mixed = (uint32_t)(number * 2654435761u) + (at >> 2) * 2246822519u;
    return (uint8_t)((mixed ^ mixed >> 15) >> 8 * (at & 3));
}

void world_fill(uint8_t *bytes, uint32_t count, uint64_t number)
{
    for (uint32_t i = 0; i < count; i++)
        bytes[i] = byte_of(number, i);
}

bool world_is_filled(const uint8_t *bytes, uint32_t count, uint64_t number)
{
    for (uint32_t i = 0; i < count; i++)
        if (bytes[i] != byte_of(number, i))
            return false;
    return true;
}

uint64_t world_answer_number(uint32_t request)
{
    return UINT64_C(1000003) + request;
}

/* The server's owner. */
static uint8_t check(void *user, const struct jtp_open *open)
{
    const struct world *world = user;
    /* The fingerprint says which request of the world it is. */
    uint32_t index = jtp_get_u32(open->fingerprint);
    if (index >= world->request_count)
        return JTP_MODEL_MISMATCH;
    return open->total_bytes == world->requests[index].total_bytes ? 0 : JTP_BAD_SIZE;
}

static int reserve(void *user, const struct jtp_open *open, struct jtp_reservation *reservation)
{
    struct world *world = user;
    uint32_t slot = 0;
    if (world->slab_used + open->total_bytes > world->config.slab_bytes)
        return -ENOMEM;
    while (slot < world->slot_count && world->slots[slot].is_used)
        slot++;
    if (slot == world->slot_count)
        return -ENOMEM;
    world->slots[slot] = (struct world_slot){.is_used = true,
                                             .request = jtp_get_u32(open->fingerprint),
                                             .total_bytes = open->total_bytes,
                                             .bytes = malloc(open->total_bytes)};
    world->slab_used += open->total_bytes;
    if (world->slab_used > world->slab_peak)
        world->slab_peak = world->slab_used;
    reservation->bytes = world->slots[slot].bytes;
    reservation->slot = slot + 1;
    return 0;
}

static struct world_slot *slot_of(struct world *world, uint64_t slot)
{
    if (slot == 0 || slot > world->slot_count || !world->slots[slot - 1].is_used) {
        world_fault(world, "a slot that is not in use", slot);
        return NULL;
    }
    return &world->slots[slot - 1];
}

static void free_message(struct world *world, struct world_slot *slot)
{
    world->slab_used -= slot->bytes ? slot->total_bytes : 0;
    free(slot->bytes);
    slot->bytes = NULL;
}

static void release(void *user, uint64_t number)
{
    struct world *world = user;
    struct world_slot *slot = slot_of(world, number);
    if (!slot)
        return;
    free_message(world, slot);
    slot->is_used = false;
}

static void deliver(void *user, struct jtp_request_ref ref, const struct jtp_open *open,
                    uint64_t number, uint64_t deadline_ns, uint64_t now_ns)
{
    struct world *world = user;
    struct world_slot *slot = slot_of(world, number);
    if (!slot)
        return;
    struct world_request *request = &world->requests[slot->request];
    if (++request->deliveries > 1)
        world_fault(world, "a request that ran twice", slot->request);
    if (!world_is_filled(slot->bytes, slot->total_bytes, slot->request))
        world_fault(world, "a request with wrong bytes", slot->request);
    uint64_t queue_ns = world->config.compute_ns * (world->working / world->config.workers);
    world->working++;
    world_push(world, (struct world_flight){.at_ns = now_ns + queue_ns + world->config.compute_ns,
                                            .kind = WORLD_ANSWER,
                                            .ref = ref,
                                            .slot = (uint32_t)number});
    (void)deadline_ns;
    (void)open;
}

/* The computation goes on, and finds at its end that nobody wants the answer. */
static void cancelled(void *user, struct jtp_request_ref ref, uint64_t slot)
{
    slot_of(user, slot);
    (void)ref;
}

static void sent(void *user, uint64_t number)
{
    struct world *world = user;
    struct world_slot *slot = slot_of(world, number);
    if (!slot)
        return;
    free(slot->answer);
    slot->answer = NULL;
    slot->is_used = false;
    world->answers_held--;
}

static void load(void *user, uint64_t client, struct jtp_load *load)
{
    const struct world *world = user;
    *load = (struct jtp_load){.queued = (uint16_t)world->working, .credits = 3};
    (void)client;
}

const struct jtp_server_ops world_ops = {check, reserve, release, deliver, cancelled, sent, load};

void world_answer(struct world *world, const struct world_flight *flight)
{
    struct world_slot *slot = slot_of(world, flight->slot);
    world->working--;
    if (!slot)
        return;
    const struct world_request *request = &world->requests[slot->request];
    slot->answer_bytes = request->answer_bytes;
    slot->answer = malloc(request->answer_bytes);
    world_fill(slot->answer, slot->answer_bytes, world_answer_number(slot->request));
    free_message(world, slot);
    world->answers_held++;
    const struct jtp_answering answering = {
        .bytes = slot->answer, .total_bytes = slot->answer_bytes, .slot = flight->slot, .batch = 1};
    if (jtp_server_answer(world->server, flight->ref, &answering, world->now_ns))
        sent(world, flight->slot);
    jtp_server_memory_freed(world->server, world->now_ns);
}

void world_free_slots(struct world *world)
{
    for (uint32_t i = 0; i < world->slot_count; i++) {
        free(world->slots[i].bytes);
        free(world->slots[i].answer);
    }
    memset(world->slots, 0, world->slot_count * sizeof(world->slots[0]));
    world->slab_used = world->answers_held = 0;
}
