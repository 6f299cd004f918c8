/* Contexts: the memory of a run, and the run itself, phase by phase and round by round. */
#include "compute/engine/context.h"
#include "compute/kernels/blas.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define ALIGNMENT 64
#define HUGE_PAGE_BYTES ((size_t)2 << 20)

/* Offsets of the parts of a context's memory. */
struct context_layout {
    size_t tensors, operands, rows, scratch, arena, bytes;
};

static size_t round_up(size_t bytes, size_t to)
{
    return (bytes + to - 1) / to * to;
}

static struct context_layout lay_out(const struct engine_model *model)
{
    size_t operands = 0, rows = 0, scratch = 0, arena = 0;
    for (uint32_t n = 0; n < model->graph.node_count; n++) {
        size_t count =
            (size_t)model->graph.nodes[n].input_count + model->graph.nodes[n].output_count;
        if (count > operands)
            operands = count;
    }
    for (uint32_t p = 0; p < model->plan_count; p++) {
        const struct plan *plan = &model->plans[p];
        size_t images = 1;
        for (uint32_t s = 0; s < plan->step_count; s++)
            if (plan->steps[s].images_per_row > images)
                images = plan->steps[s].images_per_row;
        if (2 * images * plan->batch > rows)
            rows = 2 * images * plan->batch;
        scratch = plan->scratch_bytes > scratch ? plan->scratch_bytes : scratch;
        arena = plan->arena_bytes > arena ? plan->arena_bytes : arena;
    }
    for (uint32_t v = 0; v < model->graph.value_count; v++) { /* images that only cross a cut */
        const struct shape *shape = &model->one.tensors[v].shape;
        size_t images = shape->rank > 0 ? (size_t)shape->dims[0] : 1;
        bool is_image =
            shape->rank >= 2 && shape->rank <= 4 && tensor_count(&model->one.tensors[v]) > 0;
        if (is_image && 2 * images * model->config.max_batch > rows)
            rows = 2 * images * model->config.max_batch;
    }
    struct context_layout layout;
    layout.tensors = round_up(sizeof(struct engine_context), ALIGNMENT);
    layout.operands = layout.tensors + round_up(operands * sizeof(struct tensor), ALIGNMENT);
    layout.rows = layout.operands + round_up(operands * sizeof(void *), ALIGNMENT);
    layout.scratch = layout.rows + round_up(rows * sizeof(void *), ALIGNMENT);
    layout.arena = layout.scratch + round_up(scratch, ALIGNMENT);
    layout.bytes = layout.arena + round_up(arena, ALIGNMENT);
    return layout;
}

size_t engine_context_bytes(const struct engine_model *model)
{
    return lay_out(model).bytes;
}

/* All but its threads. */
static int take_memory(const struct engine_model *model, void *memory,
                       struct engine_context **context, struct engine_error *error)
{
    struct context_layout layout = lay_out(model);
    void *own = NULL;
    if (!memory) {
        size_t bytes = round_up(layout.bytes, HUGE_PAGE_BYTES);
        memory = own = bytes < layout.bytes ? NULL : aligned_alloc(HUGE_PAGE_BYTES, bytes);
        if (!own) {
            char need[96];
            snprintf(need, sizeof(need), "no memory for %zu MiB of tensors", layout.bytes >> 20);
            return model_fail(error, -ENOMEM, need, NULL);
        }
        madvise(own, bytes, MADV_HUGEPAGE);
    }
    char *base = memory;
    *context = memory;
    **context =
        (struct engine_context){.model = model,
                                .own_memory = own,
                                .tensors = (struct tensor *)(base + layout.tensors),
                                .operands = (const struct tensor **)(base + layout.operands),
                                .rows = (const void **)(base + layout.rows),
                                .scratch = base + layout.scratch,
                                .arena = base + layout.arena};
    return 0;
}

int engine_context_create(const struct engine_model *model, void *memory,
                          struct engine_context **out, struct engine_error *error)
{
    struct engine_context *context;
    int rc = take_memory(model, memory, &context, error);
    if (rc)
        return rc;
    blas_use_calling_thread();
    rc = thread_pool_create(model->config.threads, &context->pool);
    if (rc) {
        free(context->own_memory);
        return model_fail(error, rc, "cannot start threads", NULL);
    }
    *out = context;
    return 0;
}

int engine_context_create_beside(const struct engine_context *first, void *memory,
                                 struct engine_context **context, struct engine_error *error)
{
    const int rc = take_memory(first->model, memory, context, error);
    if (rc)
        return rc;
    (*context)->pool = first->pool;
    (*context)->is_beside = true;
    return 0;
}

void engine_context_destroy(struct engine_context *context)
{
    if (!context)
        return;
    if (!context->is_beside)
        thread_pool_destroy(context->pool);
    free(context->own_memory);
}

/* A range of a plan, and what comes in and goes out. */
struct range {
    const struct plan *plan;
    const struct cut *from, *to;
    uint32_t first, end; /* steps */
    const struct engine_run *run;
};

static bool is_micro(const struct plan *plan, uint32_t place)
{
    uint32_t buffer = plan->places[place].buffer;
    return buffer != PLAN_NONE && plan->buffers[buffer].is_micro;
}

/* Loads what enters: into each place that a step before the range would have filled and a step of
 * the range reads. micro: only (or only not) into buffers that hold one round. */
static void load(struct engine_context *context, const struct range *range, bool micro,
                 uint32_t first_row, uint32_t rows)
{
    const struct plan *plan = range->plan;
    for (uint32_t t = 0; t < range->from->count; t++) {
        uint32_t value = range->from->values[t];
        const uint32_t places[] = {plan->plain[value], plan->last[value]};
        for (int i = 0; i < 2; i++) {
            if (places[i] == PLAN_NONE)
                continue;
            const struct place *place = &plan->places[places[i]];
            bool is_before = place->is_input || place->written < range->first;
            if (place->buffer == PLAN_NONE || !is_before || place->last_use < range->first ||
                is_micro(plan, places[i]) != micro)
                continue;
            rows_load(context, plan, places[i], first_row, rows,
                      range->run->inputs + (size_t)t * plan->batch);
        }
    }
}

/* The place from which a value can leave at the end of the range: written, and not given up. */
static uint32_t leaving_place(const struct range *range, uint32_t value)
{
    const struct plan *plan = range->plan;
    const uint32_t places[] = {plan->plain[value], plan->last[value]};
    for (int i = 0; i < 2; i++) {
        if (places[i] == PLAN_NONE)
            continue;
        const struct place *place = &plan->places[places[i]];
        bool is_written = place->is_input || place->written < range->end;
        if (place->buffer == PLAN_NONE || (is_written && place->last_use >= range->end))
            return places[i];
    }
    return PLAN_NONE;
}

static void store(struct engine_context *context, const struct range *range, bool micro,
                  uint32_t first_row, uint32_t rows)
{
    for (uint32_t t = 0; t < range->to->count; t++) {
        uint32_t place = leaving_place(range, range->to->values[t]);
        if (place != PLAN_NONE && is_micro(range->plan, place) == micro)
            rows_store(context, range->plan, place, first_row, rows,
                       range->run->outputs + (size_t)t * range->plan->batch);
    }
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void run_steps(struct engine_context *context, const struct range *range, uint32_t first,
                      uint32_t end, uint32_t first_row, uint32_t rows)
{
    uint64_t *layer_ns = range->run->layer_ns;
    uint64_t before = layer_ns ? now_ns() : 0;
    for (uint32_t s = first; s < end; s++) {
        const struct step *step = &range->plan->steps[s];
        step_run(context, range->plan, step, first_row, rows);
        thread_pool_look(context->pool);
        if (layer_ns) {
            uint64_t after = now_ns();
            layer_ns[step->layer] += after - before;
            before = after;
        }
    }
}

/* Its steps of [begin, stop), which cut a phase of several rounds only at the range's ends. */
static void run_phase(struct engine_context *context, const struct range *range,
                      const struct phase *phase, uint32_t begin, uint32_t stop)
{
    uint32_t first = phase->first > begin ? phase->first : begin;
    uint32_t end = phase->end < stop ? phase->end : stop;
    if (first >= end)
        return;
    uint32_t batch = range->plan->batch;
    for (uint32_t row = 0; row < batch; row += phase->rows) {
        uint32_t rows = batch - row < phase->rows ? batch - row : phase->rows;
        if (first == range->first)
            load(context, range, true, row, rows);
        run_steps(context, range, first, end, row, rows);
        if (end == range->end)
            store(context, range, true, row, rows);
    }
}

/* Rows can be told apart at this cut, or there is only one. */
static bool has_rows(const struct engine_model *model, uint32_t cut, uint32_t rows)
{
    const struct engine_cut *view = &model->cut_views[cut];
    for (uint32_t t = 0; t < view->tensor_count && rows > 1; t++)
        if (view->tensors[t].batch_axis < 0)
            return false;
    return true;
}

static int check_run(const struct engine_model *model, const struct engine_run *run,
                     struct graph_error *error)
{
    uint32_t last = model->cuts.count - 1;
    if (run->from >= run->to || run->to > last)
        return graph_fail(error, -EINVAL,
                          "cuts %u to %u are not a range; this network's cuts are 0 to %u",
                          run->from, run->to, last);
    if (!model_plan(model, run->rows))
        return graph_fail(error, -EINVAL, "%u rows; this model was prepared for %u to %u",
                          run->rows, model->config.min_batch, model->config.max_batch);
    if (!model->packed && model->weights.bytes > 0)
        return graph_fail(error, -EINVAL, "the model's weights were neither packed nor attached");
    if (!has_rows(model, run->from, run->rows) || !has_rows(model, run->to, run->rows))
        return graph_fail(error, -ENOTSUP,
                          "the rows of a batch cannot be told apart at cut %u or %u; run one row",
                          run->from, run->to);
    return 0;
}

static void run_part(struct engine_context *context, const struct range *range, uint32_t begin,
                     uint32_t stop)
{
    for (uint32_t p = 0; p < range->plan->phase_count; p++)
        run_phase(context, range, &range->plan->phases[p], begin, stop);
}

static uint32_t step_of(const struct plan *plan, const struct engine_model *model, uint32_t cut)
{
    return plan->layer_first[model->cuts.items[cut].boundary];
}

/* Between two steps of a phase that runs some rows to its end before it begins the others. */
static bool is_inside_rounds(const struct plan *plan, uint32_t step)
{
    for (uint32_t p = 0; p < plan->phase_count; p++) {
        const struct phase *phase = &plan->phases[p];
        if (phase->first < step && step < phase->end)
            return phase->rows < plan->batch;
    }
    return false;
}

bool engine_model_can_pause(const struct engine_model *model, uint32_t rows, uint32_t cut)
{
    const struct plan *plan = cut < model->cuts.count ? model_plan(model, rows) : NULL;
    return plan && has_rows(model, cut, rows) && !is_inside_rounds(plan, step_of(plan, model, cut));
}

/* A run that goes no further: what would have been used behind this cut leaves here. */
static void leave_at(struct engine_context *context, const struct range *range, uint32_t cut,
                     uint32_t step)
{
    struct range ended = *range;
    ended.to = &context->model->cuts.items[cut];
    ended.end = step;
    store(context, &ended, false, 0, ended.run->rows);
    store(context, &ended, true, 0, ended.run->rows);
}

static void run_range(struct engine_context *context, const struct engine_run *run)
{
    const struct engine_model *model = context->model;
    const struct plan *plan = model_plan(model, run->rows);
    struct range range = {.plan = plan,
                          .from = &model->cuts.items[run->from],
                          .to = &model->cuts.items[run->to],
                          .run = run};
    range.first = plan->layer_first[range.from->boundary];
    range.end = plan->layer_first[range.to->boundary];
    load(context, &range, false, 0, run->rows);
    uint32_t at = range.first;
    for (uint32_t cut = run->from + 1; run->wants_end && cut < run->to; cut++) {
        const uint32_t step = step_of(plan, model, cut);
        if (is_inside_rounds(plan, step))
            continue;
        run_part(context, &range, at, step);
        at = step;
        if (run->wants_end(run->wants_end_arg, cut)) {
            leave_at(context, &range, cut, step);
            return;
        }
    }
    run_part(context, &range, at, range.end);
    store(context, &range, false, 0, run->rows);
}

int engine_context_run(struct engine_context *context, const struct engine_run *run,
                       struct engine_error *error)
{
    struct graph_error cause = {0};
    const int rc = check_run(context->model, run, &cause);
    if (rc)
        return model_fail(error, rc, context->model->path, &cause);
    const struct thread_pool_pause pause = {
        .is_wanted = run->wants_pause, .work = run->pause, .arg = run->pause_arg};
    const struct thread_pool_pause before = thread_pool_set_pause(context->pool, &pause);
    run_range(context, run);
    thread_pool_set_pause(context->pool, &before);
    return 0;
}
