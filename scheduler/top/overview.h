/* The few numbers that say how a service is doing, picked from all of them. */
#ifndef SCHEDULER_TOP_OVERVIEW_H
#define SCHEDULER_TOP_OVERVIEW_H

#include "scheduler/top/rates.h"

enum overview_line {
    OVERVIEW_DATAGRAMS_IN,
    OVERVIEW_DATAGRAMS_OUT,
    OVERVIEW_BYTES_IN,
    OVERVIEW_BYTES_OUT,
    OVERVIEW_REQUESTS,
    OVERVIEW_ANSWERS,
    OVERVIEW_REJECTS,
    OVERVIEW_LINE_COUNT,
};

struct overview {
    struct {
        bool is_known; /* some counter of it is there */
        uint64_t value;
        double per_s;
    } line[OVERVIEW_LINE_COUNT];
};

/* From summed rates (is_each was false). */
struct overview overview_of(const struct rates *rates);

const char *overview_name(enum overview_line line); /* "datagrams in" */
const char *overview_key(enum overview_line line); /* "datagrams_in" */

const char *overview_state(uint64_t state); /* "ready": of enum load_report_state */
const char *overview_admit(uint64_t admit); /* "open": of enum load_report_admit */

#endif
