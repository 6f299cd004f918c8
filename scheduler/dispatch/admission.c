/* Who is let in: the virtual clock says when a newcomer would be done behind all that is more
 * urgent, and what it would do to those behind it.
 *
 * Time is poured out: `demand` holds what waits in the order of service, each request with its part
 * of the batch that it will likely run in; the workers' clocks say when they are done with what
 * they have. A newcomer is in time if level(what is before it) + its batch is, and nobody behind it
 * has less room than its cost. Three things make that stricter for itself, not for those who are
 * already in:
 *
 *   margin   of its class: what was promised and broken lately (AlpaServe, OSDI 2023, scales its
 *            predictions alike); each broken promise raises it, each kept one lowers it a little;
 *            an idle server takes all that is not late alone, so it is always measured again
 *   taken    what classes with shorter deadlines are expected to put before it meanwhile
 *   share    a client or class ahead of its share finds less room, down to half, so that who is
 *            within its share finds some */
#include "scheduler/dispatch/state.h"
#include "scheduler/dispatch/trial.h"

#include <math.h>

#define MARGIN_STEP 0.05 /* for a broken promise */
#define MARGIN_TARGET 0.004 /* of promises that may be broken */
#define MOST_MARGIN 1.0
#define LEAST_ROOM 0.05 /* of its time, for who is far ahead of its share */
#define LEAST_LEFT 0.4 /* of the workers, beside more urgent classes; they are held back too */
#define LEAST_IDLE_ROOM 0.3 /* with less, even an idle server waits for others to come */
#define PATIENT_PART 0.25 /* of the patience: for classes beside which others are in a hurry */
#define REST_PART 0.5 /* of its batch, that a newcomer expects to find before it in the order */
#define USUAL_WEIGHT (1.0 / 32)
#define FAR_NS 1e18 /* a deadline that stays as it is: no number overflows by it */

static double clamp(double value, double least, double most)
{
    return value < least ? least : value > most ? most : value;
}

static uint64_t typical_ns(const struct dispatch *dispatch, const struct dispatch_request *facts,
                           uint64_t rows)
{
    return batch_cost_ns(&dispatch->models[facts->model].cost, COST_TYPICAL, facts->from, facts->to,
                         rows);
}

void dispatch_price(const struct dispatch *dispatch, const struct dispatch_request *facts,
                    uint32_t batch, struct admission_claim *claim)
{
    const struct model *model = &dispatch->models[facts->model];
    const uint32_t most = batch_cost_most_rows(&model->cost, facts->from, facts->to);
    const uint32_t usual = (uint32_t)(model->habit.rows + 0.5);
    uint32_t rows = batch < usual ? batch : usual;
    rows = rows < most ? rows : most;
    *claim = (struct admission_claim){.client = SHARE_NONE, .tried_wait_ns = UINT64_MAX};
    if (facts->rows >= rows) {
        claim->cost_ns = typical_ns(dispatch, facts, facts->rows);
    } else {
        const double whole_ns = (double)typical_ns(dispatch, facts, rows) * model->habit.ratio;
        claim->cost_ns = (uint64_t)(whole_ns * facts->rows / rows);
        claim->rest_ns = (uint64_t)(whole_ns * (rows - facts->rows) / rows);
    }
    claim->fair_ns = typical_ns(dispatch, facts, facts->rows < most ? most : facts->rows);
    claim->fair_ns = facts->rows < most ? claim->fair_ns * facts->rows / most : claim->fair_ns;
    claim->unspent_ns = claim->fair_ns;
}

/* The part of the workers' time that is left to the class, beside those of shorter deadlines
 * (budget_ns UINT64_MAX: beside all). */
static double part_left(const struct dispatch *dispatch, uint32_t class_index, uint64_t budget_ns,
                        uint64_t now_ns)
{
    const double weights = share_weights(&dispatch->share, class_index, now_ns);
    double left = 1;
    for (uint32_t i = 0; i < dispatch->config.class_count; i++)
        if (i != class_index && dispatch->admission[i].usual_ns < (double)budget_ns)
            left -= share_taken(&dispatch->share, weights, i, dispatch->up_count, now_ns);
    return left > LEAST_LEFT ? left : LEAST_LEFT;
}

/* When it would be a client's turn if all had the same, from now on. */
static uint64_t turn_ns(const struct dispatch *dispatch, const struct dispatch_request *facts)
{
    return share_turn_ns(&dispatch->share, facts->class_index, facts->client) /
           dispatch->demand.workers;
}

uint64_t dispatch_order_ns(const struct dispatch *dispatch, const struct dispatch_request *facts,
                           uint64_t now_ns)
{
    uint64_t order_ns = dispatch_sum_or_never(facts->arrived_ns, dispatch->config.patience_ns);
    if (dispatch->config.has_admission && facts->deadline_ns > order_ns) {
        const double backlog_ns =
            (double)share_backlog_ns(&dispatch->share, facts->class_index, facts->client) /
            dispatch->fullness / dispatch->demand.workers;
        const uint64_t fair_ns = dispatch_sum_or_never(now_ns, (uint64_t)backlog_ns);
        order_ns = fair_ns > order_ns ? fair_ns : order_ns;
    }
    return facts->deadline_ns < order_ns ? facts->deadline_ns : order_ns;
}

/* What a request is offered, and what it needs. */
struct question {
    const struct dispatch_request *facts;
    uint64_t now_ns, order_ns;
    uint64_t ahead_ns; /* from now to when the workers together are done with what they have */
    double budget_ns; /* from now to its deadline, as narrow as it is for this one */
    struct demand_view view;
    uint64_t level_ns; /* when its turn comes, from now */
};

static uint64_t committed_ns(const struct dispatch *dispatch, uint64_t now_ns)
{
    uint64_t sum_ns = 0;
    for (uint32_t i = 0; i < dispatch->config.max_workers; i++) {
        const struct worker *worker = &dispatch->workers[i];
        if (worker->open_count && worker->ends_ns > now_ns)
            sum_ns += worker->ends_ns - now_ns;
    }
    return sum_ns / dispatch->demand.workers;
}

/* Nobody behind it gets late. */
static bool has_room_behind(const struct dispatch *dispatch, const struct question *question,
                            const struct admission_claim *claim)
{
    return (double)question->view.room_ns - (double)question->now_ns - (double)question->ahead_ns -
               (double)claim->cost_ns / dispatch->demand.workers >=
           0;
}

static bool can_be_in_time(const struct dispatch *dispatch, const struct question *question,
                           const struct admission_claim *claim, double share)
{
    const double done_ns =
        (double)question->level_ns + (double)claim->cost_ns + REST_PART * (double)claim->rest_ns;
    return has_room_behind(dispatch, question, claim) && done_ns <= question->budget_ns * share;
}

/* In the usual batch, in a smaller one, or alone. */
static bool is_possible(const struct dispatch *dispatch, const struct question *question,
                        double share, struct admission_claim *claim)
{
    for (uint32_t batch = DISPATCH_MAX_BATCH; batch; batch /= 2) {
        dispatch_price(dispatch, question->facts, batch, claim);
        if (can_be_in_time(dispatch, question, claim, share))
            return true;
        if (!claim->rest_ns)
            return false;
    }
    return false;
}

/* By a trial where there can be one; under overload, if it is not too dear. */
static bool does_fit(struct dispatch *dispatch, const struct question *question, double share,
                     struct admission_claim *claim)
{
    struct dispatch_request narrowed = *question->facts;
    const double budget_ns = question->budget_ns * share;
    if (budget_ns < FAR_NS)
        narrowed.deadline_ns = question->now_ns + (uint64_t)budget_ns;
    uint64_t begins_ns = UINT64_MAX;
    const enum trial trial = dispatch_trial(dispatch, &narrowed, question->now_ns, &begins_ns);
    claim->tried_wait_ns = begins_ns;
    if (begins_ns != UINT64_MAX)
        claim->tried_wait_ns = begins_ns > question->now_ns ? begins_ns - question->now_ns : 0;
    /* Those before it in the order could take its place there. */
    if (trial == TRIAL_ENTERS && !question->view.before_ns &&
        has_room_behind(dispatch, question, claim))
        return true;
    if (trial == TRIAL_ENTERS || trial == TRIAL_UNKNOWN) {
        claim->tried_wait_ns = UINT64_MAX;
        return is_possible(dispatch, question, share, claim);
    }
    if (share >= 1 && question->facts->grant != DISPATCH_TRIED)
        dispatch_note_trial(dispatch, question->facts, trial);
    return trial == TRIAL_FITS;
}

/* How much of its time is left to who is ahead of its share: all to who is not. */
static double share_of(const struct dispatch *dispatch, const struct question *question)
{
    const double turn = (double)turn_ns(dispatch, question->facts);
    if (question->facts->grant || turn <= question->budget_ns)
        return 1;
    const double room = sqrt(question->budget_ns / turn);
    return room > LEAST_ROOM ? room : LEAST_ROOM;
}

static struct question ask(const struct dispatch *dispatch, const struct dispatch_request *facts,
                           uint64_t now_ns)
{
    const struct admission_class *class = &dispatch->admission[facts->class_index];
    const uint64_t left_ns = facts->deadline_ns > now_ns ? facts->deadline_ns - now_ns : 0;
    struct question question = {.facts = facts,
                                .now_ns = now_ns,
                                .order_ns = dispatch_order_ns(dispatch, facts, now_ns),
                                .ahead_ns = committed_ns(dispatch, now_ns)};
    question.budget_ns = (double)left_ns / (1 + class->margin);
    if (facts->grant != DISPATCH_TRIED)
        question.budget_ns *= part_left(dispatch, facts->class_index, left_ns / 2, now_ns);
    const double patient_ns = PATIENT_PART * (double)dispatch->config.patience_ns;
    if (question.budget_ns > patient_ns &&
        dispatch_has_hurried(dispatch, facts->class_index, now_ns))
        question.budget_ns = patient_ns;
    question.view = demand_look(&dispatch->demand, question.order_ns);
    question.level_ns =
        dispatch_level_ns(dispatch, facts->class_index,
                          (uint64_t)question.view.before_ns * dispatch->demand.workers, now_ns);
    return question;
}

static void note_usual(struct dispatch *dispatch, const struct dispatch_request *facts,
                       const struct admission_claim *claim, uint64_t now_ns)
{
    struct admission_class *class = &dispatch->admission[facts->class_index];
    class->usual_cost_ns += USUAL_WEIGHT * ((double)claim->cost_ns - class->usual_cost_ns);
    const uint64_t longest_ns = dispatch->config.patience_ns;
    const uint64_t left_ns = facts->deadline_ns - now_ns;
    const double budget_ns = (double)(left_ns < longest_ns ? left_ns : longest_ns);
    share_pass_time(&dispatch->share, dispatch->demand.workers, now_ns);
    share_want(&dispatch->share, facts->class_index, facts->client, claim->fair_ns,
               (uint64_t)budget_ns, dispatch->demand.workers, now_ns);
    class->usual_ns = class->usual_ns > 0
                          ? class->usual_ns + USUAL_WEIGHT * (budget_ns - class->usual_ns)
                          : budget_ns;
}

static enum dispatch_verdict decide_in_time(struct dispatch *dispatch,
                                            const struct dispatch_request *facts, uint64_t now_ns,
                                            struct admission_claim *claim)
{
    const struct question question = ask(dispatch, facts, now_ns);
    const uint64_t predicted_ns = question.level_ns;
    const double share = share_of(dispatch, &question);
    const bool is_idle = !question.level_ns && !demand_total_ns(&dispatch->demand);
    const bool is_nothing_before = is_idle && share > LEAST_IDLE_ROOM;
    if (facts->deadline_ns == DISPATCH_NO_DEADLINE || is_nothing_before ||
        does_fit(dispatch, &question, share, claim)) {
        claim->predicted_wait_ns = predicted_ns;
        return DISPATCH_QUEUED;
    }
    if (share < 1 && does_fit(dispatch, &question, 1, claim))
        return DISPATCH_OVER_CREDIT;
    return DISPATCH_LATE;
}

enum dispatch_verdict dispatch_decide(struct dispatch *dispatch,
                                      const struct dispatch_request *facts, uint64_t now_ns,
                                      struct admission_claim *claim)
{
    dispatch_price(dispatch, facts, UINT32_MAX, claim);
    if (facts->grant == DISPATCH_UNASKED)
        note_usual(dispatch, facts, claim, now_ns);
    if (!dispatch->config.has_admission || !dispatch->up_count)
        return DISPATCH_QUEUED;
    const enum dispatch_verdict verdict = decide_in_time(dispatch, facts, now_ns, claim);
    if (verdict != DISPATCH_QUEUED)
        return verdict;
    const uint64_t ceiling_ns = dispatch->classes[facts->class_index].ceiling_ns;
    const uint64_t queued_ns = dispatch->admission[facts->class_index].queued_ns + claim->cost_ns;
    return queued_ns / dispatch->up_count > ceiling_ns ? DISPATCH_CEILING : DISPATCH_QUEUED;
}

/* What comes later finds another queue: only whose it is can be judged now, by the time that it
 * will have when it is here. */
enum dispatch_verdict dispatch_decide_share(struct dispatch *dispatch,
                                            const struct dispatch_request *facts, uint64_t now_ns,
                                            struct admission_claim *claim)
{
    dispatch_price(dispatch, facts, UINT32_MAX, claim);
    note_usual(dispatch, facts, claim, now_ns);
    if (!dispatch->config.has_admission || !dispatch->up_count)
        return DISPATCH_QUEUED;
    struct dispatch_request here = *facts;
    if (facts->arrived_ns > now_ns && facts->arrived_ns < facts->deadline_ns &&
        facts->deadline_ns != DISPATCH_NO_DEADLINE)
        here.deadline_ns -= facts->arrived_ns - now_ns;
    const struct question question = ask(dispatch, &here, now_ns);
    const double turn = (double)turn_ns(dispatch, facts);
    return turn <= question.budget_ns ? DISPATCH_QUEUED : DISPATCH_OVER_CREDIT;
}

void dispatch_enter(struct dispatch *dispatch, struct request *request)
{
    request->claim.client = share_enter(&dispatch->share, request->facts.class_index,
                                        request->facts.client, request->claim.fair_ns);
}

/* What is left of it to begin. */
static uint64_t waiting_ns(const struct request *request)
{
    return request->claim.cost_ns / request->facts.rows *
           (request->facts.rows - request->first_row);
}

void dispatch_wait(struct dispatch *dispatch, uint32_t slot)
{
    const struct request *request = &dispatch->requests[slot];
    const struct dispatch_request *facts = &request->facts;
    const double rest_ns = REST_PART * (double)request->claim.rest_ns;
    const bool has_limit = facts->deadline_ns < DEMAND_NO_LIMIT;
    const struct demand_work work = {
        .order = request->order_ns,
        .tie = request->sequence,
        .cost_ns = (int64_t)waiting_ns(request),
        .limit_ns = has_limit ? (int64_t)facts->deadline_ns - (int64_t)rest_ns : DEMAND_NO_LIMIT};
    demand_add(&dispatch->demand, slot, &work);
    dispatch->admission[facts->class_index].queued_ns += waiting_ns(request);
}

void dispatch_wait_ends(struct dispatch *dispatch, uint32_t slot)
{
    const struct request *request = &dispatch->requests[slot];
    demand_remove(&dispatch->demand, slot);
    dispatch->admission[request->facts.class_index].queued_ns -= waiting_ns(request);
}

void dispatch_leave(struct dispatch *dispatch, const struct admission_claim *claim)
{
    share_leave(&dispatch->share, claim->client, claim->unspent_ns);
}

void dispatch_note_outcome(struct dispatch *dispatch, const struct request *request,
                           bool is_in_time)
{
    struct admission_class *class = &dispatch->admission[request->facts.class_index];
    if (request->facts.deadline_ns == DISPATCH_NO_DEADLINE)
        return;
    const double less = MARGIN_STEP * MARGIN_TARGET / (1 - MARGIN_TARGET);
    class->margin = clamp(class->margin + (is_in_time ? -less : MARGIN_STEP), 0, MOST_MARGIN);
}
