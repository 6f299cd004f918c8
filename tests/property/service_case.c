/* Puts host, oracle and client together. */
#include "tests/property/service_case.h"

#include "tests/unit/cunit_main.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DEADLINE_NS UINT64_C(8000000000)

void service_case_init(struct service_case *test, struct shm_random *random, const char *more)
{
    *test = (struct service_case){.host = service_host_create()};
    service_host_network(test->host, "lenet", 1, 1, "lenet", test->path, sizeof(test->path));
    char config[2048];
    snprintf(config, sizeof(config), "%s\n[model lenet]\npath = %s\nmax_batch = 4\n", more,
             test->path);
    service_host_configure(test->host, config);
    service_host_start(test->host, NULL);
    service_host_hear(test->host, "jointd: ready: lenet (version 1, ", 60);
    oracle_init(&test->oracle, test->path, 4, random);
    service_caller_open(&test->caller, test->host->port, 1);
}

void service_case_end(struct service_case *test)
{
    CU_ASSERT_EQUAL(service_host_stop(test->host), 0);
    service_host_hear(test->host, "given up: 0 open, 0 answers unsent", 1);
}

void service_case_fini(struct service_case *test)
{
    for (uint32_t i = 0; i < CASE_MAX_CALLS; i++)
        service_call_free(&test->calls[i]);
    service_caller_close(&test->caller);
    oracle_fini(&test->oracle);
    service_host_destroy(test->host);
}

void service_case_ask(struct service_case *test, struct shm_random *random, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct service_call *call = &test->calls[i];
        service_call_free(call);
        const uint32_t from = shm_random_below(random, test->oracle.cut_count - 1);
        *call = (struct service_call){
            .oracle = &test->oracle,
            .model = "lenet",
            .deadline_ns = DEADLINE_NS,
            .input = shm_random_below(random, ORACLE_INPUTS),
            .from = from,
            .to = from + 1 + shm_random_below(random, test->oracle.cut_count - 1 - from)};
        CU_ASSERT_TRUE_FATAL(service_caller_call(&test->caller, call));
    }
}

uint32_t service_case_finish(struct service_case *test, uint32_t count)
{
    service_caller_finish(&test->caller, test->calls, count);
    uint32_t right = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct service_call *call = &test->calls[i];
        const bool is_right = service_call_is_right(call);
        right += is_right;
        if (!is_right)
            printf("\n%u to %u: end %d, reason %u ", call->from, call->to, (int)call->event.end,
                   call->event.reason);
    }
    return right;
}

void service_case_until_served(struct service_case *test)
{
    const time_t end = time(NULL) + 60;
    for (bool is_served = false; !is_served;) {
        struct service_call *call = &test->calls[0];
        service_call_free(call);
        *call = (struct service_call){.oracle = &test->oracle,
                                      .model = "lenet",
                                      .to = test->oracle.cut_count - 1,
                                      .deadline_ns = 1000000000};
        CU_ASSERT_TRUE_FATAL(service_caller_call(&test->caller, call));
        service_caller_finish(&test->caller, call, 1);
        is_served = service_call_is_right(call);
        CU_ASSERT_TRUE_FATAL(time(NULL) < end);
        if (!is_served)
            usleep(10000);
    }
}
