/* Tests of dataplane/proto/rtt.c against RFC 9002, section 5.3, worked out by hand. */
#include "dataplane/proto/rtt.h"
#include "tests/unit/cunit_main.h"

static void the_first_sample_sets_all(void)
{
    struct jtp_rtt rtt;
    jtp_rtt_init(&rtt, 100 * JTP_MS);
    /* 100 + max(4 * 50, 1) + 5 */
    CU_ASSERT_EQUAL(jtp_rtt_probe_timeout_ns(&rtt), 305 * JTP_MS);
    jtp_rtt_update(&rtt, 40 * JTP_MS, 3 * JTP_MS);
    CU_ASSERT_EQUAL(rtt.minimum_ns, 40 * JTP_MS);
    CU_ASSERT_EQUAL(rtt.smoothed_ns, 40 * JTP_MS);
    CU_ASSERT_EQUAL(rtt.variation_ns, 20 * JTP_MS);
}

static void further_samples_are_weighted(void)
{
    struct jtp_rtt rtt;
    jtp_rtt_init(&rtt, 100 * JTP_MS);
    jtp_rtt_update(&rtt, 40 * JTP_MS, 0);
    /* Adjusted 56 - 4 = 52: variation 3/4 * 20 + 1/4 * 12, smoothed 7/8 * 40 + 1/8 * 52. */
    jtp_rtt_update(&rtt, 56 * JTP_MS, 4 * JTP_MS);
    CU_ASSERT_EQUAL(rtt.variation_ns, 18 * JTP_MS);
    CU_ASSERT_EQUAL(rtt.smoothed_ns, 41500000);
    CU_ASSERT_EQUAL(rtt.latest_ns, 56 * JTP_MS);
    CU_ASSERT_EQUAL(rtt.minimum_ns, 40 * JTP_MS);
}

static void the_peer_cannot_claim_more_delay_than_allowed(void)
{
    struct jtp_rtt rtt;
    jtp_rtt_init(&rtt, 100 * JTP_MS);
    jtp_rtt_update(&rtt, 40 * JTP_MS, 0);
    /* 80 ms claimed, 5 taken: 120 - 5 = 115; 7/8 * 40 + 1/8 * 115 */
    jtp_rtt_update(&rtt, 120 * JTP_MS, 80 * JTP_MS);
    CU_ASSERT_EQUAL(rtt.smoothed_ns, 49375000);
    jtp_rtt_init(&rtt, 100 * JTP_MS);
    jtp_rtt_update(&rtt, 40 * JTP_MS, 0);
    /* The adjusted one would be below the minimum: not adjusted. */
    jtp_rtt_update(&rtt, 42 * JTP_MS, 4 * JTP_MS);
    CU_ASSERT_EQUAL(rtt.smoothed_ns, 40250000);
}

static void a_steady_path_is_probed_soon(void)
{
    struct jtp_rtt rtt;
    jtp_rtt_init(&rtt, 100 * JTP_MS);
    for (int i = 0; i < 100; i++)
        jtp_rtt_update(&rtt, 20 * JTP_MS, 0);
    /* 20 + 1 (granularity) + 5: not seconds. */
    CU_ASSERT_EQUAL(jtp_rtt_probe_timeout_ns(&rtt), 26 * JTP_MS);
}

const struct cunit_test tests[] = {
    {"the first sample sets all", the_first_sample_sets_all},
    {"further samples are weighted by 1/8 and 1/4", further_samples_are_weighted},
    {"the peer cannot claim more delay than allowed",
     the_peer_cannot_claim_more_delay_than_allowed},
    {"a steady path is probed after milliseconds", a_steady_path_is_probed_soon},
    {NULL, NULL},
};
