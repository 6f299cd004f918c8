/* What models and classes did between two samples: how many, how long, in which batches. */
#ifndef SCHEDULER_TOP_TRAFFIC_H
#define SCHEDULER_TOP_TRAFFIC_H

#include "scheduler/top/sample.h"

struct traffic_class {
    const char *name; /* of the sample */
    double answers_per_s, late_per_s, rejects_per_s;
    struct distribution_view request, queue, execution; /* of those answered meanwhile */
};

struct traffic_model {
    const char *name;
    uint32_t version;
    double rows_per_s, joined_per_s, batches_per_s;
    double mean_rows; /* of a batch; 0 without any */
    double share[MODEL_STATISTICS_MAX_ROWS]; /* of batches, by rows - 1 */
};

/* All models' requests of that class; false: no model knows it. */
bool traffic_class(const struct sample *before, const struct sample *now, uint32_t class_index,
                   struct traffic_class *traffic);
/* Of now->models[index]. */
void traffic_model(const struct sample *before, const struct sample *now, uint32_t index,
                   struct traffic_model *traffic);

#endif
