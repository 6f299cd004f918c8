/* Requests that enter one network at five cuts, all at once, merged with each other: each is
 * answered as if it had run alone, also while workers are killed; and they really were merged. */
#include "tests/property/service_caller.h"
#include "tests/property/service_host.h"
#include "tests/unit/cunit_main.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define OPEN 24u
#define CUTS 5u
#define MAX_BATCH 8u
#define REQUESTS 1500u
#define KILLS 40u
#define PAUSE_NS 200000000u /* between two kills, at most */

#define WORKERS "[workers]\nspares = 2\nrestart_delay = 1ms\nrestart_delay_max = 5ms\n"

struct joined {
    struct service_host *host;
    struct oracle oracle;
    struct service_caller caller;
    struct service_call calls[OPEN];
    uint32_t cuts[CUTS];
    uint64_t asked, right, quarantined, late, refused, other;
};

static void begin(struct joined *test, struct shm_random *random, const char *mode)
{
    char path[128], config[1024];
    *test = (struct joined){.host = service_host_create()};
    service_host_network(test->host, "alexnet", 1, 4, "alexnet", path, sizeof(path));
    snprintf(config, sizeof(config),
             "[dispatch]\nmode = %s\nmax_run = 1ms\n" WORKERS "[model alexnet]\npath = %s\n"
             "max_batch = %u\n",
             mode, path, MAX_BATCH);
    service_host_configure(test->host, config);
    service_host_start(test->host, NULL);
    service_host_hear(test->host, "jointd: ready: alexnet (version 1, ", 60);
    oracle_init(&test->oracle, path, MAX_BATCH, random);
    for (uint32_t i = 0; i < CUTS; i++)
        test->cuts[i] = i * (test->oracle.cut_count - 2) / (CUTS - 1);
    service_caller_open(&test->caller, test->host->port, 1);
}

/* Most go to the end; some come back to the phone before. */
static void ask(struct joined *test, struct shm_random *random, struct service_call *call)
{
    const uint32_t last = test->oracle.cut_count - 1;
    const uint32_t from = test->cuts[shm_random_below(random, CUTS)];
    service_call_free(call);
    *call = (struct service_call){.oracle = &test->oracle,
                                  .model = "alexnet",
                                  .input = shm_random_below(random, ORACLE_INPUTS),
                                  .from = from,
                                  .to = shm_random_below(random, 4)
                                            ? last
                                            : from + 1 + shm_random_below(random, last - from)};
    if (shm_random_below(random, 8) == 0)
        call->deadline_ns = 1 + shm_random_below(random, 50000000);
    CU_ASSERT_TRUE_FATAL(service_caller_call(&test->caller, call));
    test->asked++;
}

/* It has more open than its share; or would make late who has less time: admission looks at all
 * that wait, whatever time the newcomer has; or stopped arriving, as we computed what answers must
 * be and sent nothing for so long. */
static bool is_refused(const struct service_call *call)
{
    return service_call_is_rejected(call, JTP_OVERLOADED) ||
           service_call_is_rejected(call, JTP_TOO_MANY) ||
           service_call_is_rejected(call, JTP_STALLED) ||
           (!call->deadline_ns && service_call_is_rejected(call, JTP_DEADLINE));
}

static void take(struct joined *test)
{
    for (uint32_t i = 0; i < OPEN; i++) {
        struct service_call *call = &test->calls[i];
        if (!call->oracle || !call->is_over)
            continue;
        if (service_call_is_right(call))
            test->right++;
        else if (service_call_is_rejected(call, JTP_QUARANTINED))
            test->quarantined++;
        else if (is_refused(call))
            test->refused++;
        else if (call->deadline_ns && call->event.end != JTP_ANSWERED)
            test->late++;
        else {
            test->other++;
            printf("\n%u to %u: end %d, reason %u ", call->from, call->to, (int)call->event.end,
                   call->event.reason);
        }
        call->oracle = NULL;
    }
}

static void turn(struct joined *test)
{
    if (service_caller_poll(&test->caller) == 0) {
        struct pollfd socket = {.fd = test->caller.fd, .events = POLLIN};
        poll(&socket, 1, 1);
    }
    take(test);
}

static void ask_more(struct joined *test, struct shm_random *random)
{
    for (uint32_t i = 0; i < OPEN; i++)
        if (!test->calls[i].oracle)
            ask(test, random, &test->calls[i]);
}

static void finish(struct joined *test)
{
    for (const time_t end = time(NULL) + 60; test->caller.open_count > 0; turn(test))
        CU_ASSERT_TRUE_FATAL(time(NULL) < end);
    CU_ASSERT_EQUAL(service_host_stop(test->host), 0);
    service_host_hear(test->host, "given up: 0 open, 0 answers unsent", 1);
    CU_ASSERT_EQUAL(test->other, 0);
    CU_ASSERT_EQUAL(test->right + test->quarantined + test->late + test->refused, test->asked);
    CU_ASSERT_TRUE(test->right > test->asked / 2);
}

struct rows {
    unsigned long long rows, dispatches, merged, joined, missed;
};

static struct rows rows_of(const struct joined *test)
{
    struct rows seen = {0};
    const char *line = strstr(test->host->log, " rows in ");
    CU_ASSERT_PTR_NOT_NULL_FATAL(line);
    while (line[-1] != ' ')
        line--;
    CU_ASSERT_EQUAL(sscanf(line,
                           "%llu rows in %llu dispatches: %llu ran with rows of other cuts, %llu "
                           "joined on the way, %llu came",
                           &seen.rows, &seen.dispatches, &seen.merged, &seen.joined, &seen.missed),
                    5);
    printf(" (%llu asked, %llu right of which %u but for their last bits, %llu quarantined, %llu "
           "late, %llu refused; %llu rows in %llu dispatches, %llu merged, %llu joined on the way, "
           "%llu missed) ",
           (unsigned long long)test->asked, (unsigned long long)test->right,
           test->oracle.close_count, (unsigned long long)test->quarantined,
           (unsigned long long)test->late, (unsigned long long)test->refused, seen.rows,
           seen.dispatches, seen.merged, seen.joined, seen.missed);
    return seen;
}

static void end(struct joined *test)
{
    for (uint32_t i = 0; i < OPEN; i++)
        service_call_free(&test->calls[i]);
    service_caller_close(&test->caller);
    oracle_fini(&test->oracle);
    service_host_destroy(test->host);
    free(test);
}

static void serve(const char *mode, struct rows *seen)
{
    struct shm_random random = shm_random_start();
    struct joined *test = malloc(sizeof(*test));
    begin(test, &random, mode);
    while (test->asked < REQUESTS) {
        ask_more(test, &random);
        turn(test);
    }
    finish(test);
    *seen = rows_of(test);
    end(test);
}

static void merged_requests_are_answered_as_alone(void)
{
    struct rows seen;
    serve("join", &seen);
    CU_ASSERT_TRUE(seen.merged > REQUESTS / 20);
}

static void other_modes_merge_nothing(void)
{
    struct rows seen;
    serve("per-cut", &seen);
    CU_ASSERT_TRUE(seen.merged == 0 && seen.joined == 0 && seen.dispatches < seen.rows);
    serve("none", &seen);
    CU_ASSERT_TRUE(seen.merged == 0 && seen.joined == 0 && seen.dispatches == seen.rows);
}

static void killed_workers_lose_none_of_them(void)
{
    struct shm_random random = shm_random_start();
    struct joined *test = malloc(sizeof(*test));
    uint32_t kills = 0;
    uint64_t next_ns = 0;
    begin(test, &random, "join");
    for (const time_t until = time(NULL) + 120; kills < KILLS;) {
        CU_ASSERT_TRUE_FATAL(time(NULL) < until);
        ask_more(test, &random);
        turn(test);
        pid_t workers[8];
        if (host_now_ns() < next_ns)
            continue;
        const uint32_t count = service_host_children(test->host, "joint-worker", workers, 8);
        service_host_listen(test->host);
        if (count > 0)
            kills += kill(workers[shm_random_below(&random, count)], SIGKILL) == 0;
        next_ns = host_now_ns() + shm_random_below(&random, PAUSE_NS);
    }
    finish(test);
    const struct rows seen = rows_of(test);
    CU_ASSERT_TRUE(seen.merged > 0);
    end(test);
}

const struct cunit_test tests[] = {
    {"requests at five cuts are merged, and answered as if each were alone",
     merged_requests_are_answered_as_alone},
    {"per-cut and none merge nothing", other_modes_merge_nothing},
    {"the same while workers are killed", killed_workers_lose_none_of_them},
    {NULL, NULL},
};
