/* Every type that lives in memory shared between processes: fixed width, offsets, no pointers.
 *
 * Both ends are built from this file, and attaching compares SHM_ABI_VERSION and a hash of the
 * sizes below, so a process of another build is refused instead of misread. A field says who
 * writes it; all others only read it. Whoever reads copies first and checks the copy: the other
 * process may be wrong or dead at any instruction. shm/README.md draws the memory. */
#ifndef SHM_LAYOUT_H
#define SHM_LAYOUT_H

#include <assert.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define SHM_ABI_VERSION 1u
#define SHM_MESSAGE_VERSION 4u /* of what descriptors say (message.h), and the model's table */
#define SHM_MAGIC UINT64_C(0x31304d485354434a)
#define SHM_LINE_BYTES 64u
/* Prefetchers pull lines in pairs, so what two processes write stands two lines apart. */
#define SHM_APART_BYTES 128u
#define SHM_PAYLOAD_OFFSET 4096u
#define SHM_NAME_BYTES 32u

static_assert(sizeof(_Atomic uint32_t) == 4 && sizeof(_Atomic uint64_t) == 8, "plain words");
static_assert(ATOMIC_INT_LOCK_FREE == 2 && ATOMIC_LLONG_LOCK_FREE == 2, "no hidden locks");

/* At offset 0 of each region; the payload begins at SHM_PAYLOAD_OFFSET. Creator: rw, once. */
struct region_header {
    _Atomic uint64_t magic; /* stored last, with release */
    uint32_t abi_version;
    uint32_t layout_hash;
    uint32_t kind; /* enum region_kind */
    uint32_t epoch; /* of the peer this memory was made for */
    uint64_t bytes; /* of the file, header included */
    uint64_t payload_bytes;
    char name[SHM_NAME_BYTES];
};

static_assert(sizeof(struct region_header) == 72, "region_header");
static_assert(offsetof(struct region_header, bytes) == 24, "region_header");

/* One descriptor: a cache line whose meaning belongs to the two ends. */
struct spsc_entry {
    _Alignas(SHM_LINE_BYTES) uint64_t word[8];
};

/* A ring; entries follow. Indices run freely and wrap at 2^32. */
struct spsc_shared {
    _Alignas(SHM_APART_BYTES) uint32_t capacity; /* creator: rw, once */
    _Alignas(SHM_APART_BYTES) _Atomic uint32_t producer; /* producer: rw, consumer: ro */
    _Alignas(SHM_APART_BYTES) _Atomic uint32_t consumer; /* consumer: rw, producer: ro */
    _Alignas(SHM_APART_BYTES) struct spsc_entry entry[]; /* producer: rw, consumer: ro */
};

static_assert(sizeof(struct spsc_entry) == SHM_LINE_BYTES, "spsc_entry");
static_assert(offsetof(struct spsc_shared, producer) == 1 * SHM_APART_BYTES, "spsc_shared");
static_assert(offsetof(struct spsc_shared, consumer) == 2 * SHM_APART_BYTES, "spsc_shared");
static_assert(offsetof(struct spsc_shared, entry) == 3 * SHM_APART_BYTES, "spsc_shared");
static_assert(sizeof(struct spsc_shared) == 3 * SHM_APART_BYTES, "spsc_shared");

/* Whether a side sleeps. The sleeper sets it, whoever wakes it clears it: two writers, by RMW. */
struct wake_cell {
    _Alignas(SHM_APART_BYTES) _Atomic uint32_t is_sleeping;
};

/* A side's sign of life. That side: rw, the other: ro. */
struct heartbeat {
    _Alignas(SHM_APART_BYTES) _Atomic uint64_t beat_ns; /* monotonic */
    _Atomic uint64_t task; /* what it works on, 0: nothing */
};

/* The payload of a channel's region; its two rings follow, the one to the peer first. */
struct channel_shared {
    uint32_t to_peer_capacity; /* creator: rw, once */
    uint32_t from_peer_capacity;
    struct wake_cell wake[2]; /* by enum channel_side */
    struct heartbeat heartbeat[2];
};

static_assert(sizeof(struct wake_cell) == SHM_APART_BYTES, "wake_cell");
static_assert(sizeof(struct heartbeat) == SHM_APART_BYTES, "heartbeat");
static_assert(offsetof(struct channel_shared, wake) == 1 * SHM_APART_BYTES, "channel_shared");
static_assert(offsetof(struct channel_shared, heartbeat) == 3 * SHM_APART_BYTES, "channel_shared");
static_assert(sizeof(struct channel_shared) == 5 * SHM_APART_BYTES, "channel_shared");

/* Where a tensor lies in a slab: what descriptors carry. */
struct slab_ref {
    uint64_t offset; /* into the slab's payload */
    uint64_t bytes;
    uint32_t slot;
    uint32_t generation;
};

static_assert(sizeof(struct slab_ref) == 24, "slab_ref");

#define COUNTER_LABEL_BYTES 116u

/* What a counter means. The counters' writer: rw, all others: ro. */
struct counter_meta {
    _Atomic uint32_t is_defined; /* stored last, with release */
    uint32_t kind; /* enum counter_kind */
    uint32_t writer; /* number of the thread that writes it */
    char label[COUNTER_LABEL_BYTES];
};

/* A counter's value on its own line. One writer: rw, all others: ro. */
struct counter_value {
    _Alignas(SHM_LINE_BYTES) _Atomic uint64_t value;
};

/* The payload of a counters region: capacity metas, then capacity values. */
struct counters_shared {
    _Alignas(SHM_APART_BYTES) uint32_t capacity; /* creator: rw, once */
    _Alignas(SHM_APART_BYTES) struct counter_meta meta[];
};

static_assert(sizeof(struct counter_meta) == 128, "counter_meta");
static_assert(sizeof(struct counter_value) == SHM_LINE_BYTES, "counter_value");
static_assert(sizeof(struct counters_shared) == SHM_APART_BYTES, "counters_shared");

#define LOAD_PAGE_MAX_WORDS 2047u

/* One of the two snapshots of a load page. Writer: rw, all others: ro. */
struct load_snapshot {
    _Alignas(SHM_APART_BYTES) _Atomic uint64_t sequence; /* 2n: snapshot n is whole; odd: not */
    _Atomic uint64_t word[LOAD_PAGE_MAX_WORDS];
};

/* The payload of a load page region. */
struct load_page_shared {
    _Alignas(SHM_APART_BYTES) _Atomic uint64_t latest; /* newest whole snapshot, 0: none yet */
    uint64_t word_count; /* creator: rw, once */
    struct load_snapshot snapshot[2]; /* n is at n % 2 */
};

static_assert(sizeof(struct load_snapshot) == 8 * (1 + LOAD_PAGE_MAX_WORDS), "load_snapshot");
static_assert(sizeof(struct load_page_shared) == SHM_APART_BYTES + 2 * 16384, "load_page_shared");

/* FNV-1a over the sizes and offsets that two builds could disagree about. */
static inline uint32_t layout_hash(void)
{
    const size_t facts[] = {
        SHM_PAYLOAD_OFFSET,
        SHM_MESSAGE_VERSION,
        sizeof(struct region_header),
        sizeof(struct spsc_shared),
        sizeof(struct spsc_entry),
        offsetof(struct spsc_shared, producer),
        offsetof(struct spsc_shared, consumer),
        sizeof(struct channel_shared),
        sizeof(struct slab_ref),
        sizeof(struct counters_shared),
        sizeof(struct counter_meta),
        sizeof(struct counter_value),
        sizeof(struct load_page_shared),
    };
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
        hash = (hash ^ (uint32_t)facts[i]) * 16777619u;
    return hash;
}

#endif
