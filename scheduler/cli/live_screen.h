/* A screen that is drawn again and again on a terminal, until q or Ctrl-C:
 *
 *   live_screen_init(&live, is_wanted);              // is_live: stdout and stdin are a terminal
 *   do { print into a stream; live_screen_draw(&live, text); }
 *   while (live_screen_wait(&live, seconds, -1) != LIVE_END);
 *   live_screen_fini(&live);
 *
 * Where there is no terminal it only waits, and signals do what they always do. */
#ifndef SCHEDULER_CLI_LIVE_SCREEN_H
#define SCHEDULER_CLI_LIVE_SCREEN_H

#include <stdbool.h>
#include <stdint.h>
#include <signal.h>
#include <termios.h>

struct live_screen {
    bool is_live;
    struct termios before; /* of the terminal */
    sigset_t mask; /* of the process, before */
    int signal_fd;
};

enum live_event {
    LIVE_TIME, /* it has waited so long */
    LIVE_READY, /* there is something to read */
    LIVE_END, /* q, Ctrl-C, SIGTERM */
};

/* Takes the terminal over if that is wanted and there is one. 0 or -errno. */
int live_screen_init(struct live_screen *live, bool is_wanted);
/* Gives it back, the last screen stays; accepts NULL and zeroed. */
void live_screen_fini(struct live_screen *live);

uint32_t live_screen_columns(const struct live_screen *live); /* 80 where it is not known */

/* In place of what was drawn before. Lines are cut to the terminal's width, and those that do not
 * fit on it are left out, which is said. */
void live_screen_draw(const struct live_screen *live, const char *text);

/* Until `fd` (-1: none) can be read, a key says to end, or the time is over. */
enum live_event live_screen_wait(const struct live_screen *live, double seconds, int fd);

#endif
