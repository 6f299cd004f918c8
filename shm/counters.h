/* Named numbers that other processes can read while they change, for `joint top`.
 *
 *   counters_shared: │ capacity │ meta 0 │ meta 1 │ ... │ value 0 │ value 1 │ ...
 *                     128 bytes   128 bytes each         64 bytes each
 *
 * A region per process that counts; each counter has one writing thread, which adds by a plain load
 * and store. Readers map it read-only and take nothing on trust. */
#ifndef SHM_COUNTERS_H
#define SHM_COUNTERS_H

#include "shm/layout.h"

enum counter_kind {
    COUNTER_SUM = 1, /* only grows: events, bytes, nanoseconds */
    COUNTER_GAUGE, /* a level */
    COUNTER_MAX, /* the largest so far */
};

/* The writing process's side: defining is for its start-up, one thread. */
struct counters {
    struct counters_shared *shared;
    struct counter_value *values;
    uint32_t capacity;
    uint32_t count;
};

struct counters_reader {
    const struct counters_shared *shared;
    const struct counter_value *values;
    uint32_t capacity;
};

struct counter_view {
    char label[COUNTER_LABEL_BYTES]; /* printable, ends in 0 */
    enum counter_kind kind;
    uint32_t writer;
    uint64_t value;
};

/* Bytes of a payload for so many counters; 0 if that is none or over 65,536. */
uint64_t counters_bytes(uint32_t capacity);

/* Empty counters in zeroed memory of counters_bytes(capacity). -EINVAL. */
int counters_init(struct counters *counters, void *payload, uint64_t payload_bytes,
                  uint32_t capacity);

/* A new counter, 0, for one writing thread; its value or NULL if there is no room. The label says
 * unit and all: "dataplane.rx_bytes". It is cut to 115 bytes. */
struct counter_value *counters_define(struct counters *counters, const char *label,
                                      enum counter_kind kind, uint32_t writer);

/* Reads what another process counts. -EBADMSG if the payload is too small for what it says. */
int counters_attach(struct counters_reader *reader, const void *payload, uint64_t payload_bytes);

/* Counter `index` from 0; -ENOENT when it is not defined (those after it are not either), -EBADMSG
 * when what is there is none. */
int counters_read(const struct counters_reader *reader, uint32_t index, struct counter_view *view);

/* Only the counter's writer. */
static inline void counter_set(struct counter_value *counter, uint64_t value)
{
    /* Nothing is published with it: a reader learns this number alone. */
    atomic_store_explicit(&counter->value, value, memory_order_relaxed);
}

static inline void counter_add(struct counter_value *counter, uint64_t more)
{
    counter_set(counter, atomic_load_explicit(&counter->value, memory_order_relaxed) + more);
}

static inline void counter_max(struct counter_value *counter, uint64_t value)
{
    if (value > atomic_load_explicit(&counter->value, memory_order_relaxed))
        counter_set(counter, value);
}

#endif
