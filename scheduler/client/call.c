/* A call's life: checked, planned, computed in parts, reported. */
#include "scheduler/client/joint_state.h"
#include "scheduler/client/message.h"

#include <errno.h>
#include <string.h>

void call_list_add(struct call_list *list, struct call *call)
{
    call->next = NULL;
    if (list->last)
        list->last->next = call;
    else
        list->first = call;
    list->last = call;
}

struct call *call_list_take(struct call_list *list)
{
    struct call *call = list->first;
    if (!call)
        return NULL;
    list->first = call->next;
    if (!list->first)
        list->last = NULL;
    return call;
}

void call_release(struct call *call)
{
    call->stage = CALL_FREE;
    call_list_add(&call->joint->free_calls, call);
}

static const struct engine_cut *cut_at(const struct call *call, uint32_t cut)
{
    return engine_model_cut(call->joint->model, cut);
}

/* ---- Before anything runs ---- */

static int check(const struct joint *joint, const struct joint_call *said, struct joint_call *call)
{
    *call = *said;
    if (call->split == JOINT_CLOUD)
        call->from = call->to = 0;
    if (call->to == 0)
        call->to = joint->last_cut;
    bool is_range = call->from < call->to && call->to <= joint->last_cut;
    bool is_known = call->split <= JOINT_CUTS && call->encoding <= JOINT_U8 &&
                    call->answer_encoding <= JOINT_U8;
    bool has_rows = call->rows >= 1 && call->rows <= joint->max_rows;
    if (!call->inputs || !call->outputs || !is_known || !has_rows ||
        (call->split >= JOINT_CLOUD && !is_range))
        return -EINVAL;
    const uint32_t ends[] = {0, joint->last_cut, call->from, call->to};
    for (uint32_t i = 0; i < (call->split >= JOINT_CLOUD ? 4 : 2); i++)
        if (message_bytes(engine_model_cut(joint->model, ends[i]), call->rows, JTP_F32) == 0)
            return -EINVAL;
    return 0;
}

int call_begin(struct joint *joint, const struct joint_call *said, bool may_wait,
               struct call **begun)
{
    struct joint_call checked;
    int rc = check(joint, said, &checked);
    if (rc)
        return rc;
    const uint64_t begun_ns = joint_now_ns();
    pthread_mutex_lock(&joint->mutex);
    if (may_wait && checked.split == JOINT_AUTO)
        choice_await_load(joint, &checked);
    struct call *call = call_list_take(&joint->free_calls);
    if (call) {
        call->stage = CALL_NEW;
        call->said = checked;
        call->status = 0;
        call->is_submitted = false;
        const uint64_t now_ns = joint_now_ns();
        call->begun_ns = begun_ns;
        call->deadline_ns = checked.deadline_ns ? call->begun_ns + checked.deadline_ns : 0;
        call->report =
            (struct joint_report){.server = -1, .rows = checked.rows, .wait_ns = now_ns - begun_ns};
        call->request = (struct server_link_request){.is_open = false};
        choice_make(call, now_ns);
    }
    pthread_mutex_unlock(&joint->mutex);
    *begun = call;
    return call ? 0 : -EAGAIN;
}

/* ---- Computing ---- */

/* Pointers to the rows of a cut's tensors: in a state, or in arrays of the caller. */
static void point(const void **rows, const struct engine_cut *cut, uint32_t count,
                  const uint8_t *state, const void *const *arrays)
{
    for (uint32_t t = 0; t < cut->tensor_count; t++) {
        const uint8_t *at = arrays ? arrays[t] : state + message_state_at(cut, count, t);
        for (uint32_t r = 0; r < count; r++)
            rows[t * count + r] = at + r * cut->tensors[t].bytes;
    }
}

static void point_outputs(struct call *call, uint32_t cut, uint8_t *state)
{
    bool is_last = cut == call->joint->last_cut;
    point((const void **)call->output_rows, cut_at(call, cut), call->said.rows, state,
          is_last ? (const void *const *)call->said.outputs : NULL);
}

/* Layers from a cut whose tensors are in state, or in the call's inputs, to the end. */
static int run_to_end(struct call *call, uint32_t from, const uint8_t *state)
{
    point(call->input_rows, cut_at(call, from), call->said.rows, state,
          from == 0 ? call->said.inputs : NULL);
    point_outputs(call, call->joint->last_cut, NULL);
    return compute_run(call, from, call->joint->last_cut);
}

/* The state of the server's first cut; the call's inputs stay where they are. */
static int make_state(struct call *call)
{
    const uint32_t from = call->report.from;
    const struct engine_cut *cut = cut_at(call, 0);
    if (from > 0) {
        point(call->input_rows, cut, call->said.rows, NULL, call->said.inputs);
        point_outputs(call, from, call->state);
        return compute_run(call, 0, from);
    }
    for (uint32_t t = 0; t < cut->tensor_count; t++)
        memcpy(call->state + message_state_at(cut, call->said.rows, t), call->said.inputs[t],
               cut->tensors[t].bytes * call->said.rows);
    return 0;
}

/* When it is to be there, and how long it may wait for leave to be sent: as long as its work takes
 * here, so that at worst it takes twice the better of both. */
static void set_times(struct call *call)
{
    struct joint *joint = call->joint;
    struct server_link_request *request = &call->request;
    const uint32_t from = call->report.from, to = call->report.to, rows = call->said.rows;
    const uint64_t now_ns = joint_now_ns();
    struct planner_wish wish = {.rows = rows, .up_share = 1, .down_share = 1};
    struct planner_parts parts = {.device_ms = 0};
    pthread_mutex_lock(&joint->mutex);
    const double base_ms = planner_server_ms(&joint->planner, from, to);
    const double rest_ms = planner_local_ms(&joint->planner, from, joint->last_cut) * rows;
    if (call->report.server >= 0) {
        estimate_conditions(&joint->links[call->report.server].estimate, now_ns, &wish.conditions);
        planner_parts(&joint->planner, &wish, from, to, &parts);
    }
    pthread_mutex_unlock(&joint->mutex);
    request->base_ns = (uint64_t)(base_ms * 1e6) * rows;
    request->planned_ns = (uint64_t)((parts.total_ms - parts.device_ms) * 1e6);
    request->give_up_ns = patience_give_up_ns(now_ns, call->deadline_ns, (uint64_t)(rest_ms * 1e6));
    request->waits_until_ns = now_ns + (uint64_t)(rest_ms * 1e6);
}

static void make_request(struct call *call, enum jtp_encoding encoding, const uint8_t *message)
{
    struct joint *joint = call->joint;
    const struct engine_cut *to = cut_at(call, call->report.to);
    enum jtp_encoding answer = message_encoding(to, (enum jtp_encoding)call->said.answer_encoding);
    call->request.answer_bytes = message_bytes(to, call->said.rows, answer);
    set_times(call);
    call->request.submission = (struct jtp_submission){
        .open = {.encoding = (uint8_t)encoding,
                 .answer_encoding = (uint8_t)answer,
                 .class_index = call->said.class_index,
                 .model = joint->name_crc,
                 .from = (uint16_t)call->report.from,
                 .to = (uint16_t)call->report.to,
                 .rows = (uint16_t)call->said.rows,
                 .total_bytes =
                     message_bytes(cut_at(call, call->report.from), call->said.rows, encoding)},
        .bytes = message,
        .answer = call->answer,
        .answer_capacity = call->request.answer_bytes};
    memcpy(call->request.submission.open.fingerprint, joint->fingerprint, 16);
}

bool call_is_remote(const struct call *call)
{
    return call->status == 0 && call->report.server >= 0 && call->stage == CALL_NEW;
}

void call_before(struct call *call)
{
    const uint32_t from = call->report.from, rows = call->said.rows;
    const struct engine_cut *cut = cut_at(call, from);
    const uint64_t start_ns = joint_now_ns(), waited_ns = call->report.wait_ns;
    enum jtp_encoding encoding = message_encoding(cut, (enum jtp_encoding)call->said.encoding);
    if (from == call->report.to) {
        call->status = run_to_end(call, 0, NULL);
    } else if (from == 0 && message_is_state(cut, encoding)) {
        make_request(call, encoding, call->said.inputs[0]);
    } else if ((call->status = make_state(call)) == 0) {
        bool is_state = message_is_state(cut, encoding);
        if (!is_state)
            message_encode(cut, rows, encoding, call->state, call->message);
        make_request(call, encoding, is_state ? call->state : call->message);
    }
    call->report.before_ns = joint_now_ns() - start_ns - (call->report.wait_ns - waited_ns);
}

/* The server's answer: to the outputs, or through the rest of the layers. */
static int take_answer(struct call *call)
{
    const uint32_t to = call->report.to, rows = call->said.rows;
    const struct engine_cut *cut = cut_at(call, to);
    const enum jtp_encoding encoding =
        (enum jtp_encoding)call->request.submission.open.answer_encoding;
    const uint8_t *state = call->answer;
    if (!message_is_state(cut, encoding)) {
        message_decode(cut, rows, encoding, call->answer, call->state);
        state = call->state;
    }
    if (to < call->joint->last_cut)
        return run_to_end(call, to, state);
    for (uint32_t t = 0; t < cut->tensor_count; t++)
        memcpy(call->said.outputs[t], state + message_state_at(cut, rows, t),
               cut->tensors[t].bytes * rows);
    return 0;
}

void call_after(struct call *call)
{
    const uint64_t start_ns = joint_now_ns(), waited_ns = call->report.wait_ns;
    if (call->status || call->report.from == call->report.to)
        return;
    call->report.is_on_server = call->request.reason == JOINT_AS_PLANNED;
    if (call->report.is_on_server)
        call->status = take_answer(call);
    else
        call->status = run_to_end(call, call->report.from, call->state);
    call->report.after_ns = joint_now_ns() - start_ns - (call->report.wait_ns - waited_ns);
}

/* ---- The server's part has ended ---- */

void call_tell_load(struct joint_load *told, const struct jtp_load *load)
{
    *told = (struct joint_load){.predicted_wait_us = load->predicted_wait_us,
                                .utilization_permille = load->utilization_permille,
                                .queued = load->queued,
                                .state = load->state,
                                .age_us = load->age_us,
                                .credits = load->credits,
                                .switch_gain = load->switch_gain / 255.0};
}

void call_ended(struct call *call)
{
    struct joint_report *report = &call->report;
    const struct server_link_request *request = &call->request;
    const struct jtp_event *event = &request->event;
    report->reason = request->reason;
    if (request->reason == JOINT_REJECTED)
        report->reject = event->reason;
    report->has_load = event->has_load;
    if (event->has_load)
        call_tell_load(&report->load, &event->load);
    if (event->sent_ns > 0)
        report->up_bytes = request->submission.open.total_bytes;
    if (request->reason == JOINT_AS_PLANNED) {
        report->down_bytes = event->answer.total_bytes;
        report->batch = event->answer.batch;
        report->uplink_ns = request->uplink_ns;
        report->queue_ns = request->queue_ns;
        report->compute_ns = request->compute_ns;
        report->downlink_ns = request->downlink_ns;
    } else {
        report->vain_ns = joint_now_ns() - call->handed_ns;
    }
    call->stage = CALL_ENDED;
    if (call->is_submitted) {
        call_list_add(&call->joint->to_compute, call);
        pthread_cond_signal(&call->joint->work);
    } else {
        pthread_cond_signal(&call->ended);
    }
}

void call_finish(struct call *call)
{
    const uint64_t now_ns = joint_now_ns();
    call->report.reason = call->request.reason;
    call->report.total_ns = now_ns - call->begun_ns;
    call->report.is_late = call->deadline_ns > 0 && now_ns > call->deadline_ns;
    call->stage = CALL_DONE;
}
