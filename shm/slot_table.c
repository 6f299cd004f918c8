/* The owner table: one record per slot, one list per owner, each arrow checked. */
#include "shm/slot_table.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

struct record {
    uint64_t lease_ns;
    uint32_t generation;
    uint32_t owner;
    uint32_t next; /* in the owner's list */
    uint32_t previous;
    uint8_t state;
    uint8_t kills;
};

struct owner_list {
    uint32_t first;
    uint32_t last;
    uint32_t count;
};

struct slot_table {
    uint32_t slot_count;
    uint32_t owner_count;
    struct slot_table_counts counts;
    struct record *slot;
    struct owner_list *owner;
};

int slot_table_create(const struct slot_table_config *config, struct slot_table **out)
{
    *out = NULL;
    if (config->slot_count == 0 || config->slot_count == SLOT_NONE || config->owner_count == 0)
        return -EINVAL;
    struct slot_table *table = calloc(1, sizeof(*table));
    if (!table)
        return -ENOMEM;
    table->slot_count = config->slot_count;
    table->owner_count = config->owner_count;
    table->slot = calloc(config->slot_count, sizeof(*table->slot));
    table->owner = calloc(config->owner_count, sizeof(*table->owner));
    if (!table->slot || !table->owner) {
        slot_table_destroy(table);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < config->owner_count; i++)
        table->owner[i] = (struct owner_list){.first = SLOT_NONE, .last = SLOT_NONE};
    *out = table;
    return 0;
}

void slot_table_destroy(struct slot_table *table)
{
    if (!table)
        return;
    free(table->slot);
    free(table->owner);
    free(table);
}

static void leave_list(struct slot_table *table, uint32_t slot)
{
    struct record *record = &table->slot[slot];
    struct owner_list *list = &table->owner[record->owner];
    if (record->previous == SLOT_NONE)
        list->first = record->next;
    else
        table->slot[record->previous].next = record->next;
    if (record->next == SLOT_NONE)
        list->last = record->previous;
    else
        table->slot[record->next].previous = record->previous;
    list->count--;
}

static void join_list(struct slot_table *table, uint32_t slot, uint32_t owner, uint64_t lease_ns)
{
    struct record *record = &table->slot[slot];
    struct owner_list *list = &table->owner[owner];
    record->owner = owner;
    record->lease_ns = lease_ns;
    record->next = SLOT_NONE;
    record->previous = list->last;
    if (list->last == SLOT_NONE)
        list->first = slot;
    else
        table->slot[list->last].next = slot;
    list->last = slot;
    list->count++;
}

static void move(struct slot_table *table, uint32_t slot, enum slot_state state, uint32_t owner,
                 uint64_t lease_ns)
{
    leave_list(table, slot);
    table->slot[slot].state = (uint8_t)state;
    join_list(table, slot, owner, lease_ns);
}

/* Whether the slot is live in that generation and owned by that owner. */
static int check(struct slot_table *table, uint32_t slot, uint32_t generation, uint32_t owner)
{
    if (slot < table->slot_count && table->slot[slot].state != SLOT_FREE &&
        table->slot[slot].generation == generation && table->slot[slot].owner == owner)
        return 0;
    table->counts.stale++;
    return -ESTALE;
}

static int check_state(struct slot_table *table, uint32_t slot, enum slot_state state)
{
    if (table->slot[slot].state == state)
        return 0;
    table->counts.wrong_state++;
    return -EPROTO;
}

static int check_arrow(struct slot_table *table, uint32_t slot, uint32_t generation, uint32_t owner,
                       enum slot_state from)
{
    const int error = check(table, slot, generation, owner);
    return error ? error : check_state(table, slot, from);
}

int slot_table_fill(struct slot_table *table, uint32_t slot, uint32_t generation, uint32_t owner,
                    uint64_t lease_ns)
{
    assert(owner < table->owner_count);
    if (slot >= table->slot_count) {
        table->counts.stale++;
        return -ESTALE;
    }
    const int error = check_state(table, slot, SLOT_FREE);
    if (error)
        return error;
    table->slot[slot].state = SLOT_FILLING;
    table->slot[slot].generation = generation;
    table->slot[slot].kills = 0;
    join_list(table, slot, owner, lease_ns);
    return 0;
}

int slot_table_queue(struct slot_table *table, uint32_t slot, uint32_t generation, uint32_t owner)
{
    const int error = check_arrow(table, slot, generation, owner, SLOT_FILLING);
    if (!error)
        move(table, slot, SLOT_QUEUED, SLOT_OWNER_JOINTD, UINT64_MAX);
    return error;
}

int slot_table_run(struct slot_table *table, uint32_t slot, uint32_t generation, uint32_t worker,
                   uint64_t lease_ns)
{
    assert(worker < table->owner_count);
    const int error = check_arrow(table, slot, generation, SLOT_OWNER_JOINTD, SLOT_QUEUED);
    if (!error)
        move(table, slot, SLOT_RUNNING, worker, lease_ns);
    return error;
}

int slot_table_put_back(struct slot_table *table, uint32_t slot, uint32_t generation,
                        uint32_t worker)
{
    const int error = check_arrow(table, slot, generation, worker, SLOT_RUNNING);
    if (!error)
        move(table, slot, SLOT_QUEUED, SLOT_OWNER_JOINTD, UINT64_MAX);
    return error;
}

int slot_table_complete(struct slot_table *table, uint32_t slot, uint32_t generation,
                        uint32_t worker)
{
    const int error = check_arrow(table, slot, generation, worker, SLOT_RUNNING);
    if (!error)
        move(table, slot, SLOT_DONE, SLOT_OWNER_JOINTD, UINT64_MAX);
    return error;
}

int slot_table_send(struct slot_table *table, uint32_t slot, uint32_t generation, uint32_t owner,
                    uint64_t lease_ns)
{
    assert(owner < table->owner_count);
    const int error = check_arrow(table, slot, generation, SLOT_OWNER_JOINTD, SLOT_DONE);
    if (!error)
        move(table, slot, SLOT_SENDING, owner, lease_ns);
    return error;
}

int slot_table_release(struct slot_table *table, uint32_t slot, uint32_t generation, uint32_t owner)
{
    const int error = check(table, slot, generation, owner);
    if (error)
        return error;
    if (table->slot[slot].state == SLOT_RUNNING) {
        table->counts.wrong_state++;
        return -EPROTO;
    }
    leave_list(table, slot);
    table->slot[slot].state = SLOT_FREE;
    return 0;
}

int slot_table_renew(struct slot_table *table, uint32_t slot, uint32_t generation, uint32_t owner,
                     uint64_t lease_ns)
{
    const int error = check(table, slot, generation, owner);
    if (!error)
        move(table, slot, (enum slot_state)table->slot[slot].state, owner, lease_ns);
    return error;
}

bool slot_table_recover(struct slot_table *table, uint32_t owner, struct slot_recovered *recovered)
{
    assert(owner != SLOT_OWNER_JOINTD && owner < table->owner_count);
    const uint32_t slot = table->owner[owner].first;
    if (slot == SLOT_NONE)
        return false;
    struct record *record = &table->slot[slot];
    *recovered = (struct slot_recovered){.slot = slot, .generation = record->generation};
    table->counts.recovered++;
    if (record->state == SLOT_FILLING) {
        recovered->fate = SLOT_LOST;
        leave_list(table, slot);
        record->state = SLOT_FREE;
    } else if (record->state == SLOT_SENDING) {
        recovered->fate = SLOT_UNSENT;
        move(table, slot, SLOT_DONE, SLOT_OWNER_JOINTD, UINT64_MAX);
    } else {
        assert(record->state == SLOT_RUNNING);
        const bool is_poison = ++record->kills >= SLOT_QUARANTINE_KILLS;
        recovered->fate = is_poison ? SLOT_QUARANTINED : SLOT_REQUEUED;
        table->counts.quarantined += is_poison;
        move(table, slot, is_poison ? SLOT_DONE : SLOT_QUEUED, SLOT_OWNER_JOINTD, UINT64_MAX);
    }
    return true;
}

uint32_t slot_table_first(const struct slot_table *table, uint32_t owner)
{
    assert(owner < table->owner_count);
    return table->owner[owner].first;
}

uint32_t slot_table_next(const struct slot_table *table, uint32_t slot)
{
    assert(slot < table->slot_count && table->slot[slot].state != SLOT_FREE);
    return table->slot[slot].next;
}

uint32_t slot_table_owned(const struct slot_table *table, uint32_t owner)
{
    assert(owner < table->owner_count);
    return table->owner[owner].count;
}

int slot_table_view(const struct slot_table *table, uint32_t slot, struct slot_view *view)
{
    if (slot >= table->slot_count)
        return -ERANGE;
    const struct record *record = &table->slot[slot];
    *view = (struct slot_view){.state = (enum slot_state)record->state,
                               .owner = record->owner,
                               .generation = record->generation,
                               .kills = record->kills,
                               .lease_ns = record->lease_ns};
    return 0;
}

void slot_table_count(const struct slot_table *table, struct slot_table_counts *counts)
{
    *counts = table->counts;
}
