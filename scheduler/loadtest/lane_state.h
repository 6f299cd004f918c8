/* What the lane's files share: its phones, their requests, and the slots of a closed loop.
 *
 *    arrivals, or idle slots                  datagrams            timers
 *              │ offer                            │ receive          │ expire
 *              v                                  v                  v
 *        phones ──────────── touched: on the list of those to be settled ────┐
 *          ^                                                                 │
 *          └── settle: events to the tally, datagrams to the port, timer set ┘ */
#ifndef SCHEDULER_LOADTEST_LANE_STATE_H
#define SCHEDULER_LOADTEST_LANE_STATE_H

#include "dataplane/proto/table.h"
#include "dataplane/proto/timer.h"
#include "scheduler/loadtest/adapt.h"
#include "scheduler/loadtest/clock.h"
#include "scheduler/loadtest/lane.h"

#include <stdalign.h>
#include <stdatomic.h>

#define LANE_NONE UINT32_MAX
#define LANE_LONGEST_SLEEP_NS 50000000 /* so soon a stop is seen */
#define LANE_LINGER_NS 20000000 /* after the last end: the last acknowledgements leave */
#define LANE_LEAST_RETRY_NS 1000000 /* a rejected slot of a closed loop waits so long at least */

enum lane_timer { LANE_TIMER_PHONE, LANE_TIMER_SLOT }; /* jtp_timer.kind */

struct lane_phone {
    struct jtp_client *client;
    uint64_t connection; /* under which the table has it */
    struct jtp_timer timer;
    struct loadtest_adapt adapt; /* where plan.costs are given */
    uint32_t open_count;
    bool is_touched; /* it is on the list of those to be settled */
};

struct lane_request {
    uint64_t due_ns; /* what its latency counts from */
    uint32_t next_free;
    uint32_t phone, number; /* JTP's */
    uint32_t sample; /* LANE_NONE: its answer goes to the sink */
    uint16_t entry, tensor;
    uint32_t told_wait_us, told_age_us; /* as in a record */
    bool is_open;
    bool is_measured; /* after the warm-up */
};

/* A slot of a closed loop that waits after a reject. */
struct lane_slot {
    struct jtp_timer timer;
    uint32_t next_free;
};

struct loadtest_lane {
    const struct loadtest_plan *plan;
    struct port *port;
    uint32_t queue, index, lane_count;

    uint32_t phone_count;
    struct lane_phone *phones;
    uint8_t *client_memory; /* of all phones, in one piece */
    struct jtp_table table; /* phones by connection */
    uint32_t *table_memory;
    struct jtp_wheel wheel;
    uint32_t *touched;
    uint32_t touched_count;

    uint32_t request_count;
    struct lane_request *requests;
    uint32_t free_request;
    uint32_t open_count;
    uint8_t *sink; /* where answers go that nobody looks at, of all phones */

    size_t next_arrival; /* of the schedule */
    uint32_t ready_slots; /* of the closed loop: that may send at once */
    struct lane_slot *slots;
    uint32_t free_slot;
    uint32_t next_phone;
    struct loadtest_random draws; /* of the closed loop's cuts and tensors, and choices of splits */

    struct loadtest_sample *samples;
    uint8_t *sample_memory;
    uint32_t sample_count, first_sample; /* those before it are kept */

    struct jtp_datagram *datagrams; /* PORT_MAX_BURST: what leaves with the next port_send() */
    uint32_t datagram_count;

    struct loadtest_tally *tally;
    struct loadtest_records records;
    uint64_t told_ns; /* when a reply last told the load; 0: none has */
    uint32_t told_wait_us;
    uint64_t start_ns, measured_ns, end_ns; /* beginning, end of the warm-up, end of the offer */
    uint64_t unheard_ns; /* since when an answer of any kind is waited for */
    uint64_t active_ns; /* when a request last ended */
    uint64_t window_start_ns, window_end_ns, cpu_start_ns, cpu_end_ns;
    uint64_t woken_ns, longest_turn_ns, stray;
    bool is_silent, is_stopping, is_over;

    alignas(64) atomic_bool wants_stop; /* any thread: w, lane: r */
    /* lane: w, any thread: r */
    alignas(64) _Atomic uint64_t offered_seen, answered_seen, rejected_seen, late_seen, open_seen;
};

/* Puts a phone on the list of those to be settled. */
static inline void lane_touch(struct loadtest_lane *lane, uint32_t index)
{
    struct lane_phone *phone = &lane->phones[index];
    if (phone->is_touched)
        return;
    phone->is_touched = true;
    lane->touched[lane->touched_count++] = index;
}

/* One writer: a plain increment that others may read. */
static inline void lane_count(_Atomic uint64_t *counter, uint64_t change)
{
    const uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, value + change, memory_order_relaxed);
}

/* Submits what is due by now; how many. */
uint32_t lane_offer(struct loadtest_lane *lane, uint64_t now_ns);

/* When the next request is due by itself; UINT64_MAX: none. */
uint64_t lane_next_offer_ns(const struct loadtest_lane *lane);

/* A slot of the closed loop may not send before that. */
void lane_slot_wait(struct loadtest_lane *lane, uint64_t until_ns);

/* A slot whose wait is over. */
void lane_slot_ready(struct loadtest_lane *lane, struct lane_slot *slot);

/* Keeps a record, if the plan wants them; event: NULL where the server had no part in its end. */
void lane_record(struct loadtest_lane *lane, const struct lane_request *request,
                 const struct jtp_event *event, enum loadtest_end end, uint64_t ended_ns);

/* What an event means for tally and slots. */
void lane_end(struct loadtest_lane *lane, const struct jtp_event *event, uint64_t now_ns);

/* Ends all that is open: by CANCEL, or, where the server is silent, without a word. */
void lane_cancel_all(struct loadtest_lane *lane, uint64_t now_ns);
void lane_lose_all(struct loadtest_lane *lane);

/* Settles the phones that were touched. */
void lane_settle(struct loadtest_lane *lane);

#endif
