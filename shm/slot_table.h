/* Who owns each slot of a slab, in what state, until when: jointd's private memory.
 *
 *            fill           queue           run             complete         send
 *   FREE ──────────> FILLING ────> QUEUED ───────> RUNNING ─────────> DONE ──────> SENDING
 *    ^                 │              ^  │            │                ^ │  ^         │
 *    │                 │              │  │            │ owner died,    │ │  │         │ owner died
 *    │                 │              │  │            │ second time    │ │  └─────────┤
 *    │                 │              │  │            ├────────────────┘ │            │
 *    │                 │              └──│────────────┘ owner died       │            │
 *    └─────────────────┴─────────────────┴───────────────────────────────┴────────────┘
 *      release: sent, cancelled, rejected, or the owner of a half-filled slot died
 *
 * `put_back` is a second arrow from RUNNING to QUEUED: its worker had not begun it.
 * A worker that says "done" names slot and generation; unless it owns that slot in that generation,
 * its word is dropped and counted. One thread uses a table. Slots and generations are the slab's.
 */
#ifndef SHM_SLOT_TABLE_H
#define SHM_SLOT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#define SLOT_NONE UINT32_MAX
#define SLOT_OWNER_JOINTD 0u /* owns what is queued or done */

/* A request that was running in this many workers that died is not run again. */
#define SLOT_QUARANTINE_KILLS 2u

enum slot_state {
    SLOT_FREE,
    SLOT_FILLING,
    SLOT_QUEUED,
    SLOT_RUNNING,
    SLOT_DONE,
    SLOT_SENDING,
};

struct slot_table;

struct slot_table_config {
    uint32_t slot_count; /* as the slab's */
    uint32_t owner_count; /* SLOT_OWNER_JOINTD included; peers are 1 and up */
};

struct slot_view {
    enum slot_state state;
    uint32_t owner;
    uint32_t generation;
    uint32_t kills; /* workers that died running it */
    uint64_t lease_ns;
};

/* What became of a dead owner's slot. */
enum slot_fate {
    SLOT_LOST, /* half filled: it is free now, the slab's place is to be freed */
    SLOT_REQUEUED, /* was running: queued again; best run alone, its batch may have died of it */
    SLOT_QUARANTINED, /* was running, and was before when a worker died: done, to be answered */
    SLOT_UNSENT, /* was being sent: done again */
};

struct slot_recovered {
    uint32_t slot;
    uint32_t generation;
    enum slot_fate fate;
};

struct slot_table_counts {
    uint64_t stale; /* words about a slot that its speaker does not own in that generation */
    uint64_t wrong_state; /* ... that it owns, but in another state */
    uint64_t recovered;
    uint64_t quarantined;
};

int slot_table_create(const struct slot_table_config *config, struct slot_table **table);
void slot_table_destroy(struct slot_table *table); /* accepts NULL */

/* Each moves a slot along its arrow. 0; -ESTALE (counted): no such slot, or another generation or
 * owner than is named; -EPROTO (counted): not in the state that the arrow starts from. */
int slot_table_fill(struct slot_table *table, uint32_t slot, uint32_t generation, uint32_t owner,
                    uint64_t lease_ns);
int slot_table_queue(struct slot_table *table, uint32_t slot, uint32_t generation, uint32_t owner);
int slot_table_run(struct slot_table *table, uint32_t slot, uint32_t generation, uint32_t worker,
                   uint64_t lease_ns);
/* Back to QUEUED: the worker is dead or does not want it, and had not begun it. */
int slot_table_put_back(struct slot_table *table, uint32_t slot, uint32_t generation,
                        uint32_t worker);
int slot_table_complete(struct slot_table *table, uint32_t slot, uint32_t generation,
                        uint32_t worker);
int slot_table_send(struct slot_table *table, uint32_t slot, uint32_t generation, uint32_t owner,
                    uint64_t lease_ns);
/* From any state but FREE and RUNNING; the owner of a running one must complete it or die first. */
int slot_table_release(struct slot_table *table, uint32_t slot, uint32_t generation,
                       uint32_t owner);
/* A longer lease for a slot that its owner still works on. */
int slot_table_renew(struct slot_table *table, uint32_t slot, uint32_t generation, uint32_t owner,
                     uint64_t lease_ns);

/* After the owner is proven dead: takes one slot from it. False when it has none left. Not for
 * SLOT_OWNER_JOINTD. */
bool slot_table_recover(struct slot_table *table, uint32_t owner, struct slot_recovered *recovered);

/* The owner's slots, the longest owned or renewed first: with leases of one length, the first to
 * expire first. SLOT_NONE at the end. The list may change only after the walk. */
uint32_t slot_table_first(const struct slot_table *table, uint32_t owner);
uint32_t slot_table_next(const struct slot_table *table, uint32_t slot);
uint32_t slot_table_owned(const struct slot_table *table, uint32_t owner);

/* -ERANGE if there is no such slot. */
int slot_table_view(const struct slot_table *table, uint32_t slot, struct slot_view *view);
void slot_table_count(const struct slot_table *table, struct slot_table_counts *counts);

#endif
