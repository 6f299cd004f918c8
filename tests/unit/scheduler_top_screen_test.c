/* Tests of scheduler/top/screen.c: the text, letter by letter. */
#include "scheduler/top/screen.h"
#include "tests/unit/cunit_main.h"

#include <stdlib.h>
#include <string.h>

#define SECOND UINT64_C(1000000000)

static void put(struct sample *sample, const char *source, const char *label,
                enum counter_kind kind, uint64_t value)
{
    struct counter_view view = {.kind = kind, .value = value};
    snprintf(view.label, sizeof(view.label), "%s", label);
    CU_ASSERT_EQUAL_FATAL(sample_add(sample, source, &view), 0);
}

static void quantities_have_three_digits(void)
{
    static const struct {
        double value;
        const char *count, *time;
    } cases[] = {
        {0, "0", "0 ns"},
        {7, "7", "7 ns"},
        {0.25, "0.25", "0 ns"},
        {12.34, "12.3", "12 ns"},
        {812, "812", "812 ns"},
        {999.7, "1000", "1.00 us"},
        {81234, "81234", "81.2 us"},
        {99999, "99999", "100 us"},
        {100000, "100 k", "100 us"},
        {1234567, "1.23 M", "1.23 ms"},
        {999600, "1.00 M", "1.00 ms"},
        {12.0e9, "12.0 G", "12.0 s"},
        {5e13, "50.0 T", "50000 s"},
    };
    char text[QUANTITY_BYTES];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        screen_count(cases[i].value, text);
        CU_ASSERT_STRING_EQUAL(text, cases[i].count);
        screen_time(cases[i].value, text);
        CU_ASSERT_STRING_EQUAL(text, cases[i].time);
    }
}

/* To be freed. */
static char *print(const struct screen *screen)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    CU_ASSERT_EQUAL(screen_print(screen, file), 0);
    fclose(file);
    return text;
}

static const char busy[] =
    "state    ready\n"
    "workers  2, utilization 82.5 %\n"
    "queued   12, oldest 4.10 ms, wait 2.15 ms; 37 with workers\n"
    "\n"
    "process                 pid state        cores    on may run on       memory  "
    "starts\n"
    "jointd                    7 serving       0.50     3 2-5             2.00 MB       "
    "1\n"
    "worker 0                  0 waiting          -     - -                    -        "
    "9\n"
    "\n"
    "class        queued     wait admit         in time   per s      p50      p99 wait "
    "p99\n"
    "fast              3  2.15 ms open           99.7 %      10  6.00 ms  6.98 ms        "
    "-\n"
    "1                 9  80.0 ms closed         50.0 %       -        -        -        "
    "-\n"
    "\n"
    "model            version    rows/s  joined/s rows/batch  batches by rows\n"
    "n?t                    4        13         2       3.25  1: 25 %  4-7: 75 %\n"
    "\n"
    "                 per second       in all\n"
    "datagrams in            500         2100\n"
    "datagrams out             -            -\n"
    "bytes in                  -            -\n"
    "bytes out                 -            -\n"
    "requests                  -            -\n"
    "answers                  10         1020\n"
    "rejects                   1            2\n"
    "\n"
    "counter                              per second        value\n"
    "jointd.answered                              10         1020\n"
    "jointd.late                                   1            2\n"
    "jointd.busy_ns                           500 ms       3.00 s\n"
    "jointd.recovery_ns_max                               4.00 us\n"
    "dataplane.rx_datagrams                      500         2100\n";

static struct sample before, now; /* 12 KiB each */

static const struct roles roles_before = {
    .at_ns = SECOND,
    .count = 1,
    .items = {{.name = "jointd", .pid = 7, .is_measured = true, .cpu_ns = SECOND}}};
static const struct roles roles_now = {
    .at_ns = 3 * SECOND,
    .count = 2,
    .items = {{.name = "jointd",
               .state = "serving",
               .pid = 7,
               .starts = 1,
               .is_measured = true,
               .cpu_ns = 2 * SECOND,
               .core = 3,
               .cores = "2-5",
               .memory_bytes = 2000000},
              {.name = "worker 0", .state = "waiting", .starts = 9}}};

/* One model with one class: of so many answers each took between 5 and 7 ms. */
static void put_model(struct sample *sample, uint64_t answers, uint64_t ones, uint64_t fours,
                      uint64_t joined)
{
    sample->models = calloc(1, sizeof(*sample->models));
    sample->classes = calloc(1, sizeof(*sample->classes));
    sample->model_count = sample->class_count = 1;
    sample->models[0] = (struct sample_model){.name = "n\033t",
                                              .version = 4,
                                              .class_count = 1,
                                              .rows = ones + 4 * fours,
                                              .joined_rows = joined,
                                              .batch = {[0] = ones, [3] = fours}};
    sample->classes[0] = (struct sample_class){.name = "fast", .outcome = {answers}};
    struct distribution distribution;
    memset(&distribution, 0, sizeof(distribution));
    for (uint64_t i = 0; i < answers; i++)
        distribution_note(&distribution, &distribution_time, 6000000);
    distribution_read(&distribution, &sample->classes[0].request);
}

static void fill(void)
{
    before = (struct sample){.at_ns = SECOND};
    now = (struct sample){.at_ns = 3 * SECOND, .has_load = true};
    put(&before, "jointd", "jointd.answered", COUNTER_SUM, 1000);
    put(&before, "jointd", "jointd.late", COUNTER_SUM, 0);
    put(&before, "jointd", "jointd.busy_ns", COUNTER_SUM, 2 * SECOND);
    put(&before, "queue 0", "dataplane.0.rx_datagrams", COUNTER_SUM, 100);
    put(&before, "queue 1", "dataplane.1.rx_datagrams", COUNTER_SUM, 1000);
    put(&now, "jointd", "jointd.answered", COUNTER_SUM, 1020);
    put(&now, "jointd", "jointd.late", COUNTER_SUM, 2);
    put(&now, "jointd", "jointd.busy_ns", COUNTER_SUM, 3 * SECOND);
    put(&now, "jointd", "jointd.recovery_ns_max", COUNTER_MAX, 4000);
    put(&now, "jointd", "jointd.junk", COUNTER_SUM, 0);
    put(&now, "queue 0", "dataplane.0.rx_datagrams", COUNTER_SUM, 600);
    put(&now, "queue 1", "dataplane.1.rx_datagrams", COUNTER_SUM, 1500);
    put_model(&before, 100, 10, 0, 3);
    put_model(&now, 120, 12, 6, 7);
    now.load = (struct load_report){
        .generated_ns = 3 * SECOND - 1000,
        .valid_ns = SECOND / 2,
        .state = LOAD_READY,
        .workers = 2,
        .utilization_permille = 825,
        .inflight = 37,
        .queued = 12,
        .oldest_queued_ns = 4100000,
        .predicted_wait_ns = 2150000,
        .class_count = 2,
        .classes = {{.queued = 3, .predicted_wait_ns = 2150000, .attained_permille = 997},
                    {.queued = 9,
                     .predicted_wait_ns = 80000000,
                     .admit = LOAD_CLOSED,
                     .retry_after_ns = 20000000,
                     .attained_permille = 500}}};
}

static void a_busy_service_is_one_screen(void)
{
    fill();
    const struct screen screen = {
        .before = &before, .now = &now, .roles_before = &roles_before, .roles_now = &roles_now};
    char *text = print(&screen);
    CU_ASSERT_STRING_EQUAL(text, busy);
    if (strcmp(text, busy) != 0)
        printf("%s", text);
    free(text);
    sample_fini(&before);
    sample_fini(&now);
}

static void all_shows_each_queue_and_every_zero(void)
{
    fill();
    const struct screen screen = {.before = &before, .now = &now, .is_all = true};
    char *text = print(&screen);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\njointd.junk                                   0"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, "\ndataplane.0.rx_datagrams                    250          600\n"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, "\ndataplane.1.rx_datagrams                    250         1500\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\ndatagrams in            500         2100\n"));
    free(text);
    sample_fini(&before);
    sample_fini(&now);
}

static void a_load_that_is_too_old_says_so(void)
{
    fill();
    now.load.generated_ns = now.at_ns - SECOND;
    const struct screen screen = {.before = &before, .now = &now, .is_all = false};
    char *text = print(&screen);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, "state    ready, but that was 1.00 s ago: jointd stands still\n"));
    free(text);
    now.has_load = false;
    text = print(&screen);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "state    unknown: no load was published yet\n"));
    CU_ASSERT_PTR_NULL(strstr(text, "class"));
    free(text);
    sample_fini(&before);
    sample_fini(&now);
}

const struct cunit_test tests[] = {
    {"quantities have three digits", quantities_have_three_digits},
    {"a busy service is one screen", a_busy_service_is_one_screen},
    {"all shows each queue and every zero", all_shows_each_queue_and_every_zero},
    {"a load that is too old says so", a_load_that_is_too_old_says_so},
    {NULL, NULL},
};
