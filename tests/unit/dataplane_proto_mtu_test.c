/* Tests of dataplane/proto/mtu.c: paths of every size, and paths that shrink (RFC 8899). */
#include "dataplane/proto/mtu.h"
#include "tests/unit/cunit_main.h"

#define S UINT64_C(1000000000)

/* Probes a path that passes up to passing bytes; how many probes that took. */
static int search(struct jtp_mtu *mtu, uint16_t passing, uint64_t now_ns)
{
    int probes = 0;
    for (uint16_t size; (size = jtp_mtu_probe(mtu, now_ns)) > 0 && probes < 1000; probes++) {
        CU_ASSERT(size > mtu->current && size <= mtu->largest);
        jtp_mtu_probe_sent(mtu);
        CU_ASSERT_EQUAL(jtp_mtu_probe(mtu, now_ns), 0);
        if (size <= passing)
            jtp_mtu_probe_acked(mtu, size, now_ns);
        else
            jtp_mtu_probe_lost(mtu, size, now_ns);
        CU_ASSERT(mtu->current <= passing);
    }
    return probes;
}

static void finds_every_size(void)
{
    for (uint16_t passing = 1200; passing <= 1500; passing++) {
        struct jtp_mtu mtu;
        jtp_mtu_init(&mtu, 1200, 1472);
        int probes = search(&mtu, passing, S);
        uint16_t best = passing < 1472 ? passing : 1472;
        CU_ASSERT(mtu.current + JTP_SIZE_STEP >= best);
        CU_ASSERT(probes <= 1 + 2 + 5 * JTP_MAX_SIZE_PROBES);
        if (passing >= 1472)
            CU_ASSERT_EQUAL(probes, 1);
    }
}

static void jumbo_frames_take_few_probes(void)
{
    struct jtp_mtu mtu;
    jtp_mtu_init(&mtu, 1200, 8972);
    CU_ASSERT_EQUAL(search(&mtu, 9000, S), 1);
    CU_ASSERT_EQUAL(mtu.current, 8972);
    jtp_mtu_init(&mtu, 1200, 8972);
    search(&mtu, 4000, S);
    CU_ASSERT(mtu.current <= 4000 && mtu.current >= 4000 - JTP_SIZE_STEP);
}

static void a_chance_loss_does_not_fail_a_size(void)
{
    struct jtp_mtu mtu;
    jtp_mtu_init(&mtu, 1200, 1472);
    for (int i = 0; i < JTP_MAX_SIZE_PROBES - 1; i++) {
        CU_ASSERT_EQUAL(jtp_mtu_probe(&mtu, S), 1472);
        jtp_mtu_probe_sent(&mtu);
        jtp_mtu_probe_lost(&mtu, 1472, S);
    }
    CU_ASSERT_EQUAL(search(&mtu, 1500, S), 1);
    CU_ASSERT_EQUAL(mtu.current, 1472);
}

static void a_black_hole_is_noticed_and_left(void)
{
    struct jtp_mtu mtu;
    jtp_mtu_init(&mtu, 1200, 1472);
    search(&mtu, 1500, S);
    uint64_t number = 100;
    for (int i = 0; i < 20; i++, number++) /* each time another one passes in between */
        for (int j = 0; j < JTP_BLACK_HOLE_LOSSES - 1; j++, number++) {
            CU_ASSERT_FALSE(jtp_mtu_lost(&mtu, 1472, number, S));
            jtp_mtu_acked(&mtu, 1472, number + 1);
        }
    for (int i = 0; i < 100; i++) { /* overtaken by one that passed: congestion */
        CU_ASSERT_FALSE(jtp_mtu_lost(&mtu, 1472, 5, S));
        CU_ASSERT_FALSE(jtp_mtu_lost(&mtu, 1200, number + 10, S));
    }
    for (int i = 1; i <= JTP_BLACK_HOLE_LOSSES; i++)
        CU_ASSERT_EQUAL(jtp_mtu_lost(&mtu, 1472, ++number, S), i == JTP_BLACK_HOLE_LOSSES);
    CU_ASSERT_EQUAL(mtu.current, 1200);
    /* Then the search finds what still passes, and does not ask for what failed. */
    search(&mtu, 1300, S);
    CU_ASSERT(mtu.current <= 1300 && mtu.current >= 1300 - JTP_SIZE_STEP);
}

static void larger_sizes_are_tried_again_later(void)
{
    struct jtp_mtu mtu;
    jtp_mtu_init(&mtu, 1200, 1472);
    search(&mtu, 1300, S);
    CU_ASSERT_EQUAL(jtp_mtu_probe(&mtu, S + JTP_RAISE_NS - 1), 0);
    search(&mtu, 1500, S + JTP_RAISE_NS);
    CU_ASSERT_EQUAL(mtu.current, 1472);
}

const struct cunit_test tests[] = {
    {"every size is found, to a step, without sending what does not pass", finds_every_size},
    {"jumbo frames take few probes", jumbo_frames_take_few_probes},
    {"a chance loss does not fail a size", a_chance_loss_does_not_fail_a_size},
    {"a black hole is noticed, congestion is none", a_black_hole_is_noticed_and_left},
    {"larger sizes are tried again after ten minutes", larger_sizes_are_tried_again_later},
    {NULL, NULL},
};
