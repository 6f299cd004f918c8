/* Requests that join across cuts, in thousands of small worlds.
 *
 * SEED (default 1) and SEEDS (default 3000) in the environment choose others. */
#include "tests/property/dispatch_paths.h"
#include "tests/unit/cunit_main.h"

#include <stdio.h>
#include <stdlib.h>

static uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 0) : otherwise;
}

static void run(bool has_faults)
{
    static struct paths paths;
    const uint64_t first = number_of("SEED", 1), count = number_of("SEEDS", 3000);
    struct dispatch_counts sum = {0};
    uint64_t submitted = 0, compared = 0, missed = 0, late = 0, ends[PATHS_ENDS] = {0};
    for (uint64_t seed = first; seed < first + count; seed++) {
        CU_ASSERT_EQUAL_FATAL(paths_init(&paths, seed, has_faults), 0);
        uint32_t step = 0;
        for (; step < 200 && !paths.wrong; step++)
            paths_step(&paths);
        if (!paths.wrong)
            paths_drain(&paths);
        if (!has_faults)
            paths_expect(&paths, !paths.late_count, "what is answered is in time");
        struct dispatch_counts counts;
        dispatch_count(paths.dispatch, &counts);
        paths_fini(&paths);
        submitted += paths.submitted_count;
        compared += paths.compared_count;
        missed += paths.missed_count;
        late += paths.late_count;
        sum.runs += counts.runs;
        sum.rows += counts.rows;
        sum.joined_rows += counts.joined_rows;
        sum.late_joins += counts.late_joins;
        sum.preempted += counts.preempted;
        for (uint32_t i = 0; i < PATHS_ENDS; i++)
            ends[i] += paths.ended_counts[i];
        if (paths.wrong || counts.rows != paths.row_count) {
            printf("\n    SEED=%llu SEEDS=1, step %u: it does not hold that %s\n",
                   (unsigned long long)seed, step, paths.wrong ? paths.wrong : "rows are counted");
            CU_FAIL_FATAL("a world went wrong");
        }
    }
    printf("\n    SEED=%llu SEEDS=%llu: %llu requests: %llu done (%llu late), %llu dropped, %llu "
           "cancelled, %llu given up; %llu decisions compared; %llu dispatches of %llu rows: %llu "
           "joined, %llu of them late, "
           "%llu missed; %llu put before others ",
           (unsigned long long)first, (unsigned long long)count, (unsigned long long)submitted,
           (unsigned long long)ends[PATHS_DONE], (unsigned long long)late,
           (unsigned long long)ends[PATHS_DROPPED], (unsigned long long)ends[PATHS_CANCELLED],
           (unsigned long long)ends[PATHS_GIVEN_UP], (unsigned long long)compared,
           (unsigned long long)sum.runs, (unsigned long long)sum.rows,
           (unsigned long long)sum.joined_rows, (unsigned long long)sum.late_joins,
           (unsigned long long)missed, (unsigned long long)sum.preempted);
    CU_ASSERT(ends[PATHS_DONE] && compared && sum.joined_rows && sum.late_joins && sum.preempted);
}

static void where_all_takes_what_was_said_whatever_is_answered_is_in_time(void)
{
    run(false);
}

static void whatever_goes_wrong_no_row_is_lost_or_run_twice(void)
{
    run(true);
}

const struct cunit_test tests[] = {
    {"where all takes what was said, whatever is answered is in time",
     where_all_takes_what_was_said_whatever_is_answered_is_in_time},
    {"whatever goes wrong, no row is lost or run twice",
     whatever_goes_wrong_no_row_is_lost_or_run_twice},
    {NULL, NULL},
};
