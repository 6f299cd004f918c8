/* The slab's allocator: spans out of a buddy system, bit trees of those with room per class, of
 * their free slots. */
#include "shm/slab.h"
#include "shm/buddy.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_DIVISOR 4u
#define MAX_CLASSES 64u /* four per doubling of the slots in a whole span */
#define NO_CLASS UINT8_MAX
#define NONE UINT32_MAX

/* By the number of its first block. */
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
    uint64_t whole_bytes; /* a span of the largest slots */
    uint64_t block_bytes; /* the smallest span */
    uint64_t max_tensor_bytes;
    uint32_t whole_count;
    uint32_t class_count;
    uint32_t slot_count;
    uint32_t first_free; /* slot; the longest free goes first, so that generations age slowly */
    uint32_t last_free;
    uint64_t class_bytes[MAX_CLASSES]; /* a slot */
    uint64_t roomy_classes; /* bit c: roomy[c] is not empty */
    struct bit_tree roomy[MAX_CLASSES]; /* spans of the class with a free slot */
    uint64_t free_in_class[MAX_CLASSES]; /* slots */
    struct buddy free_spans;
    struct slab_use use;
    struct span *span;
    struct slot *slot;
};

/* Each fourth class has spans of half the size, down to a block. */
static uint32_t class_order(const struct slab *slab, uint32_t class)
{
    const uint32_t halvings = class / 4;
    return halvings < slab->free_spans.depth ? halvings : slab->free_spans.depth;
}

static uint64_t class_span_bytes(const struct slab *slab, uint32_t class)
{
    const uint32_t order = class_order(slab, class);
    return order ? slab->block_bytes << (slab->free_spans.depth - order) : slab->whole_bytes;
}

/* Slots in a span of the class: 4, 5, 6, 7, 4, 5, 6, 7, ..., 7; in blocks then 8, 10, 12, ... */
static uint32_t class_slots(const struct slab *slab, uint32_t class)
{
    return (FIRST_DIVISOR + class % 4) << (class / 4 - class_order(slab, class));
}

/* The class with the smallest slots that hold so much. Classes are sorted by falling size. */
static uint32_t class_of(const struct slab *slab, uint64_t bytes)
{
    uint32_t low = 0; /* holds it, always */
    uint32_t high = slab->class_count;
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
    for (uint32_t c = 0; c < slab->class_count; c++)
        slab->class_bytes[c] =
            class_span_bytes(slab, c) / class_slots(slab, c) / SHM_LINE_BYTES * SHM_LINE_BYTES;
    for (uint32_t s = 0; s < slab->whole_count << slab->free_spans.depth; s++)
        slab->span[s].class = NO_CLASS;
    for (uint32_t i = 0; i < slab->slot_count; i++)
        slab->slot[i] = (struct slot){.span = NONE, .place = i + 1};
    slab->slot[slab->slot_count - 1].place = NONE;
    slab->last_free = slab->slot_count - 1;
    slab->use.total_bytes = slab->whole_count * slab->whole_bytes;
}

/* Four maximal tensors; more where that is less than a block, or the spans more than a bit tree
 * holds. 0 if there is no such size. */
static uint64_t whole_bytes_of(const struct slab_config *config)
{
    if (config->max_tensor_bytes == 0 || config->max_tensor_bytes > UINT64_MAX / 16)
        return 0;
    const uint64_t unit = (uint64_t)SHM_LINE_BYTES * FIRST_DIVISOR;
    const uint64_t lines = (config->max_tensor_bytes - 1) / SHM_LINE_BYTES + 1;
    uint64_t bytes = lines * unit;
    if (bytes < SLAB_MIN_SPAN_BYTES)
        bytes = SLAB_MIN_SPAN_BYTES;
    if (config->payload_bytes / bytes > BIT_TREE_MAX)
        bytes = (config->payload_bytes / BIT_TREE_MAX / unit + 1) * unit;
    return bytes;
}

/* Halved as often as blocks stay large enough, and no more than a bit tree holds. */
static uint32_t depth_of(uint64_t whole_bytes, uint64_t whole_count)
{
    uint32_t depth = 0;
    while (depth < BUDDY_MAX_DEPTH && whole_bytes >> (depth + 1) >= SLAB_MIN_SPAN_BYTES &&
           whole_count << (depth + 1) <= BIT_TREE_MAX)
        depth++;
    return depth;
}

static void lay_out(struct slab *slab, const struct slab_config *config, uint64_t whole_bytes)
{
    slab->whole_bytes = whole_bytes;
    slab->whole_count = (uint32_t)(config->payload_bytes / whole_bytes);
    slab->max_tensor_bytes = config->max_tensor_bytes;
    slab->slot_count = config->slot_count;
    const uint32_t depth = depth_of(whole_bytes, slab->whole_count);
    slab->block_bytes = (whole_bytes >> depth) / SHM_LINE_BYTES * SHM_LINE_BYTES;
    /* As far as the slots of a block are no more than a bit tree holds. */
    const uint32_t classes = 4 * (depth + 10) + 1;
    slab->class_count = classes < MAX_CLASSES ? classes : MAX_CLASSES;
    buddy_init(&slab->free_spans, slab->whole_count, depth);
}

int slab_create(const struct slab_config *config, struct slab **out)
{
    *out = NULL;
    const uint64_t whole_bytes = whole_bytes_of(config);
    if (whole_bytes == 0 || config->payload_bytes < whole_bytes || config->slot_count == 0 ||
        config->slot_count > (1u << 24))
        return -EINVAL;
    struct slab *slab = calloc(1, sizeof(*slab));
    if (!slab)
        return -ENOMEM;
    lay_out(slab, config, whole_bytes);
    slab->span = calloc(slab->whole_count << slab->free_spans.depth, sizeof(*slab->span));
    slab->slot = calloc(config->slot_count, sizeof(*slab->slot));
    if (!slab->span || !slab->slot) {
        slab_destroy(slab);
        return -ENOMEM;
    }
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

static bool open_span(struct slab *slab, uint32_t class)
{
    const uint32_t s = buddy_take(&slab->free_spans, class_order(slab, class));
    if (s == BUDDY_NONE)
        return false;
    struct span *span = &slab->span[s];
    const uint32_t places = class_slots(slab, class);
    for (uint32_t w = 0; w < 64; w++) {
        const uint32_t here = places > w * 64 ? places - w * 64 : 0;
        span->free_slots.word[w] = here >= 64 ? UINT64_MAX : (UINT64_C(1) << here) - 1;
    }
    const uint32_t words = (places + 63) / 64;
    span->free_slots.summary = words >= 64 ? UINT64_MAX : (UINT64_C(1) << words) - 1;
    span->taken = 0;
    span->class = (uint8_t) class;
    slab->free_in_class[class] += places;
    slab->use.held_bytes += class_span_bytes(slab, class);
    set_roomy(slab, class, s);
    return true;
}

static void close_span(struct slab *slab, uint32_t s)
{
    const uint32_t class = slab->span[s].class;
    clear_roomy(slab, class, s);
    slab->free_in_class[class] -= class_slots(slab, class);
    slab->use.held_bytes -= class_span_bytes(slab, class);
    slab->span[s].class = NO_CLASS;
    buddy_give(&slab->free_spans, class_order(slab, class), s);
}

/* A class that has a place for it: its own, or a larger one when no span is free. */
static int class_with_room(struct slab *slab, uint32_t class)
{
    if (slab->roomy_classes >> class & 1 || open_span(slab, class))
        return (int)class;
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

static uint64_t span_offset(const struct slab *slab, uint32_t span)
{
    const uint32_t depth = slab->free_spans.depth;
    return (span >> depth) * slab->whole_bytes + (span & ((1u << depth) - 1)) * slab->block_bytes;
}

int slab_find(const struct slab *slab, uint32_t number, uint32_t generation, struct slab_ref *ref)
{
    if (number >= slab->slot_count)
        return -ESTALE;
    const struct slot *slot = &slab->slot[number];
    if (slot->span == NONE || slot->generation != generation)
        return -ESTALE;
    const uint64_t slot_bytes = slab->class_bytes[slab->span[slot->span].class];
    *ref = (struct slab_ref){.offset = span_offset(slab, slot->span) + slot->place * slot_bytes,
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
    uint64_t room = (uint64_t)buddy_room(&slab->free_spans, class_order(slab, class)) *
                    class_slots(slab, class);
    for (uint32_t c = 0; c <= class; c++)
        room += slab->free_in_class[c];
    const uint64_t slots = slab->slot_count - slab->use.slots_taken;
    return room < slots ? room : slots;
}

void slab_measure(const struct slab *slab, struct slab_use *use)
{
    *use = slab->use;
}
