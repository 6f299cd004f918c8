/* Sets a measurement up, and sums it up. */
#include "scheduler/profile/measuring.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FITTING_SHARE 0.85 /* of the time, for MEASURE_MIN_RUNS of each block */

void measure_config_default(struct measure_config *config)
{
    *config = (struct measure_config){
        .batch = 1, .max_cut_tensors = 1, .seconds = 30, .share = 0.05, .level = 0.95};
}

static int choose_blocks(struct measuring *m)
{
    struct measurement *result = m->result;
    const struct block_network network = {.layer_count = result->layer_count,
                                          .can_cut = m->can_cut,
                                          .is_legal = result->is_legal,
                                          .layer_ms = m->layer_ms};
    const struct block_wish wish = {.mode = m->config->mode,
                                    .length = m->config->block_length,
                                    .budget_ms = 1e3 * m->config->seconds * FITTING_SHARE /
                                                 MEASURE_MIN_RUNS};
    struct block_choice choice;
    block_choose(&choice, &network, &wish);
    result->possible_block_count = choice.possible_count;
    result->possible_ms = choice.possible_ms;
    result->has_ends = choice.has_ends;
    result->block_length = choice.length;
    if (choice.count > UINT32_MAX / 2)
        return measuring_fail(m, -ENOMEM, "too many blocks to measure: give a smaller --blocks");
    result->blocks = calloc(choice.count + 1, sizeof(*result->blocks));
    m->blocks = calloc(choice.count + 1, sizeof(*m->blocks));
    m->order = calloc(choice.count + 1, sizeof(*m->order));
    if (!result->blocks || !m->blocks || !m->order)
        return measuring_fail(m, -ENOMEM, "out of memory for the blocks: give a smaller --blocks");
    for (uint32_t first = 1; first <= result->layer_count; first++)
        for (uint32_t last = first; last <= result->layer_count; last++)
            if (block_is_chosen(&choice, first, last)) {
                m->order[result->block_count] = result->block_count;
                result->blocks[result->block_count++] =
                    (struct measured_block){.first = first, .last = last};
            }
    return 0;
}

static int find_cuts(struct measuring *m)
{
    struct measurement *result = m->result;
    const uint32_t n = result->layer_count, batch = m->config->batch;
    for (uint32_t k = 0; k <= n; k++) {
        const struct engine_cut *cut = engine_model_cut(m->runner.model, k);
        m->can_cut[k] = range_runner_can_cut(m->runner.model, k, batch);
        result->is_legal[k] =
            m->can_cut[k] && (k == 0 || k == n || cut->tensor_count <= m->config->max_cut_tensors);
    }
    if (!m->can_cut[0] || !m->can_cut[n])
        return measuring_fail(
            m, -ENOTSUP,
            "the rows of a batch cannot be told apart in this network's input or output: "
            "give --batch 1");
    return 0;
}

static int take_memory(struct measuring *m)
{
    struct measurement *result = m->result;
    const size_t n = result->layer_count;
    result->layers = calloc(n + 1, sizeof(*result->layers));
    result->is_legal = calloc(n + 1, sizeof(*result->is_legal));
    m->layers = calloc(n + 1, sizeof(*m->layers));
    m->layer_ns = calloc(n + 1, sizeof(*m->layer_ns));
    m->layer_ms = calloc(n + 1, sizeof(*m->layer_ms));
    m->can_cut = calloc(n + 1, sizeof(*m->can_cut));
    bool has_all =
        result->layers && result->is_legal && m->layers && m->layer_ns && m->layer_ms && m->can_cut;
    return has_all ? 0 : measuring_fail(m, -ENOMEM, "out of memory");
}

static void count(struct measuring *m, struct timed *timed, struct median *median)
{
    measuring_look(m, timed);
    *median = timed->median;
    m->result->timed_count++;
    m->result->settled_count += timed->is_settled;
}

static int measure_all(struct measuring *m)
{
    struct measurement *result = m->result;
    int err = take_memory(m);
    if (!err)
        err = find_cuts(m);
    if (!err)
        err = measuring_warm_up(m);
    if (!err)
        err = choose_blocks(m);
    if (err)
        return err;
    m->start_ns = m->meter_ns = range_runner_now_ns();
    struct energy_meter *meter = m->config->meter;
    bool has_meter = meter && energy_meter_read(meter) == 0;
    double start_joules = has_meter ? meter->joules : 0;
    err = measuring_run(m);
    if (err)
        return err;
    result->seconds = measuring_elapsed_s(m);
    if (has_meter && energy_meter_read(meter) == 0)
        result->watts = (meter->joules - start_joules) / result->seconds;
    count(m, &m->whole, &result->whole);
    for (uint32_t i = 0; i < result->layer_count; i++)
        count(m, &m->layers[i], &result->layers[i]);
    for (uint32_t i = 0; i < result->block_count; i++)
        count(m, &m->blocks[i], &result->blocks[i].time);
    return 0;
}

int measure(struct measurement *measurement, const struct engine_model *model,
            struct engine_context *context, const struct measure_config *config,
            struct engine_error *error)
{
    *measurement = (struct measurement){.layer_count = engine_model_layer_count(model)};
    struct measuring m = {
        .config = config, .result = measurement, .error = error, .random = config->batch};
    int err = range_runner_init(&m.runner, model, context, config->batch);
    if (err)
        measuring_fail(&m, err, "out of memory for the tensors: give a smaller --batch");
    else
        err = measure_all(&m);
    timed_fini(&m.whole, 1);
    timed_fini(m.layers, measurement->layer_count);
    timed_fini(m.blocks, measurement->block_count);
    range_runner_fini(&m.runner);
    free(m.layers);
    free(m.blocks);
    free(m.order);
    free(m.layer_ns);
    free(m.layer_ms);
    free(m.can_cut);
    if (err)
        measurement_fini(measurement);
    return err;
}

void measurement_fini(struct measurement *measurement)
{
    if (!measurement)
        return;
    free(measurement->layers);
    free(measurement->is_legal);
    free(measurement->blocks);
    *measurement = (struct measurement){0};
}
