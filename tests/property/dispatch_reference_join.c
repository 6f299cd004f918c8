/* The dispatcher's rules over flat arrays, of mode join: who enters what runs, who goes before it,
 * and a worker's clock. */
#include "tests/property/dispatch_reference_path.h"

#include <stddef.h>

#define NOBODY UINT32_MAX

enum { CANDIDATES = 16, RECORDS = 4, PAUSE_NS = 300000 };

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

/* What is left of the part that it computes; since a more urgent one began inside of it, nothing
 * was done of it. */
static uint64_t part_left_ns(const struct reference *reference, const struct reference_run *run,
                             enum reference_time time, uint64_t now_ns)
{
    uint64_t until_ns = now_ns;
    if (!run->part_began_ns)
        return 0;
    for (uint32_t i = 0; i < reference->run_count; i++) {
        const struct reference_run *other = &reference->runs[i];
        if (other->worker == run->worker && other->is_open && other->part_began_ns &&
            other->urgency > run->urgency && other->part_began_ns < until_ns)
            until_ns = other->part_began_ns;
    }
    const uint64_t end_ns =
        run->part_began_ns + reference_together_ns(&reference->models[run->model], time,
                                                   run->part_from, run->at, run->part_rows);
    return end_ns > until_ns ? end_ns - until_ns : 0;
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
        reference->ends_ns[worker] += part_left_ns(reference, run, REFERENCE_TYPICAL, now_ns) +
                                      reference_path_whole_ns(&rest, REFERENCE_TYPICAL);
    }
}

/* The dispatch that the worker computes, inside of all others; NULL: none, as far as it said. */
static const struct reference_run *host_of(const struct reference *reference, uint32_t worker)
{
    const struct reference_run *host = NULL;
    for (uint32_t i = 0; i < reference->run_count; i++) {
        const struct reference_run *run = &reference->runs[i];
        if (run->worker == worker && run->is_open && run->part_began_ns &&
            (!host || run->urgency > host->urgency))
            host = run;
    }
    return host;
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

/* By how much later the part could end for those that leave there. */
static int64_t leavers_slack_ns(const struct reference *reference, const struct reference_run *run,
                                uint64_t end_ns)
{
    int64_t least_ns = INT64_MAX;
    for (uint32_t i = 0; i < run->row_count; i++) {
        const struct dispatch_request *facts = &reference->requests[run->rows[i].slot].facts;
        if (run->is_answered[i] || facts->to > run->at ||
            facts->deadline_ns == DISPATCH_NO_DEADLINE)
            continue;
        const int64_t ns = (int64_t)facts->deadline_ns - (int64_t)end_ns;
        least_ns = ns < least_ns ? ns : least_ns;
    }
    return least_ns;
}

/* How long those dispatches of the worker that were put before nobody (is_before; else all) could
 * be put off; *begin_ns: when what is put before them begins, a pause after what was put there
 * already. With a guest the rest of the host's way is that. */
static int64_t slack_ns(const struct reference *reference, const struct reference_run *host,
                        const struct reference_path *rest, bool is_before, uint64_t now_ns,
                        uint64_t *begin_ns)
{
    int64_t least_ns = INT64_MAX;
    uint64_t at_ns = now_ns;
    *begin_ns = at_ns + PAUSE_NS;
    for (const struct reference_run *run = next_run(reference, host->worker, NULL); run;
         run = next_run(reference, host->worker, run)) {
        struct reference_path path = *rest;
        if (run != host)
            reference_rest(reference, run, &path);
        at_ns += part_left_ns(reference, run, REFERENCE_SAFE, now_ns);
        int64_t ns = reference_slack_ns(&path, at_ns);
        if (run->part_began_ns && (is_before || run != host)) {
            const int64_t leavers_ns = leavers_slack_ns(reference, run, at_ns);
            ns = leavers_ns < ns ? leavers_ns : ns;
        }
        at_ns += reference_path_whole_ns(&path, REFERENCE_SAFE);
        if (is_before && run->urgency > REFERENCE_USUAL)
            *begin_ns = at_ns + PAUSE_NS;
        else
            least_ns = ns < least_ns ? ns : least_ns;
    }
    return least_ns;
}

/* A row of it that is not answered is in a hurry beside the class. */
static bool has_hurried_row(const struct reference *reference, const struct reference_run *run,
                            uint32_t class_index)
{
    for (uint32_t i = 0; i < run->row_count; i++)
        if (!run->is_answered[i] &&
            reference_is_hurried(
                reference, reference->requests[run->rows[i].slot].facts.class_index, class_index))
            return true;
    return false;
}

/* The class is in a hurry beside all its rows that are not answered. */
static bool is_ahead_of(const struct reference *reference, const struct reference_run *run,
                        uint32_t class_index, bool if_none)
{
    bool is_any = false;
    for (uint32_t i = 0; i < run->row_count; i++) {
        if (run->is_answered[i])
            continue;
        is_any = true;
        if (!reference_is_hurried(reference, class_index,
                                  reference->requests[run->rows[i].slot].facts.class_index))
            return false;
    }
    return is_any || if_none;
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
           !has_hurried_row(reference, host, entry.class_index) &&
           !is_ahead_of(reference, host, entry.class_index, false) &&
           reference_path_add(&rest, &entry) &&
           slack_ns(reference, host, &rest, false, now_ns, &ignored_ns) >= 0;
}

static uint32_t record_count(const struct reference *reference, uint32_t worker)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < reference->run_count; i++)
        count += reference->runs[i].worker == worker;
    return count;
}

/* Something is left there that was put before nobody; *is_ahead: of all that the class is. */
static bool is_anything_behind(const struct reference *reference, uint32_t worker,
                               uint32_t class_index, bool *is_ahead)
{
    bool is_any = false;
    *is_ahead = true;
    for (uint32_t i = 0; i < reference->run_count; i++) {
        const struct reference_run *run = &reference->runs[i];
        if (run->worker != worker || !run->is_open || run->urgency != REFERENCE_USUAL)
            continue;
        is_any = true;
        *is_ahead &= is_ahead_of(reference, run, class_index, true);
    }
    return is_any;
}

static bool can_go_before(const struct reference *reference, const struct reference_run *host,
                          const struct reference_request *guest, uint64_t now_ns,
                          uint64_t *begin_ns, uint64_t *limit_ns)
{
    const struct reference_entry entry = reference_entry(reference, guest);
    const uint64_t alone_ns = reference_together_ns(
        &reference->models[guest->facts.model], REFERENCE_SAFE, entry.from, entry.to, entry.rows);
    struct reference_path rest;
    bool is_ahead;
    reference_rest(reference, host, &rest);
    if (entry.due_ns == DISPATCH_NO_DEADLINE || record_count(reference, host->worker) == RECORDS ||
        !is_anything_behind(reference, host->worker, entry.class_index, &is_ahead))
        return false;
    if (!is_ahead && reference->ends_ns[host->worker] + alone_ns <= entry.due_ns)
        return false;
    const int64_t slack = slack_ns(reference, host, &rest, true, now_ns, begin_ns);
    *limit_ns = (uint64_t)slack;
    return slack >= 0 && *limit_ns >= alone_ns && *begin_ns + alone_ns <= entry.due_ns;
}

/* Nobody has a deadline, nor has waited for the patience; and what is left of the worker's time is
 * more than the guest's, once for itself and once for each row that would wait for it. */
static bool does_pay(const struct reference *reference, const struct reference_run *host,
                     const struct reference_request *guest, uint64_t now_ns, uint64_t *begin_ns,
                     uint64_t *limit_ns)
{
    const struct reference_entry entry = reference_entry(reference, guest);
    struct reference_path rest;
    uint32_t rows = 0;
    reference_rest(reference, host, &rest);
    slack_ns(reference, host, &rest, true, now_ns, begin_ns);
    for (uint32_t i = 0; i < reference->run_count; i++) {
        const struct reference_run *run = &reference->runs[i];
        for (uint32_t k = 0; k < run->row_count; k++) {
            const struct reference_request *other = &reference->requests[run->rows[k].slot];
            if (run->worker != host->worker || !run->is_open || run->is_answered[k] ||
                run->urgency > REFERENCE_USUAL)
                continue;
            if (other->facts.deadline_ns != DISPATCH_NO_DEADLINE ||
                other->facts.arrived_ns + reference->config.patience_ns <= now_ns)
                return false;
            rows++;
        }
    }
    const uint64_t ends_ns = reference->ends_ns[host->worker];
    *limit_ns = ends_ns > *begin_ns ? (ends_ns - *begin_ns) / (rows + 1) : 0;
    return entry.due_ns == DISPATCH_NO_DEADLINE && rows &&
           record_count(reference, host->worker) < RECORDS &&
           *begin_ns <= now_ns + PAUSE_NS + reference->config.commit_ahead_ns &&
           reference_together_ns(&reference->models[guest->facts.model], REFERENCE_SAFE, entry.from,
                                 entry.to, entry.rows) <= *limit_ns;
}

/* Who goes before all that is there because of its class alone waits for others of the class. */
static bool is_to_wait(const struct reference *reference, uint32_t worker,
                       const struct reference_request *guest, uint64_t now_ns, uint64_t *look_at_ns)
{
    bool is_ahead;
    is_anything_behind(reference, worker, guest->facts.class_index, &is_ahead);
    const uint64_t ready_ns = reference_class_ready_ns(reference, guest);
    if (!is_ahead || ready_ns <= now_ns)
        return false;
    *look_at_ns = !*look_at_ns || ready_ns < *look_at_ns ? ready_ns : *look_at_ns;
    return true;
}

/* The most urgent of the model that can enter what the worker runs, or go before it. */
static bool look(const struct reference *reference, uint32_t model, uint32_t worker,
                 uint64_t now_ns, struct dispatch_action *action, uint64_t *look_at_ns)
{
    const struct reference_run *host = host_of(reference, worker);
    const struct reference_request *guest = NULL;
    for (uint32_t i = 0; host && i < CANDIDATES; i++) {
        uint64_t begin_ns, limit_ns;
        guest = reference_next_urgent(reference, model, guest);
        if (!guest)
            return false;
        *action = (struct dispatch_action){.worker = worker, .model = (uint16_t)model};
        const bool is_better = does_pay(reference, host, guest, now_ns, &begin_ns, &limit_ns);
        if (!is_better && can_join(reference, host, guest, now_ns)) {
            action->kind = DISPATCH_JOIN;
            action->number = host->number;
            action->from = guest->facts.from;
            action->to = guest->facts.to;
            reference_add_rows(reference, guest, action);
            return true;
        }
        if (is_better || (can_go_before(reference, host, guest, now_ns, &begin_ns, &limit_ns) &&
                          begin_ns <= now_ns + PAUSE_NS + reference->config.commit_ahead_ns &&
                          !is_to_wait(reference, worker, guest, now_ns, look_at_ns))) {
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
        struct reference_model *model = &reference->models[i];
        model->is_to_look |= model->look_at_ns && model->look_at_ns <= now_ns;
        if (model->is_to_look)
            model->look_at_ns = 0;
        for (uint32_t at = 0; model->is_to_look && at < REFERENCE_WORKERS; at++)
            if (model->has_worker[at] && look(reference, i, at, now_ns, action, &model->look_at_ns))
                return true;
        model->is_to_look = false;
    }
    return false;
}
