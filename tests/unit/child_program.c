/* What the test of scheduler/supervise starts: `child_program MODE [FDS]`. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* The descriptors that are open, as "0,1,2,3". */
static void append_fds(char *text, size_t bytes)
{
    size_t length = strlen(text);
    for (int fd = 0; fd < 1024; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            length += (size_t)snprintf(text + length, bytes - length, "%d,", fd);
}

static int count_blocked(void)
{
    sigset_t blocked;
    sigprocmask(SIG_SETMASK, NULL, &blocked);
    int count = 0;
    for (int number = 1; number < NSIG; number++)
        count += sigismember(&blocked, number) == 1;
    return count;
}

static int count_ignored(void)
{
    int count = 0;
    struct sigaction action;
    for (int number = 1; number < NSIG; number++)
        count += sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
    return count;
}

static int is_input_empty(void)
{
    char byte;
    return read(STDIN_FILENO, &byte, 1) == 0;
}

/* What it was given, in one line over its first socket; then it waits for the other's end. */
static int report(const char *fds)
{
    char text[4096];
    int signal_at_end = 0;
    prctl(PR_GET_PDEATHSIG, &signal_at_end);
    const char *threads = getenv("OPENBLAS_NUM_THREADS");
    snprintf(text, sizeof(text),
             "argument=%s blocked=%d ignored=%d death=%d session=%d input=%d threads=%s notify=%d "
             "uid=%d gid=%d groups=%d bound=%d open=",
             fds, count_blocked(), count_ignored(), signal_at_end, getsid(0) == getpid(),
             is_input_empty(), threads ? threads : "", getenv("NOTIFY_SOCKET") != NULL,
             (int)getuid(), (int)getgid(), getgroups(0, NULL),
             prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    append_fds(text, sizeof(text));
    const int socket = (int)strtol(fds, NULL, 10);
    send(socket, text, strlen(text) + 1, 0);
    return recv(socket, text, sizeof(text), 0) < 0;
}

/* Says over each socket which number it has. */
static int count_off(const char *fds)
{
    char *rest;
    for (; *fds; fds = *rest ? rest + 1 : rest) {
        const long socket = strtol(fds, &rest, 10);
        char text[32];
        snprintf(text, sizeof(text), "%ld", socket);
        send((int)socket, text, strlen(text) + 1, 0);
    }
    char byte;
    return recv(3, &byte, 1, 0) < 0;
}

static void stay(void)
{
    send(3, "stays", sizeof("stays"), MSG_NOSIGNAL);
    for (;;)
        pause();
}

/* Wants a core without end. */
static void spin(void)
{
    send(3, "spins", sizeof("spins"), MSG_NOSIGNAL);
    for (volatile unsigned i = 0;; i++)
        ;
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    if (strcmp(mode, "report") == 0 && argc > 2)
        return report(argv[2]);
    if (strcmp(mode, "count") == 0 && argc > 2)
        return count_off(argv[2]);
    if (strcmp(mode, "exit") == 0 && argc > 2)
        return (int)strtol(argv[2], NULL, 10);
    if (strcmp(mode, "spin") == 0)
        spin();
    if (strcmp(mode, "abort") == 0)
        abort();
    if (strcmp(mode, "stay") == 0)
        stay();
    return 2;
}
