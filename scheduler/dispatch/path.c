/* A path as it is planned: points where somebody enters or leaves, in the order of the cuts. */
#include "scheduler/dispatch/path.h"

#include <assert.h>
#include <string.h>

void path_init(struct path *path, const struct batch_cost *cost)
{
    path->cost = cost;
    path->entry_count = path->row_count = path->point_count = 0;
}

/* The first point that is not before the cut. */
static uint32_t find_point(const struct path *path, uint32_t cut)
{
    uint32_t at = 0;
    while (at < path->point_count && path->points[at].cut < cut)
        at++;
    return at;
}

static bool has_room(const struct path *path, const struct path_entry *entry)
{
    const uint32_t most = path->cost->max_batch;
    if (path->entry_count == PATH_MAX_ROWS || path->row_count + entry->rows > PATH_MAX_ROWS)
        return false;
    for (uint32_t i = 0; i + 1 < path->point_count && path->points[i].cut < entry->to; i++)
        if (path->points[i + 1].cut > entry->from && path->points[i].rows + entry->rows > most)
            return false;
    return entry->rows <= most;
}

/* The point at the cut, which is made if there is none. */
static uint32_t make_point(struct path *path, uint16_t cut)
{
    const uint32_t at = find_point(path, cut);
    if (at < path->point_count && path->points[at].cut == cut)
        return at;
    memmove(&path->points[at + 1], &path->points[at],
            (path->point_count - at) * sizeof(path->points[0]));
    path->point_count++;
    const bool is_between = at > 0 && at + 1 < path->point_count;
    path->points[at] = (struct path_point){
        .cut = cut, .rows = is_between ? path->points[at - 1].rows : 0, .due_ns = UINT64_MAX};
    return at;
}

static void include(struct path *path, const struct path_entry *entry)
{
    const uint32_t from = make_point(path, entry->from);
    const uint32_t to = make_point(path, entry->to);
    for (uint32_t i = from; i < to; i++)
        path->points[i].rows += entry->rows;
    path->points[from].uses++;
    path->points[to].uses++;
    if (entry->due_ns < path->points[to].due_ns)
        path->points[to].due_ns = entry->due_ns;
}

bool path_add(struct path *path, const struct path_entry *entry)
{
    assert(entry->from < entry->to);
    if (!has_room(path, entry))
        return false;
    include(path, entry);
    path->entries[path->entry_count++] = *entry;
    path->row_count += entry->rows;
    return true;
}

static void drop_point(struct path *path, uint32_t cut)
{
    const uint32_t at = find_point(path, cut);
    if (--path->points[at].uses)
        return;
    path->point_count--;
    memmove(&path->points[at], &path->points[at + 1],
            (path->point_count - at) * sizeof(path->points[0]));
}

void path_remove(struct path *path, uint32_t index)
{
    const struct path_entry gone = path->entries[index];
    path->row_count -= gone.rows;
    path->entry_count--;
    memmove(&path->entries[index], &path->entries[index + 1],
            (path->entry_count - index) * sizeof(path->entries[0]));
    const uint32_t from = find_point(path, gone.from), to = find_point(path, gone.to);
    for (uint32_t i = from; i < to; i++)
        path->points[i].rows -= gone.rows;
    path->points[to].due_ns = UINT64_MAX;
    for (uint32_t i = 0; i < path->entry_count; i++)
        if (path->entries[i].to == gone.to && path->entries[i].due_ns < path->points[to].due_ns)
            path->points[to].due_ns = path->entries[i].due_ns;
    drop_point(path, gone.to);
    drop_point(path, gone.from);
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
