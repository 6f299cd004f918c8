/* What wait to expect of a server. */
#include "scheduler/client/outlook.h"

#include <math.h>

/* A trend upwards has no such bound; this one keeps a single jump from meaning much. */
#define STEEPEST 4.0

void outlook_told(struct outlook *outlook, double wait_ms, uint64_t at_ns)
{
    if (outlook->has_any && at_ns <= outlook->at_ns)
        return; /* older than what is known, or the same */
    if (!outlook->has_any || at_ns - outlook->at_ns > OUTLOOK_FORGETS_NS) {
        *outlook = (struct outlook){.has_any = true, .at_ns = at_ns, .level_ms = wait_ms};
        return;
    }
    const double since_ns = (double)(at_ns - outlook->at_ns), before_ms = outlook->level_ms;
    const double expected_ms = before_ms + outlook->trend * since_ns / 1e6;
    const double surprise_ms = (wait_ms - expected_ms) * -expm1(-since_ns / OUTLOOK_LEVEL_NS);
    outlook->level_ms = expected_ms + surprise_ms;
    const double sample = (outlook->level_ms - before_ms) / (since_ns / 1e6);
    outlook->trend += (sample - outlook->trend) * -expm1(-since_ns / OUTLOOK_TREND_NS);
    outlook->trend = fmin(fmax(outlook->trend, -OUTLOOK_FASTEST), STEEPEST);
    outlook->at_ns = at_ns;
}

double outlook_wait_ms(const struct outlook *outlook, uint64_t now_ns)
{
    if (!outlook->has_any)
        return 0;
    const uint64_t age_ns = now_ns > outlook->at_ns ? now_ns - outlook->at_ns : 0;
    if (age_ns > OUTLOOK_FORGETS_NS)
        return fmax(outlook->level_ms, 0) *
               exp(-(double)(age_ns - OUTLOOK_FORGETS_NS) / OUTLOOK_FADES_NS);
    const double ahead_ms = outlook->level_ms + outlook->trend * OUTLOOK_AHEAD_NS / 1e6;
    return fmax(ahead_ms, fmax(outlook->level_ms, 0) * OUTLOOK_LEAST);
}
