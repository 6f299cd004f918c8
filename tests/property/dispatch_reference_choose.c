/* The dispatcher's rules over flat arrays: what is chosen, and what it takes. */
#include "tests/property/dispatch_reference_path.h"

#include <stddef.h>

#define NOBODY UINT32_MAX

uint32_t reference_batch(const struct reference_model *model, uint32_t from, uint32_t to)
{
    return model->has_rows[from] && model->has_rows[to] ? model->max_batch : 1;
}

/* What a row adds to a batch, as loaded. */
static uint64_t step_ns(const struct reference_model *model, uint32_t from, uint32_t to)
{
    const uint64_t one_ns = reference_ns(model, REFERENCE_LOADED, from, to, 1);
    const uint64_t full_ns = reference_ns(model, REFERENCE_LOADED, from, to, model->max_batch);
    return model->max_batch > 1 ? (full_ns - one_ns) / (model->max_batch - 1) : 0;
}

uint32_t reference_rows_left(const struct reference_request *request)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < request->facts.rows; i++)
        count += !request->is_row_done[i];
    return count;
}

uint32_t reference_chunk_rows(const struct reference *reference,
                              const struct reference_request *request)
{
    const struct dispatch_request *facts = &request->facts;
    const uint32_t end =
        request->chunk + reference_batch(&reference->models[facts->model], facts->from, facts->to);
    uint32_t count = 0;
    for (uint32_t i = request->chunk; i < end && i < facts->rows; i++)
        count += !request->is_row_done[i];
    return count;
}

bool reference_is_single(const struct reference *reference, const struct reference_request *request)
{
    const struct dispatch_request *facts = &request->facts;
    return request->is_alone || request->has_run ||
           reference_rows_left(request) >
               reference_batch(&reference->models[facts->model], facts->from, facts->to);
}

bool reference_may_join(const struct reference *reference, const struct reference_request *request)
{
    const struct dispatch_request *facts = &request->facts;
    return reference->config.mode == DISPATCH_ACROSS && request->state == REFERENCE_QUEUED &&
           !reference_is_single(reference, request) &&
           reference_batch(&reference->models[facts->model], facts->from, facts->to) > 1;
}

uint32_t reference_open_count(const struct reference *reference, uint32_t worker)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < reference->run_count; i++)
        count += reference->runs[i].worker == worker && reference->runs[i].is_open;
    return count;
}

uint64_t reference_order_ns(const struct reference *reference,
                            const struct reference_request *request)
{
    const uint64_t aged_ns = request->facts.arrived_ns + reference->config.patience_ns;
    return request->facts.deadline_ns < aged_ns ? request->facts.deadline_ns : aged_ns;
}

bool reference_is_before(const struct reference *reference, const struct reference_request *a,
                         const struct reference_request *b)
{
    const uint64_t a_ns = reference_order_ns(reference, a);
    const uint64_t b_ns = reference_order_ns(reference, b);
    return a_ns != b_ns ? a_ns < b_ns : a->sequence < b->sequence;
}

/* The two wait for the same and may run together. */
static bool is_same(const struct reference *reference, const struct reference_request *a,
                    const struct reference_request *b)
{
    return a == b || (b->state == REFERENCE_QUEUED && a->facts.model == b->facts.model &&
                      a->facts.from == b->facts.from && a->facts.to == b->facts.to &&
                      !reference_is_single(reference, a) && !reference_is_single(reference, b));
}

uint64_t reference_class_ready_ns(const struct reference *reference,
                                  const struct reference_request *one)
{
    const uint32_t from = one->facts.from, to = one->facts.to;
    const struct reference_model *model = &reference->models[one->facts.model];
    const struct reference_flow *flow = &model->class_flows[one->facts.class_index][from];
    const uint64_t one_ns = reference_ns(model, REFERENCE_LOADED, from, to, 1);
    if (flow->count < 2 || flow->gap_ns > reference->config.max_delay_ns ||
        flow->gap_ns + step_ns(model, from, to) > one_ns)
        return 0;
    uint32_t rows = 0;
    uint64_t ready_ns = flow->last_ns + 2 * flow->gap_ns;
    for (uint32_t i = 0; i < REFERENCE_REQUESTS; i++) {
        const struct reference_request *other = &reference->requests[i];
        if (!is_same(reference, one, other) || other->facts.class_index != one->facts.class_index)
            continue;
        const uint64_t enough_ns = other->came_ns + reference->config.max_delay_ns;
        rows += other->facts.rows;
        ready_ns = enough_ns < ready_ns ? enough_ns : ready_ns;
        ready_ns = other->start_by_ns < ready_ns ? other->start_by_ns : ready_ns;
    }
    return rows >= reference_batch(model, from, to) ? 0 : ready_ns;
}

/* Whether those that wait for the same as this one are to be run now. */
static bool is_ready(const struct reference *reference, const struct reference_request *one,
                     uint64_t now_ns)
{
    const struct dispatch_config *config = &reference->config;
    const uint32_t from = one->facts.from, to = one->facts.to;
    const struct reference_model *model = &reference->models[one->facts.model];
    if (reference_is_single(reference, one) || config->mode == DISPATCH_ALONE)
        return true;
    uint32_t rows = 0;
    uint64_t oldest_ns = UINT64_MAX;
    const struct reference_request *first = one;
    for (uint32_t i = 0; i < REFERENCE_REQUESTS; i++) {
        const struct reference_request *other = &reference->requests[i];
        if (!is_same(reference, one, other))
            continue;
        rows += other->facts.rows;
        oldest_ns = other->came_ns < oldest_ns ? other->came_ns : oldest_ns;
        first = reference_is_before(reference, other, first) ? other : first;
    }
    const uint32_t batch = reference_batch(model, from, to);
    if (rows >= batch || !model->has_gap[from][to])
        return true;
    const uint64_t one_ns = reference_ns(model, REFERENCE_LOADED, from, to, 1);
    const uint64_t gap_ns = model->gap_ns[from][to];
    return gap_ns > config->max_delay_ns || gap_ns + step_ns(model, from, to) > one_ns ||
           now_ns >= oldest_ns + config->max_delay_ns ||
           now_ns >= model->came_ns[from][to] + 2 * gap_ns || now_ns >= first->start_by_ns;
}

/* What is said to a worker and not closed, or not answered, fills its two places and four records.
 */
static bool is_free(const struct reference *reference, uint32_t worker, uint64_t now_ns)
{
    uint32_t records = 0, open = reference_open_count(reference, worker);
    for (uint32_t i = 0; i < reference->run_count; i++)
        records += reference->runs[i].worker == worker;
    return records < 4 && (!open || (open == 1 && reference->ends_ns[worker] <=
                                                      now_ns + reference->config.commit_ahead_ns));
}

/* The worker for it: free, has the model; idle, or done first; has the fewest models. */
static uint32_t best_worker(const struct reference *reference,
                            const struct reference_request *request, uint64_t now_ns)
{
    uint32_t best = NOBODY, best_models = 0;
    uint64_t best_ns = 0;
    for (uint32_t i = 0; i < REFERENCE_WORKERS; i++) {
        if (!reference->models[request->facts.model].has_worker[i] ||
            !is_free(reference, i, now_ns) || (request->worker != NOBODY && request->worker != i))
            continue;
        const uint64_t ends_ns = reference_open_count(reference, i) ? reference->ends_ns[i] : 0;
        uint32_t models = 0;
        for (uint32_t model = 0; model < REFERENCE_MODELS; model++)
            models += reference->models[model].has_worker[i];
        if (best == NOBODY || ends_ns < best_ns || (ends_ns == best_ns && models < best_models)) {
            best = i;
            best_ns = ends_ns;
            best_models = models;
        }
    }
    return best;
}

void reference_add_rows(const struct reference *reference, const struct reference_request *request,
                        struct dispatch_action *action)
{
    const uint32_t count = reference_chunk_rows(reference, request);
    for (uint32_t row = request->chunk, added = 0; added < count; row++)
        if (!request->is_row_done[row]) {
            action->rows[action->row_count++] =
                (struct dispatch_row){request->facts.slot, (uint16_t)row};
            added++;
        }
}

static bool is_in(const struct dispatch_action *action, uint32_t slot)
{
    for (uint32_t i = 0; i < action->row_count; i++)
        if (action->rows[i].slot == slot)
            return true;
    return false;
}

static const struct reference_request *most_urgent_left(const struct reference *reference,
                                                        const struct reference_request *first,
                                                        const struct dispatch_action *action)
{
    const struct reference_request *next = NULL;
    for (uint32_t i = 0; i < REFERENCE_REQUESTS; i++) {
        const struct reference_request *other = &reference->requests[i];
        if (is_same(reference, first, other) && !is_in(action, i) &&
            (!next || reference_is_before(reference, other, next)))
            next = other;
    }
    return next;
}

/* What a batch that starts then would end at. */
static uint64_t end_ns(const struct reference *reference, const struct dispatch_action *action,
                       uint64_t start_ns, uint32_t rows)
{
    const struct reference_model *model = &reference->models[action->model];
    return start_ns + reference_ns(model, REFERENCE_SAFE, action->from, action->to, rows);
}

/* Whether those that are left out, as many as a batch takes, would be late for the most urgent of
 * them, on whatever worker can begin with them first. */
static bool are_others_late(const struct reference *reference,
                            const struct reference_request *first, uint64_t now_ns,
                            uint64_t start_ns, const struct dispatch_action *action)
{
    const struct reference_model *model = &reference->models[action->model];
    const uint32_t batch = reference_batch(model, action->from, action->to);
    uint32_t rows = 0;
    for (uint32_t i = 0; i < REFERENCE_REQUESTS; i++)
        if (is_same(reference, first, &reference->requests[i]) && !is_in(action, i))
            rows += reference->requests[i].facts.rows;
    uint64_t begin_ns = end_ns(reference, action, start_ns, action->row_count);
    for (uint32_t i = 0; i < REFERENCE_WORKERS; i++) {
        uint64_t free_ns = reference_open_count(reference, i) ? reference->ends_ns[i] : now_ns;
        free_ns = free_ns < now_ns ? now_ns : free_ns;
        if (i != action->worker && model->has_worker[i] && free_ns < begin_ns)
            begin_ns = free_ns;
    }
    return end_ns(reference, action, begin_ns, rows < batch ? rows : batch) >
           most_urgent_left(reference, first, action)->facts.deadline_ns;
}

/* The first, then always the most urgent of the others, while they fit and nobody gets late by it.
 * Returns whom to give up instead: the first if it can not be in time even so; who is due first if
 * that leaves others out and makes them late. */
static const struct reference_request *fill(const struct reference *reference,
                                            const struct reference_request *first, uint64_t now_ns,
                                            uint64_t start_ns, struct dispatch_action *action)
{
    const struct reference_model *model = &reference->models[action->model];
    const uint32_t batch = reference_batch(model, action->from, action->to);
    const struct reference_request *due = NULL;
    if (end_ns(reference, action, start_ns, reference_rows_left(first)) > first->facts.deadline_ns)
        return first;
    for (const struct reference_request *next = first; next;) {
        const uint32_t together = action->row_count + reference_chunk_rows(reference, next);
        if (next != first && (reference->config.mode == DISPATCH_ALONE || together > batch))
            return NULL;
        const uint64_t ends_ns = end_ns(reference, action, start_ns, together);
        if (next != first &&
            (ends_ns > next->facts.deadline_ns || (due && ends_ns > due->facts.deadline_ns)))
            return due && are_others_late(reference, first, now_ns, start_ns, action) ? due : NULL;
        reference_add_rows(reference, next, action);
        if (next->facts.deadline_ns != DISPATCH_NO_DEADLINE &&
            (!due || next->facts.deadline_ns < due->facts.deadline_ns))
            due = next;
        next = most_urgent_left(reference, first, action);
    }
    return NULL;
}

static bool choose_drop(const struct reference *reference, uint64_t now_ns,
                        struct dispatch_action *action)
{
    const struct reference_request *best = NULL;
    for (uint32_t i = 0; i < REFERENCE_REQUESTS; i++) {
        const struct reference_request *request = &reference->requests[i];
        if (request->state == REFERENCE_QUEUED && request->drop_ns <= now_ns &&
            (!best || request->drop_ns < best->drop_ns ||
             (request->drop_ns == best->drop_ns && request->sequence < best->sequence)))
            best = request;
    }
    if (!best)
        return false;
    *action = (struct dispatch_action){.kind = DISPATCH_DROP, .slot = best->facts.slot};
    return true;
}

bool reference_choose(const struct reference *reference, uint64_t now_ns,
                      struct dispatch_action *action)
{
    if (choose_drop(reference, now_ns, action))
        return true;
    const struct reference_request *best = NULL;
    for (uint32_t i = 0; i < REFERENCE_REQUESTS; i++) {
        const struct reference_request *request = &reference->requests[i];
        if (request->state == REFERENCE_QUEUED &&
            (!best || reference_is_before(reference, request, best)) &&
            is_ready(reference, request, now_ns) &&
            best_worker(reference, request, now_ns) != NOBODY)
            best = request;
    }
    if (!best)
        return false;
    const uint32_t worker = best_worker(reference, best, now_ns);
    const uint64_t ends_ns =
        reference_open_count(reference, worker) ? reference->ends_ns[worker] : 0;
    *action = (struct dispatch_action){.kind = DISPATCH_RUN,
                                       .worker = worker,
                                       .urgency = REFERENCE_USUAL,
                                       .model = best->facts.model,
                                       .from = best->facts.from,
                                       .to = best->facts.to};
    const uint64_t start_ns = ends_ns > now_ns ? ends_ns : now_ns;
    if (reference_may_join(reference, best)) {
        reference_lead(reference, best, start_ns, now_ns, action);
        return true;
    }
    const struct reference_request *given_up = fill(reference, best, now_ns, start_ns, action);
    if (given_up)
        *action = (struct dispatch_action){.kind = DISPATCH_DROP, .slot = given_up->facts.slot};
    return true;
}

/* Rows that a worker was given, into the record. What they take, or add. */
static uint64_t take_rows(struct reference *reference, struct reference_run *run,
                          const struct dispatch_action *action)
{
    struct reference_path path, before;
    reference_rest(reference, run, &path);
    before = path;
    for (uint32_t i = 0; i < action->row_count; i++) {
        struct reference_request *request = &reference->requests[action->rows[i].slot];
        if (request->state == REFERENCE_QUEUED) {
            const struct reference_entry entry = reference_entry(reference, request);
            reference_path_add(&path, &entry);
        }
        run->is_answered[run->row_count] = false;
        run->rows[run->row_count++] = action->rows[i];
        request->state = REFERENCE_RUNS_NOW;
        request->worker = action->worker;
        request->is_row_running[action->rows[i].row] = true;
    }
    return reference_path_whole_ns(&path, REFERENCE_TYPICAL) -
           reference_path_whole_ns(&before, REFERENCE_TYPICAL);
}

static void apply_join(struct reference *reference, const struct dispatch_action *action)
{
    for (uint32_t i = 0; i < reference->run_count; i++) {
        struct reference_run *run = &reference->runs[i];
        if (run->worker != action->worker || run->number != action->number)
            continue;
        const uint64_t added_ns = take_rows(reference, run, action);
        run->expected_ns += added_ns;
        reference->ends_ns[action->worker] += added_ns;
    }
}

void reference_apply(struct reference *reference, const struct dispatch_action *action,
                     uint64_t now_ns)
{
    if (action->kind == DISPATCH_DROP) {
        reference->requests[action->slot].state = REFERENCE_NONE;
        return;
    }
    if (action->kind == DISPATCH_JOIN) {
        apply_join(reference, action);
        return;
    }
    struct reference_run *run = &reference->runs[reference->run_count];
    const bool is_idle = !reference_open_count(reference, action->worker);
    *run = (struct reference_run){
        .is_open = true,
        .worker = action->worker,
        .number = action->number,
        .urgency = action->urgency,
        .model = action->model,
        .from = action->from,
        .to = action->to,
        .at = action->from,
        .is_alone = !reference_may_join(reference, &reference->requests[action->rows[0].slot])};
    run->expected_ns = take_rows(reference, run, action);
    reference->run_count++;
    uint64_t *ends_ns = &reference->ends_ns[action->worker];
    if (is_idle)
        reference->began_ns[action->worker] = now_ns;
    *ends_ns = (is_idle || *ends_ns < now_ns ? now_ns : *ends_ns) + run->expected_ns;
    if (action->urgency > REFERENCE_USUAL)
        reference_reckon(reference, action->worker, now_ns);
}

void reference_measure(const struct reference *reference, uint64_t now_ns,
                       struct dispatch_load *load)
{
    *load = (struct dispatch_load){.oldest_arrived_ns = UINT64_MAX, .busy_ns = reference->busy_ns};
    for (uint32_t i = 0; i < REFERENCE_REQUESTS; i++) {
        const struct reference_request *request = &reference->requests[i];
        load->queued += request->state == REFERENCE_QUEUED;
        load->running += request->state == REFERENCE_RUNS_NOW;
        if (request->state == REFERENCE_QUEUED &&
            request->facts.arrived_ns < load->oldest_arrived_ns)
            load->oldest_arrived_ns = request->facts.arrived_ns;
    }
    for (uint32_t i = 0; i < REFERENCE_WORKERS; i++) {
        bool is_there = false;
        for (uint32_t model = 0; model < REFERENCE_MODELS; model++)
            is_there |= reference->models[model].has_worker[i];
        load->workers += is_there;
        if (reference_open_count(reference, i))
            load->busy_ns += now_ns - reference->began_ns[i];
    }
}
