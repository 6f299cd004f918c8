/* Tests of scheduler/cli/picture/map_*.c: classes and regions by hand, pictures read back. */
#include "scheduler/cli/picture/map_picture.h"
#include "scheduler/cli/picture/map_regions.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/svg_check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_UPS 60
#define MAX_LOADS 30
#define MAX_LAYERS 12

static struct svg_check check;

/* A table filled by hand: no solver has a say in what its pictures show. */
struct sheet {
    struct split_layer layers[MAX_LAYERS];
    struct split_profile profile;
    struct split_problem problem;
    struct split_conditions conditions;
    struct split_goal goal;
    double ups[MAX_UPS];
    struct split_table_load loads[MAX_LOADS];
    struct split_plan plans[MAX_UPS * MAX_LOADS];
    struct split_table table;
    char *chars;
    size_t length;
};

static struct sheet sheet;

static void begin(uint32_t layer_count, uint32_t up_count, uint32_t load_count)
{
    memset(&sheet, 0, sizeof(sheet));
    static const char *const names[] = {"conv1", "a<b>&\"c\"", "pool", "fc"};
    for (uint32_t i = 0; i < layer_count; i++)
        sheet.layers[i] = (struct split_layer){.name = names[i % 4],
                                               .output_bytes = 10000,
                                               .mobile_ms = 10,
                                               .mobile_mj = 20,
                                               .cloud_ms = 1};
    sheet.profile = (struct split_profile){.model = "net",
                                           .batch = 1,
                                           .input_bytes = 1000,
                                           .layer_count = layer_count,
                                           .layers = sheet.layers};
    CU_ASSERT_EQUAL_FATAL(split_problem_init(&sheet.problem, &sheet.profile, SPLIT_INFERENCE, NULL),
                          0);
    split_conditions_default(&sheet.conditions, split_network_named("wifi"));
    split_goal_default(&sheet.goal);
    for (uint32_t i = 0; i < up_count; i++)
        sheet.ups[i] = pow(2, i * 8.0 / up_count);
    for (uint32_t i = 0; i < load_count; i++)
        sheet.loads[i] = (struct split_table_load){0, 1 + i};
    sheet.table = (struct split_table){.network = sheet.conditions.network,
                                       .up_count = up_count,
                                       .load_count = load_count,
                                       .up_mbps = sheet.ups,
                                       .loads = sheet.loads,
                                       .plans = sheet.plans};
}

/* The mobile runs the first `mobile` layers, the cloud up to `cloud`, the mobile the rest. */
static void set_plan(uint32_t up, uint32_t load, uint32_t mobile, uint32_t cloud)
{
    struct split_plan *plan = &sheet.plans[up * sheet.table.load_count + load];
    const uint32_t n = sheet.problem.count;
    const struct split_part all[] = {{1, n, SPLIT_MOBILE}, {1, n, SPLIT_CLOUD}};
    CU_ASSERT_EQUAL_FATAL(split_plan_init(plan, &sheet.problem), 0);
    plan->is_feasible = true;
    for (uint32_t i = 1; i <= mobile; i++)
        plan->parts[plan->part_count++] = (struct split_part){i, i, SPLIT_MOBILE};
    if (cloud > mobile)
        plan->parts[plan->part_count++] = (struct split_part){mobile + 1, cloud, SPLIT_CLOUD};
    if (n > cloud)
        plan->parts[plan->part_count++] = (struct split_part){cloud + 1, n, SPLIT_MOBILE};
    split_evaluate(&sheet.problem, &sheet.conditions, plan->parts, plan->part_count, &plan->totals);
    split_evaluate(&sheet.problem, &sheet.conditions, &all[0], 1, &plan->mobile_only);
    split_evaluate(&sheet.problem, &sheet.conditions, &all[1], 1, &plan->cloud_only);
}

static void set_infeasible(uint32_t up, uint32_t load)
{
    set_plan(up, load, 1, 1);
    struct split_plan *plan = &sheet.plans[up * sheet.table.load_count + load];
    plan->is_feasible = false;
    plan->part_count = 0;
    plan->totals = (struct split_totals){0};
}

static void draw(void)
{
    FILE *file = open_memstream(&sheet.chars, &sheet.length);
    const struct map_picture picture = {&sheet.profile, &sheet.problem, &sheet.conditions,
                                        &sheet.goal,    &sheet.table,   "wifi"};
    CU_ASSERT_EQUAL(map_picture_save(&picture, file), 0);
    fclose(file);
    svg_check(&check, sheet.chars, sheet.length);
    if (check.error[0])
        printf("\n%s", check.error);
    CU_ASSERT_STRING_EQUAL(check.error, "");
}

static void end(void)
{
    free(sheet.chars);
    for (uint32_t i = 0; i < MAX_UPS * MAX_LOADS; i++)
        split_plan_fini(&sheet.plans[i]);
    split_problem_fini(&sheet.problem);
}

static void classes_are_placements(void)
{
    struct map_classes map;
    begin(4, 3, 2);
    set_plan(0, 0, 4, 4);
    set_plan(0, 1, 4, 4);
    set_plan(1, 0, 2, 4);
    set_infeasible(1, 1);
    set_plan(2, 0, 0, 4);
    set_plan(2, 1, 2, 4);
    CU_ASSERT_EQUAL_FATAL(map_classes_init(&map, &sheet.table), 0);
    CU_ASSERT_EQUAL(map.class_count, 4);
    static const uint32_t expected[] = {0, 1, 2, 0, 3, 1}; /* row 0 is the least load */
    for (int i = 0; i < 6; i++)
        CU_ASSERT_EQUAL(map.class_of[i], expected[i]);
    CU_ASSERT_EQUAL(map.classes[0].mobile_steps, 4);
    CU_ASSERT_EQUAL(map.classes[1].cell_count, 2);
    CU_ASSERT_FALSE(map.classes[3].plan->is_feasible);
    map_classes_fini(&map);
    end();
}

static void labels_go_into_the_largest_rectangle(void)
{
    struct map_classes map;
    struct map_region regions[12];
    uint32_t count;
    begin(4, 4, 3); /* B A A A / B A A A / B B B A, from the top */
    for (uint32_t up = 0; up < 4; up++)
        for (uint32_t load = 0; load < 3; load++)
            set_plan(up, load, up == 0 || (load == 0 && up < 3) ? 1 : 4, 4);
    CU_ASSERT_EQUAL_FATAL(map_classes_init(&map, &sheet.table), 0);
    const double x[] = {0, 10, 20, 30, 40}, y[] = {30, 20, 10, 0};
    CU_ASSERT_EQUAL_FATAL(map_regions_find(&map, x, y, regions, &count), 0);
    CU_ASSERT_EQUAL(count, 2);
    for (uint32_t i = 0; i < count; i++) {
        const struct svg_box *room = &regions[i].room;
        if (regions[i].class == 0) {
            CU_ASSERT(fabs(room->x - 10) < 1e-9 && fabs(room->width - 30) < 1e-9);
            CU_ASSERT(fabs(room->y) < 1e-9 && fabs(room->height - 20) < 1e-9);
        } else {
            CU_ASSERT_DOUBLE_EQUAL(room->width * room->height, 300, 1e-9);
        }
    }
    map_classes_fini(&map);
    end();
}

static void a_map_says_how_the_best_plan_changes(void)
{
    begin(4, 8, 3); /* 1, 2, 4, ... 128 Mbit/s */
    for (uint32_t up = 0; up < 8; up++)
        for (uint32_t load = 0; load < 3; load++)
            set_plan(up, load, up < 2 ? 4 : up < 6 ? 3 : 0, 4);
    draw();
    CU_ASSERT(svg_check_has(&check, "Where to run net: 3 plans, each the best for some links"));
    CU_ASSERT(svg_check_has(&check, "Under the least load: all on the phone; from 4 Mbit/s: phone "
                                    "up to pool; from 64 Mbit/s: all on"));
    CU_ASSERT(svg_check_has(&check, "phone conv1 – pool; server the rest"));
    CU_ASSERT(svg_check_has(&check, "25 %"));
    CU_ASSERT(svg_check_has(&check, "50 %"));
    double ms = 0, expected = 0;
    CU_ASSERT_EQUAL(svg_check_count(sheet.chars, "place", "data-ms", &ms), 24);
    for (int i = 0; i < 24; i++)
        expected += sheet.plans[i].totals.latency_ms;
    CU_ASSERT_DOUBLE_EQUAL(ms, expected, 1e-9 * expected);
    end();
}

static void one_place_is_a_map_too(void)
{
    begin(1, 1, 1);
    set_plan(0, 0, 1, 1);
    draw();
    CU_ASSERT(svg_check_has(&check, "one plan is best everywhere on this map"));
    end();
    begin(1, 1, 1);
    set_infeasible(0, 0);
    draw();
    CU_ASSERT(svg_check_has(&check, "no plan meets the bounds anywhere on this map"));
    end();
}

static void random_tables_draw_cleanly(void)
{
    const unsigned seed = 90210;
    printf(" (seed %u)", seed);
    srand(seed);
    for (int round = 0; round < 60; round++) {
        const uint32_t n = 1 + (uint32_t)rand() % MAX_LAYERS;
        const uint32_t ups = 1 + (uint32_t)rand() % (round % 4 ? 9 : MAX_UPS);
        const uint32_t loads = 1 + (uint32_t)rand() % (round % 4 ? 6 : MAX_LOADS);
        begin(n, ups, loads);
        const int kind = rand() % 3;
        for (uint32_t i = 0; i < loads; i++)
            sheet.loads[i] = (struct split_table_load){kind ? rand() % 100 : 0,
                                                       kind < 2 ? 1 + rand() % 100 / 10.0 : 1};
        sheet.goal.objective = rand() % 2 ? SPLIT_ENERGY : SPLIT_LATENCY;
        const int wild = rand() % 2; /* each place of its own, or in stripes */
        for (uint32_t up = 0; up < ups; up++)
            for (uint32_t load = 0; load < loads; load++) {
                const uint32_t mobile =
                    wild ? (uint32_t)rand() % (n + 1) : (up + load) / 3 % (n + 1);
                const uint32_t more = wild ? (uint32_t)rand() % (n - mobile + 1) : n - mobile;
                if (rand() % 12)
                    set_plan(up, load, mobile, mobile + more);
                else
                    set_infeasible(up, load);
            }
        draw();
        CU_ASSERT_EQUAL(svg_check_count(sheet.chars, "place", NULL, NULL),
                        (ups < MAP_MAX_COLUMNS ? ups : MAP_MAX_COLUMNS) *
                            (loads < MAP_MAX_ROWS ? loads : MAP_MAX_ROWS));
        end();
    }
}

const struct cunit_test tests[] = {
    {"places with the same step on the same side are one class", classes_are_placements},
    {"a region's label goes into its largest rectangle", labels_go_into_the_largest_rectangle},
    {"a map says how the best plan changes with the link", a_map_says_how_the_best_plan_changes},
    {"one place is a map too, with a plan and without", one_place_is_a_map_too},
    {"random tables: well-formed, no text on another, every place there",
     random_tables_draw_cleanly},
    {NULL, NULL},
};
