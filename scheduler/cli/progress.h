/* One line on a terminal that says what long work is at; nothing where stderr is not a terminal. */
#ifndef SCHEDULER_CLI_PROGRESS_H
#define SCHEDULER_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool is_terminal;
    bool is_drawn;
    uint64_t drawn_ns; /* when the line was last drawn */
};

void progress_init(struct progress *progress);

/* An engine_progress: arg is the struct progress. A fraction below 0: it is not known how much. */
void progress_show(void *arg, const char *what, double fraction);

/* Wipes the line, if there is one; call it before anything else is printed. */
void progress_clear(struct progress *progress);

#endif
