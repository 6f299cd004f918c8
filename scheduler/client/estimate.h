/* What a client knows of one server: link, load, speed, each as old as it is. Pure.
 *
 * Bandwidths come from real transfers, so what the transport needs for itself, its slow start
 * included, is in them. Every estimate is a moving average; what is told about load counts less the
 * older it is, and the server's speed returns slowly to what was assumed, so that a server that was
 * busy once is tried again. Of the waits that it told, the one to come counts (outlook.h). */
#ifndef SCHEDULER_CLIENT_ESTIMATE_H
#define SCHEDULER_CLIENT_ESTIMATE_H

#include "dataplane/proto/wire.h"
#include "scheduler/client/freshness.h"
#include "scheduler/client/outlook.h"
#include "scheduler/plan/conditions.h"

#define ESTIMATE_WEIGHT 0.3 /* of a new sample */
#define ESTIMATE_LEAST_BYTES 8192 /* a transfer that says something about bandwidth */
#define ESTIMATE_SPEED_NS 30e9 /* what was learned of the server's speed counts 1/e after it */
#define ESTIMATE_STATE_NS UINT64_C(2000000000) /* "draining" and "loading" are believed so long */

struct estimate {
    double up_mbps, down_mbps;
    bool has_up, has_down; /* measured */
    uint64_t rtt_ns; /* 0: not known */
    double k, assumed_k; /* the server's time for layers over the planner's */
    uint64_t k_ns; /* when k was learned; 0: never */
    uint64_t up_ns, down_ns, rtt_at_ns; /* when these were last measured; 0: never */
    bool is_heard, has_load;
    struct jtp_load load; /* the freshest */
    struct freshness freshness; /* of it */
    struct outlook outlook; /* of the waits that were told */
};

/* One request that was answered. */
struct estimate_sample {
    uint64_t up_bytes, down_bytes; /* messages */
    uint64_t uplink_ns, downlink_ns; /* half a round trip is in each */
    uint64_t compute_ns, base_ns; /* the same layers there, and where k is 1; 0: not known */
};

void estimate_init(struct estimate *estimate, double up_mbps, double down_mbps,
                   double server_speed);
void estimate_rtt(struct estimate *estimate, uint64_t rtt_ns, uint64_t now_ns);
/* *random: of chance_unit(). */
void estimate_load(struct estimate *estimate, const struct jtp_load *load, uint64_t *random,
                   uint64_t now_ns);
void estimate_answer(struct estimate *estimate, const struct estimate_sample *sample,
                     uint64_t now_ns);

/* The server said that it takes no requests now. */
bool estimate_is_closed(const struct estimate *estimate, uint64_t now_ns);

/* Of those who would gain all by turning, the share that is to do so in a while; 0: not told. */
static inline double estimate_switch_gain(const struct estimate *estimate)
{
    return estimate->load.switch_gain / 255.0;
}

/* Link and load for the planner, whose k is the server's time over the profile's. */
void estimate_conditions(const struct estimate *estimate, uint64_t now_ns,
                         struct split_conditions *conditions);

#endif
