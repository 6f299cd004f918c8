/* What the dispatcher's rules are worth, in virtual time: dispatch_policy_bench [REQUESTS] of each
 * row, 100,000 by default.
 *
 * Phones offer AlexNet, as a whole, at its last pooling layer, or at five cuts mixed evenly, at
 * random times (Poisson), each with four times its unloaded time to be answered. Batches take what
 * `joint bench` measured on one thread, give or take a tenth. Load 1 is what full batches could
 * serve. Compared: each request alone; batches that nobody waits for; that wait for up to 2 and 10
 * ms. p50 and p99 are of the answers, in unloaded times. */
#include "scheduler/dispatch/dispatch.h"
#include "tests/unit/shm_random.h"

#include <math.h>

enum {
    CUTS = 6,
    SLOTS = 4096,
    MOST_WORKERS = 4,
    BATCH = 8,
    DEADLINE_TIMES = 4,
};

#define MS 1e6

/* AlexNet's cuts 0, 3, 6, 10, 12 and its end: ms to the end, one row and eight. */
static const double one_ms[CUTS] = {18.5, 16.3, 12.2, 7.6, 0.55, 0};
static const double eight_ms[CUTS] = {99.0, 81.9, 48.8, 11.9, 0.96, 0};

struct policy {
    const char *name;
    enum dispatch_mode mode;
    uint64_t max_delay_ns;
};

static const struct policy policies[] = {
    {"each alone", DISPATCH_ALONE, 0},
    {"batches, no waiting", DISPATCH_PER_CUT, 0},
    {"batches, 2 ms (default)", DISPATCH_PER_CUT, 2000000},
    {"batches, 10 ms", DISPATCH_PER_CUT, 10000000},
};

struct mix {
    const char *name;
    uint32_t cut_count;
    uint32_t cuts[CUTS];
};

static const struct mix mixes[] = {
    {"whole", 1, {0}},
    {"last pooling", 1, {3}},
    {"five cuts", 5, {0, 1, 2, 3, 4}},
};

static const double loads[] = {0.1, 0.4, 0.7, 0.9, 1.5};

struct simulation {
    struct dispatch *dispatch;
    struct shm_random random;
    uint32_t workers;
    uint64_t now_ns, next_ns; /* the next arrival */
    uint64_t ends_ns[MOST_WORKERS];
    struct dispatch_action queues[MOST_WORKERS][2]; /* [0] runs */
    uint32_t queue_counts[MOST_WORKERS];
    struct dispatch_request requests[SLOTS];
    uint32_t free_slots[SLOTS], free_count;
    double *slowdowns; /* latency over the unloaded time, of each answer */
    uint32_t answered, in_time, dropped, refused, late;
    uint64_t runs, rows;
};

static double unit(struct simulation *simulation)
{
    return ((double)(shm_random_next(&simulation->random) >> 11) + 1) / 9007199254740993.0;
}

static int simulation_init(struct simulation *simulation, const struct policy *policy,
                           uint32_t workers, uint32_t requests)
{
    const struct dispatch_class class = {1, SLOTS, UINT64_MAX};
    struct dispatch_config config = dispatch_config_default();
    config.max_requests = config.max_queued = SLOTS;
    config.max_workers = workers;
    config.max_models = config.class_count = 1;
    config.classes = &class;
    config.mode = policy->mode;
    config.max_delay_ns = policy->max_delay_ns;
    *simulation = (struct simulation){.random = {7}, .workers = workers};
    const uint32_t sizes[] = {1, BATCH};
    uint64_t ns[2][CUTS];
    bool has_rows[CUTS];
    for (uint32_t i = 0; i < CUTS; i++) {
        ns[0][i] = (uint64_t)(one_ms[i] * MS);
        ns[1][i] = (uint64_t)(eight_ms[i] * MS);
        has_rows[i] = true;
    }
    const struct dispatch_model facts = {CUTS, BATCH, 2, sizes, ns[0], has_rows};
    simulation->slowdowns = calloc(requests, sizeof(*simulation->slowdowns));
    if (!simulation->slowdowns || dispatch_create(&config, &simulation->dispatch) ||
        dispatch_add_model(simulation->dispatch, 0, &facts))
        return -1;
    for (uint32_t i = 0; i < workers; i++)
        dispatch_worker_has(simulation->dispatch, i, 0);
    for (uint32_t i = 0; i < SLOTS; i++)
        simulation->free_slots[simulation->free_count++] = i;
    return 0;
}

static void simulation_fini(struct simulation *simulation)
{
    dispatch_destroy(simulation->dispatch);
    free(simulation->slowdowns);
}

static void arrive(struct simulation *simulation, const struct mix *mix)
{
    if (!simulation->free_count) {
        simulation->refused++;
        return;
    }
    const uint32_t cut = mix->cuts[shm_random_below(&simulation->random, mix->cut_count)];
    const uint32_t slot = simulation->free_slots[simulation->free_count - 1];
    const struct dispatch_request request = {
        .slot = slot,
        .from = (uint16_t)cut,
        .to = CUTS - 1,
        .rows = 1,
        .arrived_ns = simulation->now_ns,
        .deadline_ns = simulation->now_ns + (uint64_t)(DEADLINE_TIMES * one_ms[cut] * MS)};
    if (dispatch_submit(simulation->dispatch, &request, simulation->now_ns) != DISPATCH_QUEUED) {
        simulation->refused++;
        return;
    }
    simulation->requests[slot] = request;
    simulation->free_count--;
}

static void begin(struct simulation *simulation, uint32_t worker)
{
    const struct dispatch_action *action = &simulation->queues[worker][0];
    const double one = one_ms[action->from], eight = eight_ms[action->from];
    const double ms = one + (eight - one) / (BATCH - 1) * (action->row_count - 1);
    simulation->ends_ns[worker] =
        simulation->now_ns + (uint64_t)(ms * MS * (0.9 + 0.2 * unit(simulation)));
}

static void end(struct simulation *simulation, uint32_t worker, uint64_t began_ns)
{
    const struct dispatch_action action = simulation->queues[worker][0];
    for (uint32_t i = 0; i < action.row_count; i++) {
        const uint32_t slot = action.rows[i].slot;
        const struct dispatch_request *request = &simulation->requests[slot];
        const double took_ns = (double)(simulation->now_ns - request->arrived_ns);
        dispatch_row_done(simulation->dispatch, worker, action.number, slot, 0, true,
                          simulation->now_ns);
        simulation->slowdowns[simulation->answered++] = took_ns / (one_ms[request->from] * MS);
        simulation->in_time += simulation->now_ns <= request->deadline_ns;
        simulation->late += simulation->now_ns > request->deadline_ns;
        simulation->free_slots[simulation->free_count++] = slot;
    }
    dispatch_run_done(simulation->dispatch, worker, action.number, simulation->now_ns - began_ns,
                      simulation->now_ns);
    simulation->queues[worker][0] = simulation->queues[worker][1];
    if (--simulation->queue_counts[worker])
        begin(simulation, worker);
}

static void turn(struct simulation *simulation)
{
    struct dispatch_action action;
    while (dispatch_next(simulation->dispatch, simulation->now_ns, &action)) {
        if (action.kind == DISPATCH_DROP) {
            simulation->dropped++;
            simulation->free_slots[simulation->free_count++] = action.slot;
            continue;
        }
        simulation->runs++;
        simulation->rows += action.row_count;
        simulation->queues[action.worker][simulation->queue_counts[action.worker]++] = action;
        if (simulation->queue_counts[action.worker] == 1)
            begin(simulation, action.worker);
    }
}

static void simulate(struct simulation *simulation, const struct mix *mix, double rate_per_ns,
                     uint32_t requests)
{
    uint64_t began_ns[MOST_WORKERS] = {0};
    for (uint32_t offered = 0; offered < requests;) {
        uint64_t next_ns = dispatch_timeout_ns(simulation->dispatch);
        next_ns = simulation->next_ns < next_ns ? simulation->next_ns : next_ns;
        for (uint32_t i = 0; i < simulation->workers; i++)
            if (simulation->queue_counts[i] && simulation->ends_ns[i] < next_ns)
                next_ns = simulation->ends_ns[i];
        simulation->now_ns = next_ns > simulation->now_ns ? next_ns : simulation->now_ns;
        for (uint32_t i = 0; i < simulation->workers; i++) {
            if (!simulation->queue_counts[i]) {
                began_ns[i] = simulation->now_ns;
            } else if (simulation->ends_ns[i] <= simulation->now_ns) {
                end(simulation, i, began_ns[i]);
                began_ns[i] = simulation->now_ns;
            }
        }
        if (simulation->next_ns <= simulation->now_ns) {
            arrive(simulation, mix);
            offered++;
            simulation->next_ns =
                simulation->now_ns + (uint64_t)(-log(unit(simulation)) / rate_per_ns);
        }
        turn(simulation);
    }
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static int run(const struct mix *mix, double load, const struct policy *policy, uint32_t workers,
               uint32_t requests)
{
    static struct simulation simulation;
    if (simulation_init(&simulation, policy, workers, requests))
        return -1;
    double ms = 0; /* of one row in a full batch */
    for (uint32_t i = 0; i < mix->cut_count; i++)
        ms += eight_ms[mix->cuts[i]] / BATCH / mix->cut_count;
    simulate(&simulation, mix, load * workers / (ms * MS), requests);
    qsort(simulation.slowdowns, simulation.answered, sizeof(*simulation.slowdowns), compare);
    const uint32_t count = simulation.answered;
    printf("| %s | %u | %.1f | %s | %.1f | %.2f | %.2f | %.1f %% | %.1f %% | %.2f %% |\n",
           mix->name, workers, load, policy->name,
           (double)simulation.rows / (double)simulation.runs, simulation.slowdowns[count / 2],
           simulation.slowdowns[(uint64_t)count * 99 / 100], 100.0 * simulation.in_time / requests,
           100.0 * (simulation.dropped + simulation.refused) / requests,
           100.0 * simulation.late / requests);
    simulation_fini(&simulation);
    return 0;
}

int main(int argc, char **argv)
{
    const unsigned long requests = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000;
    if (requests < 1000 || requests > 100000000) {
        fprintf(stderr, "dispatch_policy_bench: REQUESTS is a number from 1,000 to 100,000,000\n");
        return 2;
    }
    printf("| from | workers | load | policy | rows a batch | p50 | p99 | in time | refused, "
           "dropped | late |\n|---|---|---|---|---|---|---|---|---|---|\n");
    for (size_t mix = 0; mix < sizeof(mixes) / sizeof(mixes[0]); mix++)
        for (uint32_t workers = 1; workers <= MOST_WORKERS; workers *= 4)
            for (size_t load = 0; load < sizeof(loads) / sizeof(loads[0]); load++)
                for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++)
                    if (run(&mixes[mix], loads[load], &policies[i], workers, (uint32_t)requests))
                        return 1;
    return 0;
}
