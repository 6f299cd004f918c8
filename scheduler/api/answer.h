/* From a reply to what libmicrohttpd sends. */
#ifndef SCHEDULER_API_ANSWER_H
#define SCHEDULER_API_ANSWER_H

#include "scheduler/api/pages.h"

struct MHD_Response;

/* A copy of the body, and all headers that the reply has; orca_format as the request asks for it,
 * or NULL. The caller's, NULL without memory. */
struct MHD_Response *answer_make(struct pages *pages, const struct reply *reply,
                                 const char *orca_format);

#endif
