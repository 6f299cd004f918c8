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
    uint64_t retry_ns; /* after which to ask again; 0: not said */
    bool has_orca; /* carries endpoint-load-metrics unasked */
    bool is_whole_load; /* the same for all who ask in one turn */
};

/* No body. */
struct reply reply_empty(struct page_text *body, unsigned status);
/* {"error":"..."}: what is wrong and what to do, in `body`. */
struct reply reply_error(struct page_text *body, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, with "retry_after_ms". */
struct reply reply_retry(struct page_text *body, unsigned status, uint64_t retry_ns,
                         const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
