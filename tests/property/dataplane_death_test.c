/* joint-dataplane when others are wrong or dead: jointd, the settings, the ring, itself. */
#include "tests/property/ingress_case.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/shm_random.h"

#include "shm/fd_pass.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MS UINT64_C(1000000)

static void it_ends_with_its_jointd(void)
{
    for (uint32_t is_busy = 0; is_busy < 2; is_busy++) {
        struct ingress_case *test = case_make(2);
        test->host.setup.is_busy = is_busy;
        case_start(test, 0);
        ingress_host_hang_up(&test->host);
        CU_ASSERT_EQUAL(ingress_host_wait(&test->host), 0);
        case_drop(test);
    }
}

/* A client in the middle of a transfer is told, its next request works; with the same keys even its
 * cookie is good still. */
static void replace_after_a_kill(uint32_t queue_count)
{
    struct ingress_case *test = case_make(queue_count);
    struct ingress_host *host = &test->host;
    struct call first[2] = {{.model = &host_small, .to = 3}, {.model = &host_small, .to = 3}};
    case_start(test, 2);
    for (uint32_t i = 0; i < 2; i++)
        CU_ASSERT_TRUE(caller_call(&test->caller[i], &first[i]));
    case_finish(test, first, 2);
    host->holds = true;
    for (int round = 0; round < 3; round++) {
        struct call working = {.model = &host_small, .from = 0, .to = 3};
        struct call arriving = {.model = &host_large, .from = 0, .to = 3};
        const uint64_t submitted = host->submitted;
        CU_ASSERT_TRUE(caller_call(&test->caller[0], &working));
        case_until(test, &host->submitted, submitted + 1);
        CU_ASSERT_TRUE(caller_call(&test->caller[1], &arriving));
        caller_poll(&test->caller[1]);
        ingress_host_kill(host);
        host->started = 0;
        CU_ASSERT_TRUE_FATAL(ingress_host_start(host, JOINT_DATAPLANE));
        CU_ASSERT_TRUE(ingress_host_offer_model(host, &host_large));
        CU_ASSERT_TRUE(ingress_host_offer_model(host, &host_small));
        case_until(test, &host->started, queue_count);
        case_until_counter(test, "models", 2 * queue_count);
        host->holds = false;
        case_finish(test, &working, 1);
        case_finish(test, &arriving, 1);
        /* It was with jointd, so it may have run. */
        CU_ASSERT_EQUAL(working.event.end, JTP_LOST);
        CU_ASSERT_TRUE(arriving.event.end == JTP_LOST || call_is_right(&arriving));
        struct call next = {.model = &host_large, .from = 1, .to = 3};
        CU_ASSERT_TRUE(caller_call(&test->caller[0], &next));
        case_finish(test, &next, 1);
        CU_ASSERT_TRUE(call_is_right(&next));
        CU_ASSERT_EQUAL(case_counter(test, "jtp_retries"), 0);
        call_free(&working);
        call_free(&arriving);
        call_free(&next);
        host->holds = true;
    }
    call_free(&first[0]);
    call_free(&first[1]);
    host->finished = host->submitted; /* the dead ones' are nobody's */
    case_end(test);
}

static void it_is_replaced_after_a_kill(void)
{
    replace_after_a_kill(1);
    replace_after_a_kill(2);
}

/* A descriptor of random bits; mostly near the truth, so that each check is reached. */
static union ingress_message scribble(struct shm_random *random, const struct ingress_host *host)
{
    union ingress_message message;
    for (uint32_t i = 0; i < 8; i++)
        message.entry.word[i] = shm_random_next(random);
    if (shm_random_below(random, 8)) {
        struct ingress_finished *finished = &message.finished;
        finished->kind = (uint8_t)(shm_random_below(random, 2) ? INGRESS_FINISHED
                                                               : shm_random_below(random, 70));
        finished->reason %= 18;
        finished->encoding %= 2;
        finished->answer_slot %= 2 * host->setup.response_slots;
        finished->bytes = 40;
        finished->offset %= 2 * host->response_bytes;
        if (host->pending_count > 0 && shm_random_below(random, 16) == 0) {
            finished->slot = host->pending[0].submit.slot;
            finished->generation = host->pending[0].submit.generation;
        }
    }
    if (message.kind == INGRESS_DRAIN || message.kind == INGRESS_WITHDRAW)
        message.kind = 0; /* it would do as it is told */
    return message;
}

/* Answers that were never computed, places that are none, kinds that are none: it says so, answers
 * its clients one way or the other, and lives. */
static void it_reports_what_cannot_be_and_goes_on(void)
{
    struct shm_random random = shm_random_start();
    struct ingress_case *test = case_make(1);
    struct ingress_host *host = &test->host;
    host->holds = true;
    host->setup.part_slots = 8;
    case_start(test, 1);
    for (int round = 0; round < 300; round++) {
        struct call call = {.model = &host_small, .from = 0, .to = 3};
        CU_ASSERT_TRUE(caller_call(&test->caller[0], &call));
        const uint64_t end_ns = host_now_ns() + 20000 * MS;
        while (!call.is_over && host_now_ns() < end_ns) {
            for (int i = 0; i < 20; i++) {
                const union ingress_message message = scribble(&random, host);
                ingress_host_say(host, 0, &message);
            }
            case_turn(test);
        }
        CU_ASSERT_TRUE_FATAL(call.is_over);
        host->pending_count = 0;
        call_free(&call);
    }
    CU_ASSERT_TRUE(case_counter(test, "unsound") > 1000);
    case_until_counter(test, "requests_taken", 0);
    case_until_counter(test, "answers_taken", 0);
    CU_ASSERT_EQUAL(waitpid(host->pid, NULL, WNOHANG), 0);
    host->faults = 0; /* it gave back answers that it was told of */
    case_drop(test);
}

/* The lies that matter one by one, and that the place is right again afterwards. */
static void a_false_answer_fails_one_request(void)
{
    struct ingress_case *test = case_make(1);
    struct ingress_host *host = &test->host;
    case_start(test, 1);
    enum { TWICE, SIZE, ENCODING, OFFSET, SLOT, REASON, LIES };
    for (int lie = 0; lie < LIES; lie++) {
        struct call call = {.model = &host_small, .from = 0, .to = 3};
        host->holds = true;
        const uint64_t unsound = case_counter(test, "unsound"), submitted = host->submitted;
        CU_ASSERT_TRUE(caller_call(&test->caller[0], &call));
        case_until(test, &host->submitted, submitted + 1);
        const struct ingress_submit submit = host->pending[0].submit;
        union ingress_message message = {.finished = {.kind = INGRESS_FINISHED,
                                                      .slot = submit.slot,
                                                      .generation = submit.generation,
                                                      .answer_slot = 400,
                                                      .answer_generation = 1,
                                                      .offset = host->response_bytes - 64,
                                                      .bytes = 40}};
        if (lie == TWICE) {
            CU_ASSERT_TRUE(ingress_host_finish(host, 0, INGRESS_ANSWERED));
        } else {
            host->pending_count = 0;
            host->finished++;
        }
        if (lie == SIZE)
            message.finished.bytes = 44;
        if (lie == ENCODING)
            message.finished.encoding = 1;
        if (lie == OFFSET)
            message.finished.offset = host->response_bytes - 36;
        if (lie == SLOT)
            message.finished.answer_slot = host->setup.response_slots;
        if (lie == REASON)
            message.finished.reason = 99;
        ingress_host_say(host, 0, &message);
        case_finish(test, &call, 1);
        CU_ASSERT_TRUE(lie == TWICE ? call_is_right(&call) : call_is_rejected(&call, JTP_FAILED));
        case_until_counter(test, "unsound", unsound + 1);
        case_until_counter(test, "requests_taken", 0);
        case_until_counter(test, "answers_taken", 0);
        host->faults = 0; /* SENT of what was made up */
        host->holds = false;
        struct call next = {.model = &host_small, .from = 0, .to = 3};
        CU_ASSERT_TRUE(caller_call(&test->caller[0], &next));
        case_finish(test, &next, 1);
        CU_ASSERT_TRUE(call_is_right(&next));
        call_free(&call);
        call_free(&next);
    }
    case_end(test);
}

/* Behind an impossible index no descriptor can be found again. */
static void it_ends_when_its_ring_makes_no_sense(void)
{
    struct ingress_case *test = case_make(2);
    struct ingress_host *host = &test->host;
    case_start(test, 0);
    atomic_store(&host->channel[1].out.shared->producer, 0x80000000u);
    host->channel[1].wake.can_peer_sleep = true;
    wake_ring(&host->channel[1].wake);
    CU_ASSERT_EQUAL(ingress_host_wait(host), 1);
    case_drop(test);
}

static int start_with(struct ingress_case *test)
{
    struct ingress_host *host = &test->host;
    ingress_host_start(host, JOINT_DATAPLANE); /* it may end before the channel is settled */
    return ingress_host_wait(host);
}

static void settings_that_cannot_be_end_it(void)
{
    for (int fault = 0; fault < 12; fault++) {
        struct ingress_case *test = case_make(1);
        struct dataplane_setup *setup = &test->host.setup;
        CU_ASSERT_TRUE_FATAL(ingress_host_open(&test->host));
        switch (fault) {
        case 0:
            setup->port = 3;
            break;
        case 1:
            memset(setup->device, 'x', sizeof(setup->device));
            break;
        case 2:
            setup->udp_port = 70000;
            break;
        case 3:
            setup->address_count = 9;
            break;
        case 4:
            setup->max_requests = 0;
            break;
        case 5:
            setup->max_sent = UINT32_MAX;
            break;
        case 6:
            setup->part_bytes -= 32;
            break;
        case 7:
            setup->class_count = 257;
            break;
        case 8:
            setup->max_tensor_bytes = setup->part_bytes; /* not four of them */
            break;
        case 9:
            setup->cpu[0] = 100000;
            break;
        case 10:
            setup->address[0][12] = 203; /* not ours */
            break;
        default:
            setup->port = DATAPLANE_DPDK; /* and no device */
        }
        CU_ASSERT_EQUAL(start_with(test), 1);
        case_drop(test);
    }
}

static int run_with(const char *option, const char *word)
{
    int status;
    const pid_t pid = fork();
    if (pid == 0) {
        freopen("/dev/null", "w", stdout);
        freopen("/dev/null", "w", stderr);
        execl(JOINT_DATAPLANE, "joint-dataplane", option, word, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void its_command_line_is_checked(void)
{
    CU_ASSERT_EQUAL(run_with("--help", NULL), 0);
    CU_ASSERT_EQUAL(run_with(NULL, NULL), 2);
    CU_ASSERT_EQUAL(run_with("--sockets", NULL), 2);
    CU_ASSERT_EQUAL(run_with("--sockets", "3,"), 2);
    CU_ASSERT_EQUAL(run_with("--sockets", "-3"), 2);
    CU_ASSERT_EQUAL(run_with("--sockets", "3;4"), 2);
    CU_ASSERT_EQUAL(run_with("--sockets=3", "more"), 2);
    CU_ASSERT_EQUAL(run_with("--socket=99", NULL), 1); /* an abbreviation, and no such socket */
}

static uint64_t cpu_ns(pid_t pid)
{
    clockid_t clock;
    struct timespec used;
    CU_ASSERT_EQUAL_FATAL(clock_getcpuclockid(pid, &clock), 0);
    clock_gettime(clock, &used);
    return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}

/* Asleep it costs next to nothing, and both a datagram and a ring wake it: the answers would come
 * all the same after its 20 ms, so they are compared with the half of it, taken together. */
static void asleep_it_is_woken_by_datagrams_and_rings(void)
{
    struct ingress_case *test = case_make(1);
    struct ingress_host *host = &test->host;
    case_start(test, 1);
    case_pass(test, 100);
    const uint64_t before_ns = cpu_ns(host->pid);
    case_pass(test, 1000);
    const uint64_t used_ns = cpu_ns(host->pid) - before_ns;
    CU_ASSERT_TRUE(used_ns < 200 * MS);
    uint64_t quickest_ns = UINT64_MAX;
    host->holds = true;
    for (int i = 0; i < 40; i++) {
        struct call call = {.model = &host_small, .from = 0, .to = 3};
        const uint64_t submitted = host->submitted, begun_ns = host_now_ns();
        CU_ASSERT_TRUE(caller_call(&test->caller[0], &call));
        case_until(test, &host->submitted, submitted + 1);
        const uint64_t said_ns = host_now_ns();
        case_pass_alone(test, 5); /* it sleeps again */
        const uint64_t finished_ns = host_now_ns();
        CU_ASSERT_TRUE(ingress_host_finish(host, 0, INGRESS_ANSWERED));
        case_finish(test, &call, 1);
        const uint64_t took_ns = said_ns - begun_ns + host_now_ns() - finished_ns;
        quickest_ns = took_ns < quickest_ns ? took_ns : quickest_ns;
        CU_ASSERT_TRUE(call_is_right(&call));
        call_free(&call);
    }
    printf(" (%.1f %% of a core asleep, %.2f ms both ways) ", (double)used_ns / 1e7,
           (double)quickest_ns / 1e6);
    CU_ASSERT_TRUE(quickest_ns < 10 * MS);
    CU_ASSERT_TRUE(case_counter(test, "sleeps") > 10);
    host->holds = false;
    case_end(test);
}

const struct cunit_test tests[] = {
    {"it ends with its jointd", it_ends_with_its_jointd},
    {"killed and replaced, clients are told and their next request works",
     it_is_replaced_after_a_kill},
    {"it reports what cannot be and goes on", it_reports_what_cannot_be_and_goes_on},
    {"a false answer fails one request, and its place is free again",
     a_false_answer_fails_one_request},
    {"it ends when its ring makes no sense", it_ends_when_its_ring_makes_no_sense},
    {"settings that cannot be end it", settings_that_cannot_be_end_it},
    {"its command line is checked", its_command_line_is_checked},
    {"asleep it is woken by datagrams and by rings", asleep_it_is_woken_by_datagrams_and_rings},
    {NULL, NULL},
};
