/* Tests of scheduler/plan/mincut.c: what is counted once, worked out by hand. */
#include "scheduler/plan/mincut.h"
#include "tests/unit/cunit_main.h"

/* A byte takes 1 ms up and 0.5 ms down. */
static const struct split_network network = {.up_mbps = 0.008, .down_mbps = 0.016};

enum {
    LAYERS = 4,
};

struct fixture {
    struct split_layer layers[LAYERS];
    struct split_profile profile;
    struct split_problem problem;
    struct split_conditions conditions;
    struct split_mincut mincut;
    bool is_cloud[2 * LAYERS + 1];
    struct split_values totals;
};

/* Layer 1 feeds layers 2 and 3, which feed layer 4. */
static const uint32_t from_first[] = {1}, from_both[] = {2, 3};

static void open_fixture(struct fixture *fixture, enum split_mode mode)
{
    *fixture = (struct fixture){
        .profile = {
            .batch = 1, .input_bytes = 50, .layer_count = LAYERS, .layers = fixture->layers}};
    for (int i = 0; i < LAYERS; i++)
        fixture->layers[i] = (struct split_layer){.output_bytes = 8, .mobile_ms = 4};
    fixture->layers[1].inputs = fixture->layers[2].inputs = from_first;
    fixture->layers[1].input_count = fixture->layers[2].input_count = 1;
    fixture->layers[3].inputs = from_both;
    fixture->layers[3].input_count = 2;
    CU_ASSERT_EQUAL_FATAL(split_problem_init(&fixture->problem, &fixture->profile, mode, NULL), 0);
    CU_ASSERT_FATAL(split_mincut_fits(&fixture->problem));
    CU_ASSERT_EQUAL_FATAL(split_mincut_init(&fixture->mincut, &fixture->problem), 0);
    split_conditions_default(&fixture->conditions, &network);
}

static void close_fixture(struct fixture *fixture)
{
    split_mincut_fini(&fixture->mincut);
    split_problem_fini(&fixture->problem);
}

static void change_problem(struct fixture *fixture, enum split_mode mode)
{
    split_mincut_fini(&fixture->mincut);
    split_problem_fini(&fixture->problem);
    CU_ASSERT_EQUAL_FATAL(split_problem_init(&fixture->problem, &fixture->profile, mode, NULL), 0);
    CU_ASSERT_EQUAL_FATAL(split_mincut_init(&fixture->mincut, &fixture->problem), 0);
}

static void solve(struct fixture *fixture)
{
    static const struct split_values latency = {.latency = 1};
    split_mincut_prepare(&fixture->mincut, &fixture->conditions);
    split_mincut_solve(&fixture->mincut, &latency, NULL, fixture->is_cloud, &fixture->totals);
}

/* All on the mobile: 16. With 2, 3 and 4 on the cloud: 4 + 8 up once, not twice + 4 down. */
static void counts_a_shared_tensor_once(void)
{
    struct fixture fixture;
    open_fixture(&fixture, SPLIT_INFERENCE);
    fixture.layers[1].mobile_ms = 9;
    change_problem(&fixture, SPLIT_INFERENCE);
    solve(&fixture);
    CU_ASSERT_DOUBLE_EQUAL(fixture.totals.latency, 16, 1e-9);
    CU_ASSERT(!fixture.is_cloud[1] && fixture.is_cloud[2] && fixture.is_cloud[3]);
    CU_ASSERT(fixture.is_cloud[4]);
    close_fixture(&fixture);
}

/* Each entry costs 1 of the round trip's 2 and 3 of waiting, each return 1: 16 + 5 is the mobile's
 * 21 to the bit, and of equal placements the mobile's is taken. */
static void pays_for_changes_of_side(void)
{
    struct fixture fixture;
    open_fixture(&fixture, SPLIT_INFERENCE);
    fixture.layers[1].mobile_ms = 9;
    change_problem(&fixture, SPLIT_INFERENCE);
    fixture.conditions.network.rtt_ms = 2;
    fixture.conditions.load.wait_ms = 3;
    solve(&fixture);
    CU_ASSERT_DOUBLE_EQUAL(fixture.totals.latency, 21, 1e-9);
    for (int i = 1; i <= LAYERS; i++)
        CU_ASSERT(!fixture.is_cloud[i]);
    fixture.conditions.load.wait_ms = 2;
    solve(&fixture);
    CU_ASSERT_DOUBLE_EQUAL(fixture.totals.latency, 20, 1e-9);
    CU_ASSERT(fixture.is_cloud[2] && fixture.is_cloud[4]);
    close_fixture(&fixture);
}

/* Steps 5 to 8 are the backward passes of layers 4 to 1; only those of 3 and 2 are dear. The
 * gradients that they send back are one sum for layer 1's: it comes down once, 4 ms, as the
 * gradients of 3's and 2's own outputs go up, 8 ms each. */
static void gathers_gradients_once(void)
{
    struct fixture fixture;
    open_fixture(&fixture, SPLIT_TRAINING);
    for (int i = 0; i < LAYERS; i++)
        fixture.layers[i].mobile_ms = 0;
    fixture.layers[1].backward_mobile_ms = fixture.layers[2].backward_mobile_ms = 50;
    for (int i = 0; i < LAYERS; i++)
        fixture.layers[i].backward_cloud_ms = i == 1 || i == 2 ? 0 : 1000;
    change_problem(&fixture, SPLIT_TRAINING);
    solve(&fixture);
    CU_ASSERT_DOUBLE_EQUAL(fixture.totals.latency, 8 + 8 + 4, 1e-9);
    CU_ASSERT(!fixture.is_cloud[5] && fixture.is_cloud[6]);
    CU_ASSERT(fixture.is_cloud[7] && !fixture.is_cloud[8]);
    close_fixture(&fixture);
}

static void changes_sides_at_cuts_alone(void)
{
    static const uint32_t cut_layers[] = {0, 2, LAYERS};
    static const double remaining_ms[] = {30, 1, 0};
    struct fixture fixture;
    open_fixture(&fixture, SPLIT_INFERENCE);
    for (int i = 0; i < LAYERS; i++)
        fixture.layers[i].mobile_ms = 20;
    change_problem(&fixture, SPLIT_INFERENCE);
    fixture.conditions.load.cut_count = 3;
    fixture.conditions.load.cut_layers = cut_layers;
    fixture.conditions.load.remaining_ms = remaining_ms;
    solve(&fixture);
    /* Layers 1 and 2 cost 40, or 29 and 50 of input; then two tensors up, 1, and 4 down. */
    CU_ASSERT_EQUAL(fixture.mincut.node_count, 3);
    CU_ASSERT_DOUBLE_EQUAL(fixture.totals.latency, 40 + 8 + 8 + 1 + 4, 1e-9);
    CU_ASSERT(!fixture.is_cloud[1] && fixture.is_cloud[2]);
    close_fixture(&fixture);
}

const struct cunit_test tests[] = {
    {"a tensor that two layers take crosses once", counts_a_shared_tensor_once},
    {"entries wait, changes cost half a round trip, and the mobile wins ties",
     pays_for_changes_of_side},
    {"gradients are gathered before they cross", gathers_gradients_once},
    {"where the server names its cuts, sides change there alone", changes_sides_at_cuts_alone},
    {NULL, NULL},
};
