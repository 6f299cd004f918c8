/* Starting requests: by the schedule, or to keep so many in flight. */
#include "scheduler/loadtest/lane_state.h"

#define MOST_OFFERED 64 /* in one turn, so that what comes is looked at in between */

/* The memory for a request's answer: a sample's, if one is due and free, otherwise the sink. Sample
 * k of all is due after k / sample_count of the time that counts. */
static uint8_t *place_answer(struct loadtest_lane *lane, struct lane_request *request)
{
    const struct loadtest_plan *plan = lane->plan;
    request->sample = LANE_NONE;
    if (!request->is_measured)
        return lane->sink;
    while (lane->first_sample < lane->sample_count && lane->samples[lane->first_sample].is_kept)
        lane->first_sample++;
    for (uint32_t i = lane->first_sample; i < lane->sample_count; i++) {
        struct loadtest_sample *sample = &lane->samples[i];
        const uint64_t number = (uint64_t)i * lane->lane_count + lane->index;
        const double share = (double)number / plan->sample_count;
        const uint64_t at_ns = lane->measured_ns + (uint64_t)(share * (double)plan->duration_ns);
        if (request->due_ns < at_ns)
            break;
        if (sample->is_taken || sample->is_kept)
            continue;
        sample->is_taken = true;
        sample->entry = request->entry;
        sample->tensor = request->tensor;
        request->sample = i;
        return sample->answer;
    }
    return lane->sink;
}

static struct jtp_open make_open(const struct loadtest_lane *lane,
                                 const struct lane_request *request)
{
    const struct loadtest_plan *plan = lane->plan;
    struct jtp_open open = {
        .encoding = plan->messages->encoding,
        .answer_encoding = JTP_F32,
        .class_index = plan->class_index,
        .model = plan->model->name_crc,
        .from = plan->mix->cuts[request->entry],
        .to = (uint16_t)plan->model->last_cut,
        .rows = 1,
        .total_bytes = plan->messages->pools[request->entry].bytes,
    };
    memcpy(open.fingerprint, plan->model->fingerprint, sizeof(open.fingerprint));
    return open;
}

/* A request that was offered but never sent. */
static void end_unsent(struct loadtest_lane *lane, const struct lane_request *request,
                       enum loadtest_end end, uint64_t now_ns)
{
    if (!request->is_measured)
        return;
    lane_record(lane, request, NULL, end, now_ns);
    lane->tally->ends[end]++;
    lane->tally->cuts[request->entry].ends[end]++;
}

static void note_offer(struct loadtest_lane *lane, const struct lane_request *request,
                       uint64_t now_ns)
{
    lane_count(&lane->offered_seen, 1);
    if (!request->is_measured)
        return;
    lane->tally->offered++;
    lane->tally->cuts[request->entry].offered++;
    if (now_ns > request->due_ns + lane->plan->late_send_ns)
        lane->tally->sent_late++;
}

/* Lets a phone choose its split. False: it computes all by itself, which is noted here. */
static bool choose_split(struct loadtest_lane *lane, struct lane_phone *phone,
                         struct lane_request *wanted, uint64_t now_ns)
{
    const struct loadtest_costs *costs = lane->plan->costs;
    const uint32_t choice =
        loadtest_adapt_choose(&phone->adapt, costs, phone->open_count, &lane->draws, now_ns);
    if (phone->adapt.wants_probe)
        lane_touch(lane, (uint32_t)(phone - lane->phones));
    if (choice != LOADTEST_ADAPT_LOCAL) {
        wanted->entry = (uint16_t)choice;
        return true;
    }
    lane_count(&lane->offered_seen, 1);
    if (wanted->is_measured) {
        lane->tally->offered++;
        lane->tally->ends[LOADTEST_ON_DEVICE]++;
    }
    if (!lane->plan->schedule)
        lane_slot_wait(lane, now_ns + (uint64_t)(costs->mobile_ms * 1e6));
    return false;
}

/* What was known of the server when the request left. */
static void note_told(const struct loadtest_lane *lane, struct lane_request *wanted,
                      uint64_t now_ns)
{
    const uint64_t age_us = (now_ns - lane->told_ns) / 1000;
    wanted->told_wait_us = lane->told_ns > 0 ? lane->told_wait_us : LOADTEST_UNTOLD;
    wanted->told_age_us = age_us < UINT32_MAX ? (uint32_t)age_us : UINT32_MAX;
}

/* wanted: due_ns, entry and tensor of it. */
static void submit(struct loadtest_lane *lane, uint32_t phone_index, struct lane_request wanted,
                   uint64_t now_ns)
{
    const struct loadtest_plan *plan = lane->plan;
    struct lane_phone *phone = &lane->phones[phone_index];
    wanted.is_measured = wanted.due_ns >= lane->measured_ns;
    if (plan->costs && !choose_split(lane, phone, &wanted, now_ns))
        return;
    wanted.is_open = true;
    wanted.phone = phone_index;
    note_told(lane, &wanted, now_ns);
    note_offer(lane, &wanted, now_ns);
    const uint64_t behind_ns = now_ns > wanted.due_ns ? now_ns - wanted.due_ns : 0;
    const uint64_t deadline_ns = loadtest_plan_deadline_ns(plan, wanted.entry);
    if (deadline_ns > 0 && behind_ns >= deadline_ns) {
        end_unsent(lane, &wanted, LOADTEST_LATE, now_ns);
        return;
    }
    const uint32_t index = lane->free_request;
    if (phone->open_count == plan->requests_per_client || index == LANE_NONE) {
        end_unsent(lane, &wanted, LOADTEST_UNSENT, now_ns);
        return;
    }
    struct lane_request *request = &lane->requests[index];
    lane->free_request = request->next_free;
    *request = wanted;
    const struct jtp_submission submission = {
        .open = make_open(lane, request),
        .bytes = loadtest_messages_bytes(plan->messages, request->entry, request->tensor),
        .answer = place_answer(lane, request),
        .answer_capacity = plan->model->answer_bytes,
        .deadline_ns = deadline_ns > 0 ? deadline_ns - behind_ns : 0,
        .user = request,
    };
    if (jtp_client_submit(phone->client, &submission, now_ns, &request->number)) {
        /* Cannot be: the phone has room, and the message bytes. */
        request->is_open = false;
        request->next_free = lane->free_request;
        lane->free_request = index;
        end_unsent(lane, &wanted, LOADTEST_UNSENT, now_ns);
        return;
    }
    if (lane->open_count++ == 0)
        lane->unheard_ns = now_ns;
    phone->open_count++;
    lane_touch(lane, phone_index);
}

static uint32_t offer_scheduled(struct loadtest_lane *lane)
{
    const struct loadtest_schedule *schedule = lane->plan->schedule;
    uint32_t count = 0;
    for (; lane->next_arrival < schedule->count && count < MOST_OFFERED; lane->next_arrival++) {
        const struct loadtest_arrival *arrival = &schedule->arrivals[lane->next_arrival];
        if (arrival->client % lane->lane_count != lane->index)
            continue;
        const uint64_t now_ns = loadtest_clock_ns();
        const struct lane_request wanted = {.due_ns = lane->start_ns + arrival->at_ns,
                                            .entry = arrival->entry,
                                            .tensor = arrival->tensor};
        if (wanted.due_ns > now_ns)
            break;
        submit(lane, arrival->client / lane->lane_count, wanted, now_ns);
        count++;
    }
    return count;
}

/* The next phone in turn that may have one more open; there is one. */
static uint32_t choose_phone(struct loadtest_lane *lane)
{
    for (uint32_t i = 0; i < lane->phone_count; i++) {
        const uint32_t index = lane->next_phone;
        lane->next_phone = index + 1 == lane->phone_count ? 0 : index + 1;
        if (lane->phones[index].open_count < lane->plan->requests_per_client)
            return index;
    }
    return 0;
}

static uint32_t offer_closed(struct loadtest_lane *lane)
{
    const struct loadtest_plan *plan = lane->plan;
    uint32_t count = 0;
    for (; lane->ready_slots > 0 && count < MOST_OFFERED; count++) {
        const uint64_t now_ns = loadtest_clock_ns();
        if (now_ns < lane->start_ns || now_ns >= lane->end_ns)
            break;
        const struct lane_request wanted = {
            .due_ns = now_ns,
            .entry = (uint16_t)loadtest_mix_draw(plan->mix, &lane->draws),
            .tensor = (uint16_t)loadtest_random_below(&lane->draws, plan->messages->tensor_count)};
        lane->ready_slots--;
        submit(lane, choose_phone(lane), wanted, now_ns);
    }
    return count;
}

uint32_t lane_offer(struct loadtest_lane *lane, uint64_t now_ns)
{
    if (now_ns < lane->start_ns || lane->phone_count == 0)
        return 0;
    return lane->plan->schedule ? offer_scheduled(lane) : offer_closed(lane);
}

uint64_t lane_next_offer_ns(const struct loadtest_lane *lane)
{
    const struct loadtest_schedule *schedule = lane->plan->schedule;
    if (lane->is_stopping || lane->phone_count == 0)
        return UINT64_MAX;
    if (schedule) {
        /* The cursor stands at the lane's own next arrival, or was stopped by the turn's limit. */
        return lane->next_arrival < schedule->count
                   ? lane->start_ns + schedule->arrivals[lane->next_arrival].at_ns
                   : UINT64_MAX;
    }
    return lane->ready_slots > 0 && loadtest_clock_ns() < lane->end_ns ? lane->start_ns
                                                                       : UINT64_MAX;
}

void lane_slot_wait(struct loadtest_lane *lane, uint64_t until_ns)
{
    struct lane_slot *slot = &lane->slots[lane->free_slot];
    lane->free_slot = slot->next_free;
    jtp_wheel_set(&lane->wheel, &slot->timer, until_ns);
}

void lane_slot_ready(struct loadtest_lane *lane, struct lane_slot *slot)
{
    slot->next_free = lane->free_slot;
    lane->free_slot = (uint32_t)(slot - lane->slots);
    lane->ready_slots++;
}
