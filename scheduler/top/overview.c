/* Which counters make which line of the overview. */
#include "scheduler/top/overview.h"

#define MAX_LABELS 7

static const struct {
    const char *name, *key;
    const char *labels[MAX_LABELS]; /* added up */
} lines[OVERVIEW_LINE_COUNT] = {
    [OVERVIEW_DATAGRAMS_IN] = {"datagrams in", "datagrams_in", {"dataplane.rx_datagrams"}},
    [OVERVIEW_DATAGRAMS_OUT] = {"datagrams out", "datagrams_out", {"dataplane.tx_datagrams"}},
    [OVERVIEW_BYTES_IN] = {"bytes in", "bytes_in", {"dataplane.rx_bytes"}},
    [OVERVIEW_BYTES_OUT] = {"bytes out", "bytes_out", {"dataplane.tx_bytes"}},
    [OVERVIEW_REQUESTS] = {"requests", "requests", {"jointd.submitted"}},
    [OVERVIEW_ANSWERS] = {"answers", "answers", {"jointd.answered"}},
    /* Those that got as far as jointd; what a queue turns away itself stands in its counters. */
    [OVERVIEW_REJECTS] = {"rejects",
                          "rejects",
                          {"jointd.overloaded", "jointd.late", "jointd.no_memory", "jointd.refused",
                           "jointd.failed", "jointd.quarantined"}},
};

struct overview overview_of(const struct rates *rates)
{
    struct overview overview = {0};
    for (int i = 0; i < OVERVIEW_LINE_COUNT; i++)
        for (int j = 0; j < MAX_LABELS && lines[i].labels[j]; j++) {
            const struct rate *rate = rates_find(rates, lines[i].labels[j]);
            if (!rate)
                continue;
            overview.line[i].is_known = true;
            overview.line[i].value += rate->value;
            overview.line[i].per_s += rate->per_s;
        }
    return overview;
}

const char *overview_name(enum overview_line line)
{
    return lines[line].name;
}

const char *overview_key(enum overview_line line)
{
    return lines[line].key;
}

const char *overview_state(uint64_t state)
{
    static const char *const names[] = {[LOAD_READY] = "ready",
                                        [LOAD_DEGRADED] = "degraded",
                                        [LOAD_OVERLOADED] = "overloaded",
                                        [LOAD_DRAINING] = "draining",
                                        [LOAD_LOADING] = "loading"};
    return state < sizeof(names) / sizeof(names[0]) ? names[state] : "unknown";
}

const char *overview_admit(uint64_t admit)
{
    static const char *const names[] = {
        [LOAD_OPEN] = "open", [LOAD_PROBABILISTIC] = "probabilistic", [LOAD_CLOSED] = "closed"};
    return admit < sizeof(names) / sizeof(names[0]) ? names[admit] : "unknown";
}
