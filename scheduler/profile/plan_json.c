/* Plans as JSON. */
#include "scheduler/profile/plan_json.h"

#include <math.h>

const char *plan_json_side(enum split_side side)
{
    return side == SPLIT_MOBILE ? "mobile" : "cloud";
}

json_t *plan_json_segments(const struct split_plan *plan)
{
    json_t *segments = json_array();
    for (uint32_t i = 0, next; i < plan->part_count; i = next) {
        for (next = i + 1; next < plan->part_count; next++)
            if (plan->parts[next].side != plan->parts[i].side)
                break;
        json_array_append_new(segments, json_pack("{s:s, s:I, s:I}", "side",
                                                  plan_json_side(plan->parts[i].side), "first",
                                                  (json_int_t)plan->parts[i].first, "last",
                                                  (json_int_t)plan->parts[next - 1].last));
    }
    return segments;
}

json_t *plan_json_blocks(const struct split_problem *problem, const struct split_plan *plan)
{
    json_t *blocks = json_array();
    for (uint32_t i = 0; i < plan->part_count; i++) {
        const struct split_part *part = &plan->parts[i];
        if (part->first < part->last && split_problem_group(problem, part->first, part->last))
            json_array_append_new(blocks, json_pack("{s:I, s:I}", "first", (json_int_t)part->first,
                                                    "last", (json_int_t)part->last));
    }
    return blocks;
}

/* Without a fraction where there is none: "40000" bytes. */
static json_t *byte_count(double bytes)
{
    return floor(bytes) >= bytes && bytes < 0x1p53 ? json_integer((json_int_t)bytes)
                                                   : json_real(bytes);
}

void plan_json_set_totals(json_t *json, const struct split_plan *plan)
{
    const struct split_totals *totals = &plan->totals;
    const struct {
        const char *key;
        json_t *value;
    } fields[] = {
        {"latency_ms", json_real(totals->latency_ms)},
        {"energy_mj", json_real(totals->energy_mj)},
        {"cloud_ms", json_real(totals->cloud_ms)},
        {"upload_bytes", byte_count(totals->upload_bytes)},
        {"download_bytes", byte_count(totals->download_bytes)},
        {"weight_bytes", byte_count(totals->weight_bytes)},
        {"transfers", json_integer(totals->transfers)},
    };
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        json_object_set_new(json, fields[i].key,
                            plan->is_feasible ? json_incref(fields[i].value) : json_null());
        json_decref(fields[i].value);
    }
}

json_t *plan_json_alone(const struct split_totals *totals)
{
    return json_pack("{s:f, s:f}", "latency_ms", totals->latency_ms, "energy_mj",
                     totals->energy_mj);
}
