/* The words for why a request was not computed: in metrics, the request log, and for people. */
#ifndef SCHEDULER_SERVICE_REASON_H
#define SCHEDULER_SERVICE_REASON_H

#include "shm/ingress.h"

#define REASON_LIMIT 32u /* all of PROTOCOL.md are below */

/* "no_memory"; "cancelled" and "answered" too; "other" for a number without a name. */
const char *reason_name(uint32_t reason);

#endif
