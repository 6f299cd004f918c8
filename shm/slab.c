/* The slab's allocator: bit trees of free spans, of spans with room per class, of free slots. */
#include "shm/slab.h"
#include "shm/bit_tree.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_DIVISOR 4u
#define CLASS_COUNT 41u /* four per doubling from 4 to 4096 */
#define NO_CLASS UINT8_MAX
#define NONE UINT32_MAX

struct span {
    struct bit_tree free_slots; /* places inside it */
    uint32_t taken;
    uint8_t class;
};

struct slot {
    uint64_t bytes; /* of the tensor */
    uint32_t generation;
    uint32_t span; /* NONE: the slot is free */
    uint32_t place; /* in its span; in a free slot, the next free one */
};

struct slab {
    uint64_t span_bytes;
    uint64_t max_tensor_bytes;
    uint32_t span_count;
    uint32_t free_span_count;
    uint32_t slot_count;
    uint32_t first_free; /* slot; the longest free goes first, so that generations age slowly */
    uint32_t last_free;
    uint64_t class_bytes[CLASS_COUNT];
    uint64_t roomy_classes; /* bit c: roomy[c] is not empty */
    struct bit_tree roomy[CLASS_COUNT]; /* spans of the class with a free slot */
    uint64_t free_in_class[CLASS_COUNT]; /* slots */
    struct bit_tree free_spans;
    struct slab_use use;
    struct span *span;
    struct slot *slot;
};

/* Slots in a span of class c: 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, ... */
static uint32_t class_slots(uint32_t class)
{
    return (FIRST_DIVISOR + class % 4) << (class / 4);
}

/* The class with the smallest slots that hold so much. Classes are sorted by falling size. */
static uint32_t class_of(const struct slab *slab, uint64_t bytes)
{
    uint32_t low = 0; /* holds it, always */
    uint32_t high = CLASS_COUNT;
    while (high - low > 1) {
        const uint32_t middle = (low + high) / 2;
        if (slab->class_bytes[middle] >= bytes)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static void set_up(struct slab *slab)
{
    for (uint32_t c = 0; c < CLASS_COUNT; c++)
        slab->class_bytes[c] = slab->span_bytes / class_slots(c) / SHM_LINE_BYTES * SHM_LINE_BYTES;
    for (uint32_t s = 0; s < slab->span_count; s++) {
        slab->span[s].class = NO_CLASS;
        bit_tree_add(&slab->free_spans, s);
    }
    for (uint32_t i = 0; i < slab->slot_count; i++)
        slab->slot[i] = (struct slot){.span = NONE, .place = i + 1};
    slab->slot[slab->slot_count - 1].place = NONE;
    slab->last_free = slab->slot_count - 1;
    slab->use.total_bytes = slab->span_count * slab->span_bytes;
}

/* Four maximal tensors; more where the slots of the smallest class would be less than a line, or
 * the spans more than a bit tree holds. 0 if there is no such size. */
static uint64_t span_bytes_of(const struct slab_config *config)
{
    if (config->max_tensor_bytes == 0 || config->max_tensor_bytes > UINT64_MAX / 16)
        return 0;
    const uint64_t unit = (uint64_t)SHM_LINE_BYTES * FIRST_DIVISOR;
    const uint64_t lines = (config->max_tensor_bytes - 1) / SHM_LINE_BYTES + 1;
    uint64_t bytes = lines * unit;
    if (bytes < (uint64_t)SHM_LINE_BYTES * BIT_TREE_MAX)
        bytes = (uint64_t)SHM_LINE_BYTES * BIT_TREE_MAX;
    if (config->payload_bytes / bytes > BIT_TREE_MAX)
        bytes = (config->payload_bytes / BIT_TREE_MAX / unit + 1) * unit;
    return bytes;
}

int slab_create(const struct slab_config *config, struct slab **out)
{
    *out = NULL;
    const uint64_t span_bytes = span_bytes_of(config);
    const uint64_t span_count = span_bytes > 0 ? config->payload_bytes / span_bytes : 0;
    if (span_count == 0 || config->slot_count == 0 || config->slot_count > (1u << 24))
        return -EINVAL;
    struct slab *slab = calloc(1, sizeof(*slab));
    if (!slab)
        return -ENOMEM;
    slab->span = calloc(span_count, sizeof(*slab->span));
    slab->slot = calloc(config->slot_count, sizeof(*slab->slot));
    if (!slab->span || !slab->slot) {
        slab_destroy(slab);
        return -ENOMEM;
    }
    slab->span_bytes = span_bytes;
    slab->max_tensor_bytes = config->max_tensor_bytes;
    slab->span_count = slab->free_span_count = (uint32_t)span_count;
    slab->slot_count = config->slot_count;
    set_up(slab);
    *out = slab;
    return 0;
}

void slab_destroy(struct slab *slab)
{
    if (!slab)
        return;
    free(slab->span);
    free(slab->slot);
    free(slab);
}

static void set_roomy(struct slab *slab, uint32_t class, uint32_t span)
{
    bit_tree_add(&slab->roomy[class], span);
    slab->roomy_classes |= UINT64_C(1) << class;
}

static void clear_roomy(struct slab *slab, uint32_t class, uint32_t span)
{
    bit_tree_remove(&slab->roomy[class], span);
    if (bit_tree_is_empty(&slab->roomy[class]))
        slab->roomy_classes &= ~(UINT64_C(1) << class);
}

static void open_span(struct slab *slab, uint32_t class)
{
    const uint32_t s = bit_tree_lowest(&slab->free_spans);
    bit_tree_remove(&slab->free_spans, s);
    slab->free_span_count--;
    struct span *span = &slab->span[s];
    const uint32_t places = class_slots(class);
    for (uint32_t w = 0; w < 64; w++) {
        const uint32_t here = places > w * 64 ? places - w * 64 : 0;
        span->free_slots.word[w] = here >= 64 ? UINT64_MAX : (UINT64_C(1) << here) - 1;
    }
    const uint32_t words = (places + 63) / 64;
    span->free_slots.summary = words >= 64 ? UINT64_MAX : (UINT64_C(1) << words) - 1;
    span->taken = 0;
    span->class = (uint8_t) class;
    slab->free_in_class[class] += places;
    slab->use.held_bytes += slab->span_bytes;
    set_roomy(slab, class, s);
}

static void close_span(struct slab *slab, uint32_t s)
{
    const uint32_t class = slab->span[s].class;
    clear_roomy(slab, class, s);
    slab->free_in_class[class] -= class_slots(class);
    slab->use.held_bytes -= slab->span_bytes;
    slab->span[s].class = NO_CLASS;
    bit_tree_add(&slab->free_spans, s);
    slab->free_span_count++;
}

/* A class that has a place for it: its own, or a larger one when no span is free. */
static int class_with_room(struct slab *slab, uint32_t class)
{
    if (slab->roomy_classes >> class & 1)
        return (int)class;
    if (!bit_tree_is_empty(&slab->free_spans)) {
        open_span(slab, class);
        return (int)class;
    }
    const uint64_t larger = slab->roomy_classes & ((UINT64_C(1) << class) - 1);
    return larger ? 63 - __builtin_clzll(larger) : -ENOSPC;
}

int slab_alloc(struct slab *slab, uint64_t bytes, struct slab_ref *ref)
{
    if (bytes == 0 || bytes > slab->max_tensor_bytes)
        return -EMSGSIZE;
    const int class =
        slab->first_free == NONE ? -ENOSPC : class_with_room(slab, class_of(slab, bytes));
    if (class < 0) {
        slab->use.refused_count++;
        return class;
    }
    const uint32_t s = bit_tree_lowest(&slab->roomy[class]);
    struct span *span = &slab->span[s];
    const uint32_t place = bit_tree_lowest(&span->free_slots);
    bit_tree_remove(&span->free_slots, place);
    span->taken++;
    slab->free_in_class[class]--;
    if (bit_tree_is_empty(&span->free_slots))
        clear_roomy(slab, (uint32_t) class, s);

    const uint32_t number = slab->first_free;
    struct slot *slot = &slab->slot[number];
    slab->first_free = slot->place;
    if (slab->first_free == NONE)
        slab->last_free = NONE;
    *slot = (struct slot){.bytes = bytes,
                          .generation = slot->generation + 1 ? slot->generation + 1 : 1,
                          .span = s,
                          .place = place};
    slab->use.slots_taken++;
    slab->use.slot_bytes += slab->class_bytes[class];
    slab->use.tensor_bytes += bytes;
    return slab_find(slab, number, slot->generation, ref);
}

int slab_find(const struct slab *slab, uint32_t number, uint32_t generation, struct slab_ref *ref)
{
    if (number >= slab->slot_count)
        return -ESTALE;
    const struct slot *slot = &slab->slot[number];
    if (slot->span == NONE || slot->generation != generation)
        return -ESTALE;
    const uint64_t slot_bytes = slab->class_bytes[slab->span[slot->span].class];
    *ref = (struct slab_ref){.offset = slot->span * slab->span_bytes + slot->place * slot_bytes,
                             .bytes = slot->bytes,
                             .slot = number,
                             .generation = generation};
    return 0;
}

int slab_free(struct slab *slab, uint32_t number, uint32_t generation)
{
    struct slab_ref ref;
    if (slab_find(slab, number, generation, &ref)) {
        slab->use.stale_count++;
        return -ESTALE;
    }
    struct slot *slot = &slab->slot[number];
    const uint32_t s = slot->span;
    struct span *span = &slab->span[s];
    const uint32_t class = span->class;
    bit_tree_add(&span->free_slots, slot->place);
    span->taken--;
    slab->free_in_class[class]++;
    set_roomy(slab, class, s);
    if (span->taken == 0)
        close_span(slab, s);

    slab->use.slots_taken--;
    slab->use.slot_bytes -= slab->class_bytes[class];
    slab->use.tensor_bytes -= slot->bytes;
    slot->span = NONE;
    slot->place = NONE;
    if (slab->last_free == NONE)
        slab->first_free = number;
    else
        slab->slot[slab->last_free].place = number;
    slab->last_free = number;
    return 0;
}

uint64_t slab_room(const struct slab *slab, uint64_t bytes)
{
    if (bytes == 0 || bytes > slab->max_tensor_bytes)
        return 0;
    const uint32_t class = class_of(slab, bytes);
    uint64_t room = (uint64_t)slab->free_span_count * class_slots(class);
    for (uint32_t c = 0; c <= class; c++)
        room += slab->free_in_class[c];
    const uint64_t slots = slab->slot_count - slab->use.slots_taken;
    return room < slots ? room : slots;
}

void slab_measure(const struct slab *slab, struct slab_use *use)
{
    *use = slab->use;
}
