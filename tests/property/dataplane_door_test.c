/* The door of joint-dataplane, over the kernel's UDP: what it refuses by the load, and what it asks
 * jointd before a tensor is sent. */
#include "tests/property/ingress_case.h"
#include "tests/unit/cunit_main.h"

#define MS UINT64_C(1000000)

static void overload_is_told_before_a_tensor_is_sent(void)
{
    struct ingress_case *test = case_make(1);
    static struct load_report report;
    struct jtp_load load;
    case_start(test, 1);
    report = (struct load_report){.generated_ns = host_now_ns(),
                                  .state = LOAD_OVERLOADED,
                                  .utilization_permille = 987,
                                  .queued = 70000, /* more than the protocol can say */
                                  .predicted_wait_ns = 123456789,
                                  .credits = 5,
                                  .switch_gain_255 = 40,
                                  .valid_ns = 60000 * MS,
                                  .class_count = 2,
                                  .has_to_ask = 1,
                                  .classes = {{.admit = LOAD_PROBABILISTIC},
                                              {.admit = LOAD_CLOSED, .retry_after_ns = 88 * MS}}};
    ingress_host_publish_load(&test->host, &report);
    CU_ASSERT_TRUE(caller_probe(0, (uint16_t)test->host.setup.udp_port, &load));
    CU_ASSERT_EQUAL(load.state, JTP_IS_OVERLOADED);
    CU_ASSERT_EQUAL(load.utilization_permille, 987);
    CU_ASSERT_EQUAL(load.queued, UINT16_MAX);
    CU_ASSERT_EQUAL(load.predicted_wait_us, 123456);
    CU_ASSERT_EQUAL(load.credits, 5);
    CU_ASSERT_TRUE(load.age_us < 20000000);
    struct call calls[] = {{.model = &host_large, .from = 0, .to = 3, .class_index = 1},
                           {.model = &host_small, .from = 0, .to = 3}};
    case_call_all(test, calls, 2);
    case_finish(test, calls, 2);
    CU_ASSERT_TRUE(call_is_rejected(&calls[0], JTP_OVERLOADED));
    CU_ASSERT_EQUAL(calls[0].event.retry_after_us, 88000);
    CU_ASSERT_TRUE(calls[0].event.has_load);
    CU_ASSERT_EQUAL(calls[0].event.load.utilization_permille, 987);
    CU_ASSERT_TRUE(call_is_right(&calls[1]));
    case_until_counter(test, "overloaded", 1);
    CU_ASSERT_EQUAL(test->host.asked, 0);
    /* At most what a client sends before a grant. */
    CU_ASSERT_TRUE(case_counter(test, "rx_bytes") < 64 * 1024);
    call_free(&calls[0]);
    call_free(&calls[1]);
    report.generated_ns -= 120000 * MS; /* jointd hangs: its last word refuses nobody for ever */
    ingress_host_publish_load(&test->host, &report);
    case_pass(test, 10);
    calls[0] = (struct call){.model = &host_large, .from = 0, .to = 3, .class_index = 1};
    case_call_all(test, calls, 1);
    case_finish_right(test, calls, 1);
    case_end(test);
}

/* As jointd's report is while some are refused. */
static const struct load_report crowded = {.state = LOAD_READY,
                                           .retry_after_ns = 66 * MS,
                                           .valid_ns = 60000 * MS,
                                           .class_count = 1,
                                           .has_to_ask = 1};

static struct ingress_case *make_crowded(uint32_t caller_count)
{
    struct ingress_case *test = case_make(1);
    struct load_report report = crowded;
    test->host.setup.max_requests_per_client = 64;
    case_start(test, caller_count);
    report.generated_ns = host_now_ns();
    ingress_host_publish_load(&test->host, &report);
    case_pass(test, 10);
    return test;
}

static void jointd_is_asked_before_a_tensor_is_sent_while_some_are_refused(void)
{
    struct ingress_case *test = make_crowded(1);
    struct call calls[] = {{.model = &host_large, .from = 0, .to = 3},
                           {.model = &host_small, .from = 0, .to = 3}};
    test->host.holds_verdicts = true;
    case_call_all(test, calls, 2);
    case_finish(test, &calls[1], 1); /* it came with its OPEN: there was nothing to ask */
    CU_ASSERT_TRUE(call_is_right(&calls[1]));
    case_until(test, &test->host.asked, 1);
    case_pass(test, 50);
    CU_ASSERT_EQUAL(test->host.submitted, 1);
    CU_ASSERT_TRUE(case_counter(test, "rx_bytes") < 64 * 1024);
    CU_ASSERT_EQUAL(test->host.expected[0].submit.whole_ns, UINT64_MAX); /* none came before */
    ingress_host_judge(&test->host, 0, INGRESS_ANSWERED);
    case_finish(test, calls, 1);
    CU_ASSERT_TRUE(call_is_right(&calls[0]));
    CU_ASSERT_EQUAL(test->host.expected_count, 0);
    call_free(&calls[0]);
    call_free(&calls[1]);
    calls[0] = (struct call){.model = &host_large, .from = 0, .to = 3};
    case_call_all(test, calls, 1);
    case_until(test, &test->host.asked, 2);
    CU_ASSERT_TRUE(test->host.expected[0].submit.whole_ns < host_now_ns() + 20000 * MS);
    const uint64_t before = case_counter(test, "rx_bytes");
    ingress_host_judge(&test->host, 0, INGRESS_DEADLINE);
    case_finish(test, calls, 1);
    CU_ASSERT_TRUE(call_is_rejected(&calls[0], JTP_DEADLINE));
    CU_ASSERT_EQUAL(calls[0].event.retry_after_us, 77000);
    CU_ASSERT_TRUE(case_counter(test, "rx_bytes") < before + 64 * 1024);
    case_until_counter(test, "turned_away", 1);
    call_free(&calls[0]);
    case_end(test);
}

static void more_questions_than_jointd_hears_are_answered_at_the_door(void)
{
    struct ingress_case *test = make_crowded(10);
    struct call calls[100] = {{0}};
    uint32_t refused = 0;
    test->host.holds_verdicts = true;
    for (uint32_t i = 0; i < 100; i++)
        calls[i] = (struct call){.model = &host_large, .from = 2, .to = 3};
    case_call_all(test, calls, 100);
    case_until(test, &test->host.asked, 64);
    case_pass(test, 100);
    CU_ASSERT_EQUAL(test->host.asked, 64);
    test->host.holds_verdicts = false;
    while (test->host.expected_count > 0)
        ingress_host_judge(&test->host, 0, INGRESS_DEADLINE);
    case_finish(test, calls, 100);
    for (uint32_t i = 0; i < 100; i++) {
        refused += call_is_rejected(&calls[i], JTP_OVERLOADED);
        CU_ASSERT_TRUE(call_is_rejected(&calls[i], JTP_OVERLOADED) ||
                       call_is_rejected(&calls[i], JTP_DEADLINE));
        CU_ASSERT_TRUE(calls[i].event.retry_after_us >= 66000);
        call_free(&calls[i]);
    }
    CU_ASSERT_EQUAL(refused, 36);
    calls[0] = (struct call){.model = &host_large, .from = 2, .to = 3};
    case_call_all(test, calls, 1);
    case_finish_right(test, calls, 1);
    case_end(test);
}

/* The client is gone, before the verdict or after it: jointd does not expect it for ever. */
static void who_is_gone_is_not_expected_any_more(void)
{
    struct ingress_case *test = make_crowded(1);
    test->host.holds_verdicts = true;
    for (uint32_t i = 0; i < 2; i++) {
        struct call call = {.model = &host_large, .from = 0, .to = 3};
        case_call_all(test, &call, 1);
        case_until(test, &test->host.asked, i + 1);
        if (i == 1)
            ingress_host_judge(&test->host, 0, INGRESS_ANSWERED);
        caller_cancel(&test->caller[0], &call);
        case_finish(test, &call, 1);
        case_until(test, &test->host.cancelled, i + 1);
        CU_ASSERT_EQUAL(test->host.expected_count, 0);
        case_until_counter(test, "requests_taken", 0);
        call_free(&call);
    }
    case_end(test);
}

const struct cunit_test tests[] = {
    {"overload is told before a tensor is sent", overload_is_told_before_a_tensor_is_sent},
    {"jointd is asked before a tensor is sent, while some are refused",
     jointd_is_asked_before_a_tensor_is_sent_while_some_are_refused},
    {"more questions than jointd hears are answered at the door",
     more_questions_than_jointd_hears_are_answered_at_the_door},
    {"who is gone is not expected any more", who_is_gone_is_not_expected_any_more},
    {NULL, NULL},
};
