/* Tests of shm/slot_table.c: every arrow and no other, walks, recovery, quarantine, against a
 * model. */
#include "shm/slot_table.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/shm_random.h"

#include <errno.h>
#include <string.h>

enum { WORKER = 1, OTHER = 2, DATAPLANE = 3, OWNERS = 4 };

static struct slot_table *make_table(uint32_t slots)
{
    struct slot_table *table;
    const struct slot_table_config config = {.slot_count = slots, .owner_count = OWNERS};
    CU_ASSERT_EQUAL_FATAL(slot_table_create(&config, &table), 0);
    return table;
}

static enum slot_state state_of(const struct slot_table *table, uint32_t slot)
{
    struct slot_view view;
    CU_ASSERT_EQUAL_FATAL(slot_table_view(table, slot, &view), 0);
    return view.state;
}

static uint32_t owner_of(const struct slot_table *table, uint32_t slot)
{
    struct slot_view view;
    CU_ASSERT_EQUAL_FATAL(slot_table_view(table, slot, &view), 0);
    return view.owner;
}

static struct slot_table_counts counts_of(const struct slot_table *table)
{
    struct slot_table_counts counts;
    slot_table_count(table, &counts);
    return counts;
}

/* Brings slot 0 of a fresh table, in generation 5, to a state. */
static struct slot_table *table_in(enum slot_state state)
{
    struct slot_table *table = make_table(4);
    if (state >= SLOT_FILLING)
        CU_ASSERT_EQUAL(slot_table_fill(table, 0, 5, DATAPLANE, 100), 0);
    if (state >= SLOT_QUEUED)
        CU_ASSERT_EQUAL(slot_table_queue(table, 0, 5, DATAPLANE), 0);
    if (state >= SLOT_RUNNING)
        CU_ASSERT_EQUAL(slot_table_run(table, 0, 5, WORKER, 200), 0);
    if (state >= SLOT_DONE)
        CU_ASSERT_EQUAL(slot_table_complete(table, 0, 5, WORKER), 0);
    if (state >= SLOT_SENDING)
        CU_ASSERT_EQUAL(slot_table_send(table, 0, 5, DATAPLANE, 300), 0);
    CU_ASSERT_EQUAL(state_of(table, 0), state);
    return table;
}

enum action { FILL, QUEUE, RUN, COMPLETE, SEND, RELEASE, RENEW, ACTIONS };

static int act(struct slot_table *table, enum action action, uint32_t slot, uint32_t generation,
               uint32_t owner)
{
    switch (action) {
    case FILL:
        return slot_table_fill(table, slot, generation, owner, 1);
    case QUEUE:
        return slot_table_queue(table, slot, generation, owner);
    case RUN:
        return slot_table_run(table, slot, generation, owner, 1);
    case COMPLETE:
        return slot_table_complete(table, slot, generation, owner);
    case SEND:
        return slot_table_send(table, slot, generation, owner, 1);
    case RELEASE:
        return slot_table_release(table, slot, generation, owner);
    default:
        return slot_table_renew(table, slot, generation, owner, 1);
    }
}

/* Who must act, by state and action; 9: that arrow is not drawn. Rows are the states. */
static const int actor[6][ACTIONS] = {
    /*             FILL       QUEUE      RUN      COMPLETE  SEND       RELEASE    RENEW */
    /* FREE */ {DATAPLANE, 9, 9, 9, 9, 9, 9},
    /* FILLING */ {9, DATAPLANE, 9, 9, 9, DATAPLANE, DATAPLANE},
    /* QUEUED */ {9, 9, OTHER, 9, 9, SLOT_OWNER_JOINTD, SLOT_OWNER_JOINTD},
    /* RUNNING */ {9, 9, 9, WORKER, 9, 9, WORKER},
    /* DONE */ {9, 9, 9, 9, DATAPLANE, SLOT_OWNER_JOINTD, SLOT_OWNER_JOINTD},
    /* SENDING */ {9, 9, 9, 9, 9, DATAPLANE, DATAPLANE},
};

static void only_the_drawn_arrows_exist(void)
{
    for (int state = SLOT_FREE; state <= SLOT_SENDING; state++) {
        for (int action = FILL; action < ACTIONS; action++) {
            for (uint32_t owner = 0; owner < OWNERS; owner++) {
                struct slot_table *table = table_in((enum slot_state)state);
                const uint32_t owner_before = owner_of(table, 0);
                /* Whoever gets a slot is free to choose; else the actor must own it. */
                const bool gives = action == FILL || action == RUN || action == SEND;
                const bool is_drawn =
                    actor[state][action] != 9 && (gives || actor[state][action] == (int)owner);
                const int error = act(table, (enum action)action, 0, 5, owner);
                CU_ASSERT_EQUAL(error == 0, is_drawn);
                const struct slot_table_counts counts = counts_of(table);
                CU_ASSERT_EQUAL(counts.stale + counts.wrong_state, !is_drawn);
                if (!is_drawn) {
                    CU_ASSERT_EQUAL(state_of(table, 0), (enum slot_state)state);
                    CU_ASSERT_EQUAL(owner_of(table, 0), owner_before);
                }
                slot_table_destroy(table);
            }
        }
    }
}

static void another_generation_is_stale(void)
{
    for (int state = SLOT_FILLING; state <= SLOT_SENDING; state++) {
        for (int action = QUEUE; action < ACTIONS; action++) {
            struct slot_table *table = table_in((enum slot_state)state);
            for (uint32_t owner = 0; owner < OWNERS; owner++) {
                CU_ASSERT_EQUAL(act(table, (enum action)action, 0, 4, owner), -ESTALE);
                CU_ASSERT_EQUAL(act(table, (enum action)action, 0, 6, owner), -ESTALE);
                CU_ASSERT_EQUAL(act(table, (enum action)action, 1, 5, owner), -ESTALE);
                CU_ASSERT_EQUAL(act(table, (enum action)action, 4, 5, owner), -ESTALE);
                CU_ASSERT_EQUAL(act(table, (enum action)action, UINT32_MAX, 5, owner), -ESTALE);
            }
            CU_ASSERT_EQUAL(counts_of(table).stale, 5 * OWNERS);
            CU_ASSERT_EQUAL(state_of(table, 0), (enum slot_state)state);
            slot_table_destroy(table);
        }
    }
}

/* A worker hangs, its lease ends, it is killed, the request goes to another; then the word of the
 * first, in a ring that jointd still drains, must not count. */
static void a_zombies_word_is_dropped(void)
{
    struct slot_table *table = table_in(SLOT_RUNNING);
    struct slot_recovered recovered;
    CU_ASSERT_TRUE(slot_table_recover(table, WORKER, &recovered));
    CU_ASSERT_EQUAL(recovered.fate, SLOT_REQUEUED);
    CU_ASSERT_EQUAL(recovered.slot, 0);
    CU_ASSERT_EQUAL(recovered.generation, 5);
    CU_ASSERT_EQUAL(slot_table_run(table, 0, 5, OTHER, 500), 0);
    CU_ASSERT_EQUAL(slot_table_complete(table, 0, 5, WORKER), -ESTALE);
    CU_ASSERT_EQUAL(counts_of(table).stale, 1);
    CU_ASSERT_EQUAL(slot_table_complete(table, 0, 5, OTHER), 0);
    CU_ASSERT_EQUAL(slot_table_complete(table, 0, 5, OTHER), -ESTALE); /* it is jointd's now */
    slot_table_destroy(table);
}

static void what_kills_two_workers_is_quarantined(void)
{
    struct slot_table *table = table_in(SLOT_RUNNING);
    struct slot_recovered recovered;
    CU_ASSERT_TRUE(slot_table_recover(table, WORKER, &recovered));
    CU_ASSERT_EQUAL(recovered.fate, SLOT_REQUEUED);
    CU_ASSERT_EQUAL(slot_table_run(table, 0, 5, OTHER, 500), 0);
    CU_ASSERT_TRUE(slot_table_recover(table, OTHER, &recovered));
    CU_ASSERT_EQUAL(recovered.fate, SLOT_QUARANTINED);
    CU_ASSERT_EQUAL(state_of(table, 0), SLOT_DONE);
    CU_ASSERT_EQUAL(slot_table_run(table, 0, 5, OTHER, 500), -EPROTO);
    CU_ASSERT_EQUAL(counts_of(table).quarantined, 1);
    CU_ASSERT_EQUAL(counts_of(table).recovered, 2);
    /* The next request in the slot starts clean. */
    CU_ASSERT_EQUAL(slot_table_release(table, 0, 5, SLOT_OWNER_JOINTD), 0);
    CU_ASSERT_EQUAL(slot_table_fill(table, 0, 6, DATAPLANE, 1), 0);
    CU_ASSERT_EQUAL(slot_table_queue(table, 0, 6, DATAPLANE), 0);
    CU_ASSERT_EQUAL(slot_table_run(table, 0, 6, WORKER, 1), 0);
    CU_ASSERT_TRUE(slot_table_recover(table, WORKER, &recovered));
    CU_ASSERT_EQUAL(recovered.fate, SLOT_REQUEUED);
    slot_table_destroy(table);
}

/* Only what it was running counts against a request. */
static void what_was_not_begun_is_no_kill(void)
{
    struct slot_table *table = table_in(SLOT_RUNNING);
    CU_ASSERT_EQUAL(slot_table_put_back(table, 0, 5, OTHER), -ESTALE);
    CU_ASSERT_EQUAL(slot_table_put_back(table, 0, 4, WORKER), -ESTALE);
    for (int death = 0; death < 5; death++) {
        CU_ASSERT_EQUAL(slot_table_put_back(table, 0, 5, WORKER), 0);
        CU_ASSERT_EQUAL(state_of(table, 0), SLOT_QUEUED);
        CU_ASSERT_EQUAL(owner_of(table, 0), SLOT_OWNER_JOINTD);
        CU_ASSERT_EQUAL(slot_table_put_back(table, 0, 5, SLOT_OWNER_JOINTD), -EPROTO);
        CU_ASSERT_EQUAL(slot_table_run(table, 0, 5, WORKER, 1), 0);
    }
    struct slot_recovered recovered;
    CU_ASSERT_TRUE(slot_table_recover(table, WORKER, &recovered));
    CU_ASSERT_EQUAL(recovered.fate, SLOT_REQUEUED);
    slot_table_destroy(table);
}

static void a_dead_dataplane_leaves_nothing(void)
{
    struct slot_table *table = make_table(4);
    CU_ASSERT_EQUAL(slot_table_fill(table, 2, 1, DATAPLANE, 10), 0);
    CU_ASSERT_EQUAL(slot_table_fill(table, 1, 1, DATAPLANE, 20), 0);
    slot_table_queue(table, 1, 1, DATAPLANE);
    slot_table_run(table, 1, 1, WORKER, 30);
    slot_table_complete(table, 1, 1, WORKER);
    slot_table_send(table, 1, 1, DATAPLANE, 40);
    CU_ASSERT_EQUAL(slot_table_owned(table, DATAPLANE), 2);
    struct slot_recovered recovered;
    CU_ASSERT_TRUE(slot_table_recover(table, DATAPLANE, &recovered));
    CU_ASSERT_EQUAL(recovered.slot, 2);
    CU_ASSERT_EQUAL(recovered.fate, SLOT_LOST);
    CU_ASSERT_TRUE(slot_table_recover(table, DATAPLANE, &recovered));
    CU_ASSERT_EQUAL(recovered.slot, 1);
    CU_ASSERT_EQUAL(recovered.fate, SLOT_UNSENT);
    CU_ASSERT_FALSE(slot_table_recover(table, DATAPLANE, &recovered));
    CU_ASSERT_EQUAL(state_of(table, 2), SLOT_FREE);
    CU_ASSERT_EQUAL(state_of(table, 1), SLOT_DONE);
    slot_table_destroy(table);
}

static void the_oldest_lease_comes_first(void)
{
    struct slot_table *table = make_table(5);
    for (uint32_t slot = 0; slot < 5; slot++)
        slot_table_fill(table, slot, 1, DATAPLANE, 100 + slot);
    CU_ASSERT_EQUAL(slot_table_renew(table, 0, 1, DATAPLANE, 200), 0);
    CU_ASSERT_EQUAL(slot_table_renew(table, 3, 1, DATAPLANE, 201), 0);
    static const uint32_t expected[] = {1, 2, 4, 0, 3};
    uint64_t lease = 0;
    uint32_t slot = slot_table_first(table, DATAPLANE);
    for (int i = 0; i < 5; i++, slot = slot_table_next(table, slot)) {
        CU_ASSERT_EQUAL_FATAL(slot, expected[i]);
        struct slot_view view;
        slot_table_view(table, slot, &view);
        CU_ASSERT_TRUE(view.lease_ns > lease);
        lease = view.lease_ns;
    }
    CU_ASSERT_EQUAL(slot, SLOT_NONE);
    struct slot_view view;
    CU_ASSERT_EQUAL(slot_table_view(table, 5, &view), -ERANGE);
    slot_table_destroy(table);
}

/* Random words, most of them wrong, and deaths; the model is one line per slot. */
static void every_slot_is_somewhere(void)
{
    struct shm_random random = shm_random_start();
    enum { SLOTS = 50 };
    struct slot_table *table = make_table(SLOTS);
    struct {
        uint32_t state, generation, owner;
    } model[SLOTS] = {0};
    for (int step = 0; step < 300000; step++) {
        const uint32_t s = shm_random_below(&random, SLOTS);
        const enum action action = (enum action)shm_random_below(&random, ACTIONS);
        const uint32_t owner = shm_random_below(&random, OWNERS);
        const uint32_t generation = action == FILL
                                        ? model[s].generation + 1
                                        : model[s].generation - (shm_random_below(&random, 8) == 0);
        static const uint32_t from[] = {SLOT_FREE, SLOT_FILLING, SLOT_QUEUED, SLOT_RUNNING,
                                        SLOT_DONE};
        static const uint32_t to[] = {SLOT_FILLING, SLOT_QUEUED,  SLOT_RUNNING,
                                      SLOT_DONE,    SLOT_SENDING, SLOT_FREE};
        bool is_right = action == FILL || generation == model[s].generation;
        if (action <= SEND)
            is_right = is_right && model[s].state == from[action];
        if (action == QUEUE || action == COMPLETE || action >= RELEASE)
            is_right = is_right && model[s].owner == owner && model[s].state != SLOT_FREE;
        if (action == RELEASE)
            is_right = is_right && model[s].state != SLOT_RUNNING;
        CU_ASSERT_EQUAL_FATAL(act(table, action, s, generation, owner) == 0, is_right);
        if (is_right && action != RENEW) {
            model[s].state = to[action];
            model[s].generation = generation;
            model[s].owner = action == QUEUE || action == COMPLETE ? SLOT_OWNER_JOINTD : owner;
        }
        struct slot_recovered recovered;
        if (step % 1000 == 999) {
            const uint32_t dead = 1 + shm_random_below(&random, OWNERS - 1);
            while (slot_table_recover(table, dead, &recovered)) {
                const uint32_t slot = recovered.slot;
                CU_ASSERT_EQUAL_FATAL(model[slot].owner, dead);
                CU_ASSERT_EQUAL_FATAL(model[slot].generation, recovered.generation);
                const bool was_running = model[slot].state == SLOT_RUNNING;
                model[slot].state = recovered.fate == SLOT_LOST       ? SLOT_FREE
                                    : recovered.fate == SLOT_REQUEUED ? SLOT_QUEUED
                                                                      : SLOT_DONE;
                CU_ASSERT_EQUAL_FATAL(was_running, recovered.fate == SLOT_REQUEUED ||
                                                       recovered.fate == SLOT_QUARANTINED);
                model[slot].owner = SLOT_OWNER_JOINTD;
            }
            CU_ASSERT_EQUAL_FATAL(slot_table_owned(table, dead), 0);
        }
        if (step % 100 == 0) {
            uint32_t listed = 0;
            uint32_t live = 0;
            for (uint32_t i = 0; i < SLOTS; i++)
                live += model[i].state != SLOT_FREE;
            for (uint32_t o = 0; o < OWNERS; o++)
                for (uint32_t i = slot_table_first(table, o); i != SLOT_NONE;
                     i = slot_table_next(table, i), listed++)
                    CU_ASSERT_TRUE_FATAL(model[i].owner == o && model[i].state != SLOT_FREE &&
                                         state_of(table, i) == model[i].state);
            CU_ASSERT_EQUAL_FATAL(listed, live);
        }
    }
    slot_table_destroy(table);
}

static void refuses_an_empty_table(void)
{
    struct slot_table *table;
    const struct slot_table_config no_slots = {.slot_count = 0, .owner_count = 1};
    const struct slot_table_config no_owners = {.slot_count = 1, .owner_count = 0};
    CU_ASSERT_EQUAL(slot_table_create(&no_slots, &table), -EINVAL);
    CU_ASSERT_EQUAL(slot_table_create(&no_owners, &table), -EINVAL);
    CU_ASSERT_PTR_NULL(table);
    slot_table_destroy(NULL);
}

const struct cunit_test tests[] = {
    {"only the drawn arrows exist, for the owners they name", only_the_drawn_arrows_exist},
    {"a word about another generation is dropped and counted", another_generation_is_stale},
    {"the word of a worker that lost its slot is dropped", a_zombies_word_is_dropped},
    {"a request that kills two workers is quarantined", what_kills_two_workers_is_quarantined},
    {"a worker's death counts against what it had begun alone", what_was_not_begun_is_no_kill},
    {"a dead dataplane leaves no slot behind", a_dead_dataplane_leaves_nothing},
    {"the longest unrenewed lease comes first", the_oldest_lease_comes_first},
    {"whatever is said, each slot is in one list and one state", every_slot_is_somewhere},
    {"an empty table is refused", refuses_an_empty_table},
    {NULL, NULL},
};
