/* Tests of scheduler/service/log.c: whole lines, cut to their room, never waited for. */
#include "scheduler/service/log.h"
#include "tests/unit/cunit_main.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void a_line_is_whole(void)
{
    int ends[2];
    char said[4096] = "";
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    struct log log = {.fd = ends[1], .who = "jointd"};
    log_say(&log, "worker %d: %s", 3, "is here");
    CU_ASSERT_EQUAL(read(ends[0], said, sizeof(said)),
                    (ssize_t)strlen("jointd: worker 3: is here\n"));
    CU_ASSERT_STRING_EQUAL(said, "jointd: worker 3: is here\n");
    char large[3000];
    memset(large, 'x', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    log_say(&log, "%s", large);
    const ssize_t bytes = read(ends[0], said, sizeof(said));
    CU_ASSERT_TRUE(bytes > 500 && bytes < 3000);
    CU_ASSERT_EQUAL(said[bytes - 1], '\n');
    CU_ASSERT_EQUAL(log.lost, 0);
    close(ends[0]);
    close(ends[1]);
}

static void nobody_who_reads_costs_lines_not_time(void)
{
    int ends[2];
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    struct log log = {.fd = ends[1], .who = "jointd"};
    for (int i = 0; i < 100000; i++) /* far more than a pipe holds; it would wait for ever */
        log_say(&log, "a line of some length that says nothing to anybody");
    CU_ASSERT_TRUE(log.lost > 0);
    close(ends[0]);
    close(ends[1]);
}

const struct cunit_test tests[] = {
    {"a line is whole, and cut where it is too long", a_line_is_whole},
    {"a reader that does not read costs lines, not time", nobody_who_reads_costs_lines_not_time},
    {NULL, NULL},
};
