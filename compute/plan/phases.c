/* Cutting a plan into phases. */
#include "compute/plan/arena.h"

#include <errno.h>
#include <stdlib.h>

int arena_make_phases(struct plan *plan, const struct cuts *cuts, size_t cache_bytes)
{
    (void)cuts;
    (void)cache_bytes;
    plan->phases = calloc((size_t)plan->step_count + 1, sizeof(*plan->phases));
    if (!plan->phases)
        return -ENOMEM;
    if (plan->step_count == 0)
        return 0;
    plan->phases[0] = (struct phase){.first = 0, .end = plan->step_count, .rows = plan->batch};
    plan->phase_count = 1;
    return 0;
}
