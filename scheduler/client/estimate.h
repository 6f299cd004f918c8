/* What a client knows of one server: link, load, speed, each as old as it is. Pure.
 *
 * Bandwidths come from real transfers, so what the transport needs for itself, its slow start
 * included, is in them. Every estimate is a moving average; what is told about load counts less the
 * older it is, and the server's speed returns slowly to what was assumed, so that a server that was
 * busy once is tried again. */
#ifndef SCHEDULER_CLIENT_ESTIMATE_H
#define SCHEDULER_CLIENT_ESTIMATE_H

#include "dataplane/proto/wire.h"
#include "scheduler/plan/conditions.h"

#define ESTIMATE_WEIGHT 0.3 /* of a new sample */
#define ESTIMATE_LEAST_BYTES 8192 /* a transfer that says something about bandwidth */
#define ESTIMATE_LOAD_NS 1e9 /* a told wait counts 1/e after so long */
#define ESTIMATE_SPEED_NS 30e9 /* so does what was learned of the server's speed */
#define ESTIMATE_STATE_NS UINT64_C(2000000000) /* "draining" and "loading" are believed so long */

struct estimate {
    double up_mbps, down_mbps;
    bool has_up, has_down; /* measured */
    uint64_t rtt_ns; /* 0: not known */
    double k, assumed_k; /* the server's time for layers over this device's */
    uint64_t k_ns; /* when k was learned; 0: never */
    bool is_heard, has_load;
    uint64_t heard_ns; /* when the load came */
    struct jtp_load load;
};

/* One request that was answered. */
struct estimate_sample {
    uint64_t up_bytes, down_bytes; /* messages */
    uint64_t uplink_ns, downlink_ns; /* half a round trip is in each */
    uint64_t compute_ns, local_ns; /* the same layers there, and here; 0: not known */
};

void estimate_init(struct estimate *estimate, double up_mbps, double down_mbps,
                   double server_speed);
void estimate_rtt(struct estimate *estimate, uint64_t rtt_ns);
void estimate_load(struct estimate *estimate, const struct jtp_load *load, uint64_t now_ns);
void estimate_answer(struct estimate *estimate, const struct estimate_sample *sample,
                     uint64_t now_ns);

/* The server said that it takes no requests now. */
bool estimate_is_closed(const struct estimate *estimate, uint64_t now_ns);

/* Link and load for the planner, whose profile has this device's times on both sides. */
void estimate_conditions(const struct estimate *estimate, uint64_t now_ns,
                         struct split_conditions *conditions);

#endif
