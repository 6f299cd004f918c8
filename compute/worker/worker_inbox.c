/* Descriptors are checked here, at the edge; behind it, rows and paths are what they should be. */
#include "compute/worker/worker_inbox.h"
#include "compute/worker/affinity.h"
#include "shm/fd_pass.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BURST 64

uint64_t worker_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

bool worker_has_out_room(struct worker *worker)
{
    const int room = spsc_queue_room(&worker->channel.out);
    if (room < 0)
        worker->failure = room;
    return room >= (int)(WORKER_OUT_ROOM * (worker->depth + 1));
}

void worker_say(struct worker *worker, const union message *message)
{
    const int pushed = channel_push(&worker->channel, message, 1);
    if (pushed != 1 && !worker->failure)
        worker->failure = pushed < 0 ? pushed : -ENOBUFS;
}

static void answer_row(struct worker *worker, const struct worker_row *row,
                       enum message_status status, int error, uint64_t now_ns)
{
    const struct message_row *said = &row->said;
    worker->counts.rows++;
    worker_say(worker, &(union message){.row_done = {.kind = MESSAGE_ROW_DONE,
                                                     .status = (uint8_t)status,
                                                     .model = said->model,
                                                     .dispatch = said->dispatch,
                                                     .slot = said->slot,
                                                     .generation = said->generation,
                                                     .from = said->from,
                                                     .to = said->to,
                                                     .row = said->row,
                                                     .segment_count = (uint16_t)row->segment_count,
                                                     .error = error,
                                                     .entered_ns = row->entered_ns,
                                                     .left_ns = row->is_active ? now_ns : 0,
                                                     .compute_ns = row->compute_ns}});
}

void worker_end_row(struct worker *worker, struct worker_path *path, uint32_t index,
                    enum message_status status, int error, uint64_t now_ns)
{
    const struct worker_row *row = &path->row[index];
    answer_row(worker, row, status, error, now_ns);
    worker_model_give_place(&worker->model[path->said.model], row->place);
    path->ended_count++;
    worker_path_remove(path, index);
}

static void answer_run(struct worker *worker, const struct worker_path *path,
                       enum message_status status)
{
    worker_say(worker, &(union message){.run_done = {.kind = MESSAGE_RUN_DONE,
                                                     .status = (uint8_t)status,
                                                     .model = path->said.model,
                                                     .dispatch = path->said.dispatch,
                                                     .row_count = path->ended_count,
                                                     .segment_count = path->segment_count,
                                                     .compute_ns = path->compute_ns}});
}

void worker_close_path(struct worker *worker, uint32_t index, enum message_status status)
{
    struct worker_path *path = worker->path[index];
    assert(path->row_count == 0 && !path->next_at);
    answer_run(worker, path, status);
    path->is_open = false;
    worker->path_count--;
    for (uint32_t i = index; i < worker->path_count; i++)
        worker->path[i] = worker->path[i + 1];
    worker->path[worker->path_count] = path;
}

static uint32_t find_index(const struct worker *worker, uint32_t dispatch)
{
    uint32_t i = 0;
    while (i < worker->path_count && worker->path[i]->said.dispatch != dispatch)
        i++;
    return i;
}

static struct worker_path *find_path(struct worker *worker, uint32_t dispatch)
{
    const uint32_t index = find_index(worker, dispatch);
    return index < worker->path_count ? worker->path[index] : NULL;
}

static struct worker_model *find_model(struct worker *worker, uint32_t model)
{
    if (model >= MESSAGE_MAX_MODELS || !worker->model[model].is_loaded)
        return NULL;
    return &worker->model[model];
}

static enum message_status open_path(struct worker *worker, const struct message_run *run)
{
    const struct worker_model *model = find_model(worker, run->model);
    if (worker->is_draining)
        return MESSAGE_DRAINING;
    if (!model)
        return MESSAGE_NO_MODEL;
    const enum message_status status = worker_path_check(run, &model->cuts);
    if (status != MESSAGE_OK)
        return status;
    if (find_path(worker, run->dispatch))
        return MESSAGE_BAD_RUN;
    if (worker->path_count == MESSAGE_MAX_DISPATCHES)
        return MESSAGE_FULL;
    worker_path_open(worker->path[worker->path_count++], run);
    return MESSAGE_OK;
}

static void take_run(struct worker *worker, const struct message_run *run)
{
    const enum message_status status = open_path(worker, run);
    if (status == MESSAGE_OK)
        return;
    const struct worker_path refused = {.said = *run};
    answer_run(worker, &refused, status);
}

static unsigned char *find_place(const struct worker *worker, uint32_t grant, uint64_t offset,
                                 uint64_t bytes, uint64_t expected_bytes, bool is_written)
{
    if (grant >= worker->channel.grant_count || !worker->is_slab[grant])
        return NULL;
    const struct region *region = &worker->channel.grant[grant];
    if (expected_bytes == 0 || bytes != expected_bytes || offset % MESSAGE_TENSOR_ALIGN != 0 ||
        (is_written && region->access != REGION_READ_WRITE))
        return NULL;
    return region_at(region, offset, bytes);
}

static enum message_status find_places(const struct worker *worker, struct worker_row *row,
                                       const struct worker_model *model)
{
    const struct message_row *said = &row->said;
    if (said->from >= said->to || said->to >= model->cuts.count)
        return MESSAGE_BAD_CUT;
    const uint64_t in_bytes = row_place_message_bytes(engine_model_cut(model->model, said->from),
                                                      said->rows, said->in_encoding);
    const uint64_t out_bytes = row_place_message_bytes(engine_model_cut(model->model, said->to),
                                                       said->rows, said->out_encoding);
    row->in = find_place(worker, said->in_region, said->in_offset, said->in_bytes, in_bytes, false);
    row->out =
        find_place(worker, said->out_region, said->out_offset, said->out_bytes, out_bytes, true);
    if (!row->in || !row->out || said->row >= said->rows)
        return MESSAGE_BAD_PLACE;
    const bool is_apart = said->in_region != said->out_region ||
                          said->in_offset + said->in_bytes <= said->out_offset ||
                          said->out_offset + said->out_bytes <= said->in_offset;
    return is_apart ? MESSAGE_OK : MESSAGE_BAD_PLACE;
}

static enum message_status join_row(struct worker *worker, struct worker_path *path,
                                    struct worker_row *row)
{
    const struct worker_model *model = find_model(worker, row->said.model);
    if (!model)
        return MESSAGE_NO_MODEL;
    const enum message_status status = find_places(worker, row, model);
    if (status != MESSAGE_OK)
        return status;
    return path ? worker_path_join(path, row, &model->cuts) : MESSAGE_MISSED;
}

static void take_row(struct worker *worker, const struct message_row *said)
{
    struct worker_path *path = find_path(worker, said->dispatch);
    struct worker_row row = {.said = *said};
    const enum message_status status = join_row(worker, path, &row);
    if (path)
        path->arrived_count += path->arrived_count < UINT32_MAX;
    if (status == MESSAGE_OK)
        return;
    worker->counts.refused_rows++;
    answer_row(worker, &row, status, 0, 0);
    if (path)
        path->ended_count++;
}

/* Rows that have entered leave too, unless something computes on them now. */
static void take_cancel(struct worker *worker, const struct message_order *order)
{
    const uint32_t index = find_index(worker, order->dispatch);
    if (index == worker->path_count)
        return;
    struct worker_path *path = worker->path[index];
    const uint64_t now_ns = worker_now_ns();
    const bool is_whole = order->slot == MESSAGE_WHOLE_DISPATCH;
    const bool is_computing = path->next_at;
    for (uint32_t i = path->row_count; i-- > 0;) {
        struct worker_row *row = &path->row[i];
        if (!is_whole &&
            (row->said.slot != order->slot || row->said.generation != order->generation))
            continue;
        if (is_computing)
            row->is_cancelled = true;
        else
            worker_end_row(worker, path, i, MESSAGE_CANCELLED, 0, now_ns);
    }
    path->is_cancelled |= is_whole;
    if (is_whole && !is_computing)
        worker_close_path(worker, index, MESSAGE_CANCELLED);
}

static void answer_model(struct worker *worker, uint32_t number, enum message_kind kind, int error,
                         uint64_t load_ns)
{
    union message message = {
        .model = {
            .kind = (uint8_t)kind, .model = (uint16_t)number, .error = error, .load_ns = load_ns}};
    const struct worker_model *model = find_model(worker, number);
    if (kind == MESSAGE_READY && model) {
        message.model.cut_count = model->cuts.count;
        message.model.max_batch = model->cuts.max_batch;
        message.model.weights_bytes = engine_model_weights_bytes(model->model);
        message.model.private_bytes = worker_model_private_bytes(model);
    }
    worker_say(worker, &message);
}

/* Loading takes long; it is no hang. */
static void beat_on(void *arg, const char *what, double fraction)
{
    struct worker *worker = arg;
    channel_beat(&worker->channel, worker_now_ns(), UINT64_MAX);
}

static int load_model(struct worker *worker, uint32_t number)
{
    struct message_model_file file;
    int fd = -1;
    const int fd_count = fd_pass_receive(worker->config.socket, &file, sizeof(file), &fd, 1);
    if (fd_count < 0)
        return fd_count;
    int rc = 0;
    if (fd_count != 1 || file.model != number || number >= MESSAGE_MAX_MODELS)
        rc = -EBADMSG;
    else if (worker->model[number].is_loaded)
        rc = -EEXIST;
    /* Its helpers count the cores that they may use, and start on any of them. */
    if (rc == 0)
        rc = affinity_confine(worker->config.cpu, worker->config.cpu_count);
    if (rc == 0)
        rc = worker_model_init(&worker->model[number], &file, fd, beat_on, worker, &worker->error);
    if (rc && fd_count == 1)
        close(fd);
    if (rc == 0 && number < worker->cold_model)
        worker->cold_model = number;
    affinity_spread(worker->config.cpu, worker->config.cpu_count);
    return rc;
}

static void take_load(struct worker *worker, const struct message_order *order)
{
    const uint64_t started_ns = worker_now_ns();
    channel_beat(&worker->channel, started_ns, UINT64_MAX);
    const int error = load_model(worker, order->model);
    answer_model(worker, order->model, error ? MESSAGE_FAILED : MESSAGE_READY, error,
                 worker_now_ns() - started_ns);
}

static void take_unload(struct worker *worker, const struct message_order *order)
{
    int error = find_model(worker, order->model) ? 0 : -ENOENT;
    for (uint32_t i = 0; i < worker->path_count; i++)
        if (worker->path[i]->said.model == order->model)
            error = -EBUSY;
    if (error == 0)
        worker_model_fini(&worker->model[order->model]);
    answer_model(worker, order->model, error ? MESSAGE_FAILED : MESSAGE_UNLOADED, error, 0);
}

static void take_message(struct worker *worker, const union message *message)
{
    switch (message->kind) {
    case MESSAGE_LOAD:
        take_load(worker, &message->order);
        break;
    case MESSAGE_UNLOAD:
        take_unload(worker, &message->order);
        break;
    case MESSAGE_RUN:
        take_run(worker, &message->run);
        break;
    case MESSAGE_ROW:
        take_row(worker, &message->row);
        break;
    case MESSAGE_CANCEL:
        take_cancel(worker, &message->order);
        break;
    case MESSAGE_DRAIN:
        worker_drain(worker);
        break;
    default:
        worker->counts.unknown_messages++;
        worker_say(worker,
                   &(union message){.order = {.kind = MESSAGE_REFUSED, .model = message->kind}});
    }
}

int worker_take_messages(struct worker *worker)
{
    int count = 0;
    while (count < BURST && !worker->failure && worker_has_out_room(worker)) {
        union message message;
        const int popped = channel_pop(&worker->channel, &message, 1);
        if (popped < 0)
            worker->failure = popped;
        if (popped <= 0)
            break;
        take_message(worker, &message);
        count++;
    }
    return count;
}
