/* Phones, workers and the clock of a server in virtual time. */
#include "tests/property/admission_world.h"

#include <math.h>
#include <string.h>

#define END (ADMISSION_CUTS - 1)
#define NEVER UINT64_MAX

/* AlexNet's cuts 0, 3, 6, 10, 12 and its end: ms to the end, one row and eight. */
static const double one_ms[ADMISSION_CUTS] = {18.5, 16.3, 12.2, 7.6, 0.55, 0};
static const double eight_ms[ADMISSION_CUTS] = {99.0, 81.9, 48.8, 11.9, 0.96, 0};

double admission_alone_ns(uint32_t cut)
{
    return one_ms[cut] * ADMISSION_MS;
}

static double unit(struct admission_world *world)
{
    return ((double)(shm_random_next(&world->random) >> 11) + 1) / 9007199254740993.0;
}

struct dispatch_config admission_config(uint32_t workers, const struct dispatch_class *classes,
                                        uint32_t class_count)
{
    struct dispatch_config config = dispatch_config_default();
    config.max_requests = ADMISSION_SLOTS;
    config.max_queued = ADMISSION_SLOTS / 4;
    config.max_workers = workers;
    config.max_models = 1;
    config.class_count = class_count;
    config.classes = classes;
    return config;
}

static int add_model(struct admission_world *world)
{
    static const uint32_t sizes[] = {1, ADMISSION_BATCH};
    static const bool has_rows[ADMISSION_CUTS] = {true, true, true, true, true, true};
    uint64_t ns[2 * ADMISSION_CUTS];
    for (uint32_t i = 0; i < ADMISSION_CUTS; i++) {
        ns[i] = (uint64_t)(one_ms[i] * ADMISSION_MS);
        ns[ADMISSION_CUTS + i] = (uint64_t)(eight_ms[i] * ADMISSION_MS);
    }
    const struct dispatch_model facts = {.cut_count = ADMISSION_CUTS,
                                         .max_batch = ADMISSION_BATCH,
                                         .size_count = 2,
                                         .sizes = sizes,
                                         .remaining_ns = ns,
                                         .has_rows = has_rows};
    return dispatch_add_model(world->dispatch, 0, &facts);
}

int admission_world_init(struct admission_world *world, const struct dispatch_config *config,
                         uint32_t client_bound, uint32_t end_bound)
{
    *world = (struct admission_world){.random = {7},
                                      .worker_count = config->max_workers,
                                      .noise = 0.1,
                                      .slowness = 1,
                                      .is_transfer_known = true,
                                      .now_ns = 1000000000,
                                      .client_bound = client_bound,
                                      .end_bound = end_bound};
    world->clients = calloc(client_bound, sizeof(*world->clients));
    world->ends = calloc(end_bound, sizeof(*world->ends));
    if (!world->clients || !world->ends || dispatch_create(config, &world->dispatch) ||
        add_model(world)) {
        admission_world_fini(world);
        return -1;
    }
    for (uint32_t i = 0; i < world->worker_count; i++)
        dispatch_worker_has(world->dispatch, i, 0);
    for (uint32_t i = 0; i < ADMISSION_SLOTS; i++)
        world->free_slots[world->free_count++] = i;
    for (uint32_t i = 0; i < ADMISSION_SOURCES; i++)
        world->next_ns[i] = NEVER;
    return 0;
}

void admission_world_fini(struct admission_world *world)
{
    dispatch_destroy(world->dispatch);
    free(world->clients);
    free(world->ends);
    *world = (struct admission_world){0};
}

void admission_world_clear(struct admission_world *world)
{
    memset(world->classes, 0, sizeof(world->classes));
    memset(world->clients, 0, world->client_bound * sizeof(*world->clients));
    world->end_count = 0;
    world->open_most = world->runs = world->rows = 0;
}

static uint64_t interval_ns(struct admission_world *world, const struct admission_source *source)
{
    double full_ns = 0; /* of one row in a full batch */
    for (uint32_t i = 0; i < source->cut_count; i++)
        full_ns += eight_ms[source->cuts[i]] * ADMISSION_MS / ADMISSION_BATCH / source->cut_count;
    return (uint64_t)(-log(unit(world)) * full_ns / source->load / world->worker_count) + 1;
}

void admission_world_offer(struct admission_world *world, uint32_t source,
                           const struct admission_source *what)
{
    world->sources[source] = *what;
    world->next_ns[source] =
        what->load > 0 ? world->now_ns + interval_ns(world, &world->sources[source]) : NEVER;
    if (world->source_count <= source)
        world->source_count = source + 1;
}

static struct admission_tally *tally_of(struct admission_world *world, uint64_t client)
{
    return &world->clients[client < world->client_bound ? client : world->client_bound - 1];
}

static void count_verdict(struct admission_tally *tally, enum dispatch_verdict verdict)
{
    tally->admitted += verdict == DISPATCH_QUEUED;
    tally->over_credit += verdict == DISPATCH_OVER_CREDIT;
    tally->late_verdict += verdict == DISPATCH_LATE;
    tally->full += verdict == DISPATCH_FULL;
    tally->ceiling += verdict == DISPATCH_CEILING;
}

static struct dispatch_request next_request(struct admission_world *world,
                                            const struct admission_source *source)
{
    const uint32_t cut = source->cuts[shm_random_below(&world->random, source->cut_count)];
    const uint64_t budget_ns = (uint64_t)(source->deadline_times * admission_alone_ns(cut));
    return (struct dispatch_request){
        .slot = world->free_count ? world->free_slots[world->free_count - 1] : 0,
        .from = (uint16_t)cut,
        .to = END,
        .rows = 1,
        .class_index = source->class_index,
        .client = source->client + shm_random_below(&world->random, source->client_count),
        .arrived_ns = world->now_ns + world->transfer_ns,
        .deadline_ns =
            budget_ns ? world->now_ns + world->transfer_ns + budget_ns : DISPATCH_NO_DEADLINE};
}

static void take_in(struct admission_world *world, const struct dispatch_request *facts,
                    uint64_t page_wait_ns)
{
    const enum dispatch_verdict verdict = dispatch_submit(world->dispatch, facts, world->now_ns);
    struct admission_tally *tallies[] = {&world->classes[facts->class_index],
                                         tally_of(world, facts->client)};
    for (uint32_t i = 0; i < 2; i++) {
        count_verdict(tallies[i], verdict);
        tallies[i]->sent_in_vain += world->transfer_ns && verdict != DISPATCH_QUEUED;
    }
    if (verdict != DISPATCH_QUEUED) {
        world->free_slots[world->free_count++] = facts->slot;
        return;
    }
    world->requests[facts->slot] = (struct admission_request){
        .is_in = true,
        .facts = *facts,
        .page_wait_ns = page_wait_ns,
        .promised_wait_ns = dispatch_predicted_wait_ns(world->dispatch, facts->slot),
        .rows_left = facts->rows};
    if (world->open_most < ADMISSION_SLOTS - world->free_count)
        world->open_most = ADMISSION_SLOTS - world->free_count;
}

static enum dispatch_verdict ask(struct admission_world *world,
                                 const struct dispatch_request *facts)
{
    enum dispatch_verdict verdict = DISPATCH_QUEUED;
    if (!world->free_count)
        return DISPATCH_FULL;
    if (world->uses_credits)
        verdict =
            dispatch_admits(world->dispatch, facts->class_index, facts->client, world->now_ns);
    struct dispatch_request coming = *facts;
    if (!world->is_transfer_known)
        coming.arrived_ns = UINT64_MAX;
    if (verdict == DISPATCH_QUEUED && world->transfer_ns)
        verdict = dispatch_expect(world->dispatch, &coming, world->now_ns);
    return verdict;
}

static void come(struct admission_world *world, uint32_t at)
{
    const struct admission_source *source = &world->sources[at];
    world->next_ns[at] = world->now_ns + interval_ns(world, source);
    const struct dispatch_request facts = next_request(world, source);
    struct dispatch_class_load load;
    dispatch_measure_class(world->dispatch, facts.class_index, world->now_ns, &load);
    const enum dispatch_verdict verdict = ask(world, &facts);
    struct admission_tally *tallies[] = {&world->classes[facts.class_index],
                                         tally_of(world, facts.client)};
    for (uint32_t i = 0; i < 2; i++) {
        tallies[i]->offered++;
        tallies[i]->granted += world->transfer_ns && verdict == DISPATCH_QUEUED;
        if (verdict != DISPATCH_QUEUED)
            count_verdict(tallies[i], verdict);
    }
    if (verdict != DISPATCH_QUEUED)
        return;
    world->free_count--;
    if (!world->transfer_ns) {
        take_in(world, &facts, load.predicted_wait_ns);
        return;
    }
    const uint32_t place = (world->coming_first + world->coming_count++) % ADMISSION_SLOTS;
    world->coming[place] = (struct admission_coming){facts, load.predicted_wait_ns};
}

static uint64_t next_arrival_ns(const struct admission_world *world)
{
    return world->coming_count ? world->coming[world->coming_first].facts.arrived_ns : NEVER;
}

static void arrive(struct admission_world *world)
{
    while (next_arrival_ns(world) <= world->now_ns) {
        struct admission_coming *coming = &world->coming[world->coming_first];
        world->coming_first = (world->coming_first + 1) % ADMISSION_SLOTS;
        world->coming_count--;
        take_in(world, &coming->facts, coming->page_wait_ns);
    }
}

static void end_request(struct admission_world *world, uint32_t slot, bool is_answered)
{
    struct admission_request *request = &world->requests[slot];
    const bool is_in_time = is_answered && world->now_ns <= request->facts.deadline_ns;
    struct admission_tally *tallies[] = {&world->classes[request->facts.class_index],
                                         tally_of(world, request->facts.client)};
    for (uint32_t i = 0; i < 2; i++) {
        tallies[i]->in_time += is_in_time;
        tallies[i]->late += is_answered && !is_in_time;
        tallies[i]->dropped += !is_answered;
    }
    if (world->end_count < world->end_bound)
        world->ends[world->end_count++] =
            (struct admission_end){.arrived_ns = request->facts.arrived_ns,
                                   .started_ns = request->started_ns,
                                   .ended_ns = world->now_ns,
                                   .page_wait_ns = request->page_wait_ns,
                                   .promised_wait_ns = request->promised_wait_ns,
                                   .from = request->facts.from,
                                   .class_index = request->facts.class_index,
                                   .is_answered = is_answered,
                                   .is_in_time = is_in_time};
    request->is_in = false;
    world->free_slots[world->free_count++] = slot;
}

static void row_done(struct admission_world *world, uint32_t worker, struct admission_run *run,
                     uint32_t index, bool was_run)
{
    const struct admission_row row = run->rows[index];
    run->rows[index] = run->rows[--run->row_count];
    if (dispatch_row_done(world->dispatch, worker, run->number, row.slot, row.row, was_run,
                          world->now_ns))
        end_request(world, row.slot, true);
}

static double step_ns(uint32_t cut, uint32_t rows)
{
    const double one = one_ms[cut] - one_ms[cut + 1], eight = eight_ms[cut] - eight_ms[cut + 1];
    return (one + (eight - one) / (ADMISSION_BATCH - 1) * (rows - 1)) * ADMISSION_MS;
}

static bool is_stop(const struct admission_run *run, uint32_t cut)
{
    if (cut >= run->to || run->stops >> cut & 1)
        return true;
    for (uint32_t i = 0; i < run->row_count; i++)
        if (run->rows[i].from == cut || run->rows[i].to == cut)
            return true;
    return false;
}

/* The most urgent of its dispatches computes to its next stop. */
static void begin_segment(struct admission_world *world, uint32_t at)
{
    struct admission_worker *worker = &world->workers[at];
    uint32_t best = 0;
    for (uint32_t i = 1; i < worker->run_count; i++)
        if (worker->runs[i].urgency > worker->runs[best].urgency)
            best = i;
    worker->current = best;
    if (!worker->run_count)
        return;
    struct admission_run *run = &worker->runs[best];
    worker->segment_began_ns = world->now_ns;
    if (run->is_held) { /* goes on, without a word */
        run->is_held = false;
        worker->segment_ends_ns = world->now_ns + run->left_ns;
        return;
    }
    uint32_t rows = 0;
    double ns = 0;
    run->spent_ns = 0;
    for (uint32_t i = 0; i < run->row_count; i++) {
        struct admission_request *request = &world->requests[run->rows[i].slot];
        const bool is_active = run->rows[i].from <= run->at;
        rows += is_active;
        if (is_active && !request->is_started) {
            request->is_started = true;
            request->started_ns = world->now_ns;
        }
    }
    run->segment_end = run->at;
    do
        ns += rows ? step_ns(run->segment_end, rows) * run->speed : 0;
    while (!is_stop(run, ++run->segment_end));
    worker->segment_ends_ns = world->now_ns + (uint64_t)ns;
    dispatch_segment(world->dispatch, at, run->number, run->at, run->segment_end, rows ? rows : 1,
                     world->now_ns, 0, world->now_ns);
}

static void end_segment(struct admission_world *world, uint32_t at)
{
    struct admission_worker *worker = &world->workers[at];
    struct admission_run *run = &worker->runs[worker->current];
    const uint64_t took_ns = run->spent_ns + world->now_ns - worker->segment_began_ns;
    uint32_t rows = 0;
    for (uint32_t i = 0; i < run->row_count; i++)
        rows += run->rows[i].from <= run->at;
    dispatch_segment(world->dispatch, at, run->number, run->at, run->segment_end, rows ? rows : 1,
                     world->now_ns - took_ns, world->now_ns, world->now_ns);
    run->compute_ns += took_ns;
    run->at = run->segment_end;
    for (uint32_t i = 0; i < run->row_count;)
        if (run->rows[i].to <= run->at)
            row_done(world, at, run, i, true);
        else
            i++;
    if (run->at < run->to && run->row_count)
        return;
    dispatch_run_done(world->dispatch, at, run->number, run->compute_ns, world->now_ns);
    worker->run_count--;
    memmove(run, run + 1, (worker->run_count - worker->current) * sizeof(*run));
}

/* One that is more urgent runs inside of the segment. */
static void interrupt(struct admission_world *world, uint32_t at)
{
    struct admission_worker *worker = &world->workers[at];
    struct admission_run *run = &worker->runs[worker->current];
    if (worker->segment_ends_ns <= world->now_ns)
        return;
    run->is_held = true;
    run->spent_ns += world->now_ns - worker->segment_began_ns;
    run->left_ns = worker->segment_ends_ns - world->now_ns;
    begin_segment(world, at);
}

static struct admission_row row_of(const struct admission_world *world,
                                   const struct dispatch_row *row)
{
    const struct dispatch_request *facts = &world->requests[row->slot].facts;
    return (struct admission_row){row->slot, row->row, facts->from, facts->to};
}

static void take_run(struct admission_world *world, const struct dispatch_action *action)
{
    struct admission_worker *worker = &world->workers[action->worker];
    struct admission_run *run = &worker->runs[worker->run_count++];
    *run = (struct admission_run){.number = action->number,
                                  .row_count = action->row_count,
                                  .at = action->from,
                                  .to = action->to,
                                  .urgency = action->urgency,
                                  .stops = action->stops[0]};
    run->speed = world->slowness * (1 + world->noise * (2 * unit(world) - 1));
    for (uint32_t i = 0; i < action->row_count; i++)
        run->rows[i] = row_of(world, &action->rows[i]);
    world->runs++;
    world->rows += action->row_count;
    if (worker->run_count == 1)
        begin_segment(world, action->worker);
    else if (action->urgency > worker->runs[worker->current].urgency)
        interrupt(world, action->worker);
}

/* Rows that come too late have missed it. */
static void take_join(struct admission_world *world, const struct dispatch_action *action)
{
    struct admission_worker *worker = &world->workers[action->worker];
    struct admission_run *run = NULL;
    for (uint32_t i = 0; i < worker->run_count; i++)
        if (worker->runs[i].number == action->number)
            run = &worker->runs[i];
    for (uint32_t i = 0; i < action->row_count; i++) {
        const struct admission_row row = row_of(world, &action->rows[i]);
        const bool is_running = run && (run->is_held || run == &worker->runs[worker->current]);
        if (run && row.from >= (is_running ? run->segment_end : run->at)) {
            run->rows[run->row_count++] = row;
            run->to = row.to > run->to ? row.to : run->to;
            world->rows++;
        } else {
            dispatch_row_done(world->dispatch, action->worker, action->number, row.slot, row.row,
                              false, world->now_ns);
        }
    }
}

static void turn(struct admission_world *world)
{
    struct dispatch_action action;
    while (dispatch_next(world->dispatch, world->now_ns, &action)) {
        if (action.kind == DISPATCH_DROP)
            end_request(world, action.slot, false);
        else if (action.kind == DISPATCH_RUN)
            take_run(world, &action);
        else
            take_join(world, &action);
    }
}

static uint64_t next_ns(const struct admission_world *world)
{
    uint64_t ns = dispatch_timeout_ns(world->dispatch);
    ns = next_arrival_ns(world) < ns ? next_arrival_ns(world) : ns;
    for (uint32_t i = 0; i < world->source_count; i++)
        ns = world->next_ns[i] < ns ? world->next_ns[i] : ns;
    for (uint32_t i = 0; i < world->worker_count; i++)
        if (world->workers[i].run_count && world->workers[i].segment_ends_ns < ns)
            ns = world->workers[i].segment_ends_ns;
    return ns > world->now_ns ? ns : world->now_ns;
}

void admission_world_run(struct admission_world *world, uint64_t until_ns)
{
    for (;;) {
        const uint64_t ns = next_ns(world);
        if (ns > until_ns)
            break;
        world->now_ns = ns;
        for (uint32_t i = 0; i < world->worker_count; i++) {
            if (!world->workers[i].run_count || world->workers[i].segment_ends_ns > ns)
                continue;
            end_segment(world, i);
            begin_segment(world, i);
        }
        for (uint32_t i = 0; i < world->source_count; i++)
            if (world->next_ns[i] <= ns)
                come(world, i);
        arrive(world);
        turn(world);
    }
    world->now_ns = until_ns;
}
