/* Tests of scheduler/plan/timeline.c: a timeline adds up to what the plan costs by definition. */
#include "scheduler/plan/timeline.h"
#include "tests/unit/cunit_main.h"

#include <math.h>
#include <stdio.h>

#define MAX_LAYERS 9
#define MAX_STEPS (2 * MAX_LAYERS)

static uint64_t random_bits(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

static double random_cost(uint64_t *state)
{
    return (double)(random_bits(state) % 1000) / 10;
}

struct random_network {
    struct split_layer layers[MAX_LAYERS];
    struct split_block blocks[1];
    struct split_skip skips[2];
    struct split_profile profile;
};

static void fill_network(struct random_network *network, uint64_t *state)
{
    uint32_t count = 1 + (uint32_t)(random_bits(state) % MAX_LAYERS);
    for (uint32_t i = 0; i < count; i++)
        network->layers[i] = (struct split_layer){
            .output_bytes = random_cost(state) * 1e3,
            .weight_bytes = random_cost(state) * 1e3,
            .mobile_ms = random_cost(state),
            .mobile_mj = random_cost(state),
            .cloud_ms = random_cost(state),
            .backward_mobile_ms = random_cost(state),
            .backward_mobile_mj = random_cost(state),
            .backward_cloud_ms = random_cost(state),
        };
    network->profile = (struct split_profile){.batch = 1,
                                              .input_bytes = 1e5,
                                              .layer_count = count,
                                              .layers = network->layers,
                                              .blocks = network->blocks,
                                              .skips = network->skips};
    if (count > 2) {
        network->blocks[0] =
            (struct split_block){.first = 2, .last = count, .mobile_ms = 5, .cloud_ms = 1};
        network->profile.block_count = 1;
    }
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t from = (uint32_t)(random_bits(state) % count);
        uint32_t to = from + 1 + (uint32_t)(random_bits(state) % (count - from));
        network->skips[i] = (struct split_skip){from, to, 1e4 + i * 1e3};
    }
    network->profile.skip_count = 2;
}

/* Groups that exist, sides at random. */
static uint32_t fill_parts(const struct split_problem *problem, struct split_part *parts,
                           uint64_t *state)
{
    uint32_t count = 0;
    for (uint32_t step = 1; step <= problem->count;) {
        uint32_t last = step;
        if (random_bits(state) % 2 && split_problem_group(problem, step, problem->count))
            last = problem->count;
        parts[count++] =
            (struct split_part){step, last, random_bits(state) % 2 ? SPLIT_MOBILE : SPLIT_CLOUD};
        step = last + 1;
    }
    return count;
}

static void add_crossing(struct split_totals *sum, const struct split_crossing *crossing,
                         bool is_up)
{
    sum->latency_ms += crossing->transfer_ms + crossing->round_trip_ms + crossing->wait_ms;
    sum->energy_mj += crossing->transfer_mj;
    sum->weight_bytes += crossing->weight_bytes;
    *(is_up ? &sum->upload_bytes : &sum->download_bytes) += crossing->bytes;
}

static void check_sum(const struct split_problem *problem, const struct split_timeline *timeline,
                      const struct split_totals *totals)
{
    struct split_totals sum = {0};
    uint32_t next = 1;
    for (uint32_t i = 0; i < timeline->segment_count; i++) {
        const struct split_segment *segment = &timeline->segments[i];
        CU_ASSERT_EQUAL(segment->first, next);
        next = segment->last + 1;
        if (i)
            CU_ASSERT_NOT_EQUAL(segment->side, timeline->segments[i - 1].side);
        add_crossing(&sum, &segment->entry, segment->side == SPLIT_CLOUD);
        sum.latency_ms += segment->compute_ms;
        sum.energy_mj += segment->compute_mj;
        sum.cloud_ms += segment->side == SPLIT_CLOUD ? segment->compute_ms : 0;
    }
    add_crossing(&sum, &timeline->exit, false);
    CU_ASSERT_EQUAL(next, problem->count + 1);
    CU_ASSERT_DOUBLE_EQUAL(sum.latency_ms, totals->latency_ms, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(sum.energy_mj, totals->energy_mj, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(sum.cloud_ms, totals->cloud_ms, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(sum.upload_bytes, totals->upload_bytes, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(sum.download_bytes, totals->download_bytes, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(sum.weight_bytes, totals->weight_bytes, 1e-6);
}

static void adds_up(void)
{
    printf("seeds 1 to 2000\n");
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        uint64_t state = seed;
        struct random_network network;
        fill_network(&network, &state);
        struct split_problem problem;
        CU_ASSERT_EQUAL_FATAL(split_problem_init(&problem, &network.profile,
                                                 seed % 2 ? SPLIT_TRAINING : SPLIT_INFERENCE, NULL),
                              0);
        struct split_part parts[MAX_STEPS];
        uint32_t part_count = fill_parts(&problem, parts, &state);
        struct split_conditions conditions;
        split_conditions_default(&conditions, split_network_named("4g"));
        conditions.network.rtt_ms = 10;
        conditions.load.wait_ms = 3;
        conditions.load.k = 1.5;
        struct split_totals totals;
        split_evaluate(&problem, &conditions, parts, part_count, &totals);
        struct split_timeline timeline;
        CU_ASSERT_EQUAL_FATAL(
            split_timeline_init(&timeline, &problem, &conditions, parts, part_count), 0);
        check_sum(&problem, &timeline, &totals);
        split_timeline_fini(&timeline);
        split_problem_fini(&problem);
    }
}

static void a_tensor_crosses_before_its_first_use(void)
{
    struct split_layer layers[4];
    for (int i = 0; i < 4; i++)
        layers[i] = (struct split_layer){.output_bytes = 1000};
    struct split_skip skip = {1, 4, 500};
    const struct split_profile profile = {.batch = 1,
                                          .input_bytes = 100,
                                          .layer_count = 4,
                                          .layers = layers,
                                          .skip_count = 1,
                                          .skips = &skip};
    struct split_problem problem;
    CU_ASSERT_EQUAL_FATAL(split_problem_init(&problem, &profile, SPLIT_INFERENCE, NULL), 0);
    struct split_conditions conditions;
    split_conditions_default(&conditions, split_network_named("3g"));
    const struct split_part parts[] = {
        {1, 1, SPLIT_MOBILE}, {2, 2, SPLIT_CLOUD}, {3, 3, SPLIT_MOBILE}, {4, 4, SPLIT_CLOUD}};
    struct split_timeline timeline;
    CU_ASSERT_EQUAL_FATAL(split_timeline_init(&timeline, &problem, &conditions, parts, 4), 0);
    CU_ASSERT_EQUAL_FATAL(timeline.segment_count, 4);
    CU_ASSERT_DOUBLE_EQUAL(timeline.segments[0].entry.bytes, 0, 0);
    CU_ASSERT_DOUBLE_EQUAL(timeline.segments[1].entry.bytes, 1000, 0);
    CU_ASSERT_DOUBLE_EQUAL(timeline.segments[2].entry.bytes, 1000, 0);
    CU_ASSERT_DOUBLE_EQUAL(timeline.segments[3].entry.bytes, 1500, 0); /* the skip's too */
    CU_ASSERT_DOUBLE_EQUAL(timeline.exit.bytes, 1000, 0);
    split_timeline_fini(&timeline);
    split_problem_fini(&problem);
}

const struct cunit_test tests[] = {
    {"a timeline's sums are the plan's totals, in inference and training", adds_up},
    {"a tensor crosses before the first segment that needs it",
     a_tensor_crosses_before_its_first_use},
    {NULL, NULL},
};
