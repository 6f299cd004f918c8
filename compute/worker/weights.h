/* Packs a model's weights once per host into a sealed region, for jointd to hand to its workers. */
#ifndef COMPUTE_WORKER_WEIGHTS_H
#define COMPUTE_WORKER_WEIGHTS_H

#include "compute/engine.h"
#include "shm/message.h"
#include "shm/region.h"

/* Opens and prepares a model as a worker does: who packs and who attaches choose alike. -EINVAL
 * for values that cannot be, or the engine's errors. The caller destroys *model. */
int weights_open_model(const struct message_model_file *file, engine_progress *progress,
                       void *progress_arg, struct engine_model **model, struct engine_error *error);

/* Packs the weights of a prepared model into a region of kind REGION_WEIGHTS and seals its content.
 * The model then runs over the region, which must stay until it is destroyed. */
int weights_publish(struct engine_model *model, struct region *region, struct engine_error *error);

#endif
