/* Starts a program as a process that inherits nothing by accident. */
#ifndef SCHEDULER_SUPERVISE_SPAWN_H
#define SCHEDULER_SUPERVISE_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

#define SPAWN_FIRST_FD 3
#define SPAWN_MAX_FDS 64u

struct spawn_order {
    const char *program; /* path */
    char *const *arguments; /* argv, the program's name included; NULL at the end */
    char *const *environment; /* as execve's; spawn_environment's, or any */
    const int *fds; /* become SPAWN_FIRST_FD and up */
    unsigned fd_count; /* up to SPAWN_MAX_FDS */
    bool is_confined; /* runs as uid and gid, with no other groups, and can gain nothing by exec */
    uid_t uid;
    gid_t gid;
};

/* The program runs, and *pid and *pidfd (owned by the caller) are its; or -errno, and *step says
 * what could not be done ("cannot be executed").
 *
 * Of this process it has the environment in the order, the working folder, umask, limits, CPUs, and
 * standard output and error. It has no other descriptors than its own, even if somebody here forgot
 * O_CLOEXEC; standard input is empty; signals are as in a new login, none blocked or ignored; it is
 * the first of a session of its own, so that a Ctrl-C meant for this process does not end it. It is
 * killed when the calling thread ends. SIGCHLD must not be ignored here, or its end is lost. */
int spawn(const struct spawn_order *order, pid_t *pid, int *pidfd, const char **step);

/* This process's environment less what systemd says to it alone, and with OPENBLAS_NUM_THREADS=1:
 * threads are the program's own business. NULL: no memory. To be freed by free(), strings are
 * borrowed. */
char **spawn_environment(void);

#endif
