/* What a process had of the cores: whether a silent one hangs or is not let run. */
#ifndef SCHEDULER_SUPERVISE_CORE_TIME_H
#define SCHEDULER_SUPERVISE_CORE_TIME_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Of all its threads together, since each began. */
struct core_time {
    uint64_t ran_ns;
    uint64_t waited_ns; /* for a core; a wait counts when it is over */
    bool wants_core; /* a thread runs or waits for a core now */
};

/* All zero where the kernel does not tell. */
struct core_time core_time_of(pid_t pid);

/* Whether it went without a core for that long, or has one, or waits for one, without having run
 * for as long. */
bool core_time_is_starved(const struct core_time *before, const struct core_time *after,
                          uint64_t duration_ns);

#endif
