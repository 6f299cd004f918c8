/* What admission keeps of requests, dispatches, models and classes. For the files of this folder
 * alone; README.md has the rules. */
#ifndef SCHEDULER_DISPATCH_ADMISSION_H
#define SCHEDULER_DISPATCH_ADMISSION_H

#include "scheduler/dispatch/credits.h"
#include "scheduler/dispatch/dispatch.h"

/* Of a request. */
struct admission_claim {
    uint64_t cost_ns; /* its part of the batches that it is expected to run in */
    uint64_t rest_ns; /* the others' part, which it has to wait for too */
    uint64_t fair_ns; /* its part of full batches: what it owes in the books of share */
    uint64_t unspent_ns; /* of that: rows that have not begun */
    uint64_t predicted_wait_ns; /* as the clock says, not corrected */
    uint64_t tried_wait_ns; /* as a trial says, which knows what it joins; UINT64_MAX: none did */
    uint32_t client; /* there */
};

/* Of a row that runs: whose time it is. Kept until its dispatch is over, or the place is needed. */
struct admission_charge {
    uint32_t client;
    uint16_t from, to;
    uint64_t fair_ns;
};

/* How a model's requests run lately. */
struct admission_habit {
    double rows; /* of a dispatch */
    double ratio; /* what dispatches took over what as many rows of one range would */
    double run_ns; /* of a dispatch */
};

/* Of a class. */
struct admission_class {
    struct credits credits;
    uint64_t queued_ns; /* costs of what waits */
    double margin; /* what is promised takes so much longer than predicted: 0 for not at all */
    double usual_ns; /* from arrival to deadline, lately; 0: nobody brought one yet */
    double usual_cost_ns;
    double waited_ns, predicted_ns; /* moving means: actual waits, and what the clock said */
    uint32_t reserved_count; /* expected, with a place in the queue */
};

#endif
