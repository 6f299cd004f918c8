/* A model as the planner sees it: its layers' sizes and which layer needs what, without costs. */
#ifndef SCHEDULER_PROFILE_MODEL_PROFILE_H
#define SCHEDULER_PROFILE_MODEL_PROFILE_H

#include "compute/engine.h"
#include "scheduler/plan/profile.h"

struct model_profile {
    struct split_profile profile; /* costs are 0, there are no blocks; owns its arrays */
    uint32_t *inputs; /* memory of all layers' lists */
};

/* The model was opened with every boundary a cut, and outlives this: names are borrowed, and so is
 * name. A float tensor is sent at element_bytes an element, others as they are. 0; -EINVAL: more
 * layers than SPLIT_MAX_LAYERS; -ENOMEM. A failed init leaves nothing to undo.
 *
 * The planner knows tensors by maker and size. So of several inputs of the network, input_bytes is
 * the one that layer 1 takes and the others are skips from 0; two of one size that a layer makes go
 * as one, and cross together: to the safe side. An output of the network that is made early is
 * carried to its end, as a request does. */
int model_profile_init(struct model_profile *model_profile, const struct engine_model *model,
                       const char *name, uint32_t batch, uint32_t element_bytes);
void model_profile_fini(struct model_profile *model_profile); /* accepts NULL and a zeroed object */

#endif
