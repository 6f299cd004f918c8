/* A server in virtual time around a dispatcher: its phones and its models, its clock and its books.
 */
#include "tests/property/dispatch_world.h"

#include <errno.h>
#include <string.h>

#define NOBODY UINT32_MAX
#define MS UINT64_C(1000000)

void world_expect(struct world *world, bool holds, const char *what)
{
    if (!holds && !world->wrong)
        world->wrong = what;
}

bool world_chance(struct world *world, uint32_t percent)
{
    return shm_random_below(&world->random, 100) < percent;
}

static uint64_t between(struct world *world, uint64_t least, uint64_t most)
{
    return least + shm_random_next(&world->random) % (most - least + 1);
}

void world_end(struct world *world, uint32_t slot, enum world_end end)
{
    struct world_request *request = &world->requests[slot];
    world_expect(world, request->is_in, "a request ends once");
    world_expect(world, !request->running, "what ends does not run");
    request->is_in = false;
    world->ended_counts[end]++;
}

/* Times as a loader measures them, with some noise: now and then a later cut takes longer. */
static void add_model(struct world *world, uint32_t at)
{
    uint64_t times_ns[2 * WORLD_CUTS] = {0};
    bool has_rows[WORLD_CUTS];
    const uint32_t cuts = 2 + shm_random_below(&world->random, WORLD_CUTS - 1);
    const uint32_t batch = world_chance(world, 10) ? 1 : 1 + shm_random_below(&world->random, 16);
    uint64_t *one_ns = times_ns, *full_ns = batch > 1 ? times_ns + cuts : times_ns;
    const uint64_t layer_ns = between(world, 1000, 4 * MS);
    for (uint32_t cut = cuts; cut-- > 0;) {
        has_rows[cut] = !world_chance(world, 10);
        if (cut + 1 == cuts)
            continue;
        const uint64_t ns = between(world, layer_ns / 4, layer_ns);
        one_ns[cut] = one_ns[cut + 1] + ns;
        full_ns[cut] = full_ns[cut + 1] + ns * between(world, 50, 100 * batch) / 100;
        if (world_chance(world, 5))
            one_ns[cut] = one_ns[cut + 1];
    }
    const uint32_t sizes[] = {1, batch};
    const struct dispatch_model facts = {.cut_count = cuts,
                                         .max_batch = batch,
                                         .size_count = batch > 1 ? 2 : 1,
                                         .sizes = sizes,
                                         .remaining_ns = times_ns,
                                         .has_rows = has_rows};
    world_expect(world, !dispatch_add_model(world->dispatch, at, &facts), "a model is added");
    reference_add_model(&world->reference, at, &facts);
}

int world_init(struct world *world, uint64_t seed)
{
    *world = (struct world){.random = {seed}, .now_ns = 1000 * MS};
    struct dispatch_class classes[REFERENCE_CLASSES];
    for (uint32_t i = 0; i < REFERENCE_CLASSES; i++)
        classes[i] =
            (struct dispatch_class){1, 1 + shm_random_below(&world->random, 40), UINT64_MAX};
    world->has_faults = world_chance(world, 70);
    struct dispatch_config config = dispatch_config_default();
    config.max_requests = 1 + (uint32_t)between(world, 1, world_chance(world, 20) ? 63 : 20);
    config.max_queued = (uint32_t)between(world, 1, config.max_requests);
    config.max_workers = REFERENCE_WORKERS;
    config.max_models = REFERENCE_MODELS;
    config.class_count = REFERENCE_CLASSES;
    config.classes = classes;
    config.has_admission = false; /* which the reference does not know */
    config.mode = world_chance(world, 10) ? DISPATCH_ALONE : DISPATCH_PER_CUT;
    config.max_delay_ns = world_chance(world, 20) ? 0 : between(world, 0, 5 * MS);
    config.commit_ahead_ns = world_chance(world, 20) ? 0 : between(world, 0, MS);
    config.patience_ns = between(world, MS, 200 * MS);
    const int error = dispatch_create(&config, &world->dispatch);
    if (error)
        return error;
    world->config = config;
    reference_init(&world->reference, &config);
    for (uint32_t i = 0; i < REFERENCE_MODELS; i++)
        add_model(world, i);
    for (uint32_t i = 0; i < REFERENCE_WORKERS; i++)
        if (!i || world_chance(world, 50))
            world_raise(world, i);
    return 0;
}

void world_fini(struct world *world)
{
    dispatch_destroy(world->dispatch);
}

/* Deadlines from hopeless to far away. */
static uint64_t random_deadline(struct world *world, const struct dispatch_request *facts)
{
    if (world_chance(world, 30))
        return DISPATCH_NO_DEADLINE;
    const uint64_t alone_ns =
        dispatch_predict_ns(world->dispatch, facts->model, facts->from, facts->to, facts->rows);
    return world->now_ns + alone_ns * between(world, 50, 1000) / 100 + between(world, 0, MS);
}

static void submit(struct world *world)
{
    const uint32_t slot = shm_random_below(&world->random, world->config.max_requests);
    struct world_request *request = &world->requests[slot];
    if (request->is_in)
        return;
    const uint32_t model = shm_random_below(&world->random, REFERENCE_MODELS);
    const uint32_t cuts = world->reference.models[model].cut_count;
    struct dispatch_request facts = {
        .slot = slot,
        .model = (uint16_t)model,
        .from = (uint16_t)(cuts ? shm_random_below(&world->random, cuts) : 0),
        .to = (uint16_t)(cuts ? shm_random_below(&world->random, cuts) : 0),
        .rows = (uint16_t)(world_chance(world, 75) ? 1 : between(world, 0, 40)),
        .class_index = (uint8_t)shm_random_below(&world->random, REFERENCE_CLASSES),
        .arrived_ns = world->now_ns - between(world, 0, MS)};
    facts.deadline_ns = random_deadline(world, &facts);
    const enum dispatch_verdict verdict = dispatch_submit(world->dispatch, &facts, world->now_ns);
    world_expect(world, verdict == reference_submit(&world->reference, &facts, world->now_ns),
                 "the verdict is the reference's");
    if (verdict != DISPATCH_QUEUED)
        return;
    *request = (struct world_request){.is_in = true, .facts = facts, .worker = NOBODY};
    world->submitted_count++;
}

static void cancel(struct world *world)
{
    const uint32_t slot = shm_random_below(&world->random, world->config.max_requests);
    struct world_request *request = &world->requests[slot];
    const int expected = !request->is_in ? -ENOENT : request->running ? -EBUSY : 0;
    world_expect(world, dispatch_cancel(world->dispatch, slot) == expected,
                 "cancel says whether it runs");
    reference_cancel(&world->reference, slot);
    request->is_cancelled |= expected == -EBUSY;
    if (!expected)
        world_end(world, slot, WORLD_CANCELLED);
}

static void change_model(struct world *world)
{
    const uint32_t at = shm_random_below(&world->random, REFERENCE_MODELS);
    if (!world->reference.models[at].is_there) {
        add_model(world, at);
        for (uint32_t i = 0; i < REFERENCE_WORKERS; i++) {
            if (!world->workers[i].is_up || world_chance(world, 20))
                continue;
            world->workers[i].has_model[at] = true;
            dispatch_worker_has(world->dispatch, i, at);
            reference_worker_has(&world->reference, i, at);
        }
        return;
    }
    const int error = dispatch_remove_model(world->dispatch, at);
    world_expect(world, error == reference_remove_model(&world->reference, at),
                 "a model goes when nothing of it is left");
    for (uint32_t i = 0; !error && i < world->config.max_requests; i++)
        world_expect(world, !world->requests[i].is_in || world->requests[i].facts.model != at,
                     "no request loses its model");
    for (uint32_t i = 0; !error && i < REFERENCE_WORKERS; i++)
        world->workers[i].has_model[at] = false;
}

static void lose_model(struct world *world)
{
    const uint32_t worker = shm_random_below(&world->random, REFERENCE_WORKERS);
    const uint32_t model = shm_random_below(&world->random, REFERENCE_MODELS);
    dispatch_worker_lost_model(world->dispatch, worker, model);
    reference_worker_lost_model(&world->reference, worker, model);
    world->workers[worker].has_model[model] = false;
    for (uint32_t i = 0; i < world->config.max_requests; i++) {
        struct world_request *request = &world->requests[i];
        if (request->is_in && !request->running && request->worker == worker &&
            request->facts.model == model)
            request->worker = NOBODY;
    }
}

static void change_limits(struct world *world)
{
    const uint64_t delay_ns = between(world, 0, 5 * MS);
    const uint32_t class_index = shm_random_below(&world->random, REFERENCE_CLASSES);
    const uint32_t most = shm_random_below(&world->random, 40);
    dispatch_set_delay(world->dispatch, delay_ns);
    world->reference.config.max_delay_ns = delay_ns;
    world_expect(world, !dispatch_set_class_limit(world->dispatch, class_index, most),
                 "a class has a limit");
    world->reference.class_most[class_index] = most;
}

/* Words about rows that do not run change nothing. */
static void babble(struct world *world)
{
    const uint32_t worker = shm_random_below(&world->random, REFERENCE_WORKERS + 1);
    const uint32_t number = shm_random_below(&world->random, 8);
    const uint32_t slot = shm_random_below(&world->random, world->config.max_requests + 1);
    for (uint32_t i = 0; worker < REFERENCE_WORKERS && i < world->workers[worker].run_count; i++)
        if (world->workers[worker].runs[i].action.number == number)
            return;
    world_expect(world,
                 !dispatch_row_done(world->dispatch, worker, number, slot, 0, true, world->now_ns),
                 "no row is done that does not run");
    world_expect(world,
                 dispatch_run_done(world->dispatch, worker, number, MS, world->now_ns) == -ENOENT,
                 "no dispatch ends that was not given");
}

static void happen(struct world *world)
{
    const uint32_t what = shm_random_below(&world->random, 100);
    const uint32_t worker = shm_random_below(&world->random, REFERENCE_WORKERS);
    if (what < 70)
        submit(world);
    else if (what < 76)
        cancel(world);
    else if (what < 78)
        change_limits(world);
    else if (what < 80)
        babble(world);
    else if (!world->has_faults)
        submit(world);
    else if (what < 83)
        change_model(world);
    else if (what < 85)
        lose_model(world);
    else if (what < 88)
        world->workers[worker].is_hung = true;
    else if (what < 92 && world->workers[worker].is_up)
        world_kill(world, worker);
    else if (!world->workers[worker].is_up)
        world_raise(world, worker);
}

/* To the next thing that happens by itself, or not so far. */
static void pass_time(struct world *world, bool is_all)
{
    uint64_t next_ns = dispatch_timeout_ns(world->dispatch);
    for (uint32_t i = 0; i < REFERENCE_WORKERS; i++) {
        const struct world_worker *worker = &world->workers[i];
        if (worker->run_count && !worker->is_hung && worker->ends_ns < next_ns)
            next_ns = worker->ends_ns;
    }
    if (next_ns == UINT64_MAX)
        next_ns = world->now_ns + MS;
    if (next_ns <= world->now_ns)
        return;
    world->now_ns =
        is_all || world_chance(world, 70) ? next_ns : between(world, world->now_ns, next_ns);
}

void world_step(struct world *world)
{
    for (uint32_t i = shm_random_below(&world->random, 6); i > 0; i--)
        happen(world);
    world_turn(world);
    pass_time(world, false);
    for (uint32_t i = 0; i < REFERENCE_WORKERS; i++)
        world_work(world, i);
    world_turn(world);
}

bool world_is_over(const struct world *world)
{
    uint64_t ended = 0;
    for (uint32_t i = 0; i < WORLD_ENDS; i++)
        ended += world->ended_counts[i];
    return ended == world->submitted_count;
}

void world_drain(struct world *world)
{
    world->has_faults = false;
    for (uint32_t i = 0; i < REFERENCE_MODELS; i++)
        if (!world->reference.models[i].is_there)
            add_model(world, i);
    for (uint32_t i = 0; i < REFERENCE_WORKERS; i++) {
        if (world->workers[i].is_hung)
            world_kill(world, i);
        if (!world->workers[i].is_up)
            world_raise(world, i);
        for (uint32_t model = 0; model < REFERENCE_MODELS; model++) {
            world->workers[i].has_model[model] = true;
            dispatch_worker_has(world->dispatch, i, model);
            reference_worker_has(&world->reference, i, model);
        }
    }
    for (uint32_t i = 0; i < 20000 && !world_is_over(world) && !world->wrong; i++) {
        world_turn(world);
        pass_time(world, true);
        for (uint32_t worker = 0; worker < REFERENCE_WORKERS; worker++)
            world_work(world, worker);
    }
    world_turn(world);
    world_expect(world, world_is_over(world), "every request ends");
}
