/* Joules by the processor's own counters: Linux's powercap tree, package domains (RAPL).
 *
 * The counters see whole packages: other programs and idle power are in them. They wrap around, so
 * energy_meter_read must be called more often than they do (tens of seconds at the least). */
#ifndef SCHEDULER_PROFILE_ENERGY_H
#define SCHEDULER_PROFILE_ENERGY_H

#include <stdint.h>

#define ENERGY_POWERCAP "/sys/class/powercap"
#define ENERGY_MAX_PACKAGES 16

struct energy_package {
    int fd; /* of energy_uj */
    uint64_t last_uj;
    uint64_t range_uj; /* the counter's largest value */
};

struct energy_meter {
    uint32_t package_count;
    struct energy_package packages[ENERGY_MAX_PACKAGES];
    double joules; /* since it was opened, all packages */
};

/* Finds the packages under root (ENERGY_POWERCAP). 0; -ENOENT: there are none; -EACCES: they may
 * not be read (often only root may). A failed open leaves nothing to undo. */
int energy_meter_open(struct energy_meter *meter, const char *root);
void energy_meter_close(struct energy_meter *meter); /* accepts NULL and a zeroed object */

/* Adds what was used since the last call to joules. 0 or a negative errno. */
int energy_meter_read(struct energy_meter *meter);

/* From one reading to the next of a counter that goes from 0 to range and starts again. */
uint64_t energy_difference(uint64_t from, uint64_t to, uint64_t range);

#endif
