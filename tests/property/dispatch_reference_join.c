/* The dispatcher's rules over flat arrays, of mode join: who enters what runs, who goes before it,
 * and a worker's clock. */
#include "tests/property/dispatch_reference_path.h"

#include <stddef.h>

#define NOBODY UINT32_MAX

enum { CANDIDATES = 16, RECORDS = 4 };

void reference_rest(const struct reference *reference, const struct reference_run *run,
                    struct reference_path *path)
{
    *path = (struct reference_path){.model = &reference->models[run->model]};
    for (uint32_t i = 0; i < run->row_count; i++) {
        const struct dispatch_request *facts = &reference->requests[run->rows[i].slot].facts;
        const struct reference_entry entry = {.slot = facts->slot,
                                              .from = facts->from < run->at ? run->at : facts->from,
                                              .to = facts->to,
                                              .rows = 1,
                                              .class_index = facts->class_index,
                                              .due_ns = facts->deadline_ns};
        if (!run->is_answered[i] && entry.from < entry.to)
            reference_path_add(path, &entry);
    }
}

uint64_t reference_part_end_ns(const struct reference *reference, const struct reference_run *run,
                               uint64_t now_ns)
{
    const uint64_t end_ns = run->part_began_ns +
                            reference_together_ns(&reference->models[run->model], REFERENCE_TYPICAL,
                                                  run->part_from, run->at, run->part_rows);
    return run->part_began_ns && end_ns > now_ns ? end_ns : now_ns;
}

void reference_reckon(struct reference *reference, uint32_t worker, uint64_t now_ns)
{
    reference->ends_ns[worker] = now_ns;
    for (uint32_t i = 0; i < reference->run_count; i++) {
        const struct reference_run *run = &reference->runs[i];
        struct reference_path rest;
        if (run->worker != worker || !run->is_open)
            continue;
        reference_rest(reference, run, &rest);
        reference->ends_ns[worker] += reference_part_end_ns(reference, run, now_ns) - now_ns +
                                      reference_path_whole_ns(&rest, REFERENCE_TYPICAL);
    }
}

/* The dispatch that the worker computes; NULL: none, as far as it said. */
static const struct reference_run *host_of(const struct reference *reference, uint32_t worker)
{
    for (uint32_t i = 0; i < reference->run_count; i++)
        if (reference->runs[i].worker == worker && reference->runs[i].is_open &&
            reference->runs[i].part_began_ns)
            return &reference->runs[i];
    return NULL;
}

/* The dispatch that the worker turns to after that one (NULL: first), when its part is over. */
static const struct reference_run *next_run(const struct reference *reference, uint32_t worker,
                                            const struct reference_run *after)
{
    const struct reference_run *next = NULL;
    for (uint32_t i = 0; i < reference->run_count; i++) {
        const struct reference_run *run = &reference->runs[i];
        const bool is_later = !after || run->urgency < after->urgency ||
                              (run->urgency == after->urgency && run->number > after->number);
        const bool is_sooner = !next || run->urgency > next->urgency ||
                               (run->urgency == next->urgency && run->number < next->number);
        if (run->worker == worker && run->is_open && is_later && is_sooner)
            next = run;
    }
    return next;
}

/* How long those dispatches of the worker that were put before nobody (is_before; else all) could
 * be put off; *begin_ns: when they begin. With a guest the rest of the host's way is that. */
static int64_t slack_ns(const struct reference *reference, const struct reference_run *host,
                        const struct reference_path *rest, bool is_before, uint64_t now_ns,
                        uint64_t *begin_ns)
{
    int64_t least_ns = INT64_MAX;
    uint64_t at_ns = reference_part_end_ns(reference, host, now_ns);
    *begin_ns = at_ns;
    for (const struct reference_run *run = next_run(reference, host->worker, NULL); run;
         run = next_run(reference, host->worker, run)) {
        struct reference_path path = *rest;
        if (run != host)
            reference_rest(reference, run, &path);
        const int64_t ns = reference_slack_ns(&path, at_ns);
        at_ns += reference_path_whole_ns(&path, REFERENCE_SAFE);
        if (is_before && run->urgency > REFERENCE_USUAL)
            *begin_ns = at_ns;
        else
            least_ns = ns < least_ns ? ns : least_ns;
    }
    return least_ns;
}

/* A row of it is in a hurry beside the class. */
static bool has_hurried_row(const struct reference *reference, const struct reference_path *rest,
                            uint32_t class_index)
{
    for (uint32_t i = 0; i < rest->count; i++)
        if (reference_is_hurried(reference, rest->entries[i].class_index, class_index))
            return true;
    return false;
}

/* The class is in a hurry beside all its rows. */
static bool is_ahead_of(const struct reference *reference, const struct reference_path *rest,
                        uint32_t class_index)
{
    for (uint32_t i = 0; i < rest->count; i++)
        if (!reference_is_hurried(reference, class_index, rest->entries[i].class_index))
            return false;
    return rest->count;
}

static bool can_join(const struct reference *reference, const struct reference_run *host,
                     const struct reference_request *guest, uint64_t now_ns)
{
    const struct reference_entry entry = reference_entry(reference, guest);
    struct reference_path rest;
    uint64_t ignored_ns;
    reference_rest(reference, host, &rest);
    uint32_t unanswered = entry.rows;
    for (uint32_t i = 0; i < host->row_count; i++)
        unanswered += !host->is_answered[i];
    return unanswered <= REFERENCE_ROWS && host->model == guest->facts.model && !host->is_alone &&
           entry.from >= host->at && entry.to <= host->to &&
           !has_hurried_row(reference, &rest, entry.class_index) &&
           !is_ahead_of(reference, &rest, entry.class_index) && reference_path_add(&rest, &entry) &&
           slack_ns(reference, host, &rest, false, now_ns, &ignored_ns) >= 0;
}

static uint32_t record_count(const struct reference *reference, uint32_t worker)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < reference->run_count; i++)
        count += reference->runs[i].worker == worker;
    return count;
}

/* Something is left there that was put before nobody. */
static bool is_anything_behind(const struct reference *reference, const struct reference_run *host,
                               const struct reference_path *rest)
{
    for (uint32_t i = 0; i < reference->run_count; i++) {
        const struct reference_run *run = &reference->runs[i];
        if (run->worker == host->worker && run->is_open && run->urgency == REFERENCE_USUAL &&
            (run != host || rest->count))
            return true;
    }
    return false;
}

static bool can_go_before(const struct reference *reference, const struct reference_run *host,
                          const struct reference_request *guest, uint64_t now_ns,
                          uint64_t *begin_ns, uint64_t *limit_ns)
{
    const struct reference_entry entry = reference_entry(reference, guest);
    const uint64_t alone_ns = reference_together_ns(
        &reference->models[guest->facts.model], REFERENCE_SAFE, entry.from, entry.to, entry.rows);
    struct reference_path rest;
    reference_rest(reference, host, &rest);
    if (entry.due_ns == DISPATCH_NO_DEADLINE || record_count(reference, host->worker) == RECORDS ||
        !is_anything_behind(reference, host, &rest))
        return false;
    if (!is_ahead_of(reference, &rest, entry.class_index) &&
        reference->ends_ns[host->worker] + alone_ns <= entry.due_ns)
        return false;
    const int64_t slack = slack_ns(reference, host, &rest, true, now_ns, begin_ns);
    *limit_ns = (uint64_t)slack;
    return slack >= 0 && *limit_ns >= alone_ns && *begin_ns + alone_ns <= entry.due_ns;
}

/* The most urgent of the model that can enter what the worker runs, or go before it. */
static bool look(const struct reference *reference, uint32_t model, uint32_t worker,
                 uint64_t now_ns, struct dispatch_action *action)
{
    const struct reference_run *host = host_of(reference, worker);
    const struct reference_request *guest = NULL;
    for (uint32_t i = 0; host && i < CANDIDATES; i++) {
        uint64_t begin_ns, limit_ns;
        guest = reference_next_urgent(reference, model, guest);
        if (!guest)
            return false;
        *action = (struct dispatch_action){.worker = worker, .model = (uint16_t)model};
        if (can_join(reference, host, guest, now_ns)) {
            action->kind = DISPATCH_JOIN;
            action->number = host->number;
            action->from = guest->facts.from;
            action->to = guest->facts.to;
            reference_add_rows(reference, guest, action);
            return true;
        }
        if (can_go_before(reference, host, guest, now_ns, &begin_ns, &limit_ns)) {
            struct reference_path path;
            bool ignored;
            reference_who_goes(reference, guest, NOBODY, begin_ns, limit_ns, now_ns, &path,
                               &ignored);
            action->kind = DISPATCH_RUN;
            action->urgency = REFERENCE_USUAL + 1;
            reference_give(reference, &path, now_ns, action);
            return true;
        }
    }
    return false;
}

bool reference_join(struct reference *reference, uint64_t now_ns, struct dispatch_action *action)
{
    for (uint32_t i = 0; i < REFERENCE_MODELS; i++) {
        for (uint32_t at = 0; reference->models[i].is_to_look && at < REFERENCE_WORKERS; at++)
            if (reference->models[i].has_worker[at] && look(reference, i, at, now_ns, action))
                return true;
        reference->models[i].is_to_look = false;
    }
    return false;
}
