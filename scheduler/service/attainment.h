/* The share of requests that were answered in time, of those that ended in the last 60 s. Pure. */
#ifndef SCHEDULER_SERVICE_ATTAINMENT_H
#define SCHEDULER_SERVICE_ATTAINMENT_H

#include <stdbool.h>
#include <stdint.h>

#define ATTAINMENT_SECONDS 60u

struct attainment {
    uint64_t second; /* the newest that was counted */
    uint32_t all_count, in_time_count; /* of all seconds */
    struct {
        uint32_t all_count, in_time_count;
    } of[ATTAINMENT_SECONDS]; /* second s at s % ATTAINMENT_SECONDS */
};

/* One has ended. A zeroed one is empty. */
void attainment_note(struct attainment *attainment, bool is_in_time, uint64_t now_ns);
/* Thousandths; 1000 where none has ended. */
uint32_t attainment_permille(struct attainment *attainment, uint64_t now_ns);

#endif
