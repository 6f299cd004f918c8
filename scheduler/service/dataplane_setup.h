/* What joint-dataplane is told at its start, from the configuration. */
#ifndef SCHEDULER_SERVICE_DATAPLANE_SETUP_H
#define SCHEDULER_SERVICE_DATAPLANE_SETUP_H

#include "scheduler/config/jointd_config.h"
#include "shm/dataplane_setup.h"

/* All of the setup but its keys and boot, which are 0. -EINVAL: the configuration breaks a rule
 * that config_read would have refused. */
int dataplane_setup_fill(struct dataplane_setup *setup, const struct jointd_config *config);

/* Random keys, once in jointd's life, so that a dataplane that replaces one knows its cookies. 0 or
 * -errno. */
int dataplane_setup_draw_keys(struct dataplane_setup *setup);

/* Bytes of the request slab that are each queue's, in whole pages. */
uint64_t dataplane_setup_part_bytes(const struct jointd_config *config);

#endif
