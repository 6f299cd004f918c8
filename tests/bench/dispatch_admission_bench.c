/* What admission, shares and credits do, in virtual time: dispatch_admission_bench [SECONDS] of
 * each row, 20 by default. Phones offer AlexNet at random times (Poisson), each with four times its
 * unloaded time to be answered; load 1 is what full batches could serve. */
#include "tests/property/admission_measures.h"

#define CASE(from, dispatch_mode, of_workers, cuts_in_all, ...)                                    \
    {                                                                                              \
        .name = from, .mode = dispatch_mode, .workers = of_workers, .cut_count = cuts_in_all,      \
        .cuts = {__VA_ARGS__}, .uses_credits = true, .seed = 7                                     \
    }

static const struct admission_case cases[] = {
    CASE("whole", DISPATCH_PER_CUT, 1, 1, 0),
    CASE("last pooling", DISPATCH_PER_CUT, 1, 1, 3),
    CASE("whole", DISPATCH_ACROSS, 1, 1, 0),
    CASE("last pooling", DISPATCH_ACROSS, 1, 1, 3),
    CASE("last pooling", DISPATCH_ACROSS, 4, 1, 3),
    CASE("five cuts", DISPATCH_ACROSS, 1, 5, 0, 1, 2, 3, 4),
};

static const double loads[] = {0.7, 1, 1.5, 2, 10};

enum {
    CASES = sizeof(cases) / sizeof(cases[0]),
    LOADS = sizeof(loads) / sizeof(loads[0]),
};

static const char *mode_name(enum dispatch_mode mode)
{
    return mode == DISPATCH_ACROSS ? "join" : mode == DISPATCH_PER_CUT ? "per-cut" : "none";
}

static int print_loads(const struct admission_case *of)
{
    struct admission_result results[LOADS];
    double peak = 0;
    for (uint32_t i = 0; i < LOADS; i++) {
        if (admission_measure_load(of, loads[i], &results[i]))
            return -1;
        peak = results[i].goodput > peak ? results[i].goodput : peak;
    }
    for (uint32_t i = 0; i < LOADS; i++)
        printf("| %s | %s | %u | %.1f | %.1f | %.3f | %.2f %% | %.0f %%, %.0f %% |\n", of->name,
               mode_name(of->mode), of->workers, loads[i], results[i].goodput,
               results[i].goodput / peak, 100 * results[i].missed, 100 * results[i].promise_error,
               100 * results[i].page_error);
    return 0;
}

static int print_shares(const struct admission_case *of)
{
    double jain, same, far, none, alone_ms, beside_ms, alone, beside;
    if (admission_measure_fairness(of, 2, &jain) || admission_measure_weights(of, 4, &same) ||
        admission_measure_weights(of, 20, &far) || admission_measure_weights(of, 0, &none) ||
        admission_measure_flood(of, 0.3, 0, 0, &alone_ms, &alone) ||
        admission_measure_flood(of, 0.3, 3, 0, &beside_ms, &beside))
        return -1;
    printf("| %s | %s | %u | %.3f | %.2f, %.2f, %.2f | %.1f, %.1f | %.0f %%, %.0f %% |\n", of->name,
           mode_name(of->mode), of->workers, jain, same, far, none, alone_ms, beside_ms,
           100 * alone, 100 * beside);
    return 0;
}

static int print_ways(const struct admission_case *of)
{
    static const uint64_t ways_ms[] = {0, 1, 10, 100};
    for (uint32_t i = 0; i < sizeof(ways_ms) / sizeof(ways_ms[0]); i++) {
        struct admission_case asked = *of;
        struct admission_result results[LOADS];
        asked.transfer_ns = ways_ms[i] * 1000000;
        printf("| %s | %s | %u | %u |", of->name, mode_name(of->mode), of->workers,
               (unsigned)ways_ms[i]);
        for (uint32_t k = 0; k < LOADS; k++) {
            if (admission_measure_load(&asked, loads[k], &results[k]))
                return -1;
            printf(" %.0f, %.2f%s", results[k].goodput, results[k].in_vain,
                   k + 1 < LOADS ? ";" : " |\n");
        }
    }
    return 0;
}

static int print_step(const struct admission_case *of)
{
    double p99_ms[ADMISSION_STEP_BINS];
    if (admission_measure_step(of, p99_ms))
        return -1;
    printf("| %s | %s | %u | %.0f |", of->name, mode_name(of->mode), of->workers,
           4 * admission_alone_ns(of->cuts[0]) / ADMISSION_MS);
    for (uint32_t i = 0; i < ADMISSION_STEP_BINS; i++)
        printf(" %.0f", p99_ms[i]);
    printf(" |\n");
    return 0;
}

int main(int argc, char **argv)
{
    const unsigned long seconds = argc > 1 ? strtoul(argv[1], NULL, 10) : 20;
    if (!seconds || seconds > 100000) {
        fprintf(stderr, "dispatch_admission_bench: SECONDS is a number from 1 to 100,000\n");
        return 2;
    }
    static int (*const prints[])(const struct admission_case *) = {print_loads, print_shares,
                                                                   print_ways, print_step};
    static const char *const heads[] = {
        "| from | mode | workers | load | in time/s | over the peak | admitted and missed | wait, "
        "median error: its own, its class's |\n|---|---|---|---|---|---|---|---|\n",
        "\n| from | mode | workers | Jain, one of ten offers 10x | first class's part, weights 8 "
        "and 1, of equal, 5x, no deadlines | p99 in ms alone, beside a flood | in time |\n"
        "|---|---|---|---|---|---|---|\n",
        "\n| from | mode | workers | ms from the question to the tensor | in time/s, and tensors "
        "in vain for each, at each load |\n|---|---|---|---|---|\n",
        "\n| from | mode | workers | deadline, ms | p99 in ms, each 20 ms after 0.7 to 1.4 "
        "|\n|---|---|---|---|---|\n"};
    for (uint32_t table = 0; table < 4; table++) {
        printf("%s", heads[table]);
        for (uint32_t i = 0; i < CASES; i++) {
            struct admission_case of = cases[i];
            of.warm_ns = 3000000000;
            of.measured_ns = seconds * 1000000000;
            if (prints[table](&of))
                return 1;
        }
    }
    return 0;
}
