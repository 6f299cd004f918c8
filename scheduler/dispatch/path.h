/* A path as it is planned: rows that enter and leave at their cuts, and when each would be done.
 *
 *   cut      0        2          5            9
 *   points   │ 2 rows │ 3 rows   │ 2 rows     │        due: the least deadline of who leaves there
 *
 * Pure: it knows costs, and nothing of queues and workers. */
#ifndef SCHEDULER_DISPATCH_PATH_H
#define SCHEDULER_DISPATCH_PATH_H

#include "scheduler/dispatch/batch_cost.h"

#define PATH_MAX_ROWS DISPATCH_MAX_BATCH

/* One request's rows, which go together. */
struct path_entry {
    uint32_t slot;
    uint16_t from, to;
    uint16_t rows;
    uint8_t class_index;
    uint8_t place; /* in the crowd that it is from */
    uint64_t due_ns; /* UINT64_MAX: none */
};

struct path_point {
    uint16_t cut;
    uint16_t rows; /* that run from here to the next point */
    uint16_t uses; /* entries that begin or end here */
    uint64_t due_ns;
};

struct path {
    const struct batch_cost *cost;
    uint32_t entry_count, row_count, point_count;
    struct path_entry entries[PATH_MAX_ROWS];
    struct path_point points[2 * PATH_MAX_ROWS];
};

void path_init(struct path *path, const struct batch_cost *cost);
/* Adds it as the last, if the batch has room at each of its cuts. False: it has not. */
bool path_add(struct path *path, const struct path_entry *entry);
/* Takes one out; those after it move up. */
void path_remove(struct path *path, uint32_t index);
/* As the other is; no more is copied than there is. */
void path_copy(struct path *path, const struct path *other);
/* What the whole takes. */
uint64_t path_ns(const struct path *path, enum batch_cost_kind kind);
/* Of that, until it has come to the cut. */
uint64_t path_reach_ns(const struct path *path, enum batch_cost_kind kind, uint32_t cut);
/* Whether each entry is done by when it is due, if the path starts then. */
bool path_is_in_time(const struct path *path, enum batch_cost_kind kind, uint64_t start_ns);
/* How much later the path could start, or how much more it could take, with all in time; negative:
 * some are late by so much. INT64_MAX: nobody is due. */
int64_t path_slack_ns(const struct path *path, enum batch_cost_kind kind, uint64_t start_ns);
/* What the entry adds to what the path takes; it is in it. */
uint64_t path_share_ns(const struct path *path, enum batch_cost_kind kind, uint32_t index);
/* The entry after the first of which that is the most, the last among equals; 0: there is none. */
uint32_t path_largest(const struct path *path, enum batch_cost_kind kind);

static inline uint32_t path_from(const struct path *path)
{
    return path->points[0].cut;
}

static inline uint32_t path_to(const struct path *path)
{
    return path->points[path->point_count - 1].cut;
}

#endif
