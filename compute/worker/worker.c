/* The worker's poll: look at the ring, run a segment, answer. */
#include "compute/worker/worker.h"
#include "compute/worker/affinity.h"
#include "compute/worker/worker_inbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

int worker_init(struct worker *worker, const struct worker_config *config)
{
    *worker = (struct worker){.config = *config};
    if (config->cpu_count > WORKER_MAX_CPUS)
        return -EINVAL;
    worker->paths = calloc(MESSAGE_MAX_DISPATCHES, sizeof(*worker->paths));
    if (!worker->paths)
        return -ENOMEM;
    for (uint32_t i = 0; i < MESSAGE_MAX_DISPATCHES; i++)
        worker->path[i] = &worker->paths[i];
    int error = channel_accept(&worker->channel, config->socket);
    if (error)
        goto free_paths;
    if (worker->channel.config.from_peer_capacity < MESSAGE_MIN_ANSWERS) {
        error = -EINVAL;
        goto close_channel;
    }
    for (uint32_t i = 0; i < worker->channel.grant_count; i++) {
        const struct region_header *header = (const void *)worker->channel.grant[i].base;
        worker->is_slab[i] = header->kind == REGION_SLAB;
    }
    /* Loading must not wait for a socket; and cores that cannot be had are known now. */
    if (fcntl(config->socket, F_SETFL, O_NONBLOCK))
        error = -errno;
    else
        error = affinity_confine(config->cpu, config->cpu_count);
    if (error == 0)
        return 0;
close_channel:
    channel_fini(&worker->channel);
free_paths:
    free(worker->paths);
    *worker = (struct worker){0};
    return error;
}

void worker_fini(struct worker *worker)
{
    if (!worker)
        return;
    for (uint32_t i = 0; i < MESSAGE_MAX_MODELS; i++)
        if (worker->model[i].is_loaded)
            worker_model_fini(&worker->model[i]);
    channel_fini(&worker->channel);
    free(worker->paths);
    *worker = (struct worker){0};
}

void worker_drain(struct worker *worker)
{
    worker->is_draining = true;
}

/* A path whose rows all came and ended is over. */
static void close_finished(struct worker *worker)
{
    for (uint32_t i = worker->path_count; i-- > 0 && worker_has_out_room(worker);) {
        const struct worker_path *path = worker->path[i];
        if (path->row_count == 0 && path->arrived_count >= path->said.row_count)
            worker_close_path(worker, i, MESSAGE_OK);
    }
}

/* Rows whose cut is reached enter, unless it is too late for them. */
static uint32_t enter_rows(struct worker *worker, struct worker_path *path, uint64_t now_ns,
                           struct worker_row **entered)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < path->row_count;) {
        struct worker_row *row = &path->row[i];
        if (!row->is_active && row->said.from == path->at) {
            if (row->said.deadline_ns != 0 && row->said.deadline_ns < now_ns) {
                worker_end_row(worker, path, i, MESSAGE_LATE, 0, now_ns);
                continue;
            }
            row->is_active = true;
            row->entered_ns = now_ns;
        }
        if (row->is_active)
            entered[count++] = row;
        i++;
    }
    return count;
}

/* A part of a path that is under way. */
struct segment {
    struct worker *worker;
    struct worker_path *path;
    struct worker_row *rows[MESSAGE_MAX_ROWS];
    uint32_t row_count;
    uint32_t end; /* as far as is known */
    uint64_t started_ns;
    uint64_t paused_ns; /* of the time since then */
    bool has_waiting; /* somebody more urgent could not be run when it was looked for last */
};

static void say_segment(const struct segment *segment, uint32_t end, uint64_t ended_ns, int error)
{
    const struct worker_path *path = segment->path;
    worker_say(segment->worker,
               &(union message){
                   .segment = {.kind = ended_ns ? MESSAGE_SEGMENT_DONE : MESSAGE_SEGMENT_STARTED,
                               .status = error ? MESSAGE_BROKEN : MESSAGE_OK,
                               .model = path->said.model,
                               .dispatch = path->said.dispatch,
                               .from = (uint16_t)path->at,
                               .to = (uint16_t)end,
                               .row_count = (uint16_t)segment->row_count,
                               .waiting_count = (uint16_t)(path->row_count - segment->row_count),
                               .started_ns = segment->started_ns,
                               .ended_ns = ended_ns,
                               .paused_ns = segment->paused_ns}});
}

static void beat(const struct segment *segment, uint64_t now_ns)
{
    channel_beat(&segment->worker->channel, now_ns, (uint64_t)segment->path->said.dispatch + 1);
}

static void begin_segment(struct segment *segment, uint64_t now_ns)
{
    struct worker_path *path = segment->path;
    const struct worker_cuts *cuts = &segment->worker->model[path->said.model].cuts;
    path->next_at = worker_path_next_stop(path, cuts, segment->end);
    segment->started_ns = now_ns;
    segment->paused_ns = 0;
    say_segment(segment, path->next_at, 0, 0);
    beat(segment, now_ns);
}

static void end_segment(struct segment *segment, uint32_t end, int error)
{
    struct worker_path *path = segment->path;
    const uint64_t ended_ns = worker_now_ns();
    const uint64_t spent_ns = ended_ns - segment->started_ns - segment->paused_ns;
    beat(segment, ended_ns);
    say_segment(segment, end, ended_ns, error);
    segment->worker->counts.segments++;
    path->segment_count++;
    path->compute_ns += spent_ns;
    path->at = end;
    path->next_at = 0;
    for (uint32_t r = 0; r < segment->row_count; r++) {
        segment->rows[r]->compute_ns += spent_ns;
        segment->rows[r]->segment_count++;
    }
}

static void run_segment(struct worker *worker, struct worker_path *path);

/* Of the dispatches, one that is more urgent than this one; NULL. */
static struct worker_path *find_urgent(const struct segment *segment)
{
    const struct worker *worker = segment->worker;
    const uint32_t chosen = worker_path_choose(worker->path, worker->path_count);
    if (chosen == UINT32_MAX || worker->path[chosen]->said.urgency <= segment->path->said.urgency)
        return NULL;
    return worker->path[chosen];
}

/* Whether there is something to look at. */
static bool wants_pause(void *arg)
{
    const struct segment *segment = arg;
    struct worker *worker = segment->worker;
    return (segment->has_waiting || spsc_queue_waiting(&worker->channel.in) != 0) &&
           worker_has_out_room(worker);
}

/* Takes what has come; who is more urgent runs now, as long as there is a context for it. */
static void look(void *arg)
{
    struct segment *segment = arg;
    struct worker *worker = segment->worker;
    struct worker_path *urgent;
    const uint64_t began_ns = worker_now_ns();
    for (;;) {
        worker_take_messages(worker);
        close_finished(worker);
        urgent = worker->failure ? NULL : find_urgent(segment);
        if (!urgent || worker->depth == WORKER_DEPTH || !worker_has_out_room(worker))
            break;
        worker->counts.interruptions++;
        run_segment(worker, urgent);
    }
    const uint64_t ended_ns = worker_now_ns();
    segment->has_waiting = urgent;
    segment->paused_ns += ended_ns - began_ns;
    beat(segment, ended_ns);
}

/* At a stop: whether somebody has come who enters there, or leaves, or has to go before. If nobody
 * has, the next segment begins where this one ends, and nothing is copied in between. */
static bool has_news(void *arg, uint32_t cut)
{
    struct segment *segment = arg;
    struct worker *worker = segment->worker;
    const struct worker_cuts *cuts = &worker->model[segment->path->said.model].cuts;
    if (!worker_path_may_pause(segment->path, cuts, cut))
        return false;
    if (wants_pause(segment))
        look(segment);
    if (segment->has_waiting || worker_path_has_news(segment->path, cuts, cut, segment->end) ||
        spsc_queue_waiting(&worker->channel.in) != 0 ||
        spsc_queue_room(&worker->channel.out) < (int)(WORKER_OUT_ROOM * worker->depth + 2))
        return true;
    end_segment(segment, cut, 0);
    begin_segment(segment, worker_now_ns());
    return false;
}

static enum message_status status_of(const struct worker_row *row, int error)
{
    return error ? MESSAGE_BROKEN : row->is_cancelled ? MESSAGE_CANCELLED : MESSAGE_OK;
}

static void leave_rows(struct worker *worker, struct worker_path *path, uint64_t now_ns, int error)
{
    for (uint32_t i = 0; i < path->row_count;) {
        const struct worker_row *row = &path->row[i];
        if (row->is_cancelled || (row->is_active && (error || row->said.to == path->at)))
            worker_end_row(worker, path, i, status_of(row, row->is_active ? error : 0), error,
                           now_ns);
        else
            i++;
    }
    if (!path->is_cancelled)
        return;
    uint32_t index = 0;
    while (worker->path[index] != path)
        index++;
    worker_close_path(worker, index, MESSAGE_CANCELLED);
}

static void run_segment(struct worker *worker, struct worker_path *path)
{
    struct worker_model *model = &worker->model[path->said.model];
    struct segment segment = {.worker = worker, .path = path};
    path->is_running = true;
    worker_path_advance(path);
    const uint64_t started_ns = worker_now_ns();
    segment.row_count = enter_rows(worker, path, started_ns, segment.rows);
    if (segment.row_count == 0)
        return; /* all were late */
    segment.end = worker_path_end(path, &model->cuts);
    const uint32_t depth = worker->depth++;
    struct worker_part part = {.from = path->at,
                               .to = segment.end,
                               .rows = segment.rows,
                               .row_count = segment.row_count,
                               .depth = depth,
                               .wants_end = has_news,
                               .wants_pause = depth + 1 < WORKER_DEPTH ? wants_pause : NULL,
                               .pause = look,
                               .arg = &segment};
    begin_segment(&segment, started_ns);
    const int error = worker_model_run(model, &part, &worker->error);
    end_segment(&segment, part.to, error);
    worker->depth--;
    leave_rows(worker, path, worker_now_ns(), error);
}

/* Nothing is left in the ring: rows that have not come will not. */
static void finish_drain(struct worker *worker)
{
    while (worker->path_count > 0 && worker_has_out_room(worker)) {
        struct worker_path *path = worker->path[worker->path_count - 1];
        while (path->row_count > 0)
            worker_end_row(worker, path, path->row_count - 1, MESSAGE_CANCELLED, 0, 0);
        worker_close_path(worker, worker->path_count - 1, MESSAGE_CANCELLED);
    }
    if (worker->path_count > 0 || !worker_has_out_room(worker))
        return;
    worker_say(worker, &(union message){.order = {.kind = MESSAGE_DRAINED}});
    worker->is_drained = true;
}

/* A bit of what was loaded and not used yet. */
static bool warm_models(struct worker *worker)
{
    for (; worker->cold_model < MESSAGE_MAX_MODELS; worker->cold_model++) {
        struct worker_model *model = &worker->model[worker->cold_model];
        if (model->is_loaded && worker_model_warm(model))
            return true;
    }
    return false;
}

int worker_poll(struct worker *worker, uint64_t now_ns)
{
    if (worker->failure || worker->is_drained)
        return 0;
    channel_beat(&worker->channel, now_ns, 0);
    int work = worker_take_messages(worker);
    close_finished(worker);
    const uint32_t chosen =
        worker->failure ? UINT32_MAX : worker_path_choose(worker->path, worker->path_count);
    if (chosen != UINT32_MAX && worker_has_out_room(worker)) {
        run_segment(worker, worker->path[chosen]);
        close_finished(worker);
        work++;
    } else if (chosen == UINT32_MAX && work == 0 && worker->is_draining && !worker->failure) {
        finish_drain(worker);
        work++;
    } else if (chosen == UINT32_MAX && work == 0 && !worker->failure) {
        work += warm_models(worker);
    }
    return work;
}
