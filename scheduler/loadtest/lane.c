/* A lane's life: memory, turns, end. */
#include "scheduler/loadtest/lane_state.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#define CLOSED_RECORDS 2000000u

static bool allocate(struct loadtest_lane *lane, size_t client_bytes)
{
    const struct loadtest_plan *plan = lane->plan;
    const size_t phones = lane->phone_count;
    lane->phones = calloc(phones + 1, sizeof(*lane->phones));
    lane->client_memory = aligned_alloc(64, (phones + 1) * client_bytes);
    lane->table_memory = calloc(jtp_table_words(lane->phone_count + 1), sizeof(uint32_t));
    lane->touched = calloc(phones + 1, sizeof(*lane->touched));
    lane->requests = calloc(lane->request_count + 1u, sizeof(*lane->requests));
    lane->sink = calloc(1, plan->model->answer_bytes);
    lane->slots = calloc(lane->ready_slots + 1u, sizeof(*lane->slots));
    lane->samples = calloc(lane->sample_count + 1u, sizeof(*lane->samples));
    lane->sample_memory = calloc(lane->sample_count + 1u, plan->model->answer_bytes);
    lane->datagrams = calloc(PORT_MAX_BURST, sizeof(*lane->datagrams));
    lane->tally = loadtest_tally_create(plan->mix->count);
    lane->records.items = calloc(lane->records.capacity + 1u, sizeof(*lane->records.items));
    return lane->phones && lane->client_memory && lane->table_memory && lane->touched &&
           lane->requests && lane->sink && lane->slots && lane->samples && lane->sample_memory &&
           lane->datagrams && lane->tally && lane->records.items;
}

/* Connection numbers are not the seed's: a server may still remember those of an earlier run. */
static void make_phones(struct loadtest_lane *lane, struct jtp_client_config *config)
{
    struct loadtest_random connections;
    if (getrandom(&connections.state, sizeof(connections.state), 0) != sizeof(connections.state))
        connections.state = loadtest_clock_ns();
    const size_t bytes = jtp_client_bytes(config);
    jtp_table_init(&lane->table, lane->table_memory, lane->phone_count + 1);
    for (uint32_t i = 0; i < lane->phone_count; i++) {
        struct lane_phone *phone = &lane->phones[i];
        config->seed = loadtest_random_next(&connections);
        config->client = (uint64_t)i * lane->lane_count + lane->index + lane->plan->first_client;
        phone->client = jtp_client_init(lane->client_memory + i * bytes, config);
        phone->connection = jtp_client_connection(phone->client);
        phone->timer = (struct jtp_timer){.kind = LANE_TIMER_PHONE, .owner = phone};
        jtp_table_add(&lane->table, phone->connection, i);
        if (lane->plan->costs)
            loadtest_adapt_init(&phone->adapt, lane->plan->costs, &connections,
                                loadtest_clock_ns());
    }
}

static void make_lists(struct loadtest_lane *lane)
{
    lane->free_request = LANE_NONE;
    for (uint32_t i = lane->request_count; i-- > 0;) {
        lane->requests[i].next_free = lane->free_request;
        lane->free_request = i;
    }
    lane->free_slot = LANE_NONE;
    for (uint32_t i = lane->ready_slots; i-- > 0;) {
        struct lane_slot *slot = &lane->slots[i];
        slot->timer = (struct jtp_timer){.kind = LANE_TIMER_SLOT, .owner = slot};
        slot->next_free = lane->free_slot;
        lane->free_slot = i;
    }
    for (uint32_t i = 0; i < lane->sample_count; i++)
        lane->samples[i].answer = lane->sample_memory + (size_t)i * lane->plan->model->answer_bytes;
}

/* Of count things dealt in turn to the lanes: how many this one gets. */
static uint32_t share(const struct loadtest_lane *lane, uint32_t count)
{
    return count / lane->lane_count + (lane->index < count % lane->lane_count);
}

/* Requests that the lane will offer; of a closed loop, which knows no such number, CLOSED_RECORDS,
 * of whose memory only what is used will be there. */
static uint32_t count_own(const struct loadtest_lane *lane)
{
    const struct loadtest_schedule *schedule = lane->plan->schedule;
    uint32_t count = 0;
    if (!schedule)
        return CLOSED_RECORDS;
    for (size_t i = 0; i < schedule->count; i++)
        count += schedule->arrivals[i].client % lane->lane_count == lane->index;
    return count;
}

int loadtest_lane_create(struct loadtest_lane **made, const struct loadtest_plan *plan,
                         struct port *port, uint32_t queue, uint32_t index, uint32_t lane_count)
{
    struct jtp_client_config config;
    struct loadtest_lane *lane = aligned_alloc(alignof(struct loadtest_lane), sizeof(*lane));
    if (!lane)
        return -ENOMEM;
    memset(lane, 0, sizeof(*lane));
    lane->plan = plan;
    lane->port = port;
    lane->queue = queue;
    lane->index = index;
    lane->lane_count = lane_count;
    lane->phone_count = share(lane, plan->client_count);
    lane->request_count = lane->phone_count * plan->requests_per_client;
    lane->ready_slots = plan->schedule ? 0 : share(lane, plan->closed_count);
    lane->sample_count = share(lane, plan->sample_count);
    lane->records.capacity = plan->has_records ? count_own(lane) : 0;
    lane->draws = loadtest_random_stream(plan->seed, 100 + index);
    loadtest_plan_client_config(plan, &config);
    const uint32_t link = port_max_datagram_bytes(port, &plan->server);
    if (link < config.path.largest_datagram_bytes)
        config.path.largest_datagram_bytes = (uint16_t)link;
    int err = -EINVAL;
    if (lane->ready_slots > lane->request_count)
        goto destroy;
    err = -ENOMEM;
    if (!allocate(lane, jtp_client_bytes(&config)))
        goto destroy;
    make_phones(lane, &config);
    make_lists(lane);
    *made = lane;
    return 0;
destroy:
    loadtest_lane_destroy(lane);
    return err;
}

void loadtest_lane_destroy(struct loadtest_lane *lane)
{
    if (!lane)
        return;
    free(lane->phones);
    free(lane->client_memory);
    free(lane->table_memory);
    free(lane->touched);
    free(lane->requests);
    free(lane->sink);
    free(lane->slots);
    free(lane->samples);
    free(lane->sample_memory);
    free(lane->datagrams);
    free(lane->tally);
    free(lane->records.items);
    free(lane);
}

void loadtest_lane_begin(struct loadtest_lane *lane, uint64_t start_ns)
{
    lane->start_ns = start_ns;
    lane->measured_ns = start_ns + lane->plan->warmup_ns;
    lane->end_ns = lane->measured_ns + lane->plan->duration_ns;
    lane->active_ns = lane->woken_ns = start_ns;
    jtp_wheel_init(&lane->wheel, loadtest_clock_ns());
}

/* The phone of a datagram's connection; LANE_NONE: none of ours. */
static uint32_t find(const struct loadtest_lane *lane, const struct port_received *received)
{
    if (received->count < JTP_HEADER_BYTES ||
        !jtp_address_equal(&received->from, &lane->plan->server))
        return LANE_NONE;
    const uint64_t connection = jtp_peek_connection(received->bytes);
    uint32_t i = jtp_table_first(&lane->table, connection);
    while (i != JTP_TABLE_END && lane->phones[i].connection != connection)
        i = jtp_table_next(&lane->table, i);
    return i;
}

/* The answer to an adaptive phone's probe, whose nonce is its connection. False: no such thing. */
static bool hear_load(struct loadtest_lane *lane, uint32_t phone,
                      const struct port_received *received, uint64_t now_ns)
{
    struct jtp_packet packet;
    if (received->bytes[3] != JTP_LOAD)
        return false;
    if (lane->plan->costs && jtp_packet_read(received->bytes, received->count, &packet) == 0)
        loadtest_adapt_told(&lane->phones[phone].adapt, &packet.load, &lane->draws, now_ns);
    return true;
}

static uint32_t receive(struct loadtest_lane *lane, uint64_t now_ns)
{
    struct port_received burst[PORT_MAX_BURST];
    const uint32_t count = port_receive(lane->port, lane->queue, burst, PORT_MAX_BURST, now_ns);
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t phone = find(lane, &burst[i]);
        if (phone == LANE_NONE) {
            lane->stray++;
            continue;
        }
        lane->unheard_ns = now_ns;
        if (hear_load(lane, phone, &burst[i], now_ns))
            continue;
        jtp_client_on_datagram(lane->phones[phone].client, burst[i].bytes, burst[i].count, now_ns);
        lane_touch(lane, phone);
    }
    port_release(lane->port, lane->queue);
    return count;
}

static uint32_t expire(struct loadtest_lane *lane, uint64_t now_ns)
{
    uint32_t count = 0;
    for (struct jtp_timer *timer; (timer = jtp_wheel_expire(&lane->wheel, now_ns)); count++) {
        if (timer->kind == LANE_TIMER_SLOT) {
            lane_slot_ready(lane, timer->owner);
            continue;
        }
        struct lane_phone *phone = timer->owner;
        jtp_client_on_timeout(phone->client, now_ns);
        lane_touch(lane, (uint32_t)(phone - lane->phones));
    }
    return count;
}

static void sleep_until_next(struct loadtest_lane *lane, uint64_t now_ns)
{
    uint64_t next_ns = now_ns + LANE_LONGEST_SLEEP_NS;
    const uint64_t timer_ns = jtp_wheel_next_ns(&lane->wheel);
    const uint64_t offer_ns = lane_next_offer_ns(lane);
    if (timer_ns < next_ns)
        next_ns = timer_ns;
    if (offer_ns < next_ns)
        next_ns = offer_ns;
    if (lane->open_count == 0 && now_ns >= lane->end_ns && next_ns > now_ns + LANE_LINGER_NS)
        next_ns = now_ns + LANE_LINGER_NS;
    if (lane->measured_ns > now_ns && lane->measured_ns < next_ns)
        next_ns = lane->measured_ns;
    if (lane->end_ns > now_ns && lane->end_ns < next_ns)
        next_ns = lane->end_ns;
    if (next_ns > now_ns)
        port_wait(lane->port, lane->queue, -1, next_ns - now_ns);
}

/* The window of what counts, in wall time and in the thread's own. */
static void watch_window(struct loadtest_lane *lane, uint64_t now_ns)
{
    if (lane->window_start_ns == 0 && now_ns >= lane->measured_ns) {
        lane->window_start_ns = lane->measured_ns;
        lane->cpu_start_ns = loadtest_clock_cpu_ns();
    }
    if (lane->window_start_ns > 0 && lane->window_end_ns == 0) {
        if (now_ns - lane->woken_ns > lane->longest_turn_ns &&
            lane->woken_ns >= lane->window_start_ns)
            lane->longest_turn_ns = now_ns - lane->woken_ns;
        if (now_ns >= lane->end_ns || lane->is_stopping || lane->is_over) {
            lane->window_end_ns = now_ns < lane->end_ns ? now_ns : lane->end_ns;
            lane->cpu_end_ns = loadtest_clock_cpu_ns();
        }
    }
}

static void watch_silence(struct loadtest_lane *lane, uint64_t now_ns)
{
    /* Who was held up for so long does not know who was silent. */
    if (now_ns - lane->woken_ns > lane->plan->silence_ns / 2)
        lane->unheard_ns = now_ns;
    if (lane->open_count == 0 || now_ns < lane->unheard_ns + lane->plan->silence_ns)
        return;
    lane->is_silent = lane->is_stopping = lane->is_over = true;
    lane_lose_all(lane);
}

static void watch_stop(struct loadtest_lane *lane, uint64_t now_ns)
{
    if (lane->is_stopping || !atomic_load_explicit(&lane->wants_stop, memory_order_relaxed))
        return;
    lane->is_stopping = true;
    lane->end_ns = now_ns;
    lane_cancel_all(lane, now_ns);
}

bool loadtest_lane_turn(struct loadtest_lane *lane)
{
    if (lane->is_over)
        return false;
    const uint64_t now_ns = loadtest_clock_ns();
    uint32_t done = receive(lane, now_ns);
    done += expire(lane, now_ns);
    watch_stop(lane, now_ns);
    if (!lane->is_stopping)
        done += lane_offer(lane, now_ns);
    lane_settle(lane);
    atomic_store_explicit(&lane->open_seen, lane->open_count, memory_order_relaxed);
    const uint64_t then_ns = loadtest_clock_ns();
    watch_silence(lane, then_ns);
    if (lane->open_count == 0 && then_ns >= lane->end_ns &&
        then_ns >= lane->active_ns + LANE_LINGER_NS)
        lane->is_over = true;
    watch_window(lane, then_ns);
    if (done == 0 && !lane->is_over)
        sleep_until_next(lane, then_ns);
    lane->woken_ns = done == 0 ? loadtest_clock_ns() : then_ns;
    return !lane->is_over;
}

void loadtest_lane_stop(struct loadtest_lane *lane)
{
    atomic_store_explicit(&lane->wants_stop, true, memory_order_relaxed);
}

void loadtest_lane_progress(const struct loadtest_lane *lane,
                            struct loadtest_lane_progress *progress)
{
    const memory_order order = memory_order_relaxed;
    *progress = (struct loadtest_lane_progress){
        .offered = atomic_load_explicit(&lane->offered_seen, order),
        .answered = atomic_load_explicit(&lane->answered_seen, order),
        .rejected = atomic_load_explicit(&lane->rejected_seen, order),
        .late = atomic_load_explicit(&lane->late_seen, order),
        .open = atomic_load_explicit(&lane->open_seen, order),
    };
}

static void add_stats(struct jtp_client_stats *sum, const struct jtp_client_stats *stats)
{
    sum->datagrams_in += stats->datagrams_in;
    sum->datagrams_out += stats->datagrams_out;
    sum->bytes_in += stats->bytes_in;
    sum->bytes_out += stats->bytes_out;
    sum->dropped += stats->dropped;
    sum->lost += stats->lost;
    sum->probe_timeouts += stats->probe_timeouts;
    sum->retries += stats->retries;
    sum->refusals += stats->refusals;
    sum->renewals += stats->renewals;
}

void loadtest_lane_result(const struct loadtest_lane *lane, struct loadtest_lane_result *result)
{
    assert(lane->is_over);
    *result = (struct loadtest_lane_result){
        .tally = lane->tally,
        .samples = lane->samples,
        .sample_count = lane->sample_count,
        .records = &lane->records,
        .window_ns = lane->window_end_ns - lane->window_start_ns,
        .cpu_ns = lane->cpu_end_ns - lane->cpu_start_ns,
        .longest_turn_ns = lane->longest_turn_ns,
        .stray = lane->stray,
        .is_silent = lane->is_silent,
        .is_interrupted = lane->is_stopping && !lane->is_silent,
    };
    for (uint32_t i = 0; i < lane->phone_count; i++)
        add_stats(&result->stats, jtp_client_stats(lane->phones[i].client));
    port_counters(lane->port, lane->queue, &result->port);
}
