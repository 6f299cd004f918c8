/* Where a call's part for the server is to be: the planner's best, damped, within what the server
 * allows. All of it with the mutex held. */
#include "scheduler/client/joint_state.h"
#include "scheduler/client/message.h"

#include <time.h>

#define OLD_LINK_NS UINT64_C(10000000000) /* by then it may have become a better one */

static double share_of(enum joint_encoding encoding)
{
    return encoding == JOINT_U8 ? 0.25 : encoding == JOINT_F16 ? 0.5 : 1;
}

static struct planner_wish wish_of(const struct joint_call *said)
{
    return (struct planner_wish){.rows = said->rows,
                                 .up_share = share_of(said->encoding),
                                 .down_share = share_of(said->answer_encoding)};
}

static uint64_t age(uint64_t then_ns, uint64_t now_ns)
{
    return then_ns > 0 ? now_ns - then_ns : UINT64_MAX;
}

void choice_describe(const struct server_link *link, uint64_t now_ns, struct joint_server *server)
{
    const struct estimate *estimate = &link->estimate;
    struct split_conditions conditions;
    estimate_conditions(estimate, now_ns, &conditions);
    *server = (struct joint_server){
        .is_heard = estimate->is_heard,
        .is_away = server_link_is_away(link),
        .rtt_ns = estimate->rtt_ns,
        .up_mbps = estimate->up_mbps,
        .down_mbps = estimate->down_mbps,
        .rtt_age_ns = age(estimate->rtt_at_ns, now_ns),
        .up_age_ns = age(estimate->up_ns, now_ns),
        .down_age_ns = age(estimate->down_ns, now_ns),
        .k = conditions.load.k,
        .has_load = estimate->has_load,
        .heard_age_ns = age(estimate->freshness.heard_ns, now_ns),
        .is_expired = freshness_is_expired(&estimate->freshness, now_ns),
        .expected_wait_ms = conditions.load.wait_ms,
        .open = link->open_count,
        .waiting = link->waiting_count,
        .held_off_ns = damping_is_blocked(&link->damping, now_ns)
                           ? link->damping.blocked_until_ns - now_ns
                           : 0,
    };
    if (estimate->has_load)
        call_tell_load(&server->load, &estimate->load);
}

/* Link and load as they are known; the radio is that of the paper's Wi-Fi. */
static void conditions_of(const struct estimate *estimate, uint64_t now_ns,
                          struct split_conditions *conditions)
{
    struct split_network radio = *split_network_named("wifi");
    estimate_conditions(estimate, now_ns, conditions);
    radio.up_mbps = conditions->network.up_mbps;
    radio.down_mbps = conditions->network.down_mbps;
    radio.rtt_ms = conditions->network.rtt_ms;
    conditions->network = radio;
}

/* A cut without a message of so many rows cannot be the end of a request. */
static bool can_be_sent(const struct joint *joint, const struct planner_choice *choice,
                        uint32_t rows)
{
    return choice->from < choice->to &&
           message_bytes(engine_model_cut(joint->model, choice->from), rows, JTP_F32) > 0 &&
           message_bytes(engine_model_cut(joint->model, choice->to), rows, JTP_F32) > 0;
}

static struct planner_choice here(const struct joint *joint, uint32_t rows)
{
    return (struct planner_choice){.ms = planner_local_ms(&joint->planner, 0, joint->last_cut) *
                                         rows};
}

/* The best split; all here where that cannot be sent. */
static struct planner_choice solve(struct joint *joint, const struct planner_wish *wish,
                                   bool is_hopeful)
{
    struct planner_choice choice = {0};
    int rc = is_hopeful ? planner_explore(&joint->planner, wish, &choice)
                        : planner_solve(&joint->planner, wish, &choice);
    return rc == 0 && can_be_sent(joint, &choice, wish->rows) ? choice : here(joint, wish->rows);
}

/* The best split if the server had nothing else to do; a link that was not measured for long may be
 * better by now. */
static struct planner_choice solve_unloaded(struct joint *joint, const struct server_link *link,
                                            const struct planner_wish *wish, uint64_t now_ns)
{
    struct planner_wish unloaded = *wish;
    unloaded.conditions.load.wait_ms = 0;
    unloaded.conditions.load.k = link->estimate.assumed_k;
    struct planner_choice choice = solve(joint, &unloaded, false);
    if (choice.from == choice.to && age(link->estimate.up_ns, now_ns) > OLD_LINK_NS)
        choice = solve(joint, &unloaded, true);
    if (choice.from < choice.to)
        choice.ms = planner_cost_ms(&joint->planner, wish, choice.from, choice.to);
    return choice;
}

/* ---- Damping ---- */

static void hold(struct server_link *link, const struct planner_choice *choice)
{
    link->has_held = true;
    link->held_from = choice->from;
    link->held_to = choice->to;
}

/* What is held, at what it would take now. Held is nothing yet: the best, from now on. */
static struct planner_choice held_by(struct joint *joint, struct server_link *link,
                                     const struct decision *decision)
{
    if (!link->has_held)
        hold(link, &decision->best);
    struct planner_choice held = {.from = link->held_from, .to = link->held_to};
    if (!can_be_sent(joint, &held, decision->wish.rows))
        return here(joint, decision->wish.rows);
    held.ms = planner_cost_ms(&joint->planner, &decision->wish, held.from, held.to);
    return held;
}

static enum joint_why why_of(enum damping_verdict verdict)
{
    static const enum joint_why whys[] = {[DAMPING_AGREES] = JOINT_WHY_BEST,
                                          [DAMPING_TURNS] = JOINT_WHY_TURNED,
                                          [DAMPING_SMALL] = JOINT_WHY_SMALL_GAIN,
                                          [DAMPING_DWELLS] = JOINT_WHY_DWELLS,
                                          [DAMPING_CHANCE] = JOINT_WHY_CHANCE,
                                          [DAMPING_STALE] = JOINT_WHY_EXPIRED,
                                          [DAMPING_EXPLORES_ONCE] = JOINT_WHY_EXPLORES,
                                          [DAMPING_BLOCKED] = JOINT_WHY_HELD_OFF};
    return whys[verdict];
}

static void damp(struct joint *joint, struct server_link *link, struct decision *decision,
                 uint64_t now_ns)
{
    decision->has_held = link->has_held;
    decision->held = held_by(joint, link, decision);
    const struct planner_choice *held = &decision->held, *best = &decision->best;
    const double told_gain = estimate_switch_gain(&link->estimate);
    struct planner_choice unloaded = {0};
    struct damping_offer offer = {
        .held_ms = held->ms,
        .best_ms = best->ms,
        .is_same = held->from == best->from && held->to == best->to,
        .is_here = held->from == held->to,
        .is_expired = freshness_is_expired(&link->estimate.freshness, now_ns),
        .switch_gain = told_gain > 0 ? told_gain : DAMPING_SWITCH_GAIN,
    };
    if (offer.is_here) {
        unloaded = solve_unloaded(joint, link, &decision->wish, now_ns);
        offer.is_full = unloaded.from < unloaded.to;
    }
    enum damping_verdict verdict = damping_choose(&link->damping, &offer, &link->random, now_ns);
    if (verdict == DAMPING_EXPLORES_ONCE && !offer.is_full)
        verdict = DAMPING_AGREES; /* nothing there is worth a look */
    decision->why = why_of(verdict);
    decision->chosen = *held;
    if (verdict == DAMPING_TURNS) {
        decision->chosen = *best;
        hold(link, best);
    } else if (verdict == DAMPING_EXPLORES_ONCE) {
        decision->chosen = unloaded;
    } else if (verdict == DAMPING_BLOCKED) {
        decision->chosen = here(joint, decision->wish.rows);
    }
}

/* ---- The decision ---- */

/* With its credits used the server can be asked a while later, or the work be done here. */
static void obey_credits(struct joint *joint, const struct server_link *link,
                         struct decision *decision, uint64_t now_ns)
{
    const struct planner_choice local = here(joint, decision->wish.rows);
    if (decision->chosen.from == decision->chosen.to)
        return;
    decision->credit_wait_ms = (double)(server_link_free_ns(link, now_ns) - now_ns) / 1e6;
    if (decision->credit_wait_ms <= 0 || decision->chosen.ms + decision->credit_wait_ms <= local.ms)
        return;
    decision->chosen = local;
    decision->why = JOINT_WHY_NO_CREDIT;
}

static void decide(struct joint *joint, struct server_link *link, struct decision *decision,
                   uint64_t now_ns)
{
    struct estimate *estimate = &link->estimate;
    if (freshness_use(&estimate->freshness, now_ns))
        io_ask(joint, link); /* for the next call; this one does not wait any more */
    decision->best = solve(joint, &decision->wish, false);
    /* One call tries a server whose link nobody has measured yet: else what is assumed of it would
     * keep everybody from finding out. */
    if (decision->best.from == decision->best.to && estimate->is_heard && !estimate->has_up &&
        !link->is_explored && !damping_is_blocked(&link->damping, now_ns)) {
        link->is_explored = true;
        decision->chosen = solve(joint, &decision->wish, true);
        decision->why = JOINT_WHY_FIRST_TRY;
        if (decision->chosen.from < decision->chosen.to)
            return;
    }
    damp(joint, link, decision, now_ns);
    obey_credits(joint, link, decision, now_ns);
}

static void plan(struct call *call, struct server_link *link, uint64_t now_ns)
{
    struct joint *joint = call->joint;
    struct decision *decision = &joint->decision;
    *decision = (struct decision){.number = decision->number + 1,
                                  .made_ns = now_ns,
                                  .why = JOINT_WHY_NO_SERVER,
                                  .wish = wish_of(&call->said),
                                  .chosen = here(joint, call->said.rows),
                                  .best = here(joint, call->said.rows),
                                  .server = -1};
    split_conditions_default(&decision->wish.conditions, split_network_named("wifi"));
    if (link) {
        decision->server = (int32_t)(link - joint->links);
        choice_describe(link, now_ns, &decision->known);
        conditions_of(&link->estimate, now_ns, &decision->wish.conditions);
    }
    if (link && estimate_is_closed(&link->estimate, now_ns))
        decision->why = JOINT_WHY_CLOSED;
    else if (link)
        decide(joint, link, decision, now_ns);
    call->report.from = decision->chosen.from;
    call->report.to = decision->chosen.to;
    call->report.planned_ms = decision->chosen.ms;
    call->report.why = decision->why;
}

void choice_make(struct call *call, uint64_t now_ns)
{
    struct joint *joint = call->joint;
    struct joint_report *report = &call->report;
    struct server_link *link = NULL;
    if (call->said.split != JOINT_MOBILE)
        link = io_choose_link(joint, now_ns);
    if (call->said.split == JOINT_AUTO) {
        plan(call, link, now_ns);
    } else if (call->said.split != JOINT_MOBILE) {
        report->from = call->said.from;
        report->to = call->said.to;
    }
    const bool has_remote = report->from < report->to;
    call->request.reason = has_remote && !link ? JOINT_UNREACHABLE : JOINT_AS_PLANNED;
    if (has_remote && link && call->said.split != JOINT_AUTO &&
        damping_is_told_to_wait(&link->damping, now_ns)) {
        call->request.reason = JOINT_HELD_OFF;
        link = NULL;
    }
    if (has_remote && link)
        report->server = (int32_t)(link - joint->links);
}

/* ---- Waiting for word of the load ---- */

static bool is_uninformed(const struct server_link *link, uint64_t now_ns)
{
    return !server_link_is_away(link) && freshness_is_expired(&link->estimate.freshness, now_ns);
}

void choice_await_load(struct joint *joint, const struct joint_call *said)
{
    uint64_t now_ns = joint_now_ns();
    struct server_link *link = io_choose_link(joint, now_ns);
    struct planner_wish wish = wish_of(said);
    if (!link || !is_uninformed(link, now_ns))
        return;
    estimate_conditions(&link->estimate, now_ns, &wish.conditions);
    const struct planner_choice best = solve_unloaded(joint, link, &wish, now_ns);
    wish.conditions.load.wait_ms = 0;
    const double there_ms = planner_cost_ms(&joint->planner, &wish, best.from, best.to);
    const uint64_t patience_ns =
        freshness_patience_ns(link->estimate.rtt_ns, here(joint, said->rows).ms - there_ms);
    if (best.from == best.to || patience_ns == 0)
        return;
    const uint64_t until_ns = now_ns + patience_ns;
    const struct timespec until = {.tv_sec = (time_t)(until_ns / 1000000000u),
                                   .tv_nsec = (long)(until_ns % 1000000000u)};
    io_ask(joint, link);
    joint->listener_count++;
    for (; now_ns < until_ns && is_uninformed(link, now_ns) && !joint->is_closing;
         now_ns = joint_now_ns())
        pthread_cond_timedwait(&joint->heard, &joint->mutex, &until);
    joint->listener_count--;
}
