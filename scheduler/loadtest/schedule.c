/* A Poisson process by its exponential gaps. Times, clients, cuts and tensors are drawn from four
 * streams, so that another mix leaves the times as they are. */
#include "scheduler/loadtest/schedule.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

enum stream { TIMES = 1, CLIENTS, CUTS, TENSORS };

/* When the next one comes. The gap is exponential with mean 1, by inversion; 1 - unit is in (0, 1],
 * whose logarithm is finite. */
static double draw_next_ns(const struct loadtest_schedule_config *config,
                           struct loadtest_random *random, double at_ns)
{
    const double gap = -log(1 - loadtest_random_unit(random));
    if (!config->steps)
        return at_ns + gap * (1e9 / config->rate_per_s);
    const double first_ns = (double)config->first_step_ns;
    return first_ns + 1e9 * loadtest_rate_steps_after(config->steps, (at_ns - first_ns) / 1e9, gap);
}

/* How many arrivals there are; the gaps are drawn again, the same, to fill them in. */
static size_t count_arrivals(const struct loadtest_schedule_config *config)
{
    struct loadtest_random times = loadtest_random_stream(config->seed, TIMES);
    size_t count = 0;
    double at_ns = draw_next_ns(config, &times, 0);
    while (at_ns < (double)config->duration_ns && count <= LOADTEST_MAX_ARRIVALS) {
        count++;
        at_ns = draw_next_ns(config, &times, at_ns);
    }
    return count;
}

int loadtest_schedule_init(struct loadtest_schedule *schedule,
                           const struct loadtest_schedule_config *config)
{
    *schedule = (struct loadtest_schedule){0};
    const size_t count = count_arrivals(config);
    if (count > LOADTEST_MAX_ARRIVALS)
        return -E2BIG;
    schedule->arrivals = calloc(count + 1, sizeof(*schedule->arrivals));
    if (!schedule->arrivals)
        return -ENOMEM;
    schedule->count = count;
    struct loadtest_random times = loadtest_random_stream(config->seed, TIMES);
    struct loadtest_random clients = loadtest_random_stream(config->seed, CLIENTS);
    struct loadtest_random cuts = loadtest_random_stream(config->seed, CUTS);
    struct loadtest_random tensors = loadtest_random_stream(config->seed, TENSORS);
    double at_ns = 0;
    for (size_t i = 0; i < count; i++) {
        at_ns = draw_next_ns(config, &times, at_ns);
        schedule->arrivals[i] = (struct loadtest_arrival){
            .at_ns = (uint64_t)at_ns,
            .client = loadtest_random_below(&clients, config->client_count),
            .entry = (uint16_t)loadtest_mix_draw(config->mix, &cuts),
            .tensor = (uint16_t)loadtest_random_below(&tensors, config->tensor_count),
        };
    }
    return 0;
}

void loadtest_schedule_fini(struct loadtest_schedule *schedule)
{
    if (!schedule)
        return;
    free(schedule->arrivals);
    *schedule = (struct loadtest_schedule){0};
}
