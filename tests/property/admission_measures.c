/* Measures of admission, each in a world of its own. */
#include "tests/property/admission_measures.h"

#include <math.h>
#include <string.h>

#define DEADLINE_TIMES 4
#define BIN_NS UINT64_C(20000000)

enum {
    CLIENTS = 64,
    ENDS = 1000000,
    STEPS = 40,
};

static const struct dispatch_class one_class[] = {{1, ADMISSION_SLOTS, UINT64_MAX}};
static const struct dispatch_class two_classes[] = {{8, ADMISSION_SLOTS, UINT64_MAX},
                                                    {1, ADMISSION_SLOTS, UINT64_MAX}};

static int begin(struct admission_world *world, const struct admission_case *of,
                 const struct dispatch_class *classes, uint32_t class_count)
{
    struct dispatch_config config = admission_config(of->workers, classes, class_count);
    config.mode = of->mode;
    if (admission_world_init(world, &config, CLIENTS, ENDS))
        return -1;
    world->random.state = of->seed;
    world->uses_credits = of->uses_credits;
    world->transfer_ns = of->transfer_ns;
    world->is_transfer_known = !of->is_transfer_unknown;
    return 0;
}

static struct admission_source source_of(const struct admission_case *of, uint8_t class_index,
                                         uint64_t client, uint32_t clients, double load)
{
    struct admission_source source = {.class_index = class_index,
                                      .client = client,
                                      .client_count = clients,
                                      .load = load,
                                      .deadline_times = DEADLINE_TIMES,
                                      .cut_count = of->cut_count};
    memcpy(source.cuts, of->cuts, sizeof(source.cuts));
    return source;
}

static void measure(struct admission_world *world, const struct admission_case *of)
{
    admission_world_run(world, world->now_ns + of->warm_ns);
    admission_world_clear(world);
    admission_world_run(world, world->now_ns + of->measured_ns);
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double quantile(double *values, uint32_t count, double part)
{
    qsort(values, count, sizeof(*values), compare);
    return count ? values[(uint32_t)(part * (count - 1))] : 0;
}

static double median_wait_error(const struct admission_world *world, bool is_promise)
{
    double *errors = calloc(world->end_count + 1, sizeof(*errors));
    uint32_t count = 0;
    for (uint32_t i = 0; errors && i < world->end_count; i++) {
        const struct admission_end *end = &world->ends[i];
        const double waited = (double)(end->started_ns - end->arrived_ns);
        if (end->is_answered && waited > 1e5)
            errors[count++] =
                fabs((double)(is_promise ? end->promised_wait_ns : end->page_wait_ns) - waited) /
                waited;
    }
    const double median = errors ? quantile(errors, count, 0.5) : INFINITY;
    free(errors);
    return median;
}

/* Of a class's answers that came in that time. */
static double p99_ms_of(const struct admission_world *world, uint8_t class_index, uint64_t from_ns,
                        uint64_t to_ns)
{
    double *ms = calloc(world->end_count + 1, sizeof(*ms));
    uint32_t count = 0;
    for (uint32_t i = 0; ms && i < world->end_count; i++) {
        const struct admission_end *end = &world->ends[i];
        if (end->class_index == class_index && end->is_answered && end->ended_ns >= from_ns &&
            end->ended_ns < to_ns)
            ms[count++] = (double)(end->ended_ns - end->arrived_ns) / ADMISSION_MS;
    }
    const double p99 = ms ? quantile(ms, count, 0.99) : INFINITY;
    free(ms);
    return p99;
}

int admission_measure_load(const struct admission_case *of, double load,
                           struct admission_result *result)
{
    static struct admission_world world;
    if (begin(&world, of, one_class, 1))
        return -1;
    const struct admission_source source = source_of(of, 0, 0, 32, load);
    admission_world_offer(&world, 0, &source);
    measure(&world, of);
    const struct admission_tally *tally = &world.classes[0];
    *result = (struct admission_result){
        .goodput = (double)tally->in_time * 1e9 / (double)of->measured_ns,
        .missed = (double)(tally->late + tally->dropped) / (double)(tally->admitted + 1),
        .promise_error = median_wait_error(&world, true),
        .page_error = median_wait_error(&world, false),
        .open_most = (uint32_t)world.open_most,
        .in_vain = (double)tally->sent_in_vain / (double)(tally->in_time + 1)};
    admission_world_fini(&world);
    return 0;
}

int admission_measure_fairness(const struct admission_case *of, double load, double *jain)
{
    static struct admission_world world;
    if (begin(&world, of, one_class, 1))
        return -1;
    const struct admission_source greedy = source_of(of, 0, 0, 1, load * 10 / 19);
    const struct admission_source others = source_of(of, 0, 1, 9, load * 9 / 19);
    admission_world_offer(&world, 0, &greedy);
    admission_world_offer(&world, 1, &others);
    measure(&world, of);
    double sum = 0, squares = 0;
    for (uint32_t i = 0; i < 10; i++) {
        const double had = (double)world.clients[i].in_time;
        sum += had;
        squares += had * had;
    }
    *jain = sum * sum / 10 / squares;
    admission_world_fini(&world);
    return 0;
}

int admission_measure_weights(const struct admission_case *of, double deadline_times, double *part)
{
    static struct admission_world world;
    if (begin(&world, of, two_classes, 2))
        return -1;
    const struct admission_source heavy = source_of(of, 0, 0, 16, 3);
    struct admission_source light = source_of(of, 1, 16, 16, 3);
    light.deadline_times = deadline_times;
    admission_world_offer(&world, 0, &heavy);
    admission_world_offer(&world, 1, &light);
    measure(&world, of);
    *part = (double)world.classes[0].in_time /
            (double)(world.classes[0].in_time + world.classes[1].in_time);
    admission_world_fini(&world);
    return 0;
}

int admission_measure_flood(const struct admission_case *of, double load, double flood,
                            double deadline_times, double *p99_ms, double *in_time)
{
    static struct admission_world world;
    if (begin(&world, of, two_classes, 2))
        return -1;
    const struct admission_source wanted = source_of(of, 0, 0, 16, load);
    struct admission_source other = source_of(of, 1, 16, 16, flood);
    other.deadline_times = deadline_times;
    admission_world_offer(&world, 0, &wanted);
    admission_world_offer(&world, 1, &other);
    measure(&world, of);
    *p99_ms = p99_ms_of(&world, 0, 0, UINT64_MAX);
    *in_time = (double)world.classes[0].in_time / (double)(world.classes[0].offered + 1);
    admission_world_fini(&world);
    return 0;
}

int admission_measure_step(const struct admission_case *of, double p99_ms[ADMISSION_STEP_BINS])
{
    static struct admission_world world;
    if (begin(&world, of, one_class, 1))
        return -1;
    uint32_t kept = 0;
    for (uint32_t step = 0; step < STEPS; step++) {
        struct admission_source source = source_of(of, 0, 0, 32, 0.7);
        admission_world_offer(&world, 0, &source);
        admission_world_run(&world, world.now_ns + 1000000000);
        const uint32_t first = world.end_count;
        const uint64_t began_ns = world.now_ns;
        source.load = 1.4;
        admission_world_offer(&world, 0, &source);
        admission_world_run(&world, world.now_ns + ADMISSION_STEP_BINS * BIN_NS);
        for (uint32_t i = first; i < world.end_count; i++, kept++) {
            world.ends[kept] = world.ends[i];
            world.ends[kept].arrived_ns -= began_ns; /* may be below 0: only differences count */
            world.ends[kept].ended_ns -= began_ns;
        }
        world.end_count = kept;
    }
    for (uint32_t i = 0; i < ADMISSION_STEP_BINS; i++)
        p99_ms[i] = p99_ms_of(&world, 0, i * BIN_NS, (i + 1) * BIN_NS);
    admission_world_fini(&world);
    return 0;
}
