/* How much longer a model computes than predicted: mean and spread of measured over predicted. */
#ifndef SCHEDULER_DISPATCH_CORRECTION_H
#define SCHEDULER_DISPATCH_CORRECTION_H

#include <stdint.h>

#define CORRECTION_ONE 65536u /* the ratio 1 */

struct correction {
    uint32_t mean; /* of the ratios, in units of 1 / CORRECTION_ONE */
    uint32_t deviation; /* mean absolute, from the mean */
};

struct correction correction_start(void);

/* A dispatch that should have taken predicted_ns took compute_ns. */
void correction_measure(struct correction *correction, uint64_t compute_ns, uint64_t predicted_ns);

/* A request was refused that the prediction as it is would have let in. */
void correction_doubt(struct correction *correction);

uint64_t correction_typical_ns(const struct correction *correction, uint64_t predicted_ns);
/* What it seldom exceeds: for promises. */
uint64_t correction_safe_ns(const struct correction *correction, uint64_t predicted_ns);

#endif
