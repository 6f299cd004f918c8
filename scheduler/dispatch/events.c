/* What happens to requests: they come, are cancelled, and workers say what became of them. */
#include "scheduler/dispatch/state.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static uint32_t most_rows(const struct dispatch *dispatch, const struct dispatch_request *facts)
{
    return batch_cost_most_rows(&dispatch->models[facts->model].cost, facts->from, facts->to);
}

/* The next rows that fit in one dispatch wait. False if none are left. */
static bool begin_chunk(const struct dispatch *dispatch, struct request *request)
{
    const uint32_t most = most_rows(dispatch, &request->facts);
    if (request->first_row >= request->facts.rows)
        return false;
    const uint32_t left = request->facts.rows - request->first_row;
    request->waiting = dispatch_low_bits(left < most ? left : most);
    return true;
}

bool dispatch_is_possible(const struct dispatch *dispatch, const struct dispatch_request *facts)
{
    return facts->model < dispatch->config.max_models && dispatch->models[facts->model].is_there &&
           batch_cost_has_cuts(&dispatch->models[facts->model].cost, facts->from, facts->to) &&
           facts->rows;
}

static void accept(struct dispatch *dispatch, const struct dispatch_request *facts,
                   const struct admission_claim *claim, bool is_alone, bool is_new, uint64_t now_ns)
{
    assert(facts->slot < dispatch->config.max_requests);
    assert(facts->class_index < dispatch->config.class_count);
    struct request *request = &dispatch->requests[facts->slot];
    assert(request->state == REQUEST_NONE);
    *request = (struct request){
        .facts = *facts,
        .is_alone = is_alone,
        .order_ns = dispatch_order_ns(dispatch, facts, now_ns),
        .claim = *claim,
        .sequence = dispatch->next_sequence++,
        .worker = DISPATCH_NONE,
    };
    begin_chunk(dispatch, request);
    dispatch->models[facts->model].request_count++;
    if (claim->client == SHARE_NONE)
        dispatch_enter(dispatch, request);
    dispatch_queue_in(dispatch, facts->slot, is_new, now_ns);
}

/* Late by what was measured, and by what was loaded: a refusal that is owed to the correction alone
 * makes it doubtful. */
bool dispatch_is_late(struct dispatch *dispatch, const struct dispatch_request *facts,
                      uint64_t now_ns)
{
    struct model *model = &dispatch->models[facts->model];
    if (facts->deadline_ns == DISPATCH_NO_DEADLINE)
        return false;
    const uint64_t left_ns = facts->deadline_ns > now_ns ? facts->deadline_ns - now_ns : 0;
    if (batch_cost_ns(&model->cost, COST_SAFE, facts->from, facts->to, facts->rows) <= left_ns)
        return false;
    if (batch_cost_ns(&model->cost, COST_LOADED, facts->from, facts->to, facts->rows) <= left_ns)
        batch_cost_doubt(&model->cost);
    return true;
}

enum dispatch_verdict dispatch_let_in(struct dispatch *dispatch,
                                      const struct dispatch_request *facts, uint64_t now_ns,
                                      struct admission_claim *claim)
{
    if (!dispatch_is_possible(dispatch, facts))
        return DISPATCH_NO_MODEL;
    assert(facts->class_index < dispatch->config.class_count);
    if (dispatch_is_late(dispatch, facts, now_ns))
        return DISPATCH_LATE;
    const enum dispatch_verdict verdict = dispatch_decide(dispatch, facts, now_ns, claim);
    if (verdict != DISPATCH_QUEUED)
        return verdict;
    const uint32_t of_class = dispatch->class_queued[facts->class_index] +
                              dispatch->admission[facts->class_index].reserved_count;
    if (of_class >= dispatch->classes[facts->class_index].max_queued)
        return DISPATCH_FULL;
    const uint32_t of_all = dispatch->queued_count + dispatch->reserved_count;
    return of_all < dispatch_most_queued(dispatch, facts->class_index) ? DISPATCH_QUEUED
                                                                       : DISPATCH_FULL;
}

enum dispatch_verdict dispatch_submit(struct dispatch *dispatch,
                                      const struct dispatch_request *request, uint64_t now_ns)
{
    now_ns = dispatch_clock(dispatch, now_ns);
    struct dispatch_request facts = *request;
    struct admission_claim claim, granted;
    facts.grant = dispatch_take_expected(dispatch, request->slot, &granted);
    const enum dispatch_verdict verdict = dispatch_let_in(dispatch, &facts, now_ns, &claim);
    if (facts.grant && verdict == DISPATCH_QUEUED)
        dispatch_keep_claim(&claim, &granted);
    else if (facts.grant)
        dispatch_leave(dispatch, &granted);
    if (verdict == DISPATCH_QUEUED)
        accept(dispatch, &facts, &claim, false, true, now_ns);
    return verdict;
}

void dispatch_requeue(struct dispatch *dispatch, const struct dispatch_request *request,
                      bool is_alone, uint64_t now_ns)
{
    now_ns = dispatch_clock(dispatch, now_ns);
    assert(dispatch_is_possible(dispatch, request));
    struct admission_claim claim;
    dispatch_price(dispatch, request, UINT32_MAX, &claim);
    accept(dispatch, request, &claim, is_alone, false, now_ns);
}

int dispatch_cancel(struct dispatch *dispatch, uint32_t slot)
{
    if (slot >= dispatch->config.max_requests)
        return -ENOENT;
    struct request *request = &dispatch->requests[slot];
    switch ((enum request_state)request->state) {
    case REQUEST_QUEUED:
        dispatch_forget(dispatch, slot);
        return 0;
    case REQUEST_RUNS:
        request->is_cancelled = true;
        return -EBUSY;
    case REQUEST_EXPECTED:
    case REQUEST_NONE:
        break;
    }
    return -ENOENT;
}

static struct run *find_run(struct dispatch *dispatch, uint32_t worker, uint32_t number)
{
    if (worker >= dispatch->config.max_workers)
        return NULL;
    for (uint32_t i = 0; i < DISPATCH_WORKER_RECORDS; i++) {
        struct run *run = &dispatch->workers[worker].runs[i];
        if ((run->is_open || run->pending) && run->number == number)
            return run;
    }
    return NULL;
}

/* Index of a row that runs and was not answered; DISPATCH_NONE. */
static uint32_t find_row(const struct run *run, uint32_t slot, uint16_t row)
{
    for (uint64_t bits = run->pending; bits; bits &= bits - 1) {
        const uint32_t at = (uint32_t)__builtin_ctzll(bits);
        if (run->rows[at].slot == slot && run->rows[at].row == row)
            return at;
    }
    return DISPATCH_NONE;
}

/* All its rows that ran were answered. True if there is nothing more to do for it. */
static bool is_over(const struct dispatch *dispatch, struct request *request)
{
    if (request->is_cancelled)
        return true;
    if (request->waiting)
        return false;
    request->first_row += most_rows(dispatch, &request->facts);
    return !begin_chunk(dispatch, request);
}

/* A request of which a row was done goes on where it was begun, as long as that can. */
static void wait_again(struct dispatch *dispatch, uint32_t slot, uint64_t now_ns)
{
    const struct request *request = &dispatch->requests[slot];
    if (!request->has_run || !dispatch_worker_can(dispatch, request->worker, request->facts.model))
        dispatch_release(dispatch, slot);
    dispatch->running_count--;
    dispatch_queue_in(dispatch, slot, false, now_ns);
}

bool dispatch_row_done(struct dispatch *dispatch, uint32_t worker, uint32_t number, uint32_t slot,
                       uint16_t row, bool was_run, uint64_t now_ns)
{
    now_ns = dispatch_clock(dispatch, now_ns);
    struct run *run = find_run(dispatch, worker, number);
    const uint32_t at = run ? find_row(run, slot, row) : DISPATCH_NONE;
    if (at == DISPATCH_NONE)
        return false;
    struct request *request = &dispatch->requests[slot];
    const uint64_t bit = UINT64_C(1) << (row - request->first_row);
    assert(request->state == REQUEST_RUNS && request->running & bit);
    run->pending &= ~(UINT64_C(1) << at);
    run->missed_count += !was_run;
    request->running &= ~bit;
    request->waiting |= was_run ? 0 : bit;
    request->has_run |= was_run;
    if (!was_run)
        dispatch_uncharge(dispatch, request, run, at);
    if (request->running)
        return false;
    if (is_over(dispatch, request)) {
        if (!request->is_cancelled)
            dispatch_note_outcome(dispatch, request, now_ns <= request->facts.deadline_ns);
        dispatch_forget(dispatch, slot);
        return true;
    }
    wait_again(dispatch, slot, now_ns);
    return false;
}

/* What it ran inside of stood still meanwhile. */
static void put_off_others(struct worker *worker, const struct run *run, uint64_t started_ns,
                           uint64_t ended_ns)
{
    for (uint32_t i = 0; i < DISPATCH_WORKER_RECORDS; i++) {
        struct run *other = &worker->runs[i];
        if (other != run && other->is_open && other->part_began_ns && other->urgency < run->urgency)
            other->part_began_ns += ended_ns - started_ns;
    }
}

int dispatch_segment(struct dispatch *dispatch, uint32_t worker, uint32_t number, uint32_t from,
                     uint32_t to, uint32_t rows, uint64_t started_ns, uint64_t ended_ns,
                     uint64_t now_ns)
{
    now_ns = dispatch_clock(dispatch, now_ns);
    struct run *run = find_run(dispatch, worker, number);
    if (!run || !run->is_open)
        return -ENOENT;
    struct model *model = &dispatch->models[run->model];
    if (from >= to || from < run->from || to > run->to || !rows || rows > model->cost.max_batch)
        return -EINVAL;
    /* Rows enter between parts: while one runs, none before its end. */
    if (run->at < to)
        run->at = to;
    const bool is_over = ended_ns > started_ns;
    if (is_over) {
        batch_cost_measure(&model->cost, from, to, rows, ended_ns - started_ns);
        put_off_others(&dispatch->workers[worker], run, started_ns, ended_ns);
    }
    run->part_from = from;
    run->part_rows = rows;
    run->part_began_ns = is_over ? 0 : started_ns < now_ns ? started_ns : now_ns;
    if (dispatch->config.mode == DISPATCH_ACROSS)
        dispatch_reckon(dispatch, worker, now_ns);
    model->wants_join |= !is_over; /* between two parts nothing runs that somebody could join */
    return 0;
}

/* The next one, if it was given one, begins now. */
static void note_end(struct dispatch *dispatch, struct worker *worker, uint64_t now_ns)
{
    if (now_ns > worker->began_ns)
        dispatch->busy_ns += now_ns - worker->began_ns;
    worker->began_ns = now_ns;
    worker->open_count--;
    worker->ends_ns = now_ns;
    for (uint32_t i = 0; i < DISPATCH_WORKER_RECORDS; i++)
        if (worker->runs[i].is_open)
            worker->ends_ns += worker->runs[i].expected_ns;
}

int dispatch_run_done(struct dispatch *dispatch, uint32_t worker, uint32_t number,
                      uint64_t compute_ns, uint64_t now_ns)
{
    now_ns = dispatch_clock(dispatch, now_ns);
    struct run *run = find_run(dispatch, worker, number);
    if (!run || !run->is_open)
        return -ENOENT;
    struct model *model = &dispatch->models[run->model];
    run->is_open = false;
    model->open_count--;
    run->part_began_ns = 0;
    note_end(dispatch, &dispatch->workers[worker], now_ns);
    dispatch_settle(dispatch, run, compute_ns);
    if (dispatch->config.mode == DISPATCH_ACROSS)
        dispatch_reckon(dispatch, worker, now_ns);
    dispatch_note_ratio(dispatch, compute_ns, run->missed_count ? 0 : run->expected_ns);
    for (uint32_t i = 0; i < dispatch->model_end; i++) /* what it was put before goes on */
        dispatch->models[i].wants_join |= run->urgency > DISPATCH_URGENCY;
    return 0;
}
