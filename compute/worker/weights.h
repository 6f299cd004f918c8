/* Packs a model's weights once per host into a sealed region, for jointd to hand to its workers;
 * with them go the choices that the packing rests on, so that each worker chooses alike without
 * measuring, whatever became of the tuning file.
 *
 *   payload: │ packed weights, weights_bytes │ at the next line: u64 bytes │ choices, as text, 0 │
 */
#ifndef COMPUTE_WORKER_WEIGHTS_H
#define COMPUTE_WORKER_WEIGHTS_H

#include "compute/engine.h"
#include "shm/message.h"
#include "shm/region.h"

/* Opens and prepares a model. tuning: choices of whoever packed, as weights_tuning finds them;
 * NULL: kept ones are taken, else measured. A file that fixes its batch runs one row at a time,
 * whatever max_batch says. -EINVAL for values that cannot be, or the engine's errors. The caller
 * destroys *model. */
int weights_open_model(const struct message_model_file *file, const char *tuning,
                       engine_progress *progress, void *progress_arg, struct engine_model **model,
                       struct engine_error *error);

/* The largest batch that a model opened so can run. */
uint32_t weights_max_batch(const struct engine_model *model, const struct message_model_file *file);

/* Packs the weights of a prepared model into a region of kind REGION_WEIGHTS and seals its content.
 * The model then runs over the region, which must stay until it is destroyed. */
int weights_publish(struct engine_model *model, struct region *region, struct engine_error *error);

/* The choices in a region of weights whose content is sealed; NULL where there are none. */
const char *weights_tuning(const struct region *region, uint64_t weights_bytes);

#endif
