/* The dispatcher's rules over flat arrays: what becomes of requests, models and workers. */
#include "tests/property/dispatch_reference_path.h"

#include <errno.h>
#include <string.h>

#define NOBODY UINT32_MAX

void reference_init(struct reference *reference, const struct dispatch_config *config)
{
    *reference = (struct reference){.config = *config};
    for (uint32_t i = 0; i < config->class_count; i++)
        reference->class_most[i] = config->classes[i].max_queued;
}

void reference_add_model(struct reference *reference, uint32_t at,
                         const struct dispatch_model *facts)
{
    struct reference_model *model = &reference->models[at];
    *model = (struct reference_model){.is_there = true,
                                      .cut_count = facts->cut_count,
                                      .max_batch = facts->max_batch,
                                      .size_count = facts->size_count};
    uint64_t later_ns[REFERENCE_SIZES] = {0}; /* from the cut to the end, as it is believed */
    for (uint32_t size = 0; size < facts->size_count; size++)
        model->sizes[size] = facts->sizes[size];
    for (uint32_t cut = facts->cut_count; cut-- > 0;) {
        model->has_rows[cut] = facts->has_rows[cut];
        for (uint32_t size = 0; cut + 1 < facts->cut_count && size < facts->size_count; size++) {
            const uint64_t ns = facts->remaining_ns[size * facts->cut_count + cut];
            uint64_t layer_ns = size ? model->layer_ns[size - 1][cut] : 1; /* at least */
            if (ns > later_ns[size] + layer_ns)
                layer_ns = ns - later_ns[size];
            model->layer_ns[size][cut] = layer_ns;
            later_ns[size] += layer_ns;
        }
    }
}

int reference_remove_model(struct reference *reference, uint32_t at)
{
    for (uint32_t i = 0; i < REFERENCE_REQUESTS; i++)
        if (reference->requests[i].state != REFERENCE_NONE &&
            reference->requests[i].facts.model == at)
            return -EBUSY;
    for (uint32_t i = 0; i < reference->run_count; i++)
        if (reference->runs[i].is_open && reference->runs[i].model == at)
            return -EBUSY;
    reference->models[at] = (struct reference_model){0};
    return 0;
}

void reference_worker_has(struct reference *reference, uint32_t worker, uint32_t model)
{
    reference->models[model].has_worker[worker] = true;
}

void reference_worker_lost_model(struct reference *reference, uint32_t worker, uint32_t model)
{
    reference->models[model].has_worker[worker] = false;
    for (uint32_t i = 0; i < REFERENCE_REQUESTS; i++) {
        struct reference_request *request = &reference->requests[i];
        if (request->state == REFERENCE_QUEUED && request->facts.model == model &&
            request->worker == worker)
            request->worker = NOBODY;
    }
}

/* Forgets the dispatches that are over. */
static void sweep(struct reference *reference)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < reference->run_count; i++) {
        const struct reference_run *run = &reference->runs[i];
        if (run->is_open || run->answered_count < run->row_count)
            reference->runs[kept++] = *run;
    }
    reference->run_count = kept;
}

void reference_worker_gone(struct reference *reference, uint32_t worker, uint64_t latest_ns)
{
    if (reference_open_count(reference, worker))
        reference->busy_ns += latest_ns - reference->began_ns[worker];
    for (uint32_t i = 0; i < REFERENCE_MODELS; i++)
        reference->models[i].has_worker[worker] = false;
    for (uint32_t i = 0; i < REFERENCE_REQUESTS; i++)
        if (reference->requests[i].state != REFERENCE_NONE &&
            reference->requests[i].worker == worker)
            reference->requests[i].state = REFERENCE_NONE;
    for (uint32_t i = 0; i < reference->run_count; i++)
        if (reference->runs[i].worker == worker)
            reference->runs[i] = (struct reference_run){.row_count = 0};
    sweep(reference);
}

static uint64_t before_ns(uint64_t deadline_ns, uint64_t needed_ns)
{
    if (deadline_ns == DISPATCH_NO_DEADLINE)
        return UINT64_MAX;
    return deadline_ns > needed_ns ? deadline_ns - needed_ns : 0;
}

static void begin_to_wait(struct reference *reference, struct reference_request *request,
                          uint64_t now_ns)
{
    const struct dispatch_request *facts = &request->facts;
    const struct reference_model *model = &reference->models[facts->model];
    const uint32_t batch = reference_batch(model, facts->from, facts->to);
    const uint64_t alone_ns =
        reference_ns(model, REFERENCE_SAFE, facts->from, facts->to, reference_rows_left(request));
    const uint64_t full_ns = reference_ns(model, REFERENCE_SAFE, facts->from, facts->to, batch);
    request->state = REFERENCE_QUEUED;
    request->came_ns = now_ns;
    request->start_by_ns = before_ns(facts->deadline_ns, full_ns);
    request->drop_ns = before_ns(facts->deadline_ns, alone_ns);
    request->drop_ns += request->drop_ns != UINT64_MAX;
    if (reference_may_join(reference, request))
        reference->models[facts->model].is_to_look = true;
}

static void accept(struct reference *reference, const struct dispatch_request *facts, bool is_alone,
                   uint64_t now_ns)
{
    struct reference_request *request = &reference->requests[facts->slot];
    *request = (struct reference_request){.facts = *facts,
                                          .is_alone = is_alone,
                                          .worker = NOBODY,
                                          .sequence = reference->next_sequence++};
    begin_to_wait(reference, request, now_ns);
}

/* Notes that one came: the interval counts a quarter, and no more than four times the delay. */
static void note_interval(struct reference *reference, const struct reference_request *request,
                          uint64_t now_ns)
{
    const uint32_t from = request->facts.from, to = request->facts.to;
    struct reference_model *model = &reference->models[request->facts.model];
    if (model->has_come[from][to]) {
        uint64_t interval_ns = now_ns - model->came_ns[from][to];
        if (interval_ns > 4 * reference->config.max_delay_ns)
            interval_ns = 4 * reference->config.max_delay_ns;
        uint64_t *gap_ns = &model->gap_ns[from][to];
        *gap_ns = model->has_gap[from][to] ? (3 * *gap_ns + interval_ns) / 4 : interval_ns;
        model->has_gap[from][to] = true;
    }
    model->has_come[from][to] = true;
    model->came_ns[from][to] = now_ns;
}

/* A correction that refuses what the loaded times would let in is doubted. */
static bool is_late(struct reference_model *model, const struct dispatch_request *facts,
                    uint64_t now_ns)
{
    if (facts->deadline_ns == DISPATCH_NO_DEADLINE)
        return false;
    const uint32_t from = facts->from, to = facts->to, rows = facts->rows;
    if (now_ns + reference_ns(model, REFERENCE_SAFE, from, to, rows) <= facts->deadline_ns)
        return false;
    if (now_ns + reference_ns(model, REFERENCE_LOADED, from, to, rows) <= facts->deadline_ns)
        reference_doubt(model);
    return true;
}

/* How long the class's requests have, lately: what is longer than the patience counts as that. */
static void note_class(struct reference *reference, const struct dispatch_request *facts,
                       uint64_t now_ns)
{
    double *usual_ns = &reference->usual_ns[facts->class_index];
    const uint64_t most_ns = reference->config.patience_ns, left_ns = facts->deadline_ns - now_ns;
    const double has_ns = (double)(left_ns < most_ns ? left_ns : most_ns);
    *usual_ns = *usual_ns > 0 ? *usual_ns + (has_ns - *usual_ns) / 32 : has_ns;
}

/* When requests that may go with others come there: each interval counts an eighth. */
static void note_flow(struct reference_flow *flow, uint64_t now_ns)
{
    if (flow->count == 1)
        flow->gap_ns = now_ns - flow->last_ns;
    if (flow->count > 1)
        flow->gap_ns = (7 * flow->gap_ns + now_ns - flow->last_ns) / 8;
    flow->count++;
    flow->last_ns = now_ns;
}

enum dispatch_verdict reference_submit(struct reference *reference,
                                       const struct dispatch_request *facts, uint64_t now_ns)
{
    if (facts->model >= REFERENCE_MODELS || !reference->models[facts->model].is_there ||
        facts->to >= reference->models[facts->model].cut_count || facts->from >= facts->to ||
        !facts->rows)
        return DISPATCH_NO_MODEL;
    if (is_late(&reference->models[facts->model], facts, now_ns))
        return DISPATCH_LATE;
    note_class(reference, facts, now_ns);
    uint32_t queued = 0, of_class = 0;
    for (uint32_t i = 0; i < REFERENCE_REQUESTS; i++) {
        const struct reference_request *request = &reference->requests[i];
        queued += request->state == REFERENCE_QUEUED;
        of_class +=
            request->state == REFERENCE_QUEUED && request->facts.class_index == facts->class_index;
    }
    if (queued >= reference->config.max_queued ||
        of_class >= reference->class_most[facts->class_index])
        return DISPATCH_FULL;
    accept(reference, facts, false, now_ns);
    const struct reference_request *request = &reference->requests[facts->slot];
    if (!reference_is_single(reference, request))
        note_interval(reference, request, now_ns);
    struct reference_model *model = &reference->models[facts->model];
    if (reference_may_join(reference, request)) {
        note_flow(&model->flows[facts->from], now_ns);
        note_flow(&model->class_flows[facts->class_index][facts->from], now_ns);
    }
    reference->class_came_ns[facts->class_index] = now_ns;
    return DISPATCH_QUEUED;
}

void reference_requeue(struct reference *reference, const struct dispatch_request *facts,
                       bool is_alone, uint64_t now_ns)
{
    accept(reference, facts, is_alone, now_ns);
}

int reference_cancel(struct reference *reference, uint32_t slot)
{
    struct reference_request *request = &reference->requests[slot];
    if (request->state == REFERENCE_NONE)
        return -ENOENT;
    if (request->state == REFERENCE_RUNS_NOW) {
        request->is_cancelled = true;
        return -EBUSY;
    }
    request->state = REFERENCE_NONE;
    return 0;
}

static struct reference_run *find_run(struct reference *reference, uint32_t worker, uint32_t number)
{
    for (uint32_t i = 0; i < reference->run_count; i++)
        if (reference->runs[i].worker == worker && reference->runs[i].number == number)
            return &reference->runs[i];
    return NULL;
}

static bool answer(struct reference_run *run, uint32_t slot, uint16_t row, bool was_run)
{
    for (uint32_t i = 0; i < run->row_count; i++)
        if (!run->is_answered[i] && run->rows[i].slot == slot && run->rows[i].row == row) {
            run->is_answered[i] = true;
            run->answered_count++;
            run->missed_count += !was_run;
            return true;
        }
    return false;
}

bool reference_row_done(struct reference *reference, uint32_t worker, uint32_t number,
                        uint32_t slot, uint16_t row, bool was_run, uint64_t now_ns)
{
    struct reference_run *run = find_run(reference, worker, number);
    if (!run || !answer(run, slot, row, was_run))
        return false;
    sweep(reference);
    struct reference_request *request = &reference->requests[slot];
    request->is_row_running[row] = false;
    request->is_row_done[row] = was_run;
    request->has_run |= was_run;
    for (uint32_t i = 0; i < request->facts.rows; i++)
        if (request->is_row_running[i])
            return false;
    if (request->is_cancelled || !reference_rows_left(request)) {
        request->state = REFERENCE_NONE;
        return true;
    }
    const struct reference_model *model = &reference->models[request->facts.model];
    if (!request->has_run || !model->has_worker[worker])
        request->worker = NOBODY;
    while (!reference_chunk_rows(reference, request))
        request->chunk += reference_batch(model, request->facts.from, request->facts.to);
    begin_to_wait(reference, request, now_ns);
    return false;
}

void reference_segment(struct reference *reference, uint32_t worker, uint32_t number, uint32_t from,
                       uint32_t to, uint32_t rows, uint64_t began_ns, uint64_t ended_ns,
                       uint64_t now_ns)
{
    struct reference_run *run = find_run(reference, worker, number);
    struct reference_model *model = &reference->models[run->model];
    const bool is_over = ended_ns > began_ns;
    run->at = to > run->at ? to : run->at;
    run->part_from = from;
    run->part_rows = rows;
    run->part_began_ns = is_over ? 0 : began_ns;
    if (is_over)
        reference_measure_layers(model, from, to, rows, ended_ns - began_ns);
    for (uint32_t i = 0; is_over && i < reference->run_count; i++) {
        struct reference_run *other = &reference->runs[i];
        if (other->worker == worker && other->is_open && other->part_began_ns &&
            other->urgency < run->urgency) /* it stood still */
            other->part_began_ns += ended_ns - began_ns;
    }
    if (reference->config.mode == DISPATCH_ACROSS)
        reference_reckon(reference, worker, now_ns);
    model->is_to_look |= !is_over;
}

int reference_run_done(struct reference *reference, uint32_t worker, uint32_t number,
                       uint64_t now_ns)
{
    struct reference_run *run = find_run(reference, worker, number);
    if (!run || !run->is_open)
        return -ENOENT;
    run->is_open = false;
    run->part_began_ns = 0;
    reference->busy_ns += now_ns - reference->began_ns[worker];
    reference->began_ns[worker] = reference->ends_ns[worker] = now_ns;
    for (uint32_t i = 0; i < reference->run_count; i++)
        if (reference->runs[i].worker == worker && reference->runs[i].is_open)
            reference->ends_ns[worker] += reference->runs[i].expected_ns;
    if (reference->config.mode == DISPATCH_ACROSS)
        reference_reckon(reference, worker, now_ns);
    for (uint32_t i = 0; i < REFERENCE_MODELS; i++)
        reference->models[i].is_to_look |= run->urgency > REFERENCE_USUAL;
    sweep(reference);
    return 0;
}
