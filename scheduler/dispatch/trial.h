/* Whether a newcomer and all that waits can be in time, in mode ACROSS. For the files of this
 * folder alone. */
#ifndef SCHEDULER_DISPATCH_TRIAL_H
#define SCHEDULER_DISPATCH_TRIAL_H

#include "scheduler/dispatch/dispatch.h"

enum trial {
    TRIAL_UNKNOWN, /* too much waits to try, or nothing that can be, or somebody is late anyway */
    TRIAL_ENTERS, /* it can at once, but more waits than can be tried */
    TRIAL_FITS,
    TRIAL_LATE, /* it, or another by it */
};

/* The request is possible and not queued. LATE too where, under overload, it costs too much.
 * *begins_ns: when it would begin, where it enters or fits; untouched otherwise. */
enum trial dispatch_trial(struct dispatch *dispatch, const struct dispatch_request *facts,
                          uint64_t now_ns, uint64_t *begins_ns);
/* What became of it moves the price. */
void dispatch_note_trial(struct dispatch *dispatch, const struct dispatch_request *facts,
                         enum trial trial);

#endif
