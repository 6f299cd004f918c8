/* Writes a model's table (shm/model_table.h): what everybody who is not computing knows of it. */
#ifndef COMPUTE_WORKER_TABLE_H
#define COMPUTE_WORKER_TABLE_H

#include "compute/engine.h"
#include "compute/worker/cut_times.h"
#include "shm/region.h"

/* Makes a region of kind REGION_MODEL and seals its content. The caller ends *region. -ENOTSUP for
 * a network that a table cannot hold, with the reason. */
int table_publish(const struct engine_model *model, uint32_t max_batch,
                  const struct cut_times *times, struct region *region, struct engine_error *error);

#endif
