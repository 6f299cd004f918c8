/* What was counted of one model since jointd first served one of that name: a region for each model
 * that takes requests (REGION_STATISTICS). jointd writes, all others read; sums only grow.
 *
 *   payload: │ model_statistics_shared │ class 0 │ class 1 │ ... │
 *
 * A newer version of a model goes on where the older one was. Readers map the region by
 * region_attach and then model_statistics_attach. */
#ifndef SHM_MODEL_STATISTICS_H
#define SHM_MODEL_STATISTICS_H

#include "shm/distribution.h"
#include "shm/region.h"

#define MODEL_STATISTICS_NAME_BYTES 64u
#define MODEL_STATISTICS_MAX_CLASSES 256u
#define MODEL_STATISTICS_MAX_ROWS 64u

/* How a request ended. */
enum model_outcome {
    MODEL_ANSWERED, /* in time, or without a deadline */
    MODEL_LATE, /* answered after its deadline */
    MODEL_REJECTED, /* not computed: too much to do, or not in time, or it makes no sense */
    MODEL_FAILED, /* could not be computed */
    MODEL_CANCELLED, /* whoever asked took it back, or is gone */
    MODEL_OUTCOMES,
};

/* The three times are of requests that were answered: from when jointd had them whole until the
 * answer was there; until the first row was begun; computing, from first to last. */
struct model_statistics_class {
    char name[MODEL_STATISTICS_NAME_BYTES]; /* jointd: rw, once, as the other names */
    _Atomic uint64_t outcome[MODEL_OUTCOMES]; /* jointd: rw, as all below */
    struct distribution request, queue, execution; /* of distribution_time */
};

/* Parts of paths in which so many rows ran together from one cut to another. */
struct model_statistics_batch {
    _Atomic uint64_t count;
    _Atomic uint64_t ns; /* that they took */
};

struct model_statistics_shared {
    char name[MODEL_STATISTICS_NAME_BYTES];
    uint32_t version;
    uint32_t class_count; /* jointd: rw, once */
    _Atomic uint64_t last_unix_ns; /* when the last one was answered; 0: none was */
    _Atomic uint64_t rows; /* of answered requests */
    _Atomic uint64_t joined_rows; /* that entered at another cut than the path they ran in began */
    struct model_statistics_batch batch[MODEL_STATISTICS_MAX_ROWS]; /* [n]: of n + 1 rows */
    /* Actual over predicted, of distribution_ratio: the wait of answered requests for which one of
     * 1 ms or more was predicted; the computing of dispatches. */
    struct distribution wait_ratio, execution_ratio;
    struct model_statistics_class classes[];
};

static_assert(sizeof(struct model_statistics_class) == 64 + 8 * MODEL_OUTCOMES + 3 * 312,
              "model_statistics_class");
static_assert(sizeof(struct model_statistics_shared) == 64 + 8 + 3 * 8 + 64 * 16 + 2 * 312,
              "model_statistics_shared");

/* A reader's view; it points into the region, which must stay. */
struct model_statistics {
    const struct model_statistics_shared *shared;
    uint32_t class_count;
};

/* Bytes of the payload; 0 for no or too many classes. */
uint64_t model_statistics_bytes(uint32_t class_count);

/* -EBADMSG where the payload's size contradicts its numbers, or a name does not end. */
int model_statistics_attach(struct model_statistics *statistics, const struct region *region);

const char *model_outcome_name(enum model_outcome outcome); /* "answered" */

/* A word that its writer may add to at any time. */
static inline uint64_t model_statistics_read(const _Atomic uint64_t *word)
{
    return atomic_load_explicit(word, memory_order_relaxed); /* it stands for itself */
}

#endif
