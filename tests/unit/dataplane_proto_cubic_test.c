/* Tests of dataplane/proto/cubic.c against the formulas of RFC 9438 and RFC 9406. */
#include "dataplane/proto/cubic.h"
#include "tests/unit/cunit_main.h"

#include <math.h>

#define SEGMENT 1000
#define S UINT64_C(1000000000)

static struct jtp_rtt rtt_of(uint64_t ns)
{
    struct jtp_rtt rtt;
    jtp_rtt_init(&rtt, ns);
    jtp_rtt_update(&rtt, ns, 0);
    return rtt;
}

/* In congestion avoidance, having lost at this window, in segments. */
static void lose_at(struct jtp_cubic *cubic, double segments, uint64_t now_ns)
{
    jtp_cubic_init(cubic, SEGMENT);
    cubic->window = segments * SEGMENT;
    jtp_cubic_on_lost(cubic, now_ns - 1, now_ns);
}

static void slow_start_doubles_each_round_trip(void)
{
    struct jtp_cubic cubic;
    struct jtp_rtt rtt = rtt_of(50 * JTP_MS);
    jtp_cubic_init(&cubic, SEGMENT);
    CU_ASSERT_DOUBLE_EQUAL(cubic.window, 10 * SEGMENT, 0);
    for (int i = 0; i < 10; i++)
        jtp_cubic_on_acked(&cubic, SEGMENT, S, &rtt, true, S + 50 * JTP_MS);
    CU_ASSERT_DOUBLE_EQUAL(cubic.window, 20 * SEGMENT, 0);
    jtp_cubic_on_acked(&cubic, SEGMENT, S, &rtt, false, S + 50 * JTP_MS);
    CU_ASSERT_DOUBLE_EQUAL(cubic.window, 20 * SEGMENT, 0);
}

static void a_loss_takes_three_tenths_once_a_round_trip(void)
{
    struct jtp_cubic cubic;
    lose_at(&cubic, 100, S);
    CU_ASSERT_DOUBLE_EQUAL(cubic.window, 70 * SEGMENT, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(cubic.peak, 100 * SEGMENT, 1e-6);
    jtp_cubic_on_lost(&cubic, S - 5, S + 5);
    CU_ASSERT_DOUBLE_EQUAL(cubic.window, 70 * SEGMENT, 1e-6);
    /* Lost below the last peak: fast convergence, W_max = 70 * (1 + 0.7) / 2. */
    jtp_cubic_on_lost(&cubic, S + 1, S + 10);
    CU_ASSERT_DOUBLE_EQUAL(cubic.window, 49 * SEGMENT, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(cubic.peak, 59.5 * SEGMENT, 1e-6);
}

static void the_window_never_falls_below_two_segments(void)
{
    struct jtp_cubic cubic;
    jtp_cubic_init(&cubic, SEGMENT);
    for (uint64_t i = 1; i < 50; i++)
        jtp_cubic_on_lost(&cubic, i * S, i * S + 1);
    CU_ASSERT_DOUBLE_EQUAL(cubic.window, 2 * SEGMENT, 0);
    jtp_cubic_on_persistent(&cubic);
    CU_ASSERT_DOUBLE_EQUAL(cubic.window, 2 * SEGMENT, 0);
}

/* Acknowledges a window each round trip; the window afterwards, in segments. */
static double grow(struct jtp_cubic *cubic, const struct jtp_rtt *rtt, uint64_t from_ns,
                   uint64_t to_ns)
{
    for (uint64_t now_ns = from_ns; now_ns <= to_ns; now_ns += rtt->smoothed_ns)
        for (double sent = 0, window = cubic->window; sent < window; sent += SEGMENT)
            jtp_cubic_on_acked(cubic, SEGMENT, now_ns, rtt, true, now_ns);
    return cubic->window / SEGMENT;
}

static void it_returns_to_its_peak_after_k_seconds(void)
{
    struct jtp_cubic cubic;
    struct jtp_rtt rtt = rtt_of(100 * JTP_MS);
    /* 1,000 segments: K = cbrt(300 / 0.4) = 9.086 s; Reno would need 566 round trips of 100 ms. */
    lose_at(&cubic, 1000, S);
    double early = grow(&cubic, &rtt, 2 * S, 2 * S + S);
    CU_ASSERT_DOUBLE_EQUAL(cubic.period_s, cbrt(300 / 0.4), 1e-9);
    /* Between W_cubic(1 s) and W_cubic(1.1 s) = 0.4 * (1.1 - 9.086)^3 + 1000: the window moves to
     * where it should be a round trip later. */
    CU_ASSERT(early >= 788.5 && early <= 796.3);
    double plateau = grow(&cubic, &rtt, 3 * S + 100 * JTP_MS, 2 * S + 9 * S);
    CU_ASSERT_DOUBLE_EQUAL(plateau, 1000, 3);
    /* Beyond it, it looks for more: W_cubic(13.1 s) = 0.4 * (13.1 - 9.086)^3 + 1000 = 1025.9 */
    double late = grow(&cubic, &rtt, 11 * S + 100 * JTP_MS, 2 * S + 13 * S);
    CU_ASSERT_DOUBLE_EQUAL(late, 1025.9, 3);
}

static void on_short_paths_it_grows_as_reno_would(void)
{
    struct jtp_cubic cubic;
    struct jtp_rtt rtt = rtt_of(1 * JTP_MS);
    lose_at(&cubic, 20, S);
    /* alpha = 3 * 0.3 / 1.7 = 0.53 segments a round trip, until the old window; then 1. */
    double window = grow(&cubic, &rtt, S + JTP_MS, S + 10 * JTP_MS);
    CU_ASSERT_DOUBLE_EQUAL(window, 14 + 10 * 0.9 / 1.7, 0.5);
}

static void time_without_sending_does_not_let_it_grow(void)
{
    struct jtp_cubic idle, busy;
    struct jtp_rtt rtt = rtt_of(100 * JTP_MS);
    lose_at(&idle, 1000, S);
    lose_at(&busy, 1000, S);
    grow(&idle, &rtt, 2 * S, 3 * S);
    grow(&busy, &rtt, 2 * S, 3 * S);
    jtp_cubic_on_acked(&idle, SEGMENT, 3 * S, &rtt, false, 3 * S + 100 * JTP_MS);
    double after = grow(&idle, &rtt, 63 * S + 100 * JTP_MS, 63 * S + 100 * JTP_MS);
    double beside = grow(&busy, &rtt, 3 * S + 100 * JTP_MS, 3 * S + 100 * JTP_MS);
    CU_ASSERT_DOUBLE_EQUAL(after, beside, 1);
}

static void delay_ends_slow_start(void)
{
    struct jtp_cubic cubic;
    jtp_cubic_init(&cubic, SEGMENT);
    uint64_t now_ns = S;
    struct jtp_rtt rtt = rtt_of(40 * JTP_MS);
    /* Rounds of 20 acknowledgements: two at 40 ms, then at 46 (> 40 + 40 / 8). */
    for (int round = 0; round < 9; round++) {
        if (round == 2)
            jtp_rtt_update(&rtt, 46 * JTP_MS, 0);
        uint64_t sent_ns = now_ns;
        now_ns += rtt.latest_ns;
        for (int i = 0; i < 20; i++)
            jtp_cubic_on_acked(&cubic, SEGMENT, sent_ns, &rtt, true, now_ns);
        CU_ASSERT_EQUAL(cubic.is_cautious && jtp_cubic_is_slow_start(&cubic),
                        round >= 2 && round < 7);
    }
    CU_ASSERT_FALSE(jtp_cubic_is_slow_start(&cubic));
}

const struct cunit_test tests[] = {
    {"slow start doubles the window each round trip", slow_start_doubles_each_round_trip},
    {"a loss takes three tenths, once a round trip", a_loss_takes_three_tenths_once_a_round_trip},
    {"the window never falls below two segments", the_window_never_falls_below_two_segments},
    {"it returns to its peak after K seconds, and goes beyond",
     it_returns_to_its_peak_after_k_seconds},
    {"on short paths it grows as Reno would", on_short_paths_it_grows_as_reno_would},
    {"time without sending does not let it grow", time_without_sending_does_not_let_it_grow},
    {"delay ends slow start after five cautious rounds", delay_ends_slow_start},
    {NULL, NULL},
};
