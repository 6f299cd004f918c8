/* Tests of scheduler/top/roles.c with this process. */
#include "scheduler/top/roles.h"
#include "tests/unit/cunit_main.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)

static void compute(uint64_t cpu_ns)
{
    struct timespec used;
    do
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    while ((uint64_t)used.tv_sec * SECOND + (uint64_t)used.tv_nsec < cpu_ns);
}

/* The kernel counts ticks of 10 ms. */
static void a_process_is_measured_as_it_computes(void)
{
    struct roles before = {.count = 1, .items = {{.name = "me", .pid = getpid()}}};
    struct roles now = before;
    roles_measure(&before, SECOND);
    CU_ASSERT_TRUE_FATAL(before.items[0].is_measured);
    CU_ASSERT(before.items[0].core >= 0 && before.items[0].core < sysconf(_SC_NPROCESSORS_CONF));
    CU_ASSERT(strlen(before.items[0].cores) > 0);
    CU_ASSERT(before.items[0].memory_bytes > 4096);
    compute(before.items[0].cpu_ns + SECOND / 5);
    roles_measure(&now, 2 * SECOND);
    const double busy = roles_busy(&before, &now, 0);
    CU_ASSERT(busy > 0.17 && busy < 0.5);
}

static void one_that_is_gone_or_another_is_not(void)
{
    struct roles before = {.count = 1, .items = {{.name = "me", .pid = getpid()}}};
    struct roles now = {.count = 3,
                        .items = {{.name = "none"},
                                  {.name = "gone", .pid = 0x3fffffff},
                                  {.name = "init", .pid = 1}}};
    roles_measure(&before, SECOND);
    roles_measure(&now, 2 * SECOND);
    CU_ASSERT_FALSE(now.items[0].is_measured);
    CU_ASSERT_FALSE(now.items[1].is_measured);
    for (uint32_t i = 0; i < 3; i++)
        CU_ASSERT(roles_busy(&before, &now, i) < 0);
}

const struct cunit_test tests[] = {
    {"a process is measured as it computes", a_process_is_measured_as_it_computes},
    {"one that is gone, or another, is not", one_that_is_gone_or_another_is_not},
    {NULL, NULL},
};
