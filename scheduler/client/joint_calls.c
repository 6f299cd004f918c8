/* The calls of joint.h on an open client: running, submitting, asking. */
#include "scheduler/client/joint_state.h"

#include <errno.h>
#include <sys/eventfd.h>

int joint_run(struct joint *joint, const struct joint_call *said, struct joint_report *report)
{
    struct call *call;
    int rc = call_begin(joint, said, true, &call);
    if (rc)
        return rc;
    call_before(call);
    if (call_is_remote(call)) {
        pthread_mutex_lock(&joint->mutex);
        io_hand_over(joint, call);
        while (call->stage != CALL_ENDED)
            pthread_cond_wait(&call->ended, &joint->mutex);
        pthread_mutex_unlock(&joint->mutex);
    }
    call_after(call);
    call_finish(call);
    rc = call->status;
    if (report)
        *report = call->report;
    pthread_mutex_lock(&joint->mutex);
    call_release(call);
    pthread_mutex_unlock(&joint->mutex);
    return rc;
}

int joint_submit(struct joint *joint, const struct joint_call *said, joint_done *done, void *user)
{
    struct call *call;
    int rc = call_begin(joint, said, false, &call);
    if (rc)
        return rc;
    call->is_submitted = true;
    call->done = done;
    call->user = user;
    pthread_mutex_lock(&joint->mutex);
    call_list_add(&joint->to_compute, call);
    pthread_cond_signal(&joint->work);
    pthread_mutex_unlock(&joint->mutex);
    return 0;
}

int joint_fd(const struct joint *joint)
{
    return joint->done_fd;
}

bool joint_fetch(struct joint *joint, struct joint_completion *completion)
{
    eventfd_t one;
    pthread_mutex_lock(&joint->mutex);
    struct call *call = call_list_take(&joint->to_fetch);
    if (call) {
        eventfd_read(joint->done_fd, &one);
        *completion = (struct joint_completion){
            .user = call->user, .status = call->status, .report = call->report};
        call_release(call);
    }
    pthread_mutex_unlock(&joint->mutex);
    return call != NULL;
}

/* ---- The network ---- */

uint32_t joint_cut_count(const struct joint *joint)
{
    return joint->last_cut + 1;
}

const char *joint_cut_name(const struct joint *joint, uint32_t cut)
{
    return cut <= joint->last_cut ? engine_model_cut(joint->model, cut)->name : NULL;
}

uint32_t joint_tensor_count(const struct joint *joint, uint32_t cut)
{
    return cut <= joint->last_cut ? engine_model_cut(joint->model, cut)->tensor_count : 0;
}

int joint_tensor(const struct joint *joint, uint32_t cut, uint32_t index,
                 struct joint_tensor *tensor)
{
    _Static_assert(JOINT_MAX_RANK == TENSOR_MAX_RANK, "a tensor of the engine fits");
    if (index >= joint_tensor_count(joint, cut))
        return -EINVAL;
    const struct engine_tensor *from = &engine_model_cut(joint->model, cut)->tensors[index];
    *tensor = (struct joint_tensor){.name = from->name,
                                    .type = tensor_type_name(from->type),
                                    .rank = from->shape.rank,
                                    .row_bytes = from->bytes,
                                    .batch_axis = from->batch_axis};
    for (uint32_t i = 0; i < from->shape.rank; i++)
        tensor->dims[i] = from->shape.dims[i];
    return 0;
}

/* ---- The servers ---- */

int joint_server(struct joint *joint, uint32_t index, struct joint_server *server)
{
    if (index >= joint->link_count)
        return -EINVAL;
    pthread_mutex_lock(&joint->mutex);
    choice_describe(&joint->links[index], joint_now_ns(), server);
    pthread_mutex_unlock(&joint->mutex);
    return 0;
}

const char *joint_reason_text(enum joint_reason reason)
{
    static const char *const texts[] = {"as planned",  "rejected",  "late",
                                        "lost",        "silent",    "refused",
                                        "unreachable", "no credit", "held off"};
    return (size_t)reason < sizeof(texts) / sizeof(texts[0]) ? texts[reason] : "unknown";
}

const char *joint_why_text(enum joint_why why)
{
    static const char *const texts[] = {
        "told",     "best",      "turned",    "small gain", "dwells", "chance",   "expired",
        "explores", "first try", "no credit", "held off",   "closed", "no server"};
    return (size_t)why < sizeof(texts) / sizeof(texts[0]) ? texts[why] : "unknown";
}

const char *joint_reject_text(uint8_t reject)
{
    static const char *const texts[JTP_REASON_COUNT] = {
        "none",           "overloaded", "deadline", "no memory",    "model unknown",
        "model mismatch", "bad range",  "bad size", "bad encoding", "draining",
        "too many",       "stalled",    "failed",   "quarantined",  "unknown connection",
        "full",           "bad version"};
    return reject < JTP_REASON_COUNT ? texts[reject] : "unknown";
}
