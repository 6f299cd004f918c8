/* Tests of compute/zoo/random.c. */
#include "compute/zoo/random.h"
#include "tests/unit/cunit_main.h"

#include <math.h>
#include <string.h>

enum { COUNT = 1 << 18 };

/* From the reference implementation's published first outputs for seed 1234567. */
static void matches_reference(void)
{
    const uint64_t expected[] = {6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
                                 4593380528125082431u, 16408922859458223821u};
    struct zoo_random random = {.state = 1234567};
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        CU_ASSERT_EQUAL(zoo_random_next(&random), expected[i]);
}

static float fill_statistics(const char *stream, struct zoo_distribution distribution, double *mean,
                             double *deviation)
{
    static float values[COUNT];
    struct zoo_random random;
    zoo_random_init(&random, 7, stream);
    zoo_random_fill(&random, &distribution, (uint8_t *)values, COUNT);
    double sum = 0, squares = 0;
    float least = values[0];
    for (size_t i = 0; i < COUNT; i++) {
        sum += values[i];
        least = fminf(least, values[i]);
    }
    *mean = sum / COUNT;
    for (size_t i = 0; i < COUNT; i++)
        squares += (values[i] - *mean) * (values[i] - *mean);
    *deviation = sqrt(squares / COUNT);
    return least;
}

static void has_the_asked_mean_and_deviation(void)
{
    double mean, deviation;
    fill_statistics("conv1.weight", (struct zoo_distribution){0, 0.25}, &mean, &deviation);
    CU_ASSERT_DOUBLE_EQUAL(mean, 0, 0.25 * 5 / 512); /* 5 standard errors */
    CU_ASSERT_DOUBLE_EQUAL(deviation, 0.25, 0.25 * 0.01);
    float least =
        fill_statistics("bn1.variance", (struct zoo_distribution){3, 0.3}, &mean, &deviation);
    CU_ASSERT_DOUBLE_EQUAL(mean, 3, 0.3 * 5 / 512);
    CU_ASSERT_DOUBLE_EQUAL(deviation, 0.3, 0.3 * 0.01);
    CU_ASSERT(least > 0);
}

static void streams_differ(void)
{
    float first[8], second[8], third[8];
    const struct zoo_distribution unit = {0, 1};
    struct zoo_random random;
    zoo_random_init(&random, 1, "conv1.weight");
    zoo_random_fill(&random, &unit, (uint8_t *)first, 8);
    zoo_random_init(&random, 1, "conv2.weight");
    zoo_random_fill(&random, &unit, (uint8_t *)second, 8);
    zoo_random_init(&random, 2, "conv1.weight");
    zoo_random_fill(&random, &unit, (uint8_t *)third, 8);
    for (int i = 0; i < 8; i++) {
        CU_ASSERT_NOT_EQUAL(first[i], second[i]);
        CU_ASSERT_NOT_EQUAL(first[i], third[i]);
    }
}

const struct cunit_test tests[] = {
    {"the generator is SplitMix64", matches_reference},
    {"values have the mean and deviation asked for, and variances are positive",
     has_the_asked_mean_and_deviation},
    {"another tensor or another seed gives other values", streams_differ},
    {NULL, NULL},
};
