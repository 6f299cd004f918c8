/* Tests of scheduler/plan/table.c and scheduler/profile/table_file.c: tables solved, written, read.
 */
#include "scheduler/profile/table_file.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A network whose best split moves with the uplink, with a fused block. */
static struct split_layer layers[] = {
    {.output_bytes = 290400, .mobile_ms = 8, .mobile_mj = 9, .cloud_ms = 0.9},
    {.output_bytes = 70000, .mobile_ms = 20, .mobile_mj = 22, .cloud_ms = 1.5},
    {.output_bytes = 9216, .mobile_ms = 9, .mobile_mj = 10, .cloud_ms = 0.5},
    {.output_bytes = 1000, .mobile_ms = 30, .mobile_mj = 38, .cloud_ms = 1.2},
};
static struct split_block blocks[] = {
    {.first = 1, .last = 2, .mobile_ms = 12, .mobile_mj = 13, .cloud_ms = 2}};

static const double up_mbps[] = {0.5, 5, 50, 500};
static const struct split_table_load loads[] = {{0, 1}, {0, 4}, {100, 1}};

struct solved {
    struct split_problem problem;
    struct split_conditions conditions;
    struct split_goal goal;
    struct split_solver *solver;
    struct split_table table;
    unsigned reports;
};

static void count_reports(void *arg, const char *what, double fraction)
{
    struct solved *solved = arg;
    CU_ASSERT_TRUE(fraction >= 0 && fraction <= 1 && what);
    solved->reports++;
}

static void solve(struct solved *solved, double max_latency_ms)
{
    const struct split_profile profile = {.batch = 1,
                                          .input_bytes = 150528,
                                          .layer_count = 4,
                                          .layers = layers,
                                          .block_count = 1,
                                          .blocks = blocks};
    const struct split_table_grid grid = {
        .up_count = 4, .load_count = 3, .up_mbps = up_mbps, .loads = loads};
    *solved = (struct solved){0};
    CU_ASSERT_EQUAL_FATAL(split_problem_init(&solved->problem, &profile, SPLIT_INFERENCE, NULL), 0);
    CU_ASSERT_EQUAL_FATAL(split_solver_create(&solved->problem, NULL, &solved->solver), 0);
    split_conditions_default(&solved->conditions, split_network_named("4g"));
    split_goal_default(&solved->goal);
    solved->goal.max_latency_ms = max_latency_ms;
    CU_ASSERT_EQUAL_FATAL(split_table_solve(&solved->table, &solved->problem, solved->solver, &grid,
                                            &solved->conditions, &solved->goal, count_reports,
                                            solved, NULL),
                          0);
}

static void finish(struct solved *solved)
{
    split_table_fini(&solved->table);
    split_solver_destroy(solved->solver);
    split_problem_fini(&solved->problem);
}

/* The least latency by definition, over every placement with and without the block. */
static double least_ms(const struct solved *solved, uint32_t up, uint32_t load)
{
    struct split_conditions conditions = solved->conditions;
    conditions.network = split_table_network(&solved->table, up);
    conditions.load = (struct split_load){.wait_ms = loads[load].wait_ms, .k = loads[load].k};
    double least = INFINITY;
    for (unsigned sides = 0; sides < 16; sides++)
        for (unsigned is_fused = 0; is_fused < 2; is_fused++) {
            struct split_part parts[4];
            uint32_t count = 0;
            for (uint32_t step = 1; step <= 4; step++) {
                uint32_t first = step;
                if (is_fused && step == 1)
                    step = 2;
                parts[count++] = (struct split_part){
                    first, step, sides >> (step - 1) & 1 ? SPLIT_CLOUD : SPLIT_MOBILE};
            }
            struct split_totals totals;
            split_evaluate(&solved->problem, &conditions, parts, count, &totals);
            least = fmin(least, totals.latency_ms);
        }
    return least;
}

static void each_place_is_the_best_plan_there(void)
{
    struct solved solved;
    solve(&solved, INFINITY);
    CU_ASSERT_EQUAL(solved.reports, 12);
    for (uint32_t up = 0; up < 4; up++)
        for (uint32_t load = 0; load < 3; load++)
            CU_ASSERT_DOUBLE_EQUAL(split_table_plan(&solved.table, up, load)->totals.latency_ms,
                                   least_ms(&solved, up, load), 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(split_table_network(&solved.table, 0).down_mbps, 13.76 * 0.5 / 5.85,
                           1e-9);
    finish(&solved);
}

static void lookup_finds_the_nearest_by_ratio(void)
{
    static const struct {
        double up_mbps;
        struct split_table_load load;
        uint32_t up, load_index;
    } lookups[] = {
        {5, {0, 1}, 1, 0},      {0.001, {0, 1}, 0, 0},  {1e6, {0, 1}, 3, 0},
        {1.57, {0, 1}, 0, 0}, /* sqrt(0.5 * 5) = 1.58 */
        {1.6, {0, 1}, 1, 0},    {15.8, {0, 1.9}, 1, 0}, {15.9, {0, 2.1}, 2, 1},
        {5, {0, 100}, 1, 1},    {5, {1, 1}, 1, 0},      {5, {20, 1}, 1, 2},
        {5, {1000, 0.5}, 1, 2},
    };
    struct solved solved;
    solve(&solved, INFINITY);
    for (size_t i = 0; i < sizeof(lookups) / sizeof(lookups[0]); i++) {
        uint32_t up, load;
        const struct split_plan *plan =
            split_table_lookup(&solved.table, lookups[i].up_mbps, &lookups[i].load, &up, &load);
        CU_ASSERT_EQUAL(up, lookups[i].up);
        CU_ASSERT_EQUAL(load, lookups[i].load_index);
        CU_ASSERT_PTR_EQUAL(plan, split_table_plan(&solved.table, up, load));
    }
    finish(&solved);
}

static void grids_that_make_no_sense_are_refused(void)
{
    static const double falling[] = {2, 1}, zero[] = {0, 1}, not_finite[] = {1, INFINITY};
    static const struct split_table_load twice[] = {{0, 1}, {0, 1}}, no_k[] = {{0, 0}, {0, 1}};
    static const struct split_table_load early[] = {{0, 1}, {-1, 1}};
    const struct {
        struct split_table_grid grid;
        const char *field;
    } bads[] = {
        {{2, 2, falling, loads, false}, "up_mbps[1]"},
        {{2, 2, zero, loads, false}, "up_mbps[0]"},
        {{2, 2, not_finite, loads, false}, "up_mbps[1]"},
        {{2, 2, up_mbps, twice, false}, "loads[1]"},
        {{2, 2, up_mbps, no_k, false}, "loads[0].k"},
        {{2, 2, up_mbps, early, false}, "loads[1].wait_ms"},
        {{0, 2, up_mbps, loads, false}, "up_mbps"},
        {{2, 0, up_mbps, loads, false}, "loads"},
        {{1001, 2, up_mbps, loads, false}, "up_mbps"},
        {{2, 1001, up_mbps, loads, false}, "loads"},
    };
    struct solved solved;
    solve(&solved, INFINITY);
    for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
        struct split_table table;
        struct split_error error = {{0}, {0}};
        CU_ASSERT_EQUAL(split_table_solve(&table, &solved.problem, solved.solver, &bads[i].grid,
                                          &solved.conditions, &solved.goal, NULL, NULL, &error),
                        -EINVAL);
        CU_ASSERT_STRING_EQUAL(error.field, bads[i].field);
        CU_ASSERT_PTR_NULL(table.plans);
    }
    finish(&solved);
}

static char *print(const struct solved *solved, size_t *size)
{
    const struct table_about about = {
        .model = "m\"", .problem = &solved->problem, .goal = &solved->goal, .has_radio_base = true};
    char *bytes = NULL;
    FILE *stream = open_memstream(&bytes, size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
    CU_ASSERT_EQUAL(table_file_print(stream, &solved->table, &about), 0);
    fclose(stream);
    return bytes;
}

static void check_same_plan(const struct split_plan *a, const struct split_plan *b)
{
    CU_ASSERT_EQUAL(a->is_feasible, b->is_feasible);
    CU_ASSERT_EQUAL_FATAL(a->part_count, b->part_count);
    for (uint32_t i = 0; i < a->part_count; i++) {
        CU_ASSERT_EQUAL(a->parts[i].first, b->parts[i].first);
        CU_ASSERT_EQUAL(a->parts[i].last, b->parts[i].last);
        CU_ASSERT_EQUAL(a->parts[i].side, b->parts[i].side);
    }
    CU_ASSERT_DOUBLE_EQUAL(a->totals.latency_ms, b->totals.latency_ms, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(a->totals.energy_mj, b->totals.energy_mj, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(a->totals.cloud_ms, b->totals.cloud_ms, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(a->totals.upload_bytes, b->totals.upload_bytes, 1e-6);
    CU_ASSERT_EQUAL(a->totals.transfers, b->totals.transfers);
    CU_ASSERT_DOUBLE_EQUAL(a->mobile_only.energy_mj, b->mobile_only.energy_mj, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(a->cloud_only.latency_ms, b->cloud_only.latency_ms, 1e-5);
}

/* 40 ms: some places are infeasible. */
static void what_is_written_reads_the_same(void)
{
    struct solved solved;
    struct split_table again;
    struct file_error error = {{0}};
    size_t size;
    solve(&solved, 40);
    char *bytes = print(&solved, &size);
    int err = table_file_parse(&again, "t", bytes, size, &error);
    if (err)
        puts(error.text);
    CU_ASSERT_EQUAL_FATAL(err, 0);
    CU_ASSERT_EQUAL_FATAL(again.up_count, 4);
    CU_ASSERT_EQUAL_FATAL(again.load_count, 3);
    CU_ASSERT_DOUBLE_EQUAL(again.network.beta_mw, 1288.04, 0);
    bool has_infeasible = false, has_block = false;
    for (uint32_t up = 0; up < 4; up++) {
        CU_ASSERT_DOUBLE_EQUAL(again.up_mbps[up], up_mbps[up], 0);
        for (uint32_t load = 0; load < 3; load++) {
            const struct split_plan *plan = split_table_plan(&again, up, load);
            CU_ASSERT_DOUBLE_EQUAL(again.loads[load].wait_ms, loads[load].wait_ms, 0);
            check_same_plan(plan, split_table_plan(&solved.table, up, load));
            has_infeasible |= !plan->is_feasible;
            has_block |= plan->is_feasible && plan->parts[0].last == 2;
        }
    }
    CU_ASSERT_TRUE(has_infeasible && has_block);
    split_table_fini(&again);
    free(bytes);
    finish(&solved);
}

static void each_error_names_field_and_reason(void)
{
    static const struct {
        const char *from, *to, *field, *reason;
    } bads[] = {
        {"joint.plan-table/1", "joint.plan-table/2", "schema", "expected \"joint.plan-table/1\""},
        {"\"network\":{", "\"x\":{", "network.up_mbps", "is missing"},
        {"\"steps\":4", "\"steps\":0", "steps", "is 0"},
        {"\"steps\":4", "\"steps\":5", "plans[", "do not cover all 5 steps"},
        {"\"steps\":4", "\"steps\":3", "segments[", "out of order or range for 3 steps"},
        {"\"fixed_down\":false", "\"fixed_down\":0", "fixed_down", "is a number"},
        {"\"plans\":[", "\"plan\":[", "plans", "is missing"},
        {"\"up_mbps\":0.5", "\"up_mbps\":0", "plans[0].up_mbps", "is 0"},
        {"\"up_mbps\":5.0", "\"up_mbps\":0.5", "plans[4]", "has another load"},
        {"\"up_mbps\":50.0", "\"up_mbps\":5.5", "plans[7].up_mbps", "is 50 where the grid has 5.5"},
        {"\"side\":\"mobile\"", "\"side\":\"moon\"", "segments[0].side", "neither"},
        {"\"first\":1,", "\"first\":2,", "segments[0].first", "is 2 where 1 follows"},
    };
    struct solved solved;
    size_t size;
    solve(&solved, INFINITY);
    char *bytes = print(&solved, &size);
    for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
        const char *at = strstr(bytes, bads[i].from);
        CU_ASSERT_PTR_NOT_NULL_FATAL(at);
        char *text = NULL;
        CU_ASSERT_FATAL(asprintf(&text, "%.*s%s%s", (int)(at - bytes), bytes, bads[i].to,
                                 at + strlen(bads[i].from)) > 0);
        struct split_table table;
        struct file_error error = {{0}};
        CU_ASSERT_EQUAL(table_file_parse(&table, "t", text, strlen(text), &error), -EINVAL);
        bool is_named = strstr(error.text, bads[i].field) && strstr(error.text, bads[i].reason);
        if (!is_named)
            printf("%s -> %s\n", bads[i].to, error.text);
        CU_ASSERT_TRUE(is_named);
        CU_ASSERT_PTR_NULL(table.plans);
        free(text);
    }
    free(bytes);
    finish(&solved);
}

const struct cunit_test tests[] = {
    {"each place of a table is the best plan there", each_place_is_the_best_plan_there},
    {"a lookup finds the nearest place by ratio", lookup_finds_the_nearest_by_ratio},
    {"grids that make no sense are refused", grids_that_make_no_sense_are_refused},
    {"a table that is written reads the same", what_is_written_reads_the_same},
    {"each error names the field and the reason", each_error_names_field_and_reason},
    {NULL, NULL},
};
