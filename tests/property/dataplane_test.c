/* joint-dataplane as a process, over the kernel's UDP: what clients get, and what jointd is told.
 */
#include "tests/property/ingress_case.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/shm_random.h"

#include <signal.h>
#include <stdlib.h>

#define MS UINT64_C(1000000)

static void answers_are_right_to_the_byte(void)
{
    struct ingress_case *test = case_make(1);
    case_start(test, 1);
    struct call calls[] = {
        {.model = &host_large, .from = 0, .to = 3},
        {.model = &host_large, .from = 0, .to = 1},
        {.model = &host_large, .from = 1, .to = 3},
        {.model = &host_large, .from = 2, .to = 3, .encoding = 1},
        {.model = &host_large, .from = 0, .to = 3, .encoding = 2, .answer_encoding = 1},
        {.model = &host_small, .from = 0, .to = 3, .rows = 7},
        {.model = &host_small, .from = 0, .to = 2, .answer_encoding = 2},
        {.model = &host_small, .from = 1, .to = 3, .rows = 3},
    };
    const uint32_t count = sizeof(calls) / sizeof(calls[0]);
    case_call_all(test, calls, count);
    case_finish_right(test, calls, count);
    CU_ASSERT_EQUAL(test->host.submitted, count);
    case_until(test, &test->host.sent, count);
    case_until_counter(test, "requests_taken", 0);
    case_until_counter(test, "jtp_answered", count);
    case_end(test);
}

/* A request whose datagrams were spread over queues would never be whole. */
static void a_client_stays_on_one_queue(void)
{
    struct ingress_case *test = case_make(2);
    struct call calls[64] = {{0}};
    case_start(test, 16);
    for (uint32_t i = 0; i < 64; i++)
        calls[i] = (struct call){.model = i % 3 ? &host_large : &host_small, .from = 0, .to = 3};
    case_call_all(test, calls, 64);
    case_finish_right(test, calls, 64);
    const uint64_t first = ingress_host_counter(&test->host, 0, "rx_datagrams");
    const uint64_t second = ingress_host_counter(&test->host, 1, "rx_datagrams");
    printf(" (%llu and %llu datagrams) ", (unsigned long long)first, (unsigned long long)second);
    CU_ASSERT_EQUAL(case_counter(test, "jtp_unknown"), 0);
    CU_ASSERT_EQUAL(case_counter(test, "jtp_refusals"), 0);
    case_until_counter(test, "answers_taken", 0);
    case_until_counter(test, "answers_lent", 0);
    case_end(test);
}

/* All memory is taken, so whatever wanted some would wait. */
static void what_the_model_contradicts_takes_no_memory(void)
{
    struct ingress_case *test = case_make(1);
    test->host.setup.part_slots = 1;
    test->host.holds = true;
    case_start(test, 1);
    struct call holder = {.model = &host_small, .from = 0, .to = 3};
    case_call_all(test, &holder, 1);
    case_until(test, &test->host.submitted, 1);
    struct {
        struct call call;
        enum jtp_reason reason;
    } wrong[] = {
        {{.model = &host_small, .from = 0, .to = 3, .spoilt_mark = 1}, JTP_MODEL_MISMATCH},
        {{.model = &host_small, .from = 2, .to = 2}, JTP_BAD_RANGE},
        {{.model = &host_small, .from = 0, .to = 3, .wrong_to = 4}, JTP_BAD_RANGE},
        {{.model = &host_small, .from = 0, .to = 3, .more_bytes = 4}, JTP_BAD_SIZE},
        {{.model = &host_small, .from = 0, .to = 3, .more_bytes = -4}, JTP_BAD_SIZE},
        {{.model = &host_small, .from = 0, .to = 3, .encoding = 3}, JTP_BAD_ENCODING},
        {{.model = &host_small, .from = 1, .to = 3, .encoding = 1}, JTP_BAD_ENCODING},
        {{.model = &host_small, .from = 0, .to = 1, .answer_encoding = 2}, JTP_BAD_ENCODING},
        {{.model = &host_small, .from = 2, .to = 3, .rows = 2}, JTP_BAD_SIZE}, /* no rows there */
        {{.model = &host_large, .from = 0, .to = 3, .rows = 4}, JTP_BAD_SIZE}, /* max_tensor */
        {{.model = &host_small, .from = 0, .to = 3, .version = 9}, JTP_MODEL_UNKNOWN},
        {{.model = &host_small_2, .from = 0, .to = 3, .version = 2}, JTP_MODEL_UNKNOWN},
    };
    for (uint32_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        CU_ASSERT_TRUE(caller_call(&test->caller[0], &wrong[i].call));
        case_finish(test, &wrong[i].call, 1);
        CU_ASSERT_TRUE(call_is_rejected(&wrong[i].call, wrong[i].reason));
        call_free(&wrong[i].call);
    }
    CU_ASSERT_EQUAL(case_counter(test, "waited"), 0);
    CU_ASSERT_EQUAL(test->host.submitted, 1);
    test->host.holds = false;
    case_finish_right(test, &holder, 1);
    case_end(test);
}

static void a_deadline_reaches_jointd_and_ends_the_request(void)
{
    struct ingress_case *test = case_make(1);
    test->host.setup.default_deadline_ns[1] = 3000 * MS;
    test->host.holds = true;
    case_start(test, 1);
    struct call calls[] = {
        {.model = &host_small, .from = 0, .to = 3, .deadline_ns = 200 * MS},
        {.model = &host_small, .from = 0, .to = 3, .deadline_ns = 60000 * MS, .class_index = 1},
        {.model = &host_small, .from = 0, .to = 3, .class_index = 200}};
    const uint64_t before_ns = host_now_ns();
    case_call_all(test, calls, 3);
    case_until(test, &test->host.submitted, 3);
    const uint64_t after_ns = host_now_ns();
    /* In the order of the calls, as they all fit their first datagrams. */
    const struct host_request *pending = test->host.pending;
    CU_ASSERT_TRUE(pending[0].submit.deadline_ns >= before_ns + 100 * MS);
    CU_ASSERT_TRUE(pending[0].submit.deadline_ns <= after_ns + 200 * MS);
    CU_ASSERT_TRUE(pending[1].submit.deadline_ns > after_ns + 50000 * MS);
    CU_ASSERT_EQUAL(pending[0].submit.class_index, 0);
    CU_ASSERT_EQUAL(pending[2].submit.class_index, 1); /* the last class */
    case_finish(test, calls, 1);
    CU_ASSERT_EQUAL(calls[0].event.end, JTP_LATE);
    case_until(test, &test->host.cancelled, 1);
    CU_ASSERT_TRUE(test->host.pending[0].is_cancelled);
    case_until_counter(test, "requests_taken", 3); /* a worker may be reading it */
    test->host.holds = false;
    case_finish_right(test, calls + 1, 2);
    case_until_counter(test, "requests_taken", 0);
    call_free(&calls[0]);
    case_end(test);
}

/* The client core always names a deadline; a stateless generator need not. */
static void a_class_has_its_own_deadline(void)
{
    struct ingress_case *test = case_make(1);
    test->host.setup.default_deadline_ns[1] = 3000 * MS;
    test->host.setup.validate_address = 0;
    test->host.holds = true;
    case_start(test, 0);
    for (uint8_t index = 0; index < 2; index++)
        CU_ASSERT_TRUE(caller_fire((uint16_t)test->host.setup.udp_port, &host_small, index));
    case_until(test, &test->host.submitted, 2);
    for (uint32_t i = 0; i < 2; i++) {
        const struct ingress_submit *submit = &test->host.pending[i].submit;
        if (submit->class_index == 0) {
            CU_ASSERT_EQUAL(submit->deadline_ns, UINT64_MAX);
        } else {
            CU_ASSERT_EQUAL(submit->deadline_ns, submit->opened_ns + 3000 * MS);
            CU_ASSERT_TRUE(submit->opened_ns <= host_now_ns());
        }
    }
    test->host.holds = false;
    case_end(test);
}

static void the_newest_version_is_meant_by_0(void)
{
    struct ingress_case *test = case_make(1);
    case_start(test, 1);
    struct call old[] = {{.model = &host_small, .from = 0, .to = 3}};
    case_call_all(test, old, 1);
    case_finish_right(test, old, 1);
    CU_ASSERT_TRUE(ingress_host_offer_model(&test->host, &host_small_2));
    case_until_counter(test, "models", 3);
    struct call calls[] = {{.model = &host_small_2, .from = 0, .to = 3},
                           {.model = &host_small_2, .from = 1, .to = 3, .version = 2},
                           {.model = &host_small, .from = 1, .to = 3, .version = 1}};
    case_call_all(test, calls, 3);
    case_finish_right(test, calls, 3);
    case_end(test);
}

static void a_withdrawn_model_delivers_what_arrives(void)
{
    struct ingress_case *test = case_make(1);
    case_start(test, 2);
    struct call half = {.model = &host_large, .from = 0, .to = 3};
    CU_ASSERT_TRUE(caller_call(&test->caller[0], &half));
    for (int i = 0; i < 1000 && case_counter(test, "requests_taken") == 0; i++) {
        caller_poll(&test->caller[0]); /* until its OPEN was taken, and no further */
        case_pass_alone(test, 3);
    }
    CU_ASSERT_EQUAL(case_counter(test, "requests_taken"), 1);
    ingress_host_say_all(&test->host, INGRESS_WITHDRAW, (uint16_t)host_large.number);
    case_pass_alone(test, 100);
    CU_ASSERT_EQUAL(test->host.withdrawn, 0);
    struct call late = {.model = &host_large, .from = 0, .to = 3};
    CU_ASSERT_TRUE(caller_call(&test->caller[1], &late));
    while (!late.is_over) {
        ingress_host_poll(&test->host);
        caller_poll(&test->caller[1]);
    }
    CU_ASSERT_TRUE(call_is_rejected(&late, JTP_MODEL_UNKNOWN));
    CU_ASSERT_EQUAL(test->host.withdrawn, 0);
    case_finish_right(test, &half, 1);
    case_until(test, &test->host.withdrawn, 1);
    case_until_counter(test, "models", 1);
    CU_ASSERT_TRUE(ingress_host_offer_model(&test->host, &host_large)); /* the number is free */
    struct call again = {.model = &host_large, .from = 0, .to = 3};
    case_until_counter(test, "models", 2);
    case_call_all(test, &again, 1);
    case_finish_right(test, &again, 1);
    call_free(&late);
    case_end(test);
}

static void a_drain_ends_what_was_begun(void)
{
    struct ingress_case *test = case_make(1);
    struct jtp_load load;
    test->host.holds = true;
    case_start(test, 2);
    struct call begun = {.model = &host_large, .from = 0, .to = 3};
    CU_ASSERT_TRUE(caller_call(&test->caller[0], &begun));
    case_until(test, &test->host.submitted, 1);
    ingress_host_say_all(&test->host, INGRESS_DRAIN, 0);
    case_pass(test, 50);
    struct call late = {.model = &host_small, .from = 0, .to = 3};
    CU_ASSERT_TRUE(caller_call(&test->caller[1], &late));
    case_finish(test, &late, 1);
    CU_ASSERT_TRUE(call_is_rejected(&late, JTP_DRAINING));
    CU_ASSERT_EQUAL(test->host.drained, 0);
    test->host.holds = false;
    case_finish_right(test, &begun, 1);
    case_until(test, &test->host.drained, 1);
    CU_ASSERT_EQUAL(test->host.sent, 1);
    CU_ASSERT_TRUE(caller_probe(0, (uint16_t)test->host.setup.udp_port, &load));
    CU_ASSERT_EQUAL(load.state, JTP_IS_DRAINING);
    call_free(&late);
    case_end(test);
    CU_PASS("SIGTERM ends it then");
}

static void without_memory_requests_wait_and_none_is_lost(void)
{
    struct ingress_case *test = case_make(1);
    struct call calls[64] = {{0}};
    test->host.setup.part_bytes = 8 << 20; /* 13 of the large ones, at most */
    test->host.setup.max_requests_per_client = 64;
    case_start(test, 8);
    for (uint32_t i = 0; i < 64; i++)
        calls[i] = (struct call){.model = &host_large, .from = 0, .to = 3};
    case_call_all(test, calls, 64);
    case_finish_right(test, calls, 64);
    CU_ASSERT_TRUE(case_counter(test, "waited") > 0);
    CU_ASSERT_TRUE(test->host.most_pending <= 13);
    case_until_counter(test, "requests_taken", 0);
    case_until_counter(test, "slab_tensor_bytes", 0);
    case_end(test);
}

static void a_full_ring_delays_and_loses_nothing(void)
{
    struct ingress_case *test = case_make(1);
    struct call calls[60] = {{0}};
    test->host.ring_capacity = 4;
    test->host.setup.max_requests_per_client = 64;
    case_start(test, 4);
    test->host.is_deaf = true;
    for (uint32_t i = 0; i < 60; i++)
        calls[i] = (struct call){.model = &host_small, .from = 0, .to = 3};
    case_call_all(test, calls, 60);
    case_pass(test, 200);
    CU_ASSERT_TRUE(case_counter(test, "ring_full") > 0);
    CU_ASSERT_EQUAL(case_counter(test, "submitted"), 4);
    for (uint32_t i = 0; i < 20; i++) /* 15 have not been said, 5 have or will be */
        caller_cancel(&test->caller[i % 4], &calls[i]);
    case_pass(test, 100);
    test->host.is_deaf = false;
    case_finish(test, calls, 20);
    case_finish_right(test, calls + 20, 40);
    for (uint32_t i = 0; i < 20; i++)
        call_free(&calls[i]);
    case_until_counter(test, "requests_taken", 0);
    CU_ASSERT_TRUE(test->host.submitted < 60);
    case_end(test);
}

/* As jointd's report is while some are refused. */
static const struct load_report crowded = {.state = LOAD_READY,
                                           .retry_after_ns = 66 * MS,
                                           .valid_ns = 60000 * MS,
                                           .class_count = 1,
                                           .has_to_ask = 1};

/* Clients cancel, give up and ask again at random; afterwards every place is free. */
static void nothing_leaks_in_thousands_of_requests(void)
{
    struct shm_random random = shm_random_start();
    struct ingress_case *test = case_make(2);
    const uint32_t lanes = 48;
    struct call calls[48] = {{0}};
    uint32_t begun = 0, right = 0, ended = 0;
    struct load_report report = crowded;
    test->host.refuse_each = 5;
    case_start(test, 12);
    report.generated_ns = host_now_ns();
    ingress_host_publish_load(&test->host, &report);
    while (ended < 5000) {
        for (uint32_t i = 0; i < lanes; i++) {
            struct call *call = &calls[i];
            if (call->message && call->is_over) {
                right += call_is_right(call);
                CU_ASSERT_TRUE(call_is_right(call) || call->event.end != JTP_ANSWERED);
                ended++;
                call_free(call);
            }
            if (!call->message && begun < 5000) {
                *call =
                    (struct call){.model = shm_random_below(&random, 8) ? &host_small : &host_large,
                                  .from = (uint16_t)shm_random_below(&random, 3),
                                  .to = 3};
                if (shm_random_below(&random, 4) == 0)
                    call->deadline_ns = MS + shm_random_below(&random, 3000) * 1000;
                CU_ASSERT_TRUE_FATAL(caller_call(&test->caller[i % 12], call));
                begun++;
            } else if (call->message && shm_random_below(&random, 200) == 0) {
                caller_cancel(&test->caller[i % 12], call);
            }
        }
        case_turn(test);
    }
    printf(" (%u answered of %u, %llu cancelled with jointd, %llu asked about) ", right, begun,
           (unsigned long long)test->host.cancelled, (unsigned long long)test->host.asked);
    CU_ASSERT_TRUE(right > 1000);
    CU_ASSERT_TRUE(right < 5000);
    case_until_counter(test, "jtp_open_requests", 0);
    case_until_counter(test, "requests_taken", 0);
    case_until_counter(test, "answers_taken", 0);
    case_until_counter(test, "answers_lent", 0);
    case_until_counter(test, "slab_tensor_bytes", 0);
    case_until_counter(test, "jtp_granted_bytes", 0);
    CU_ASSERT_EQUAL(test->host.submitted, case_counter(test, "finished"));
    CU_ASSERT_TRUE(test->host.asked > 100);
    case_pass(test, 20);
    CU_ASSERT_EQUAL(test->host.expected_count, 0);
    case_end(test);
}

const struct cunit_test tests[] = {
    {"answers are right to the byte, at every cut and encoding, of two models",
     answers_are_right_to_the_byte},
    {"a client stays on one queue", a_client_stays_on_one_queue},
    {"what the model contradicts is rejected and takes no memory",
     what_the_model_contradicts_takes_no_memory},
    {"a deadline reaches jointd and ends the request",
     a_deadline_reaches_jointd_and_ends_the_request},
    {"a class has its own deadline, for requests without one", a_class_has_its_own_deadline},
    {"the newest version is meant by 0", the_newest_version_is_meant_by_0},
    {"a withdrawn model delivers what arrives, and nothing new",
     a_withdrawn_model_delivers_what_arrives},
    {"a drain ends what was begun, and nothing begins", a_drain_ends_what_was_begun},
    {"without memory requests wait, and none is lost",
     without_memory_requests_wait_and_none_is_lost},
    {"a full ring to jointd delays, and loses nothing", a_full_ring_delays_and_loses_nothing},
    {"nothing leaks in thousands of requests, many of them cancelled",
     nothing_leaks_in_thousands_of_requests},
    {NULL, NULL},
};
