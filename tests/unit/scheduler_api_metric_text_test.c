/* Tests of scheduler/api/metric_text.c: both formats, as their specifications write them. */
#include "scheduler/api/metric_text.h"
#include "tests/unit/cunit_main.h"

#include <string.h>

struct case_text {
    struct page_text text;
    struct metric_text out;
};

static void start(struct case_text *made, bool is_open)
{
    memset(made, 0, sizeof(*made));
    made->out = (struct metric_text){.text = &made->text, .is_open_metrics = is_open};
}

static void a_counter_is_named_as_its_format_asks(void)
{
    static const struct metric_family family = {"x_seconds", "seconds", "Why.", METRIC_COUNTER};
    static const struct metric_label label = {"name", "a\"b"};
    struct case_text made;
    start(&made, false);
    metric_begin(&made.out, &family);
    metric_seconds(&made.out, &label, 1, 1500000000);
    CU_ASSERT_STRING_EQUAL(made.text.bytes,
                           "# HELP x_seconds_total Why.\n# TYPE x_seconds_total counter\n"
                           "x_seconds_total{name=\"a\\\"b\"} 1.500000000\n");
    page_text_fini(&made.text);
    start(&made, true);
    metric_begin(&made.out, &family);
    metric_count(&made.out, NULL, 0, 2);
    CU_ASSERT_STRING_EQUAL(made.text.bytes,
                           "# HELP x_seconds Why.\n# TYPE x_seconds counter\n# UNIT x_seconds "
                           "seconds\nx_seconds_total 2\n");
    page_text_fini(&made.text);
}

static void an_info_is_a_gauge_where_there_are_none(void)
{
    static const struct metric_family family = {"x", NULL, "Why.", METRIC_INFO};
    struct case_text made;
    start(&made, false);
    metric_begin(&made.out, &family);
    metric_count(&made.out, NULL, 0, 1);
    CU_ASSERT_STRING_EQUAL(made.text.bytes, "# HELP x_info Why.\n# TYPE x_info gauge\nx_info 1\n");
    page_text_fini(&made.text);
    start(&made, true);
    metric_begin(&made.out, &family);
    metric_count(&made.out, NULL, 0, 1);
    CU_ASSERT_STRING_EQUAL(made.text.bytes, "# HELP x Why.\n# TYPE x info\nx_info 1\n");
    page_text_fini(&made.text);
}

static void buckets_add_up(void)
{
    static const struct metric_family family = {"t", NULL, "T.", METRIC_HISTOGRAM};
    static const struct metric_label label = {"m", "a"};
    struct distribution distribution;
    struct distribution_view view;
    struct case_text made;
    memset(&distribution, 0, sizeof(distribution));
    const uint64_t values[] = {5000, 15000, 20000, 20001, UINT64_C(11000000000)};
    for (size_t i = 0; i < 5; i++)
        distribution_note(&distribution, &distribution_time, values[i]);
    distribution_read(&distribution, &view);
    start(&made, false);
    metric_begin(&made.out, &family);
    metric_times(&made.out, &label, 1, &view);
    static const char *const wanted[] = {
        "t_bucket{m=\"a\",le=\"0.00001\"} 1\n", "t_bucket{m=\"a\",le=\"0.00002\"} 3\n",
        "t_bucket{m=\"a\",le=\"0.00005\"} 4\n", "t_bucket{m=\"a\",le=\"1.0\"} 4\n",
        "t_bucket{m=\"a\",le=\"10.0\"} 4\n",    "t_bucket{m=\"a\",le=\"+Inf\"} 5\n",
        "t_sum{m=\"a\"} 11.000060001\n",        "t_count{m=\"a\"} 5\n"};
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
        CU_ASSERT_PTR_NOT_NULL(strstr(made.text.bytes, wanted[i]));
    CU_ASSERT_PTR_NULL(strstr(made.text.bytes, "0.000015"));
    page_text_fini(&made.text);
}

static void sizes_end_at_powers_of_two(void)
{
    static const struct metric_family family = {"s", NULL, "S.", METRIC_HISTOGRAM};
    const uint64_t counts[8] = {4, 0, 2, 0, 0, 0, 0, 1}; /* 4 of one, 2 of three, 1 of eight */
    struct case_text made;
    start(&made, false);
    metric_begin(&made.out, &family);
    metric_sizes(&made.out, NULL, 0, counts, 8);
    CU_ASSERT_PTR_NOT_NULL(strstr(
        made.text.bytes, "s_bucket{le=\"1.0\"} 4\ns_bucket{le=\"2.0\"} 4\ns_bucket{le=\"4.0\"} 6\n"
                         "s_bucket{le=\"8.0\"} 7\ns_bucket{le=\"+Inf\"} 7\ns_sum 18\ns_count 7\n"));
    page_text_fini(&made.text);
}

const struct cunit_test tests[] = {
    {"a counter is named as its format asks", a_counter_is_named_as_its_format_asks},
    {"an info is a gauge where there are none", an_info_is_a_gauge_where_there_are_none},
    {"buckets add up", buckets_add_up},
    {"sizes end at powers of two", sizes_end_at_powers_of_two},
    {NULL, NULL},
};
