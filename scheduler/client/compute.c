/* The threads that compute what was submitted, and the contexts that all computing shares. */
#include "scheduler/client/joint_state.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

/* What a run's layers took, for the planner. Called with the mutex. */
static void learn(struct joint *joint, const uint64_t *layer_ns, uint32_t from, uint32_t to,
                  uint32_t rows)
{
    for (uint32_t k = from; k < to; k++) {
        uint64_t ns = 0;
        for (uint32_t i = engine_model_cut(joint->model, k)->layer_count;
             i < engine_model_cut(joint->model, k + 1)->layer_count; i++)
            ns += layer_ns[i];
        planner_measured(&joint->planner, k, (double)ns / 1e6 / rows);
    }
}

/* Acts as a device that takes as long as the profile says. The context stays taken: that device
 * would compute. */
static void pace(struct joint *joint, uint64_t start_ns, double ms)
{
    const uint64_t until_ns = start_ns + (uint64_t)(ms * 1e6);
    const struct timespec until = {.tv_sec = (time_t)(until_ns / 1000000000u),
                                   .tv_nsec = (long)(until_ns % 1000000000u)};
    if (joint->is_paced)
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
            ;
}

int compute_run(struct call *call, uint32_t from, uint32_t to)
{
    struct joint *joint = call->joint;
    struct engine_error error;
    const uint64_t start_ns = joint_now_ns();
    pthread_mutex_lock(&joint->mutex);
    while (joint->free_contexts == 0)
        pthread_cond_wait(&joint->context_free, &joint->mutex);
    struct engine_context *context = joint->contexts[--joint->free_contexts];
    uint64_t *layer_ns = joint->layer_ns[joint->free_contexts];
    const uint64_t begun_ns = joint_now_ns();
    const double planned_ms = joint->is_paced ? planner_local_ms(&joint->planner, from, to) : 0;
    pthread_mutex_unlock(&joint->mutex);
    call->report.wait_ns += begun_ns - start_ns;
    memset(layer_ns, 0, engine_model_layer_count(joint->model) * sizeof(*layer_ns));
    const struct engine_run run = {.from = from,
                                   .to = to,
                                   .rows = call->said.rows,
                                   .inputs = call->input_rows,
                                   .outputs = call->output_rows,
                                   .layer_ns = layer_ns};
    int rc = engine_context_run(context, &run, &error);
    pace(joint, begun_ns, planned_ms * call->said.rows);
    pthread_mutex_lock(&joint->mutex);
    if (rc == 0)
        learn(joint, layer_ns, from, to, call->said.rows);
    joint->contexts[joint->free_contexts] = context;
    joint->layer_ns[joint->free_contexts++] = layer_ns;
    pthread_cond_signal(&joint->context_free);
    pthread_mutex_unlock(&joint->mutex);
    return rc;
}

/* With the mutex, which is let go for a callback. */
static void complete(struct joint *joint, struct call *call)
{
    if (!call->done) {
        call_list_add(&joint->to_fetch, call);
        eventfd_write(joint->done_fd, 1);
        return;
    }
    pthread_mutex_unlock(&joint->mutex);
    call->done(call->user, call->status, &call->report);
    pthread_mutex_lock(&joint->mutex);
    call_release(call);
}

/* With the mutex, which is let go to compute. */
static void advance(struct joint *joint, struct call *call)
{
    if (joint->is_closing && call->status == 0)
        call->status = -ECANCELED;
    pthread_mutex_unlock(&joint->mutex);
    if (call->status == 0 && call->stage == CALL_NEW) {
        call->report.wait_ns = joint_now_ns() - call->begun_ns;
        call_before(call);
    }
    if (!call_is_remote(call)) {
        if (call->status == 0)
            call_after(call);
        call_finish(call);
    }
    pthread_mutex_lock(&joint->mutex);
    if (call->stage == CALL_DONE) {
        complete(joint, call);
    } else if (joint->is_closing) { /* nobody would take it from the inbox any more */
        call->status = -ECANCELED;
        call_finish(call);
        complete(joint, call);
    } else {
        io_hand_over(joint, call);
    }
}

static void *run(void *user)
{
    struct joint *joint = user;
    struct call *call;
    pthread_mutex_lock(&joint->mutex);
    while ((call = call_list_take(&joint->to_compute)) || !joint->is_over) {
        if (call)
            advance(joint, call);
        else
            pthread_cond_wait(&joint->work, &joint->mutex);
    }
    pthread_mutex_unlock(&joint->mutex);
    return NULL;
}

int compute_start(struct joint *joint)
{
    for (uint32_t i = 0; i < joint->worker_count; i++) {
        int rc = -pthread_create(&joint->worker_threads[i], NULL, run, joint);
        if (rc)
            return rc;
        joint->started_workers++;
    }
    return 0;
}

void compute_stop(struct joint *joint)
{
    pthread_mutex_lock(&joint->mutex);
    joint->is_closing = joint->is_over = true;
    pthread_cond_broadcast(&joint->work);
    pthread_mutex_unlock(&joint->mutex);
    for (uint32_t i = 0; i < joint->started_workers; i++)
        pthread_join(joint->worker_threads[i], NULL);
    joint->started_workers = 0;
}
