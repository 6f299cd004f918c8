/* Times worked out by hand, and days of virtual time with a server that comes and goes. */
#include "scheduler/client/patience.h"
#include "tests/unit/cunit_main.h"

#include <stdio.h>

#define MS UINT64_C(1000000)

static void test_give_up(void)
{
    /* 40 ms of local work, 5 of margin (an eighth), 1 besides: 46 before the deadline. */
    CU_ASSERT_EQUAL(patience_give_up_ns(1000 * MS, 1100 * MS, 40 * MS), 1054 * MS);
    CU_ASSERT_EQUAL(patience_give_up_ns(1000 * MS, 1100 * MS, 0), 1099 * MS);
    /* The device cannot meet it: only the server can, until the deadline. */
    CU_ASSERT_EQUAL(patience_give_up_ns(1000 * MS, 1100 * MS, 99 * MS), 1100 * MS);
    CU_ASSERT_EQUAL(patience_give_up_ns(1000 * MS, 1100 * MS, 5000 * MS), 1100 * MS);
    CU_ASSERT_EQUAL(patience_give_up_ns(1000 * MS, 0, 40 * MS), 11000 * MS);
    CU_ASSERT_EQUAL(patience_give_up_ns(1000 * MS, 900 * MS, 40 * MS), 11000 * MS);
}

static void test_in_time(void)
{
    uint32_t random = 1;
    for (int i = 0; i < 100000; i++) {
        random = random * 1664525u + 1013904223u;
        const uint64_t now_ns = (uint64_t)random << 8, deadline_ns = now_ns + random % (1000 * MS);
        random = random * 1664525u + 1013904223u;
        const uint64_t local_ns = random % (800 * MS);
        const uint64_t give_up_ns = patience_give_up_ns(now_ns, deadline_ns, local_ns);
        CU_ASSERT_FATAL(give_up_ns >= now_ns);
        if (deadline_ns > now_ns && give_up_ns < deadline_ns)
            CU_ASSERT_FATAL(give_up_ns + local_ns <= deadline_ns);
    }
}

static void test_verdict(void)
{
    const struct {
        enum jtp_end end;
        bool is_whole;
        enum joint_reason reason;
    } cases[] = {
        {JTP_ANSWERED, true, JOINT_AS_PLANNED}, {JTP_ANSWERED, false, JOINT_LOST},
        {JTP_REJECTED, true, JOINT_REJECTED},   {JTP_LATE, true, JOINT_LATE},
        {JTP_LOST, true, JOINT_LOST},           {JTP_BROKEN, true, JOINT_LOST},
        {JTP_CANCELLED, true, JOINT_LOST},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct jtp_event event = {.end = cases[i].end};
        CU_ASSERT_EQUAL(patience_verdict(&event, cases[i].is_whole), cases[i].reason);
    }
}

static void test_silence(void)
{
    CU_ASSERT_FALSE(patience_is_silent(2, true));
    CU_ASSERT_TRUE(patience_is_silent(3, true));
    CU_ASSERT_FALSE(patience_is_silent(3, false)); /* nobody waits for it */
}

static void test_absence(void)
{
    struct patience_absence absence = {.times = 0};
    const uint64_t aways_ms[] = {250, 500, 1000, 2000, 4000, 8000, 8000, 8000};
    CU_ASSERT_FALSE(patience_is_away(&absence));
    CU_ASSERT_FALSE(patience_may_probe(&absence, 0));
    for (size_t i = 0; i < sizeof(aways_ms) / sizeof(aways_ms[0]); i++) {
        patience_gone(&absence, 5000 * MS);
        CU_ASSERT_TRUE(patience_is_away(&absence));
        CU_ASSERT_FALSE(patience_may_probe(&absence, (5000 + aways_ms[i]) * MS - 1));
        CU_ASSERT_TRUE(patience_may_probe(&absence, (5000 + aways_ms[i]) * MS));
    }
    patience_heard(&absence);
    CU_ASSERT_FALSE(patience_is_away(&absence));
    patience_gone(&absence, 0);
    CU_ASSERT_EQUAL(absence.until_ns, 250 * MS);
}

/* A call every 20 ms for a day; the server is away for an hour and there for one. A probe of an
 * absent server takes 620 ms to fail. */
static void test_a_day(void)
{
    struct patience_absence absence = {.times = 0};
    uint64_t probes = 0, wrong = 0, found_ms = 0, longest_ms = 0, failing_ms = 0;
    const uint64_t hour_ms = 3600000;
    for (uint64_t t = 0; t < 24 * hour_ms; t += 20) {
        const bool is_there = t / hour_ms % 2 == 0;
        if (failing_ms > 0 && t >= failing_ms) {
            patience_gone(&absence, t * MS);
            failing_ms = 0;
        }
        if (!patience_is_away(&absence)) {
            if (!is_there) { /* the call finds out, and is computed here */
                wrong++;
                patience_gone(&absence, t * MS);
            }
            found_ms = 0;
        } else if (failing_ms == 0 && patience_may_probe(&absence, t * MS)) {
            probes++;
            if (is_there)
                patience_heard(&absence);
            else
                failing_ms = t + 620;
        }
        if (is_there && patience_is_away(&absence)) {
            found_ms += 20;
            longest_ms = found_ms > longest_ms ? found_ms : longest_ms;
        }
    }
    printf("%llu probes, %llu calls in vain, found again after %llu ms at most ",
           (unsigned long long)probes, (unsigned long long)wrong, (unsigned long long)longest_ms);
    CU_ASSERT_EQUAL(wrong, 12); /* one each time that it goes */
    CU_ASSERT_TRUE(longest_ms <= 8000 + 620 + 40);
    CU_ASSERT_TRUE(probes <= 12 * (hour_ms / 8000 + 6));
}

const struct cunit_test tests[] = {
    {"the server is given up when the device has to begin", test_give_up},
    {"what is given up before the deadline is computed here in time", test_in_time},
    {"only a whole answer is taken", test_verdict},
    {"three probe timeouts in a row are silence, while somebody waits", test_silence},
    {"an absent server is left alone for longer each time, up to eight seconds", test_absence},
    {"an absent server costs one call, few probes, and is found again soon", test_a_day},
    {NULL, NULL},
};
