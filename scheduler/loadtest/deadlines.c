/* Deadlines by cut. The unloaded time is measured by closed loops of one request in flight. */
#include "scheduler/loadtest/deadlines.h"

#include "scheduler/loadtest/run.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define LEAST_ANSWERS 7 /* of each entry */
#define ROUND_NS UINT64_C(200000000) /* for each entry */
#define WARMUP_NS UINT64_C(200000000) /* until the phone knows its path */

static bool read_ms(const char **text, uint64_t *ns)
{
    char *end;
    if ((**text < '0' || **text > '9') && **text != '.')
        return false;
    const double ms = strtod(*text, &end);
    if (end == *text || !isfinite(ms) || ms > LOADTEST_MAX_DEADLINE_MS)
        return false;
    *ns = (uint64_t)(ms * 1e6 + 0.5);
    *text = end;
    return true;
}

static bool find_entry(const struct loadtest_mix *mix, unsigned long cut, uint32_t *entry)
{
    for (*entry = 0; *entry < mix->count; ++*entry)
        if (mix->cuts[*entry] == cut)
            return true;
    return false;
}

int loadtest_deadlines_read(const char *text, const struct loadtest_mix *mix,
                            uint64_t *deadlines_ns)
{
    uint64_t all_ns;
    const char *at = text;
    if (read_ms(&at, &all_ns) && !*at) {
        for (uint32_t i = 0; i < mix->count; i++)
            deadlines_ns[i] = all_ns;
        return 0;
    }
    for (uint32_t i = 0; i < mix->count; i++)
        deadlines_ns[i] = UINT64_MAX;
    for (uint32_t named = 0;;) {
        char *end;
        uint32_t entry;
        if (*text < '0' || *text > '9')
            return -EINVAL;
        const unsigned long cut = strtoul(text, &end, 10);
        text = end + 1;
        if (*end != '=' || !find_entry(mix, cut, &entry) || deadlines_ns[entry] != UINT64_MAX ||
            !read_ms(&text, &deadlines_ns[entry]))
            return -EINVAL;
        named++;
        if (!*text)
            return named == mix->count ? 0 : -EINVAL;
        if (*text++ != ',')
            return -EINVAL;
    }
}

bool loadtest_unloaded_is_known(const struct loadtest_tally *tally)
{
    for (uint32_t i = 0; i < tally->cut_count; i++)
        if (tally->cuts[i].latency.count < LEAST_ANSWERS)
            return false;
    return true;
}

uint64_t loadtest_unloaded_ns(const struct loadtest_tally *tally, uint32_t entry)
{
    return loadtest_histogram_percentile(&tally->cuts[entry].latency, 0.5);
}

static struct loadtest_plan plan_alone(const struct loadtest_plan *plan, uint32_t round)
{
    struct loadtest_plan alone = loadtest_plan_default();
    alone.server = plan->server;
    alone.model = plan->model;
    alone.mix = plan->mix;
    alone.messages = plan->messages;
    alone.class_index = plan->class_index;
    alone.first_client = plan->first_client;
    alone.silence_ns = plan->silence_ns;
    alone.client_count = alone.closed_count = 1;
    alone.warmup_ns = WARMUP_NS;
    alone.duration_ns = plan->mix->count * ROUND_NS;
    alone.seed = plan->seed + round;
    return alone;
}

int loadtest_unloaded_measure(const struct loadtest_plan *plan, struct port *port, uint32_t round,
                              struct loadtest_tally *tally)
{
    const struct loadtest_plan alone = plan_alone(plan, round);
    struct loadtest_run *run;
    int err = loadtest_run_create(&run, &alone, &port, 1);
    if (err)
        return err;
    err = loadtest_run_go(run, NULL);
    if (!err) {
        const struct loadtest_outcome *outcome = loadtest_run_outcome(run);
        loadtest_tally_merge(tally, outcome->tally);
        err = outcome->is_silent ? -ETIMEDOUT : outcome->is_interrupted ? -EINTR : 0;
    }
    loadtest_run_destroy(run);
    return err;
}
