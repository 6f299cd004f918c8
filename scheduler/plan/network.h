/* The radio link between mobile and cloud: how long a transfer takes, and what energy.
 *
 * P_up = a_u * t_u + b, P_down = a_d * t_d + b (mW, t in Mbit/s, 10^6 bit/s; Huang et al., MobiSys
 * 2012); energy = P * transfer time. */
#ifndef SCHEDULER_PLAN_NETWORK_H
#define SCHEDULER_PLAN_NETWORK_H

#include "scheduler/plan/split_error.h"

#include <stdbool.h>

struct split_network {
    double up_mbps, down_mbps; /* t_u, t_d; above 0 */
    double rtt_ms; /* half of it is paid at each change of side; no radio energy */
    double alpha_up_mw_per_mbps, alpha_down_mw_per_mbps; /* a_u, a_d */
    double beta_mw; /* b */
};

/* "3g", "4g", "wifi": the measured networks of the paper; NULL for another name. */
const struct split_network *split_network_named(const char *name);

/* 0; -EINVAL with the field: not finite, negative, above SPLIT_MAX_NUMBER, or a bandwidth below
 * SPLIT_MIN_MBPS. */
int split_network_check(const struct split_network *network, struct split_error *error);

/* Milliseconds for these bytes, without the round trip. */
double split_network_up_ms(const struct split_network *network, double bytes);
double split_network_down_ms(const struct split_network *network, double bytes);

/* Milliwatts while sending and receiving. has_base: with b; without it, as the paper prints. */
double split_network_up_mw(const struct split_network *network, bool has_base);
double split_network_down_mw(const struct split_network *network, bool has_base);

#endif
