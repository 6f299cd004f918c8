/* The dispatcher's rules over flat arrays: what a path takes, cut by cut, and where it stops. */
#include "tests/property/dispatch_reference_path.h"

__extension__ typedef unsigned __int128 wide;

struct reference_entry reference_entry(const struct reference *reference,
                                       const struct reference_request *request)
{
    return (struct reference_entry){.slot = request->facts.slot,
                                    .from = request->facts.from,
                                    .to = request->facts.to,
                                    .rows = reference_chunk_rows(reference, request),
                                    .class_index = request->facts.class_index,
                                    .due_ns = request->facts.deadline_ns};
}

uint32_t reference_path_load(const struct reference_path *path, uint32_t cut)
{
    uint32_t rows = 0;
    for (uint32_t i = 0; i < path->count; i++)
        if (path->entries[i].from <= cut && cut < path->entries[i].to)
            rows += path->entries[i].rows;
    return rows;
}

uint32_t reference_path_rows(const struct reference_path *path)
{
    uint32_t rows = 0;
    for (uint32_t i = 0; i < path->count; i++)
        rows += path->entries[i].rows;
    return rows;
}

bool reference_path_turns(const struct reference_path *path, uint32_t cut)
{
    for (uint32_t i = 0; i < path->count; i++)
        if (path->entries[i].from == cut || path->entries[i].to == cut)
            return true;
    return false;
}

uint32_t reference_path_from(const struct reference_path *path)
{
    uint32_t cut = 0;
    while (!reference_path_turns(path, cut))
        cut++;
    return cut;
}

uint32_t reference_path_to(const struct reference_path *path)
{
    uint32_t to = 0;
    for (uint32_t i = 0; i < path->count; i++)
        to = path->entries[i].to > to ? path->entries[i].to : to;
    return to;
}

bool reference_path_add(struct reference_path *path, const struct reference_entry *entry)
{
    if (reference_path_rows(path) + entry->rows > REFERENCE_ROWS)
        return false;
    for (uint32_t cut = entry->from; cut < entry->to; cut++)
        if (reference_path_load(path, cut) + entry->rows > path->model->max_batch)
            return false;
    path->entries[path->count++] = *entry;
    return true;
}

void reference_path_remove(struct reference_path *path, uint32_t index)
{
    path->count--;
    for (uint32_t i = index; i < path->count; i++)
        path->entries[i] = path->entries[i + 1];
}

/* The next cut where somebody enters or leaves. */
static uint32_t next_turn(const struct reference_path *path, uint32_t cut)
{
    do
        cut++;
    while (cut < path->model->cut_count && !reference_path_turns(path, cut));
    return cut;
}

uint64_t reference_path_ns(const struct reference_path *path, enum reference_time time,
                           uint32_t until)
{
    uint64_t ns = 0;
    for (uint32_t cut = 0; cut < until; cut++)
        if (reference_path_load(path, cut) && reference_path_turns(path, cut))
            ns += reference_together_ns(path->model, time, cut, next_turn(path, cut),
                                        reference_path_load(path, cut));
    return ns;
}

uint64_t reference_path_whole_ns(const struct reference_path *path, enum reference_time time)
{
    return reference_path_ns(path, time, path->model->cut_count);
}

uint64_t reference_share_ns(const struct reference_path *path, enum reference_time time,
                            uint32_t index)
{
    const struct reference_entry *entry = &path->entries[index];
    uint64_t with_ns = 0, without_ns = 0;
    for (uint32_t cut = entry->from; cut < entry->to; cut++) {
        const uint32_t rows = reference_path_load(path, cut);
        if (!reference_path_turns(path, cut))
            continue;
        with_ns += reference_together_ns(path->model, time, cut, next_turn(path, cut), rows);
        without_ns +=
            reference_together_ns(path->model, time, cut, next_turn(path, cut), rows - entry->rows);
    }
    return with_ns > without_ns ? with_ns - without_ns : 0;
}

int64_t reference_slack_ns(const struct reference_path *path, uint64_t start_ns)
{
    int64_t least_ns = INT64_MAX;
    for (uint32_t i = 0; i < path->count; i++) {
        const struct reference_entry *entry = &path->entries[i];
        if (entry->due_ns == DISPATCH_NO_DEADLINE)
            continue;
        const uint64_t done_ns = start_ns + reference_path_ns(path, REFERENCE_SAFE, entry->to);
        const int64_t slack_ns = (int64_t)entry->due_ns - (int64_t)done_ns;
        least_ns = slack_ns < least_ns ? slack_ns : least_ns;
    }
    return least_ns;
}

/* One is likely to come to the cut before the path does, and what it would save then is worth more
 * than a hundredth of the path: chance x saving > path / 100. */
static bool is_worth_it(const struct reference_path *path, uint32_t cut, uint64_t now_ns)
{
    const struct reference_model *model = path->model;
    const uint32_t to = reference_path_to(path), most = reference_batch(model, cut, to);
    const struct reference_flow *flow = &model->flows[cut];
    if (flow->count < 2 || most == 1)
        return false;
    const uint64_t since_ns = now_ns - flow->last_ns;
    const uint64_t gap_ns = since_ns > flow->gap_ns ? since_ns : flow->gap_ns;
    uint64_t reach_ns = 0;
    for (uint32_t layer = reference_path_from(path); layer < cut; layer++)
        reach_ns += reference_together_ns(model, REFERENCE_TYPICAL, layer, layer + 1,
                                          reference_path_load(path, layer));
    const uint64_t one_ns = reference_together_ns(model, REFERENCE_LOADED, cut, to, 1);
    const uint64_t full_ns = reference_together_ns(model, REFERENCE_LOADED, cut, to, most);
    const uint64_t further_ns = (full_ns - one_ns) / (most - 1);
    const uint64_t saving_ns = one_ns > further_ns ? one_ns - further_ns : 0;
    return (wide)saving_ns * (reach_ns < gap_ns ? reach_ns : gap_ns) * 100 >
           (wide)reference_path_whole_ns(path, REFERENCE_TYPICAL) * gap_ns;
}

void reference_stops(const struct reference *reference, const struct reference_path *path,
                     uint64_t now_ns, uint64_t *stops)
{
    const struct reference_model *model = path->model;
    uint64_t part_ns = 0;
    for (uint32_t cut = reference_path_from(path); cut < reference_path_to(path); cut++) {
        const uint32_t rows = reference_path_load(path, cut);
        const uint64_t ns = reference_together_ns(model, REFERENCE_TYPICAL, cut, cut + 1, rows);
        const bool ends = reference_path_turns(path, cut); /* as it does by itself */
        const bool is_stop =
            !ends && rows && model->has_rows[cut] &&
            (part_ns + ns > reference->config.max_run_ns || is_worth_it(path, cut, now_ns));
        if (is_stop && reference->config.max_run_ns)
            stops[cut / 64] |= UINT64_C(1) << cut % 64;
        part_ns = is_stop || ends ? ns : part_ns + ns;
    }
}
