/* A server in virtual time whose requests join across cuts: phones, models, the clock. */
#include "tests/property/dispatch_paths.h"

#include <errno.h>
#include <stddef.h>

#define NOBODY UINT32_MAX
#define MS UINT64_C(1000000)

void paths_expect(struct paths *paths, bool holds, const char *what)
{
    if (!holds && !paths->wrong)
        paths->wrong = what;
}

bool paths_chance(struct paths *paths, uint32_t percent)
{
    return shm_random_below(&paths->random, 100) < percent;
}

uint64_t paths_between(struct paths *paths, uint64_t least, uint64_t most)
{
    return least + shm_random_next(&paths->random) % (most - least + 1);
}

void paths_end(struct paths *paths, uint32_t slot, enum paths_end end)
{
    struct paths_request *request = &paths->requests[slot];
    paths_expect(paths, request->is_in && !request->running, "what ends is in, and does not run");
    request->is_in = false;
    paths->ended_counts[end]++;
}

bool paths_is_over(const struct paths *paths)
{
    uint64_t ended = 0;
    for (uint32_t i = 0; i < PATHS_ENDS; i++)
        ended += paths->ended_counts[i];
    return ended == paths->submitted_count;
}

/* Rows over one layer: a line between the sizes. */
static uint64_t layer_ns(const struct paths_model *model, uint32_t cut, uint32_t rows, bool is_next)
{
    uint32_t size = 0;
    while (size + 1 < model->size_count && model->sizes[size + 1] <= rows)
        size++;
    return model->layer_ns[size + is_next][cut];
}

uint64_t paths_part_ns(const struct paths_model *model, uint32_t from, uint32_t to, uint32_t rows)
{
    uint64_t below_ns = 0, above_ns = 0;
    uint32_t size = 0;
    while (size + 1 < model->size_count && model->sizes[size + 1] <= rows)
        size++;
    const bool is_between = rows > model->sizes[size];
    for (uint32_t cut = from; cut < to && rows; cut++) {
        below_ns += layer_ns(model, cut, rows, false);
        above_ns += is_between ? layer_ns(model, cut, rows, true) : 0;
    }
    if (!is_between)
        return below_ns;
    return below_ns + (above_ns - below_ns) * (rows - model->sizes[size]) /
                          (model->sizes[size + 1] - model->sizes[size]);
}

static void add_model(struct paths *paths, uint32_t at)
{
    struct paths_model *model = &paths->models[at];
    uint64_t ns[4 * PATHS_CUTS] = {0};
    model->cut_count = (uint32_t)paths_between(paths, 2, PATHS_CUTS);
    model->size_count = (uint32_t)paths_between(paths, 1, 4);
    for (uint32_t i = 0; i < model->size_count; i++)
        model->sizes[i] = UINT32_C(1) << (paths->is_crowded ? 2 * i : i);
    model->max_batch = model->sizes[model->size_count - 1];
    for (uint32_t cut = 0; cut < model->cut_count; cut++)
        model->has_rows[cut] = !paths_chance(paths, 8);
    for (uint32_t cut = model->cut_count - 1; cut-- > 0;) {
        uint64_t layer = paths_between(paths, 10000, 4 * MS);
        const uint32_t percent = (uint32_t)paths_between(paths, 100, 200); /* for more rows */
        for (uint32_t size = 0; size < model->size_count; size++) {
            uint64_t *remaining_ns = ns + (size_t)size * model->cut_count;
            model->layer_ns[size][cut] = layer;
            remaining_ns[cut] = remaining_ns[cut + 1] + layer;
            layer = layer * percent / 100;
        }
    }
    const struct dispatch_model facts = {.cut_count = model->cut_count,
                                         .max_batch = model->max_batch,
                                         .size_count = model->size_count,
                                         .sizes = model->sizes,
                                         .remaining_ns = ns,
                                         .has_rows = model->has_rows};
    paths_expect(paths, !dispatch_add_model(paths->dispatch, at, &facts), "a model is added");
    reference_add_model(&paths->reference, at, &facts);
}

int paths_init(struct paths *paths, uint64_t seed, bool has_faults)
{
    *paths = (struct paths){.random = {seed}, .now_ns = 1000 * MS, .has_faults = has_faults};
    static const struct dispatch_class classes[] = {{1, 64, UINT64_MAX}, {1, 64, UINT64_MAX}};
    struct dispatch_config config = dispatch_config_default();
    paths->is_crowded = paths_chance(paths, 10);
    config.max_requests = config.max_queued =
        paths->is_crowded ? PATHS_REQUESTS : (uint32_t)paths_between(paths, 2, PATHS_REQUESTS);
    config.max_workers = PATHS_WORKERS;
    config.max_models = PATHS_MODELS;
    config.class_count = 2;
    config.classes = classes;
    config.mode = DISPATCH_ACROSS;
    config.has_admission = paths_chance(paths, 50);
    config.max_delay_ns = paths_chance(paths, 30) ? 0 : paths_between(paths, 0, 5 * MS);
    config.commit_ahead_ns = paths_chance(paths, 30) ? 0 : paths_between(paths, 0, MS);
    config.max_run_ns = paths_between(paths, MS / 10, 20 * MS);
    config.patience_ns = paths_between(paths, MS, 500 * MS);
    const int error = dispatch_create(&config, &paths->dispatch);
    if (error)
        return error;
    paths->config = config;
    paths->has_patient = paths_chance(paths, 50);
    paths->most_come = paths->is_crowded ? 40 : paths_chance(paths, 70) ? 4 : 20;
    paths->has_reference = !config.has_admission; /* which the reference does not know */
    reference_init(&paths->reference, &config);
    for (uint32_t i = 0; i < PATHS_MODELS; i++)
        add_model(paths, i);
    for (uint32_t i = 0; i < PATHS_WORKERS; i++)
        if (!i || paths_chance(paths, 40))
            paths_raise(paths, i);
    return 0;
}

void paths_fini(struct paths *paths)
{
    dispatch_destroy(paths->dispatch);
}

static void submit(struct paths *paths)
{
    const uint32_t slot = shm_random_below(&paths->random, paths->config.max_requests);
    struct paths_request *request = &paths->requests[slot];
    if (request->is_in)
        return;
    const uint32_t number = paths->is_crowded ? 0 : shm_random_below(&paths->random, PATHS_MODELS);
    const struct paths_model *model = &paths->models[number];
    const uint32_t last = model->cut_count - 1;
    const uint32_t from = shm_random_below(&paths->random, last);
    const uint32_t to =
        paths_chance(paths, 70) ? last : (uint32_t)paths_between(paths, from + 1, last);
    const uint32_t rows = paths_chance(paths, paths->is_crowded ? 95 : 75)
                              ? 1
                              : (uint32_t)paths_between(paths, 1, 20);
    struct dispatch_request facts = {.slot = slot,
                                     .model = (uint16_t)number,
                                     .from = (uint16_t)from,
                                     .to = (uint16_t)to,
                                     .rows = (uint16_t)rows,
                                     .class_index = (uint8_t)shm_random_below(&paths->random, 2),
                                     .arrived_ns = paths->now_ns};
    const uint64_t alone_ns = dispatch_predict_ns(paths->dispatch, number, from, to, rows);
    const bool is_patient = paths->has_patient && facts.class_index;
    const uint64_t percent =
        is_patient ? paths_between(paths, 1000, 10000) : paths_between(paths, 80, 800);
    facts.deadline_ns = paths_chance(paths, 25) && (is_patient || !paths->has_patient)
                            ? DISPATCH_NO_DEADLINE
                            : paths->now_ns + alone_ns * percent / 100;
    const enum dispatch_verdict verdict = dispatch_submit(paths->dispatch, &facts, paths->now_ns);
    if (paths->has_reference)
        paths_expect(paths, verdict == reference_submit(&paths->reference, &facts, paths->now_ns),
                     "the verdict is the reference's");
    if (verdict != DISPATCH_QUEUED)
        return;
    *request = (struct paths_request){.is_in = true, .facts = facts, .worker = NOBODY};
    paths->submitted_count++;
}

static void cancel(struct paths *paths)
{
    const uint32_t slot = shm_random_below(&paths->random, paths->config.max_requests);
    struct paths_request *request = &paths->requests[slot];
    const int expected = !request->is_in ? -ENOENT : request->running ? -EBUSY : 0;
    paths_expect(paths, dispatch_cancel(paths->dispatch, slot) == expected,
                 "cancel says whether it runs");
    if (paths->has_reference)
        reference_cancel(&paths->reference, slot);
    request->is_cancelled |= expected == -EBUSY;
    if (!expected)
        paths_end(paths, slot, PATHS_CANCELLED);
}

static void turn(struct paths *paths)
{
    struct dispatch_action action;
    for (uint32_t i = 0; !paths->wrong && dispatch_next(paths->dispatch, paths->now_ns, &action);
         i++) {
        paths_expect(paths, i < 1000, "a turn ends");
        paths_compare(paths, &action);
        if (action.kind != DISPATCH_DROP) {
            paths_take(paths, &action);
            continue;
        }
        paths_expect(paths, paths->requests[action.slot].facts.deadline_ns != DISPATCH_NO_DEADLINE,
                     "only what has a deadline is dropped");
        paths_end(paths, action.slot, PATHS_DROPPED);
    }
    paths_compare(paths, NULL);
    paths_check_timeout(paths);
}

static void pass_time(struct paths *paths, bool is_all)
{
    uint64_t next_ns = dispatch_timeout_ns(paths->dispatch);
    for (uint32_t i = 0; i < PATHS_WORKERS; i++) {
        const struct paths_worker *worker = &paths->workers[i];
        if (worker->is_running && !worker->is_hung && worker->ends_ns < next_ns)
            next_ns = worker->ends_ns;
    }
    if (next_ns == UINT64_MAX)
        next_ns = paths->now_ns + MS;
    if (next_ns > paths->now_ns)
        paths->now_ns = is_all || paths_chance(paths, 60)
                            ? next_ns
                            : paths_between(paths, paths->now_ns, next_ns);
}

static void go_wrong(struct paths *paths)
{
    const uint32_t at = shm_random_below(&paths->random, PATHS_WORKERS);
    if (!paths->workers[at].is_up)
        paths_raise(paths, at);
    else if (paths_chance(paths, 50))
        paths->workers[at].is_hung = true;
    else
        paths_kill(paths, at);
}

void paths_step(struct paths *paths)
{
    for (uint32_t i = shm_random_below(&paths->random, paths->most_come); i > 0; i--)
        submit(paths);
    if (paths_chance(paths, 5))
        cancel(paths);
    if (paths->has_faults && paths_chance(paths, 4))
        go_wrong(paths);
    turn(paths);
    pass_time(paths, false);
    for (uint32_t i = 0; i < PATHS_WORKERS; i++)
        paths_work(paths, i);
    turn(paths);
}

void paths_drain(struct paths *paths)
{
    paths->has_faults = false;
    for (uint32_t i = 0; i < PATHS_WORKERS; i++) {
        if (paths->workers[i].is_hung)
            paths_kill(paths, i);
        if (!paths->workers[i].is_up)
            paths_raise(paths, i);
    }
    for (uint32_t i = 0; i < 20000 && !paths_is_over(paths) && !paths->wrong; i++) {
        turn(paths);
        pass_time(paths, true);
        for (uint32_t worker = 0; worker < PATHS_WORKERS; worker++)
            paths_work(paths, worker);
    }
    paths_expect(paths, paths_is_over(paths), "every request ends");
}
