/* How much longer some layers take than when the model was loaded, by the last measurements. */
#ifndef SCHEDULER_DISPATCH_CORRECTION_H
#define SCHEDULER_DISPATCH_CORRECTION_H

#include <stdint.h>

#define CORRECTION_ONE 65536u /* the ratio 1 */
#define CORRECTION_LAST 10u /* measurements that count (Clockwork, OSDI 2020, keeps as many) */

struct correction {
    uint32_t typical, safe; /* ratios in units of 1 / CORRECTION_ONE */
    uint8_t count, next; /* of ratios */
    uint32_t ratios[CORRECTION_LAST]; /* measured over loaded */
};

struct correction correction_start(void);

/* What should have taken loaded_ns took took_ns. */
void correction_measure(struct correction *correction, uint64_t took_ns, uint64_t loaded_ns);

/* Takes a quarter of it back. */
void correction_doubt(struct correction *correction);

uint64_t correction_typical_ns(const struct correction *correction, uint64_t loaded_ns);
/* What it seldom exceeds. */
uint64_t correction_safe_ns(const struct correction *correction, uint64_t loaded_ns);

#endif
