/* Terminal, keys and signals of commands that redraw. */
#include "scheduler/cli/live_screen.h"
#include "scheduler/cli/stopwatch.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Keys at once and unseen; Ctrl-C and Ctrl-Z stay signals. */
static int take_terminal(struct live_screen *live)
{
    if (tcgetattr(STDIN_FILENO, &live->before))
        return -errno;
    struct termios raw = live->before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    return tcsetattr(STDIN_FILENO, TCSANOW, &raw) ? -errno : 0;
}

/* Libraries have threads that block no signals: what comes to one of them is handed on to the main
 * thread, where it waits in the descriptor. */
static void hand_on(int number)
{
    if (gettid() != getpid())
        tgkill(getpid(), getpid(), number);
}

static void set_handlers(void (*handler)(int))
{
    const struct sigaction action = {.sa_handler = handler};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

int live_screen_init(struct live_screen *live, bool is_wanted)
{
    *live = (struct live_screen){.signal_fd = -1};
    if (!is_wanted || !isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO))
        return 0;
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &ends, &live->mask))
        return -errno;
    live->signal_fd = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
    const int error = live->signal_fd < 0 ? -errno : take_terminal(live);
    if (error) {
        if (live->signal_fd >= 0)
            close(live->signal_fd);
        sigprocmask(SIG_SETMASK, &live->mask, NULL);
        return error;
    }
    set_handlers(hand_on);
    live->is_live = true;
    fputs("\033[?25l\033[2J", stdout); /* no cursor, an empty screen */
    return 0;
}

void live_screen_fini(struct live_screen *live)
{
    if (!live || !live->is_live)
        return;
    fputs("\033[?25h", stdout);
    fflush(stdout);
    tcsetattr(STDIN_FILENO, TCSANOW, &live->before);
    close(live->signal_fd);
    set_handlers(SIG_DFL);
    sigprocmask(SIG_SETMASK, &live->mask, NULL);
    *live = (struct live_screen){.signal_fd = -1};
}

static struct winsize size_of_terminal(void)
{
    struct winsize size = {0};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || size.ws_col == 0 || size.ws_row == 0)
        size = (struct winsize){.ws_row = 24, .ws_col = 80};
    return size;
}

uint32_t live_screen_columns(const struct live_screen *live)
{
    return live->is_live ? size_of_terminal().ws_col : 80;
}

/* How many bytes of a line fill so many columns: what goes on a UTF-8 sign takes none. */
static int bytes_of(const char *line, size_t length, uint32_t columns)
{
    size_t used = 0;
    for (uint32_t at = 0; used < length; used++)
        if (((unsigned char)line[used] & 0xc0) != 0x80 && at++ == columns)
            break;
    return (int)used;
}

void live_screen_draw(const struct live_screen *live, const char *text)
{
    if (!live->is_live) {
        fputs(text, stdout);
        fflush(stdout);
        return;
    }
    const struct winsize size = size_of_terminal();
    uint32_t row = 0, left_out = 0;
    fputs("\033[H", stdout);
    while (*text) {
        const size_t length = strcspn(text, "\n");
        if (++row < size.ws_row)
            printf("%.*s\033[K\n", bytes_of(text, length, size.ws_col), text);
        else
            left_out++;
        text += length + (text[length] == '\n');
    }
    fputs("\033[J", stdout);
    if (left_out)
        printf("%u more lines", (unsigned)left_out);
    fflush(stdout);
}

static bool wants_end(const struct pollfd *fds)
{
    char key;
    struct signalfd_siginfo signal; /* taken, so that it does not kill us once they are let in */
    if (fds[0].revents)
        return read(fds[0].fd, &signal, sizeof(signal)) > 0;
    if (!fds[1].revents)
        return false;
    while (read(STDIN_FILENO, &key, 1) == 1)
        if (key == 'q' || key == 'Q')
            return true;
    return (fds[1].revents & (POLLHUP | POLLERR)) != 0;
}

enum live_event live_screen_wait(const struct live_screen *live, double seconds, int fd)
{
    const uint64_t end_ns = stopwatch_now_ns() + (uint64_t)(seconds * 1e9);
    struct pollfd fds[3] = {{.fd = live->is_live ? live->signal_fd : -1, .events = POLLIN},
                            {.fd = live->is_live ? STDIN_FILENO : -1, .events = POLLIN},
                            {.fd = fd, .events = POLLIN}};
    for (uint64_t now_ns = stopwatch_now_ns(); now_ns < end_ns; now_ns = stopwatch_now_ns()) {
        const uint64_t left_ms = (end_ns - now_ns + 999999) / 1000000;
        const int count = poll(fds, 3, left_ms < 1000000 ? (int)left_ms : 1000000);
        if (count <= 0)
            continue;
        if (live->is_live && wants_end(fds))
            return LIVE_END;
        if (fds[2].revents)
            return LIVE_READY;
    }
    return LIVE_TIME;
}
