/* What a page answers, before HTTP gets it. */
#ifndef SCHEDULER_API_REPLY_H
#define SCHEDULER_API_REPLY_H

#include "scheduler/api/page_text.h"

struct reply {
    unsigned status; /* of HTTP */
    const char *type; /* NULL: JSON */
    const struct page_text *body; /* borrowed until the next reply */
    const char *etag; /* borrowed; NULL: none */
    const char *allow; /* methods; borrowed; NULL: not said */
    bool has_orca; /* carries endpoint-load-metrics unasked */
};

/* No body. */
struct reply reply_empty(struct page_text *body, unsigned status);
/* {"error":"..."}: what is wrong and what to do, in `body`. */
struct reply reply_error(struct page_text *body, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
