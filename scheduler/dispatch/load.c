/* How loaded a dispatcher is, and what a request would take. */
#include "scheduler/dispatch/state.h"

/* What a worker has that one of the class would wait for; DISPATCH_NONE: all that it has. */
static uint64_t left_ns(const struct dispatch *dispatch, uint32_t at, uint32_t class_index,
                        uint64_t queued_ns, uint64_t now_ns)
{
    const struct worker *worker = &dispatch->workers[at];
    if (!worker->open_count || worker->ends_ns <= now_ns)
        return 0;
    return class_index == DISPATCH_NONE
               ? worker->ends_ns - now_ns
               : dispatch_begins_ns(dispatch, at, class_index, queued_ns, now_ns) - now_ns;
}

/* What is queued is poured over the workers, into the one that is done first, as water: the level
 * is when the next could begin. Those that are busy for longer take none; each round leaves out
 * such, and the level of the others only sinks by it. */
uint64_t dispatch_level_ns(const struct dispatch *dispatch, uint32_t class_index,
                           uint64_t queued_ns, uint64_t now_ns)
{
    uint64_t level_ns = UINT64_MAX;
    for (;;) {
        uint64_t sum_ns = queued_ns, count = 0;
        for (uint32_t i = 0; i < dispatch->config.max_workers; i++) {
            const struct worker *worker = &dispatch->workers[i];
            const uint64_t ns = left_ns(dispatch, i, class_index, queued_ns, now_ns);
            if (!worker->model_count || ns > level_ns)
                continue;
            sum_ns += ns;
            count++;
        }
        if (!count)
            return 0;
        if (sum_ns / count == level_ns)
            return level_ns;
        level_ns = sum_ns / count;
    }
}

void dispatch_measure(const struct dispatch *dispatch, uint64_t now_ns, struct dispatch_load *load)
{
    const uint32_t oldest = order_heap_first(&dispatch->ages);
    *load = (struct dispatch_load){
        .queued = dispatch->queued_count,
        .running = dispatch->running_count,
        .oldest_arrived_ns =
            oldest == ORDER_HEAP_NONE ? UINT64_MAX : dispatch->requests[oldest].facts.arrived_ns,
        .busy_ns = dispatch->busy_ns,
    };
    uint64_t queued_ns = 0;
    for (uint32_t i = 0; i < dispatch->model_end; i++)
        if (dispatch->models[i].queued_ns)
            queued_ns += dispatch->models[i].queued_ns;
    for (uint32_t i = 0; i < dispatch->config.max_workers; i++) {
        const struct worker *worker = &dispatch->workers[i];
        load->workers += worker->model_count > 0;
        if (worker->open_count && now_ns > worker->began_ns)
            load->busy_ns += now_ns - worker->began_ns;
    }
    load->predicted_wait_ns = dispatch_level_ns(dispatch, DISPATCH_NONE, queued_ns, now_ns);
}

uint32_t dispatch_class_queued(const struct dispatch *dispatch, uint32_t class_index)
{
    return class_index < dispatch->config.class_count ? dispatch->class_queued[class_index] : 0;
}

void dispatch_measure_cuts(const struct dispatch *dispatch, uint32_t model, uint32_t *queued,
                           uint32_t cut_count)
{
    const bool is_there = model < dispatch->config.max_models && dispatch->models[model].is_there;
    for (uint32_t cut = 0; cut < cut_count; cut++)
        queued[cut] = is_there && cut < dispatch->models[model].cost.cut_count
                          ? dispatch->models[model].flows[cut].queued
                          : 0;
}

uint64_t dispatch_predict_ns(const struct dispatch *dispatch, uint32_t model, uint32_t from,
                             uint32_t to, uint32_t rows)
{
    if (model >= dispatch->config.max_models || !dispatch->models[model].is_there ||
        !batch_cost_has_cuts(&dispatch->models[model].cost, from, to) || rows > UINT16_MAX)
        return 0;
    return batch_cost_ns(&dispatch->models[model].cost, COST_TYPICAL, from, to, rows);
}
