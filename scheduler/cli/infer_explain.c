/* `joint infer --explain`: why the last call was split so, and what the other splits would cost. */
#include "scheduler/cli/commands.h"
#include "scheduler/cli/infer.h"
#include "scheduler/cli/infer_explain.h"
#include "scheduler/cli/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS 16 /* of the table for people; JSON has all */

int infer_explanation_take(struct infer_explanation *taken, struct joint *joint)
{
    *taken = (struct infer_explanation){.count = 0};
    if (joint_explain(joint, &taken->why, NULL, 0))
        return 0; /* no call was planned: another split than auto */
    taken->candidates = calloc(taken->why.candidate_count, sizeof(*taken->candidates));
    if (!taken->candidates)
        return command_fail("infer", COMMAND_FAILED, "out of memory");
    taken->count = taken->why.candidate_count;
    return joint_explain(joint, &taken->why, taken->candidates, taken->count);
}

void infer_explanation_fini(struct infer_explanation *taken)
{
    free(taken->candidates);
    *taken = (struct infer_explanation){.count = 0};
}

const char *infer_range_text(uint32_t from, uint32_t to, char *text, size_t room)
{
    if (from == to)
        snprintf(text, room, "device");
    else
        snprintf(text, room, "%" PRIu32 "-%" PRIu32, from, to);
    return text;
}

/* ---- For people ---- */

/* After "0-21 ": why. */
static const char *reason(const struct joint_explanation *why)
{
    static const char *const texts[] = {
        [JOINT_WHY_TOLD] = "was said",
        [JOINT_WHY_BEST] = "is the best by what is known",
        [JOINT_WHY_TURNED] = "is better than what was held, by 10 % and 2 ms at least, and it was "
                             "this client's turn",
        [JOINT_WHY_SMALL_GAIN] = "is held: the best gains less than 10 % or 2 ms",
        [JOINT_WHY_DWELLS] = "is held: it was turned to less than a second ago",
        [JOINT_WHY_CHANCE] = "is held: the best gains enough, but clients turn one after the "
                             "other, by chance, and it was not this one's turn",
        [JOINT_WHY_EXPIRED] = "is held: the server's load is older than 500 ms, and nobody turns "
                              "by that",
        [JOINT_WHY_EXPLORES] = "is one call in a hundred, to see how it is there",
        [JOINT_WHY_FIRST_TRY] = "measures the link, which nothing has crossed yet",
        [JOINT_WHY_NO_CREDIT] = "is sooner than to wait for one of the server's credits",
        [JOINT_WHY_HELD_OFF] = "because the server asked for patience, or failed a moment ago",
        [JOINT_WHY_CLOSED] = "because the server drains or loads",
        [JOINT_WHY_NO_SERVER] = "because no server is there",
    };
    return (size_t)why->why < sizeof(texts) / sizeof(texts[0]) ? texts[why->why] : "";
}

static const char *state_name(uint32_t state)
{
    static const char *const names[] = {"ready", "degraded", "overloaded", "draining", "loading"};
    return state < sizeof(names) / sizeof(names[0]) ? names[state] : "unknown";
}

static const char *age(uint64_t ns, char *text, size_t room)
{
    if (ns == UINT64_MAX)
        snprintf(text, room, "assumed");
    else if (ns < UINT64_C(10000000000))
        snprintf(text, room, "%.0f ms ago", (double)ns / 1e6);
    else
        snprintf(text, room, "%.0f s ago", (double)ns / 1e9);
    return text;
}

static void print_load(const struct joint_server *known)
{
    const struct joint_load *load = &known->load;
    char text[32];
    if (!known->has_load) {
        printf("load: the server has told none yet\n");
        return;
    }
    printf("load: %s, a wait of %.2f ms, told %s%s; %.2f ms to be expected; utilization %.0f %%",
           state_name(load->state), load->predicted_wait_us / 1e3,
           age(known->heard_age_ns + load->age_us * UINT64_C(1000), text, sizeof(text)),
           known->is_expired ? " (expired)" : "", known->expected_wait_ms,
           load->utilization_permille / 10.0);
    if (load->credits > 0)
        printf("; %" PRIu32 " credits, %" PRIu32 " used", load->credits, known->open);
    if (load->switch_gain > 0)
        printf("; switch gain %.2f", load->switch_gain);
    printf("; k %.2f\n", known->k);
    if (known->held_off_ns > 0)
        printf("      nothing is sent there for another %.0f ms\n",
               (double)known->held_off_ns / 1e6);
}

static void print_link(const struct joint_server *known)
{
    char up[32], down[32], rtt[32];
    printf("link: %.1f Mbit/s up (%s), %.1f down (%s), round trip ", known->up_mbps,
           age(known->up_age_ns, up, sizeof(up)), known->down_mbps,
           age(known->down_age_ns, down, sizeof(down)));
    if (known->rtt_ns > 0)
        printf("%.2f ms (%s)\n", (double)known->rtt_ns / 1e6,
               age(known->rtt_age_ns, rtt, sizeof(rtt)));
    else
        printf("unknown\n");
}

static bool is_same(const struct joint_candidate *a, const struct joint_candidate *b)
{
    return a->from == b->from && a->to == b->to;
}

static const char *remark(const struct joint_explanation *why,
                          const struct joint_candidate *candidate)
{
    if (is_same(candidate, &why->chosen))
        return "chosen";
    if (is_same(candidate, &why->best))
        return "best";
    return why->has_held && is_same(candidate, &why->held) ? "held until now" : "";
}

static void add_row(struct table *table, const struct joint_explanation *why,
                    const struct joint_candidate *candidate)
{
    const bool is_there = candidate->from < candidate->to;
    const double parts[] = {candidate->uplink_ms, candidate->round_trip_ms, candidate->wait_ms,
                            candidate->server_ms, candidate->downlink_ms};
    char text[32];
    table_add(table, "%s", infer_range_text(candidate->from, candidate->to, text, sizeof(text)));
    table_add(table, "%.2f", candidate->device_ms);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        table_add(table, is_there ? "%.2f" : "-", parts[i]);
    table_add(table, "%.2f", candidate->total_ms);
    if (why->has_energy)
        table_add(table, "%.1f", candidate->energy_mj);
    table_add(table, "%s", remark(why, candidate));
}

/* The best ones, and those that are named above, wherever they stand. */
static int print_table(const struct infer_explanation *taken)
{
    static const char *const plain[] = {">cuts there", ">device",   ">uplink",
                                        ">round trip", ">wait",     ">server",
                                        ">downlink",   ">total ms", ""};
    static const char *const with_energy[] = {">cuts there", ">device", ">uplink",   ">round trip",
                                              ">wait",       ">server", ">downlink", ">total ms",
                                              ">mJ",         ""};
    const struct joint_explanation *why = &taken->why;
    struct table table;
    table_init(&table, why->has_energy ? with_energy : plain, why->has_energy ? 10 : 9);
    for (uint32_t i = 0; i < taken->count; i++) {
        const struct joint_candidate *candidate = &taken->candidates[i];
        if (i < ROWS || remark(why, candidate)[0] || is_same(candidate, &why->mobile) ||
            is_same(candidate, &why->cloud))
            add_row(&table, why, candidate);
    }
    int err = table_print(&table);
    table_fini(&table);
    return err;
}

int infer_explanation_print(const struct infer_explanation *taken)
{
    const struct joint_explanation *why = &taken->why;
    char chosen[32], held[32];
    if (taken->count == 0)
        return COMMAND_DONE;
    infer_range_text(why->chosen.from, why->chosen.to, chosen, sizeof(chosen));
    infer_range_text(why->held.from, why->held.to, held, sizeof(held));
    printf("\nWhy the last call ran as it did: %s %s\n", chosen, reason(why));
    if (why->why == JOINT_WHY_TURNED)
        printf("      held until now: %s\n", held);
    if (why->credit_wait_ms > 0)
        printf("      %.2f ms until one of the requests there should end\n", why->credit_wait_ms);
    if (why->server >= 0) {
        print_load(&why->known);
        print_link(&why->known);
    }
    printf("\nWhat each range of cuts was expected to take, of %" PRIu32
           " with the least first:\n\n",
           why->candidate_count);
    return print_table(taken) ? command_fail("infer", COMMAND_FAILED, "out of memory")
                              : COMMAND_DONE;
}

/* ---- JSON ---- */

static json_t *candidate_json(const struct joint_candidate *candidate, bool has_energy)
{
    return json_pack("{s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:o}", "from",
                     (json_int_t)candidate->from, "to", (json_int_t)candidate->to, "device_ms",
                     candidate->device_ms, "uplink_ms", candidate->uplink_ms, "round_trip_ms",
                     candidate->round_trip_ms, "wait_ms", candidate->wait_ms, "server_ms",
                     candidate->server_ms, "downlink_ms", candidate->downlink_ms, "total_ms",
                     candidate->total_ms, "energy_mj",
                     has_energy ? json_real(candidate->energy_mj) : json_null());
}

static json_t *age_json(uint64_t ns)
{
    return ns == UINT64_MAX ? json_null() : json_real((double)ns / 1e6);
}

static json_t *load_json(const struct joint_server *known)
{
    const struct joint_load *load = &known->load;
    if (!known->has_load)
        return json_null();
    return json_pack("{s:s, s:f, s:f, s:f, s:I, s:I, s:f, s:o, s:b}", "state",
                     state_name(load->state), "predicted_wait_ms", load->predicted_wait_us / 1e3,
                     "expected_wait_ms", known->expected_wait_ms, "utilization",
                     load->utilization_permille / 1e3, "queued", (json_int_t)load->queued,
                     "credits", (json_int_t)load->credits, "switch_gain", load->switch_gain,
                     "age_ms", age_json(known->heard_age_ns + load->age_us * UINT64_C(1000)),
                     "expired", (int)known->is_expired);
}

static json_t *link_json(const struct joint_server *known)
{
    return json_pack("{s:f, s:o, s:f, s:o, s:f, s:o}", "up_mbps", known->up_mbps, "up_age_ms",
                     age_json(known->up_age_ns), "down_mbps", known->down_mbps, "down_age_ms",
                     age_json(known->down_age_ns), "rtt_ms", (double)known->rtt_ns / 1e6,
                     "rtt_age_ms", age_json(known->rtt_age_ns));
}

json_t *infer_explanation_json(const struct infer_explanation *taken)
{
    const struct joint_explanation *why = &taken->why;
    const bool has_server = why->server >= 0, has_energy = why->has_energy;
    json_t *candidates = json_array();
    if (taken->count == 0) {
        json_decref(candidates);
        return json_null();
    }
    for (uint32_t i = 0; i < taken->count; i++)
        json_array_append_new(candidates, candidate_json(&taken->candidates[i], has_energy));
    return json_pack("{s:I, s:s, s:s, s:o, s:o, s:o, s:f, s:I, s:o, s:o, s:f, s:f, s:I, s:o}",
                     "decision", (json_int_t)why->number, "why", joint_why_text(why->why),
                     "meaning", reason(why), "chosen", candidate_json(&why->chosen, has_energy),
                     "best", candidate_json(&why->best, has_energy), "held",
                     why->has_held ? candidate_json(&why->held, has_energy) : json_null(),
                     "credit_wait_ms", why->credit_wait_ms, "server", (json_int_t)why->server,
                     "load", has_server ? load_json(&why->known) : json_null(), "link",
                     has_server ? link_json(&why->known) : json_null(), "k", why->known.k,
                     "held_off_ms", (double)why->known.held_off_ns / 1e6, "open",
                     (json_int_t)why->known.open, "candidates", candidates);
}
