/* Tests of scheduler/supervise/child.c with real processes; time is the test's own. */
#include "scheduler/supervise/child.h"
#include "shm/fd_pass.h"
#include "tests/unit/cunit_main.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)
#define PATIENCE_MS 20000 /* for what takes a few: only a failure waits so long */

static const char *const stay[] = {"stay", NULL};
static const char *const report[] = {"report", "%s", NULL};

static struct child_config config_of(const char *const *arguments)
{
    return (struct child_config){.name = "worker 2",
                                 .program = CHILD_PROGRAM,
                                 .arguments = arguments,
                                 .socket_count = 1,
                                 .restart_delay_ns = 10 * MS,
                                 .restart_delay_max_ns = 10 * SECOND,
                                 .stable_ns = 10 * SECOND};
}

static int open_count(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (dir && readdir(dir))
        count++;
    closedir(dir);
    return count;
}

/* Waits for its end; the child learns of it at now_ns. */
static void await_end(struct child *child, uint64_t now_ns)
{
    struct pollfd end = {.fd = child->pidfd, .events = POLLIN};
    CU_ASSERT_EQUAL_FATAL(poll(&end, 1, PATIENCE_MS), 1);
    CU_ASSERT_TRUE_FATAL(child_poll(child, now_ns));
    CU_ASSERT_EQUAL(child->state, CHILD_DEAD);
    CU_ASSERT_EQUAL(child->pidfd, -1);
    CU_ASSERT_FALSE(child_poll(child, now_ns));
}

static void receive_text(int socket, char *text, size_t bytes)
{
    struct pollfd ready = {.fd = socket, .events = POLLIN};
    CU_ASSERT_EQUAL_FATAL(poll(&ready, 1, PATIENCE_MS), 1);
    const ssize_t length = recv(socket, text, bytes - 1, 0);
    CU_ASSERT_TRUE_FATAL(length >= 0);
    text[length] = '\0';
}

/* Starts it, and returns what it reports of itself. */
static void start_report(struct child *child, char *text, size_t bytes)
{
    CU_ASSERT_EQUAL_FATAL(child_start(child, 0), 0);
    CU_ASSERT_EQUAL(child->state, CHILD_RUNNING);
    receive_text(child->socket[0], text, bytes);
}

static void inherits_nothing_by_accident(void)
{
    const int forgotten = open("/dev/null", O_RDONLY);
    const int far = fcntl(forgotten, F_DUPFD, 300);
    struct sigaction before;
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, &before);
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    setenv("NOTIFY_SOCKET", "/nowhere", 1);
    setenv("OPENBLAS_NUM_THREADS", "7", 1);
    const struct child_config config = config_of(report);
    struct child child;
    child_init(&child, &config);
    char text[4096];
    start_report(&child, text, sizeof(text));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "argument=3 blocked=0 ignored=0 death=9 session=1 input=1 "
                                        "threads=1 notify=0"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "open=0,1,2,3,"));
    CU_ASSERT_STRING_EQUAL(strstr(text, "open=") + strlen("open="), "0,1,2,3,");
    CU_ASSERT_TRUE(fcntl(child.pidfd, F_GETFD) & FD_CLOEXEC);
    CU_ASSERT_TRUE(fcntl(child.socket[0], F_GETFD) & FD_CLOEXEC);
    CU_ASSERT_TRUE(fcntl(child.socket[0], F_GETFL) & O_NONBLOCK);
    child_fini(&child);
    sigset_t now;
    sigprocmask(SIG_SETMASK, NULL, &now);
    CU_ASSERT_TRUE(sigismember(&now, SIGUSR1));
    CU_ASSERT_FALSE(sigismember(&now, SIGTERM));
    sigprocmask(SIG_UNBLOCK, &blocked, NULL);
    sigaction(SIGPIPE, &before, NULL);
    unsetenv("NOTIFY_SOCKET");
    unsetenv("OPENBLAS_NUM_THREADS");
    close(forgotten);
    close(far);
}

static void sockets_arrive_in_order(void)
{
    static const char *const count[] = {"count", "%s", NULL};
    struct child_config config = config_of(count);
    config.socket_count = CHILD_MAX_SOCKETS;
    struct child child;
    child_init(&child, &config);
    CU_ASSERT_EQUAL_FATAL(child_start(&child, 0), 0);
    for (unsigned i = 0; i < CHILD_MAX_SOCKETS; i++) {
        char text[32];
        char expected[32];
        snprintf(expected, sizeof(expected), "%u", 3 + i);
        receive_text(child.socket[i], text, sizeof(text));
        CU_ASSERT_STRING_EQUAL(text, expected);
    }
    close(child.socket[0]); /* as one who took it would */
    child.socket[0] = -1;
    await_end(&child, MS);
    CU_ASSERT_EQUAL(child.exit_status, 0);
    child_fini(&child);
}

static void one_socket_too_many_is_refused(void)
{
    struct child_config config = config_of(stay);
    config.socket_count = CHILD_MAX_SOCKETS + 1;
    struct child child;
    child_init(&child, &config);
    CU_ASSERT_EQUAL(child_start(&child, 0), -EINVAL);
    CU_ASSERT_EQUAL(child.state, CHILD_IDLE);
    child_fini(&child);
}

static void exit_codes_arrive_and_are_described(void)
{
    static const char *const exit3[] = {"exit", "3", NULL};
    const struct child_config config = config_of(exit3);
    struct child child;
    child_init(&child, &config);
    CU_ASSERT_EQUAL_FATAL(child_start(&child, 0), 0);
    await_end(&child, MS);
    CU_ASSERT_TRUE(WIFEXITED(child.exit_status));
    CU_ASSERT_EQUAL(WEXITSTATUS(child.exit_status), 3);
    char text[128];
    char expected[128];
    child_describe(&child, text, sizeof(text));
    snprintf(expected, sizeof(expected), "worker 2 (pid %d) ended with status 3", (int)child.pid);
    CU_ASSERT_STRING_EQUAL(text, expected);
    child_fini(&child);
}

static void a_signal_arrives_and_is_described(void)
{
    const struct child_config config = config_of(stay);
    struct child child;
    child_init(&child, &config);
    CU_ASSERT_EQUAL_FATAL(child_start(&child, 0), 0);
    CU_ASSERT_FALSE(child_poll(&child, MS));
    CU_ASSERT_EQUAL(kill(child.pid, SIGKILL), 0);
    await_end(&child, MS);
    CU_ASSERT_TRUE(WIFSIGNALED(child.exit_status));
    CU_ASSERT_EQUAL(WTERMSIG(child.exit_status), SIGKILL);
    CU_ASSERT_FALSE(child.was_killed_for_hanging);
    char text[128];
    char expected[128];
    child_describe(&child, text, sizeof(text));
    snprintf(expected, sizeof(expected), "worker 2 (pid %d) was killed by signal 9 (Killed)",
             (int)child.pid);
    CU_ASSERT_STRING_EQUAL(text, expected);
    child_fini(&child);
}

static void stop_ends_it_without_a_pause(void)
{
    const struct child_config config = config_of(stay);
    struct child child;
    child_init(&child, &config);
    CU_ASSERT_EQUAL_FATAL(child_start(&child, 0), 0);
    child_stop(&child);
    CU_ASSERT_EQUAL(child.state, CHILD_STOPPING);
    await_end(&child, 5 * MS);
    CU_ASSERT_EQUAL(WTERMSIG(child.exit_status), SIGTERM);
    child_clear(&child);
    CU_ASSERT_TRUE(child_is_due(&child, 5 * MS));
    child_fini(&child);
}

static void pauses_double_up_to_the_longest(void)
{
    const struct child_config config = config_of(stay);
    struct child child;
    child_init(&child, &config);
    const uint64_t pauses_ms[] = {10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 10000, 10000};
    uint64_t now_ns = SECOND;
    for (size_t i = 0; i < sizeof(pauses_ms) / sizeof(pauses_ms[0]); i++) {
        CU_ASSERT_EQUAL_FATAL(child_start(&child, now_ns), 0);
        child_kill(&child);
        now_ns += 3 * MS;
        await_end(&child, now_ns);
        CU_ASSERT_FALSE(child_is_due(&child, now_ns + pauses_ms[i] * MS));
        child_clear(&child);
        CU_ASSERT_FALSE(child_is_due(&child, now_ns + pauses_ms[i] * MS - 1));
        CU_ASSERT_TRUE(child_is_due(&child, now_ns + pauses_ms[i] * MS));
        now_ns += pauses_ms[i] * MS;
    }
    CU_ASSERT_EQUAL(child.start_count, 12);
    CU_ASSERT_EQUAL(child.death_count, 12);
    child_fini(&child);
}

static void a_stable_run_makes_the_next_pause_the_first_again(void)
{
    const struct child_config config = config_of(stay);
    struct child child;
    child_init(&child, &config);
    const uint64_t runs_ns[] = {MS, MS, 10 * SECOND - 1, 10 * SECOND, MS};
    const uint64_t pauses_ns[] = {10 * MS, 20 * MS, 40 * MS, 10 * MS, 20 * MS};
    uint64_t now_ns = 0;
    for (size_t i = 0; i < sizeof(runs_ns) / sizeof(runs_ns[0]); i++) {
        CU_ASSERT_EQUAL_FATAL(child_start(&child, now_ns), 0);
        child_kill(&child);
        now_ns += runs_ns[i];
        await_end(&child, now_ns);
        CU_ASSERT_EQUAL(child.restart_ns, now_ns + pauses_ns[i]);
        now_ns = child.restart_ns;
        child_clear(&child);
    }
    child_fini(&child);
}

/* Until it waits, as a process that hangs does; in the test's own time it would not come to that.
 */
static void await_rest(const struct child *child)
{
    for (int ms = 0; core_time_of(child->pid).wants_core; ms++) {
        CU_ASSERT_TRUE_FATAL(ms < PATIENCE_MS);
        poll(NULL, 0, 1);
    }
}

static void start_staying(struct child *child, uint64_t now_ns)
{
    char text[16];
    CU_ASSERT_EQUAL_FATAL(child_start(child, now_ns), 0);
    receive_text(child->socket[0], text, sizeof(text));
    await_rest(child);
}

static void a_process_that_stands_still_is_killed_in_time(void)
{
    const struct child_config config = config_of(stay);
    struct child child;
    child_init(&child, &config);
    uint64_t now_ns = 7 * SECOND;
    start_staying(&child, now_ns);
    uint64_t beat_ns = 0;
    for (int i = 0; i < 100; i++) {
        now_ns += 100 * MS;
        beat_ns = now_ns - MS;
        CU_ASSERT_FALSE(child_watch(&child, beat_ns, SECOND, now_ns));
    }
    CU_ASSERT_EQUAL(kill(child.pid, SIGSTOP), 0);
    await_rest(&child);
    for (int i = 1; i < 10; i++)
        CU_ASSERT_FALSE(child_watch(&child, beat_ns, SECOND, now_ns + i * 100 * MS));
    now_ns += SECOND;
    CU_ASSERT_TRUE(child_watch(&child, beat_ns, SECOND, now_ns));
    CU_ASSERT_FALSE(child_watch(&child, beat_ns, SECOND, now_ns + SECOND));
    await_end(&child, now_ns + MS);
    CU_ASSERT_TRUE(child.was_killed_for_hanging);
    char text[128];
    child_describe(&child, text, sizeof(text));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "gave no sign of life and was killed"));
    child_clear(&child);
    CU_ASSERT_EQUAL_FATAL(child_start(&child, now_ns + SECOND), 0);
    CU_ASSERT_FALSE(child.was_killed_for_hanging);
    CU_ASSERT_FALSE(child_watch(&child, 0, SECOND, now_ns + SECOND + 900 * MS));
    child_fini(&child);
}

static void one_that_never_beat_is_killed_too(void)
{
    const struct child_config config = config_of(stay);
    struct child child;
    child_init(&child, &config);
    start_staying(&child, SECOND);
    for (int i = 1; i < 10; i++)
        CU_ASSERT_FALSE(child_watch(&child, 0, SECOND, SECOND + i * 100 * MS));
    CU_ASSERT_TRUE(child_watch(&child, 0, SECOND, 2 * SECOND));
    child_fini(&child);
}

static void a_beat_from_the_future_does_not_save_it(void)
{
    const struct child_config config = config_of(stay);
    struct child child;
    child_init(&child, &config);
    start_staying(&child, 0);
    CU_ASSERT_FALSE(child_watch(&child, UINT64_MAX, SECOND, MS));
    int looks = 0;
    while (!child_watch(&child, UINT64_MAX, SECOND, MS + (uint64_t)++looks * 100 * MS))
        CU_ASSERT_TRUE_FATAL(looks < 10);
    CU_ASSERT_EQUAL(looks, 10);
    child_fini(&child);
}

/* As after the suspension of a whole virtual machine. */
static void a_pause_of_our_own_is_no_hang_of_its(void)
{
    const struct child_config config = config_of(stay);
    struct child child;
    child_init(&child, &config);
    CU_ASSERT_EQUAL_FATAL(child_start(&child, 0), 0);
    CU_ASSERT_FALSE(child_watch(&child, MS, SECOND, MS));
    CU_ASSERT_FALSE(child_watch(&child, MS, SECOND, 3600 * SECOND));
    CU_ASSERT_FALSE(child_watch(&child, 3600 * SECOND, SECOND, 3600 * SECOND + 100 * MS));
    CU_ASSERT_FALSE(child.was_killed_for_hanging);
    child_fini(&child);
}

static void a_missing_program_is_one_clear_line(void)
{
    struct child_config config = config_of(stay);
    config.program = "/usr/libexec/no-such-worker";
    struct child child;
    child_init(&child, &config);
    const int before = open_count();
    uint64_t now_ns = SECOND;
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_TRUE(child_is_due(&child, now_ns));
        CU_ASSERT_EQUAL(child_start(&child, now_ns), -ENOENT);
        CU_ASSERT_EQUAL(child.state, CHILD_IDLE);
        CU_ASSERT_EQUAL(child.restart_ns, now_ns + (UINT64_C(10) << i) * MS);
        now_ns = child.restart_ns;
    }
    CU_ASSERT_EQUAL(open_count(), before);
    CU_ASSERT_EQUAL(child.start_count, 0);
    char text[256];
    child_describe(&child, text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text,
                           "worker 2: /usr/libexec/no-such-worker cannot be executed: No such "
                           "file or directory");
    CU_ASSERT_EQUAL(waitpid(-1, NULL, WNOHANG), -1); /* no zombie either */
    child_fini(&child);
}

static void a_thousand_starts_leak_nothing(void)
{
    static const char *const exit0[] = {"exit", "0", NULL};
    struct child_config config = config_of(exit0);
    config.socket_count = 3;
    struct child child;
    child_init(&child, &config);
    const int before = open_count();
    for (uint64_t i = 0; i < 1000; i++) {
        CU_ASSERT_EQUAL_FATAL(child_start(&child, i * SECOND), 0);
        await_end(&child, i * SECOND);
        child_clear(&child);
    }
    CU_ASSERT_EQUAL(open_count(), before);
    CU_ASSERT_EQUAL(child.death_count, 1000);
    child_fini(&child);
    CU_ASSERT_EQUAL(waitpid(-1, NULL, WNOHANG), -1);
}

static void fini_kills_what_runs_and_takes_anything(void)
{
    const struct child_config config = config_of(stay);
    struct child child;
    child_init(&child, &config);
    const int before = open_count();
    CU_ASSERT_EQUAL_FATAL(child_start(&child, 0), 0);
    const pid_t pid = child.pid;
    child_fini(&child);
    CU_ASSERT_EQUAL(kill(pid, 0), -1);
    CU_ASSERT_EQUAL(errno, ESRCH);
    CU_ASSERT_EQUAL(open_count(), before);
    child_fini(&child);
    child_fini(NULL);
    struct child zeroed = {0};
    child_fini(&zeroed);
    CU_ASSERT_EQUAL(open_count(), before);
}

/* A jointd of its own, which dies the moment its child runs. The test adopts the orphan. */
static void it_ends_when_its_parent_is_killed(void)
{
    int sockets[2];
    CU_ASSERT_EQUAL_FATAL(fd_pass_pair(sockets), 0);
    CU_ASSERT_EQUAL_FATAL(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
    const pid_t parent = fork();
    if (parent == 0) {
        const struct child_config config = config_of(stay);
        struct child child;
        child_init(&child, &config);
        if (child_start(&child, 0) == 0)
            (void)!write(sockets[1], &child.pid, sizeof(child.pid));
        raise(SIGKILL);
    }
    close(sockets[1]);
    pid_t orphan = 0;
    CU_ASSERT_EQUAL_FATAL(read(sockets[0], &orphan, sizeof(orphan)), sizeof(orphan));
    close(sockets[0]);
    int status = 0;
    CU_ASSERT_EQUAL(waitpid(parent, &status, 0), parent);
    CU_ASSERT_EQUAL(waitpid(orphan, &status, 0), orphan);
    CU_ASSERT_TRUE(WIFSIGNALED(status));
    CU_ASSERT_EQUAL(WTERMSIG(status), SIGKILL);
    prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
}

static void a_confined_one_is_another_user_without_groups(void)
{
    struct child_config config = config_of(report);
    config.is_confined = true;
    config.uid = 65534;
    config.gid = 65533;
    struct child child;
    child_init(&child, &config);
    if (geteuid() != 0) {
        CU_ASSERT_EQUAL(child_start(&child, 0), -EPERM);
        char line[256];
        child_describe(&child, line, sizeof(line));
        CU_ASSERT_PTR_NOT_NULL(strstr(line, "cannot be confined to its user and group"));
        child_fini(&child);
        return;
    }
    char text[4096];
    start_report(&child, text, sizeof(text));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "uid=65534 gid=65533 groups=0 bound=1"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "death=9"));
    CU_ASSERT_EQUAL(geteuid(), 0);
    child_fini(&child);
}

const struct cunit_test tests[] = {
    {"a child inherits nothing by accident", inherits_nothing_by_accident},
    {"64 sockets arrive, in order, from descriptor 3", sockets_arrive_in_order},
    {"one socket too many is refused", one_socket_too_many_is_refused},
    {"an exit code arrives and is described", exit_codes_arrive_and_are_described},
    {"a kill -9 arrives and is described", a_signal_arrives_and_is_described},
    {"stop ends it, and no pause follows", stop_ends_it_without_a_pause},
    {"pauses double up to the longest", pauses_double_up_to_the_longest},
    {"after a stable run the pause is the first again",
     a_stable_run_makes_the_next_pause_the_first_again},
    {"a stopped process is killed when its time is over, once",
     a_process_that_stands_still_is_killed_in_time},
    {"one that never beat is killed too", one_that_never_beat_is_killed_too},
    {"a beat from the future does not save it", a_beat_from_the_future_does_not_save_it},
    {"a pause of our own is no hang of its", a_pause_of_our_own_is_no_hang_of_its},
    {"a missing program is one clear line", a_missing_program_is_one_clear_line},
    {"a thousand starts leak nothing", a_thousand_starts_leak_nothing},
    {"fini kills what runs, and takes anything", fini_kills_what_runs_and_takes_anything},
    {"it ends when its parent is killed", it_ends_when_its_parent_is_killed},
    {"a confined one is another user without groups",
     a_confined_one_is_another_user_without_groups},
    {NULL, NULL},
};
