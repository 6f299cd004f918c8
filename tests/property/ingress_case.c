/* Turns of host and clients in one thread, against a real joint-dataplane. */
#include "tests/property/ingress_case.h"

#include "tests/unit/cunit_main.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PATIENCE_NS UINT64_C(20000000000)

struct ingress_case *case_make(uint32_t queue_count)
{
    struct ingress_case *test = calloc(1, sizeof(*test));
    ingress_host_default(&test->host, queue_count);
    return test;
}

void case_start(struct ingress_case *test, uint32_t caller_count)
{
    struct ingress_host *host = &test->host;
    CU_ASSERT_TRUE_FATAL(ingress_host_open(host));
    CU_ASSERT_TRUE_FATAL(ingress_host_start(host, JOINT_DATAPLANE));
    CU_ASSERT_TRUE_FATAL(ingress_host_offer_model(host, &host_large));
    CU_ASSERT_TRUE_FATAL(ingress_host_offer_model(host, &host_small));
    case_until(test, &host->started, host->setup.queue_count);
    case_until_counter(test, "models", 2 * host->setup.queue_count);
    for (uint32_t i = 0; i < caller_count; i++)
        CU_ASSERT_TRUE_FATAL(
            caller_open(&test->caller[i], 0, (uint16_t)host->setup.udp_port, i + 1));
    test->caller_count = caller_count;
}

void case_drop(struct ingress_case *test)
{
    for (uint32_t i = 0; i < test->caller_count; i++)
        caller_close(&test->caller[i]);
    if (test->host.faults > 0)
        printf(" (joint-dataplane: %s) ", test->host.fault);
    CU_ASSERT_EQUAL(test->host.faults, 0);
    ingress_host_close(&test->host);
    free(test);
}

void case_end(struct ingress_case *test)
{
    struct ingress_host *host = &test->host;
    kill(host->pid, SIGTERM);
    case_until(test, &host->drained, host->setup.queue_count);
    CU_ASSERT_EQUAL(ingress_host_wait(host), 0);
    CU_ASSERT_EQUAL(host->finished, host->submitted);
    struct slab_use use;
    slab_measure(host->answers, &use);
    CU_ASSERT_EQUAL(use.slots_taken, 0);
    case_drop(test);
}

void case_turn(struct ingress_case *test)
{
    int work = ingress_host_poll(&test->host);
    for (uint32_t i = 0; i < test->caller_count; i++)
        work += caller_poll(&test->caller[i]);
    if (work == 0)
        usleep(50);
}

void case_pass(struct ingress_case *test, uint64_t ms)
{
    const uint64_t end_ns = host_now_ns() + ms * 1000000u;
    while (host_now_ns() < end_ns)
        case_turn(test);
}

void case_pass_alone(struct ingress_case *test, uint64_t ms)
{
    const uint32_t caller_count = test->caller_count;
    test->caller_count = 0;
    case_pass(test, ms);
    test->caller_count = caller_count;
}

void case_finish(struct ingress_case *test, const struct call *calls, uint32_t count)
{
    const uint64_t end_ns = host_now_ns() + PATIENCE_NS;
    uint32_t over = 0;
    while (over < count && host_now_ns() < end_ns) {
        case_turn(test);
        while (over < count && calls[over].is_over)
            over++;
    }
    CU_ASSERT_EQUAL(over, count);
}

void case_call_all(struct ingress_case *test, struct call *calls, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        CU_ASSERT_TRUE(caller_call(&test->caller[i % test->caller_count], &calls[i]));
}

void case_finish_right(struct ingress_case *test, struct call *calls, uint32_t count)
{
    case_finish(test, calls, count);
    for (uint32_t i = 0; i < count; i++) {
        CU_ASSERT_TRUE(call_is_right(&calls[i]));
        call_free(&calls[i]);
    }
}

void case_until(struct ingress_case *test, const uint64_t *word, uint64_t value)
{
    const uint64_t end_ns = host_now_ns() + PATIENCE_NS;
    while (*word < value && host_now_ns() < end_ns)
        case_turn(test);
    CU_ASSERT_EQUAL(*word, value);
}

uint64_t case_counter(const struct ingress_case *test, const char *name)
{
    uint64_t sum = 0;
    for (uint32_t q = 0; q < test->host.setup.queue_count; q++)
        sum += ingress_host_counter(&test->host, q, name);
    return sum;
}

void case_until_counter(struct ingress_case *test, const char *name, uint64_t value)
{
    const uint64_t end_ns = host_now_ns() + PATIENCE_NS;
    while (case_counter(test, name) != value && host_now_ns() < end_ns)
        case_turn(test);
    if (case_counter(test, name) != value)
        printf(" (%s is %llu) ", name, (unsigned long long)case_counter(test, name));
    CU_ASSERT_EQUAL(case_counter(test, name), value);
}
