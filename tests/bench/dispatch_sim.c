/* A server in virtual time around a dispatcher: phones, and the clock. */
#include "tests/bench/dispatch_sim_state.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

double sim_unit(struct sim *sim)
{
    return ((double)(shm_random_next(&sim->random) >> 11) + 1) / 9007199254740993.0;
}

static int add_model(struct sim *sim)
{
    static uint64_t ns[SIM_SIZES][SIM_CUTS];
    bool has_rows[SIM_CUTS];
    for (uint32_t cut = 0; cut < SIM_CUTS; cut++) {
        has_rows[cut] = true;
        for (uint32_t size = 0; size < SIM_SIZES; size++)
            ns[size][cut] = (uint64_t)sim_part_ns(cut, SIM_CUTS - 1, sim_sizes[size]);
    }
    const struct dispatch_model facts = {SIM_CUTS,  SIM_BATCH, SIM_SIZES,
                                         sim_sizes, ns[0],     has_rows};
    return dispatch_add_model(sim->dispatch, 0, &facts);
}

static int init(struct sim *sim, const struct sim_config *config)
{
    struct dispatch_config wanted = dispatch_config_default();
    wanted.max_requests = wanted.max_queued = SIM_SLOTS;
    wanted.max_workers = config->workers;
    wanted.max_models = 1;
    wanted.class_count = SIM_MOST_CLASSES;
    wanted.classes = config->classes;
    wanted.mode = config->mode;
    wanted.has_admission = config->has_admission;
    wanted.max_delay_ns = config->max_delay_ns;
    wanted.max_run_ns = config->max_run_ns;
    sim->config = *config;
    sim->random = (struct shm_random){config->seed};
    for (uint32_t i = 0; i < config->stream_count; i++) {
        sim->slowdowns[i] = calloc(config->requests, sizeof(double));
        sim->next_ns[i] = 0;
        if (!sim->slowdowns[i])
            return -ENOMEM;
    }
    if (dispatch_create(&wanted, &sim->dispatch) || add_model(sim))
        return -ENOMEM;
    for (uint32_t i = 0; i < config->workers; i++)
        dispatch_worker_has(sim->dispatch, i, 0);
    for (uint32_t i = 0; i < SIM_SLOTS; i++)
        sim->free_slots[sim->free_count++] = i;
    return 0;
}

static void arrive(struct sim *sim, uint32_t at)
{
    const struct sim_stream *stream = &sim->config.streams[at];
    struct sim_counts *counts = &sim->result->streams[at];
    const uint32_t cut = stream->cuts[shm_random_below(&sim->random, stream->cut_count)];
    counts->offered++;
    counts->offered_at[cut]++;
    sim->offered++;
    if (!sim->free_count) {
        counts->refused++;
        return;
    }
    const uint32_t slot = sim->free_slots[sim->free_count - 1];
    const double alone_ns = sim_part_ns(cut, SIM_CUTS - 1, stream->rows);
    const struct dispatch_request request = {
        .slot = slot,
        .from = (uint16_t)cut,
        .to = SIM_CUTS - 1,
        .rows = (uint16_t)stream->rows,
        .class_index = stream->class_index,
        .client = shm_random_next(&sim->random) % 200,
        .arrived_ns = sim->now_ns,
        .deadline_ns = stream->deadline_times > 0
                           ? sim->now_ns + (uint64_t)(stream->deadline_times * alone_ns)
                           : DISPATCH_NO_DEADLINE};
    if (dispatch_submit(sim->dispatch, &request, sim->now_ns) != DISPATCH_QUEUED) {
        counts->refused++;
        return;
    }
    sim->requests[slot] = request;
    sim->stream_of[slot] = at;
    sim->free_count--;
}

void sim_answer(struct sim *sim, uint32_t slot)
{
    const struct dispatch_request *request = &sim->requests[slot];
    const uint32_t at = sim->stream_of[slot];
    struct sim_counts *counts = &sim->result->streams[at];
    const bool is_in_time = sim->now_ns <= request->deadline_ns;
    const double took_ns = (double)(sim->now_ns - request->arrived_ns);
    sim->slowdowns[at][counts->in_time + counts->late] =
        took_ns / sim_part_ns(request->from, request->to, request->rows);
    counts->mean_ns += took_ns; /* so far the sum */
    counts->in_time += is_in_time;
    counts->late += !is_in_time;
    counts->answered_at[request->from] += is_in_time;
    sim->free_slots[sim->free_count++] = slot;
}

static void turn(struct sim *sim)
{
    struct dispatch_action action;
    while (dispatch_next(sim->dispatch, sim->now_ns, &action)) {
        if (action.kind != DISPATCH_DROP) {
            sim_worker_take(sim, &action);
            continue;
        }
        sim->result->streams[sim->stream_of[action.slot]].dropped++;
        sim->free_slots[sim->free_count++] = action.slot;
    }
}

static void pass_time(struct sim *sim)
{
    uint64_t next_ns = dispatch_timeout_ns(sim->dispatch);
    for (uint32_t i = 0; i < sim->config.stream_count; i++)
        next_ns = sim->next_ns[i] < next_ns ? sim->next_ns[i] : next_ns;
    for (uint32_t i = 0; i < sim->config.workers; i++)
        if (sim->workers[i].part.is_there && sim->workers[i].part.ends_ns < next_ns)
            next_ns = sim->workers[i].part.ends_ns;
    sim->now_ns = next_ns > sim->now_ns ? next_ns : sim->now_ns;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void sum_up(struct sim *sim)
{
    sim->result->seconds = (double)sim->now_ns / 1e9;
    dispatch_count(sim->dispatch, &sim->result->dispatch);
    for (uint32_t i = 0; i < sim->config.stream_count; i++) {
        struct sim_counts *counts = &sim->result->streams[i];
        const uint64_t count = counts->in_time + counts->late;
        qsort(sim->slowdowns[i], count, sizeof(double), compare);
        for (uint64_t k = 0; k < count; k++)
            counts->mean += sim->slowdowns[i][k] / (double)count;
        counts->mean_ns = count ? counts->mean_ns / (double)count : 0;
        counts->p50 = count ? sim->slowdowns[i][count / 2] : 0;
        counts->p99 = count ? sim->slowdowns[i][count * 99 / 100] : 0;
    }
}

int sim_run(const struct sim_config *config, struct sim_result *result)
{
    struct sim *sim = calloc(1, sizeof(*sim));
    *result = (struct sim_result){0};
    int error = sim ? init(sim, config) : -ENOMEM;
    if (!error) {
        sim->result = result;
        while (sim->offered < config->requests) {
            pass_time(sim);
            for (uint32_t i = 0; i < config->workers; i++)
                sim_worker_work(sim, i);
            for (uint32_t i = 0; i < config->stream_count; i++) {
                if (sim->next_ns[i] > sim->now_ns)
                    continue;
                if (sim->next_ns[i])
                    arrive(sim, i);
                const double wait_s = -log(sim_unit(sim)) / config->streams[i].per_second;
                sim->next_ns[i] = sim->now_ns + 1 + (uint64_t)(wait_s * 1e9);
            }
            turn(sim);
        }
        sum_up(sim);
    }
    for (uint32_t i = 0; sim && i < SIM_MOST_STREAMS; i++)
        free(sim->slowdowns[i]);
    if (sim)
        dispatch_destroy(sim->dispatch);
    free(sim);
    return error;
}
