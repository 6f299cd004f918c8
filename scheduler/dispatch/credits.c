/* Credits of all clients together, and of each. */
#include "scheduler/dispatch/credits.h"

#define STEP_NS UINT64_C(1000000) /* between two looks */
#define MOST_STEPS 64u /* that are made up for at once, after a quiet time */
#define GROWTH 0.25 /* credits for each client and step ... */
#define LEAST_GROWTH 0.02 /* ... and at least such a part of the sum */
#define SHRINK 0.1 /* part of the sum, for each target_ns over it and step */
#define MOST_SHRINK 0.5
#define OVERCOMMIT 0.25

struct credits credits_start(uint32_t most)
{
    return (struct credits){.least = 1, .most = most, .sum = most};
}

static double clamp(double value, double least, double most)
{
    return value > most ? most : value < least ? least : value;
}

static void step(struct credits *credits, double excess, double growth)
{
    if (excess > 0) {
        const double part = SHRINK * excess;
        credits->sum *= 1 - (part < MOST_SHRINK ? part : MOST_SHRINK);
    } else {
        credits->sum += growth;
    }
    credits->sum = clamp(credits->sum, credits->least, credits->most);
}

bool credits_is_due(const struct credits *credits, uint64_t now_ns)
{
    return now_ns >= credits->looked_ns + STEP_NS;
}

void credits_look(struct credits *credits, uint64_t delay_ns, uint64_t target_ns, uint32_t least,
                  uint32_t clients, uint64_t now_ns)
{
    if (!credits_is_due(credits, now_ns))
        return;
    const uint64_t steps = (now_ns - credits->looked_ns) / STEP_NS;
    const double excess = ((double)delay_ns - (double)target_ns) / (double)(target_ns + 1);
    const double by_clients = GROWTH * clients, by_sum = LEAST_GROWTH * credits->sum;
    credits->looked_ns = now_ns;
    credits->least = least < credits->most ? least : credits->most;
    /* A delay that was seen but once shrinks but once. */
    for (uint64_t i = 0; i < (excess > 0 ? 1 : steps < MOST_STEPS ? steps : MOST_STEPS); i++)
        step(credits, excess, by_clients > by_sum ? by_clients : by_sum);
}

uint32_t credits_bound(const struct credits *credits)
{
    const double sum = credits->sum * (1 + OVERCOMMIT);
    return sum > credits->most ? credits->most : (uint32_t)sum;
}

uint32_t credits_each(const struct credits *credits, uint32_t clients)
{
    if (credits->sum >= credits->most)
        return 0;
    const uint32_t each = credits_bound(credits) / (clients ? clients : 1);
    return each ? each : 1;
}
