/* Why the last JOINT_AUTO call was split as it was, and what the other splits would have cost. */
#include "scheduler/client/joint_state.h"
#include "scheduler/client/message.h"

#include <errno.h>

static struct joint_candidate candidate(const struct joint *joint, const struct decision *decision,
                                        uint32_t from, uint32_t to)
{
    struct planner_parts parts;
    planner_parts(&joint->planner, &decision->wish, from, to, &parts);
    return (struct joint_candidate){.from = from,
                                    .to = to,
                                    .device_ms = parts.device_ms,
                                    .uplink_ms = parts.uplink_ms,
                                    .round_trip_ms = parts.round_trip_ms,
                                    .wait_ms = parts.wait_ms,
                                    .server_ms = parts.server_ms,
                                    .downlink_ms = parts.downlink_ms,
                                    .total_ms = parts.total_ms,
                                    .energy_mj =
                                        joint->has_energy ? parts.device_mj + parts.radio_mj : 0};
}

/* Keeps the best `capacity` of all that are added, the best first. */
struct shortlist {
    struct joint_candidate *candidates;
    uint32_t capacity, count, seen;
};

static void add(struct shortlist *list, const struct joint_candidate *added)
{
    uint32_t at = list->count;
    list->seen++;
    if (at == list->capacity) {
        if (at == 0 || list->candidates[at - 1].total_ms <= added->total_ms)
            return;
        at--;
    } else {
        list->count++;
    }
    for (; at > 0 && list->candidates[at - 1].total_ms > added->total_ms; at--)
        list->candidates[at] = list->candidates[at - 1];
    list->candidates[at] = *added;
}

static void add_all(const struct joint *joint, const struct decision *decision,
                    struct shortlist *list)
{
    const uint32_t last = joint->last_cut, rows = decision->wish.rows;
    struct joint_candidate added = candidate(joint, decision, 0, 0);
    add(list, &added);
    for (uint32_t from = 0; from < last && decision->server >= 0; from++) {
        if (message_bytes(engine_model_cut(joint->model, from), rows, JTP_F32) == 0)
            continue;
        for (uint32_t to = from + 1; to <= last; to++) {
            if (message_bytes(engine_model_cut(joint->model, to), rows, JTP_F32) == 0)
                continue;
            added = candidate(joint, decision, from, to);
            add(list, &added);
        }
    }
}

int joint_explain(struct joint *joint, struct joint_explanation *explanation,
                  struct joint_candidate *candidates, uint32_t capacity)
{
    struct shortlist list = {.candidates = candidates, .capacity = capacity};
    pthread_mutex_lock(&joint->mutex);
    const struct decision *decision = &joint->decision;
    int rc = decision->number > 0 ? 0 : -ENOENT;
    if (rc == 0) {
        add_all(joint, decision, &list);
        *explanation = (struct joint_explanation){
            .number = decision->number,
            .age_ns = joint_now_ns() - decision->made_ns,
            .why = decision->why,
            .rows = decision->wish.rows,
            .chosen = candidate(joint, decision, decision->chosen.from, decision->chosen.to),
            .best = candidate(joint, decision, decision->best.from, decision->best.to),
            .held = candidate(joint, decision, decision->held.from, decision->held.to),
            .mobile = candidate(joint, decision, 0, 0),
            .cloud = candidate(joint, decision, 0, joint->last_cut),
            .has_held = decision->has_held,
            .credit_wait_ms = decision->credit_wait_ms,
            .server = decision->server,
            .known = decision->known,
            .has_energy = joint->has_energy,
            .candidate_count = list.seen,
        };
    }
    pthread_mutex_unlock(&joint->mutex);
    return rc;
}
