/* Loads a model over shared weights, and runs segments of it by pointers into the slabs. */
#include "compute/worker/worker_model.h"
#include "compute/worker/weights.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE_BYTES ((uintptr_t)4096)
#define HUGE_PAGE_BYTES ((size_t)2 << 20)
/* A millisecond or so each, with small pages: some are zeroed, others only entered in a table. */
#define WRITTEN_STEP_BYTES (UINT64_C(2) << 20)
#define READ_STEP_BYTES (UINT64_C(8) << 20)

#ifndef MADV_POPULATE_READ /* Linux 5.14, newer than the headers */
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

static int fail(struct engine_error *error, int code, const char *what)
{
    snprintf(error->text, sizeof(error->text), "%s", what);
    return code;
}

static int attach_region(struct worker_model *model, const struct message_model_file *file,
                         int weights_fd, struct engine_error *error)
{
    const struct region_expect expect = {.kind = REGION_WEIGHTS,
                                         .access = REGION_READ_ONLY,
                                         .min_payload_bytes = file->weights_bytes,
                                         .is_content_sealed = true,
                                         .is_lazy = true};
    const int rc = region_attach(&model->weights, weights_fd, &expect);
    return rc ? fail(error, rc, "the region of weights is not a sealed one of this build") : 0;
}

/* Chooses as whoever packed did. */
static int open_model(struct worker_model *model, const struct message_model_file *file,
                      engine_progress *progress, void *progress_arg, struct engine_error *error)
{
    const char *tuning = weights_tuning(&model->weights, file->weights_bytes);
    if (!tuning)
        return fail(error, -EINVAL, "the weights' size is not what the region holds");
    int rc = weights_open_model(file, tuning, progress, progress_arg, &model->model, error);
    if (rc)
        return rc;
    const size_t bytes = engine_model_weights_bytes(model->model);
    if (bytes != file->weights_bytes)
        return fail(error, -EINVAL, "the weights' size is not what this model needs");
    return engine_model_attach(model->model, region_at(&model->weights, 0, bytes), bytes, error);
}

static int list_cuts(struct worker_model *model, const struct message_model_file *file,
                     struct engine_error *error)
{
    const uint32_t count = engine_model_cut_count(model->model);
    if (count > UINT16_MAX)
        return fail(error, -ENOTSUP, "a network of more cuts than a descriptor can name");
    model->cut_has_rows = calloc(count, sizeof(*model->cut_has_rows));
    if (!model->cut_has_rows)
        return fail(error, -ENOMEM, "no memory for the list of cuts");
    for (uint32_t k = 0; k < count; k++) {
        const struct engine_cut *cut = engine_model_cut(model->model, k);
        const uint64_t bytes = message_align(row_place_private_bytes(cut));
        model->cut_has_rows[k] = row_place_has_rows(cut);
        if (cut->tensor_count > model->max_tensors)
            model->max_tensors = cut->tensor_count;
        if (bytes > model->place_bytes)
            model->place_bytes = bytes;
    }
    model->cuts = (struct worker_cuts){.count = count,
                                       .max_batch = weights_max_batch(model->model, file),
                                       .has_rows = model->cut_has_rows};
    return 0;
}

static int list_pauses(struct worker_model *model, struct engine_error *error)
{
    const uint32_t count = model->cuts.count;
    model->can_pause = calloc((size_t)model->cuts.max_batch * count, sizeof(*model->can_pause));
    if (!model->can_pause)
        return fail(error, -ENOMEM, "no memory for the list of cuts");
    for (uint32_t rows = 1; rows <= model->cuts.max_batch; rows++)
        for (uint32_t k = 0; k < count; k++)
            model->can_pause[(size_t)(rows - 1) * count + k] =
                engine_model_can_pause(model->model, rows, k);
    model->cuts.can_pause = model->can_pause;
    return 0;
}

static uint32_t place_count(const struct worker_model *model)
{
    return 2 * WORKER_MAX_RUNNING * model->cuts.max_batch;
}

static int take_places(struct worker_model *model, struct engine_error *error)
{
    const uint64_t bytes = place_count(model) * model->place_bytes;
    model->between = aligned_alloc(MESSAGE_TENSOR_ALIGN, bytes);
    if (!model->between)
        return fail(error, -ENOMEM, "no memory for tensors between segments");
    for (uint32_t place = place_count(model); place > 0; place--)
        model->free_place[model->free_count++] = (uint16_t)place;
    return 0;
}

static int make_bench(struct worker_model *model, uint32_t depth, struct engine_error *error)
{
    struct worker_bench *bench = &model->bench[depth];
    const size_t pointers = (size_t)model->max_tensors * model->cuts.max_batch;
    const size_t bytes = engine_context_bytes(model->model);
    const size_t whole = (bytes + HUGE_PAGE_BYTES - 1) / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES;
    bench->inputs = calloc(pointers, sizeof(*bench->inputs));
    bench->outputs = calloc(pointers, sizeof(*bench->outputs));
    bench->memory = aligned_alloc(HUGE_PAGE_BYTES, whole);
    if (!bench->inputs || !bench->outputs || !bench->memory)
        return fail(error, -ENOMEM, "no memory for the tensors of a run");
    (void)madvise(bench->memory, whole, MADV_HUGEPAGE); /* where there are some */
    if (depth == 0)
        return engine_context_create(model->model, bench->memory, &bench->context, error);
    return engine_context_create_beside(model->bench[0].context, bench->memory, &bench->context,
                                        error);
}

/* In the order in which a first run would miss them most. Places of a second dispatch are left:
 * they are needed only when one is put before another. */
static void note_cold(struct worker_model *model)
{
    const uint64_t context_bytes = engine_context_bytes(model->model);
    model->cold[0] = (struct worker_stretch){.base = model->weights.base + SHM_PAYLOAD_OFFSET,
                                             .bytes = model->weights.payload_bytes};
    model->cold[1] = (struct worker_stretch){
        .base = model->bench[0].memory, .bytes = context_bytes, .is_written = true};
    model->cold[2] =
        (struct worker_stretch){.base = model->between,
                                .bytes = 2 * model->place_bytes * model->cuts.max_batch,
                                .is_written = true};
    model->cold[3] = (struct worker_stretch){
        .base = model->bench[1].memory, .bytes = context_bytes, .is_written = true};
}

/* The kernel takes whole pages: of an end that shares its page, those that lie inside. */
static void make_present(unsigned char *base, uint64_t bytes, bool is_written)
{
    const uintptr_t from = ((uintptr_t)base + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    const uintptr_t to = ((uintptr_t)base + bytes) / PAGE_BYTES * PAGE_BYTES;
    if (from < to) /* a kernel that cannot: they come with their first use */
        (void)madvise((void *)from, to - from,
                      is_written ? MADV_POPULATE_WRITE : MADV_POPULATE_READ);
}

bool worker_model_warm(struct worker_model *model)
{
    for (int i = 0; i < WORKER_STRETCHES; i++) {
        struct worker_stretch *cold = &model->cold[i];
        if (cold->done == cold->bytes)
            continue;
        const uint64_t left = cold->bytes - cold->done;
        const uint64_t most = cold->is_written ? WRITTEN_STEP_BYTES : READ_STEP_BYTES;
        const uint64_t bytes = left < most ? left : most;
        make_present(cold->base + cold->done, bytes, cold->is_written);
        cold->done += bytes;
        return true;
    }
    return false;
}

static int load(struct worker_model *model, const struct message_model_file *file, int weights_fd,
                engine_progress *progress, void *progress_arg, struct engine_error *error)
{
    int rc = attach_region(model, file, weights_fd, error);
    if (rc == 0)
        rc = open_model(model, file, progress, progress_arg, error);
    if (rc == 0)
        rc = list_cuts(model, file, error);
    if (rc == 0)
        rc = list_pauses(model, error);
    if (rc == 0)
        rc = take_places(model, error);
    for (uint32_t depth = 0; rc == 0 && depth < WORKER_DEPTH; depth++)
        rc = make_bench(model, depth, error);
    if (rc == 0)
        note_cold(model);
    return rc;
}

int worker_model_init(struct worker_model *model, const struct message_model_file *file,
                      int weights_fd, engine_progress *progress, void *progress_arg,
                      struct engine_error *error)
{
    *model = (struct worker_model){.weights.fd = -1};
    const int rc = load(model, file, weights_fd, progress, progress_arg, error);
    if (rc) {
        if (model->weights.base)
            model->weights.fd = -1; /* stays the caller's */
        worker_model_fini(model);
        return rc;
    }
    model->is_loaded = true;
    return 0;
}

void worker_model_fini(struct worker_model *model)
{
    if (!model)
        return;
    for (uint32_t depth = WORKER_DEPTH; depth-- > 0;) {
        struct worker_bench *bench = &model->bench[depth];
        engine_context_destroy(bench->context);
        free(bench->memory);
        free(bench->inputs);
        free(bench->outputs);
    }
    engine_model_destroy(model->model);
    region_fini(&model->weights);
    free(model->cut_has_rows);
    free(model->can_pause);
    free(model->between);
    *model = (struct worker_model){.weights.fd = -1};
}

uint64_t worker_model_private_bytes(const struct worker_model *model)
{
    return WORKER_DEPTH * engine_context_bytes(model->model) +
           place_count(model) * model->place_bytes;
}

static uint32_t take_place(struct worker_model *model)
{
    assert(model->free_count > 0);
    return model->free_place[--model->free_count];
}

void worker_model_give_place(struct worker_model *model, uint32_t place)
{
    if (place != 0)
        model->free_place[model->free_count++] = (uint16_t)place;
}

static unsigned char *place_at(const struct worker_model *model, uint32_t place)
{
    return model->between + (place - 1) * model->place_bytes;
}

struct row_place worker_model_in_place(const struct message_row *said)
{
    return (struct row_place){.row = said->row, .rows = said->rows, .encoding = said->in_encoding};
}

struct row_place worker_model_out_place(const struct message_row *said)
{
    return (struct row_place){.row = said->row, .rows = said->rows, .encoding = said->out_encoding};
}

/* A row that enters is read where its message has it, or copied from there; any other lies in its
 * private place. */
static void place_inputs(struct worker_model *model, uint32_t from, struct worker_row *row,
                         const void **inputs, uint32_t row_count)
{
    const struct engine_cut *cut = engine_model_cut(model->model, from);
    const struct row_place place = worker_model_in_place(&row->said);
    const bool enters = row->said.from == from;
    const bool is_direct = enters && row_place_is_direct(cut, &place);
    if (enters && !is_direct) {
        row->place = take_place(model);
        row_place_read(cut, &place, row->in, place_at(model, row->place));
    }
    for (uint32_t t = 0; t < cut->tensor_count; t++)
        inputs[(size_t)t * row_count] =
            is_direct ? row->in + row_place_offset(cut, &place, t)
                      : place_at(model, row->place) + row_place_private_offset(cut, t);
}

static void place_outputs(struct worker_model *model, uint32_t to, struct worker_row *row,
                          void **outputs, uint32_t row_count)
{
    const struct engine_cut *cut = engine_model_cut(model->model, to);
    const struct row_place place = worker_model_out_place(&row->said);
    const bool is_direct = row->said.to == to && row_place_is_direct(cut, &place);
    if (!is_direct && !row->next_place)
        row->next_place = take_place(model);
    for (uint32_t t = 0; t < cut->tensor_count; t++)
        outputs[(size_t)t * row_count] =
            is_direct ? row->out + row_place_offset(cut, &place, t)
                      : place_at(model, row->next_place) + row_place_private_offset(cut, t);
}

/* After the run: a row that leaves is brought to its answer, if it could not be written there at
 * once; one that goes on has moved. */
static void move_on(struct worker_model *model, uint32_t to, struct worker_row *row,
                    bool has_failed)
{
    const struct row_place place = worker_model_out_place(&row->said);
    const bool leaves = row->said.to == to;
    if (leaves && row->next_place && !has_failed)
        row_place_write(engine_model_cut(model->model, to), &place,
                        place_at(model, row->next_place), row->out);
    worker_model_give_place(model, row->place);
    row->place = row->next_place;
    row->next_place = 0;
    if (!leaves && !has_failed)
        return;
    worker_model_give_place(model, row->place);
    row->place = 0;
}

/* What the engine's questions need. */
struct asking {
    struct worker_model *model;
    struct worker_part *part;
};

static void place_all_outputs(struct worker_model *model, const struct worker_part *part)
{
    for (uint32_t r = 0; r < part->row_count; r++)
        place_outputs(model, part->to, part->rows[r], model->bench[part->depth].outputs + r,
                      part->row_count);
}

static bool asks_for_end(void *arg, uint32_t cut)
{
    const struct asking *asking = arg;
    if (!asking->part->wants_end(asking->part->arg, cut))
        return false;
    asking->part->to = cut;
    place_all_outputs(asking->model, asking->part);
    return true;
}

static bool asks_for_pause(void *arg)
{
    const struct asking *asking = arg;
    return asking->part->wants_pause(asking->part->arg);
}

static void do_pause(void *arg)
{
    const struct asking *asking = arg;
    asking->part->pause(asking->part->arg);
}

int worker_model_run(struct worker_model *model, struct worker_part *part,
                     struct engine_error *error)
{
    struct worker_bench *bench = &model->bench[part->depth];
    struct asking asking = {model, part};
    for (uint32_t r = 0; r < part->row_count; r++)
        place_inputs(model, part->from, part->rows[r], bench->inputs + r, part->row_count);
    place_all_outputs(model, part);
    const struct engine_run run = {.from = part->from,
                                   .to = part->to,
                                   .rows = part->row_count,
                                   .inputs = bench->inputs,
                                   .outputs = bench->outputs,
                                   .wants_end = asks_for_end,
                                   .wants_end_arg = &asking,
                                   .wants_pause = part->wants_pause ? asks_for_pause : NULL,
                                   .pause = do_pause,
                                   .pause_arg = &asking};
    const int rc = engine_context_run(bench->context, &run, error);
    for (uint32_t r = 0; r < part->row_count; r++)
        move_on(model, part->to, part->rows[r], rc != 0);
    return rc;
}
