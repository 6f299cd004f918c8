/* Tests of scheduler/loadtest/verdict.c and tally.c. */
#include "scheduler/loadtest/verdict.h"
#include "tests/unit/cunit_main.h"

#include <stdlib.h>
#include <string.h>

/* 1,000 requests, all answered in time. */
static struct loadtest_tally *thousand(void)
{
    struct loadtest_tally *tally = loadtest_tally_create(1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(tally);
    tally->offered = 1000;
    tally->ends[LOADTEST_IN_TIME] = 1000;
    return tally;
}

static void move(struct loadtest_tally *tally, enum loadtest_end end, uint64_t count)
{
    tally->ends[LOADTEST_IN_TIME] -= count;
    tally->ends[end] += count;
}

static enum loadtest_verdict judge(const struct loadtest_tally *tally, const char *word)
{
    char text[400];
    const struct loadtest_facts facts = {
        .tally = tally, .is_open_loop = true, .late_send_ns = 1000000};
    const enum loadtest_verdict verdict = loadtest_judge(&facts, text, sizeof(text));
    CU_ASSERT_EQUAL(verdict == LOADTEST_GOOD, *text == '\0');
    CU_ASSERT_PTR_NOT_NULL(strstr(text, word));
    CU_ASSERT_PTR_NULL(strchr(text, '\n'));
    return verdict;
}

static void answers_and_rejects_make_a_good_run(void)
{
    struct loadtest_tally *tally = thousand();
    CU_ASSERT_EQUAL(judge(tally, ""), LOADTEST_GOOD);
    move(tally, LOADTEST_REJECTED, 500);
    move(tally, LOADTEST_LATE, 300);
    move(tally, LOADTEST_ANSWERED_LATE, 100);
    CU_ASSERT_EQUAL(judge(tally, ""), LOADTEST_GOOD);
    CU_ASSERT_EQUAL(loadtest_tally_fallback(tally), 900);
    CU_ASSERT_EQUAL(loadtest_tally_answered(tally), 200);
    free(tally);
}

static void one_lost_or_broken_request_fails_the_run(void)
{
    struct loadtest_tally *tally = thousand();
    move(tally, LOADTEST_LOST, 1);
    CU_ASSERT_EQUAL(judge(tally, "lost"), LOADTEST_HAS_LOST);
    free(tally);
    tally = thousand();
    move(tally, LOADTEST_BROKEN, 1);
    CU_ASSERT_EQUAL(judge(tally, "broken"), LOADTEST_HAS_LOST);
    free(tally);
}

static void below_95_percent_on_schedule_the_run_fails(void)
{
    struct loadtest_tally *tally = thousand();
    tally->sent_late = 50;
    CU_ASSERT_DOUBLE_EQUAL(loadtest_adherence(tally), 0.95, 1e-12);
    CU_ASSERT_EQUAL(judge(tally, ""), LOADTEST_GOOD);
    tally->sent_late = 51;
    CU_ASSERT_EQUAL(judge(tally, "51 over 1 ms late"), LOADTEST_NOT_ADHERED);
    tally->sent_late = 20;
    move(tally, LOADTEST_UNSENT, 31);
    CU_ASSERT_DOUBLE_EQUAL(loadtest_adherence(tally), 0.949, 1e-12);
    CU_ASSERT_EQUAL(judge(tally, "--clients"), LOADTEST_NOT_ADHERED);
    free(tally);
}

static void a_closed_loop_has_no_schedule_to_keep(void)
{
    char text[400];
    struct loadtest_tally *tally = thousand();
    tally->sent_late = 900;
    const struct loadtest_facts facts = {.tally = tally};
    CU_ASSERT_EQUAL(loadtest_judge(&facts, text, sizeof(text)), LOADTEST_GOOD);
    free(tally);
}

static void a_run_without_an_answer_names_the_commonest_reason(void)
{
    struct loadtest_tally *tally = thousand();
    move(tally, LOADTEST_REJECTED, 1000);
    tally->reasons[1] = 100;
    tally->reasons[4] = 900;
    CU_ASSERT_EQUAL(judge(tally, "model unknown"), LOADTEST_UNANSWERED);
    memset(tally->ends, 0, sizeof(tally->ends));
    tally->ends[LOADTEST_LATE] = 1000;
    CU_ASSERT_EQUAL(judge(tally, "deadline"), LOADTEST_UNANSWERED);
    tally->offered = 0;
    CU_ASSERT_EQUAL(judge(tally, "--duration"), LOADTEST_EMPTY);
    free(tally);
}

static void the_gravest_fault_is_named_first(void)
{
    char text[400];
    struct loadtest_tally *tally = thousand();
    move(tally, LOADTEST_LOST, 10);
    tally->sent_late = 900;
    struct loadtest_facts facts = {.tally = tally,
                                   .is_open_loop = true,
                                   .is_silent = true,
                                   .is_interrupted = true,
                                   .silence_ns = 3000000000,
                                   .verified = 5,
                                   .wrong = 1};
    CU_ASSERT_EQUAL(loadtest_judge(&facts, text, sizeof(text)), LOADTEST_SILENT);
    facts.is_silent = false;
    CU_ASSERT_EQUAL(loadtest_judge(&facts, text, sizeof(text)), LOADTEST_WRONG);
    facts.wrong = 0;
    CU_ASSERT_EQUAL(loadtest_judge(&facts, text, sizeof(text)), LOADTEST_HAS_LOST);
    move(tally, LOADTEST_LOST, (uint64_t)-10);
    CU_ASSERT_EQUAL(loadtest_judge(&facts, text, sizeof(text)), LOADTEST_INTERRUPTED);
    facts.is_interrupted = false;
    CU_ASSERT_EQUAL(loadtest_judge(&facts, text, sizeof(text)), LOADTEST_NOT_ADHERED);
    free(tally);
}

static void merged_tallies_are_their_sums(void)
{
    struct loadtest_tally *a = thousand(), *b = thousand();
    move(b, LOADTEST_REJECTED, 7);
    b->reasons[2] = 7;
    b->batches[3] = 10;
    a->batches[1] = 10;
    b->cuts[0].offered = 5;
    loadtest_range_add(&a->wait_us, 10);
    loadtest_range_add(&b->wait_us, 2);
    loadtest_range_add(&b->wait_us, 30);
    loadtest_histogram_add(&b->latency, 77);
    loadtest_tally_merge(a, b);
    CU_ASSERT_EQUAL(a->offered, 2000);
    CU_ASSERT_EQUAL(a->ends[LOADTEST_IN_TIME], 1993);
    CU_ASSERT_EQUAL(a->reasons[2], 7);
    CU_ASSERT_EQUAL(a->cuts[0].offered, 5);
    CU_ASSERT_EQUAL(a->latency.count, 1);
    CU_ASSERT_EQUAL(a->wait_us.least, 2);
    CU_ASSERT_EQUAL(a->wait_us.most, 30);
    CU_ASSERT_DOUBLE_EQUAL(loadtest_range_mean(&a->wait_us), 14, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(loadtest_tally_mean_batch(a), 2, 1e-12);
    free(a);
    free(b);
}

const struct cunit_test tests[] = {
    {"answers and rejects make a good run", answers_and_rejects_make_a_good_run},
    {"one lost or broken request fails the run", one_lost_or_broken_request_fails_the_run},
    {"below 95 % on schedule the run fails, and says why",
     below_95_percent_on_schedule_the_run_fails},
    {"a closed loop has no schedule to keep", a_closed_loop_has_no_schedule_to_keep},
    {"a run without an answer names the commonest reason",
     a_run_without_an_answer_names_the_commonest_reason},
    {"the gravest fault is named first", the_gravest_fault_is_named_first},
    {"merged tallies are their sums", merged_tallies_are_their_sums},
    {NULL, NULL},
};
