/* Puts the parts of a path together in the order that RFC 9002's appendix gives. */
#include "dataplane/proto/path.h"

#include <errno.h>

void jtp_path_config_default(struct jtp_path_config *config)
{
    *config =
        (struct jtp_path_config){.initial_rtt_ns = 100 * JTP_MS, .largest_datagram_bytes = 1472};
}

void jtp_path_init(struct jtp_path *path, const struct jtp_path_config *config)
{
    uint16_t largest = config->largest_datagram_bytes;
    *path = (struct jtp_path){.next_number = 0};
    jtp_received_init(&path->received);
    jtp_loss_init(&path->loss);
    jtp_rtt_init(&path->rtt, config->initial_rtt_ns);
    jtp_mtu_init(&path->mtu, JTP_BASE_DATAGRAM_BYTES,
                 largest > JTP_BASE_DATAGRAM_BYTES ? largest : JTP_BASE_DATAGRAM_BYTES);
    jtp_cubic_init(&path->cubic, path->mtu.current);
}

static void adopt_size(struct jtp_path *path)
{
    if (path->cubic.segment_bytes != path->mtu.current)
        jtp_cubic_set_segment(&path->cubic, path->mtu.current);
}

/* All packets sent over so long a time were lost: the window means nothing any more. */
static bool is_persistent(const struct jtp_path *path, uint64_t first_ns, uint64_t last_ns)
{
    return path->rtt.has_sample && first_ns > path->acked_sent_ns &&
           last_ns - first_ns > jtp_loss_persistent_ns(&path->rtt);
}

static void note_lost(struct jtp_path *path, const struct jtp_sent_pool *pool, uint32_t head,
                      uint64_t now_ns)
{
    uint64_t first_ns = JTP_NEVER, last_ns = 0;
    for (uint32_t at = head; at != JTP_NO_RECORD; at = pool->records[at].next) {
        const struct jtp_sent *record = &pool->records[at];
        if (record->flags & JTP_SENT_SIZE_PROBE) {
            jtp_mtu_probe_lost(&path->mtu, record->bytes, now_ns);
            continue;
        }
        jtp_mtu_lost(&path->mtu, record->bytes, record->number, now_ns);
        if (first_ns == JTP_NEVER)
            first_ns = record->sent_ns;
        last_ns = record->sent_ns;
    }
    adopt_size(path);
    if (first_ns == JTP_NEVER)
        return;
    jtp_cubic_on_lost(&path->cubic, last_ns, now_ns);
    if (is_persistent(path, first_ns, last_ns))
        jtp_cubic_on_persistent(&path->cubic);
}

static void note_acked(struct jtp_path *path, const struct jtp_sent_pool *pool, uint32_t head,
                       uint64_t now_ns)
{
    for (uint32_t at = head; at != JTP_NO_RECORD; at = pool->records[at].next) {
        const struct jtp_sent *record = &pool->records[at];
        if (record->flags & JTP_SENT_SIZE_PROBE)
            jtp_mtu_probe_acked(&path->mtu, record->bytes, now_ns);
        else
            jtp_mtu_acked(&path->mtu, record->bytes, record->number);
    }
    adopt_size(path);
}

int jtp_path_on_ack(struct jtp_path *path, struct jtp_sent_pool *pool, const struct jtp_ack *ack,
                    uint64_t now_ns, struct jtp_outcome *outcome)
{
    struct jtp_acked acked;
    *outcome = (struct jtp_outcome){JTP_NO_RECORD, JTP_NO_RECORD};
    if (ack->ranges[0].last >= path->next_number)
        return -EBADMSG;
    /* The window limits when at least half of it is in use; pacing spreads the rest. */
    bool is_limited = 2.0 * (double)path->loss.bytes_in_flight >= path->cubic.window;
    jtp_loss_take_acked(&path->loss, pool, ack, now_ns, &acked);
    outcome->acked = acked.head;
    if (acked.head == JTP_NO_RECORD)
        return 0;
    if (acked.has_sample)
        jtp_rtt_update(&path->rtt, acked.sample_ns, (uint64_t)ack->delay_us * 1000);
    note_acked(path, pool, acked.head, now_ns);
    outcome->lost = jtp_loss_take_lost(&path->loss, pool, &path->rtt, now_ns);
    note_lost(path, pool, outcome->lost, now_ns);
    if (acked.bytes > 0)
        jtp_cubic_on_acked(&path->cubic, acked.bytes, acked.last_sent_ns, &path->rtt, is_limited,
                           now_ns);
    if (acked.last_sent_ns > path->acked_sent_ns)
        path->acked_sent_ns = acked.last_sent_ns;
    path->progress_ns = now_ns;
    path->probes_owed = 0;
    return 0;
}

static bool has_large_in_flight(const struct jtp_path *path, const struct jtp_sent_pool *pool)
{
    for (uint32_t at = path->loss.head; at != JTP_NO_RECORD; at = pool->records[at].next)
        if (pool->records[at].bytes > path->mtu.base &&
            !(pool->records[at].flags & JTP_SENT_SIZE_PROBE))
            return true;
    return false;
}

bool jtp_path_on_timeout(struct jtp_path *path, struct jtp_sent_pool *pool, uint64_t now_ns,
                         struct jtp_outcome *outcome)
{
    *outcome = (struct jtp_outcome){JTP_NO_RECORD, JTP_NO_RECORD};
    if (path->loss.loss_ns != JTP_NEVER) {
        if (path->loss.loss_ns > now_ns)
            return false;
        outcome->lost = jtp_loss_take_lost(&path->loss, pool, &path->rtt, now_ns);
        note_lost(path, pool, outcome->lost, now_ns);
        return false;
    }
    if (jtp_loss_probe_ns(&path->loss, &path->rtt) > now_ns)
        return false;
    path->loss.probe_timeouts++;
    path->loss.last_sent_ns = now_ns; /* the next one, should nothing leave in between */
    path->probes_owed = 2;
    if (path->loss.probe_timeouts >= 2 && has_large_in_flight(path, pool)) {
        jtp_mtu_black_hole(&path->mtu, now_ns);
        adopt_size(path);
    }
    return true;
}

uint64_t jtp_path_timeout_ns(const struct jtp_path *path)
{
    uint64_t due_ns = path->loss.loss_ns;
    if (due_ns == JTP_NEVER)
        due_ns = jtp_loss_probe_ns(&path->loss, &path->rtt);
    return due_ns < path->received.due_ns ? due_ns : path->received.due_ns;
}

bool jtp_path_oldest(struct jtp_path *path, struct jtp_sent_pool *pool, struct jtp_sent *record)
{
    for (uint32_t at = path->loss.head; at != JTP_NO_RECORD; at = pool->records[at].next) {
        struct jtp_sent *sent = &pool->records[at];
        if (sent->flags & (JTP_SENT_AGAIN | JTP_SENT_SIZE_PROBE))
            continue;
        *record = *sent;
        sent->flags |= JTP_SENT_AGAIN;
        return true;
    }
    return false;
}

uint32_t jtp_path_forget(struct jtp_path *path)
{
    path->mtu.is_in_flight = false;
    path->probes_owed = 0;
    path->loss.probe_timeouts = 0;
    return jtp_loss_take_all(&path->loss);
}

bool jtp_path_has_room(const struct jtp_path *path)
{
    return path->probes_owed > 0 ||
           (double)(path->loss.bytes_in_flight + path->mtu.current) <= path->cubic.window;
}

uint64_t jtp_path_pace_ns(const struct jtp_path *path)
{
    return path->probes_owed > 0 ? 0 : jtp_pacer_ready_ns(&path->pacer);
}

void jtp_path_sent(struct jtp_path *path, struct jtp_sent_pool *pool, struct jtp_sent *record,
                   uint64_t now_ns)
{
    double gain = jtp_cubic_is_slow_start(&path->cubic) ? 2.5 : 1.25;
    if (path->loss.count == 0)
        path->progress_ns = now_ns;
    record->number = path->next_number++;
    record->sent_ns = now_ns;
    jtp_loss_sent(&path->loss, pool, record);
    if (path->probes_owed > 0)
        path->probes_owed--;
    jtp_pacer_sent(&path->pacer, record->bytes, path->cubic.window, gain, path->rtt.smoothed_ns,
                   path->mtu.current, now_ns);
    if (record->flags & JTP_SENT_SIZE_PROBE)
        jtp_mtu_probe_sent(&path->mtu);
}
