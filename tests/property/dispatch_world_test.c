/* The dispatcher in thousands of small worlds, each beside the plain reference.
 *
 * SEED (default 1) and SEEDS (default 5000) in the environment choose others. */
#include "tests/property/dispatch_world.h"
#include "tests/unit/cunit_main.h"

#include <stdio.h>
#include <stdlib.h>

static uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 0) : otherwise;
}

static void every_decision_is_the_reference_s_and_every_request_ends_once(void)
{
    const uint64_t first = number_of("SEED", 1);
    const uint64_t count = number_of("SEEDS", 5000);
    uint64_t submitted = 0, runs = 0, rows = 0, ends[WORLD_ENDS] = {0};
    for (uint64_t seed = first; seed < first + count; seed++) {
        static struct world world;
        CU_ASSERT_EQUAL_FATAL(world_init(&world, seed), 0);
        uint32_t step = 0;
        for (; step < 300 && !world.wrong; step++)
            world_step(&world);
        if (!world.wrong)
            world_drain(&world);
        submitted += world.submitted_count;
        runs += world.run_count;
        rows += world.row_count;
        for (uint32_t i = 0; i < WORLD_ENDS; i++)
            ends[i] += world.ended_counts[i];
        world_fini(&world);
        if (world.wrong) {
            printf("\n    SEED=%llu SEEDS=1, step %u: it does not hold that %s\n",
                   (unsigned long long)seed, step, world.wrong);
            CU_FAIL_FATAL("a world went wrong");
        }
    }
    printf("\n    SEED=%llu SEEDS=%llu: %llu requests: %llu done, %llu dropped, %llu cancelled, "
           "%llu given up; %llu dispatches of %llu rows ",
           (unsigned long long)first, (unsigned long long)count, (unsigned long long)submitted,
           (unsigned long long)ends[WORLD_DONE], (unsigned long long)ends[WORLD_DROPPED],
           (unsigned long long)ends[WORLD_CANCELLED], (unsigned long long)ends[WORLD_GIVEN_UP],
           (unsigned long long)runs, (unsigned long long)rows);
    CU_ASSERT(ends[WORLD_DONE] && ends[WORLD_DROPPED] && ends[WORLD_CANCELLED]);
}

const struct cunit_test tests[] = {
    {"every decision is the reference's, and every request ends once",
     every_decision_is_the_reference_s_and_every_request_ends_once},
    {NULL, NULL},
};
