/* The steps to be placed: a profile unrolled for inference (n steps) or training (2n steps).
 *
 * A step runs on one side, after the step before it; while one side computes, the other is idle.
 * Steps are numbered from 1 to count. Step 0 is the mobile, which holds the input; step count + 1
 * is the mobile again, which wants the result.
 *
 * Training: step n + r is the backward pass of layer n + 1 - r. The cloud holds the newest weights
 * and runs the whole back-propagation of its own accord, so the mobile never uploads weights; a
 * backward step on the cloud costs the mobile the download of that layer's weights. What crosses
 * between backward steps is the gradient of a layer's output, as large as that output. The result
 * is the weights: no gradient of the input is wanted, and nothing crosses after the last step.
 *
 * A tensor joins one step, its hub, to others: the hub made it and the others need it, or (a
 * gradient) the others make a part of it each and the hub needs their sum. It crosses in a
 * direction if any of the others is on the other side than the hub, and then once, however many
 * they are. */
#ifndef SCHEDULER_PLAN_PROBLEM_H
#define SCHEDULER_PLAN_PROBLEM_H

#include "scheduler/plan/profile.h"

#include <stddef.h>

enum split_mode {
    SPLIT_INFERENCE,
    SPLIT_TRAINING,
};

enum split_side {
    SPLIT_MOBILE,
    SPLIT_CLOUD,
};

/* What one step, or a group of steps run as one, costs on either side. */
struct split_cost {
    double mobile_ms, mobile_mj, cloud_ms;
    double cloud_down_bytes; /* weights to be downloaded where it runs on the cloud */
};

/* Steps first..last as one group. Every step alone is a group too, and stands here. */
struct split_group {
    uint32_t first, last;
    struct split_cost cost;
};

struct split_tensor {
    double bytes;
    uint32_t hub;
    bool is_gathered; /* the others make it, the hub (after them) needs it */
    uint32_t other_count;
    const uint32_t *others; /* steps, ascending, each once */
};

struct split_problem {
    enum split_mode mode;
    uint32_t layer_count; /* n */
    uint32_t count; /* steps: n or 2n */
    uint32_t group_count;
    struct split_group *groups; /* by last, then by first; each pair once */
    uint32_t tensor_count;
    struct split_tensor *tensors; /* by their first step, then by their last */
    uint32_t *others; /* memory of the tensors' lists */
    bool is_chain; /* each step's one tensor goes to the next step alone */
    bool has_blocks; /* some group has more than one step, or a block overrides a layer */
};

/* Checks the profile and unrolls it. 0; -EINVAL with the field and the reason; -ENOMEM. The profile
 * may go once this returns. */
int split_problem_init(struct split_problem *problem, const struct split_profile *profile,
                       enum split_mode mode, struct split_error *error);
void split_problem_fini(struct split_problem *problem); /* accepts NULL and a zeroed object */

/* The group of exactly these steps, or NULL. */
const struct split_group *split_problem_group(const struct split_problem *problem, uint32_t first,
                                              uint32_t last);

#endif
