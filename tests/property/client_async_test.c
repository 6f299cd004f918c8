/* Submitted calls: many in flight, called back or fetched, and ended by joint_close(). */
#include "tests/property/client_case.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#define MS UINT64_C(1000000)
#define FLIGHT 12
#define ROUNDS 20

struct asked {
    struct client_case *subject;
    uint32_t rows;
    const void *inputs[1];
    void *outputs[1];
    float y[CASE_MAX_ROWS * CASE_ANSWER_FLOATS];
    struct joint_call call;
    struct joint_report report;
    int status;
    atomic_uint ends;
};

static struct joint_config config_of(uint32_t workers)
{
    struct joint_config config;
    joint_config_default(&config);
    config.workers = workers;
    config.max_calls = FLIGHT;
    return config;
}

static void prepare(struct asked *asked, struct client_case *subject, uint32_t number)
{
    const uint32_t last = joint_cut_count(subject->joint) - 1;
    *asked = (struct asked){.subject = subject, .rows = 1 + number % CASE_MAX_ROWS};
    joint_call_default(&asked->call);
    asked->inputs[0] = subject->x;
    asked->outputs[0] = asked->y;
    asked->call.inputs = asked->inputs;
    asked->call.outputs = asked->outputs;
    asked->call.rows = asked->rows;
    asked->call.split = number % 5 == 0 ? JOINT_AUTO : JOINT_CUTS;
    asked->call.from = number % last;
}

static bool is_right(const struct asked *asked)
{
    return asked->status == 0 && memcmp(asked->y, asked->subject->whole[asked->rows],
                                        asked->rows * CASE_ANSWER_FLOATS * sizeof(float)) == 0;
}

static void done(void *user, int status, const struct joint_report *report)
{
    struct asked *asked = user;
    asked->status = status;
    asked->report = *report;
    atomic_fetch_add_explicit(&asked->ends, 1, memory_order_release); /* pairs with wait_for */
}

static bool wait_for(struct asked *asked)
{
    const struct timespec step = {.tv_nsec = 200000};
    uint64_t end_ns = client_case_now_ns() + 60000 * MS;
    while (atomic_load_explicit(&asked->ends, memory_order_acquire) == 0 &&
           client_case_now_ns() < end_ns)
        nanosleep(&step, NULL);
    return atomic_load_explicit(&asked->ends, memory_order_acquire) == 1;
}

/* Rounds of calls in flight at once, each called back; how many were on the server. */
static uint32_t fly(struct client_case *subject)
{
    static struct asked asked[FLIGHT];
    uint32_t there = 0;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t flying = 0;
        for (; flying < FLIGHT; flying++) {
            prepare(&asked[flying], subject, round * FLIGHT + flying);
            int rc = -EAGAIN; /* the last round's records are free just after their callbacks */
            while (rc == -EAGAIN)
                rc = joint_submit(subject->joint, &asked[flying].call, done, &asked[flying]);
            CU_ASSERT_EQUAL_FATAL(rc, 0);
        }
        for (uint32_t i = 0; i < flying; i++) {
            CU_ASSERT_TRUE_FATAL(wait_for(&asked[i]));
            CU_ASSERT_TRUE(is_right(&asked[i]));
            there += asked[i].report.is_on_server;
        }
    }
    return there;
}

static void test_many(void)
{
    for (uint32_t workers = 1; workers <= 3; workers += 2) {
        struct client_case subject;
        const struct joint_config config = config_of(workers);
        CU_ASSERT_TRUE_FATAL(client_case_open(&subject, NULL, &config));
        CU_ASSERT_TRUE(fly(&subject) >= FLIGHT * ROUNDS * 4 / 5);
        client_case_close(&subject);
    }
}

static void test_bad_server(void)
{
    const struct fake_server_behaviour behaviours[] = {
        {.loss = 0.15, .corrupt = 0.05, .duplicate = 0.1, .delay_ns = MS},
        {.reject = JTP_OVERLOADED},
        {.dies_after = 30},
    };
    for (size_t i = 0; i < sizeof(behaviours) / sizeof(behaviours[0]); i++) {
        struct client_case subject;
        const struct joint_config config = config_of(2);
        CU_ASSERT_TRUE_FATAL(client_case_open(&subject, &behaviours[i], &config));
        fly(&subject);
        client_case_close(&subject);
    }
}

static void test_fetch(void)
{
    static struct asked asked[FLIGHT];
    struct client_case subject;
    struct joint_completion completion;
    const struct joint_config config = config_of(1);
    CU_ASSERT_TRUE_FATAL(client_case_open(&subject, NULL, &config));
    struct pollfd fd = {.fd = joint_fd(subject.joint), .events = POLLIN};
    CU_ASSERT_EQUAL(poll(&fd, 1, 0), 0);
    CU_ASSERT_FALSE(joint_fetch(subject.joint, &completion));
    for (uint32_t i = 0; i < FLIGHT; i++) {
        prepare(&asked[i], &subject, i);
        CU_ASSERT_EQUAL_FATAL(joint_submit(subject.joint, &asked[i].call, NULL, &asked[i]), 0);
    }
    /* All records are taken, until one is fetched. */
    CU_ASSERT_EQUAL(joint_submit(subject.joint, &asked[0].call, NULL, NULL), -EAGAIN);
    for (uint32_t i = 0; i < FLIGHT; i++) {
        CU_ASSERT_EQUAL_FATAL(poll(&fd, 1, 60000), 1);
        CU_ASSERT_TRUE_FATAL(joint_fetch(subject.joint, &completion));
        struct asked *one = completion.user;
        done(one, completion.status, &completion.report);
        CU_ASSERT_TRUE(is_right(one));
    }
    CU_ASSERT_EQUAL(poll(&fd, 1, 0), 0);
    for (uint32_t i = 0; i < FLIGHT; i++)
        CU_ASSERT_EQUAL(atomic_load(&asked[i].ends), 1);
    client_case_close(&subject);
}

static void test_close(void)
{
    static struct asked asked[FLIGHT];
    const struct fake_server_behaviour behaviours[] = {
        {.is_idle = true}, {.compute_ns = 2 * MS}, {.is_deaf = true}};
    for (uint32_t round = 0; round < 9; round++) {
        struct client_case subject;
        const struct joint_config config = config_of(1 + round % 2);
        const struct timespec pause = {.tv_nsec = (long)(round * 700000)};
        uint32_t cancelled = 0;
        CU_ASSERT_TRUE_FATAL(client_case_open(&subject, &behaviours[round % 3], &config));
        for (uint32_t i = 0; i < FLIGHT; i++) {
            prepare(&asked[i], &subject, i + round);
            CU_ASSERT_EQUAL_FATAL(joint_submit(subject.joint, &asked[i].call, done, &asked[i]), 0);
        }
        nanosleep(&pause, NULL);
        joint_close(subject.joint);
        subject.joint = NULL;
        for (uint32_t i = 0; i < FLIGHT; i++) {
            CU_ASSERT_EQUAL(atomic_load(&asked[i].ends), 1);
            CU_ASSERT_TRUE(asked[i].status == -ECANCELED || is_right(&asked[i]));
            cancelled += asked[i].status == -ECANCELED;
        }
        CU_ASSERT_TRUE(cancelled > 0 || round % 3 > 0);
        client_case_close(&subject);
    }
}

struct caller {
    struct client_case *subject;
    uint32_t number, right;
};

static void *call_often(void *user)
{
    struct caller *caller = user;
    struct joint_report report;
    const uint32_t last = joint_cut_count(caller->subject->joint) - 1;
    for (uint32_t i = 0; i < 50; i++)
        caller->right += client_case_call(caller->subject, 1 + (i + caller->number) % CASE_MAX_ROWS,
                                          (i + caller->number) % last, last, 0, &report);
    return NULL;
}

static void test_callers(void)
{
    struct client_case subject;
    pthread_t threads[4];
    struct caller callers[4];
    const struct joint_config config = config_of(1);
    CU_ASSERT_TRUE_FATAL(client_case_open(&subject, NULL, &config));
    for (uint32_t i = 0; i < 4; i++) {
        callers[i] = (struct caller){.subject = &subject, .number = i};
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, call_often, &callers[i]), 0);
    }
    for (uint32_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        CU_ASSERT_EQUAL(callers[i].right, 50);
    }
    client_case_close(&subject);
}

const struct cunit_test tests[] = {
    {"many calls in flight each end once, with the right answer", test_many},
    {"so they do with a server that loses, rejects and dies", test_bad_server},
    {"calls without a callback are fetched, when the descriptor says so", test_fetch},
    {"closing ends each call once", test_close},
    {"several threads may call at once", test_callers},
    {NULL, NULL},
};
