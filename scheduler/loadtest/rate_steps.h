/* The open loop's rate over time: "50@5,100@10,20" is 50 a second for 5 s, 100 for 10 s, then 20.
 */
#ifndef SCHEDULER_LOADTEST_RATE_STEPS_H
#define SCHEDULER_LOADTEST_RATE_STEPS_H

#include <stdint.h>

#define LOADTEST_MAX_STEPS 32
#define LOADTEST_MAX_RATE 10000000 /* requests per second */
#define LOADTEST_MAX_SECONDS 86400

struct loadtest_step {
    double rate_per_s; /* over 0 */
    double seconds; /* 0, of the last one alone: until the end */
};

struct loadtest_rate_steps {
    uint32_t count;
    struct loadtest_step items[LOADTEST_MAX_STEPS];
};

/* -EINVAL: it is not that, or passes the limits above. */
int loadtest_rate_steps_read(struct loadtest_rate_steps *steps, const char *text);

/* The sum of their seconds; 0: the last one has no end of its own. */
double loadtest_rate_steps_seconds(const struct loadtest_rate_steps *steps);

/* When the next arrival comes after one at at_s, seconds from the first step's beginning, if it is
 * gap arrivals away; gap is 1 in the mean. The first step also holds for what is before it, the
 * last one also after its end. */
double loadtest_rate_steps_after(const struct loadtest_rate_steps *steps, double at_s, double gap);

#endif
