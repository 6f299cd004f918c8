/* The dispatcher's rules over flat arrays, of mode join: who goes with whom. */
#include "tests/property/dispatch_reference_path.h"

#include <stddef.h>

__extension__ typedef unsigned __int128 wide;

#define NOBODY UINT32_MAX

enum { CANDIDATES = 48, FAILURES = 8 };

bool reference_is_hurried(const struct reference *reference, uint32_t class_index, uint32_t beside)
{
    return class_index != beside && reference->usual_ns[class_index] > 0 &&
           reference->usual_ns[class_index] * 2 < reference->usual_ns[beside];
}

const struct reference_request *reference_next_urgent(const struct reference *reference,
                                                      uint32_t model,
                                                      const struct reference_request *after)
{
    const struct reference_request *next = NULL;
    for (uint32_t i = 0; i < REFERENCE_REQUESTS; i++) {
        const struct reference_request *one = &reference->requests[i];
        if (one->facts.model == model && reference_may_join(reference, one) &&
            (!after || reference_is_before(reference, after, one)) &&
            (!next || reference_is_before(reference, one, next)))
            next = one;
    }
    return next;
}

static bool is_good(const struct reference *reference, const struct reference_path *path,
                    uint64_t start_ns, uint64_t limit_ns, uint64_t now_ns)
{
    return reference_slack_ns(path, start_ns) >= 0 &&
           reference_path_whole_ns(path, REFERENCE_SAFE) <= limit_ns;
}

/* Who adds the most, but for the first; of equals who came in last. */
static uint32_t largest(const struct reference_path *path)
{
    uint32_t most = 1;
    for (uint32_t i = 1; i < path->count; i++)
        if (reference_share_ns(path, REFERENCE_SAFE, i) >=
            reference_share_ns(path, REFERENCE_SAFE, most))
            most = i;
    return most;
}

bool reference_who_goes(const struct reference *reference, const struct reference_request *first,
                        uint32_t without, uint64_t start_ns, uint64_t limit_ns, uint64_t now_ns,
                        struct reference_path *path, bool *has_refused)
{
    const struct reference_entry leader = reference_entry(reference, first);
    const struct reference_request *next = NULL;
    uint64_t patient_ns = 0;
    *path = (struct reference_path){
        .model = &reference->models[first->facts.model], .count = 1, .entries = {leader}};
    *has_refused = false;
    if (reference_slack_ns(path, start_ns) < 0)
        return false;
    for (uint32_t looked = 0, failed = 0; looked < CANDIDATES && failed < FAILURES; looked++) {
        next = reference_next_urgent(reference, first->facts.model, next);
        if (!next || reference_path_rows(path) == REFERENCE_ROWS)
            break;
        if (next == first || next->facts.slot == without)
            continue;
        const struct reference_path before = *path;
        const struct reference_entry entry = reference_entry(reference, next);
        failed++;
        if (!reference_path_add(path, &entry))
            continue;
        if (reference_is_hurried(reference, leader.class_index, entry.class_index)) {
            const uint64_t adds_ns = reference_share_ns(path, REFERENCE_TYPICAL, path->count - 1);
            if ((patient_ns + adds_ns) > reference_path_whole_ns(path, REFERENCE_TYPICAL) / 20) {
                *path = before;
                continue;
            }
            patient_ns += adds_ns;
        }
        if (is_good(reference, path, start_ns, limit_ns, now_ns)) {
            failed--;
            continue;
        }
        *has_refused = true;
        reference_path_remove(path, largest(path));
        if (!is_good(reference, path, start_ns, limit_ns, now_ns))
            *path = before;
    }
    return true;
}

/* When another worker that has the model could begin. */
static uint64_t elsewhere_ns(const struct reference *reference, uint32_t model, uint32_t but,
                             uint64_t now_ns)
{
    uint64_t least_ns = UINT64_MAX;
    for (uint32_t i = 0; i < REFERENCE_WORKERS; i++) {
        if (i == but || !reference->models[model].has_worker[i])
            continue;
        uint64_t ns = reference_open_count(reference, i) ? reference->ends_ns[i] : now_ns;
        ns = ns < now_ns ? now_ns : ns;
        least_ns = ns < least_ns ? ns : least_ns;
    }
    return least_ns;
}

/* Whether it does over a fifth more rows in its time. */
static bool does_more(const struct reference_path *path, const struct reference_path *than)
{
    return (wide)reference_path_rows(path) * reference_path_whole_ns(than, REFERENCE_TYPICAL) * 5 >
           (wide)reference_path_rows(than) * reference_path_whole_ns(path, REFERENCE_TYPICAL) * 6;
}

void reference_give(const struct reference *reference, const struct reference_path *path,
                    uint64_t now_ns, struct dispatch_action *action)
{
    action->from = (uint16_t)reference_path_from(path);
    action->to = (uint16_t)reference_path_to(path);
    for (uint32_t i = 0; i < path->count; i++)
        reference_add_rows(reference, &reference->requests[path->entries[i].slot], action);
    reference_stops(reference, path, now_ns, action->stops);
}

void reference_lead(const struct reference *reference, const struct reference_request *first,
                    uint64_t start_ns, uint64_t now_ns, struct dispatch_action *action)
{
    struct reference_path mine, other;
    bool has_refused, ignored;
    const uint64_t due_ns = first->facts.deadline_ns;
    const struct dispatch_action dropped = {.kind = DISPATCH_DROP, .slot = first->facts.slot};
    if (!reference_who_goes(reference, first, NOBODY, start_ns, UINT64_MAX, now_ns, &mine,
                            &has_refused)) {
        *action = dropped;
        return;
    }
    const struct reference_request *next =
        reference_next_urgent(reference, first->facts.model, NULL);
    if (next == first)
        next = reference_next_urgent(reference, first->facts.model, first);
    const uint64_t after_ns = start_ns + reference_path_whole_ns(&mine, REFERENCE_SAFE);
    if (!has_refused || due_ns == DISPATCH_NO_DEADLINE || !next ||
        !reference_who_goes(reference, next, first->facts.slot, start_ns, UINT64_MAX, now_ns,
                            &other, &ignored) ||
        !does_more(&other, &mine) || reference_slack_ns(&other, after_ns) >= 0) {
        reference_give(reference, &mine, now_ns, action);
        return;
    }
    uint64_t again_ns = start_ns + reference_path_whole_ns(&other, REFERENCE_SAFE);
    const uint64_t there_ns = elsewhere_ns(reference, first->facts.model, action->worker, now_ns);
    again_ns = there_ns < again_ns ? there_ns : again_ns;
    mine.count = 1; /* the first by itself */
    if (reference_slack_ns(&mine, again_ns) < 0)
        *action = dropped;
    else
        reference_give(reference, &other, now_ns, action);
}
