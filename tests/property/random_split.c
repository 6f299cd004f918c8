/* Random instances for the planner: a profile, conditions and a goal from a seed. */
#include "tests/property/random_split.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void *take(size_t count, size_t bytes)
{
    void *memory = calloc(count + 1, bytes);
    if (!memory) {
        fputs("random_split: out of memory\n", stderr);
        exit(1);
    }
    return memory;
}

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t next_random(struct random_split *random)
{
    uint64_t z = random->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint32_t random_split_below(struct random_split *random, uint32_t below)
{
    return (uint32_t)((next_random(random) >> 32) * below >> 32);
}

static bool is_one_in(struct random_split *random, uint32_t count)
{
    return random_split_below(random, count) == 0;
}

/* Up to about `scale`, sometimes 0. */
static double number(struct random_split *random, double scale)
{
    if (is_one_in(random, 12))
        return 0;
    if (random->is_dyadic)
        return scale * (double)(1 + random_split_below(random, 8)) / 8;
    const double unit = (double)(next_random(random) >> 11) * 0x1p-53;
    return scale * (is_one_in(random, 4) ? unit * unit * 4 : unit);
}

static double bytes(struct random_split *random)
{
    return random->is_dyadic ? number(random, 64) : floor(number(random, 1 << 17));
}

static void fill_layers(struct random_split *random)
{
    struct split_profile *profile = &random->profile;
    const double gain = random->is_dyadic ? 0.25 : 0.05 + number(random, 0.4);
    profile->input_bytes = bytes(random);
    for (uint32_t i = 0; i < profile->layer_count; i++)
        profile->layers[i] = (struct split_layer){
            .output_bytes = bytes(random),
            .weight_bytes = is_one_in(random, 2) ? bytes(random) : 0,
            .mobile_ms = number(random, 32),
            .mobile_mj = number(random, 64),
            .cloud_ms = number(random, 32) * gain,
            .backward_mobile_ms = number(random, 64),
            .backward_mobile_mj = number(random, 128),
            .backward_cloud_ms = number(random, 64) * gain,
        };
}

/* Some inputs for each layer, and for what no layer takes yet the next layer's. */
static void fill_inputs(struct random_split *random)
{
    struct split_profile *profile = &random->profile;
    const uint32_t n = profile->layer_count;
    bool *is_used = take(n + 1, sizeof(*is_used));
    random->inputs = take((size_t)n * 5, sizeof(*random->inputs));
    for (uint32_t i = 0; i < n; i++) {
        uint32_t *inputs = &random->inputs[5 * (size_t)i];
        uint32_t count = 1 + random_split_below(random, 4);
        for (uint32_t k = 0; k < count; k++) {
            const uint32_t reach = is_one_in(random, 2) ? i + 1 : (i < 3 ? i + 1 : 3);
            inputs[k] = i - random_split_below(random, reach);
            is_used[inputs[k]] = true;
        }
        if (i && !is_used[i])
            inputs[count++] = i;
        profile->layers[i].inputs = inputs;
        profile->layers[i].input_count = count;
    }
    free(is_used);
}

static void fill_skips(struct random_split *random)
{
    struct split_profile *profile = &random->profile;
    const uint32_t n = profile->layer_count;
    profile->skip_count = random_split_below(random, n + 1);
    profile->skips = take(profile->skip_count, sizeof(*profile->skips));
    for (uint32_t i = 0; i < profile->skip_count; i++) {
        struct split_skip *skip = &profile->skips[i];
        skip->from = random_split_below(random, n);
        skip->to = skip->from + 1 + random_split_below(random, n - skip->from);
        skip->bytes = skip->from ? profile->layers[skip->from - 1].output_bytes : bytes(random);
        if (is_one_in(random, 3))
            skip->bytes = bytes(random);
    }
}

static double fused(struct random_split *random, double sum)
{
    if (random->is_dyadic)
        return sum * (double)(2 + random_split_below(random, 4)) / 4;
    return sum * (0.5 + number(random, 0.8));
}

static void fill_blocks(struct random_split *random)
{
    struct split_profile *profile = &random->profile;
    const uint32_t n = profile->layer_count;
    const uint32_t density = random_split_below(random, 3); /* all, half, some */
    profile->blocks = take((size_t)n * (n + 1) / 2, sizeof(*profile->blocks));
    for (uint32_t first = 1; first <= n; first++) {
        struct split_layer sum = {0};
        for (uint32_t last = first; last <= n; last++) {
            const struct split_layer *layer = &profile->layers[last - 1];
            sum.mobile_ms += layer->mobile_ms;
            sum.mobile_mj += layer->mobile_mj;
            sum.cloud_ms += layer->cloud_ms;
            sum.backward_mobile_ms += layer->backward_mobile_ms;
            sum.backward_mobile_mj += layer->backward_mobile_mj;
            sum.backward_cloud_ms += layer->backward_cloud_ms;
            if ((density && !is_one_in(random, 2 * density)) ||
                (first == last && !is_one_in(random, 4)))
                continue;
            profile->blocks[profile->block_count++] = (struct split_block){
                .first = first,
                .last = last,
                .mobile_ms = fused(random, sum.mobile_ms),
                .mobile_mj = fused(random, sum.mobile_mj),
                .cloud_ms = fused(random, sum.cloud_ms),
                .has_backward = is_one_in(random, 2),
                .backward_mobile_ms = fused(random, sum.backward_mobile_ms),
                .backward_mobile_mj = fused(random, sum.backward_mobile_mj),
                .backward_cloud_ms = fused(random, sum.backward_cloud_ms),
            };
        }
    }
}

/* On the grid 0.008 Mbit/s is a byte per millisecond, and 1000 mW a millijoule in it. */
static void fill_conditions(struct random_split *random)
{
    static const char *const names[] = {"3g", "4g", "wifi"};
    split_conditions_default(&random->conditions,
                             split_network_named(names[random_split_below(random, 3)]));
    struct split_conditions *conditions = &random->conditions;
    struct split_network *network = &conditions->network;
    if (random->is_dyadic) {
        *network =
            (struct split_network){.up_mbps = 0.008 * (1u << random_split_below(random, 4)),
                                   .down_mbps = 0.008 * (1u << random_split_below(random, 5)),
                                   .beta_mw = 125 * random_split_below(random, 17)};
    } else {
        network->up_mbps *= 0.25 + number(random, 4);
        network->down_mbps *= 0.25 + number(random, 4);
    }
    conditions->has_radio_base = !is_one_in(random, 3);
    if (is_one_in(random, 3))
        network->rtt_ms = number(random, 8);
    if (is_one_in(random, 3))
        conditions->load.wait_ms = number(random, 8);
    if (is_one_in(random, 3))
        conditions->load.k = random->is_dyadic ? 0.5 * (1u << random_split_below(random, 3))
                                               : 0.5 + number(random, 4);
}

static void fill_cuts(struct random_split *random)
{
    const uint32_t n = random->profile.layer_count;
    struct split_load *load = &random->conditions.load;
    random->cut_layers = take(n + 1, sizeof(*random->cut_layers));
    random->remaining_ms = take(n + 1, sizeof(*random->remaining_ms));
    const uint32_t sparsity = 1 + random_split_below(random, 3);
    for (uint32_t layer = 0; layer <= n; layer++)
        if (layer == 0 || layer == n || is_one_in(random, sparsity))
            random->cut_layers[load->cut_count++] = layer;
    double remaining = is_one_in(random, 2) ? 0 : number(random, 8);
    for (uint32_t i = load->cut_count; i > 0; i--) {
        random->remaining_ms[i - 1] = remaining;
        remaining += number(random, 16);
    }
    load->cut_layers = random->cut_layers;
    load->remaining_ms = random->remaining_ms;
}

void random_split_init(struct random_split *random, uint64_t seed, enum random_split_shape shape,
                       uint32_t max_layers, uint32_t max_steps)
{
    *random = (struct random_split){.state = seed, .shape = shape};
    random->is_dyadic = is_one_in(random, 2);
    random->mode = is_one_in(random, 3) && max_steps > 1 ? SPLIT_TRAINING : SPLIT_INFERENCE;
    struct split_profile *profile = &random->profile;
    const uint32_t most = random->mode == SPLIT_TRAINING ? max_steps / 2 : max_steps;
    profile->batch = 1;
    profile->layer_count = 1 + random_split_below(random, most < max_layers ? most : max_layers);
    profile->layers = take(profile->layer_count, sizeof(*profile->layers));
    fill_layers(random);
    if (shape == RANDOM_SPLIT_DAG || shape == RANDOM_SPLIT_MIXED)
        fill_inputs(random);
    if (shape == RANDOM_SPLIT_SKIPS || (shape == RANDOM_SPLIT_MIXED && is_one_in(random, 2)))
        fill_skips(random);
    if (shape == RANDOM_SPLIT_BLOCKS || shape == RANDOM_SPLIT_MIXED)
        fill_blocks(random);
    fill_conditions(random);
    if (random->mode == SPLIT_INFERENCE && is_one_in(random, 5))
        fill_cuts(random);
    struct split_error error;
    if (split_problem_init(&random->problem, profile, random->mode, &error)) {
        fprintf(stderr, "random_split: %s %s\n", error.field, error.reason);
        exit(1);
    }
}

void random_split_fini(struct random_split *random)
{
    split_problem_fini(&random->problem);
    free(random->profile.layers);
    free(random->profile.blocks);
    free(random->profile.skips);
    free(random->cut_layers);
    free(random->remaining_ms);
    free(random->inputs);
    *random = (struct random_split){0};
}

uint32_t random_split_plan(struct random_split *random, struct split_part *parts)
{
    const struct split_problem *problem = &random->problem;
    const struct split_load *load = &random->conditions.load;
    const uint32_t stay = 1 + random_split_below(random, 6);
    enum split_side side = is_one_in(random, 2) ? SPLIT_CLOUD : SPLIT_MOBILE;
    uint32_t count = 0, cut = 0;
    for (uint32_t step = 1; step <= problem->count;) {
        while (cut < load->cut_count && load->cut_layers[cut] < step - 1)
            cut++;
        if ((!load->cut_count || load->cut_layers[cut] == step - 1) && is_one_in(random, stay))
            side = side == SPLIT_CLOUD ? SPLIT_MOBILE : SPLIT_CLOUD;
        uint32_t last = step + random_split_below(random, problem->count - step + 1);
        if (!split_problem_group(problem, step, last))
            last = step;
        parts[count++] = (struct split_part){step, last, side};
        step = last + 1;
    }
    return count;
}

/* Around what a plan has: exactly that, a little less, a little more. */
static double bound(struct random_split *random, double value)
{
    switch (random_split_below(random, 6)) {
    case 0:
        return value * 0.5;
    case 1:
        return value * (1 - 0x1p-16);
    case 2:
        return value + number(random, 8);
    case 3:
        return random_split_below(random, 4) ? value : 0;
    default:
        return value;
    }
}

void random_split_goal(struct random_split *random, struct split_goal *goal)
{
    struct split_part *parts = take(random->problem.count, sizeof(*parts));
    struct split_totals totals;
    const uint32_t count = random_split_plan(random, parts);
    split_evaluate(&random->problem, &random->conditions, parts, count, &totals);
    free(parts);
    split_goal_default(goal);
    goal->objective = is_one_in(random, 2) ? SPLIT_ENERGY : SPLIT_LATENCY;
    if (is_one_in(random, 2))
        goal->max_latency_ms = bound(random, totals.latency_ms);
    if (is_one_in(random, 2))
        goal->max_energy_mj = bound(random, totals.energy_mj);
    if (is_one_in(random, 2))
        goal->max_cloud_ms = bound(random, totals.cloud_ms);
}
