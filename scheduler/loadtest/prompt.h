/* Asks the kernel to run a thread as soon as it is woken. */
#ifndef SCHEDULER_LOADTEST_PROMPT_H
#define SCHEDULER_LOADTEST_PROMPT_H

#include <stdbool.h>
#include <stdint.h>

/* A thread that sleeps most of the time but must keep to a schedule, also where the server computes
 * on the same cores. It is real time where that is granted (root), as long as it leaves the core to
 * others for half of the time. */
struct loadtest_prompt {
    bool is_real_time; /* now */
    uint64_t looked_ns, cpu_ns; /* when its share was last looked at, and what it had used */
};

/* For the calling thread. What is not granted stays as it was. */
void loadtest_prompt_init(struct loadtest_prompt *prompt, uint64_t now_ns);

/* Now and then, from the same thread: one that uses more than half of its core goes back to where
 * all threads are, so that an overloaded generator does not starve the server. */
void loadtest_prompt_look(struct loadtest_prompt *prompt, uint64_t now_ns);

#endif
