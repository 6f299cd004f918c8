/* Compares answers with what this computer computes from the same tensors. */
#ifndef SCHEDULER_LOADTEST_VERIFY_H
#define SCHEDULER_LOADTEST_VERIFY_H

#include "scheduler/loadtest/messages.h"
#include "scheduler/loadtest/run.h"

/* What a value may differ by: this, or this part of the value where that is more than 1. The server
 * may sum in another order, by batch and CPU. */
#define LOADTEST_TOLERANCE 1e-4

struct loadtest_verified {
    uint32_t compared, wrong;
    double largest_difference;
};

/* Prepares the model and runs it once for each sample that was kept; seconds for a large network.
 * 0, or a negative errno with one line in text (LOADTEST_ERROR_BYTES). */
int loadtest_verify(const struct loadtest_plan *plan, const struct loadtest_run *run,
                    uint32_t lane_count, struct loadtest_verified *verified, char *text);

#endif
