/* How much longer a model computes than predicted.
 *
 * As TCP estimates its round trip (Jacobson 1988): a moving mean and a moving mean deviation of the
 * ratio; what is promised adds two deviations. One measurement counts for no more than four times
 * the mean, as a worker that was stopped for a while says nothing about the model. A correction
 * that refuses everything would never be measured again, so each refusal that is owed to it pulls
 * it back a little, until a request is let in and the truth is seen. */
#include "scheduler/dispatch/correction.h"

enum {
    SHARE = 8, /* a new ratio's weight is one in so many */
    DOUBT_SHARE = 64,
    LEAST = CORRECTION_ONE / 16,
    MOST = CORRECTION_ONE * 16,
    STEP = 4, /* a ratio is cut off at so many times the mean, and at its so-manieth part */
    DEVIATIONS = 2,
};

#define MAX_COMPUTE_NS (UINT64_C(1) << 46)

struct correction correction_start(void)
{
    return (struct correction){CORRECTION_ONE, 0};
}

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
    return value < least ? least : value > most ? most : value;
}

void correction_measure(struct correction *correction, uint64_t compute_ns, uint64_t predicted_ns)
{
    if (!compute_ns || !predicted_ns)
        return;
    const uint64_t bounded_ns = compute_ns < MAX_COMPUTE_NS ? compute_ns : MAX_COMPUTE_NS;
    const int64_t mean = correction->mean;
    int64_t ratio = (int64_t)(bounded_ns * CORRECTION_ONE / predicted_ns);
    ratio = clamp(ratio, mean / STEP, mean * STEP);
    const int64_t distance = ratio > mean ? ratio - mean : mean - ratio;
    correction->mean = (uint32_t)clamp(mean + (ratio - mean) / SHARE, LEAST, MOST);
    const int64_t deviation = correction->deviation;
    correction->deviation = (uint32_t)clamp(deviation + (distance - deviation) / SHARE, 0, MOST);
}

void correction_doubt(struct correction *correction)
{
    const int64_t mean = correction->mean;
    correction->mean = (uint32_t)(mean - (mean - (int64_t)CORRECTION_ONE) / DOUBT_SHARE);
    correction->deviation -= correction->deviation / DOUBT_SHARE;
}

/* ns * ratio, without the product's overflow. */
static uint64_t scale(uint64_t ns, uint64_t ratio)
{
    return ns / CORRECTION_ONE * ratio + ns % CORRECTION_ONE * ratio / CORRECTION_ONE;
}

uint64_t correction_typical_ns(const struct correction *correction, uint64_t predicted_ns)
{
    return scale(predicted_ns, correction->mean);
}

uint64_t correction_safe_ns(const struct correction *correction, uint64_t predicted_ns)
{
    return scale(predicted_ns,
                 (uint64_t)correction->mean + (uint64_t)DEVIATIONS * correction->deviation);
}
