/* Where a path stops: at cuts where somebody may come while it is under way, and so often that the
 * worker does not run for long without a look at who has.
 *
 * A stop costs the copy of its tensors, about a hundredth of the path. At a cut where requests come
 * it is worth that if one is likely to come before the path gets there, for what it then saves. */
#include "scheduler/dispatch/state.h"

enum { STOP_SHARE = 100 };

void dispatch_note_flow(struct flow *flow, uint64_t now_ns)
{
    if (flow->count) {
        const uint64_t gap_ns = now_ns - flow->last_ns;
        flow->gap_ns = flow->count == 1 ? gap_ns : (flow->gap_ns * 7 + gap_ns) / 8;
    }
    flow->count += flow->count < 2;
    flow->last_ns = now_ns;
}

/* Whether one is likely enough to come there within the time, after a while of silence too. */
static bool is_worth_it(const struct model *model, uint32_t cut, uint32_t to, uint64_t after_ns,
                        uint64_t path_ns, uint64_t now_ns)
{
    const struct flow *flow = &model->flows[cut];
    if (flow->count < 2 || !model->cost.has_rows[cut] || !model->cost.has_rows[to])
        return false;
    const uint64_t silent_ns = now_ns - flow->last_ns;
    const uint64_t gap_ns = silent_ns > flow->gap_ns ? silent_ns : flow->gap_ns;
    const uint64_t saving_ns = batch_cost_saving_ns(&model->cost, cut, to);
    const uint64_t bounded_ns = after_ns < gap_ns ? after_ns : gap_ns;
    return gap_ns &&
           (double)saving_ns * (double)bounded_ns / (double)gap_ns > (double)path_ns / STOP_SHARE;
}

static void set(uint64_t *stops, uint32_t cut)
{
    if (cut < 64 * DISPATCH_STOP_WORDS)
        stops[cut / 64] |= UINT64_C(1) << cut % 64;
}

void dispatch_set_stops(const struct dispatch *dispatch, const struct model *model,
                        const struct path *path, uint64_t now_ns, uint64_t *stops)
{
    const uint64_t whole_ns = path_ns(path, COST_TYPICAL);
    const uint32_t to = path_to(path);
    uint64_t reached_ns = 0, run_ns = 0; /* since the path, and its last part, began */
    if (!dispatch->config.max_run_ns)
        return;
    for (uint32_t i = 0; i + 1 < path->point_count; i++) {
        const struct path_point *point = &path->points[i];
        run_ns = 0;
        for (uint32_t cut = point->cut; cut < point[1].cut; cut++) {
            const uint64_t ns =
                batch_cost_part_ns(&model->cost, COST_TYPICAL, cut, cut + 1, point->rows);
            const bool is_inner = cut > point->cut && point->rows;
            if (is_inner && model->cost.has_rows[cut] &&
                (run_ns + ns > dispatch->config.max_run_ns ||
                 is_worth_it(model, cut, to, reached_ns, whole_ns, now_ns))) {
                set(stops, cut);
                run_ns = 0;
            }
            run_ns += ns;
            reached_ns += ns;
        }
    }
}
