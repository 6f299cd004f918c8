/* Starts a program: vfork, and between it and execve only what is safe in borrowed memory.
 *
 * vfork and not fork: this process has tables that it writes at every request, and after a fork
 * each page of them would cost a fault; and the memory that parent and child share until execve is
 * how a failure is told. Not posix_spawn: it can neither drop a user nor ask for a signal at our
 * death. glibc's own setuid tells all threads of the process by signals, and here these threads
 * would be the parent's; so the user is changed by plain system calls. */
#include "scheduler/supervise/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Written by the child in the parent's memory. */
struct failure {
    volatile int error; /* 0: it was executed */
    const char *volatile step;
};

static void fail(struct failure *failure, const char *step)
{
    failure->step = step;
    failure->error = errno;
    _exit(127);
}

/* What is ignored or caught here is as new there: handlers would run in the parent's memory. */
static void reset_signals(void)
{
    const struct sigaction plain = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++)
        sigaction(number, &plain,
                  NULL); /* fails for those that cannot be changed: they are right */
}

/* In two steps, since a source may lie where another is to go. */
static int place_fds(const int *fds, unsigned count)
{
    const int end = SPAWN_FIRST_FD + (int)count;
    int apart[SPAWN_MAX_FDS];
    for (unsigned i = 0; i < count; i++)
        if ((apart[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, end)) < 0)
            return -1;
    for (unsigned i = 0; i < count; i++)
        if (dup2(apart[i], SPAWN_FIRST_FD + (int)i) < 0)
            return -1;
    /* The second belt: what others forgot. A kernel before 5.11 has only the first. */
    close_range((unsigned)end, ~0u, CLOSE_RANGE_CLOEXEC);
    const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return nothing < 0 || (nothing != 0 && dup2(nothing, 0) < 0) ? -1 : 0;
}

static int confine(uid_t uid, gid_t gid)
{
    if (syscall(SYS_setgroups, 0, NULL) || syscall(SYS_setresgid, gid, gid, gid) ||
        syscall(SYS_setresuid, uid, uid, uid))
        return -1;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static _Noreturn __attribute__((noinline)) void run_child(const struct spawn_order *order,
                                                          pid_t parent, struct failure *failure)
{
    reset_signals();
    setsid();
    if (place_fds(order->fds, order->fd_count))
        fail(failure, "cannot be given its sockets");
    if (order->is_confined && confine(order->uid, order->gid))
        fail(failure, "cannot be confined to its user and group");
    /* After the change of user, which would clear it. The parent may have ended just before. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
        fail(failure, "cannot be told of its parent's end");
    if (getppid() != parent)
        _exit(127);
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    execve(order->program, order->arguments, order->environment);
    fail(failure, "cannot be executed");
    _exit(127);
}

/* Its only job is that no variable of the caller lives across vfork. */
static __attribute__((noinline)) pid_t start_child(const struct spawn_order *order, pid_t parent,
                                                   struct failure *failure)
{
    const pid_t pid = vfork();
    if (pid == 0)
        run_child(order, parent, failure);
    return pid;
}

static void reap(pid_t pid)
{
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

int spawn(const struct spawn_order *order, pid_t *pid, int *pidfd, const char **step)
{
    *step = "cannot have so many sockets";
    if (order->fd_count > SPAWN_MAX_FDS)
        return -EINVAL;
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    struct failure failure = {0};
    const pid_t child = start_child(order, getpid(), &failure);
    const int vfork_error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    *step = "cannot become a process";
    if (child < 0)
        return -vfork_error;
    if (failure.error) {
        reap(child);
        *step = failure.step;
        return -failure.error;
    }
    *pidfd = pidfd_open(child, 0);
    if (*pidfd < 0) {
        const int error = -errno;
        kill(child, SIGKILL);
        reap(child);
        *step = "cannot be watched";
        return error;
    }
    *pid = child;
    return 0;
}

/* NOTIFY_SOCKET and its kin are for the process that systemd started, not for its children. */
static bool is_inherited(const char *variable)
{
    static const char *const ours[] = {"NOTIFY_SOCKET=",  "WATCHDOG_",
                                       "LISTEN_PID=",     "LISTEN_FDS=",
                                       "LISTEN_FDNAMES=", "OPENBLAS_NUM_THREADS="};
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        if (strncmp(variable, ours[i], strlen(ours[i])) == 0)
            return false;
    return true;
}

char **spawn_environment(void)
{
    static char one_thread[] = "OPENBLAS_NUM_THREADS=1";
    size_t count = 0;
    while (environ && environ[count])
        count++;
    char **environment = calloc(count + 2, sizeof(*environment));
    if (!environment)
        return NULL;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (is_inherited(environ[i]))
            environment[kept++] = environ[i];
    environment[kept] = one_thread;
    return environment;
}
