/* Whose time a dispatch was: each row pays its part when it is over; and how batches run lately.
 *
 * What is paid is what was computed, times the fullness of batches lately: what all would have
 * taken in full batches, over what they took. So all together pay for what a server could do at its
 * best, and who makes others wait by running alone pays for that; but nobody is held back because
 * batches are small for want of requests. */
#include "scheduler/dispatch/state.h"

#define HABIT_WEIGHT (1.0 / 8)
#define WAIT_WEIGHT (1.0 / 64)
#define LEAST_FULLNESS 0.01
#define LEAST_RATIO 0.25
#define MOST_RATIO 4.0

void dispatch_note_wait(struct dispatch *dispatch, const struct request *request, uint64_t start_ns)
{
    struct admission_class *class = &dispatch->admission[request->facts.class_index];
    const uint64_t waited_ns = start_ns > request->came_ns ? start_ns - request->came_ns : 0;
    if (request->first_row || request->has_run)
        return;
    class->waited_ns += WAIT_WEIGHT * ((double)waited_ns - class->waited_ns);
    class->predicted_ns +=
        WAIT_WEIGHT * ((double)request->claim.predicted_wait_ns - class->predicted_ns);
}

static void settle(struct dispatch *dispatch, struct run *run, uint32_t place, uint64_t spent_ns)
{
    const struct admission_charge *charge = &run->charges[place];
    share_settle(&dispatch->share, charge->client, charge->fair_ns, spent_ns);
    run->charged &= ~(UINT64_C(1) << place);
}

void dispatch_charge(struct dispatch *dispatch, struct request *request, struct run *run,
                     uint32_t place)
{
    struct admission_charge *charge = &run->charges[place];
    struct admission_claim *claim = &request->claim;
    if (run->charged >> place & 1)
        settle(dispatch, run, place, charge->fair_ns);
    const uint64_t each_ns = claim->fair_ns / request->facts.rows;
    const uint64_t fair_ns = each_ns < claim->unspent_ns ? each_ns : claim->unspent_ns;
    *charge = (struct admission_charge){.client = claim->client,
                                        .from = request->facts.from,
                                        .to = request->facts.to,
                                        .fair_ns = fair_ns};
    run->charged |= UINT64_C(1) << place;
    claim->unspent_ns -= fair_ns;
    share_hold(&dispatch->share, claim->client);
}

/* What was settled before the row was known to have missed stays paid. */
void dispatch_uncharge(struct dispatch *dispatch, struct request *request, struct run *run,
                       uint32_t place)
{
    struct admission_charge *charge = &run->charges[place];
    if (!(run->charged >> place & 1))
        return;
    request->claim.unspent_ns += charge->fair_ns;
    charge->fair_ns = 0;
    settle(dispatch, run, place, 0);
}

/* What as many rows together would take over the range of each, and of that its part. */
static uint64_t even_ns(const struct model *model, const struct admission_charge *charge,
                        uint32_t rows)
{
    return batch_cost_ns(&model->cost, COST_TYPICAL, charge->from, charge->to, rows) / rows;
}

static void note_habit(struct model *model, uint32_t rows, uint64_t even_sum_ns,
                       uint64_t compute_ns)
{
    struct admission_habit *habit = &model->habit;
    habit->rows += HABIT_WEIGHT * (rows - habit->rows);
    habit->run_ns += HABIT_WEIGHT * ((double)compute_ns - habit->run_ns);
    if (!even_sum_ns || rows == 1)
        return;
    double ratio = (double)compute_ns / (double)even_sum_ns;
    ratio = ratio < LEAST_RATIO ? LEAST_RATIO : ratio > MOST_RATIO ? MOST_RATIO : ratio;
    habit->ratio += HABIT_WEIGHT * (ratio - habit->ratio);
}

void dispatch_settle(struct dispatch *dispatch, struct run *run, uint64_t compute_ns)
{
    struct model *model = &dispatch->models[run->model];
    uint64_t sum_ns = 0, even_sum_ns = 0;
    const uint32_t rows = (uint32_t)__builtin_popcountll(run->charged);
    for (uint64_t bits = run->charged; bits; bits &= bits - 1) {
        const struct admission_charge *charge = &run->charges[__builtin_ctzll(bits)];
        sum_ns += charge->fair_ns;
        even_sum_ns += even_ns(model, charge, rows);
    }
    if (compute_ns && rows) {
        note_habit(model, rows, even_sum_ns, compute_ns);
        const double fullness = (double)sum_ns / (double)compute_ns;
        dispatch->fullness += HABIT_WEIGHT * (fullness - dispatch->fullness);
        dispatch->fullness =
            dispatch->fullness > LEAST_FULLNESS ? dispatch->fullness : LEAST_FULLNESS;
    }
    for (uint64_t bits = run->charged; bits; bits &= bits - 1) {
        const uint32_t place = (uint32_t)__builtin_ctzll(bits);
        const struct admission_charge *charge = &run->charges[place];
        const double part = (double)charge->fair_ns / (double)(sum_ns + !sum_ns);
        const double spent_ns =
            compute_ns ? (double)compute_ns * dispatch->fullness * part : (double)charge->fair_ns;
        settle(dispatch, run, place, (uint64_t)spent_ns);
    }
}
