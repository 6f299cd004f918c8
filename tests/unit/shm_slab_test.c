/* Tests of shm/slab.c against a plain list of what was given out, and its promises of memory. */
#include "shm/slab.h"
#include "shm/buddy.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/shm_random.h"

#include <errno.h>
#include <string.h>

#define MIB (UINT64_C(1) << 20)

static struct slab *make_slab(uint64_t bytes, uint64_t max, uint32_t slots)
{
    struct slab *slab;
    const struct slab_config config = {
        .payload_bytes = bytes, .max_tensor_bytes = max, .slot_count = slots};
    CU_ASSERT_EQUAL_FATAL(slab_create(&config, &slab), 0);
    return slab;
}

static struct slab_use measure(const struct slab *slab)
{
    struct slab_use use;
    slab_measure(slab, &use);
    return use;
}

static void bit_tree_is_a_set(void)
{
    struct shm_random random = shm_random_start();
    static struct bit_tree tree;
    static bool model[BIT_TREE_MAX];
    for (int step = 0; step < 20000; step++) {
        const uint32_t n = shm_random_below(&random, BIT_TREE_MAX);
        /* Mostly removals, so that words and summary bits become empty. */
        const bool is_added = shm_random_below(&random, 8) == 0;
        model[n] = is_added;
        if (is_added)
            bit_tree_add(&tree, n);
        else
            bit_tree_remove(&tree, n);
        uint32_t lowest = 0;
        while (lowest < BIT_TREE_MAX && !model[lowest])
            lowest++;
        CU_ASSERT_EQUAL_FATAL(bit_tree_is_empty(&tree), lowest == BIT_TREE_MAX);
        if (lowest < BIT_TREE_MAX)
            CU_ASSERT_EQUAL_FATAL(bit_tree_lowest(&tree), lowest);
        CU_ASSERT_EQUAL(bit_tree_has(&tree, n), is_added);
    }
}

static void refuses_what_makes_no_slab(void)
{
    static const struct slab_config bad[] = {
        {.payload_bytes = 0, .max_tensor_bytes = MIB, .slot_count = 10},
        {.payload_bytes = 4 * MIB - 1, .max_tensor_bytes = MIB, .slot_count = 10},
        {.payload_bytes = 64 * MIB, .max_tensor_bytes = 0, .slot_count = 10},
        {.payload_bytes = 64 * MIB, .max_tensor_bytes = UINT64_MAX, .slot_count = 10},
        {.payload_bytes = 64 * MIB, .max_tensor_bytes = MIB, .slot_count = 0},
        {.payload_bytes = 64 * MIB, .max_tensor_bytes = MIB, .slot_count = UINT32_MAX},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct slab *slab;
        const int error = slab_create(&bad[i], &slab);
        CU_ASSERT_EQUAL(error, -EINVAL);
        CU_ASSERT_PTR_NULL(slab);
    }
    slab_destroy(NULL);
}

/* However small the tensors and large the memory: all of it is used, but for less than a span. */
static void any_memory_suits_any_tensor(void)
{
    struct shm_random random = shm_random_start();
    for (int round = 0; round < 200; round++) {
        const uint64_t any = shm_random_next(&random) >> shm_random_below(&random, 60);
        const uint64_t max = 1 + any % (64 * MIB);
        const uint64_t payload = (4 * max + MIB) << shm_random_below(&random, 25);
        struct slab *slab = make_slab(payload, max, 300);
        struct slab_ref live[300];
        const uint64_t room = slab_room(slab, max);
        CU_ASSERT_TRUE(room >= 4);
        uint32_t count = 0;
        while (count < 300 && slab_alloc(slab, max, &live[count]) == 0) {
            CU_ASSERT_TRUE_FATAL(live[count].offset + max <= payload);
            count++;
        }
        CU_ASSERT_EQUAL(count, room);
        CU_ASSERT_TRUE(payload - measure(slab).total_bytes <= payload / 2);
        while (count > 0 && slab_free(slab, live[count - 1].slot, live[count - 1].generation) == 0)
            count--;
        CU_ASSERT_EQUAL(measure(slab).held_bytes, 0);
        slab_destroy(slab);
    }
}

static void refuses_what_never_fits(void)
{
    struct slab *slab = make_slab(16 * MIB, MIB, 100);
    struct slab_ref ref;
    CU_ASSERT_EQUAL(slab_alloc(slab, 0, &ref), -EMSGSIZE);
    CU_ASSERT_EQUAL(slab_alloc(slab, MIB + 1, &ref), -EMSGSIZE);
    CU_ASSERT_EQUAL(slab_alloc(slab, UINT64_MAX, &ref), -EMSGSIZE);
    CU_ASSERT_EQUAL(slab_alloc(slab, MIB, &ref), 0);
    slab_destroy(slab);
}

static void generations_tell_lives_apart(void)
{
    struct slab *slab = make_slab(16 * MIB, MIB, 1);
    struct slab_ref old;
    struct slab_ref ref;
    CU_ASSERT_EQUAL(slab_alloc(slab, 10, &old), 0);
    CU_ASSERT_EQUAL(old.generation, 1);
    CU_ASSERT_EQUAL(slab_alloc(slab, 10, &ref), -ENOSPC); /* one slot only */
    CU_ASSERT_EQUAL(slab_free(slab, old.slot, old.generation), 0);
    CU_ASSERT_EQUAL(slab_free(slab, old.slot, old.generation), -ESTALE);
    CU_ASSERT_EQUAL(slab_alloc(slab, 10, &ref), 0);
    CU_ASSERT_EQUAL(ref.slot, old.slot);
    CU_ASSERT_EQUAL(ref.generation, 2);
    CU_ASSERT_EQUAL(slab_free(slab, old.slot, old.generation), -ESTALE);
    CU_ASSERT_EQUAL(slab_find(slab, old.slot, old.generation, &old), -ESTALE);
    CU_ASSERT_EQUAL(slab_free(slab, 1, 1), -ESTALE);
    CU_ASSERT_EQUAL(slab_free(slab, UINT32_MAX, 1), -ESTALE);
    CU_ASSERT_EQUAL(measure(slab).stale_count, 4);
    CU_ASSERT_EQUAL(measure(slab).refused_count, 1);
    slab_destroy(slab);
}

static int by_offset(const void *a, const void *b)
{
    const struct slab_ref *x = a;
    const struct slab_ref *y = b;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

static void check_disjoint(const struct slab_ref *live, uint32_t count, uint64_t payload_bytes)
{
    struct slab_ref *sorted = malloc((count + 1) * sizeof(*sorted));
    memcpy(sorted, live, count * sizeof(*sorted));
    qsort(sorted, count, sizeof(*sorted), by_offset);
    uint64_t end = 0;
    for (uint32_t i = 0; i < count; i++) {
        CU_ASSERT_TRUE_FATAL(sorted[i].offset >= end);
        CU_ASSERT_EQUAL_FATAL(sorted[i].offset % 64, 0);
        end = sorted[i].offset + sorted[i].bytes;
    }
    CU_ASSERT_TRUE_FATAL(end <= payload_bytes);
    free(sorted);
}

/* Sizes such as the cuts of networks have: a few common ones, and any. */
static uint64_t random_bytes(struct shm_random *random, uint64_t max)
{
    static const uint64_t common[] = {602112, 1161600, 279936, 173056, 36864, 4000, 1200};
    if (shm_random_next(random) & 1)
        return common[shm_random_below(random, 7)];
    const uint64_t bytes = 1 + shm_random_next(random) % max;
    return (bytes >> shm_random_below(random, 20)) + 1;
}

static void places_never_overlap(void)
{
    struct shm_random random = shm_random_start();
    const uint64_t payload = 256 * MIB + 12345;
    const uint64_t max = 2 * MIB;
    enum { SLOTS = 900 };
    struct slab *slab = make_slab(payload, max, SLOTS);
    static struct slab_ref live[SLOTS];
    uint32_t count = 0;
    uint64_t bytes_live = 0;
    for (int step = 0; step < 100000; step++) {
        /* Waves of filling and emptying. */
        const bool is_filling = step / 2000 % 2 == 0;
        if (shm_random_below(&random, 4) != 0 ? is_filling : !is_filling) {
            const uint64_t bytes = random_bytes(&random, max - 1);
            const uint64_t room = slab_room(slab, bytes);
            struct slab_ref ref;
            const int error = slab_alloc(slab, bytes, &ref);
            CU_ASSERT_EQUAL_FATAL(error, room > 0 ? 0 : -ENOSPC);
            if (!error) {
                CU_ASSERT_TRUE_FATAL(ref.bytes == bytes && ref.slot < SLOTS && count < SLOTS);
                live[count++] = ref;
                bytes_live += bytes;
            }
        } else if (count > 0) {
            const uint32_t i = shm_random_below(&random, count);
            CU_ASSERT_EQUAL_FATAL(slab_free(slab, live[i].slot, live[i].generation), 0);
            bytes_live -= live[i].bytes;
            live[i] = live[--count];
        }
        if (step % 500 == 0)
            check_disjoint(live, count, payload);
        const struct slab_use use = measure(slab);
        CU_ASSERT_TRUE_FATAL(use.slots_taken == count && use.tensor_bytes == bytes_live);
        CU_ASSERT_TRUE_FATAL(use.tensor_bytes <= use.slot_bytes);
        CU_ASSERT_TRUE_FATAL(use.slot_bytes <= use.held_bytes && use.held_bytes <= use.total_bytes);
        if (count > 0) {
            const uint32_t i = shm_random_below(&random, count);
            struct slab_ref found;
            CU_ASSERT_EQUAL_FATAL(slab_find(slab, live[i].slot, live[i].generation, &found), 0);
            CU_ASSERT_EQUAL_FATAL(memcmp(&found, &live[i], sizeof(found)), 0);
        }
    }
    while (count > 0) {
        count--;
        CU_ASSERT_EQUAL(slab_free(slab, live[count].slot, live[count].generation), 0);
    }
    CU_ASSERT_EQUAL(measure(slab).held_bytes, 0);
    CU_ASSERT_EQUAL(measure(slab).slot_bytes, 0);
    slab_destroy(slab);
}

static void a_slot_is_four_fifths_full(void)
{
    const uint64_t max = 4 * MIB;
    struct slab *slab = make_slab(16 * MIB, max, 10);
    /* From where a slot is not the smallest there is. */
    for (uint64_t bytes = 4 * MIB / 1024; bytes <= max; bytes += 1 + bytes / 700) {
        struct slab_ref ref;
        CU_ASSERT_EQUAL_FATAL(slab_alloc(slab, bytes, &ref), 0);
        const uint64_t slot_bytes = measure(slab).slot_bytes;
        CU_ASSERT_TRUE(slot_bytes >= bytes);
        /* Rounding down to a line may cost one line. */
        CU_ASSERT_TRUE(bytes >= slot_bytes * 8 / 10 - 64);
        slab_free(slab, ref.slot, ref.generation);
    }
    slab_destroy(slab);
}

/* Fills it with one size: a quarter of the slab per span, exactly. */
static void room_is_what_can_be_had(void)
{
    struct shm_random random = shm_random_start();
    static const uint64_t sizes[] = {4 * MIB, 4 * MIB - 63, 3 * MIB, 2 * MIB,
                                     1161600, 602112,       4000};
    for (int s = 0; s < 7; s++) {
        enum { SLOTS = 20000 };
        struct slab *slab = make_slab(160 * MIB, 4 * MIB, SLOTS);
        /* Something else is there already. */
        struct slab_ref other;
        for (int i = 0; i < 20; i++)
            slab_alloc(slab, random_bytes(&random, 4 * MIB - 1), &other);
        const uint64_t room = slab_room(slab, sizes[s]);
        uint64_t got = 0;
        struct slab_ref ref;
        while (slab_alloc(slab, sizes[s], &ref) == 0)
            got++;
        CU_ASSERT_EQUAL(got, room);
        CU_ASSERT_EQUAL(slab_room(slab, sizes[s]), 0);
        slab_destroy(slab);
    }
    struct slab *slab = make_slab(160 * MIB, 4 * MIB, 1000);
    CU_ASSERT_EQUAL(slab_room(slab, 4 * MIB), 40);
    CU_ASSERT_EQUAL(slab_room(slab, 4 * MIB + 1), 0);
    CU_ASSERT_EQUAL(slab_room(slab, 1), 1000); /* slots, then */
    slab_destroy(slab);
}

/* The promise on fragmentation: a class holds no more spans than its own largest use needed,
 * however its tensors come and go, as long as a span is free. */
static void a_class_holds_no_more_than_its_peak(void)
{
    struct shm_random random = shm_random_start();
    enum { SLOTS = 4000 };
    const uint64_t bytes = 279936; /* seven to a span of 2 MiB */
    struct slab *slab = make_slab(2048 * MIB, 4 * MIB, SLOTS);
    static struct slab_ref live[SLOTS];
    uint32_t count = 0;
    uint32_t peak = 0;
    for (int step = 0; step < 200000; step++) {
        const bool is_filling = step / 3000 % 3 == 0;
        if (shm_random_below(&random, 3) != 0 ? is_filling : !is_filling) {
            if (count < SLOTS && slab_alloc(slab, bytes, &live[count]) == 0)
                count++;
        } else if (count > 0) {
            const uint32_t i = shm_random_below(&random, count);
            slab_free(slab, live[i].slot, live[i].generation);
            live[i] = live[--count];
        }
        peak = count > peak ? count : peak;
        CU_ASSERT_TRUE_FATAL(measure(slab).held_bytes <= (peak + 6) / 7 * 2 * MIB);
    }
    CU_ASSERT_TRUE(peak > 500);
    slab_destroy(slab);
}

/* With every span taken, the small ones still fit: they take a larger one's place. */
static void small_ones_take_larger_places_at_need(void)
{
    struct slab *slab = make_slab(32 * MIB, 4 * MIB, 100); /* two spans */
    struct slab_ref big;
    struct slab_ref middle;
    struct slab_ref ref;
    CU_ASSERT_EQUAL(slab_alloc(slab, 4 * MIB, &big), 0);
    for (int i = 0; i < 5; i++) /* two halves of the other: four in one, this in the last */
        CU_ASSERT_EQUAL(slab_alloc(slab, 2 * MIB, &middle), 0);
    CU_ASSERT_EQUAL(slab_room(slab, 4 * MIB), 3);
    CU_ASSERT_EQUAL(slab_room(slab, 100), 3 + 3);
    for (int i = 0; i < 3; i++) { /* the next larger first */
        CU_ASSERT_EQUAL(slab_alloc(slab, 100, &ref), 0);
        CU_ASSERT_EQUAL(ref.offset / (8 * MIB), middle.offset / (8 * MIB));
    }
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(slab_alloc(slab, 100, &ref), 0);
        CU_ASSERT_EQUAL(ref.offset / (16 * MIB), big.offset / (16 * MIB));
    }
    CU_ASSERT_EQUAL(slab_alloc(slab, 100, &ref), -ENOSPC);
    CU_ASSERT_EQUAL(slab_free(slab, big.slot, big.generation), 0);
    CU_ASSERT_EQUAL(slab_alloc(slab, 4 * MIB, &ref), 0);
    slab_destroy(slab);
}

/* The sizes of a network's cuts at once, a few of each, in the memory that jointd takes by default:
 * the largest is not refused while most bytes are free. */
static void many_small_sizes_leave_room_for_large_ones(void)
{
    struct slab *slab = make_slab(256 * MIB, 16 * MIB, 4096);
    struct slab_ref ref;
    for (uint64_t bytes = 1000; bytes < MIB; bytes += bytes / 4)
        for (int i = 0; i < 3; i++)
            CU_ASSERT_EQUAL(slab_alloc(slab, bytes, &ref), 0);
    CU_ASSERT_TRUE(measure(slab).held_bytes < 64 * MIB);
    for (int i = 0; i < 12; i++)
        CU_ASSERT_EQUAL(slab_alloc(slab, 16 * MIB, &ref), 0);
    slab_destroy(slab);
}

struct taken {
    uint32_t order, first;
};

static void blocks_split_and_join(void)
{
    struct shm_random random = shm_random_start();
    enum { WHOLES = 5, DEPTH = 6, SMALLEST = WHOLES << DEPTH };
    static struct buddy buddy;
    static bool is_taken[SMALLEST]; /* by smallest block */
    static struct taken live[SMALLEST];
    uint32_t count = 0;
    buddy_init(&buddy, WHOLES, DEPTH);
    for (int step = 0; step < 50000; step++) {
        const uint32_t order = shm_random_below(&random, DEPTH + 1);
        const uint32_t blocks = 1u << (DEPTH - order);
        if (shm_random_below(&random, 20) < (step / 500 % 2 ? 14u : 6u)) {
            uint32_t whole_free = 0; /* by brute force: aligned stretches without a taken block */
            for (uint32_t at = 0; at < SMALLEST; at += blocks)
                whole_free += !memchr(&is_taken[at], true, blocks);
            CU_ASSERT_EQUAL_FATAL(buddy_room(&buddy, order), whole_free);
            const uint32_t first = buddy_take(&buddy, order);
            CU_ASSERT_EQUAL_FATAL(first == BUDDY_NONE, whole_free == 0);
            if (first == BUDDY_NONE)
                continue;
            CU_ASSERT_TRUE_FATAL(first % blocks == 0 && first + blocks <= SMALLEST);
            CU_ASSERT_PTR_NULL_FATAL(memchr(&is_taken[first], true, blocks));
            memset(&is_taken[first], true, blocks);
            live[count++] = (struct taken){order, first};
        } else if (count > 0) {
            const uint32_t i = shm_random_below(&random, count);
            memset(&is_taken[live[i].first], false, 1u << (DEPTH - live[i].order));
            buddy_give(&buddy, live[i].order, live[i].first);
            live[i] = live[--count];
        }
    }
}

const struct cunit_test tests[] = {
    {"a bit tree is a set that knows its lowest", bit_tree_is_a_set},
    {"what makes no slab is refused", refuses_what_makes_no_slab},
    {"any size of memory suits any size of tensor", any_memory_suits_any_tensor},
    {"a tensor that can never fit is told apart from one that does not fit now",
     refuses_what_never_fits},
    {"a generation tells a slot's lives apart", generations_tell_lives_apart},
    {"places never overlap, and room is there when it says so", places_never_overlap},
    {"a slot is at least 80 % full", a_slot_is_four_fifths_full},
    {"as many fit as it says", room_is_what_can_be_had},
    {"a class never holds more than its largest use", a_class_holds_no_more_than_its_peak},
    {"small tensors take larger places when no span is free",
     small_ones_take_larger_places_at_need},
    {"many small sizes at once leave room for the largest",
     many_small_sizes_leave_room_for_large_ones},
    {"blocks split and join as a map of the stretch says", blocks_split_and_join},
    {NULL, NULL},
};
