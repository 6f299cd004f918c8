/* A sample and its rates as text, for people. */
#ifndef SCHEDULER_TOP_SCREEN_H
#define SCHEDULER_TOP_SCREEN_H

#include "scheduler/top/overview.h"
#include "scheduler/top/roles.h"

#include <stdio.h>

#define QUANTITY_BYTES 32u

struct screen {
    const struct sample *before, *now; /* borrowed */
    const struct roles *roles_before, *roles_now; /* borrowed; NULL: not known */
    bool is_all; /* counters that are 0 too, and each queue by itself */
};

/* 0 or -ENOMEM. */
int screen_print(const struct screen *screen, FILE *file);

/* "812", "81.2 k", "1.21 G"; "850 us", "4.10 ms", "12.0 s". */
void screen_count(double count, char *text);
void screen_time(double ns, char *text);

#endif
