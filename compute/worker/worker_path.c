/* Follows a dispatch from cut to cut: who joins, where the next segment ends. */
#include "compute/worker/worker_path.h"

#include <string.h>

enum message_status worker_path_check(const struct message_run *run, const struct worker_cuts *cuts)
{
    if (run->from >= run->to || run->to >= cuts->count)
        return MESSAGE_BAD_CUT;
    if (run->row_count == 0 || run->row_count > MESSAGE_MAX_ROWS)
        return MESSAGE_BAD_RUN;
    return MESSAGE_OK;
}

void worker_path_open(struct worker_path *path, const struct message_run *run)
{
    path->said = *run;
    path->is_open = true;
    path->is_running = false;
    path->is_cancelled = false;
    path->is_solo = false;
    path->at = run->from;
    path->next_at = 0;
    path->arrived_count = 0;
    path->ended_count = 0;
    path->segment_count = 0;
    path->compute_ns = 0;
    path->row_count = 0;
}

/* Rows that pass through the stretch that starts at a cut. */
static uint32_t load_at(const struct worker_path *path, uint32_t cut)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < path->row_count; i++)
        count += path->row[i].said.from <= cut && cut < path->row[i].said.to;
    return count;
}

/* The number of rows grows only where one enters, so these cuts are all that need a look. */
static bool has_room(const struct worker_path *path, const struct message_row *row,
                     uint32_t max_batch)
{
    if (path->row_count == MESSAGE_MAX_ROWS || load_at(path, row->from) >= max_batch)
        return false;
    for (uint32_t i = 0; i < path->row_count; i++) {
        const uint32_t cut = path->row[i].said.from;
        if (row->from < cut && cut < row->to && load_at(path, cut) >= max_batch)
            return false;
    }
    return true;
}

enum message_status worker_path_join(struct worker_path *path, const struct worker_row *row,
                                     const struct worker_cuts *cuts)
{
    const struct message_row *said = &row->said;
    if (said->model != path->said.model || said->from >= said->to || said->from < path->said.from ||
        said->to > path->said.to)
        return MESSAGE_BAD_CUT;
    if (said->from < path->at || said->from < path->next_at || path->is_cancelled)
        return MESSAGE_MISSED;
    const bool is_solo = !cuts->has_rows[said->from] || !cuts->has_rows[said->to];
    if (is_solo && (path->row_count > 0 || path->said.row_count > 1))
        return MESSAGE_BAD_CUT;
    if (path->is_solo || !has_room(path, said, cuts->max_batch))
        return MESSAGE_FULL;
    path->is_solo = is_solo;
    path->row[path->row_count++] = *row;
    return MESSAGE_OK;
}

bool worker_path_is_ready(const struct worker_path *path)
{
    return path->is_open && path->row_count > 0 && path->arrived_count >= path->said.row_count;
}

static uint32_t count_running(struct worker_path *const *paths, uint32_t count, uint32_t model)
{
    uint32_t running = 0;
    for (uint32_t i = 0; i < count; i++)
        running += paths[i]->is_running && paths[i]->said.model == model;
    return running;
}

uint32_t worker_path_choose(struct worker_path *const *paths, uint32_t count)
{
    uint32_t best = UINT32_MAX;
    for (uint32_t i = 0; i < count; i++) {
        const struct worker_path *path = paths[i];
        if (!worker_path_is_ready(path))
            continue;
        const bool is_better = best == UINT32_MAX ||
                               path->said.urgency > paths[best]->said.urgency ||
                               (path->said.urgency == paths[best]->said.urgency &&
                                path->is_running && !paths[best]->is_running);
        if (is_better && (path->is_running ||
                          count_running(paths, count, path->said.model) < WORKER_MAX_RUNNING))
            best = i;
    }
    return best;
}

void worker_path_advance(struct worker_path *path)
{
    uint32_t next = UINT32_MAX;
    for (uint32_t i = 0; i < path->row_count; i++) {
        if (path->row[i].is_active)
            return;
        if (path->row[i].said.from < next)
            next = path->row[i].said.from;
    }
    if (next != UINT32_MAX && next > path->at)
        path->at = next;
}

bool worker_path_may_pause(const struct worker_path *path, const struct worker_cuts *cuts,
                           uint32_t cut)
{
    uint32_t rows = 0;
    for (uint32_t i = 0; i < path->row_count; i++)
        rows += path->row[i].is_active;
    return message_is_stop(&path->said, cut) && cuts->has_rows[cut] && cuts->can_pause &&
           rows > 0 && cuts->can_pause[(size_t)(rows - 1) * cuts->count + cut];
}

static uint32_t next_stop(const struct worker_path *path, const struct worker_cuts *cuts,
                          uint32_t after, uint32_t end)
{
    uint32_t cut = after + 1;
    while (cut < end && !worker_path_may_pause(path, cuts, cut))
        cut++;
    return cut;
}

uint32_t worker_path_next_stop(const struct worker_path *path, const struct worker_cuts *cuts,
                               uint32_t end)
{
    return next_stop(path, cuts, path->at, end);
}

bool worker_path_has_news(const struct worker_path *path, const struct worker_cuts *cuts,
                          uint32_t cut, uint32_t end)
{
    const uint32_t next = next_stop(path, cuts, cut, end);
    for (uint32_t i = 0; i < path->row_count; i++) {
        const struct worker_row *row = &path->row[i];
        if (row->is_cancelled ||
            (!row->is_active && cut <= row->said.from && row->said.from < next))
            return true;
    }
    return false;
}

uint32_t worker_path_end(const struct worker_path *path, const struct worker_cuts *cuts)
{
    uint32_t end = path->said.to;
    for (uint32_t i = 0; i < path->row_count; i++) {
        const struct worker_row *row = &path->row[i];
        const uint32_t cut = row->is_active ? row->said.to : row->said.from;
        if (cut > path->at && cut < end)
            end = cut;
    }
    for (uint32_t cut = path->at + 1; cut < end; cut++)
        if (message_is_stop(&path->said, cut) && cuts->has_rows[cut] &&
            !worker_path_may_pause(path, cuts, cut))
            return cut;
    return end;
}

void worker_path_remove(struct worker_path *path, uint32_t index)
{
    path->row_count--;
    memmove(&path->row[index], &path->row[index + 1],
            (path->row_count - index) * sizeof(path->row[0]));
}
