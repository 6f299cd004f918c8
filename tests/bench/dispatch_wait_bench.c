/* What can be known beforehand of a request's wait, by how old what is known is, in virtual time:
 * dispatch_wait_bench [SECONDS] of each case, 100 by default.
 *
 * Phones offer AlexNet at 0.7 times what full batches could serve, as in dispatch_admission_bench.
 * Once a millisecond it is noted what the class is told, and when a request would begin that came
 * then, from each cut, by the trial that admission makes. Each request that waited is then held
 * against what was noted some time before it came.
 *
 * What nobody could know then, as it depends on who comes in between, is estimated by neighbours:
 * of the first half of all requests those that came after trials most like this one's, and of their
 * waits the number that is nearest to all. */
#include "scheduler/dispatch/trial.h"
#include "tests/property/admission_measures.h"

#include <math.h>
#include <string.h>

#define MS_NS UINT64_C(1000000)
#define LEAST_WAIT_NS 100000u /* of less a relative error says nothing */
#define LOAD 0.7
#define WARM_MS 3000u
#define NEIGHBOURS 60u
#define KNOWN 3000u /* requests whose neighbours are looked for, at most, and those looked at */
#define LOOKED_AT 600u

/* At a moment, in ms; a trial that found no time says what the class is told. */
struct told {
    double page, trials[ADMISSION_CUTS];
};

struct sample {
    double arrived_ms, waited, page, own;
    uint32_t cut; /* place among the case's */
};

struct waits {
    const struct admission_case *of;
    uint32_t ms_count;
    struct told *told; /* [ms_count] */
    double began_ms; /* when the first was noted */
    struct sample *samples; /* [sample_count] */
    uint32_t sample_count;
};

static struct admission_world world;

static void look(const struct admission_case *of, struct told *told)
{
    struct dispatch_class_load load;
    dispatch_measure_class(world.dispatch, 0, world.now_ns, &load);
    told->page = (double)load.predicted_wait_ns / MS_NS;
    for (uint32_t i = 0; i < of->cut_count; i++) {
        const uint64_t budget_ns = (uint64_t)(4 * admission_alone_ns(of->cuts[i]));
        const struct dispatch_request facts = {.slot = world.free_slots[world.free_count - 1],
                                               .from = (uint16_t)of->cuts[i],
                                               .to = ADMISSION_CUTS - 1,
                                               .rows = 1,
                                               .arrived_ns = world.now_ns,
                                               .deadline_ns = world.now_ns + budget_ns};
        uint64_t begins_ns = UINT64_MAX;
        dispatch_trial(world.dispatch, &facts, world.now_ns, &begins_ns);
        const uint64_t wait_ns = begins_ns > world.now_ns ? begins_ns - world.now_ns : 0;
        told->trials[i] = begins_ns == UINT64_MAX ? told->page : (double)wait_ns / MS_NS;
    }
}

static uint32_t place_of(const struct admission_case *of, uint32_t cut)
{
    uint32_t place = 0;
    while (place + 1 < of->cut_count && of->cuts[place] != cut)
        place++;
    return place;
}

static void take_samples(struct waits *waits)
{
    for (uint32_t i = 0; i < world.end_count; i++) {
        const struct admission_end *end = &world.ends[i];
        const double arrived_ms = (double)end->arrived_ns / MS_NS;
        if (!end->is_answered || end->started_ns - end->arrived_ns <= LEAST_WAIT_NS ||
            arrived_ms < waits->began_ms + 100)
            continue;
        waits->samples[waits->sample_count++] =
            (struct sample){.arrived_ms = arrived_ms,
                            .waited = (double)(end->started_ns - end->arrived_ns) / MS_NS,
                            .page = (double)end->page_wait_ns / MS_NS,
                            .own = (double)end->promised_wait_ns / MS_NS,
                            .cut = place_of(waits->of, end->from)};
    }
}

static int measure(const struct admission_case *of, uint32_t seconds, struct waits *waits)
{
    static const struct dispatch_class one_class[] = {{1, ADMISSION_SLOTS, UINT64_MAX}};
    struct dispatch_config config = admission_config(1, one_class, 1);
    config.mode = DISPATCH_ACROSS;
    *waits = (struct waits){.of = of, .ms_count = seconds * 1000};
    const uint32_t most = seconds * 1000;
    waits->told = calloc(waits->ms_count, sizeof(*waits->told));
    waits->samples = calloc(most, sizeof(*waits->samples));
    if (!waits->told || !waits->samples || admission_world_init(&world, &config, 32, most))
        return -1;
    world.random.state = of->seed;
    world.uses_credits = true;
    struct admission_source source = {
        .client_count = 32, .load = LOAD, .deadline_times = 4, .cut_count = of->cut_count};
    memcpy(source.cuts, of->cuts, sizeof(source.cuts));
    admission_world_offer(&world, 0, &source);
    admission_world_run(&world, world.now_ns + WARM_MS * MS_NS);
    admission_world_clear(&world);
    waits->began_ms = (double)world.now_ns / MS_NS;
    for (uint32_t i = 0; i < waits->ms_count; i++) {
        look(of, &waits->told[i]);
        admission_world_run(&world, world.now_ns + MS_NS);
    }
    take_samples(waits);
    admission_world_fini(&world);
    return waits->sample_count > 2 * NEIGHBOURS ? 0 : -1;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(double *values, uint32_t count)
{
    qsort(values, count, sizeof(*values), compare);
    return values[count / 2];
}

static double error_of(double told, const struct sample *sample)
{
    return fabs(told - sample->waited) / sample->waited;
}

/* Of some waits the one with the least median error to all. */
static double nearest_to_all(const double *waited, uint32_t count)
{
    double best = waited[0], least = INFINITY;
    for (uint32_t i = 0; i < count; i++) {
        double errors[KNOWN];
        for (uint32_t k = 0; k < count; k++)
            errors[k] = fabs(waited[i] - waited[k]) / waited[k];
        const double error = median(errors, count);
        best = error < least ? waited[i] : best;
        least = error < least ? error : least;
    }
    return best;
}

/* What was noted so long before it came; *age_ms: exactly so long. */
static const struct told *told_before(const struct waits *waits, const struct sample *sample,
                                      double before_ms, double *age_ms)
{
    const double at = floor(sample->arrived_ms - before_ms - waits->began_ms);
    *age_ms = sample->arrived_ms - waits->began_ms - at;
    return &waits->told[(uint32_t)at];
}

enum guess { PAGE, TRIAL, MIDDLE, GUESSES };

static double guess_of(const struct waits *waits, const struct sample *sample, double before_ms,
                       enum guess guess)
{
    double age_ms;
    const struct told *told = told_before(waits, sample, before_ms, &age_ms);
    if (guess == PAGE)
        return told->page;
    const double trial = told->trials[guess == TRIAL ? sample->cut : waits->of->cut_count / 2];
    return fmax(trial - age_ms, 0);
}

static double guess_error(const struct waits *waits, double before_ms, enum guess guess)
{
    double *errors = calloc(waits->sample_count, sizeof(*errors));
    for (uint32_t i = 0; errors && i < waits->sample_count; i++)
        errors[i] =
            error_of(guess_of(waits, &waits->samples[i], before_ms, guess), &waits->samples[i]);
    const double error = errors ? median(errors, waits->sample_count) : NAN;
    free(errors);
    return error;
}

struct neighbour {
    double distance, waited; /* the distance comes first: compare() */
};

/* From the waits of those that came after trials most like this one's. */
static double neighbours_say(const struct waits *waits, const struct sample *sample,
                             double before_ms, bool knows_cut)
{
    static struct neighbour all[KNOWN];
    double waited[NEIGHBOURS], age_ms;
    const struct told *told = told_before(waits, sample, before_ms, &age_ms);
    uint32_t count = 0;
    for (uint32_t i = 0; i < waits->sample_count / 2 && count < KNOWN; i++) {
        const struct sample *other = &waits->samples[i];
        if (knows_cut && other->cut != sample->cut)
            continue;
        const struct told *others = told_before(waits, other, before_ms, &age_ms);
        double distance = 0;
        for (uint32_t k = 0; k < waits->of->cut_count; k++)
            distance +=
                (told->trials[k] - others->trials[k]) * (told->trials[k] - others->trials[k]);
        all[count++] = (struct neighbour){distance, other->waited};
    }
    qsort(all, count, sizeof(*all), compare);
    count = count < NEIGHBOURS ? count : NEIGHBOURS;
    for (uint32_t i = 0; i < count; i++)
        waited[i] = all[i].waited;
    return count ? nearest_to_all(waited, count) : 0;
}

static double neighbours_error(const struct waits *waits, double before_ms, bool knows_cut)
{
    double errors[LOOKED_AT];
    uint32_t count = 0;
    for (uint32_t i = waits->sample_count / 2; i < waits->sample_count && count < LOOKED_AT; i++) {
        const struct sample *sample = &waits->samples[i];
        errors[count++] = error_of(neighbours_say(waits, sample, before_ms, knows_cut), sample);
    }
    return median(errors, count);
}

static void print(const struct waits *waits)
{
    static const double ages_ms[] = {0, 1, 3, 10, 30};
    static double waited[KNOWN], all[100000], own[100000];
    uint32_t count = 0;
    for (uint32_t i = 0; i < waits->sample_count && i < 100000; i++) {
        waited[count] = waits->samples[i].waited;
        count += count + 1 < KNOWN / 3;
    }
    const double always = nearest_to_all(waited, count);
    count = waits->sample_count < 100000 ? waits->sample_count : 100000;
    for (uint32_t i = 0; i < count; i++) {
        all[i] = error_of(always, &waits->samples[i]);
        own[i] = error_of(waits->samples[i].own, &waits->samples[i]);
    }
    printf("| %s | its own, when it is let in | | %.0f %% | | | |\n", waits->of->name,
           100 * median(own, count));
    for (uint32_t i = 0; i < sizeof(ages_ms) / sizeof(ages_ms[0]); i++) {
        printf("| %s | %.0f ms before |", waits->of->name, ages_ms[i]);
        for (enum guess guess = PAGE; guess < GUESSES; guess++)
            printf(" %.0f %% |", 100 * guess_error(waits, ages_ms[i], guess));
        printf(" %.0f %% | %.0f %% |\n", 100 * neighbours_error(waits, ages_ms[i], true),
               100 * neighbours_error(waits, ages_ms[i], false));
    }
    printf("| %s | always %.1f ms | %.0f %% | | | | |\n", waits->of->name, always,
           100 * median(all, count));
}

int main(int argc, char **argv)
{
    static const struct admission_case cases[] = {
        {.name = "whole", .cut_count = 1, .cuts = {0}, .seed = 7},
        {.name = "last pooling", .cut_count = 1, .cuts = {3}, .seed = 7},
        {.name = "five cuts", .cut_count = 5, .cuts = {0, 1, 2, 3, 4}, .seed = 7}};
    const unsigned long seconds = argc > 1 ? strtoul(argv[1], NULL, 10) : 100;
    if (seconds < 10 || seconds > 10000) {
        fprintf(stderr, "dispatch_wait_bench: SECONDS is a number from 10 to 10,000\n");
        return 2;
    }
    printf(
        "| from | known | the class is told | trial of its cut, less its age | of the middle cut "
        "| neighbours, cut known | not known |\n|---|---|---|---|---|---|---|\n");
    for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct waits waits;
        if (measure(&cases[i], (uint32_t)seconds, &waits))
            return 1;
        print(&waits);
        free(waits.told);
        free(waits.samples);
    }
    return 0;
}
