/* How good the dispatcher's paths are, beside the best that can be done, which is found by trying
 * everything, in worlds of two to seven requests and one worker.
 *
 * SEED (default 1) and SEEDS (default 1000) in the environment choose others; bounds hold for many.
 */
#include "tests/property/dispatch_quality.h"
#include "tests/unit/cunit_main.h"

#include <stdio.h>
#include <stdlib.h>

#define MS UINT64_C(1000000)

static uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 0) : otherwise;
}

static struct dispatch_config rules(enum dispatch_mode mode, bool has_admission)
{
    struct dispatch_config config = dispatch_config_default();
    config.mode = mode;
    config.has_admission = has_admission;
    return config;
}

/* Over many worlds, how many were in time of those that can be. */
static double in_time(const char *what, enum dispatch_mode mode, bool has_admission,
                      uint64_t spread_ns)
{
    static struct quality quality;
    const struct dispatch_config config = rules(mode, has_admission);
    const uint64_t first = number_of("SEED", 1), count = number_of("SEEDS", 1000);
    uint64_t reached = 0, possible = 0, fewer[BRUTE_REQUESTS + 1] = {0};
    for (uint64_t seed = first; seed < first + count; seed++) {
        CU_ASSERT_EQUAL_FATAL(quality_init(&quality, seed, &config, true, spread_ns), 0);
        quality_run(&quality);
        const uint32_t mine = quality_in_time(&quality);
        uint32_t most = brute_most_in_time(&quality.brute);
        quality_fini(&quality);
        /* The best interrupts no layer, and needs not where it knows of all from the beginning. */
        if (spread_ns && mine > most)
            most = mine;
        if (quality.paths.wrong || mine > most) {
            printf("\n    SEED=%llu SEEDS=1: %s; %u in time, where %u can be",
                   (unsigned long long)seed, quality.paths.wrong ? quality.paths.wrong : "all went",
                   mine, most);
            CU_FAIL_FATAL("a world went wrong");
        }
        reached += mine;
        possible += most;
        fewer[most - mine]++;
    }
    const double ratio = (double)reached / (double)possible;
    printf("\n    %s: %.3f of %llu; worlds with 0, 1, 2 ... fewer:", what, ratio,
           (unsigned long long)possible);
    for (uint32_t i = 0; i <= BRUTE_REQUESTS; i++)
        printf(" %llu", (unsigned long long)fewer[i]);
    return ratio;
}

static void nearly_as_many_are_in_time_as_can_be(void)
{
    const double at_once = in_time("at once", DISPATCH_ACROSS, false, 0);
    const double spread = in_time("within 10 ms", DISPATCH_ACROSS, false, 10 * MS);
    CU_ASSERT(at_once > 0.95);
    CU_ASSERT(spread > 0.9);
    CU_ASSERT(in_time("at once, admission", DISPATCH_ACROSS, true, 0) > 0.89);
    CU_ASSERT(in_time("within 10 ms, admission", DISPATCH_ACROSS, true, 10 * MS) > 0.89);
    CU_ASSERT(in_time("at once, per-cut", DISPATCH_PER_CUT, false, 0) < at_once);
    CU_ASSERT(in_time("within 10 ms, per-cut", DISPATCH_PER_CUT, false, 10 * MS) < spread);
}

/* The mean time to an answer over the least that can be, without deadlines. */
static double mean_response(const char *what, enum dispatch_mode mode)
{
    static struct quality quality;
    const struct dispatch_config config = rules(mode, false);
    const uint64_t first = number_of("SEED", 1), count = number_of("SEEDS", 1000);
    double sum = 0, worst = 0;
    for (uint64_t seed = first; seed < first + count; seed++) {
        CU_ASSERT_EQUAL_FATAL(quality_init(&quality, seed, &config, false, 0), 0);
        quality_run(&quality);
        const uint64_t least_ns = brute_least_sum_ns(&quality.brute);
        const double ratio = (double)quality_sum_ns(&quality) / (double)least_ns;
        quality_fini(&quality);
        CU_ASSERT_FATAL(!quality.paths.wrong && ratio >= 1);
        sum += ratio;
        worst = ratio > worst ? ratio : worst;
    }
    printf("\n    %s: %.3f times the least, at most %.2f", what, sum / (double)count, worst);
    return sum / (double)count;
}

static void without_deadlines_the_mean_time_to_an_answer_is_not_far_from_the_least(void)
{
    CU_ASSERT(mean_response("join", DISPATCH_ACROSS) < 1.4);
    mean_response("per-cut", DISPATCH_PER_CUT);
    mean_response("none", DISPATCH_ALONE);
}

/* Two layers of 1 ms for one row, 1.5 ms for two, of which the second request needs one. */
static void what_is_best_by_hand_is_found(void)
{
    struct brute brute = {.count = 2,
                          .cut_count = 3,
                          .from = {0, 1},
                          .to = {2, 2},
                          .due_ns = {2500000, 2500000},
                          .layer_ns = {{0, MS, 3 * MS / 2}, {0, MS, 3 * MS / 2}}};
    CU_ASSERT_EQUAL(brute_most_in_time(&brute), 2);
    CU_ASSERT_EQUAL(brute_least_sum_ns(&brute), 4 * MS); /* the second first: 1 + 3 */
    brute.due_ns[0] = brute.due_ns[1] = 2499999;
    CU_ASSERT_EQUAL(brute_most_in_time(&brute), 1);
    brute.due_ns[1] = MS; /* alone, then the other is done at 3 */
    brute.due_ns[0] = 3 * MS;
    CU_ASSERT_EQUAL(brute_most_in_time(&brute), 2);
    brute.comes_ns[1] = 1;
    CU_ASSERT_EQUAL(brute_most_in_time(&brute), 1);
    brute.due_ns[1] = MS + 1; /* the worker waits for it */
    brute.due_ns[0] = 3 * MS + 1;
    CU_ASSERT_EQUAL(brute_most_in_time(&brute), 2);
    brute.layer_ns[0][2] = brute.layer_ns[1][2] = 2 * MS;
    brute.comes_ns[1] = 0;
    CU_ASSERT_EQUAL(brute_least_sum_ns(&brute), 4 * MS);
}

const struct cunit_test tests[] = {
    {"what is best by hand is found", what_is_best_by_hand_is_found},
    {"nearly as many are in time as can be", nearly_as_many_are_in_time_as_can_be},
    {"without deadlines the mean time to an answer is not far from the least",
     without_deadlines_the_mean_time_to_an_answer_is_not_far_from_the_least},
    {NULL, NULL},
};
