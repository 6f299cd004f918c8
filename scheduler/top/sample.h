/* What a running jointd shows at one moment: its load, all counters, the statistics of its models.
 */
#ifndef SCHEDULER_TOP_SAMPLE_H
#define SCHEDULER_TOP_SAMPLE_H

#include "scheduler/control/control_watch.h"
#include "shm/counters.h"
#include "shm/load_report.h"
#include "shm/model_statistics.h"

struct sample_counter {
    char source[CONTROL_NAME_BYTES]; /* "queue 3" */
    struct counter_view view;
};

struct sample_class {
    char name[MODEL_STATISTICS_NAME_BYTES];
    uint64_t outcome[MODEL_OUTCOMES];
    struct distribution_view request, queue, execution;
};

struct sample_model {
    char name[MODEL_STATISTICS_NAME_BYTES];
    uint32_t version;
    uint32_t first_class, class_count; /* of the sample's classes */
    uint64_t rows, joined_rows;
    uint64_t batch[MODEL_STATISTICS_MAX_ROWS]; /* how many, by rows - 1 */
};

struct sample {
    uint64_t at_ns; /* monotonic */
    bool has_load; /* load was published, and could be read */
    struct load_report load;
    struct sample_counter *counters; /* owned */
    uint32_t count, capacity;
    struct sample_model *models; /* owned; the newest version of each name */
    struct sample_class *classes; /* owned */
    uint32_t model_count, class_count;
};

/* Reads all that is watched; the sample is zeroed, or one of before, whose memory is used again.
 * What makes no sense is left out. 0 or -ENOMEM. */
int sample_take(struct sample *sample, const struct control_watch *watch, uint64_t now_ns);
int sample_add(struct sample *sample, const char *source, const struct counter_view *view);
void sample_fini(struct sample *sample); /* accepts NULL and zeroed */

#endif
