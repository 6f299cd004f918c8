/* The processes of a service at one moment: what jointd says of them, and what the kernel does. */
#ifndef SCHEDULER_TOP_ROLES_H
#define SCHEDULER_TOP_ROLES_H

#include <stdbool.h>
#include <stdint.h>

#define ROLES_MAX 128u
#define ROLES_TEXT_BYTES 48u

struct role {
    char name[ROLES_TEXT_BYTES]; /* "worker 0" */
    char state[ROLES_TEXT_BYTES]; /* "running" */
    int pid; /* 0: no process */
    uint64_t starts;
    bool is_measured; /* what follows is known */
    uint64_t cpu_ns; /* that its threads have used */
    int core; /* where its main thread ran last */
    char cores[ROLES_TEXT_BYTES]; /* where it may: "2-5,8" */
    uint64_t memory_bytes; /* its own, without what it shares */
};

struct roles {
    uint64_t at_ns; /* monotonic */
    uint32_t count;
    struct role items[ROLES_MAX];
};

/* Asks the kernel about each; their names and pids stand there already. */
void roles_measure(struct roles *roles, uint64_t now_ns);

/* Cores that it kept busy since; below 0: not known. */
double roles_busy(const struct roles *before, const struct roles *now, uint32_t index);

#endif
