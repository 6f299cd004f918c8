/* By three wishes: timers without slack; real time, in turns with others of that kind; or else the
 * shortest slice, since whoever asks for little is served soon (Linux 6.12 and later). */
#include "scheduler/loadtest/prompt.h"

#include "scheduler/loadtest/clock.h"

#include <linux/sched.h>
#include <linux/sched/types.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SLICE_NS 100000 /* the least that the kernel takes */
#define LOOK_NS 100000000
#define MOST_SHARE 0.5

static bool ask_for_real_time(void)
{
    const struct sched_attr attributes = {
        .size = sizeof(attributes), .sched_policy = SCHED_RR, .sched_priority = 1};
    return syscall(SYS_sched_setattr, 0, &attributes, 0) == 0;
}

static void ask_for_short_slices(void)
{
    const struct sched_attr attributes = {
        .size = sizeof(attributes), .sched_policy = SCHED_NORMAL, .sched_runtime = SLICE_NS};
    syscall(SYS_sched_setattr, 0, &attributes, 0);
}

void loadtest_prompt_init(struct loadtest_prompt *prompt, uint64_t now_ns)
{
    *prompt = (struct loadtest_prompt){.looked_ns = now_ns, .cpu_ns = loadtest_clock_cpu_ns()};
    /* The kernel otherwise wakes sleepers up to 50 us late, to save wake-ups. */
    prctl(PR_SET_TIMERSLACK, 1ul, 0, 0, 0);
    prompt->is_real_time = ask_for_real_time();
    if (!prompt->is_real_time)
        ask_for_short_slices();
}

void loadtest_prompt_look(struct loadtest_prompt *prompt, uint64_t now_ns)
{
    if (!prompt->is_real_time || now_ns < prompt->looked_ns + LOOK_NS)
        return;
    const uint64_t cpu_ns = loadtest_clock_cpu_ns();
    const double share = (double)(cpu_ns - prompt->cpu_ns) / (double)(now_ns - prompt->looked_ns);
    prompt->looked_ns = now_ns;
    prompt->cpu_ns = cpu_ns;
    if (share <= MOST_SHARE)
        return;
    prompt->is_real_time = false;
    ask_for_short_slices();
}
