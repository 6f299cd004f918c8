/* What the dispatcher's rules are worth, in virtual time: dispatch_policy_bench [REQUESTS] of each
 * row, 50,000 by default.
 *
 * Phones offer AlexNet from five cuts, mixed evenly (0, 3, 6, 10, 12), with four times its unloaded
 * time to be answered, to one worker. Load 1 is what full batches of each cut could serve, without
 * regard to deadlines: the mean over the cuts of what a row takes in a batch of eight. */
#include "tests/bench/dispatch_sim.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const names[] = {"none", "per-cut", "join"};
static const double loads[] = {0.3, 0.5, 0.7, 0.9, 1.0, 1.2, 1.5, 2.0, 3.0, 10.0};

enum { LOADS = sizeof(loads) / sizeof(loads[0]), AT_1_5 = 6, AT_2 = 7, AT_10 = 9 };

static double capacity(const struct sim_stream *stream)
{
    double ns = 0;
    for (uint32_t i = 0; i < stream->cut_count; i++)
        ns += sim_part_ns(stream->cuts[i], SIM_CUTS - 1, SIM_BATCH) / SIM_BATCH / stream->cut_count;
    return 1e9 / ns;
}

static int run(enum dispatch_mode mode, bool has_admission, double load, uint32_t requests,
               double *goodput)
{
    struct sim_config config = {
        .mode = mode,
        .has_admission = has_admission,
        .max_delay_ns = 2000000,
        .max_run_ns = 2000000,
        .workers = 1,
        .stream_count = 1,
        .streams = {{.cut_count = 5, .cuts = {0, 3, 6, 10, 12}, .rows = 1, .deadline_times = 4}},
        .classes = {{1, 4096, UINT64_MAX}, {1, 4096, UINT64_MAX}},
        .requests = requests,
        .seed = 7,
    };
    config.streams[0].per_second = load * capacity(&config.streams[0]);
    struct sim_result result;
    if (sim_run(&config, &result))
        return -1;
    const struct sim_counts *c = &result.streams[0];
    *goodput = (double)c->in_time / result.seconds;
    printf("| %s | %.1f | %.1f | %.1f %% | %.1f %% | %.2f %% | %.2f %% | %.2f | %.2f, %.2f | %llu "
           "| %llu "
           "| %llu |",
           names[mode], load, *goodput, 100.0 * (double)c->in_time / (double)c->offered,
           100.0 * (double)(c->refused + c->dropped) / (double)c->offered,
           100.0 * (double)c->late / (double)(c->late + c->in_time),
           100.0 * (double)c->dropped / (double)(c->offered - c->refused),
           (double)result.part_rows / (double)result.parts, c->p50, c->p99,
           (unsigned long long)result.dispatch.joined_rows,
           (unsigned long long)result.dispatch.late_joins,
           (unsigned long long)result.dispatch.preempted);
    for (uint32_t i = 0; i < config.streams[0].cut_count; i++) {
        const uint32_t cut = config.streams[0].cuts[i];
        printf(" %.0f", 100.0 * (double)c->answered_at[cut] / (double)c->offered_at[cut]);
    }
    printf(" %% |\n");
    return 0;
}

/* Phones in a hurry, alone and beside a flood of work that has no deadline. */
static int run_flood(double flood, uint32_t requests)
{
    struct sim_config config = {
        .mode = DISPATCH_ACROSS,
        .has_admission = true,
        .max_delay_ns = 2000000,
        .max_run_ns = 2000000,
        .workers = 1,
        .stream_count = flood > 0 ? 2 : 1,
        .streams = {{.cut_count = 5, .cuts = {0, 3, 6, 8, 10}, .rows = 1, .deadline_times = 4},
                    {.cut_count = 5,
                     .cuts = {0, 3, 6, 8, 10},
                     .rows = 1,
                     .class_index = 1,
                     .deadline_times = 100}},
        .classes = {{8, 4096, UINT64_MAX}, {1, 64, UINT64_MAX}},
        .requests = requests,
        .seed = 7,
    };
    config.streams[0].per_second = 0.2 * capacity(&config.streams[0]);
    config.streams[1].per_second = flood * capacity(&config.streams[1]);
    struct sim_result result;
    if (sim_run(&config, &result))
        return -1;
    const struct sim_counts *hurried = &result.streams[0], *patient = &result.streams[1];
    printf("| %.1f | %.1f %% | %.2f | %.2f | %.1f |\n", flood,
           100.0 * (double)hurried->in_time / (double)hurried->offered, hurried->p50, hurried->p99,
           (double)(patient->in_time + patient->late) / result.seconds);
    return 0;
}

/* Nobody has a deadline: how long does it take? */
static int run_without_deadlines(enum dispatch_mode mode, double load, uint32_t requests)
{
    struct sim_config config = {
        .mode = mode,
        .has_admission = true,
        .max_delay_ns = 2000000,
        .max_run_ns = 2000000,
        .workers = 1,
        .stream_count = 1,
        .streams = {{.cut_count = 5, .cuts = {0, 3, 6, 10, 12}, .rows = 1}},
        .classes = {{1, 4096, UINT64_MAX}, {1, 4096, UINT64_MAX}},
        .requests = requests,
        .seed = 7,
    };
    config.streams[0].per_second = load * capacity(&config.streams[0]);
    struct sim_result result;
    if (sim_run(&config, &result))
        return -1;
    const struct sim_counts *all = &result.streams[0];
    printf("| %.1f | %s | %.1f ms | %.2f | %.1f | %.1f %% |\n", load, names[mode],
           all->mean_ns / 1e6, all->mean, all->p99,
           100.0 * (double)all->refused / (double)all->offered);
    return 0;
}

/* All modes over all loads. */
static int compare(bool has_admission, uint32_t requests)
{
    double goodput[3][LOADS], before = 0;
    printf("\n%s admission\n\n| mode | load | goodput/s | in time | refused, dropped | late of "
           "answered "
           "| dropped of admitted | rows a part | p50, p99 | joined | late joins | put before | in "
           "time "
           "by cut |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
           has_admission ? "With" : "Without");
    for (uint32_t mode = 0; mode < 3; mode++)
        for (uint32_t i = 0; i < LOADS; i++)
            if (run((enum dispatch_mode)mode, has_admission, loads[i], requests, &goodput[mode][i]))
                return -1;
    printf("\njoin over per-cut at 1.5: %.2f (to reach: 1.3); over none: %.2f (1.8); join over "
           "what it "
           "did at lower loads, at 2 and 10 (0.95):",
           goodput[2][AT_1_5] / goodput[1][AT_1_5], goodput[2][AT_1_5] / goodput[0][AT_1_5]);
    for (uint32_t i = 0; i < LOADS; i++) {
        if (i == AT_2 || i == AT_10)
            printf(" %.2f", goodput[2][i] / before);
        before = goodput[2][i] > before ? goodput[2][i] : before;
    }
    printf("\n");
    return 0;
}

int main(int argc, char **argv)
{
    const unsigned long requests = argc > 1 ? strtoul(argv[1], NULL, 10) : 50000;
    if (requests < 1000 || requests > 10000000) {
        fprintf(stderr, "dispatch_policy_bench: REQUESTS is a number from 1,000 to 10,000,000\n");
        return 2;
    }
    if (compare(true, (uint32_t)requests) || compare(false, (uint32_t)requests))
        return 1;
    printf("\nNo deadlines\n\n| load | mode | mean | mean, in unloaded times | p99 | refused "
           "|\n|---|---|---|---|---|---|\n");
    for (uint32_t i = 0; i < 3; i++)
        for (uint32_t mode = 0; mode < 3; mode++)
            if (run_without_deadlines((enum dispatch_mode)mode, 0.3 + 0.2 * i, (uint32_t)requests))
                return 1;
    printf("\n| flood | in time | p50 | p99 | of the flood, per s |\n|---|---|---|---|---|\n");
    for (uint32_t i = 0; i < 4; i++)
        if (run_flood((double)i, (uint32_t)requests * (1 + 5 * i)))
            return 1;
    return 0;
}
