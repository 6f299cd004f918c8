/* What a client knows of one server: link, load, speed. */
#include "scheduler/client/estimate.h"

#include <math.h>

#define LEAST_MBPS 1e-3
#define MOST_MBPS 1e6
#define LEAST_K 1e-3
#define MOST_K 1e3

static double within(double value, double least, double most)
{
    return value < least ? least : value > most ? most : value;
}

static void mix(double *average, bool *has_any, double sample)
{
    *average = *has_any ? *average + ESTIMATE_WEIGHT * (sample - *average) : sample;
    *has_any = true;
}

void estimate_init(struct estimate *estimate, double up_mbps, double down_mbps, double server_speed)
{
    *estimate = (struct estimate){.up_mbps = within(up_mbps, LEAST_MBPS, MOST_MBPS),
                                  .down_mbps = within(down_mbps, LEAST_MBPS, MOST_MBPS),
                                  .assumed_k = within(1 / server_speed, LEAST_K, MOST_K)};
    estimate->k = estimate->assumed_k;
}

void estimate_rtt(struct estimate *estimate, uint64_t rtt_ns, uint64_t now_ns)
{
    estimate->is_heard = true;
    estimate->rtt_at_ns = now_ns;
    estimate->rtt_ns = rtt_ns > 0 ? rtt_ns : 1;
}

/* What is left by now of a wait that was predicted a while ago: a server that is used for a share
 * of its time does the rest of it in what is left. */
static double left_of_wait_ms(const struct jtp_load *load)
{
    const double utilization = within(load->utilization_permille / 1e3, 0, 1);
    return fmax(load->predicted_wait_us / 1e3 - load->age_us / 1e3 * (1 - utilization), 0);
}

void estimate_load(struct estimate *estimate, const struct jtp_load *load, uint64_t *random,
                   uint64_t now_ns)
{
    const uint64_t told_age_ns = load->age_us * UINT64_C(1000);
    estimate->is_heard = estimate->has_load = true;
    estimate->load = *load;
    freshness_heard(&estimate->freshness, told_age_ns, random, now_ns);
    outlook_told(&estimate->outlook, left_of_wait_ms(load), now_ns);
}

/* Mbit/s of a transfer; half the round trip is no transfer. 0: it says nothing. */
static double bandwidth(const struct estimate *estimate, uint64_t bytes, uint64_t time_ns)
{
    uint64_t half_ns = estimate->rtt_ns / 2;
    if (bytes < ESTIMATE_LEAST_BYTES || time_ns <= half_ns)
        return 0;
    return within((double)bytes * 8e3 / (double)(time_ns - half_ns), LEAST_MBPS, MOST_MBPS);
}

/* What k is by now. */
static double k_at(const struct estimate *estimate, uint64_t now_ns)
{
    double age_ns = now_ns > estimate->k_ns ? (double)(now_ns - estimate->k_ns) : 0;
    double share = estimate->k_ns > 0 ? exp(-age_ns / ESTIMATE_SPEED_NS) : 0;
    return estimate->assumed_k + share * (estimate->k - estimate->assumed_k);
}

void estimate_answer(struct estimate *estimate, const struct estimate_sample *sample,
                     uint64_t now_ns)
{
    double up = bandwidth(estimate, sample->up_bytes, sample->uplink_ns);
    double down = bandwidth(estimate, sample->down_bytes, sample->downlink_ns);
    if (up > 0) {
        mix(&estimate->up_mbps, &estimate->has_up, up);
        estimate->up_ns = now_ns;
    }
    if (down > 0) {
        mix(&estimate->down_mbps, &estimate->has_down, down);
        estimate->down_ns = now_ns;
    }
    if (sample->base_ns > 0 && sample->compute_ns > 0) {
        bool has_k = estimate->k_ns > 0;
        double k = (double)sample->compute_ns / (double)sample->base_ns;
        estimate->k = k_at(estimate, now_ns);
        mix(&estimate->k, &has_k, within(k, LEAST_K, MOST_K));
        estimate->k_ns = now_ns;
    }
}

bool estimate_is_closed(const struct estimate *estimate, uint64_t now_ns)
{
    bool says_so = estimate->has_load &&
                   (estimate->load.state == JTP_IS_DRAINING || estimate->load.state == JTP_LOADING);
    return says_so && now_ns - estimate->freshness.heard_ns < ESTIMATE_STATE_NS;
}

void estimate_conditions(const struct estimate *estimate, uint64_t now_ns,
                         struct split_conditions *conditions)
{
    const struct split_network network = {.up_mbps = estimate->up_mbps,
                                          .down_mbps = estimate->down_mbps,
                                          .rtt_ms = (double)estimate->rtt_ns / 1e6};
    split_conditions_default(conditions, &network);
    conditions->load.k = k_at(estimate, now_ns);
    conditions->load.wait_ms = outlook_wait_ms(&estimate->outlook, now_ns);
}
