/* The radio link between mobile and cloud: how long a transfer takes, and what energy. */
#include "scheduler/plan/network.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

/* The paper's measured networks, after Huang et al., MobiSys 2012. */
static const struct {
    const char *name;
    struct split_network network;
} named[] = {
    {"3g", {1.1, 2.0275, 0, 868.98, 122.12, 817.88}},
    {"4g", {5.85, 13.76, 0, 438.39, 51.97, 1288.04}},
    {"wifi", {18.88, 54.97, 0, 283.17, 137.01, 132.86}},
};

const struct split_network *split_network_named(const char *name)
{
    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
        if (!strcmp(named[i].name, name))
            return &named[i].network;
    return NULL;
}

static int check(struct split_error *error, const char *field, double value, bool is_rate)
{
    if (!isfinite(value))
        return split_error_set(error, -EINVAL, field, "is not a finite number");
    if (value < 0)
        return split_error_set(error, -EINVAL, field, "is negative (%g)", value);
    if (is_rate && value <= 0)
        return split_error_set(error, -EINVAL, field, "is 0: nothing could ever cross");
    if (is_rate && value < SPLIT_MIN_MBPS)
        return split_error_set(error, -EINVAL, field, "is too small (%g)", value);
    if (value > SPLIT_MAX_NUMBER)
        return split_error_set(error, -EINVAL, field, "is too large (%g)", value);
    return 0;
}

int split_network_check(const struct split_network *network, struct split_error *error)
{
    const struct {
        const char *field;
        double value;
        bool is_rate;
    } fields[] = {
        {"up_mbps", network->up_mbps, true},
        {"down_mbps", network->down_mbps, true},
        {"rtt_ms", network->rtt_ms, false},
        {"alpha_up_mw_per_mbps", network->alpha_up_mw_per_mbps, false},
        {"alpha_down_mw_per_mbps", network->alpha_down_mw_per_mbps, false},
        {"beta_mw", network->beta_mw, false},
    };
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        int err = check(error, fields[i].field, fields[i].value, fields[i].is_rate);
        if (err)
            return err;
    }
    return 0;
}

/* 1 Mbit/s moves 125 bytes in a millisecond. */
double split_network_up_ms(const struct split_network *network, double bytes)
{
    return bytes * 8 / (network->up_mbps * 1e3);
}

double split_network_down_ms(const struct split_network *network, double bytes)
{
    return bytes * 8 / (network->down_mbps * 1e3);
}

double split_network_up_mw(const struct split_network *network, bool has_base)
{
    return network->alpha_up_mw_per_mbps * network->up_mbps + (has_base ? network->beta_mw : 0);
}

double split_network_down_mw(const struct split_network *network, bool has_base)
{
    return network->alpha_down_mw_per_mbps * network->down_mbps + (has_base ? network->beta_mw : 0);
}
