/* kill -9 of joint-worker at random moments under load, and of requests' workers twice: every
 * request is answered, rightly or as quarantined; no slot is left; the service is soon back. */
#include "tests/property/service_case.h"
#include "tests/unit/cunit_main.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define KILLS 1000u
#define OPEN 16u
#define PROBE OPEN /* one more: asked right after a kill */
#define PAUSE_NS 12000000u /* between two kills, at most */

#define CHAOS_NS UINT64_C(15000000000)

#define SOON_BACK "[workers]\nspares = 2\nrestart_delay = 1ms\nrestart_delay_max = 5ms\n"

struct outcome {
    uint64_t right, quarantined, other;
    uint64_t back_ns[KILLS]; /* from a kill to the end of a request that was sent then */
    uint32_t kills;
    uint64_t killed_ns; /* 0: the probe has ended since */
};

static uint32_t kill_count(void)
{
    const char *text = getenv("KILLS");
    const uint32_t count = text ? (uint32_t)strtoul(text, NULL, 0) : KILLS;
    return count < KILLS ? count : KILLS;
}

static void ask(struct service_case *test, struct shm_random *random, struct service_call *call)
{
    const uint32_t from = shm_random_below(random, test->oracle.cut_count - 1);
    call->oracle = &test->oracle;
    call->model = "lenet";
    call->input = shm_random_below(random, ORACLE_INPUTS);
    call->from = from;
    call->to = test->oracle.cut_count - 1;
    service_call_free(call);
    CU_ASSERT_TRUE_FATAL(service_caller_call(&test->caller, call));
}

/* Notes what ended; asks anew while there is to be load. */
static void take(struct service_case *test, struct shm_random *random, struct outcome *outcome,
                 bool is_over)
{
    for (uint32_t i = 0; i <= PROBE; i++) {
        struct service_call *call = &test->calls[i];
        if (!call->oracle || !call->is_over)
            continue;
        if (i == PROBE) {
            outcome->back_ns[outcome->kills - 1] = call->event.ended_ns - outcome->killed_ns;
            outcome->killed_ns = 0;
        }
        if (service_call_is_right(call)) {
            outcome->right++;
        } else if (service_call_is_rejected(call, JTP_QUARANTINED)) {
            outcome->quarantined++;
        } else {
            outcome->other++;
            printf("\nend %d, reason %u\n", (int)call->event.end, call->event.reason);
        }
        call->oracle = NULL;
    }
    for (uint32_t i = 0; i < OPEN && !is_over; i++)
        if (!test->calls[i].oracle)
            ask(test, random, &test->calls[i]);
}

static void turn(struct service_case *test)
{
    if (service_caller_poll(&test->caller) == 0) {
        struct pollfd socket = {.fd = test->caller.fd, .events = POLLIN};
        poll(&socket, 1, 1);
    }
}

static void kill_one(struct service_case *test, struct shm_random *random, struct outcome *outcome)
{
    pid_t workers[8];
    const uint32_t count = service_host_children(test->host, "joint-worker", workers, 8);
    service_host_listen(test->host);
    if (count == 0)
        return;
    outcome->killed_ns = host_now_ns();
    kill(workers[shm_random_below(random, count)], SIGKILL);
    outcome->kills++;
    ask(test, random, &test->calls[PROBE]);
}

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void print_line(const char *log, const char *text)
{
    const char *found = strstr(log, text);
    while (found && found > log && found[-1] != '\n')
        found--;
    if (found)
        printf(" (%.*s) ", (int)strcspn(found, "\n"), found);
}

static void killed_workers_lose_nothing(void)
{
    struct shm_random random = shm_random_start();
    struct service_case test;
    static struct outcome outcome;
    service_case_init(&test, &random, SOON_BACK);
    const uint32_t kills = kill_count();
    const time_t end = time(NULL) + 300;
    uint64_t next_ns = 0;
    while (outcome.kills < kills || outcome.killed_ns) {
        CU_ASSERT_TRUE_FATAL(time(NULL) < end);
        take(&test, &random, &outcome, false);
        turn(&test);
        if (outcome.killed_ns || host_now_ns() < next_ns || outcome.kills == kills)
            continue;
        kill_one(&test, &random, &outcome);
        next_ns = host_now_ns() + shm_random_below(&random, PAUSE_NS);
    }
    while (test.caller.open_count > 0) {
        CU_ASSERT_TRUE_FATAL(time(NULL) < end);
        turn(&test);
    }
    take(&test, &random, &outcome, true);
    CU_ASSERT_EQUAL(outcome.other, 0);
    qsort(outcome.back_ns, kills, sizeof(outcome.back_ns[0]), by_value);
    printf(" (%u kills; %llu answered rightly, %llu quarantined; from the kill to the answer of "
           "a request that was sent then: median %.1f ms, 99 of 100 %.1f ms, at worst %.1f ms) ",
           kills, (unsigned long long)outcome.right, (unsigned long long)outcome.quarantined,
           (double)outcome.back_ns[kills / 2] / 1e6,
           (double)outcome.back_ns[kills * 99 / 100] / 1e6,
           (double)outcome.back_ns[kills - 1] / 1e6);
    service_case_end(&test);
    print_line(test.host->log, "workers died");
    service_case_fini(&test);
}

/* How long a process has run on a core. */
static uint64_t run_ns(pid_t pid)
{
    char path[64];
    unsigned long long ns = 0;
    snprintf(path, sizeof(path), "/proc/%ld/schedstat", (long)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    if (fscanf(file, "%llu", &ns) != 1)
        ns = 0;
    fclose(file);
    return ns;
}

struct warm {
    pid_t pid[8];
    uint64_t before_ns[8];
    uint32_t count;
};

/* Turns for a while; which of them ran most of that time, by its index, or count: none. */
static uint32_t find_busiest(struct service_case *test, struct warm *warm, uint64_t ns)
{
    for (uint32_t i = 0; i < warm->count; i++)
        warm->before_ns[i] = run_ns(warm->pid[i]);
    for (const uint64_t until = host_now_ns() + ns; host_now_ns() < until;)
        turn(test);
    uint32_t busiest = warm->count;
    uint64_t most_ns = ns / 8;
    for (uint32_t i = 0; i < warm->count; i++) {
        const uint64_t now_ns = run_ns(warm->pid[i]);
        if (now_ns > warm->before_ns[i] && now_ns - warm->before_ns[i] > most_ns) {
            most_ns = now_ns - warm->before_ns[i];
            busiest = i;
        }
    }
    return busiest;
}

/* Those that have loaded all and wait. */
static struct warm await_warm(struct service_case *test)
{
    struct warm warm = {0};
    for (const time_t end = time(NULL) + 60; time(NULL) < end;) {
        warm.count = service_host_children(test->host, "joint-worker", warm.pid, 8);
        if (warm.count == 3 && find_busiest(test, &warm, 300000000) == warm.count)
            break;
    }
    return warm;
}

/* Of the warm ones: those that are started in their stead are busy too, with loading. */
static void kill_who_computes(struct service_case *test, struct warm *warm)
{
    const uint32_t busiest = find_busiest(test, warm, 30000000);
    if (busiest == warm->count)
        return;
    kill(warm->pid[busiest], SIGKILL);
    warm->pid[busiest] = warm->pid[--warm->count];
}

/* A request long enough to be there when its worker is killed, and when the spare is. */
static void what_kills_two_workers_is_quarantined(void)
{
    struct shm_random random = shm_random_start();
    struct service_case test;
    struct oracle slow;
    char path[128], config[512];
    service_case_init(&test, &random, SOON_BACK);
    service_host_network(test.host, "vgg16", 1, 1, "slow", path, sizeof(path));
    snprintf(config, sizeof(config),
             SOON_BACK "[model lenet]\npath = %s\nmax_batch = 4\n[model slow]\npath = %s\n"
                       "max_batch = 1\n",
             test.path, path);
    service_host_configure(test.host, config);
    kill(test.host->pid, SIGHUP);
    service_host_hear(test.host, "model slow (version 1): ", 120);
    oracle_init(&slow, path, 1, &random);
    struct warm warm = await_warm(&test);
    struct service_call *call = &test.calls[0];
    *call = (struct service_call){
        .oracle = &slow, .model = "slow", .to = slow.cut_count - 1, .deadline_ns = 30000000000};
    CU_ASSERT_TRUE(service_caller_call(&test.caller, call));
    for (const time_t end = time(NULL) + 60; !call->is_over && time(NULL) < end;)
        kill_who_computes(&test, &warm);
    CU_ASSERT_TRUE(service_call_is_rejected(call, JTP_QUARANTINED));
    printf(" (end %d, reason %u) ", (int)call->event.end, call->event.reason);
    service_call_free(call);
    service_case_until_served(&test);
    service_case_end(&test);
    oracle_fini(&slow);
    service_case_fini(&test);
}

/* Random words over all that the process shares under that name, as it could write them itself. */
static bool scribble(pid_t pid, const char *region, struct shm_random *random)
{
    char path[64], line[512];
    unsigned long long from = 0, to = 0;
    snprintf(path, sizeof(path), "/proc/%ld/maps", (long)pid);
    FILE *maps = fopen(path, "re");
    while (maps && from == 0 && fgets(line, sizeof(line), maps))
        if (!strstr(line, region) || !strstr(line, " rw-s ") ||
            sscanf(line, "%llx-%llx", &from, &to) != 2)
            from = to = 0;
    if (maps)
        fclose(maps);
    snprintf(path, sizeof(path), "/proc/%ld/mem", (long)pid);
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    uint64_t words = 0; /* until it is dead of it */
    for (unsigned long long at = from + 4096; at < to && from > 0 && fd >= 0;
         at += sizeof(uint64_t)) {
        const uint64_t word = shm_random_next(random);
        if (pwrite(fd, &word, sizeof(word), (off_t)at) != sizeof(word))
            break;
        words++;
    }
    if (fd >= 0)
        close(fd);
    return words > 0;
}

/* Wrong answers are possible while it lasts, for a worker may say that it is done; no other harm.
 */
static void scribbled_channels_harm_nobody_else(void)
{
    struct shm_random random = shm_random_start();
    struct service_case test;
    service_case_init(&test, &random,
                      "[workers]\nhang_timeout = 500ms\nrestart_delay = 1ms\n"
                      "restart_delay_max = 5ms\n");
    uint32_t scribbled = 0;
    for (int round = 0; round < 24; round++) {
        pid_t pids[8];
        const bool is_worker = round % 2 == 0;
        service_case_ask(&test, &random, 24);
        for (uint32_t turns = shm_random_below(&random, 40); turns > 0; turns--)
            service_caller_poll(&test.caller);
        const uint32_t count = service_host_children(
            test.host, is_worker ? "joint-worker" : "joint-dataplane", pids, 8);
        for (uint32_t i = 0; i < count; i++)
            scribbled += scribble(pids[i], is_worker ? "joint-worker" : "joint-ingress", &random);
        service_caller_finish(&test.caller, test.calls, 24);
        service_case_until_served(&test);
        service_host_listen(test.host);
    }
    CU_ASSERT_TRUE(scribbled > 0);
    printf(" (%u times) ", scribbled);
    service_case_end(&test);
    service_case_fini(&test);
}

/* With or without a second model, which is under the same path another one each time. */
static void reload(struct service_case *test, struct shm_random *random)
{
    char path[128], config[1024];
    const uint32_t seed = 1 + shm_random_below(random, 3);
    service_host_network(test->host, "lenet", seed, 1, "second", path, sizeof(path));
    snprintf(config, sizeof(config), SOON_BACK "[model lenet]\npath = %s\nmax_batch = 4\n%s%s\n",
             test->path, seed == 3 ? "" : "[model second]\npath = ", seed == 3 ? "" : path);
    service_host_configure(test->host, config);
    kill(test->host->pid, SIGHUP);
}

static void disturb(struct service_case *test, struct shm_random *random)
{
    pid_t pids[8];
    const uint32_t what = shm_random_below(random, 8);
    if (what == 0) {
        reload(test, random);
        return;
    }
    const char *name = what == 1 ? "joint-dataplane" : what == 2 ? "joint-loader" : "joint-worker";
    const uint32_t count = service_host_children(test->host, name, pids, 8);
    if (count > 0)
        kill(pids[shm_random_below(random, count)], what == 3 ? SIGSTOP : SIGKILL);
}

/* What was going on in one is not forgotten in the midst of another. */
static void everything_at_once(void)
{
    struct shm_random random = shm_random_start();
    struct service_case test;
    service_case_init(&test, &random, SOON_BACK);
    uint32_t right = 0, ended = 0;
    for (const uint64_t end = host_now_ns() + CHAOS_NS; host_now_ns() < end;) {
        service_case_ask(&test, &random, 16);
        for (uint32_t turns = shm_random_below(&random, 60); turns > 0; turns--)
            turn(&test);
        disturb(&test, &random);
        service_caller_finish(&test.caller, test.calls, 16);
        for (int i = 0; i < 16; i++, ended++) {
            right += service_call_is_right(&test.calls[i]);
            CU_ASSERT_TRUE(service_call_is_right(&test.calls[i]) ||
                           test.calls[i].event.end != JTP_ANSWERED);
        }
        service_host_listen(test.host);
    }
    printf(" (%u of %u answered) ", right, ended);
    CU_ASSERT_TRUE(right > 0);
    service_case_until_served(&test);
    service_case_end(&test);
    service_case_fini(&test);
}

const struct cunit_test tests[] = {
    {"workers killed 1,000 times: each request is answered rightly or quarantined, no slot is left",
     killed_workers_lose_nothing},
    {"a request that kills two workers is quarantined, and the service goes on",
     what_kills_two_workers_is_quarantined},
    {"a process that scribbles over all that it shares with jointd is replaced",
     scribbled_channels_harm_nobody_else},
    {"deaths, hangs and reloads in each other's midst: all ends, and nothing is left",
     everything_at_once},
    {NULL, NULL},
};
