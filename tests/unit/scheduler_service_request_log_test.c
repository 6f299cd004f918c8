/* Tests of scheduler/service/request_log.c: every line is in the file or counted as lost. */
#include "scheduler/service/request_log.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct log_case {
    char folder[64];
    char file[96];
    char class_name[8];
    struct class_section class;
    struct jointd_config config;
    struct request_log *log;
};

static void start(struct log_case *made, enum config_requests requests,
                  enum config_log_format format)
{
    memset(made, 0, sizeof(*made));
    snprintf(made->folder, sizeof(made->folder), "/tmp/joint-request-log-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(made->folder));
    snprintf(made->file, sizeof(made->file), "%s/log", made->folder);
    snprintf(made->class_name, sizeof(made->class_name), "fast");
    made->class.name = made->class_name;
    made->config.classes = &made->class;
    made->config.class_count = 1;
    made->config.log = (struct log_section){
        .requests = requests, .sample = 10, .format = format, .file = made->file};
    made->log = calloc(1, sizeof(*made->log));
    CU_ASSERT_EQUAL_FATAL(request_log_init(made->log, &made->config), 0);
}

static void add_lines(struct log_case *made, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        struct request_line line = {.model = "net", .path = request_path_start()};
        request_log_add(made->log, &line);
    }
}

/* Until as many are in the file or lost. Patience for a slow machine, no measurement. */
static void await(const struct log_case *made, uint64_t count)
{
    const struct timespec nap = {.tv_nsec = 1000000};
    for (int i = 0; i < 60000; i++) {
        if (request_log_written(made->log) + request_log_lost(made->log) >= count)
            return;
        nanosleep(&nap, NULL);
    }
    CU_FAIL("the thread does not write");
}

/* Lines of a file that contain the word. */
static uint64_t lines_with(const char *path, const char *word)
{
    char text[REQUEST_LINE_BYTES];
    uint64_t count = 0;
    FILE *file = fopen(path, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    while (fgets(text, sizeof(text), file))
        count += strstr(text, word) != NULL;
    fclose(file);
    return count;
}

static void finish(struct log_case *made)
{
    request_log_fini(made->log);
    free(made->log);
    unlink(made->file);
    rmdir(made->folder);
}

static void lines_follow_the_titles(void)
{
    struct log_case made;
    start(&made, CONFIG_REQUESTS_FULL, CONFIG_LOG_TSV);
    add_lines(&made, 5);
    await(&made, 5);
    CU_ASSERT_EQUAL(request_log_lost(made.log), 0);
    request_log_fini(made.log);
    CU_ASSERT_EQUAL(lines_with(made.file, "time\tid\tclient"), 1);
    CU_ASSERT_EQUAL(lines_with(made.file, "\tnet\t"), 5);
    made.config.log.requests = CONFIG_REQUESTS_FULL; /* the same file again: no second titles */
    CU_ASSERT_EQUAL_FATAL(request_log_init(made.log, &made.config), 0);
    add_lines(&made, 1);
    await(&made, 1);
    CU_ASSERT_EQUAL(lines_with(made.file, "time\tid\tclient"), 1);
    CU_ASSERT_EQUAL(lines_with(made.file, "\tnet\t"), 6);
    finish(&made);
}

static void what_is_in_the_ring_at_the_end_is_written(void)
{
    struct log_case made;
    start(&made, CONFIG_REQUESTS_FULL, CONFIG_LOG_JSON);
    add_lines(&made, 1000);
    request_log_fini(made.log);
    CU_ASSERT_EQUAL(lines_with(made.file, "{\"time\":"), 1000);
    finish(&made);
}

static void what_finds_no_room_is_counted_and_said(void)
{
    struct log_case made;
    start(&made, CONFIG_REQUESTS_FULL, CONFIG_LOG_TSV);
    const uint64_t count = 40 * REQUEST_LOG_LINES;
    add_lines(&made, count); /* faster than any thread writes */
    await(&made, count);
    const uint64_t lost = request_log_lost(made.log);
    CU_ASSERT_EQUAL(request_log_written(made.log) + lost, count);
    CU_ASSERT(lost > 0);
    request_log_fini(made.log);
    CU_ASSERT_EQUAL(lines_with(made.file, "\tnet\t") + lost, count);
    CU_ASSERT(lines_with(made.file, "# lost: ") > 0);
    finish(&made);
}

static void a_sample_is_about_what_was_asked_for(void)
{
    struct log_case made;
    start(&made, CONFIG_REQUESTS_SAMPLED, CONFIG_LOG_TSV);
    const struct timespec nap = {.tv_nsec = 1000000};
    for (int i = 0; i < 10; i++) {
        add_lines(&made, 2000);
        nanosleep(&nap, NULL);
    }
    request_log_fini(made.log);
    /* One of ten of 20,000: 2,000, and four standard deviations are 170. */
    const uint64_t logged = lines_with(made.file, "\tnet\t");
    CU_ASSERT(logged > 1830 && logged < 2170);
    finish(&made);
}

static void a_file_that_was_moved_away_is_begun_again(void)
{
    struct log_case made;
    char moved[100];
    start(&made, CONFIG_REQUESTS_FULL, CONFIG_LOG_TSV);
    snprintf(moved, sizeof(moved), "%s.1", made.file);
    add_lines(&made, 3);
    await(&made, 3);
    CU_ASSERT_EQUAL(rename(made.file, moved), 0);
    add_lines(&made, 1); /* still into that one */
    await(&made, 4);
    CU_ASSERT_EQUAL(lines_with(moved, "\tnet\t"), 4);
    CU_ASSERT_EQUAL(request_log_reload(made.log, &made.config.log), 0);
    add_lines(&made, 2);
    request_log_fini(made.log);
    CU_ASSERT_EQUAL(lines_with(moved, "\tnet\t") + lines_with(made.file, "\tnet\t"), 6);
    CU_ASSERT_EQUAL(lines_with(made.file, "time\tid"), 1);
    unlink(moved);
    finish(&made);
}

static void a_file_that_cannot_be_opened_costs_lines_and_nothing_else(void)
{
    struct log_case made;
    int error = 0;
    start(&made, CONFIG_REQUESTS_OFF, CONFIG_LOG_TSV);
    CU_ASSERT_FALSE(request_log_is_on(made.log));
    CU_ASSERT_EQUAL(mkdir(made.file, 0700), 0); /* a folder lies there */
    made.config.log.requests = CONFIG_REQUESTS_FULL;
    CU_ASSERT_EQUAL(request_log_reload(made.log, &made.config.log), 0);
    add_lines(&made, 7);
    await(&made, 7);
    CU_ASSERT(request_log_lost(made.log) == 7 && request_log_written(made.log) == 0);
    CU_ASSERT_TRUE(request_log_has_news(made.log, &error));
    CU_ASSERT_EQUAL(error, -EISDIR);
    CU_ASSERT_FALSE(request_log_has_news(made.log, &error));
    CU_ASSERT_EQUAL(rmdir(made.file), 0);
    CU_ASSERT_EQUAL(request_log_reload(made.log, &made.config.log), 0);
    add_lines(&made, 2);
    await(&made, 9);
    CU_ASSERT_EQUAL(request_log_written(made.log), 2);
    CU_ASSERT_TRUE(request_log_has_news(made.log, &error));
    CU_ASSERT_EQUAL(error, 0);
    finish(&made);
}

static void a_pipe_that_nobody_reads_keeps_nobody(void)
{
    struct log_case made;
    start(&made, CONFIG_REQUESTS_OFF, CONFIG_LOG_TSV);
    CU_ASSERT_EQUAL(mkfifo(made.file, 0600), 0);
    made.config.log.requests = CONFIG_REQUESTS_FULL;
    CU_ASSERT_EQUAL(request_log_reload(made.log, &made.config.log), 0);
    add_lines(&made, 100);
    await(&made, 100);
    CU_ASSERT_EQUAL(request_log_lost(made.log), 100);
    finish(&made);
}

const struct cunit_test tests[] = {
    {"lines follow the titles", lines_follow_the_titles},
    {"what is in the ring at the end is written", what_is_in_the_ring_at_the_end_is_written},
    {"what finds no room is counted and said", what_finds_no_room_is_counted_and_said},
    {"a sample is about what was asked for", a_sample_is_about_what_was_asked_for},
    {"a file that was moved away is begun again", a_file_that_was_moved_away_is_begun_again},
    {"a file that cannot be opened costs lines and nothing else",
     a_file_that_cannot_be_opened_costs_lines_and_nothing_else},
    {"a pipe that nobody reads keeps nobody", a_pipe_that_nobody_reads_keeps_nobody},
    {NULL, NULL},
};
