/* Packet and time threshold; each ACK walks the records up to its largest number, of which only
 * those survive that are missing, so the walk stays short. */
#include "dataplane/proto/loss.h"

#include <assert.h>

void jtp_sent_pool_init(struct jtp_sent_pool *pool, struct jtp_sent *memory, uint32_t count)
{
    *pool = (struct jtp_sent_pool){memory, count > 0 ? 0 : JTP_NO_RECORD, count};
    for (uint32_t i = 0; i < count; i++)
        memory[i].next = i + 1 < count ? i + 1 : JTP_NO_RECORD;
}

bool jtp_sent_pool_take(struct jtp_sent_pool *pool, uint32_t *head, struct jtp_sent *record)
{
    uint32_t at = *head;
    if (at == JTP_NO_RECORD)
        return false;
    *record = pool->records[at];
    *head = record->next;
    pool->records[at].next = pool->free;
    pool->free = at;
    pool->free_count++;
    return true;
}

void jtp_loss_init(struct jtp_loss *loss)
{
    *loss = (struct jtp_loss){.head = JTP_NO_RECORD, .tail = JTP_NO_RECORD, .loss_ns = JTP_NEVER};
}

void jtp_loss_sent(struct jtp_loss *loss, struct jtp_sent_pool *pool, const struct jtp_sent *record)
{
    assert(pool->free != JTP_NO_RECORD);
    uint32_t at = pool->free;
    pool->free = pool->records[at].next;
    pool->free_count--;
    pool->records[at] = *record;
    pool->records[at].next = JTP_NO_RECORD;
    if (loss->tail == JTP_NO_RECORD)
        loss->head = at;
    else
        pool->records[loss->tail].next = at;
    loss->tail = at;
    loss->count++;
    loss->bytes_in_flight += record->bytes;
    loss->last_sent_ns = record->sent_ns;
}

/* A list under construction, in order. */
struct list {
    uint32_t head, tail;
};

/* Moves the record behind before (the first one if that is none) from the flight to the list. */
static void move(struct jtp_loss *loss, struct jtp_sent_pool *pool, uint32_t before,
                 struct list *to)
{
    uint32_t at = before == JTP_NO_RECORD ? loss->head : pool->records[before].next;
    struct jtp_sent *record = &pool->records[at];
    if (before == JTP_NO_RECORD)
        loss->head = record->next;
    else
        pool->records[before].next = record->next;
    if (loss->tail == at)
        loss->tail = before;
    loss->count--;
    loss->bytes_in_flight -= record->bytes;
    if (to->tail == JTP_NO_RECORD)
        to->head = at;
    else
        pool->records[to->tail].next = at;
    to->tail = at;
    record->next = JTP_NO_RECORD;
}

void jtp_loss_take_acked(struct jtp_loss *loss, struct jtp_sent_pool *pool,
                         const struct jtp_ack *ack, uint64_t now_ns, struct jtp_acked *acked)
{
    struct list list = {JTP_NO_RECORD, JTP_NO_RECORD};
    *acked = (struct jtp_acked){.head = JTP_NO_RECORD};
    uint32_t range = ack->count - 1; /* the lowest */
    uint32_t before = JTP_NO_RECORD, at = loss->head;
    while (at != JTP_NO_RECORD) {
        const struct jtp_sent *record = &pool->records[at];
        uint32_t next = record->next;
        while (range > 0 && ack->ranges[range].last < record->number)
            range--;
        if (record->number > ack->ranges[range].last)
            break;
        if (record->number < ack->ranges[range].first) {
            before = at;
        } else {
            if (!(record->flags & JTP_SENT_SIZE_PROBE))
                acked->bytes += record->bytes;
            acked->last_sent_ns = record->sent_ns;
            if (record->number == ack->ranges[0].last) {
                acked->has_sample = true;
                acked->sample_ns = now_ns > record->sent_ns ? now_ns - record->sent_ns : 0;
            }
            move(loss, pool, before, &list);
        }
        at = next;
    }
    acked->head = list.head;
    if (ack->ranges[0].last >= loss->end_acked)
        loss->end_acked = ack->ranges[0].last + 1;
    if (list.head != JTP_NO_RECORD)
        loss->probe_timeouts = 0;
}

static uint64_t time_threshold(const struct jtp_rtt *rtt)
{
    uint64_t longer = rtt->latest_ns > rtt->smoothed_ns ? rtt->latest_ns : rtt->smoothed_ns;
    uint64_t threshold = longer + longer / 8;
    return threshold > JTP_GRANULARITY_NS ? threshold : JTP_GRANULARITY_NS;
}

uint32_t jtp_loss_take_lost(struct jtp_loss *loss, struct jtp_sent_pool *pool,
                            const struct jtp_rtt *rtt, uint64_t now_ns)
{
    struct list list = {JTP_NO_RECORD, JTP_NO_RECORD};
    uint64_t threshold_ns = time_threshold(rtt);
    uint32_t before = JTP_NO_RECORD, at = loss->head;
    loss->loss_ns = JTP_NEVER;
    while (at != JTP_NO_RECORD) {
        const struct jtp_sent *record = &pool->records[at];
        uint32_t next = record->next;
        if (record->number >= loss->end_acked)
            break;
        uint64_t due_ns = record->sent_ns + threshold_ns;
        if (due_ns <= now_ns || loss->end_acked - 1 - record->number >= JTP_PACKET_THRESHOLD) {
            move(loss, pool, before, &list);
        } else {
            if (due_ns < loss->loss_ns)
                loss->loss_ns = due_ns;
            before = at;
        }
        at = next;
    }
    return list.head;
}

uint32_t jtp_loss_take_all(struct jtp_loss *loss)
{
    uint32_t head = loss->head;
    loss->head = loss->tail = JTP_NO_RECORD;
    loss->count = 0;
    loss->bytes_in_flight = 0;
    loss->loss_ns = JTP_NEVER;
    return head;
}

uint64_t jtp_loss_probe_ns(const struct jtp_loss *loss, const struct jtp_rtt *rtt)
{
    if (loss->count == 0)
        return JTP_NEVER;
    uint32_t doublings = loss->probe_timeouts < 12 ? loss->probe_timeouts : 12;
    uint64_t timeout_ns = jtp_rtt_probe_timeout_ns(rtt) << doublings;
    if (timeout_ns > JTP_MAX_PROBE_TIMEOUT_NS)
        timeout_ns = JTP_MAX_PROBE_TIMEOUT_NS;
    return loss->last_sent_ns + timeout_ns;
}

uint64_t jtp_loss_persistent_ns(const struct jtp_rtt *rtt)
{
    return 3 * jtp_rtt_probe_timeout_ns(rtt);
}
