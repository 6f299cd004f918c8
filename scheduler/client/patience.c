/* When to give a server up, and compute on the device instead. */
#include "scheduler/client/patience.h"

uint64_t patience_give_up_ns(uint64_t now_ns, uint64_t deadline_ns, uint64_t local_ns)
{
    if (deadline_ns == 0)
        return now_ns + PATIENCE_LONGEST_NS;
    uint64_t need_ns =
        local_ns + (uint64_t)((double)local_ns * PATIENCE_MARGIN) + PATIENCE_MARGIN_NS;
    if (deadline_ns <= now_ns) /* too late for anybody: whoever is first */
        return now_ns + PATIENCE_LONGEST_NS;
    if (deadline_ns - now_ns <= need_ns)
        return deadline_ns;
    return deadline_ns - need_ns;
}

enum joint_reason patience_verdict(const struct jtp_event *event, bool is_whole)
{
    switch (event->end) {
    case JTP_ANSWERED:
        return is_whole ? JOINT_AS_PLANNED : JOINT_LOST;
    case JTP_REJECTED:
        return JOINT_REJECTED;
    case JTP_LATE:
        return JOINT_LATE;
    default:
        return JOINT_LOST;
    }
}

bool patience_is_silent(uint32_t probe_timeouts, bool has_open_requests)
{
    return has_open_requests && probe_timeouts >= PATIENCE_PROBE_TIMEOUTS;
}

void patience_gone(struct patience_absence *absence, uint64_t now_ns)
{
    uint64_t away_ns = PATIENCE_FIRST_AWAY_NS;
    for (uint32_t i = 0; i < absence->times && away_ns < PATIENCE_LONGEST_AWAY_NS; i++)
        away_ns *= 2;
    absence->times += absence->times < UINT32_MAX;
    absence->until_ns = now_ns + away_ns;
}

void patience_heard(struct patience_absence *absence)
{
    *absence = (struct patience_absence){0};
}

bool patience_may_probe(const struct patience_absence *absence, uint64_t now_ns)
{
    return patience_is_away(absence) && absence->until_ns <= now_ns;
}
