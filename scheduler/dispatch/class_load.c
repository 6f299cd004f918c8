/* What one would find who came now: the wait of each class, and how many more are welcome. */
#include "scheduler/dispatch/state.h"

#define SET_ASIDE 4 /* one part in so many of the queue */
#define LEAST_RETRY_NS UINT64_C(1000000)
#define OWN_WAIT_NS 20000.0 /* counts on both sides: a ratio of nothing to nothing is one */
#define TARGET_RUNS 2 /* usual dispatches that may wait in any case */
#define TARGET_PART 0.5 /* of the time until the usual deadline, that may be spent waiting */
#define BUSY_RUNS 2 /* usual dispatches that each worker needs to be busy */

/* The class's part of all weights, of so many. */
static uint32_t part_of(const struct dispatch *dispatch, uint32_t class_index, uint32_t count)
{
    uint64_t weights = 0;
    for (uint32_t i = 0; i < dispatch->config.class_count; i++)
        weights += dispatch->classes[i].weight;
    return (uint32_t)((uint64_t)count * dispatch->classes[class_index].weight / weights);
}

/* A part of the queue is set aside for classes by weight, so that none can fill all of it. */
uint32_t dispatch_most_queued(const struct dispatch *dispatch, uint32_t class_index)
{
    const uint32_t most = dispatch->config.max_queued, aside = most / SET_ASIDE;
    if (!dispatch->config.has_admission)
        return most;
    return most - aside + part_of(dispatch, class_index, aside);
}

static double run_rows(const struct dispatch *dispatch)
{
    double rows = 1;
    for (uint32_t i = 0; i < dispatch->model_end; i++)
        if (dispatch->models[i].is_there && dispatch->models[i].habit.rows > rows)
            rows = dispatch->models[i].habit.rows;
    return rows;
}

/* Of all classes where none is set: what waits may take half of the time that there is. */
static uint64_t target_ns(const struct dispatch *dispatch, const struct admission_class *class)
{
    if (dispatch->config.target_delay_ns)
        return dispatch->config.target_delay_ns;
    double run_ns = 0;
    for (uint32_t i = 0; i < dispatch->model_end; i++)
        if (dispatch->models[i].is_there && dispatch->models[i].habit.run_ns > run_ns)
            run_ns = dispatch->models[i].habit.run_ns;
    run_ns *= TARGET_RUNS;
    const double usual_ns = TARGET_PART * class->usual_ns;
    const double target_ns = run_ns > usual_ns ? run_ns : usual_ns;
    return target_ns > 0 ? (uint64_t)target_ns : UINT64_MAX / 4;
}

/* What waits before one that came now with the usual deadline; all, where there is none. */
static uint64_t delay_ns(const struct dispatch *dispatch, const struct admission_class *class,
                         uint64_t now_ns)
{
    const bool has_usual =
        class->usual_ns > 0 && class->usual_ns < 0.99 * (double)dispatch->config.patience_ns;
    return (uint64_t)(has_usual
                          ? demand_look(&dispatch->demand, now_ns + (uint64_t) class->usual_ns)
                                .before_ns
                          : demand_total_ns(&dispatch->demand));
}

void dispatch_look_at_credits(struct dispatch *dispatch, uint64_t now_ns)
{
    const double busy = BUSY_RUNS * run_rows(dispatch) * dispatch->demand.workers;
    for (uint32_t i = 0; i < dispatch->config.class_count; i++) {
        struct admission_class *class = &dispatch->admission[i];
        if (credits_is_due(&class->credits, now_ns))
            credits_look(&class->credits, delay_ns(dispatch, class, now_ns),
                         target_ns(dispatch, class), (uint32_t)busy + 1,
                         dispatch->share.classes[i].client_count, now_ns);
    }
}

/* The door does not know a class's number of clients: the most that one of some class may have. */
uint32_t dispatch_credits(const struct dispatch *dispatch)
{
    uint32_t most = 1;
    for (uint32_t i = 0; i < dispatch->config.class_count; i++) {
        const uint32_t each =
            credits_each(&dispatch->admission[i].credits, dispatch->share.classes[i].client_count);
        if (!each)
            return 0;
        most = each > most ? each : most;
    }
    return most;
}

enum dispatch_verdict dispatch_admits(struct dispatch *dispatch, uint32_t class_index,
                                      uint64_t client, uint64_t now_ns)
{
    now_ns = dispatch_clock(dispatch, now_ns);
    if (!dispatch->config.has_admission || class_index >= dispatch->config.class_count)
        return DISPATCH_QUEUED;
    dispatch_look_at_credits(dispatch, now_ns);
    const struct credits *credits = &dispatch->admission[class_index].credits;
    const struct share_class *class = &dispatch->share.classes[class_index];
    const uint32_t open = share_open(&dispatch->share, class_index, client);
    const uint32_t each = credits_each(credits, class->client_count + !open);
    const bool is_over = class->open_count >= credits_bound(credits) || (each && open >= each);
    return is_over ? DISPATCH_OVER_CREDIT : DISPATCH_QUEUED;
}

/* The workers' part of the wait is known best; the clock's word on the rest is put right by what
 * it was worth lately. */
static uint64_t corrected_ns(const struct admission_class *class, uint64_t wait_ns)
{
    const double ratio = (class->waited_ns + OWN_WAIT_NS) / (class->predicted_ns + OWN_WAIT_NS);
    return (uint64_t)((double)wait_ns * ratio);
}

uint64_t dispatch_predicted_wait_ns(const struct dispatch *dispatch, uint32_t slot)
{
    const struct request *request = &dispatch->requests[slot];
    if (slot >= dispatch->config.max_requests || request->state == REQUEST_NONE)
        return 0;
    /* Among several workers a trial is too early more often than not: who comes next moves all. */
    if (request->claim.tried_wait_ns != UINT64_MAX && dispatch->up_count == 1)
        return request->claim.tried_wait_ns;
    return corrected_ns(&dispatch->admission[request->facts.class_index],
                        request->claim.predicted_wait_ns);
}

void dispatch_measure_class(const struct dispatch *dispatch, uint32_t class_index, uint64_t now_ns,
                            struct dispatch_class_load *load)
{
    *load = (struct dispatch_class_load){.admit = DISPATCH_OPEN};
    if (class_index >= dispatch->config.class_count)
        return;
    const struct admission_class *class = &dispatch->admission[class_index];
    const struct dispatch_class *limits = &dispatch->classes[class_index];
    const struct demand *demand = &dispatch->demand;
    const uint64_t usual_ns =
        class->usual_ns > 0 ? (uint64_t) class->usual_ns : dispatch->config.patience_ns;
    const struct demand_view view = demand_look(demand, now_ns + usual_ns);
    const uint64_t wait_ns = dispatch_level_ns(dispatch, class_index,
                                               (uint64_t)view.before_ns * demand->workers, now_ns);
    load->queued = dispatch->class_queued[class_index];
    load->queued_ns = class->queued_ns;
    load->predicted_wait_ns = corrected_ns(class, wait_ns);
    const bool is_full = load->queued >= limits->max_queued ||
                         dispatch->queued_count >= dispatch_most_queued(dispatch, class_index) ||
                         class->queued_ns / demand->workers > limits->ceiling_ns;
    if (is_full)
        load->admit = DISPATCH_CLOSED;
    else if (class->usual_ns > 0 && (double)wait_ns > class->usual_ns / 2)
        load->admit = DISPATCH_PROBABILISTIC;
    if (is_full)
        load->retry_after_ns =
            load->predicted_wait_ns > LEAST_RETRY_NS ? load->predicted_wait_ns : LEAST_RETRY_NS;
}
