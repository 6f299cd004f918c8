/* What follows once a phone was touched: its events, its datagrams, its timer. */
#include "scheduler/loadtest/lane_state.h"

static enum loadtest_end end_of(const struct loadtest_lane *lane,
                                const struct lane_request *request, const struct jtp_event *event,
                                uint64_t latency_ns)
{
    const uint64_t deadline_ns = loadtest_plan_deadline_ns(lane->plan, request->entry);
    switch (event->end) {
    case JTP_ANSWERED:
        return deadline_ns == 0 || latency_ns <= deadline_ns ? LOADTEST_IN_TIME
                                                             : LOADTEST_ANSWERED_LATE;
    case JTP_REJECTED:
        return LOADTEST_REJECTED;
    case JTP_LATE:
        return LOADTEST_LATE;
    case JTP_CANCELLED:
        return LOADTEST_CANCELLED;
    case JTP_BROKEN:
        return LOADTEST_BROKEN;
    default:
        return LOADTEST_LOST;
    }
}

/* Whether the server had taken the request on when it ended; see loadtest_tally.dropped. */
static bool is_taken_on(const struct jtp_event *event)
{
    if (event->end == JTP_ANSWERED)
        return true;
    const bool is_late =
        event->end == JTP_LATE || (event->end == JTP_REJECTED && event->reason == JTP_DEADLINE);
    return is_late && event->uploaded_ns > 0 &&
           event->ended_ns > event->uploaded_ns + LOADTEST_ADMISSION_NS;
}

void lane_record(struct loadtest_lane *lane, const struct lane_request *request,
                 const struct jtp_event *event, enum loadtest_end end, uint64_t ended_ns)
{
    struct loadtest_records *records = &lane->records;
    if (records->count == records->capacity) {
        records->missing += lane->plan->has_records;
        return;
    }
    struct loadtest_record *record = &records->items[records->count++];
    *record = (struct loadtest_record){
        .due_ns = request->due_ns - lane->measured_ns,
        .latency_ns = ended_ns - request->due_ns,
        .phone = request->phone * lane->lane_count + lane->index,
        .told_wait_us = request->told_wait_us,
        .told_age_us = request->told_age_us,
        .entry = request->entry,
        .end = (uint8_t)end,
    };
    if (!event)
        return;
    record->reason = event->reason;
    record->is_admitted = is_taken_on(event);
    if (event->end == JTP_ANSWERED) {
        record->queue_us = event->answer.queue_us;
        record->compute_us = event->answer.compute_us;
        record->batch = event->answer.batch;
    }
}

static void tally_answer(struct loadtest_lane *lane, const struct lane_request *request,
                         const struct jtp_event *event, uint64_t latency_ns)
{
    struct loadtest_tally *tally = lane->tally;
    const uint16_t batch = event->answer.batch;
    loadtest_histogram_add(&tally->latency, latency_ns);
    loadtest_histogram_add(&tally->cuts[request->entry].latency, latency_ns);
    loadtest_histogram_add(&tally->queue, UINT64_C(1000) * event->answer.queue_us);
    loadtest_histogram_add(&tally->compute, UINT64_C(1000) * event->answer.compute_us);
    tally->batches[batch < LOADTEST_MAX_BATCH ? batch : LOADTEST_MAX_BATCH]++;
}

static void tally_event(struct loadtest_lane *lane, const struct lane_request *request,
                        const struct jtp_event *event)
{
    struct loadtest_tally *tally = lane->tally;
    const uint64_t latency_ns = event->ended_ns - request->due_ns;
    const enum loadtest_end end = end_of(lane, request, event, latency_ns);
    tally->ends[end]++;
    tally->cuts[request->entry].ends[end]++;
    lane_record(lane, request, event, end, event->ended_ns);
    if (is_taken_on(event)) {
        tally->dropped += event->end == JTP_REJECTED;
        tally->given_up += event->end == JTP_LATE;
    }
    if (end == LOADTEST_REJECTED)
        tally->reasons[event->reason < LOADTEST_REASONS ? event->reason : 0]++;
    if (event->end == JTP_ANSWERED)
        tally_answer(lane, request, event, latency_ns);
    if (event->has_load) {
        loadtest_range_add(&tally->wait_us, event->load.predicted_wait_us);
        loadtest_range_add(&tally->utilization_permille, event->load.utilization_permille);
    }
}

static void show_progress(struct loadtest_lane *lane, enum jtp_end end)
{
    if (end == JTP_ANSWERED)
        lane_count(&lane->answered_seen, 1);
    else if (end == JTP_REJECTED)
        lane_count(&lane->rejected_seen, 1);
    else if (end == JTP_LATE)
        lane_count(&lane->late_seen, 1);
}

/* A slot of the closed loop is free: after a reject only once the server's time has passed. */
static void free_slot(struct loadtest_lane *lane, const struct jtp_event *event, uint64_t now_ns)
{
    uint64_t wait_ns = UINT64_C(1000) * event->retry_after_us;
    if (event->end != JTP_REJECTED) {
        lane->ready_slots++;
        return;
    }
    if (wait_ns < LANE_LEAST_RETRY_NS)
        wait_ns = LANE_LEAST_RETRY_NS;
    lane_slot_wait(lane, now_ns + wait_ns);
}

/* What a phone learns from how a request ended. */
static void adapt(struct loadtest_lane *lane, const struct lane_request *request,
                  const struct jtp_event *event, uint64_t now_ns)
{
    const struct loadtest_plan *plan = lane->plan;
    struct loadtest_adapt *adapt = &lane->phones[request->phone].adapt;
    if (event->has_load)
        loadtest_adapt_told(adapt, &event->load, &lane->draws, now_ns);
    if (event->end == JTP_ANSWERED)
        loadtest_adapt_answered(adapt, plan->costs, plan->mix->cuts[request->entry],
                                (double)event->answer.compute_us / 1e3, now_ns);
    else if (event->end != JTP_CANCELLED)
        loadtest_adapt_failed(
            adapt, event->end == JTP_REJECTED ? UINT64_C(1000) * event->retry_after_us : 0,
            &lane->draws, now_ns);
}

/* The record is free again, its sample kept or free. */
static void free_record(struct loadtest_lane *lane, struct lane_request *request, bool is_answered)
{
    if (request->sample != LANE_NONE) {
        lane->samples[request->sample].is_taken = false;
        lane->samples[request->sample].is_kept = is_answered;
    }
    request->is_open = false;
    request->next_free = lane->free_request;
    lane->free_request = (uint32_t)(request - lane->requests);
    lane->phones[request->phone].open_count--;
    lane->open_count--;
}

void lane_end(struct loadtest_lane *lane, const struct jtp_event *event, uint64_t now_ns)
{
    struct lane_request *request = event->user;
    lane->active_ns = now_ns;
    if (request->is_measured)
        tally_event(lane, request, event);
    if (event->has_load) {
        lane->told_ns = now_ns;
        lane->told_wait_us = event->load.predicted_wait_us;
    }
    if (lane->plan->costs)
        adapt(lane, request, event, now_ns);
    show_progress(lane, event->end);
    if (!lane->plan->schedule)
        free_slot(lane, event, now_ns);
    free_record(lane, request, event->end == JTP_ANSWERED);
}

void lane_cancel_all(struct loadtest_lane *lane, uint64_t now_ns)
{
    for (uint32_t i = 0; i < lane->request_count; i++) {
        const struct lane_request *request = &lane->requests[i];
        if (!request->is_open)
            continue;
        jtp_client_cancel(lane->phones[request->phone].client, request->number, now_ns);
        lane_touch(lane, request->phone);
    }
}

void lane_lose_all(struct loadtest_lane *lane)
{
    for (uint32_t i = 0; i < lane->request_count; i++) {
        struct lane_request *request = &lane->requests[i];
        if (!request->is_open)
            continue;
        if (request->is_measured) {
            lane->tally->ends[LOADTEST_LOST]++;
            lane->tally->cuts[request->entry].ends[LOADTEST_LOST]++;
            lane_record(lane, request, NULL, LOADTEST_LOST, loadtest_clock_ns());
        }
        free_record(lane, request, false);
    }
}

static void flush(struct loadtest_lane *lane, uint64_t now_ns)
{
    struct port_outgoing burst[PORT_MAX_BURST];
    for (uint32_t i = 0; i < lane->datagram_count; i++) {
        const struct jtp_datagram *datagram = &lane->datagrams[i];
        burst[i] = (struct port_outgoing){.to = datagram->to,
                                          .head = datagram->head,
                                          .head_bytes = datagram->head_bytes,
                                          .payload = datagram->payload,
                                          .payload_bytes = datagram->payload_bytes};
    }
    if (lane->datagram_count > 0)
        port_send(lane->port, lane->queue, burst, lane->datagram_count, now_ns);
    lane->datagram_count = 0;
}

/* Asks for the load, in place of libjoint's probes of its own. */
static void probe(struct loadtest_lane *lane, struct lane_phone *phone, uint64_t now_ns)
{
    struct jtp_datagram *datagram = &lane->datagrams[lane->datagram_count];
    *datagram = (struct jtp_datagram){.to = lane->plan->server};
    datagram->head_bytes = (uint32_t)jtp_write_probe(datagram->head, phone->connection);
    phone->adapt.wants_probe = false;
    if (++lane->datagram_count == PORT_MAX_BURST)
        flush(lane, now_ns);
}

static void settle_phone(struct loadtest_lane *lane, uint32_t index, uint64_t now_ns)
{
    struct lane_phone *phone = &lane->phones[index];
    struct jtp_event event;
    phone->is_touched = false;
    while (jtp_client_next_event(phone->client, &event))
        lane_end(lane, &event, now_ns);
    while (jtp_client_next_datagram(phone->client, now_ns, &lane->datagrams[lane->datagram_count]))
        if (++lane->datagram_count == PORT_MAX_BURST)
            flush(lane, now_ns);
    const uint64_t connection = jtp_client_connection(phone->client);
    if (connection != phone->connection) {
        jtp_table_remove(&lane->table, phone->connection, index);
        jtp_table_add(&lane->table, connection, index);
        phone->connection = connection;
    }
    if (phone->adapt.wants_probe)
        probe(lane, phone, now_ns);
    const uint64_t due_ns = jtp_client_timeout_ns(phone->client, now_ns);
    if (due_ns == JTP_NEVER)
        jtp_wheel_cancel(&lane->wheel, &phone->timer);
    else
        jtp_wheel_set(&lane->wheel, &phone->timer, due_ns);
}

void lane_settle(struct loadtest_lane *lane)
{
    if (lane->touched_count == 0)
        return;
    const uint64_t now_ns = loadtest_clock_ns();
    for (uint32_t i = 0; i < lane->touched_count; i++)
        settle_phone(lane, lane->touched[i], now_ns);
    lane->touched_count = 0;
    flush(lane, now_ns);
}
