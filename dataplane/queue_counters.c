/* A table of names and where each number is found, and the copying. */
#include "dataplane/queue_counters.h"

#include "dataplane/queue.h"

#include <stdio.h>

#define WRITE_NS UINT64_C(1000000)

/* All that is counted, in one place, so that a name and its place make a counter. */
struct snapshot {
    struct port_counters port;
    struct jtp_server_stats jtp;
    struct queue_counts queue;
    struct slab_use slab;
    uint64_t requests_taken, answers_taken, answers_lent, models;
};

struct counter_source {
    const char *name;
    enum counter_kind kind;
    size_t at; /* of a uint64_t in the snapshot */
};

#define AT(member) offsetof(struct snapshot, member)

static const struct counter_source sources[] = {
    {"rx_datagrams", COUNTER_SUM, AT(port.received)},
    {"rx_bytes", COUNTER_SUM, AT(port.received_bytes)},
    {"tx_datagrams", COUNTER_SUM, AT(port.sent)},
    {"tx_bytes", COUNTER_SUM, AT(port.sent_bytes)},
    {"rx_bad", COUNTER_SUM, AT(port.bad)},
    {"rx_missed", COUNTER_SUM, AT(port.missed)},
    {"tx_unsent", COUNTER_SUM, AT(port.unsent)},
    {"port_errors", COUNTER_SUM, AT(port.errors)},
    {"jtp_not_jtp", COUNTER_SUM, AT(jtp.not_jtp)},
    {"jtp_bad_checksum", COUNTER_SUM, AT(jtp.bad_checksum)},
    {"jtp_malformed", COUNTER_SUM, AT(jtp.malformed)},
    {"jtp_bad_version", COUNTER_SUM, AT(jtp.bad_version)},
    {"jtp_retries", COUNTER_SUM, AT(jtp.retries)},
    {"jtp_refusals", COUNTER_SUM, AT(jtp.refusals)},
    {"jtp_unreplied", COUNTER_SUM, AT(jtp.unreplied)},
    {"jtp_probes", COUNTER_SUM, AT(jtp.probes)},
    {"jtp_opened", COUNTER_SUM, AT(jtp.opened)},
    {"jtp_delivered", COUNTER_SUM, AT(jtp.delivered)},
    {"jtp_answered", COUNTER_SUM, AT(jtp.answered)},
    {"jtp_rejected", COUNTER_SUM, AT(jtp.rejected)},
    {"jtp_cancelled", COUNTER_SUM, AT(jtp.cancelled)},
    {"jtp_given_up", COUNTER_SUM, AT(jtp.given_up)},
    {"jtp_stalled", COUNTER_SUM, AT(jtp.stalled)},
    {"jtp_repeated", COUNTER_SUM, AT(jtp.repeated)},
    {"jtp_unknown", COUNTER_SUM, AT(jtp.unknown)},
    {"jtp_lost", COUNTER_SUM, AT(jtp.lost)},
    {"jtp_probe_timeouts", COUNTER_SUM, AT(jtp.probe_timeouts)},
    {"jtp_evicted", COUNTER_SUM, AT(jtp.evicted)},
    {"jtp_clients", COUNTER_GAUGE, AT(jtp.clients)},
    {"jtp_open_requests", COUNTER_GAUGE, AT(jtp.open_requests)},
    {"jtp_waiting", COUNTER_GAUGE, AT(jtp.waiting)},
    {"jtp_granted_bytes", COUNTER_GAUGE, AT(jtp.granted_bytes)},
    {"requests_taken", COUNTER_GAUGE, AT(requests_taken)},
    {"answers_taken", COUNTER_GAUGE, AT(answers_taken)},
    {"answers_lent", COUNTER_GAUGE, AT(answers_lent)},
    {"models", COUNTER_GAUGE, AT(models)},
    {"slab_total_bytes", COUNTER_GAUGE, AT(slab.total_bytes)},
    {"slab_held_bytes", COUNTER_GAUGE, AT(slab.held_bytes)},
    {"slab_tensor_bytes", COUNTER_GAUGE, AT(slab.tensor_bytes)},
    {"polls", COUNTER_SUM, AT(queue.polls)},
    {"busy_polls", COUNTER_SUM, AT(queue.busy_polls)},
    {"busy_ns", COUNTER_SUM, AT(queue.busy_ns)},
    {"longest_poll_ns", COUNTER_MAX, AT(queue.longest_poll_ns)},
    {"sleeps", COUNTER_SUM, AT(queue.sleeps)},
    {"submitted", COUNTER_SUM, AT(queue.submitted)},
    {"finished", COUNTER_SUM, AT(queue.finished)},
    {"cancelled", COUNTER_SUM, AT(queue.cancelled)},
    {"sent", COUNTER_SUM, AT(queue.sent)},
    {"refused", COUNTER_SUM, AT(queue.refused)},
    {"overloaded", COUNTER_SUM, AT(queue.overloaded)},
    {"over_credit", COUNTER_SUM, AT(queue.over_credit)},
    {"asked", COUNTER_SUM, AT(queue.asked)},
    {"turned_away", COUNTER_SUM, AT(queue.turned_away)},
    {"waited", COUNTER_SUM, AT(queue.waited)},
    {"unsound", COUNTER_SUM, AT(queue.unsound)},
    {"ring_full", COUNTER_SUM, AT(queue.ring_full)},
};

#define SOURCE_COUNT (sizeof(sources) / sizeof(sources[0]))

static_assert(SOURCE_COUNT <= QUEUE_MAX_COUNTERS, "each has its value");

int queue_counters_init(struct queue_counters *counters, const struct region *region,
                        uint32_t number)
{
    *counters = (struct queue_counters){0};
    uint32_t capacity = SOURCE_COUNT;
    while (capacity > 0 && counters_bytes(capacity) > region->payload_bytes)
        capacity--;
    if (capacity == 0 || counters_init(&counters->counters, region_at(region, 0, 0),
                                       region->payload_bytes, capacity))
        return -EBADMSG;
    for (uint32_t i = 0; i < SOURCE_COUNT; i++) {
        char label[COUNTER_LABEL_BYTES];
        snprintf(label, sizeof(label), "dataplane.%u.%s", number, sources[i].name);
        counters->values[i] = counters_define(&counters->counters, label, sources[i].kind, number);
    }
    return 0;
}

void queue_counters_write(struct queue *queue, uint64_t now_ns)
{
    struct queue_counters *counters = &queue->counters;
    if (now_ns - counters->written_ns < WRITE_NS)
        return;
    counters->written_ns = now_ns;
    struct snapshot seen = {.jtp = *jtp_server_stats(queue->server),
                            .queue = queue->counts,
                            .requests_taken = queue->requests.taken_count,
                            .answers_taken = queue->answers.taken_count,
                            .answers_lent = queue->answers.lent_count,
                            .models = queue->catalogue.offered_count};
    port_counters(queue->port, queue->config.number, &seen.port);
    slab_measure(queue->requests.slab, &seen.slab);
    for (uint32_t i = 0; i < SOURCE_COUNT; i++) {
        uint64_t value;
        memcpy(&value, (const char *)&seen + sources[i].at, sizeof(value));
        if (counters->values[i])
            counter_set(counters->values[i], value);
    }
}
