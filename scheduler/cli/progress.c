/* Redraws one line on stderr, at most ten times a second. */
#include "scheduler/cli/progress.h"
#include "scheduler/cli/stopwatch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REDRAW_NS 100000000u

void progress_init(struct progress *progress)
{
    const char *terminal = getenv("TERM");
    *progress = (struct progress){.is_terminal = isatty(STDERR_FILENO) && terminal &&
                                                 strcmp(terminal, "dumb") != 0};
}

void progress_show(void *arg, const char *what, double fraction)
{
    struct progress *progress = arg;
    if (!progress->is_terminal)
        return;
    uint64_t now_ns = stopwatch_now_ns();
    if (progress->is_drawn && now_ns - progress->drawn_ns < REDRAW_NS)
        return;
    progress->is_drawn = true;
    progress->drawn_ns = now_ns;
    /* Cut to one line of 80 columns, so that the return stays on it. */
    if (fraction >= 0)
        fprintf(stderr, "\r\033[K%3.0f %%  %.70s", 100 * fraction, what);
    else
        fprintf(stderr, "\r\033[K%.70s ...", what);
    fflush(stderr);
}

void progress_clear(struct progress *progress)
{
    if (progress->is_drawn)
        fputs("\r\033[K", stderr);
    progress->is_drawn = false;
}
