/* A few requests, one worker and a dispatcher in virtual time, to be compared with the best. */
#include "tests/property/dispatch_quality.h"

#define MS UINT64_C(1000000)
#define BEGIN_NS (1000 * MS)

/* Layers of 0.1 to 4 ms; twice the rows take 1 to 2 times as long. */
static void make_model(struct quality *quality)
{
    struct paths *paths = &quality->paths;
    struct paths_model *model = &paths->models[0];
    uint64_t ns[4 * PATHS_CUTS] = {0};
    *model = (struct paths_model){.cut_count = (uint32_t)paths_between(paths, 2, BRUTE_CUTS),
                                  .size_count = 4,
                                  .sizes = {1, 2, 4, 8},
                                  .max_batch = 8};
    for (uint32_t cut = model->cut_count; cut-- > 0;) {
        uint64_t layer_ns = paths_between(paths, MS / 10, paths_chance(paths, 50) ? MS : 4 * MS);
        const uint64_t percent = paths_between(paths, 100, 200);
        model->has_rows[cut] = true;
        if (cut + 1 == model->cut_count)
            continue;
        for (uint32_t size = 0; size < model->size_count; size++) {
            uint64_t *remaining_ns = ns + (size_t)size * model->cut_count;
            layer_ns -= layer_ns % 4; /* so that sums and lines between sizes are whole */
            model->layer_ns[size][cut] = layer_ns;
            remaining_ns[cut] = remaining_ns[cut + 1] + layer_ns;
            layer_ns = layer_ns * percent / 100;
        }
    }
    const struct dispatch_model facts = {.cut_count = model->cut_count,
                                         .max_batch = model->max_batch,
                                         .size_count = model->size_count,
                                         .sizes = model->sizes,
                                         .remaining_ns = ns,
                                         .has_rows = model->has_rows};
    paths_expect(paths, !dispatch_add_model(paths->dispatch, 0, &facts), "a model is added");
    dispatch_worker_has(paths->dispatch, 0, 0);
    paths->workers[0] = (struct paths_worker){.is_up = true};
}

/* Some have hardly more time than they take alone. */
static void make_requests(struct quality *quality, bool has_deadlines, uint64_t spread_ns)
{
    struct paths *paths = &quality->paths;
    const struct paths_model *model = &paths->models[0];
    struct brute *brute = &quality->brute;
    const uint64_t most = paths_between(paths, 150, 800);
    brute->cut_count = model->cut_count;
    brute->count = (uint32_t)paths_between(paths, 2, BRUTE_REQUESTS);
    for (uint32_t cut = 0; cut + 1 < model->cut_count; cut++)
        for (uint32_t rows = 1; rows <= BRUTE_REQUESTS; rows++)
            brute->layer_ns[cut][rows] = paths_part_ns(model, cut, cut + 1, rows);
    for (uint32_t i = 0; i < brute->count; i++) {
        const uint32_t last = model->cut_count - 1;
        brute->from[i] = shm_random_below(&paths->random, last);
        brute->to[i] = paths_chance(paths, 80)
                           ? last
                           : (uint32_t)paths_between(paths, brute->from[i] + 1, last);
        brute->comes_ns[i] = spread_ns ? shm_random_next(&paths->random) % spread_ns : 0;
        const uint64_t alone_ns = paths_part_ns(model, brute->from[i], brute->to[i], 1);
        brute->due_ns[i] =
            has_deadlines ? brute->comes_ns[i] + alone_ns * paths_between(paths, 100, most) / 100
                          : UINT64_MAX;
    }
}

int quality_init(struct quality *quality, uint64_t seed, const struct dispatch_config *rules,
                 bool has_deadlines, uint64_t spread_ns)
{
    static const struct dispatch_class classes[] = {{1, 64, UINT64_MAX}};
    *quality = (struct quality){.paths = {.random = {seed}, .now_ns = BEGIN_NS}};
    struct dispatch_config config = *rules;
    config.max_requests = config.max_queued = PATHS_REQUESTS;
    config.max_workers = PATHS_WORKERS;
    config.max_models = PATHS_MODELS;
    config.class_count = 1;
    config.classes = classes;
    quality->paths.config = config;
    const int error = dispatch_create(&config, &quality->paths.dispatch);
    if (error)
        return error;
    make_model(quality);
    make_requests(quality, has_deadlines, spread_ns);
    return 0;
}

void quality_fini(struct quality *quality)
{
    dispatch_destroy(quality->paths.dispatch);
}

static void submit(struct quality *quality, uint32_t i)
{
    struct paths *paths = &quality->paths;
    const struct brute *brute = &quality->brute;
    const struct dispatch_request facts = {.slot = i,
                                           .from = (uint16_t)brute->from[i],
                                           .to = (uint16_t)brute->to[i],
                                           .rows = 1,
                                           .arrived_ns = paths->now_ns,
                                           .deadline_ns = brute->due_ns[i] == UINT64_MAX
                                                              ? DISPATCH_NO_DEADLINE
                                                              : BEGIN_NS + brute->due_ns[i]};
    if (dispatch_submit(paths->dispatch, &facts, paths->now_ns) != DISPATCH_QUEUED)
        return;
    paths->requests[i] =
        (struct paths_request){.is_in = true, .facts = facts, .worker = UINT32_MAX};
    paths->submitted_count++;
}

static void turn(struct paths *paths)
{
    struct dispatch_action action;
    while (!paths->wrong && dispatch_next(paths->dispatch, paths->now_ns, &action))
        if (action.kind == DISPATCH_DROP)
            paths_end(paths, action.slot, PATHS_DROPPED);
        else
            paths_take(paths, &action);
}

static uint64_t earlier(uint64_t a_ns, uint64_t b_ns)
{
    return a_ns < b_ns ? a_ns : b_ns;
}

/* When something happens by itself, or somebody comes after now; UINT64_MAX: never. */
static uint64_t next_ns(const struct quality *quality)
{
    const struct paths *paths = &quality->paths;
    const struct brute *brute = &quality->brute;
    uint64_t ns = dispatch_timeout_ns(paths->dispatch);
    if (paths->workers[0].is_running)
        ns = earlier(ns, paths->workers[0].ends_ns);
    for (uint32_t i = 0; i < brute->count; i++)
        if (BEGIN_NS + brute->comes_ns[i] > paths->now_ns)
            ns = earlier(ns, BEGIN_NS + brute->comes_ns[i]);
    return ns;
}

void quality_run(struct quality *quality)
{
    struct paths *paths = &quality->paths;
    const struct brute *brute = &quality->brute;
    for (; paths->now_ns != UINT64_MAX && !paths->wrong; paths->now_ns = next_ns(quality)) {
        bool was_in[BRUTE_REQUESTS];
        for (uint32_t i = 0; i < brute->count; i++)
            was_in[i] = paths->requests[i].is_in;
        paths_work(paths, 0);
        for (uint32_t i = 0; i < brute->count; i++)
            if (was_in[i] && !paths->requests[i].is_in)
                quality->done_ns[i] = paths->now_ns - BEGIN_NS;
        for (uint32_t i = 0; i < brute->count; i++)
            if (BEGIN_NS + brute->comes_ns[i] == paths->now_ns)
                submit(quality, i);
        turn(paths);
    }
    paths_expect(paths, paths_is_over(paths), "every request ends");
}

uint32_t quality_in_time(const struct quality *quality)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < quality->brute.count; i++)
        count += quality->done_ns[i] && quality->done_ns[i] <= quality->brute.due_ns[i];
    return count;
}

uint64_t quality_sum_ns(const struct quality *quality)
{
    uint64_t sum_ns = 0;
    for (uint32_t i = 0; i < quality->brute.count; i++)
        sum_ns += quality->done_ns[i];
    return sum_ns;
}
