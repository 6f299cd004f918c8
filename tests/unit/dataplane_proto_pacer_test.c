/* Tests of dataplane/proto/pacer.c: the rate is kept, and bursts are short. */
#include "dataplane/proto/pacer.h"
#include "tests/unit/cunit_main.h"

#define MS UINT64_C(1000000)

/* How many of 1,000 bytes leave in a span, with a window of 100,000 in 100 ms, at 5/4 of the rate.
 */
static uint32_t send_all(struct jtp_pacer *pacer, uint64_t from_ns, uint64_t to_ns)
{
    uint32_t count = 0;
    for (uint64_t now_ns = from_ns; now_ns < to_ns; now_ns += 10000)
        while (jtp_pacer_ready_ns(pacer) <= now_ns) {
            jtp_pacer_sent(pacer, 1000, 100000, 1.25, 100 * MS, 1000, now_ns);
            count++;
        }
    return count;
}

static void keeps_the_rate_after_a_burst(void)
{
    struct jtp_pacer pacer = {0};
    /* At once: the burst. Then 1.25 a millisecond. */
    CU_ASSERT_EQUAL(send_all(&pacer, 1000 * MS, 1000 * MS + 1), JTP_BURST_DATAGRAMS);
    uint32_t second = send_all(&pacer, 1000 * MS + 10000, 2000 * MS);
    CU_ASSERT(second >= 1248 && second <= 1252);
}

static void time_not_used_is_not_saved_up(void)
{
    struct jtp_pacer pacer = {0};
    send_all(&pacer, 1000 * MS, 1100 * MS);
    CU_ASSERT_EQUAL(send_all(&pacer, 9000 * MS, 9000 * MS + 1), JTP_BURST_DATAGRAMS);
}

const struct cunit_test tests[] = {
    {"the rate is kept after a burst of ten", keeps_the_rate_after_a_burst},
    {"time that was not used is not saved up", time_not_used_is_not_saved_up},
    {NULL, NULL},
};
