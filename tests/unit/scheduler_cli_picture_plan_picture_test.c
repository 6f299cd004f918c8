/* Tests of scheduler/cli/picture/plan_picture.c: pictures of plans, read back. */
#include "scheduler/cli/picture/plan_picture.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/svg_check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct svg_check check;

/* A picture under construction; its parts are filled in by each test. */
struct drawing {
    struct split_profile profile;
    struct split_problem problem;
    struct split_conditions conditions;
    struct split_goal goal;
    struct split_plan plan;
    char *chars; /* the file */
    size_t length;
};

static void begin(struct drawing *drawing, struct split_layer *layers, uint32_t layer_count,
                  enum split_mode mode)
{
    *drawing = (struct drawing){.profile = {.model = "net",
                                            .batch = 1,
                                            .input_bytes = 150528,
                                            .layer_count = layer_count,
                                            .layers = layers}};
    CU_ASSERT_EQUAL_FATAL(split_problem_init(&drawing->problem, &drawing->profile, mode, NULL), 0);
    split_conditions_default(&drawing->conditions, split_network_named("4g"));
    split_goal_default(&drawing->goal);
    CU_ASSERT_EQUAL_FATAL(split_plan_init(&drawing->plan, &drawing->problem), 0);
}

static void add_part(struct drawing *drawing, uint32_t last, enum split_side side)
{
    struct split_plan *plan = &drawing->plan;
    const uint32_t first = plan->part_count ? plan->parts[plan->part_count - 1].last + 1 : 1;
    plan->parts[plan->part_count++] = (struct split_part){first, last, side};
    plan->is_feasible = true;
}

static void draw(struct drawing *drawing)
{
    struct split_plan *plan = &drawing->plan;
    const struct split_part mobile = {1, drawing->problem.count, SPLIT_MOBILE};
    const struct split_part cloud = {1, drawing->problem.count, SPLIT_CLOUD};
    if (plan->is_feasible)
        split_evaluate(&drawing->problem, &drawing->conditions, plan->parts, plan->part_count,
                       &plan->totals);
    split_evaluate(&drawing->problem, &drawing->conditions, &mobile, 1, &plan->mobile_only);
    split_evaluate(&drawing->problem, &drawing->conditions, &cloud, 1, &plan->cloud_only);
    FILE *file = open_memstream(&drawing->chars, &drawing->length);
    const struct plan_picture picture = {
        &drawing->profile, &drawing->problem, &drawing->conditions, &drawing->goal, plan, "4g"};
    CU_ASSERT_EQUAL(plan_picture_save(&picture, file), 0);
    fclose(file);
    svg_check(&check, drawing->chars, drawing->length);
    if (check.error[0])
        printf("\n%s", check.error);
    CU_ASSERT_STRING_EQUAL(check.error, "");
}

static void end(struct drawing *drawing)
{
    free(drawing->chars);
    split_plan_fini(&drawing->plan);
    split_problem_fini(&drawing->problem);
}

/* Two layers over 4G: 1 Mbit/s moves 125 bytes in a millisecond, so 40,000 bytes take 54.7 ms. */
static struct split_layer two_layers[] = {
    {.name = "conv", .output_bytes = 40000, .mobile_ms = 12, .mobile_mj = 30, .cloud_ms = 1},
    {.name = "fc", .output_bytes = 1000, .mobile_ms = 300, .mobile_mj = 600, .cloud_ms = 4}};

static void a_split_reads_as_one_sentence(void)
{
    struct drawing drawing;
    begin(&drawing, two_layers, 2, SPLIT_INFERENCE);
    add_part(&drawing, 1, SPLIT_MOBILE);
    add_part(&drawing, 2, SPLIT_CLOUD);
    draw(&drawing);
    CU_ASSERT(svg_check_has(&check, "Runs conv on the phone, sends 40 kB, the server does the"));
    CU_ASSERT(strstr(drawing.chars, "<title>Runs conv on the phone, sends 40\u00A0kB, the server "
                                    "does the rest: 71.3\u00A0ms instead of 312\u00A0ms (phone "
                                    "alone) or 211\u00A0ms (server alone)</title>") != NULL);
    CU_ASSERT(svg_check_has(&check, "54.7 ms"));
    CU_ASSERT(svg_check_has(&check, "not used") == false);
    end(&drawing);
}

static void extremes_read_as_what_they_are(void)
{
    struct drawing drawing;
    begin(&drawing, two_layers, 2, SPLIT_INFERENCE);
    add_part(&drawing, 2, SPLIT_MOBILE);
    draw(&drawing);
    CU_ASSERT(svg_check_has(&check, "Runs everything on the phone: 312 ms"));
    CU_ASSERT(svg_check_has(&check, "not used"));
    end(&drawing);
    begin(&drawing, two_layers, 2, SPLIT_INFERENCE);
    add_part(&drawing, 2, SPLIT_CLOUD);
    draw(&drawing);
    CU_ASSERT(
        svg_check_has(&check, "Sends the input (151 kB), the server does everything: 211 ms"));
    end(&drawing);
}

static void waits_and_round_trips_are_shown(void)
{
    struct drawing drawing;
    double wait_ms = 0, round_trip_ms = 0;
    begin(&drawing, two_layers, 2, SPLIT_INFERENCE);
    drawing.conditions.network.rtt_ms = 40;
    drawing.conditions.load.wait_ms = 25;
    add_part(&drawing, 1, SPLIT_MOBILE);
    add_part(&drawing, 2, SPLIT_CLOUD);
    draw(&drawing);
    CU_ASSERT(svg_check_has(&check, "waits"));
    CU_ASSERT(svg_check_has(&check, "½ round trip"));
    svg_check_count(drawing.chars, "cloud", "data-wait-ms", &wait_ms);
    svg_check_count(drawing.chars, "up", "data-round-trip-ms", &round_trip_ms);
    CU_ASSERT_DOUBLE_EQUAL(wait_ms, 25, 0);
    CU_ASSERT_DOUBLE_EQUAL(round_trip_ms, 20, 0);
    end(&drawing);
}

static void what_breaks_a_bound_is_named(void)
{
    struct drawing drawing;
    begin(&drawing, two_layers, 2, SPLIT_INFERENCE);
    drawing.goal.max_energy_mj = 400;
    drawing.goal.max_latency_ms = 100;
    drawing.goal.max_cloud_ms = 4.5;
    add_part(&drawing, 1, SPLIT_MOBILE);
    add_part(&drawing, 2, SPLIT_CLOUD);
    draw(&drawing);
    CU_ASSERT(strstr(drawing.chars, "phone alone, over the latency bound") != NULL);
    CU_ASSERT(svg_check_has(&check, "bound 100 ms"));
    CU_ASSERT(svg_check_has(&check, "bound 400 mJ"));
    CU_ASSERT(svg_check_has(&check, "bound 4.5 ms"));
    end(&drawing);
}

static void no_plan_has_a_picture_that_says_what_would_do(void)
{
    struct drawing drawing;
    begin(&drawing, two_layers, 2, SPLIT_INFERENCE);
    drawing.goal.max_energy_mj = 20;
    drawing.goal.max_latency_ms = 50;
    drawing.plan.energy_mj = (struct split_nearest){30, INFINITY};
    drawing.plan.latency_ms = (struct split_nearest){71.3, 90};
    draw(&drawing);
    CU_ASSERT(svg_check_has(&check, "No plan keeps the latency within 50 ms and the phone's"));
    CU_ASSERT(svg_check_has(&check, "latency: at least 90 ms instead of 50 ms"));
    CU_ASSERT(svg_check_has(&check, "no value would do"));
    CU_ASSERT_EQUAL(svg_check_count(drawing.chars, "mobile", NULL, NULL), 0);
    end(&drawing);
}

static void training_names_the_backward_pass(void)
{
    struct drawing drawing;
    two_layers[1].weight_bytes = 1e6;
    begin(&drawing, two_layers, 2, SPLIT_TRAINING);
    add_part(&drawing, 1, SPLIT_MOBILE);
    add_part(&drawing, 3, SPLIT_CLOUD);
    add_part(&drawing, 4, SPLIT_MOBILE);
    draw(&drawing);
    two_layers[1].weight_bytes = 0;
    CU_ASSERT(svg_check_has(&check, "One training step."));
    CU_ASSERT(svg_check_has(&check, "runs fc and back to fc (2 steps)"));
    CU_ASSERT(svg_check_has(&check, "runs conv backward"));
    CU_ASSERT(svg_check_has(&check, "sends back 1 MB of weights and 40 kB"));
    end(&drawing);
}

/* Sizes over many orders of magnitude, with zeros. */
static double any_size(int spread)
{
    return rand() % 8 ? pow(10, rand() % (2 * spread + 1) - spread) * (1 + rand() % 90) : 0;
}

static void name_randomly(char *name)
{
    static const char odd[] = "<>&\"'\x01\x7F\xC3\xA9\xE5\xB1\xA4\xE2\x80\xAE";
    const int length = rand() % 4 ? rand() % 12 : rand() % 70;
    for (int i = 0; i < length; i++)
        name[i] = (char)(rand() % 6 ? 'a' + rand() % 26 : odd[rand() % (int)(sizeof(odd) - 1)]);
    name[length] = 0;
}

static void draw_random(int spread)
{
    static char names[60][72];
    struct split_layer layers[60] = {{0}};
    const uint32_t n = 1 + (uint32_t)rand() % (rand() % 4 ? 8 : 60);
    for (uint32_t i = 0; i < n; i++) {
        name_randomly(names[i]);
        layers[i] = (struct split_layer){.name = rand() % 5 ? names[i] : NULL,
                                         .output_bytes = any_size(spread),
                                         .weight_bytes = any_size(spread),
                                         .mobile_ms = any_size(spread),
                                         .mobile_mj = any_size(spread),
                                         .cloud_ms = any_size(spread),
                                         .backward_mobile_ms = any_size(spread),
                                         .backward_mobile_mj = any_size(spread),
                                         .backward_cloud_ms = any_size(spread)};
    }
    struct drawing drawing;
    begin(&drawing, layers, n, rand() % 2 ? SPLIT_TRAINING : SPLIT_INFERENCE);
    drawing.profile.model = names[0];
    drawing.conditions.network.rtt_ms = rand() % 2 ? any_size(spread) : 0;
    drawing.conditions.load.wait_ms = rand() % 2 ? any_size(spread) : 0;
    drawing.goal.objective = rand() % 2 ? SPLIT_ENERGY : SPLIT_LATENCY;
    drawing.goal.max_latency_ms = rand() % 3 ? INFINITY : any_size(spread);
    drawing.goal.max_energy_mj = rand() % 3 ? INFINITY : any_size(spread);
    drawing.goal.max_cloud_ms = rand() % 3 ? INFINITY : any_size(spread);
    drawing.plan.latency_ms = (struct split_nearest){any_size(spread), any_size(spread)};
    drawing.plan.energy_mj = (struct split_nearest){any_size(spread), INFINITY};
    drawing.plan.cloud_ms = (struct split_nearest){INFINITY, INFINITY};
    size_t computing = 0, crossings = 0;
    enum split_side side = SPLIT_MOBILE;
    for (uint32_t last = 0; last < drawing.problem.count && rand() % 30;) {
        last += 1 + (uint32_t)rand() % (drawing.problem.count - last);
        const enum split_side next = rand() % 2 ? SPLIT_CLOUD : SPLIT_MOBILE;
        computing += !drawing.plan.part_count || next != side;
        crossings += next != side;
        add_part(&drawing, last, next);
        side = next;
        if (last == drawing.problem.count)
            crossings += side == SPLIT_CLOUD;
    }
    struct split_plan *plan = &drawing.plan;
    plan->is_feasible =
        plan->part_count && plan->parts[plan->part_count - 1].last == drawing.problem.count;
    draw(&drawing);
    double ms = 0, mj = 0;
    const size_t mobile = svg_check_count(drawing.chars, "mobile", "data-mj", &mj);
    const size_t cloud = svg_check_count(drawing.chars, "cloud", "data-wait-ms", &ms);
    const size_t up = svg_check_count(drawing.chars, "up", "data-mj", &mj);
    const size_t down = svg_check_count(drawing.chars, "down", "data-mj", &mj);
    CU_ASSERT_EQUAL(mobile + cloud, plan->is_feasible ? computing : 0);
    CU_ASSERT_EQUAL(up + down, plan->is_feasible ? crossings : 0);
    static const char *const kinds[] = {"mobile", "cloud", "up", "down"};
    for (int i = 0; i < 4; i++) {
        svg_check_count(drawing.chars, kinds[i], "data-ms", &ms);
        svg_check_count(drawing.chars, kinds[i], "data-round-trip-ms", &ms);
    }
    CU_ASSERT_DOUBLE_EQUAL(ms, plan->totals.latency_ms, 1e-9 * plan->totals.latency_ms);
    CU_ASSERT_DOUBLE_EQUAL(mj, plan->totals.energy_mj, 1e-9 * plan->totals.energy_mj);
    end(&drawing);
}

static void random_plans_draw_cleanly(void)
{
    const unsigned seed = 20260714;
    printf(" (seed %u)", seed);
    srand(seed);
    for (int i = 0; i < 1500; i++)
        draw_random(i % 3 ? 2 : i % 2 ? 6 : 10);
}

static void a_thousand_layers_keep_to_the_canvas(void)
{
    static struct split_layer layers[1000];
    struct drawing drawing;
    for (uint32_t i = 0; i < 1000; i++)
        layers[i] = (struct split_layer){.name = "stage/conv",
                                         .output_bytes = 100,
                                         .mobile_ms = 1,
                                         .mobile_mj = 1,
                                         .cloud_ms = 0.1};
    begin(&drawing, layers, 1000, SPLIT_INFERENCE);
    drawing.conditions.network.rtt_ms = 1;
    for (uint32_t i = 1; i <= 1000; i++)
        add_part(&drawing, i, i % 2 ? SPLIT_MOBILE : SPLIT_CLOUD);
    draw(&drawing);
    CU_ASSERT_EQUAL(svg_check_count(drawing.chars, "cloud", NULL, NULL), 500);
    CU_ASSERT(svg_check_has(&check, "and 1952 shorter ones"));
    CU_ASSERT(check.height < 1800);
    end(&drawing);
}

const struct cunit_test tests[] = {
    {"a split reads as one sentence, with the numbers of the paper's formulas",
     a_split_reads_as_one_sentence},
    {"phone alone and server alone read as what they are", extremes_read_as_what_they_are},
    {"waits and round trips are shown", waits_and_round_trips_are_shown},
    {"bounds are drawn, and what would break them named", what_breaks_a_bound_is_named},
    {"where there is no plan, the picture says what would do",
     no_plan_has_a_picture_that_says_what_would_do},
    {"training names the backward pass and the weights", training_names_the_backward_pass},
    {"random plans: well-formed, no text on another, sums are the plan's",
     random_plans_draw_cleanly},
    {"a thousand changes of side keep to the canvas", a_thousand_layers_keep_to_the_canvas},
    {NULL, NULL},
};
