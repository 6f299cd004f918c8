/* A server in virtual time around a dispatcher: its workers, and the dispatcher's turn. */
#include "tests/property/dispatch_world.h"

#include <string.h>

#define NOBODY UINT32_MAX
#define MS UINT64_C(1000000)

void world_raise(struct world *world, uint32_t at)
{
    struct world_worker *worker = &world->workers[at];
    *worker = (struct world_worker){.is_up = true};
    worker->speed_percent = 50 + shm_random_below(&world->random, 250);
    for (uint32_t model = 0; model < REFERENCE_MODELS; model++) {
        if (!world->reference.models[model].is_there || world_chance(world, 20))
            continue;
        worker->has_model[model] = true;
        dispatch_worker_has(world->dispatch, at, model);
        reference_worker_has(&world->reference, at, model);
    }
}

/* Dead, or proven hung and killed: those that it had in its hands wait again, or are given up. */
void world_kill(struct world *world, uint32_t at)
{
    dispatch_worker_gone(world->dispatch, at);
    reference_worker_gone(&world->reference, at, world->now_ns);
    world->workers[at] = (struct world_worker){.is_up = false};
    for (uint32_t slot = 0; slot < world->config.max_requests; slot++) {
        struct world_request *request = &world->requests[slot];
        if (!request->is_in || request->worker != at)
            continue;
        request->worker = NOBODY;
        request->done = request->running = 0;
        if (request->is_cancelled) {
            world_end(world, slot, WORLD_CANCELLED);
        } else if (++request->deaths == WORLD_DEATHS) {
            world_end(world, slot, WORLD_GIVEN_UP);
        } else {
            request->is_alone = world_chance(world, 80);
            dispatch_requeue(world->dispatch, &request->facts, request->is_alone, world->now_ns);
            reference_requeue(&world->reference, &request->facts, request->is_alone, world->now_ns);
        }
    }
}

static uint64_t all_rows(const struct world_request *request)
{
    return request->facts.rows < 64 ? (UINT64_C(1) << request->facts.rows) - 1 : UINT64_MAX;
}

void world_row_done(struct world *world, uint32_t at, struct world_run *run, uint32_t index,
                    bool was_run)
{
    const struct dispatch_row *row = &run->action.rows[index];
    const uint64_t bit = UINT64_C(1) << row->row;
    struct world_request *request = &world->requests[row->slot];
    run->answered |= UINT64_C(1) << index;
    run->ran |= was_run ? UINT64_C(1) << index : 0;
    request->running &= ~bit;
    request->done |= was_run ? bit : 0;
    if (!request->running &&
        (!request->done || !world->workers[at].has_model[request->facts.model]))
        request->worker = NOBODY;
    const bool is_over =
        !request->running && (request->is_cancelled || request->done == all_rows(request));
    const bool was_over = dispatch_row_done(world->dispatch, at, run->action.number, row->slot,
                                            row->row, was_run, world->now_ns);
    reference_row_done(&world->reference, at, run->action.number, row->slot, row->row, was_run,
                       world->now_ns);
    world_expect(world, was_over == is_over, "a request is over with its last row");
    world_expect(world,
                 !dispatch_row_done(world->dispatch, at, run->action.number, row->slot, row->row,
                                    was_run, world->now_ns),
                 "a row is done once");
    if (is_over)
        world_end(world, row->slot, request->is_cancelled ? WORLD_CANCELLED : WORLD_DONE);
}

static void close_run(struct world *world, uint32_t at, struct world_run *run)
{
    const uint64_t compute_ns = world_chance(world, 5)
                                    ? shm_random_next(&world->random) >> 20
                                    : world->now_ns - world->workers[at].began_ns;
    uint32_t ran = 0;
    for (uint32_t i = 0; i < run->action.row_count; i++)
        ran += run->ran >> i & 1;
    if (ran) {
        world_expect(world,
                     !dispatch_segment(world->dispatch, at, run->action.number, run->action.from,
                                       run->action.to, ran, 1, 1 + compute_ns, world->now_ns),
                     "a part of a dispatch is over");
        reference_segment(&world->reference, at, run->action.number, run->action.from,
                          run->action.to, ran, 1, 1 + compute_ns, world->now_ns);
    }
    run->is_closed = true;
    world_expect(
        world,
        dispatch_run_done(world->dispatch, at, run->action.number, compute_ns, world->now_ns) == 0,
        "a dispatch that was given can be closed");
    reference_run_done(&world->reference, at, run->action.number, world->now_ns);
}

static uint64_t compute_ns(struct world *world, const struct world_worker *worker,
                           const struct dispatch_action *action)
{
    const uint64_t ns = reference_ns(&world->reference.models[action->model], REFERENCE_LOADED,
                                     action->from, action->to, action->row_count);
    const uint32_t noise = 80 + shm_random_below(&world->random, 40);
    return ns * worker->speed_percent / 100 * noise / 100 + 1;
}

/* The first that is not closed begins. */
static void begin(struct world *world, struct world_worker *worker)
{
    worker->began_ns = world->now_ns;
    worker->ends_ns = UINT64_MAX;
    for (uint32_t i = 0; i < worker->run_count && worker->ends_ns == UINT64_MAX; i++)
        if (!worker->runs[i].is_closed)
            worker->ends_ns = world->now_ns + compute_ns(world, worker, &worker->runs[i].action);
}

static bool is_answered(const struct world_run *run)
{
    const uint64_t all =
        run->action.row_count < 64 ? (UINT64_C(1) << run->action.row_count) - 1 : UINT64_MAX;
    return run->answered == all;
}

/* Says what became of a dispatch that it has computed; a few words may be kept for later. */
static void answer(struct world *world, uint32_t at, struct world_run *run)
{
    const bool is_slow = world->has_faults && world_chance(world, 10);
    const bool has_missed_all = world->has_faults && world_chance(world, 5);
    if (!run->is_closed && world->has_faults && world_chance(world, 10))
        close_run(world, at, run);
    for (uint32_t i = 0; i < run->action.row_count; i++) {
        if (run->answered >> i & 1 || (is_slow && world_chance(world, 50)))
            continue;
        const bool has_missed = has_missed_all || (world->has_faults && world_chance(world, 3));
        world_row_done(world, at, run, i, !has_missed);
    }
    if (!run->is_closed && (is_answered(run) || world_chance(world, 50)))
        close_run(world, at, run);
}

void world_work(struct world *world, uint32_t at)
{
    struct world_worker *worker = &world->workers[at];
    if (worker->is_hung)
        return;
    const bool is_done = worker->ends_ns <= world->now_ns;
    bool has_closed = false;
    for (uint32_t i = 0; i < worker->run_count; i++) {
        struct world_run *run = &worker->runs[i];
        const bool was_closed = run->is_closed;
        if (was_closed || (is_done && !has_closed))
            answer(world, at, run);
        has_closed |= !was_closed;
        if (!was_closed && !run->is_closed && is_done)
            worker->ends_ns = world->now_ns + MS / 10;
    }
    uint32_t kept = 0;
    bool is_next = false;
    for (uint32_t i = 0; i < worker->run_count; i++) {
        is_next |= worker->runs[i].is_closed;
        if (!worker->runs[i].is_closed || !is_answered(&worker->runs[i]))
            worker->runs[kept++] = worker->runs[i];
    }
    worker->run_count = kept;
    if (is_next && is_done)
        begin(world, worker);
}

static bool is_same(const struct dispatch_action *a, const struct dispatch_action *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == DISPATCH_DROP)
        return a->slot == b->slot;
    if (a->worker != b->worker || a->model != b->model || a->from != b->from || a->to != b->to ||
        a->row_count != b->row_count)
        return false;
    for (uint32_t i = 0; i < a->row_count; i++)
        if (a->rows[i].slot != b->rows[i].slot || a->rows[i].row != b->rows[i].row)
            return false;
    return true;
}

/* A row that is given to a worker may be run there, and does not run already. */
static void take_row(struct world *world, const struct dispatch_action *action,
                     const struct dispatch_row *row)
{
    struct world_request *request = &world->requests[row->slot];
    const struct dispatch_request *facts = &request->facts;
    const uint64_t bit = UINT64_C(1) << row->row;
    world_expect(world, request->is_in && !request->is_cancelled, "what runs is in");
    world_expect(world,
                 facts->model == action->model && facts->from == action->from &&
                     facts->to == action->to,
                 "rows of one dispatch share model and cuts");
    world_expect(world, row->row < facts->rows && !(request->done & bit), "a row is run once");
    world_expect(world, !(request->running & bit), "no row runs twice at once");
    world_expect(world, request->worker == NOBODY || request->worker == action->worker,
                 "a request stays with its worker");
    request->running |= bit;
    request->worker = action->worker;
}

static void take_run(struct world *world, const struct dispatch_action *action)
{
    struct world_worker *worker = &world->workers[action->worker];
    const struct reference_model *model = &world->reference.models[action->model];
    world_expect(world, worker->is_up && worker->has_model[action->model],
                 "a worker is given what it has");
    world_expect(world,
                 action->row_count &&
                     action->row_count <= reference_batch(model, action->from, action->to),
                 "no more than the batch takes");
    world_expect(world, worker->run_count < WORLD_WORKER_RUNS, "a worker is given only so many");
    if (world->wrong)
        return;
    uint32_t open = 0;
    for (uint32_t i = 0; i < worker->run_count; i++) {
        world_expect(world, worker->runs[i].action.number != action->number,
                     "a number is in use once");
        open += !worker->runs[i].is_closed;
    }
    bool is_alone = false;
    for (uint32_t i = 0; i < action->row_count; i++) {
        take_row(world, action, &action->rows[i]);
        is_alone |=
            world->requests[action->rows[i].slot].is_alone || world->config.mode == DISPATCH_ALONE;
    }
    for (uint32_t i = 0; is_alone && i < action->row_count; i++)
        world_expect(world, action->rows[i].slot == action->rows[0].slot,
                     "what is to run alone does");
    worker->runs[worker->run_count++] = (struct world_run){.action = *action};
    world->run_count++;
    world->row_count += action->row_count;
    if (!open)
        begin(world, worker);
}

static void take_drop(struct world *world, uint32_t slot)
{
    const struct world_request *request = &world->requests[slot];
    world_expect(world, request->facts.deadline_ns != DISPATCH_NO_DEADLINE,
                 "only what has a deadline is dropped");
    world_end(world, slot, WORLD_DROPPED);
}

static void check_load(struct world *world)
{
    struct dispatch_load load, expected;
    dispatch_measure(world->dispatch, world->now_ns, &load);
    reference_measure(&world->reference, world->now_ns, &expected);
    world_expect(world, load.queued == expected.queued, "queued is counted");
    world_expect(world, load.running == expected.running, "running is counted");
    world_expect(world, load.workers == expected.workers, "workers are counted");
    world_expect(world, load.oldest_arrived_ns == expected.oldest_arrived_ns,
                 "the oldest is found");
    world_expect(world, load.busy_ns == expected.busy_ns, "busy time is summed");
    uint32_t of_classes = 0;
    for (uint32_t i = 0; i < REFERENCE_CLASSES; i++)
        of_classes += dispatch_class_queued(world->dispatch, i);
    world_expect(world, of_classes == load.queued, "each queued request is of a class");
}

void world_turn(struct world *world)
{
    struct dispatch_action action, expected;
    for (uint32_t i = 0; !world->wrong; i++) {
        const bool is_any = dispatch_next(world->dispatch, world->now_ns, &action);
        const bool is_expected = reference_choose(&world->reference, world->now_ns, &expected);
        world_expect(world, is_any == is_expected, "something is done when something is to be");
        world_expect(world, i < 1000, "a turn ends");
        if (!is_any || world->wrong)
            break;
        world_expect(world, is_same(&action, &expected), "what is done is what is to be");
        if (world->wrong)
            break;
        reference_apply(&world->reference, &action, world->now_ns);
        if (action.kind == DISPATCH_DROP)
            take_drop(world, action.slot);
        else
            take_run(world, &action);
    }
    if (world->wrong)
        return;
    check_load(world);
    const uint64_t timeout_ns = dispatch_timeout_ns(world->dispatch);
    world_expect(world, timeout_ns > world->now_ns, "after a turn there is nothing to be done now");
    const uint64_t before_ns =
        timeout_ns == UINT64_MAX ? world->now_ns + 1000000 * MS : timeout_ns - 1;
    world_expect(world, !reference_choose(&world->reference, before_ns, &expected),
                 "no timeout is late");
}
