/* Tests of scheduler/supervise/core_time.c, and of what child_watch does for want of a core. */
#include "scheduler/supervise/child.h"
#include "tests/unit/cunit_main.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)
#define PATIENCE_MS 20000 /* for what takes a few: only a failure waits so long */

static void being_starved_is_waiting_or_not_running(void)
{
    const struct core_time before = {.ran_ns = 5 * SECOND, .waited_ns = 7 * SECOND};
    struct core_time after = before;
    CU_ASSERT_FALSE(core_time_is_starved(&before, &after, SECOND)); /* it sleeps */
    after.wants_core = true;
    CU_ASSERT_TRUE(core_time_is_starved(&before, &after, SECOND));
    after.ran_ns += SECOND; /* it spins, on a core of its own */
    CU_ASSERT_FALSE(core_time_is_starved(&before, &after, SECOND));
    after.waited_ns += SECOND;
    CU_ASSERT_TRUE(core_time_is_starved(&before, &after, SECOND));
    after.wants_core = false;
    CU_ASSERT_TRUE(core_time_is_starved(&before, &after, SECOND));
}

static void the_time_of_a_process_is_told(void)
{
    const struct core_time before = core_time_of(getpid());
    uint64_t ran_ns = 0;
    for (volatile unsigned i = 0; ran_ns < 20 * MS && i < 2000000000; i++)
        if (i % 1000000 == 0)
            ran_ns = core_time_of(getpid()).ran_ns - before.ran_ns;
    CU_ASSERT_TRUE(ran_ns >= 20 * MS);
    CU_ASSERT_TRUE(core_time_of(getpid()).wants_core); /* to look */
    const struct core_time nobody = core_time_of(-1);
    CU_ASSERT_EQUAL(nobody.ran_ns + nobody.waited_ns, 0);
    CU_ASSERT_FALSE(nobody.wants_core);
}

/* The test's time passes while no real time does, as if it were not let run. */
static void one_that_wants_a_core_and_gets_none_is_spared_for_a_while(void)
{
    static const char *const spin[] = {"spin", NULL};
    const struct child_config config = {
        .name = "worker 2", .program = CHILD_PROGRAM, .arguments = spin, .socket_count = 1};
    struct child child;
    child_init(&child, &config);
    CU_ASSERT_EQUAL_FATAL(child_start(&child, 0), 0);
    char text[16];
    struct pollfd ready = {.fd = child.socket[0], .events = POLLIN};
    CU_ASSERT_EQUAL_FATAL(poll(&ready, 1, PATIENCE_MS), 1);
    CU_ASSERT_TRUE_FATAL(recv(child.socket[0], text, sizeof(text), 0) > 0);
    int looks = 0;
    while (!child_watch(&child, MS, 1000 * SECOND, (uint64_t)++looks * 100 * SECOND))
        CU_ASSERT_TRUE_FATAL(looks < 100);
    CU_ASSERT_EQUAL(child.spared_count, CHILD_MAX_SPARED);
    CU_ASSERT_EQUAL(looks, 11 + 5 * (int)CHILD_MAX_SPARED);
    child_fini(&child);
}

const struct cunit_test tests[] = {
    {"being starved is waiting for a core, or not running",
     being_starved_is_waiting_or_not_running},
    {"the time of a process is told", the_time_of_a_process_is_told},
    {"one that wants a core and gets none is spared for a while",
     one_that_wants_a_core_and_gets_none_is_spared_for_a_while},
    {NULL, NULL},
};
