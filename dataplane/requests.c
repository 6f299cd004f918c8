/* Records beside the slab's slots; what jointd says of one is compared with them. */
#include "dataplane/requests.h"

#include <assert.h>

int requests_init(struct requests *requests, uint8_t *part, uint64_t part_offset,
                  const struct slab_config *config)
{
    *requests =
        (struct requests){.count = config->slot_count, .part = part, .part_offset = part_offset};
    int error = slab_create(config, &requests->slab);
    if (error)
        return error;
    requests->records = calloc(requests->count, sizeof(*requests->records));
    error = requests->records ? waiting_list_init(&requests->owing, requests->count) : -ENOMEM;
    if (error)
        requests_fini(requests);
    return error;
}

void requests_fini(struct requests *requests)
{
    slab_destroy(requests->slab);
    free(requests->records);
    waiting_list_fini(&requests->owing);
    *requests = (struct requests){0};
}

int requests_reserve(struct requests *requests, uint32_t bytes, uint32_t *slot, uint8_t **memory)
{
    struct slab_ref ref;
    const int error = slab_alloc(requests->slab, bytes, &ref);
    if (error)
        return error;
    assert(ref.slot < requests->count && requests->records[ref.slot].state == REQUEST_FREE);
    requests->records[ref.slot] =
        (struct request){.state = REQUEST_ARRIVING,
                         .submit = {.kind = INGRESS_SUBMIT,
                                    .bytes = bytes,
                                    .slot = ref.slot,
                                    .generation = ref.generation,
                                    .offset = requests->part_offset + ref.offset}};
    requests->taken_count++;
    *slot = ref.slot;
    *memory = requests->part + ref.offset;
    return 0;
}

void requests_free(struct requests *requests, uint32_t slot)
{
    struct request *request = &requests->records[slot];
    assert(request->state != REQUEST_FREE);
    const int error = slab_free(requests->slab, slot, request->submit.generation);
    assert(!error);
    (void)error;
    request->state = REQUEST_FREE;
    requests->taken_count--;
}

struct request *requests_find(struct requests *requests, uint32_t slot, uint32_t generation)
{
    if (slot >= requests->count)
        return NULL;
    struct request *request = &requests->records[slot];
    const bool is_meant =
        request->state == REQUEST_SUBMITTED && request->submit.generation == generation;
    return is_meant ? request : NULL;
}

struct request *requests_find_asked(struct requests *requests, uint32_t slot, uint32_t generation)
{
    if (slot >= requests->count)
        return NULL;
    struct request *request = &requests->records[slot];
    const bool is_meant = request->state != REQUEST_FREE && request->ask == REQUEST_ASKED &&
                          request->submit.generation == generation;
    return is_meant ? request : NULL;
}

void requests_owe(struct requests *requests, uint32_t slot)
{
    waiting_list_add(&requests->owing, slot);
}

/* One that was cancelled before it was said, or has ended since, is owed nothing any more. */
uint32_t requests_next_owing(struct requests *requests)
{
    for (;;) {
        const uint32_t slot = waiting_list_take(&requests->owing);
        if (slot == WAITING_LIST_END)
            return UINT32_MAX;
        const struct request *request = &requests->records[slot];
        const bool is_asking = request->state == REQUEST_ARRIVING && request->ask == REQUEST_TO_ASK;
        if (is_asking || request->state == REQUEST_WHOLE || request->state == REQUEST_GONE ||
            (request->state == REQUEST_SUBMITTED && request->is_cancelled))
            return slot;
    }
}
