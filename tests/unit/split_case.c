/* Random networks for the planner, and the best of all plans of a small one. */
#include "tests/unit/split_case.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators", 2016. */
static uint64_t next(struct split_random *random)
{
    random->state ^= random->state >> 12;
    random->state ^= random->state << 25;
    random->state ^= random->state >> 27;
    return random->state * UINT64_C(2685821657736338717);
}

double split_random_unit(struct split_random *random)
{
    return (double)(next(random) >> 11) * 0x1p-53;
}

uint32_t split_random_below(struct split_random *random, uint32_t end)
{
    return (uint32_t)(split_random_unit(random) * end);
}

/* From low to high, evenly by magnitude; whole: 0 to 4. */
static double between(const struct split_case_config *config, double low, double high,
                      struct split_random *random)
{
    if (config->is_whole)
        return split_random_below(random, 5);
    return low * pow(high / low, split_random_unit(random));
}

static void *take(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);
    if (!memory) {
        perror("calloc");
        abort();
    }
    return memory;
}

static void fill_layer(struct split_layer *layer, const struct split_case_config *config,
                       struct split_random *random)
{
    layer->mobile_ms = between(config, 1, 30, random);
    layer->mobile_mj = config->is_whole ? between(config, 0, 0, random)
                                        : layer->mobile_ms * between(config, 2, 8, random);
    layer->cloud_ms = between(config, 0.05, 3, random);
    layer->output_bytes = between(config, 300, 200000, random);
    layer->weight_bytes = between(config, 1000, 100000, random);
    layer->backward_mobile_ms = between(config, 2, 60, random);
    layer->backward_mobile_mj = between(config, 4, 300, random);
    layer->backward_cloud_ms = between(config, 0.1, 6, random);
}

/* Fused execution costs from half to a little more than the sum. */
static void fill_block(struct split_block *block, const struct split_profile *profile,
                       const struct split_case_config *config, struct split_random *random)
{
    block->has_backward = split_random_unit(random) < 0.5;
    for (uint32_t i = block->first - 1; i < block->last; i++) {
        const struct split_layer *layer = &profile->layers[i];
        block->mobile_ms += layer->mobile_ms;
        block->mobile_mj += layer->mobile_mj;
        block->cloud_ms += layer->cloud_ms;
        block->backward_mobile_ms += layer->backward_mobile_ms;
        block->backward_mobile_mj += layer->backward_mobile_mj;
        block->backward_cloud_ms += layer->backward_cloud_ms;
    }
    double *costs[] = {&block->mobile_ms,          &block->mobile_mj,
                       &block->cloud_ms,           &block->backward_mobile_ms,
                       &block->backward_mobile_mj, &block->backward_cloud_ms};
    for (size_t i = 0; i < sizeof(costs) / sizeof(costs[0]); i++) {
        *costs[i] *= 0.5 + 0.6 * split_random_unit(random);
        if (config->is_whole)
            *costs[i] = floor(*costs[i]);
    }
}

static void add_blocks(struct split_case *one, const struct split_case_config *config,
                       struct split_random *random)
{
    struct split_profile *profile = &one->profile;
    const uint32_t n = config->layer_count;
    profile->blocks = take((size_t)n * (n + 1) / 2, sizeof(*profile->blocks));
    for (uint32_t first = 1; first <= n; first++)
        for (uint32_t last = first; last <= n; last++) {
            if (!config->has_all_blocks && split_random_unit(random) >= config->block_share)
                continue;
            struct split_block *block = &profile->blocks[profile->block_count++];
            *block = (struct split_block){.first = first, .last = last};
            fill_block(block, profile, config, random);
        }
}

static void add_skips(struct split_case *one, const struct split_case_config *config,
                      struct split_random *random)
{
    struct split_profile *profile = &one->profile;
    profile->skips = take(config->layer_count, sizeof(*profile->skips));
    for (uint32_t to = 2; to <= config->layer_count; to++) {
        if (split_random_unit(random) >= config->skip_share)
            continue;
        uint32_t from = split_random_below(random, to - 1);
        bool is_same = split_random_unit(random) < 0.5;
        double bytes = from ? profile->layers[from - 1].output_bytes : profile->input_bytes;
        profile->skips[profile->skip_count++] =
            (struct split_skip){from, to, is_same ? bytes : between(config, 300, 200000, random)};
    }
}

/* One to three inputs each; an output that no one takes becomes one of the next layer's. */
static void add_branches(struct split_case *one, uint32_t layer_count, struct split_random *random)
{
    one->inputs = take((size_t)layer_count * 4 + 8, sizeof(*one->inputs));
    bool *is_used = take((size_t)layer_count + 1, sizeof(*is_used));
    for (uint32_t layer = 1; layer <= layer_count; layer++) {
        uint32_t *inputs = &one->inputs[4 * (layer - 1)];
        uint32_t count = 1 + split_random_below(random, 3);
        for (uint32_t i = 0; i < count; i++) {
            uint32_t reach = layer < 5 ? layer : 5;
            inputs[i] = layer - 1 - split_random_below(random, reach);
            is_used[inputs[i]] = true;
        }
        uint32_t oldest = layer >= 5 ? layer - 5 : 0;
        if (!is_used[oldest]) {
            inputs[count++] = oldest;
            is_used[oldest] = true;
        }
        one->profile.layers[layer - 1].inputs = inputs;
        one->profile.layers[layer - 1].input_count = count;
    }
    struct split_layer *last = &one->profile.layers[layer_count - 1];
    for (uint32_t i = 0; i < layer_count; i++) /* at most five that no one took yet */
        if (!is_used[i])
            one->inputs[4 * (layer_count - 1) + last->input_count++] = i;
    free(is_used);
}

void split_case_init(struct split_case *one, const struct split_case_config *config,
                     struct split_random *random)
{
    *one = (struct split_case){.profile = {.batch = 1, .layer_count = config->layer_count}};
    one->profile.layers = take(config->layer_count, sizeof(*one->profile.layers));
    one->profile.input_bytes = between(config, 50000, 400000, random);
    for (uint32_t i = 0; i < config->layer_count; i++)
        fill_layer(&one->profile.layers[i], config, random);
    add_blocks(one, config, random);
    add_skips(one, config, random);
    if (config->has_branches)
        add_branches(one, config->layer_count, random);
    static const char *const names[] = {"3g", "4g", "wifi"};
    struct split_network network = *split_network_named(names[split_random_below(random, 3)]);
    if (config->is_whole) /* a byte up or down takes a millisecond and a millijoule */
        network = (struct split_network){0.008, 0.008, 0, 125000, 125000, 0};
    split_conditions_default(&one->conditions, &network);
    one->conditions.has_radio_base = split_random_unit(random) < 0.5;
}

void split_case_fini(struct split_case *one)
{
    free(one->profile.layers);
    free(one->profile.blocks);
    free(one->profile.skips);
    free(one->inputs);
}

void split_case_load(struct split_case *one, uint32_t cut_count, struct split_random *random)
{
    struct split_load *load = &one->conditions.load;
    one->conditions.network.rtt_ms = 20 * split_random_unit(random);
    load->wait_ms = 10 * split_random_unit(random);
    load->k = 0.5 + 4 * split_random_unit(random);
    if (cut_count < 2)
        return;
    load->cut_count = 0;
    double remaining_ms = 40;
    for (uint32_t layer = 0; layer <= one->profile.layer_count; layer++) {
        bool is_end = layer == 0 || layer == one->profile.layer_count;
        if (!is_end && (load->cut_count + 1 >= cut_count || split_random_unit(random) < 0.4))
            continue;
        one->cut_layers[load->cut_count] = layer;
        one->remaining_ms[load->cut_count++] = remaining_ms;
        remaining_ms *= split_random_unit(random);
    }
    load->cut_layers = one->cut_layers;
    load->remaining_ms = one->remaining_ms;
}

static bool may_turn(const struct split_load *load, uint32_t step)
{
    if (!load->cut_count)
        return true;
    for (uint32_t i = 0; i < load->cut_count; i++)
        if (load->cut_layers[i] == step)
            return true;
    return false;
}

/* The parts of one placement (bit step - 1: on the cloud) and one grouping (bit step - 1: a group
 * ends with this step). False if the problem has no such groups or may not turn there. */
static bool list_parts(const struct split_problem *problem, const struct split_load *load,
                       uint32_t placement, uint32_t ends, struct split_part *parts,
                       uint32_t *part_count)
{
    uint32_t first = 1;
    *part_count = 0;
    for (uint32_t step = 1; step <= problem->count; step++) {
        const bool is_cloud = placement >> (step - 1) & 1;
        const bool is_end = step == problem->count || (ends >> (step - 1) & 1);
        const bool is_next_cloud = step < problem->count && (placement >> step & 1);
        if (is_cloud != is_next_cloud && !may_turn(load, step))
            return false;
        if (step < problem->count && is_cloud != is_next_cloud && !is_end)
            return false;
        if (!is_end)
            continue;
        if (!split_problem_group(problem, first, step))
            return false;
        parts[(*part_count)++] =
            (struct split_part){first, step, is_cloud ? SPLIT_CLOUD : SPLIT_MOBILE};
        first = step + 1;
    }
    return true;
}

static bool keeps(const struct split_totals *totals, const struct split_goal *goal)
{
    return totals->latency_ms <= goal->max_latency_ms * (1 + 1e-9) &&
           totals->energy_mj <= goal->max_energy_mj * (1 + 1e-9) &&
           totals->cloud_ms <= goal->max_cloud_ms * (1 + 1e-9);
}

double split_case_value(const struct split_totals *totals, enum split_case_criterion criterion)
{
    if (criterion == LATENCY)
        return totals->latency_ms;
    return criterion == ENERGY ? totals->energy_mj : totals->cloud_ms;
}

bool split_case_brute(const struct split_problem *problem,
                      const struct split_conditions *conditions, const struct split_goal *goal,
                      enum split_case_criterion criterion, struct split_totals *best)
{
    bool is_found = false;
    struct split_part parts[16];
    for (uint32_t placement = 0; placement < 1u << problem->count; placement++)
        for (uint32_t ends = 0; ends < 1u << (problem->count - 1); ends++) {
            uint32_t part_count;
            struct split_totals totals;
            if (!list_parts(problem, &conditions->load, placement, ends, parts, &part_count))
                continue;
            split_evaluate(problem, conditions, parts, part_count, &totals);
            if (!keeps(&totals, goal))
                continue;
            if (!is_found ||
                split_case_value(&totals, criterion) < split_case_value(best, criterion))
                *best = totals;
            is_found = true;
        }
    return is_found;
}
