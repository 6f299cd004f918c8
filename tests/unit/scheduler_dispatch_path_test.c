/* Paths as they are planned: against counting layer by layer, and by hand. */
#include "scheduler/dispatch/path.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/shm_random.h"

enum { CUTS = 7, BATCH = 4 };

/* Each layer takes 10 for one row, 14 for two and 30 for four; the last 10 for any. */
static const uint32_t sizes[] = {1, 2, 4};
static const uint64_t remaining_ns[] = {60,  50,  40,  30, 20, 10, 0, /* one row */
                                        80,  66,  52,  38, 24, 10, 0, /* two */
                                        160, 130, 100, 70, 40, 10, 0};
static const bool has_rows[CUTS] = {true, true, true, true, true, true, true};
static const struct dispatch_model facts = {CUTS, BATCH, 3, sizes, remaining_ns, has_rows};

static uint64_t layer_ns(uint32_t cut, uint32_t rows)
{
    static const uint64_t ns[] = {0, 10, 14, 22, 30};
    return !rows ? 0 : cut + 2 == CUTS ? 10 : ns[rows];
}

static uint32_t rows_at(const struct path *path, uint32_t cut)
{
    uint32_t rows = 0;
    for (uint32_t i = 0; i < path->entry_count; i++)
        if (path->entries[i].from <= cut && cut < path->entries[i].to)
            rows += path->entries[i].rows;
    return rows;
}

/* When the path is at a cut, and how much room is left before somebody is late. */
static int64_t walk(const struct path *path, uint64_t start_ns, uint64_t *ns)
{
    int64_t slack_ns = INT64_MAX;
    *ns = 0;
    for (uint32_t cut = 0; cut + 1 < CUTS; cut++) {
        *ns += layer_ns(cut, rows_at(path, cut));
        for (uint32_t i = 0; i < path->entry_count; i++) {
            const struct path_entry *entry = &path->entries[i];
            if (entry->to != cut + 1 || entry->due_ns == UINT64_MAX)
                continue;
            const int64_t left_ns = (int64_t)entry->due_ns - (int64_t)(start_ns + *ns);
            slack_ns = left_ns < slack_ns ? left_ns : slack_ns;
        }
    }
    return slack_ns;
}

static bool would_fit(const struct path *path, const struct path_entry *entry)
{
    for (uint32_t cut = entry->from; cut < entry->to; cut++)
        if (rows_at(path, cut) + entry->rows > BATCH)
            return false;
    return true;
}

static void check(const struct path *path)
{
    uint64_t ns;
    const int64_t slack_ns = walk(path, 1000, &ns);
    CU_ASSERT_EQUAL(path_ns(path, COST_LOADED), ns);
    CU_ASSERT_EQUAL(path_slack_ns(path, COST_LOADED, 1000), slack_ns);
    CU_ASSERT_EQUAL(path_is_in_time(path, COST_LOADED, 1000), slack_ns >= 0);
}

static void check_largest(const struct path *path)
{
    struct path copy;
    uint64_t ns, most_ns = 0;
    uint32_t largest = 0;
    walk(path, 0, &ns);
    for (uint32_t i = 0; i < path->entry_count; i++) {
        uint64_t without_ns;
        path_copy(&copy, path);
        path_remove(&copy, i);
        walk(&copy, 0, &without_ns);
        CU_ASSERT_EQUAL(path_share_ns(path, COST_LOADED, i), ns - without_ns);
        if (i && ns - without_ns >= most_ns) {
            most_ns = ns - without_ns;
            largest = i;
        }
    }
    CU_ASSERT_EQUAL(path_largest(path, COST_LOADED), largest);
}

static void random_paths_are_those_that_are_counted_layer_by_layer(void)
{
    struct shm_random random = shm_random_start();
    struct batch_cost cost;
    CU_ASSERT_EQUAL_FATAL(batch_cost_init(&cost, &facts), 0);
    for (uint32_t round = 0; round < 3000; round++) {
        struct path path;
        path_init(&path, &cost);
        for (uint32_t step = 0; step < 20; step++) {
            if (path.entry_count && !shm_random_below(&random, 3)) {
                path_remove(&path, shm_random_below(&random, path.entry_count));
            } else {
                const uint32_t from = shm_random_below(&random, CUTS - 1);
                const struct path_entry entry = {
                    .slot = step,
                    .from = (uint16_t)from,
                    .to = (uint16_t)(from + 1 + shm_random_below(&random, CUTS - 1 - from)),
                    .rows = (uint16_t)(1 + shm_random_below(&random, 3)),
                    .due_ns = shm_random_below(&random, 3) ? 1000 + shm_random_below(&random, 200)
                                                           : UINT64_MAX};
                const bool fits = would_fit(&path, &entry);
                CU_ASSERT_EQUAL(path_add(&path, &entry), fits);
            }
            if (path.entry_count) {
                check(&path);
                check_largest(&path);
            }
        }
    }
    batch_cost_fini(&cost);
}

/* Three rows over all, of which one is taken away: 22 become 14 in each layer but the last. */
static void a_row_s_share_is_what_it_adds(void)
{
    struct batch_cost cost;
    struct path path;
    CU_ASSERT_EQUAL_FATAL(batch_cost_init(&cost, &facts), 0);
    path_init(&path, &cost);
    const struct path_entry entry = {.from = 0, .to = CUTS - 1, .rows = 1, .due_ns = UINT64_MAX};
    for (uint32_t i = 0; i < 3; i++)
        CU_ASSERT_TRUE(path_add(&path, &entry));
    CU_ASSERT_EQUAL(path_share_ns(&path, COST_LOADED, 1), 5 * 8);
    CU_ASSERT_EQUAL(path_from(&path), 0);
    CU_ASSERT_EQUAL(path_to(&path), CUTS - 1);
    batch_cost_fini(&cost);
}

const struct cunit_test tests[] = {
    {"random paths are those that are counted layer by layer",
     random_paths_are_those_that_are_counted_layer_by_layer},
    {"a row's share is what it adds", a_row_s_share_is_what_it_adds},
    {NULL, NULL},
};
