/* Tests of scheduler/service/request_line.c: paths as they grow, lines in both formats. */
#include "scheduler/service/request_line.h"
#include "tests/unit/cunit_main.h"

#include <string.h>

static void add(struct request_path *path, uint32_t dispatch, uint32_t from, uint32_t to,
                uint32_t rows, bool is_merged)
{
    request_path_add(path, 3, dispatch, from, to, rows, is_merged);
}

static void a_path_is_parts_with_their_rows(void)
{
    struct request_path path = request_path_start();
    CU_ASSERT(path.count == 0 && path.worker == REQUEST_PATH_NEVER);
    add(&path, 7, 0, 5, 1, false);
    add(&path, 7, 5, 9, 3, true);
    add(&path, 7, 9, 12, 8, true);
    CU_ASSERT(path.count == 3 && path.merged == 5 && path.worker == 3 && !path.is_cut_off);
    CU_ASSERT(path.part[2].from == 9 && path.part[2].to == 12 && path.part[2].rows == 8);
}

static void stops_at_which_nothing_happens_leave_no_trace(void)
{
    struct request_path path = request_path_start();
    for (uint32_t cut = 0; cut < 20; cut++)
        add(&path, 7, cut, cut + 1, 2, false);
    CU_ASSERT(path.count == 1 && path.part[0].from == 0 && path.part[0].to == 20);
    CU_ASSERT_EQUAL(path.merged, REQUEST_PATH_NEVER);
}

static void rows_of_one_request_in_a_batch_are_one_part(void)
{
    struct request_path path = request_path_start();
    for (int row = 0; row < 4; row++)
        add(&path, 7, 0, 5, 4, false);
    CU_ASSERT_EQUAL(path.count, 1);
    for (int row = 0; row < 4; row++)
        add(&path, 8, 0, 5, 4, false); /* its next rows, in a dispatch after it */
    CU_ASSERT_EQUAL(path.count, 2);
}

static void a_path_of_many_parts_says_that_there_were_more(void)
{
    struct request_path path = request_path_start();
    for (uint32_t cut = 0; cut < 40; cut++)
        add(&path, 7, cut, cut + 1, 1 + cut % 2, false);
    CU_ASSERT(path.count == REQUEST_PATH_PARTS && path.is_cut_off);
}

static struct request_line example(void)
{
    struct request_line line = {.ended_unix_ns = UINT64_C(1792856331000123456),
                                .id = 9,
                                .client = 0xab,
                                .model = "net",
                                .version = 3,
                                .bytes = 4096,
                                .from = 2,
                                .to = 12,
                                .rows = 1,
                                .total_ns = 9000000,
                                .wait_ns = 1500000,
                                .compute_ns = 7000500,
                                .predicted_wait_ns = 1000000,
                                .predicted_compute_ns = 6000000,
                                .deadline_ns = 50000000,
                                .path = request_path_start()};
    add(&line.path, 7, 2, 5, 1, false);
    add(&line.path, 7, 5, 12, 3, true);
    return line;
}

/* The date is that of `date -u -d @1792856331`. */
static void a_line_has_a_value_for_each_title(void)
{
    const struct request_line line = example();
    char text[REQUEST_LINE_BYTES];
    const size_t length = request_line_write(&line, "fast", REQUEST_LINE_TSV, text);
    CU_ASSERT_EQUAL(length, strlen(text));
    CU_ASSERT_STRING_EQUAL(text,
                           "2026-10-24T15:38:51.000123Z\t9\t00000000000000ab\tnet\t3\tfast\t2\t"
                           "12\t1\t4096\t2-5:1,5-12:3\t5\t1.000\t1.500\t6.000\t7.000\t9.000\t"
                           "50.000\tyes\tanswered\t3\n");
    size_t titles = 0, values = 0;
    for (const char *at = request_line_titles(REQUEST_LINE_TSV); *at; at++)
        titles += *at == '\t';
    for (const char *at = text; *at; at++)
        values += *at == '\t';
    CU_ASSERT_EQUAL(titles, values);
}

static void json_has_the_same_and_null_for_nothing(void)
{
    struct request_line line = example();
    line.path = request_path_start();
    line.model[0] = 0;
    line.reason = INGRESS_DEADLINE;
    char text[REQUEST_LINE_BYTES];
    request_line_write(&line, "a\"b\\\n", REQUEST_LINE_JSON, text);
    CU_ASSERT_STRING_EQUAL(
        text, "{\"time\":\"2026-10-24T15:38:51.000123Z\",\"id\":9,\"client\":\"00000000000000ab\","
              "\"model\":null,\"version\":3,\"class\":\"a?b??\",\"from\":2,\"to\":12,\"rows\":1,"
              "\"bytes\":4096,\"path\":null,\"merged\":null,\"predicted_wait_ms\":1.000,"
              "\"wait_ms\":1.500,\"predicted_execution_ms\":6.000,\"execution_ms\":7.000,"
              "\"total_ms\":9.000,\"deadline_ms\":50.000,\"met\":\"no\",\"reason\":\"deadline\","
              "\"worker\":null}\n");
    CU_ASSERT_STRING_EQUAL(request_line_titles(REQUEST_LINE_JSON), "");
}

static void a_deadline_is_met_missed_or_none(void)
{
    static const struct {
        uint64_t deadline_ns, total_ns;
        uint8_t reason;
        const char *met;
    } cases[] = {{10, 10, INGRESS_ANSWERED, "\tyes\tanswered\t"},
                 {10, 11, INGRESS_ANSWERED, "\tno\tanswered\t"},
                 {10, 5, INGRESS_OVERLOADED, "\tno\toverloaded\t"},
                 {UINT64_MAX, 5, INGRESS_ANSWERED, "\tnone\tanswered\t"},
                 {UINT64_MAX, 5, INGRESS_CANCELLED, "\tnone\tcancelled\t"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct request_line line = example();
        line.deadline_ns = cases[i].deadline_ns;
        line.total_ns = cases[i].total_ns;
        line.reason = cases[i].reason;
        char text[REQUEST_LINE_BYTES];
        request_line_write(&line, "c", REQUEST_LINE_TSV, text);
        CU_ASSERT_PTR_NOT_NULL(strstr(text, cases[i].met));
    }
}

static void the_longest_line_fits(void)
{
    struct request_line line;
    memset(&line, 0xff, sizeof(line));
    memset(line.model, '"', sizeof(line.model) - 1);
    line.model[sizeof(line.model) - 1] = 0;
    line.path.count = REQUEST_PATH_PARTS;
    line.path.is_cut_off = true;
    line.deadline_ns--;
    char text[REQUEST_LINE_BYTES], name[64];
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = 0;
    for (int format = 0; format < 2; format++) {
        const size_t length =
            request_line_write(&line, name, (enum request_line_format)format, text);
        CU_ASSERT(length < REQUEST_LINE_BYTES - 1 && text[length - 1] == '\n');
    }
}

const struct cunit_test tests[] = {
    {"a path is parts with their rows", a_path_is_parts_with_their_rows},
    {"stops at which nothing happens leave no trace",
     stops_at_which_nothing_happens_leave_no_trace},
    {"rows of one request in a batch are one part", rows_of_one_request_in_a_batch_are_one_part},
    {"a path of many parts says that there were more",
     a_path_of_many_parts_says_that_there_were_more},
    {"a line has a value for each title", a_line_has_a_value_for_each_title},
    {"JSON has the same, and null for nothing", json_has_the_same_and_null_for_nothing},
    {"a deadline is met, missed or none", a_deadline_is_met_missed_or_none},
    {"the longest line fits", the_longest_line_fits},
    {NULL, NULL},
};
