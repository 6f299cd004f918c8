/* jointd with joint-worker and joint-dataplane as they run, over loopback: answers, reload, drain,
 * overload, deaths of each process. */
#include "tests/property/service_case.h"
#include "tests/unit/cunit_main.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void answers_are_the_engines(void)
{
    struct shm_random random = shm_random_start();
    struct service_case test;
    service_case_init(&test, &random, "");
    for (int round = 0; round < 20; round++) {
        service_case_ask(&test, &random, 24);
        CU_ASSERT_EQUAL(service_case_finish(&test, 24), 24);
    }
    service_case_end(&test);
    service_case_fini(&test);
}

static void impossible_requests_are_told_why(void)
{
    struct shm_random random = shm_random_start();
    struct service_case test;
    service_case_init(&test, &random, "");
    const uint32_t last = test.oracle.cut_count - 1;
    test.calls[0] = (struct service_call){.oracle = &test.oracle, .model = "other", .to = last};
    test.calls[1] =
        (struct service_call){.oracle = &test.oracle, .model = "lenet", .from = 1, .to = 1};
    test.calls[2] =
        (struct service_call){.oracle = &test.oracle, .model = "lenet", .version = 9, .to = last};
    for (int i = 0; i < 3; i++)
        CU_ASSERT_TRUE(service_caller_call(&test.caller, &test.calls[i]));
    service_caller_finish(&test.caller, test.calls, 3);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(test.calls[i].event.end, JTP_REJECTED);
    CU_ASSERT_TRUE(service_call_is_rejected(&test.calls[0], JTP_MODEL_UNKNOWN));
    CU_ASSERT_TRUE(service_call_is_rejected(&test.calls[1], JTP_BAD_RANGE));
    service_case_end(&test);
    service_case_fini(&test);
}

/* What jointd has taken it answers; what had not come by then is told so, or nobody answers. */
static void a_drain_answers_what_is_open(void)
{
    struct shm_random random = shm_random_start();
    for (int round = 0; round < 5; round++) {
        struct service_case test;
        service_case_init(&test, &random, "");
        service_case_ask(&test, &random, 48);
        for (uint32_t turns = shm_random_below(&random, 40); turns > 0; turns--)
            service_caller_poll(&test.caller);
        kill(test.host->pid, SIGTERM);
        service_caller_finish(&test.caller, test.calls, 48);
        for (int i = 0; i < 48; i++)
            CU_ASSERT_TRUE(service_call_is_right(&test.calls[i]) ||
                           service_call_is_rejected(&test.calls[i], JTP_DRAINING) ||
                           test.calls[i].event.end == JTP_LATE);
        CU_ASSERT_EQUAL(service_host_wait(test.host), 0);
        service_host_hear(test.host, "given up: 0 open, 0 answers unsent", 1);
        service_case_fini(&test);
    }
}

static void too_much_is_refused_at_once(void)
{
    struct shm_random random = shm_random_start();
    struct service_case test;
    service_case_init(&test, &random, "[dispatch]\nmax_queued = 2\nmode = none\n");
    uint32_t right = 0, refused = 0, late = 0;
    for (int round = 0; round < 20; round++) {
        service_case_ask(&test, &random, 64);
        service_caller_finish(&test.caller, test.calls, 64);
        for (int i = 0; i < 64; i++) {
            const bool is_full = service_call_is_rejected(&test.calls[i], JTP_OVERLOADED);
            CU_ASSERT_TRUE(!is_full || test.calls[i].event.retry_after_us > 0);
            refused += is_full;
            right += service_call_is_right(&test.calls[i]);
            late += service_call_is_rejected(&test.calls[i], JTP_DEADLINE);
        }
    }
    CU_ASSERT_EQUAL(right + refused + late, 20 * 64);
    CU_ASSERT_TRUE(right > 0 && refused > 0);
    printf(" (%u answered, %u refused, %u late) ", right, refused, late);
    service_case_end(&test);
    service_case_fini(&test);
}

static void a_stopped_worker_is_replaced(void)
{
    struct shm_random random = shm_random_start();
    struct service_case test;
    service_case_init(&test, &random, "[workers]\nhang_timeout = 200ms\n");
    for (int round = 0; round < 5; round++) {
        pid_t workers[8];
        const uint32_t count = service_host_children(test.host, "joint-worker", workers, 8);
        CU_ASSERT_TRUE_FATAL(count > 0);
        service_case_ask(&test, &random, 32);
        for (uint32_t turns = shm_random_below(&random, 40); turns > 0; turns--)
            service_caller_poll(&test.caller);
        for (uint32_t i = 0; i < count; i++)
            kill(workers[i], SIGSTOP);
        CU_ASSERT_EQUAL(service_case_finish(&test, 32), 32);
        service_host_hear(test.host, "gave no sign of life for", 5);
        service_host_hear(test.host, "killed", 5);
        service_case_until_served(&test);
        usleep(300000); /* all that were stopped have been replaced */
    }
    service_case_end(&test);
    service_case_fini(&test);
}

/* Requests that it had are lost to their clients, who ask again; nothing of them is left. */
static void a_killed_dataplane_comes_back(void)
{
    struct shm_random random = shm_random_start();
    struct service_case test;
    service_case_init(&test, &random, "");
    for (int round = 0; round < 10; round++) {
        pid_t pid;
        service_case_ask(&test, &random, 32);
        for (uint32_t turns = shm_random_below(&random, 60); turns > 0; turns--)
            service_caller_poll(&test.caller);
        CU_ASSERT_EQUAL_FATAL(service_host_children(test.host, "joint-dataplane", &pid, 1), 1);
        kill(pid, SIGKILL);
        service_host_hear(test.host, "joint-dataplane serves again", 20);
        service_caller_finish(&test.caller, test.calls, 32);
        for (int i = 0; i < 32; i++)
            CU_ASSERT_TRUE(service_call_is_right(&test.calls[i]) ||
                           test.calls[i].event.end == JTP_LOST ||
                           test.calls[i].event.end == JTP_REJECTED);
        service_case_until_served(&test);
    }
    service_case_end(&test);
    service_case_fini(&test);
}

static bool are_gone(const pid_t *pids, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (kill(pids[i], 0) == 0)
            return false;
    return true;
}

static void a_killed_jointd_leaves_nothing(void)
{
    struct shm_random random = shm_random_start();
    struct service_case test;
    service_case_init(&test, &random, "");
    for (int round = 0; round < 5; round++) {
        pid_t pids[16];
        uint32_t count = service_host_children(test.host, "joint-worker", pids, 8);
        count += service_host_children(test.host, "joint-dataplane", pids + count, 8);
        CU_ASSERT_TRUE(count >= 2);
        service_case_ask(&test, &random, 32);
        for (uint32_t turns = shm_random_below(&random, 60); turns > 0; turns--)
            service_caller_poll(&test.caller);
        service_host_kill(test.host);
        const time_t end = time(NULL) + 20;
        while (!are_gone(pids, count) && time(NULL) < end)
            usleep(1000);
        CU_ASSERT_TRUE(are_gone(pids, count));
        service_host_start(test.host, NULL);
        service_host_hear(test.host, "jointd: ready: lenet", 60);
        service_caller_finish(&test.caller, test.calls, 32);
        for (int i = 0; i < 32; i++)
            CU_ASSERT_TRUE(service_call_is_right(&test.calls[i]) ||
                           test.calls[i].event.end != JTP_ANSWERED);
        service_case_until_served(&test);
    }
    service_case_end(&test);
    service_case_fini(&test);
}

static void write_config(const struct service_case *test, const char *path, uint32_t version,
                         const char *more)
{
    char config[1024];
    snprintf(config, sizeof(config), "%s\n[model lenet]\npath = %s\nversion = %u\nmax_batch = 4\n",
             more, path, version);
    service_host_configure(test->host, config);
}

static void a_reload_takes_models_over(void)
{
    struct shm_random random = shm_random_start();
    struct service_case test;
    struct oracle other;
    char path[128];
    service_case_init(&test, &random, "");
    service_host_network(test.host, "lenet", 2, 1, "other", path, sizeof(path));

    service_host_configure(test.host, "[server]\nprot = 1\n"); /* a fault changes nothing */
    kill(test.host->pid, SIGHUP);
    service_host_hear(test.host, "nothing was changed", 10);
    service_case_until_served(&test);

    write_config(&test, "/nowhere.onnx", 2, ""); /* nor does a file that is not there */
    kill(test.host->pid, SIGHUP);
    service_host_hear(test.host, "/nowhere.onnx: No such file", 10);
    service_case_until_served(&test);

    write_config(&test, test.host->config, 3, ""); /* nor one that is no model */
    kill(test.host->pid, SIGHUP);
    service_host_hear(test.host, "the one before it serves on", 20);
    service_case_until_served(&test);

    /* Another network under the same name, while requests come: none is lost. */
    write_config(&test, path, 4, "[dispatch]\nmax_delay = 1ms\nmax_queued = 77\n");
    kill(test.host->pid, SIGHUP);
    for (bool is_gone = false; !is_gone;) {
        service_case_ask(&test, &random, 8);
        service_caller_finish(&test.caller, test.calls, 8);
        for (int i = 0; i < 8; i++)
            CU_ASSERT_TRUE(service_call_is_right(&test.calls[i]) ||
                           service_call_is_rejected(&test.calls[i], JTP_MODEL_MISMATCH));
        is_gone = service_host_hears(test.host, "model lenet (version 1): gone", 0);
    }
    CU_ASSERT_PTR_NOT_NULL(strstr(test.host->log, "max_queued: 1024 -> 77: takes a restart"));
    oracle_init(&other, path, 4, &random);
    service_call_free(&test.calls[0]);
    test.calls[0] = (struct service_call){
        .oracle = &other, .model = "lenet", .to = other.cut_count - 1, .answer = NULL};
    CU_ASSERT_TRUE(service_caller_call(&test.caller, &test.calls[0]));
    service_caller_finish(&test.caller, test.calls, 1);
    CU_ASSERT_TRUE(service_call_is_right(&test.calls[0]));

    /* Other bytes under the same path, and the same version. */
    service_host_network(test.host, "lenet", 1, 1, "other", path, sizeof(path));
    kill(test.host->pid, SIGHUP);
    service_host_hear(test.host, "model lenet (version 4): gone", 20);
    service_case_until_served(&test);
    kill(test.host->pid, SIGHUP); /* now no model has changed */
    service_host_hear(test.host, "reload: done, 1 changes", 20);
    service_case_until_served(&test);

    /* One that is taken out again while it is being packed, or loaded. */
    service_host_network(test.host, "alexnet", 1, 4, "slow", test.path, sizeof(test.path));
    for (int round = 0; round < 4; round++) {
        char more[256];
        snprintf(more, sizeof(more), "[model slow]\npath = %s\nmax_batch = %d\n", test.path,
                 round + 1);
        write_config(&test, path, 4, more);
        kill(test.host->pid, SIGHUP);
        service_host_hear(test.host, "[model slow] added", 10);
        usleep(shm_random_below(&random, 1000000));
        write_config(&test, path, 4, "");
        kill(test.host->pid, SIGHUP);
        service_host_hear(test.host, "model slow (version 1): gone", 20);
        service_case_until_served(&test);
    }
    service_host_listen(test.host);
    CU_ASSERT_PTR_NULL(strstr(test.host->log, "cannot load"));

    service_host_configure(test.host, ""); /* and all of them can go */
    kill(test.host->pid, SIGHUP);
    service_host_hear(test.host, "model lenet (version 4): gone", 20);
    CU_ASSERT_TRUE(service_caller_call(&test.caller, &test.calls[0]));
    service_caller_finish(&test.caller, test.calls, 1);
    CU_ASSERT_TRUE(service_call_is_rejected(&test.calls[0], JTP_MODEL_UNKNOWN));
    service_case_end(&test);
    oracle_fini(&other);
    service_case_fini(&test);
}

const struct cunit_test tests[] = {
    {"answers over UDP are to the bit the engine's, between any cuts", answers_are_the_engines},
    {"impossible requests are told why", impossible_requests_are_told_why},
    {"a drain answers what is open, and ends with 0", a_drain_answers_what_is_open},
    {"what is too much is refused at once, with a time to come again", too_much_is_refused_at_once},
    {"stopped workers are killed, and every request answered", a_stopped_worker_is_replaced},
    {"a killed joint-dataplane comes back, and leaves no slot", a_killed_dataplane_comes_back},
    {"with a killed jointd all its processes end, and a new one serves",
     a_killed_jointd_leaves_nothing},
    {"a reload takes models over without losing a request, and a fault changes nothing",
     a_reload_takes_models_over},
    {NULL, NULL},
};
