/* Tests of scheduler/api/cores.c against what the kernel says of this thread. */
#include "scheduler/api/cores.h"
#include "tests/unit/cunit_main.h"

#include <sched.h>
#include <string.h>

static void see(cpu_set_t *set)
{
    CU_ASSERT_EQUAL_FATAL(sched_getaffinity(0, sizeof(*set), set), 0);
}

/* Of those that it may run on. */
static uint32_t last_core(const cpu_set_t *cores)
{
    uint32_t last = 0;
    for (uint32_t core = 0; core < API_CORES; core++)
        last = CPU_ISSET(core, cores) ? core : last;
    return last;
}

static void cores_of_workers_are_left(void)
{
    uint64_t taken[API_CORE_WORDS] = {0};
    cpu_set_t before, expected, after;
    see(&before);
    expected = before;
    const uint32_t last = last_core(&before);
    taken[last / 64] = (uint64_t)1 << last % 64;
    if (CPU_COUNT(&before) > 1)
        CPU_CLR(last, &expected);
    CU_ASSERT_EQUAL(cores_keep_off(taken), 0);
    see(&after);
    CU_ASSERT_TRUE(CPU_EQUAL(&after, &expected));
    CU_ASSERT_EQUAL(sched_setaffinity(0, sizeof(before), &before), 0);
}

static void where_all_are_workers_it_stays_on_all(void)
{
    uint64_t taken[API_CORE_WORDS];
    cpu_set_t before, after;
    see(&before);
    memset(taken, 0xff, sizeof(taken));
    CU_ASSERT_EQUAL(cores_keep_off(taken), 0);
    see(&after);
    CU_ASSERT_TRUE(CPU_EQUAL(&after, &before));
}

static void where_none_are_told_nothing_changes(void)
{
    const uint64_t taken[API_CORE_WORDS] = {0};
    cpu_set_t before, after;
    see(&before);
    CU_ASSERT_EQUAL(cores_keep_off(taken), 0);
    see(&after);
    CU_ASSERT_TRUE(CPU_EQUAL(&after, &before));
}

const struct cunit_test tests[] = {
    {"cores of workers are left", cores_of_workers_are_left},
    {"where all are workers' it stays on all", where_all_are_workers_it_stays_on_all},
    {"where none are told nothing changes", where_none_are_told_nothing_changes},
    {NULL, NULL},
};
