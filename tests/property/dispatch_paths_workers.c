/* A server in virtual time whose requests join across cuts: its workers, which follow paths as
 * compute/worker does. */
#include "tests/property/dispatch_paths.h"

#define NOBODY UINT32_MAX
#define MS UINT64_C(1000000)

static const struct dispatch_request *facts_of(const struct paths *paths,
                                               const struct paths_row *row)
{
    return &paths->requests[row->said.slot].facts;
}

static const struct paths_model *model_of(const struct paths *paths, const struct paths_run *run)
{
    return &paths->models[run->said.model];
}

static uint64_t all_rows(const struct paths_request *request)
{
    return (UINT64_C(1) << request->facts.rows) - 1;
}

static void say_row(struct paths *paths, uint32_t at, uint32_t number,
                    const struct dispatch_row *row, bool was_run)
{
    struct paths_request *request = &paths->requests[row->slot];
    const uint64_t bit = UINT64_C(1) << row->row;
    paths_expect(paths, request->is_in && request->running & bit, "what is answered runs");
    request->running &= ~bit;
    request->done |= was_run ? bit : 0;
    paths->missed_count += !was_run;
    if (!request->running && !request->done)
        request->worker = NOBODY;
    if (paths->has_reference)
        reference_row_done(&paths->reference, at, number, row->slot, row->row, was_run,
                           paths->now_ns);
    const bool is_over =
        !request->running && (request->is_cancelled || request->done == all_rows(request));
    const bool was_over =
        dispatch_row_done(paths->dispatch, at, number, row->slot, row->row, was_run, paths->now_ns);
    paths_expect(paths, was_over == is_over, "a request is over with its last row");
    if (!is_over)
        return;
    const struct paths_model *model = &paths->models[request->facts.model];
    const bool is_one = request->facts.rows == 1 || (request->facts.rows <= model->max_batch &&
                                                     model->has_rows[request->facts.from] &&
                                                     model->has_rows[request->facts.to]);
    paths->late_count +=
        is_one && !request->is_cancelled && paths->now_ns > request->facts.deadline_ns && was_run;
    paths_end(paths, row->slot, request->is_cancelled ? PATHS_CANCELLED : PATHS_DONE);
}

/* Rows that pass through the layer after the cut. */
static uint32_t load_at(const struct paths *paths, const struct paths_run *run, uint32_t cut)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < run->row_count; i++) {
        const struct dispatch_request *facts = facts_of(paths, &run->rows[i]);
        count += facts->from <= cut && cut < facts->to;
    }
    return count;
}

static uint32_t next_end(const struct paths *paths, const struct paths_run *run)
{
    uint32_t end = run->said.to;
    for (uint32_t i = 0; i < run->row_count; i++) {
        const struct dispatch_request *facts = facts_of(paths, &run->rows[i]);
        const uint32_t cut = run->rows[i].is_active ? facts->to : facts->from;
        end = cut > run->at && cut < end ? cut : end;
    }
    for (uint32_t cut = run->at + 1; cut < end; cut++)
        if (run->said.stops[cut / 64] >> cut % 64 & 1 && model_of(paths, run)->has_rows[cut])
            return cut;
    return end;
}

static uint32_t enter(const struct paths *paths, struct paths_run *run)
{
    uint32_t next = UINT32_MAX, active = 0;
    for (uint32_t i = 0; i < run->row_count; i++) {
        const uint32_t from = facts_of(paths, &run->rows[i])->from;
        active += run->rows[i].is_active;
        next = from < next ? from : next;
    }
    if (!active && next > run->at)
        run->at = next;
    for (uint32_t i = 0; i < run->row_count; i++) {
        struct paths_row *row = &run->rows[i];
        if (!row->is_active && facts_of(paths, row)->from == run->at) {
            row->is_active = true;
            active++;
        }
    }
    return active;
}

/* A part is over, or with ended_ns 0 has begun. */
static void say_part(struct paths *paths, uint32_t at, const struct paths_run *run,
                     uint64_t ended_ns)
{
    const struct paths_worker *worker = &paths->workers[at];
    const uint64_t began_ns = worker->began_ns - worker->spent_ns;
    paths_expect(paths,
                 !dispatch_segment(paths->dispatch, at, run->said.number, run->at, worker->end,
                                   worker->part_rows, began_ns, ended_ns, paths->now_ns),
                 "a dispatch whose part is told is open");
    if (paths->has_reference)
        reference_segment(&paths->reference, at, run->said.number, run->at, worker->end,
                          worker->part_rows, began_ns, ended_ns, paths->now_ns);
}

static uint32_t index_of(const struct paths_worker *worker, uint32_t number)
{
    uint32_t index = 0;
    while (index < worker->run_count && worker->runs[index].said.number != number)
        index++;
    return index;
}

/* The most urgent; while one is held, only who is more urgent. False: none. */
static bool choose(struct paths_worker *worker)
{
    const bool is_held = worker->held.is_there;
    const uint32_t held = is_held ? index_of(worker, worker->held.number) : NOBODY;
    worker->running = is_held ? held : 0;
    for (uint32_t i = 0; i < worker->run_count; i++)
        if (worker->runs[i].said.urgency > worker->runs[worker->running].said.urgency)
            worker->running = i;
    return worker->run_count && worker->running != held;
}

/* What was held goes on, without a word. */
static void resume(struct paths *paths, struct paths_worker *worker)
{
    const struct paths_held held = worker->held;
    worker->held.is_there = false;
    worker->end = held.end;
    worker->part_rows = held.part_rows;
    worker->spent_ns = held.spent_ns;
    worker->began_ns = paths->now_ns;
    worker->ends_ns = paths->now_ns + held.left_ns;
}

static void begin(struct paths *paths, uint32_t at)
{
    struct paths_worker *worker = &paths->workers[at];
    const bool is_any = choose(worker);
    worker->spent_ns = 0;
    worker->is_running = is_any || worker->held.is_there;
    if (!is_any && worker->held.is_there)
        resume(paths, worker);
    if (!is_any)
        return;
    struct paths_run *run = &worker->runs[worker->running];
    worker->part_rows = enter(paths, run);
    worker->end = next_end(paths, run);
    run->has_begun = true;
    uint64_t ns = paths_part_ns(model_of(paths, run), run->at, worker->end, worker->part_rows);
    if (paths->has_faults)
        ns = ns * paths_between(paths, 50, 250) / 100;
    worker->began_ns = paths->now_ns;
    worker->ends_ns = paths->now_ns + ns;
    say_part(paths, at, run, 0);
}

/* A more urgent one was given: it runs inside of the part. */
static void interrupt(struct paths *paths, uint32_t at)
{
    struct paths_worker *worker = &paths->workers[at];
    const struct paths_run *run = &worker->runs[worker->running];
    const uint32_t before = worker->running;
    if (worker->is_hung || worker->held.is_there || worker->ends_ns <= paths->now_ns ||
        (paths->has_faults && paths_chance(paths, 30)))
        return;
    worker->held =
        (struct paths_held){.is_there = true,
                            .number = run->said.number,
                            .end = worker->end,
                            .part_rows = worker->part_rows,
                            .spent_ns = worker->spent_ns + paths->now_ns - worker->began_ns,
                            .left_ns = worker->ends_ns - paths->now_ns};
    if (choose(worker)) {
        paths->held_count++;
        begin(paths, at);
        return;
    }
    worker->running = before;
    worker->held.is_there = false;
}

static void close_run(struct paths *paths, uint32_t at, uint32_t index)
{
    struct paths_worker *worker = &paths->workers[at];
    const struct paths_run *run = &worker->runs[index];
    paths_expect(
        paths,
        !dispatch_run_done(paths->dispatch, at, run->said.number, run->compute_ns, paths->now_ns),
        "a dispatch that was given can be closed");
    if (paths->has_reference)
        reference_run_done(&paths->reference, at, run->said.number, paths->now_ns);
    worker->run_count--;
    for (uint32_t i = index; i < worker->run_count; i++)
        worker->runs[i] = worker->runs[i + 1];
}

void paths_work(struct paths *paths, uint32_t at)
{
    struct paths_worker *worker = &paths->workers[at];
    if (worker->is_hung || !worker->is_running || worker->ends_ns > paths->now_ns)
        return;
    struct paths_run *run = &worker->runs[worker->running];
    say_part(paths, at, run, paths->now_ns);
    run->at = worker->end;
    run->compute_ns += paths->now_ns - worker->began_ns + worker->spent_ns;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < run->row_count; i++) {
        const struct paths_row row = run->rows[i];
        if (row.is_active && facts_of(paths, &row)->to == run->at)
            say_row(paths, at, run->said.number, &row.said, true);
        else
            run->rows[kept++] = row;
    }
    run->row_count = kept;
    if (!kept)
        close_run(paths, at, worker->running);
    begin(paths, at);
}

/* A row that is given to a worker may run there, and does not run already. */
static void check_row(struct paths *paths, const struct dispatch_action *action,
                      const struct dispatch_row *row)
{
    struct paths_request *request = &paths->requests[row->slot];
    const struct dispatch_request *facts = &request->facts;
    const uint64_t bit = UINT64_C(1) << row->row;
    paths_expect(paths, request->is_in && !request->is_cancelled, "what runs is in");
    paths_expect(paths, facts->model == action->model, "rows of one dispatch share their model");
    paths_expect(paths, facts->from >= action->from && facts->to <= action->to,
                 "a path is as long as its rows");
    paths_expect(paths, row->row < facts->rows && !((request->done | request->running) & bit),
                 "a row is run once");
    paths_expect(paths, request->worker == NOBODY || request->worker == action->worker,
                 "a request stays with its worker");
    request->running |= bit;
    request->worker = action->worker;
}

/* As compute/worker/worker_path.c takes them. */
static void add_rows(struct paths *paths, uint32_t at, uint32_t index,
                     const struct dispatch_action *action)
{
    struct paths_worker *worker = &paths->workers[at];
    struct paths_run *run = &worker->runs[index];
    const bool is_held = worker->held.is_there && worker->held.number == run->said.number;
    const bool is_running = worker->is_running && worker->running == index;
    const uint32_t first = is_held ? worker->held.end : is_running ? worker->end : run->at;
    for (uint32_t i = 0; i < action->row_count; i++) {
        const struct paths_row row = {.said = action->rows[i]};
        const struct dispatch_request *facts = facts_of(paths, &row);
        check_row(paths, action, &action->rows[i]);
        paths_expect(paths, run->row_count < DISPATCH_MAX_BATCH, "so many rows are alive at once");
        paths_expect(paths, facts->to <= run->said.to && facts->from >= run->said.from,
                     "a row goes where its path goes");
        if (paths->wrong)
            return;
        const bool is_missed = facts->from < first || (paths->has_faults && paths_chance(paths, 3));
        paths_expect(paths, !is_missed || paths->has_faults, "nobody comes too late");
        if (is_missed)
            say_row(paths, at, action->number, &row.said, false);
        else
            run->rows[run->row_count++] = row;
    }
    const struct paths_model *model = model_of(paths, run);
    for (uint32_t cut = run->said.from; cut < run->said.to; cut++)
        paths_expect(paths, load_at(paths, run, cut) <= model->max_batch,
                     "no batch is larger than it may be");
    for (uint32_t i = 0; i < run->row_count; i++) {
        const struct dispatch_request *facts = facts_of(paths, &run->rows[i]);
        const bool is_alone = !model->has_rows[facts->from] || !model->has_rows[facts->to];
        paths_expect(paths, !is_alone || run->row_count == 1,
                     "where rows can not be told apart one runs by itself");
        for (uint32_t k = 0; k < run->row_count; k++)
            paths_expect(paths,
                         !paths->requests[run->rows[i].said.slot].is_alone ||
                             run->rows[k].said.slot == run->rows[i].said.slot,
                         "what is to run alone does");
    }
}

void paths_take(struct paths *paths, const struct dispatch_action *action)
{
    struct paths_worker *worker = &paths->workers[action->worker];
    uint32_t index = 0;
    while (index < worker->run_count && worker->runs[index].said.number != action->number)
        index++;
    paths_expect(paths, worker->is_up && action->row_count, "a worker is given what it can run");
    paths_expect(paths, (action->kind == DISPATCH_JOIN) == (index < worker->run_count),
                 "a number names an open dispatch to join it, and no other");
    paths_expect(paths, index < PATHS_OPEN, "a worker is given only so many");
    if (paths->wrong)
        return;
    paths->row_count += action->row_count;
    if (action->kind == DISPATCH_RUN) {
        worker->runs[index] = (struct paths_run){.said = *action, .at = action->from};
        worker->run_count++;
    }
    add_rows(paths, action->worker, index, action);
    if (!worker->runs[index].row_count)
        close_run(paths, action->worker, index);
    if (!worker->is_running)
        begin(paths, action->worker);
    else if (action->kind == DISPATCH_RUN)
        interrupt(paths, action->worker);
}

void paths_raise(struct paths *paths, uint32_t at)
{
    paths->workers[at] = (struct paths_worker){.is_up = true};
    for (uint32_t i = 0; i < PATHS_MODELS; i++) {
        dispatch_worker_has(paths->dispatch, at, i);
        reference_worker_has(&paths->reference, at, i);
    }
}

void paths_kill(struct paths *paths, uint32_t at)
{
    dispatch_worker_gone(paths->dispatch, at);
    if (paths->has_reference)
        reference_worker_gone(&paths->reference, at, paths->now_ns);
    paths->workers[at] = (struct paths_worker){.is_up = false};
    for (uint32_t slot = 0; slot < paths->config.max_requests; slot++) {
        struct paths_request *request = &paths->requests[slot];
        if (!request->is_in || request->worker != at)
            continue;
        request->worker = NOBODY;
        request->done = request->running = 0;
        if (request->is_cancelled) {
            paths_end(paths, slot, PATHS_CANCELLED);
        } else if (++request->deaths == PATHS_DEATHS) {
            paths_end(paths, slot, PATHS_GIVEN_UP);
        } else {
            request->is_alone = paths_chance(paths, 80);
            dispatch_requeue(paths->dispatch, &request->facts, request->is_alone, paths->now_ns);
            if (paths->has_reference)
                reference_requeue(&paths->reference, &request->facts, request->is_alone,
                                  paths->now_ns);
        }
    }
}
