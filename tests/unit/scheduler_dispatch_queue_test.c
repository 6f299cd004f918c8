/* When a bucket is ready: what is worth waiting for, and for how long. */
#include "tests/unit/dispatch_case.h"

#define US UINT64_C(1000)

/* Lets a worker run all that is there, so that the next begins with an idle server. */
static void run_all(struct dispatch *dispatch, uint64_t now_ns)
{
    struct dispatch_action action;
    while (dispatch_next(dispatch, now_ns, &action))
        if (action.kind == DISPATCH_RUN)
            case_done(dispatch, &action, 0, now_ns);
}

/* Three that came at such intervals, each run at once; then a fourth, not yet decided. */
static uint64_t come_at_intervals(struct dispatch *dispatch, uint64_t gap_ns)
{
    uint64_t now_ns = CASE_NOW;
    for (uint32_t i = 0; i < 3; i++) {
        case_submit(dispatch, i, now_ns, DISPATCH_NO_DEADLINE);
        run_all(dispatch, now_ns + CASE_MS * 100);
        now_ns += gap_ns;
    }
    return now_ns;
}

/* As above, without time going ahead of the arrivals. */
static uint64_t come_steadily(struct dispatch *dispatch, uint64_t gap_ns)
{
    uint64_t now_ns = CASE_NOW;
    for (uint32_t i = 0; i < 3; i++, now_ns += gap_ns) {
        case_submit(dispatch, i, now_ns, DISPATCH_NO_DEADLINE);
        CU_ASSERT_EQUAL(dispatch_cancel(dispatch, i), 0);
    }
    case_submit(dispatch, 3, now_ns, DISPATCH_NO_DEADLINE);
    return now_ns;
}

static void one_that_is_soon_followed_is_waited_for_twice_the_interval(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 1);
    const uint64_t now_ns = come_steadily(dispatch, 500 * US);
    case_nothing(dispatch, now_ns);
    CU_ASSERT_EQUAL(dispatch_timeout_ns(dispatch), now_ns + 1000 * US);
    case_nothing(dispatch, now_ns + 1000 * US - 1);
    case_run(dispatch, now_ns + 1000 * US, 1);
    dispatch_destroy(dispatch);
}

static void each_that_comes_prolongs_it_up_to_the_delay(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 1);
    const uint64_t now_ns = come_steadily(dispatch, 900 * US);
    case_nothing(dispatch, now_ns);
    CU_ASSERT_EQUAL(dispatch_timeout_ns(dispatch), now_ns + 1800 * US);
    case_submit(dispatch, 4, now_ns + 900 * US, DISPATCH_NO_DEADLINE);
    case_nothing(dispatch, now_ns + 900 * US);
    CU_ASSERT_EQUAL(dispatch_timeout_ns(dispatch), now_ns + config.max_delay_ns);
    case_run(dispatch, now_ns + config.max_delay_ns, 2);
    dispatch_destroy(dispatch);
}

static void a_full_batch_goes_at_once(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 1);
    const uint64_t now_ns = come_steadily(dispatch, 500 * US);
    for (uint32_t slot = 4; slot < 6; slot++)
        case_submit(dispatch, slot, now_ns, DISPATCH_NO_DEADLINE);
    case_nothing(dispatch, now_ns);
    case_submit(dispatch, 6, now_ns, DISPATCH_NO_DEADLINE);
    case_run(dispatch, now_ns, 4);
    dispatch_destroy(dispatch);
}

/* A row costs 1.5 ms less in a batch than alone: nobody waits 1.6 ms for that. */
static void nobody_waits_longer_than_the_batch_would_save(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 1);
    const uint64_t now_ns = come_steadily(dispatch, 1600 * US);
    case_run(dispatch, now_ns, 1);
    dispatch_destroy(dispatch);
}

static void arrivals_long_ago_are_no_reason_to_wait(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 1);
    const uint64_t now_ns = come_at_intervals(dispatch, 200 * CASE_MS);
    case_submit(dispatch, 3, now_ns, DISPATCH_NO_DEADLINE);
    case_run(dispatch, now_ns, 1);
    dispatch_destroy(dispatch);
}

/* A full batch takes 7.5 ms. */
static void it_ends_when_the_most_urgent_must_start(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 1);
    const uint64_t now_ns = come_steadily(dispatch, 500 * US);
    case_submit(dispatch, 4, now_ns, now_ns + 7500 * US + 300 * US);
    case_nothing(dispatch, now_ns);
    CU_ASSERT_EQUAL(dispatch_timeout_ns(dispatch), now_ns + 300 * US);
    case_run(dispatch, now_ns + 300 * US, 2);
    dispatch_destroy(dispatch);
}

static void without_a_delay_nobody_waits(void)
{
    struct dispatch_config config = case_config();
    config.max_delay_ns = 0;
    struct dispatch *dispatch = case_create(&config, 1);
    case_run(dispatch, come_steadily(dispatch, 100 * US), 1);
    dispatch_destroy(dispatch);
}

static void a_shorter_delay_counts_for_those_that_wait_too(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 1);
    const uint64_t now_ns = come_steadily(dispatch, 500 * US);
    case_nothing(dispatch, now_ns);
    dispatch_set_delay(dispatch, 600 * US);
    CU_ASSERT_EQUAL(dispatch_timeout_ns(dispatch), now_ns + 600 * US);
    dispatch_set_delay(dispatch, 0);
    case_run(dispatch, now_ns, 1);
    dispatch_destroy(dispatch);
}

static void without_batches_each_goes_alone_and_at_once(void)
{
    struct dispatch_config config = case_config();
    config.mode = DISPATCH_ALONE;
    struct dispatch *dispatch = case_create(&config, 2);
    const uint64_t now_ns = come_steadily(dispatch, 500 * US);
    case_submit(dispatch, 4, now_ns, DISPATCH_NO_DEADLINE);
    case_run(dispatch, now_ns, 1);
    case_run(dispatch, now_ns, 1);
    dispatch_destroy(dispatch);
}

const struct cunit_test tests[] = {
    {"one that is soon followed is waited for twice the interval",
     one_that_is_soon_followed_is_waited_for_twice_the_interval},
    {"each that comes prolongs it, up to the delay", each_that_comes_prolongs_it_up_to_the_delay},
    {"a full batch goes at once", a_full_batch_goes_at_once},
    {"nobody waits longer than the batch would save",
     nobody_waits_longer_than_the_batch_would_save},
    {"arrivals long ago are no reason to wait", arrivals_long_ago_are_no_reason_to_wait},
    {"it ends when the most urgent must start", it_ends_when_the_most_urgent_must_start},
    {"without a delay nobody waits", without_a_delay_nobody_waits},
    {"a shorter delay counts for those that wait too",
     a_shorter_delay_counts_for_those_that_wait_too},
    {"without batches each goes alone, and at once", without_batches_each_goes_alone_and_at_once},
    {NULL, NULL},
};
