/* What a dispatcher has done so far, and how good its predictions were. */
#include "scheduler/dispatch/state.h"

#include <math.h>

/* Finer around 1, where it matters whether a promise is kept. */
static const double bounds[DISPATCH_RATIOS - 1] = {0.25, 0.5, 0.7,  0.8, 0.9, 0.95, 1.0, 1.05,
                                                   1.1,  1.2, 1.35, 1.5, 2.0, 4.0,  10.0};

double dispatch_ratio_bound(uint32_t index)
{
    return index < DISPATCH_RATIOS - 1 ? bounds[index] : INFINITY;
}

void dispatch_note_ratio(struct dispatch *dispatch, uint64_t compute_ns, uint64_t predicted_ns)
{
    if (!compute_ns || !predicted_ns)
        return;
    const double ratio = (double)compute_ns / (double)predicted_ns;
    uint32_t index = 0;
    while (index < DISPATCH_RATIOS - 1 && ratio >= bounds[index])
        index++;
    dispatch->counts.ratio[index]++;
}

void dispatch_count(const struct dispatch *dispatch, struct dispatch_counts *counts)
{
    *counts = dispatch->counts;
}
