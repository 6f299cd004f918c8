/* A path as it is planned: points where somebody enters or leaves, in the order of the cuts. */
#include "scheduler/dispatch/path.h"

#include <assert.h>
#include <string.h>

void path_init(struct path *path, const struct batch_cost *cost)
{
    path->cost = cost;
    path->entry_count = path->row_count = path->point_count = 0;
}

/* The first point that is not before the cut, from that one on. */
static uint32_t find_point(const struct path *path, uint32_t cut, uint32_t at)
{
    while (at < path->point_count && path->points[at].cut < cut)
        at++;
    return at;
}

/* The same; most leave at the last. */
static uint32_t find_end(const struct path *path, uint32_t cut, uint32_t at)
{
    const uint32_t last = path->point_count - 1;
    return path->point_count && path->points[last].cut == cut ? last : find_point(path, cut, at);
}

static bool is_point(const struct path *path, uint32_t at, uint32_t cut)
{
    return at < path->point_count && path->points[at].cut == cut;
}

/* Most leave at the end, so it is there that there is none; and most that are tried find none. */
static bool is_end_full(const struct path *path, const struct path_entry *entry)
{
    if (path->point_count < 2)
        return false;
    const struct path_point *last = &path->points[path->point_count - 2];
    return entry->to > last->cut && entry->from < last[1].cut &&
           (uint32_t)last->rows + entry->rows > path->cost->max_batch;
}

/* At each cut from the entry's first, which is at that point or in the part before it, to that of
 * its last. */
static bool has_room(const struct path *path, const struct path_entry *entry, uint32_t from,
                     uint32_t to)
{
    const uint32_t most = path->cost->max_batch;
    if (path->entry_count == PATH_MAX_ROWS || path->row_count + entry->rows > PATH_MAX_ROWS)
        return false;
    const bool is_inside = from && !is_point(path, from, entry->from);
    for (uint32_t i = from - is_inside; i < to; i++)
        if ((uint32_t)path->points[i].rows + entry->rows > most)
            return false;
    return entry->rows <= most;
}

static void make_point(struct path *path, uint32_t at, uint16_t cut)
{
    const bool is_between = at > 0 && at < path->point_count;
    for (uint32_t i = path->point_count++; i > at; i--)
        path->points[i] = path->points[i - 1];
    path->points[at] = (struct path_point){
        .cut = cut, .rows = is_between ? path->points[at - 1].rows : 0, .due_ns = UINT64_MAX};
}

bool path_add(struct path *path, const struct path_entry *entry)
{
    assert(entry->from < entry->to);
    if (is_end_full(path, entry))
        return false;
    const uint32_t from = find_point(path, entry->from, 0);
    uint32_t to = find_end(path, entry->to, from);
    if (!has_room(path, entry, from, to))
        return false;
    if (!is_point(path, to, entry->to))
        make_point(path, to, entry->to);
    if (!is_point(path, from, entry->from)) {
        make_point(path, from, entry->from);
        to++;
    }
    for (uint32_t i = from; i < to; i++)
        path->points[i].rows = (uint16_t)(path->points[i].rows + entry->rows);
    path->points[from].uses++;
    path->points[to].uses++;
    if (entry->due_ns < path->points[to].due_ns)
        path->points[to].due_ns = entry->due_ns;
    path->entries[path->entry_count++] = *entry;
    path->row_count += entry->rows;
    return true;
}

static void drop_point(struct path *path, uint32_t at)
{
    if (--path->points[at].uses)
        return;
    path->point_count--;
    for (uint32_t i = at; i < path->point_count; i++)
        path->points[i] = path->points[i + 1];
}

static uint64_t least_due_ns(const struct path *path, uint32_t to)
{
    uint64_t due_ns = UINT64_MAX;
    for (uint32_t i = 0; i < path->entry_count; i++)
        if (path->entries[i].to == to && path->entries[i].due_ns < due_ns)
            due_ns = path->entries[i].due_ns;
    return due_ns;
}

void path_remove(struct path *path, uint32_t index)
{
    const struct path_entry gone = path->entries[index];
    const uint32_t from = find_point(path, gone.from, 0), to = find_end(path, gone.to, from);
    path->row_count -= gone.rows;
    path->entry_count--;
    for (uint32_t i = index; i < path->entry_count; i++)
        path->entries[i] = path->entries[i + 1];
    for (uint32_t i = from; i < to; i++)
        path->points[i].rows = (uint16_t)(path->points[i].rows - gone.rows);
    if (path->points[to].due_ns == gone.due_ns)
        path->points[to].due_ns = least_due_ns(path, gone.to);
    drop_point(path, to);
    drop_point(path, from);
}

void path_copy(struct path *path, const struct path *other)
{
    path->cost = other->cost;
    path->entry_count = other->entry_count;
    path->row_count = other->row_count;
    path->point_count = other->point_count;
    memcpy(path->entries, other->entries, other->entry_count * sizeof(path->entries[0]));
    memcpy(path->points, other->points, other->point_count * sizeof(path->points[0]));
}

static uint64_t part_ns(const struct path *path, enum batch_cost_kind kind, uint32_t i)
{
    return batch_cost_part_ns(path->cost, kind, path->points[i].cut, path->points[i + 1].cut,
                              path->points[i].rows);
}

uint64_t path_ns(const struct path *path, enum batch_cost_kind kind)
{
    uint64_t ns = 0;
    for (uint32_t i = 0; i + 1 < path->point_count; i++)
        ns += part_ns(path, kind, i);
    return ns;
}

uint64_t path_reach_ns(const struct path *path, enum batch_cost_kind kind, uint32_t cut)
{
    uint64_t ns = 0;
    for (uint32_t i = 0; i + 1 < path->point_count && path->points[i].cut < cut; i++)
        ns += part_ns(path, kind, i);
    return ns;
}

int64_t path_slack_ns(const struct path *path, enum batch_cost_kind kind, uint64_t start_ns)
{
    int64_t slack_ns = INT64_MAX;
    uint64_t at_ns = start_ns;
    for (uint32_t i = 0; i + 1 < path->point_count; i++) {
        at_ns += part_ns(path, kind, i);
        const uint64_t due_ns = path->points[i + 1].due_ns;
        if (due_ns <= INT64_MAX && (int64_t)(due_ns - at_ns) < slack_ns) /* else: never */
            slack_ns = (int64_t)(due_ns - at_ns);
    }
    return slack_ns;
}

bool path_is_in_time(const struct path *path, enum batch_cost_kind kind, uint64_t start_ns)
{
    return path_slack_ns(path, kind, start_ns) >= 0;
}

uint64_t path_share_ns(const struct path *path, enum batch_cost_kind kind, uint32_t index)
{
    const struct path_entry *entry = &path->entries[index];
    uint64_t with_ns = 0, without_ns = 0;
    for (uint32_t i = 0; i + 1 < path->point_count; i++) {
        const struct path_point *point = &path->points[i];
        if (point->cut < entry->from || point->cut >= entry->to)
            continue;
        with_ns += part_ns(path, kind, i);
        without_ns += batch_cost_part_ns(path->cost, kind, point->cut, point[1].cut,
                                         (uint32_t)point->rows - entry->rows);
    }
    return with_ns > without_ns ? with_ns - without_ns : 0;
}

/* What one of so many rows adds from the first point to each other. Where fewer run it does not. */
static void sum_more(const struct path *path, enum batch_cost_kind kind, uint32_t rows,
                     int64_t *more_ns)
{
    more_ns[0] = 0;
    for (uint32_t i = 0; i + 1 < path->point_count; i++) {
        const struct path_point *point = &path->points[i];
        more_ns[i + 1] = more_ns[i];
        if (point->rows >= rows)
            more_ns[i + 1] += (int64_t)(part_ns(path, kind, i) -
                                        batch_cost_part_ns(path->cost, kind, point->cut,
                                                           point[1].cut, point->rows - rows));
    }
}

/* Most entries have as many rows as the one before, so the sums are seldom made anew. */
uint32_t path_largest(const struct path *path, enum batch_cost_kind kind)
{
    int64_t more_ns[2 * PATH_MAX_ROWS], most_ns = 0;
    uint32_t largest = 0, rows = 0;
    for (uint32_t i = 1; i < path->entry_count; i++) {
        const struct path_entry *entry = &path->entries[i];
        if (entry->rows != rows)
            sum_more(path, kind, entry->rows, more_ns);
        rows = entry->rows;
        const uint32_t from = find_point(path, entry->from, 0);
        const int64_t more = more_ns[find_end(path, entry->to, from)] - more_ns[from];
        const int64_t ns = more > 0 ? more : 0;
        if (ns >= most_ns) {
            most_ns = ns;
            largest = i;
        }
    }
    return largest;
}
