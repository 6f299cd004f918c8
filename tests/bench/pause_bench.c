/* How long a run goes on without asking whether a pause is wanted, layer by layer, and what asking
 * costs: for networks of the zoo, with one row and with eight. */
#include "compute/engine.h"
#include "compute/zoo/zoo.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 20u
#define MAX_BATCH 8u

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

struct asked {
    double last_us, longest_us;
    uint64_t count;
};

static bool note(void *arg)
{
    struct asked *asked = arg;
    const double us = now_us();
    if (us - asked->last_us > asked->longest_us)
        asked->longest_us = us - asked->last_us;
    asked->last_us = us;
    asked->count++;
    return false;
}

struct bench {
    struct engine_model *model;
    struct engine_context *context;
    const void *inputs[16 * MAX_BATCH];
    void *outputs[16 * MAX_BATCH];
};

/* The longest in the quietest of several rounds. */
static struct asked run(struct bench *bench, uint32_t from, uint32_t to, uint32_t rows, double *us)
{
    struct asked best = {.longest_us = 1e12};
    struct engine_error error;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        struct asked asked = {.last_us = now_us()};
        const double began_us = asked.last_us;
        const struct engine_run run = {.from = from,
                                       .to = to,
                                       .rows = rows,
                                       .inputs = bench->inputs,
                                       .outputs = bench->outputs,
                                       .wants_pause = note,
                                       .pause_arg = &asked};
        if (engine_context_run(bench->context, &run, &error)) {
            fprintf(stderr, "pause_bench: %s\n", error.text);
            exit(1);
        }
        const double ended_us = now_us();
        if (ended_us - asked.last_us > asked.longest_us)
            asked.longest_us = ended_us - asked.last_us;
        if (asked.longest_us >= best.longest_us)
            continue;
        best = asked;
        *us = ended_us - began_us;
    }
    return best;
}

static void open_network(struct bench *bench, const char *network)
{
    char path[64], tuning[64];
    struct zoo_config zoo;
    struct engine_config config;
    struct engine_error error;
    snprintf(path, sizeof(path), "/tmp/joint-pause-%ld.onnx", (long)getpid());
    snprintf(tuning, sizeof(tuning), "/tmp/joint-pause-%ld.tuning", (long)getpid());
    zoo_config_default(&zoo);
    engine_config_default(&config);
    config.max_batch = MAX_BATCH;
    config.tuning_path = tuning;
    const bool is_open = zoo_write(network, &zoo, path, NULL) == 0 &&
                         engine_model_open(path, &config, &bench->model, &error) == 0 &&
                         engine_model_prepare(bench->model, &error) == 0 &&
                         engine_model_pack(bench->model, NULL, &error) == 0 &&
                         engine_context_create(bench->model, NULL, &bench->context, &error) == 0;
    unlink(path);
    unlink(tuning);
    if (!is_open) {
        fprintf(stderr, "pause_bench: %s cannot be opened\n", network);
        exit(1);
    }
}

static void measure(const char *network, bool is_by_layer)
{
    struct bench bench;
    open_network(&bench, network);
    const uint32_t last = engine_model_cut_count(bench.model) - 1;
    size_t most = 0;
    for (uint32_t k = 0; k <= last; k++) {
        const size_t bytes = engine_model_cut(bench.model, k)->tensors[0].bytes;
        most = bytes > most ? bytes : most;
    }
    void *memory = calloc(2, MAX_BATCH * most);
    if (!memory)
        exit(1);
    for (uint32_t r = 0; r < MAX_BATCH; r++) {
        bench.inputs[r] = (char *)memory + r * most;
        bench.outputs[r] = (char *)memory + (MAX_BATCH + r) * most;
    }
    for (uint32_t rows = 1; rows <= MAX_BATCH; rows += MAX_BATCH - 1) {
        double us = 0;
        struct asked asked = run(&bench, 0, last, rows, &us);
        printf("%-14s %u rows  longest %6.0f us  asked %7llu times in %8.0f us\n", network, rows,
               asked.longest_us, (unsigned long long)asked.count, us);
        for (uint32_t k = 0; is_by_layer && k < last; k++) {
            asked = run(&bench, k, k + 1, rows, &us);
            printf("    %-20s %-14s longest %6.0f us  asked %6llu times in %7.0f us\n",
                   engine_model_cut(bench.model, k + 1)->name,
                   engine_model_algorithm(
                       bench.model, engine_model_cut(bench.model, k + 1)->layer_count - 1, rows),
                   asked.longest_us, (unsigned long long)asked.count, us);
        }
    }
    free(memory);
    engine_context_destroy(bench.context);
    engine_model_destroy(bench.model);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        for (int i = 1; i < argc; i++)
            measure(argv[i], true);
    else
        measure("alexnet", true);
    return 0;
}
