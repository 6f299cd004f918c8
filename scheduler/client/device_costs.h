/* What the network costs between its cuts: as measured here, or as a profile file says. */
#ifndef SCHEDULER_CLIENT_DEVICE_COSTS_H
#define SCHEDULER_CLIENT_DEVICE_COSTS_H

#include "scheduler/plan/profile.h"

#include <stddef.h>

#define DEVICE_COSTS_MAX_STEPS 128 /* of a network whose blocks are looked at */

/* What lies between two neighbouring cuts, for one row. */
struct device_step {
    double mobile_ms, mobile_mj, cloud_ms;
};

struct device_costs {
    uint32_t step_count;
    struct device_step *steps;
    /* The range of every pair of cuts at the cost of its best grouping into the profile's layers
     * and blocks; none where the profile has none. Steps stand for layers. */
    uint32_t block_count;
    struct split_block *blocks;
    bool has_energy; /* some step has one */
};

/* What a profile must be of. */
struct device_network {
    const char *model_path; /* for errors */
    const uint8_t *fingerprint; /* 16 bytes */
    uint32_t step_count;
};

/* No costs yet, of so many steps. 0 or -ENOMEM. */
int device_costs_init(struct device_costs *costs, uint32_t step_count);
void device_costs_fini(struct device_costs *costs); /* accepts NULL and a zeroed object */

/* Reads a profile. 0; -ENOTSUP: built without JSON; -EINVAL and what the file says, with a line of
 * text. */
int device_costs_read(struct device_costs *costs, const char *path,
                      const struct device_network *network, char *text, size_t room);

/* The same from a profile in memory; cut_layers[step_count + 1] layers lie before each cut. */
int device_costs_take(struct device_costs *costs, const struct split_profile *profile,
                      const uint32_t *cut_layers, uint32_t step_count);

#endif
