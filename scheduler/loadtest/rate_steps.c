/* A rate that changes by steps: its text, and a walk along its integral. */
#include "scheduler/loadtest/rate_steps.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

/* A decimal number over 0, at most most; *text moves behind it. */
static bool read_number(const char **text, double most, double *number)
{
    char *end;
    if ((**text < '0' || **text > '9') && **text != '.')
        return false;
    *number = strtod(*text, &end);
    if (end == *text || !isfinite(*number) || *number <= 0 || *number > most)
        return false;
    *text = end;
    return true;
}

int loadtest_rate_steps_read(struct loadtest_rate_steps *steps, const char *text)
{
    *steps = (struct loadtest_rate_steps){0};
    for (;;) {
        if (steps->count == LOADTEST_MAX_STEPS)
            return -EINVAL;
        struct loadtest_step *step = &steps->items[steps->count++];
        if (!read_number(&text, LOADTEST_MAX_RATE, &step->rate_per_s))
            return -EINVAL;
        if (*text == '@') {
            text++;
            if (!read_number(&text, LOADTEST_MAX_SECONDS, &step->seconds))
                return -EINVAL;
        }
        if (!*text)
            return 0;
        if (step->seconds == 0 || *text++ != ',')
            return -EINVAL;
    }
}

double loadtest_rate_steps_seconds(const struct loadtest_rate_steps *steps)
{
    double sum = 0;
    for (uint32_t i = 0; i < steps->count; i++) {
        if (steps->items[i].seconds == 0)
            return 0;
        sum += steps->items[i].seconds;
    }
    return sum;
}

/* On a clock that shows how many arrivals are expected by then, gaps are all alike: the time of an
 * arrival is that clock's, read backwards (a Poisson process of changing rate). */
double loadtest_rate_steps_after(const struct loadtest_rate_steps *steps, double at_s, double gap)
{
    double end_s = 0;
    for (uint32_t i = 0; i + 1 < steps->count; i++) {
        const struct loadtest_step *step = &steps->items[i];
        end_s += step->seconds;
        if (at_s >= end_s)
            continue;
        const double room = (end_s - at_s) * step->rate_per_s;
        if (gap <= room)
            return at_s + gap / step->rate_per_s;
        gap -= room;
        at_s = end_s;
    }
    return at_s + gap / steps->items[steps->count - 1].rate_per_s;
}
