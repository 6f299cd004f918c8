/* One role's process: its states, its sockets, and when it may be started again. */
#include "scheduler/supervise/child.h"
#include "scheduler/supervise/spawn.h"
#include "shm/fd_pass.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

static_assert(CHILD_MAX_SOCKETS <= SPAWN_MAX_FDS, "spawn");

#define NUMBERS_BYTES (4 * CHILD_MAX_SOCKETS) /* "66," for each */

void child_init(struct child *child, const struct child_config *config)
{
    *child = (struct child){.config = config, .pidfd = -1, .delay_ns = config->restart_delay_ns};
    for (unsigned i = 0; i < CHILD_MAX_SOCKETS; i++)
        child->socket[i] = -1;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_sockets(int *sockets)
{
    for (unsigned i = 0; i < CHILD_MAX_SOCKETS; i++)
        close_fd(&sockets[i]);
}

/* Ours do not block; the child's may, which is a matter of each end alone. */
static int make_sockets(int *ours, int *theirs, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        int pair[2];
        const int error = fd_pass_pair(pair);
        if (error)
            return error;
        ours[i] = pair[0];
        theirs[i] = pair[1];
        if (fcntl(ours[i], F_SETFL, O_NONBLOCK))
            return -errno;
    }
    return 0;
}

/* "3,4,5" */
static void print_numbers(char *text, size_t text_bytes, unsigned count)
{
    size_t length = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < count && length < text_bytes; i++)
        length += (size_t)snprintf(text + length, text_bytes - length, "%s%u", i ? "," : "",
                                   SPAWN_FIRST_FD + i);
}

static int spawn_it(struct child *child, const int *theirs)
{
    const struct child_config *config = child->config;
    char numbers[NUMBERS_BYTES];
    print_numbers(numbers, sizeof(numbers), config->socket_count);
    const char *arguments[CHILD_MAX_ARGUMENTS + 2] = {config->program};
    unsigned count = 1;
    for (const char *const *word = config->arguments; word && *word; word++) {
        if (count > CHILD_MAX_ARGUMENTS)
            return -E2BIG;
        arguments[count++] = strcmp(*word, "%s") == 0 ? numbers : *word;
    }
    char **environment = spawn_environment();
    if (!environment)
        return -ENOMEM;
    const struct spawn_order order = {
        .program = config->program,
        .arguments = (char *const *)arguments, /* execve writes nothing there */
        .environment = environment,
        .fds = theirs,
        .fd_count = config->socket_count,
        .is_confined = config->is_confined,
        .uid = config->uid,
        .gid = config->gid,
    };
    const int error = spawn(&order, &child->pid, &child->pidfd, &child->start_step);
    free(environment);
    return error;
}

/* The pause before the next start, and twice that before the one after. */
static void pause_from(struct child *child, uint64_t now_ns)
{
    const uint64_t max_ns = child->config->restart_delay_max_ns;
    const uint64_t delay_ns = child->delay_ns;
    child->restart_ns = now_ns + delay_ns;
    child->delay_ns = delay_ns < max_ns / 2 ? 2 * delay_ns : max_ns > delay_ns ? max_ns : delay_ns;
}

int child_start(struct child *child, uint64_t now_ns)
{
    assert(child->state == CHILD_IDLE);
    int theirs[CHILD_MAX_SOCKETS];
    for (unsigned i = 0; i < CHILD_MAX_SOCKETS; i++)
        theirs[i] = -1;
    child->start_step = "cannot have its sockets";
    int error = -EINVAL;
    if (child->config->socket_count <= CHILD_MAX_SOCKETS)
        error = make_sockets(child->socket, theirs, child->config->socket_count);
    if (!error) {
        child->start_step = "cannot have its arguments";
        error = spawn_it(child, theirs);
    }
    close_sockets(theirs);
    child->start_error = error;
    if (error) {
        close_sockets(child->socket);
        pause_from(child, now_ns);
        return error;
    }
    child->state = CHILD_RUNNING;
    child->started_ns = child->watched_ns = now_ns;
    child->beat_ns = child->silent_ns = 0;
    child->is_doubted = false;
    child->spared_count = 0;
    child->was_killed_for_hanging = false;
    child->start_count++;
    return 0;
}

static bool is_alive(const struct child *child)
{
    return child->state == CHILD_RUNNING || child->state == CHILD_STOPPING;
}

void child_stop(struct child *child)
{
    if (child->state != CHILD_RUNNING)
        return;
    pidfd_send_signal(child->pidfd, SIGTERM, NULL, 0);
    child->state = CHILD_STOPPING;
}

void child_kill(struct child *child)
{
    if (is_alive(child))
        pidfd_send_signal(child->pidfd, SIGKILL, NULL, 0);
}

static int status_of(const siginfo_t *info)
{
    if (info->si_code == CLD_EXITED)
        return W_EXITCODE(info->si_status, 0);
    return W_EXITCODE(0, info->si_status) | (info->si_code == CLD_DUMPED ? WCOREFLAG : 0);
}

bool child_poll(struct child *child, uint64_t now_ns)
{
    if (!is_alive(child))
        return false;
    siginfo_t info = {0};
    if (waitid(P_PIDFD, (id_t)child->pidfd, &info, WEXITED | WNOHANG) || info.si_pid == 0)
        return false;
    child->exit_status = status_of(&info);
    child->death_count++;
    if (child->state == CHILD_STOPPING || now_ns - child->started_ns >= child->config->stable_ns)
        child->delay_ns = child->config->restart_delay_ns;
    if (child->state == CHILD_STOPPING)
        child->restart_ns = now_ns;
    else
        pause_from(child, now_ns);
    child->state = CHILD_DEAD;
    close_fd(&child->pidfd);
    return true;
}

/* Silent for as long as it may be. On a machine that is too busy that is no hang: killing it then
 * would only cost what it has. */
static bool is_starved(struct child *child, uint64_t hang_ns)
{
    const struct core_time has = core_time_of(child->pid);
    if (child->spared_count == CHILD_MAX_SPARED ||
        !core_time_is_starved(&child->had, &has, hang_ns / 4))
        return false;
    child->spared_count++;
    child->silent_ns = hang_ns / 2;
    child->is_doubted = false;
    return true;
}

bool child_watch(struct child *child, uint64_t beat_ns, uint64_t hang_ns, uint64_t now_ns)
{
    if (!is_alive(child) || child->was_killed_for_hanging)
        return false;
    const uint64_t gap_ns = now_ns - child->watched_ns;
    child->watched_ns = now_ns;
    child->silent_ns += gap_ns < hang_ns / 2 ? gap_ns : hang_ns / 2;
    if (beat_ns != child->beat_ns) {
        child->beat_ns = beat_ns;
        child->silent_ns = 0;
        child->is_doubted = false;
        child->spared_count = 0;
    }
    if (!child->is_doubted && child->silent_ns >= hang_ns / 2) {
        child->is_doubted = true;
        child->had = core_time_of(child->pid);
    }
    if (child->silent_ns < hang_ns || is_starved(child, hang_ns))
        return false;
    child->was_killed_for_hanging = true;
    child_kill(child);
    return true;
}

void child_clear(struct child *child)
{
    assert(child->state == CHILD_DEAD);
    close_sockets(child->socket);
    child->state = CHILD_IDLE;
    child->pid = 0;
}

void child_fini(struct child *child)
{
    if (!child || !child->config)
        return;
    child_kill(child);
    siginfo_t info;
    while (is_alive(child) && waitid(P_PIDFD, (id_t)child->pidfd, &info, WEXITED) && errno == EINTR)
        ;
    close_fd(&child->pidfd);
    close_sockets(child->socket);
    *child = (struct child){0};
}

bool child_is_due(const struct child *child, uint64_t now_ns)
{
    return child->state == CHILD_IDLE && now_ns >= child->restart_ns;
}
