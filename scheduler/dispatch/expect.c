/* Requests that were let in before their tensors came.
 *
 *   expect ──QUEUED──> EXPECTED ──submit──> QUEUED, if it is in time still
 *                          └── unexpect; or its deadline can not be met any more
 *
 * What will be here soon stands in the demand as if it waited, so that what is let in meanwhile
 * leaves its room, and trials see it; no worker is given it. What takes longer finds a queue that
 * nobody knows yet: to keep room for it would leave the workers without work. It counts in its
 * client's share alone, and all of them together are bounded by what could be done until they are
 * here. */
#include "scheduler/dispatch/state.h"

#include <assert.h>

#define NEAR_PART 8 /* of the time until its deadline, one part in so many */
#define MOST_ON_THE_WAY 1.25 /* of the workers' time until they are here */

/* Whether it will be one of those that run with others across cuts. */
static bool will_join(const struct dispatch *dispatch, const struct dispatch_request *facts)
{
    const struct model *model = &dispatch->models[facts->model];
    const uint32_t most = batch_cost_most_rows(&model->cost, facts->from, facts->to);
    return dispatch->config.mode == DISPATCH_ACROSS && most > 1 && facts->rows <= most;
}

/* Its way here takes a small part of the time that it has. */
static bool is_near(const struct dispatch_request *facts, uint64_t now_ns)
{
    if (facts->arrived_ns <= now_ns)
        return true;
    return facts->arrived_ns != UINT64_MAX && facts->deadline_ns > now_ns &&
           facts->arrived_ns - now_ns <= (facts->deadline_ns - now_ns) / NEAR_PART;
}

static void reserve(struct dispatch *dispatch, struct request *request)
{
    const struct dispatch_request *facts = &request->facts;
    struct model *model = &dispatch->models[facts->model];
    request->is_reserved = true;
    dispatch->reserved_count++;
    dispatch->admission[facts->class_index].reserved_count++;
    dispatch_wait(dispatch, facts->slot);
    if (!will_join(dispatch, facts))
        return;
    request->waiting = dispatch_low_bits(facts->rows);
    order_heap_push(&model->coming, dispatch->by_crowd, facts->slot, request->order_ns,
                    request->sequence);
    model->coming_count++;
}

static void put_in(struct dispatch *dispatch, const struct dispatch_request *facts,
                   const struct admission_claim *claim, uint64_t now_ns)
{
    struct request *request = &dispatch->requests[facts->slot];
    assert(request->state == REQUEST_NONE);
    *request = (struct request){
        .facts = *facts,
        .state = REQUEST_EXPECTED,
        .order_ns = dispatch_order_ns(dispatch, facts, now_ns),
        .claim = *claim,
        .sequence = dispatch->next_sequence++,
        .rows_left = facts->rows,
        .worker = DISPATCH_NONE,
        .bucket = DISPATCH_NONE,
    };
    dispatch->models[facts->model].request_count++;
    dispatch_enter(dispatch, request);
    dispatch_push_deadline(dispatch, facts->slot);
    if (is_near(facts, now_ns))
        reserve(dispatch, request);
    else
        dispatch->far_ns += request->claim.fair_ns;
}

/* As many are on their way as could be done meanwhile, and some. */
static bool is_way_full(const struct dispatch *dispatch, const struct dispatch_request *facts,
                        uint64_t fair_ns, uint64_t now_ns)
{
    const uint64_t patience_ns = dispatch->config.patience_ns;
    uint64_t way_ns = facts->deadline_ns > now_ns ? facts->deadline_ns - now_ns : 0;
    if (facts->arrived_ns != UINT64_MAX)
        way_ns = facts->arrived_ns - now_ns;
    way_ns = way_ns < patience_ns ? way_ns : patience_ns;
    const double most_ns = MOST_ON_THE_WAY * (double)way_ns * dispatch->up_count;
    return dispatch->far_ns && (double)(dispatch->far_ns + fair_ns) > most_ns;
}

static enum dispatch_verdict decide_far(struct dispatch *dispatch,
                                        const struct dispatch_request *facts, uint64_t now_ns,
                                        struct admission_claim *claim)
{
    if (!dispatch_is_possible(dispatch, facts))
        return DISPATCH_NO_MODEL;
    if (dispatch_is_late(dispatch, facts, now_ns))
        return DISPATCH_LATE;
    const enum dispatch_verdict verdict = dispatch_decide_share(dispatch, facts, now_ns, claim);
    const bool is_full = dispatch->config.has_admission && dispatch->up_count &&
                         is_way_full(dispatch, facts, claim->fair_ns, now_ns);
    return verdict == DISPATCH_QUEUED && is_full ? DISPATCH_FULL : verdict;
}

enum dispatch_verdict dispatch_expect(struct dispatch *dispatch,
                                      const struct dispatch_request *request, uint64_t now_ns)
{
    now_ns = dispatch_clock(dispatch, now_ns);
    struct admission_claim claim;
    const enum dispatch_verdict verdict = is_near(request, now_ns)
                                              ? dispatch_let_in(dispatch, request, now_ns, &claim)
                                              : decide_far(dispatch, request, now_ns, &claim);
    if (verdict == DISPATCH_QUEUED)
        put_in(dispatch, request, &claim, now_ns);
    return verdict;
}

static void unreserve(struct dispatch *dispatch, struct request *request)
{
    struct model *model = &dispatch->models[request->facts.model];
    dispatch_wait_ends(dispatch, request->facts.slot);
    dispatch->reserved_count--;
    dispatch->admission[request->facts.class_index].reserved_count--;
    if (!request->waiting)
        return;
    order_heap_remove(&model->coming, dispatch->by_crowd, request->facts.slot);
    model->coming_count--;
}

enum dispatch_grant dispatch_take_expected(struct dispatch *dispatch, uint32_t slot,
                                           struct admission_claim *claim)
{
    if (slot >= dispatch->config.max_requests || dispatch->requests[slot].state != REQUEST_EXPECTED)
        return DISPATCH_UNASKED;
    struct request *request = &dispatch->requests[slot];
    if (request->facts.deadline_ns != DISPATCH_NO_DEADLINE)
        order_heap_remove(&dispatch->drops, dispatch->by_drop, slot);
    if (request->is_reserved)
        unreserve(dispatch, request);
    else
        dispatch->far_ns -= request->claim.fair_ns;
    dispatch->models[request->facts.model].request_count--;
    request->state = REQUEST_NONE;
    *claim = request->claim;
    return request->is_reserved ? DISPATCH_TRIED : DISPATCH_SHARE_ASKED;
}

void dispatch_keep_claim(struct admission_claim *claim, const struct admission_claim *granted)
{
    claim->client = granted->client;
    claim->fair_ns = granted->fair_ns;
    claim->unspent_ns = granted->unspent_ns;
}

bool dispatch_unexpect(struct dispatch *dispatch, uint32_t slot)
{
    struct admission_claim claim;
    if (!dispatch_take_expected(dispatch, slot, &claim))
        return false;
    dispatch_leave(dispatch, &claim);
    return true;
}
