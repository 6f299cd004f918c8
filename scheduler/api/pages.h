/* The pages: what stands at each route. No HTTP in here, so that tests can ask for pages too. */
#ifndef SCHEDULER_API_PAGES_H
#define SCHEDULER_API_PAGES_H

#include "scheduler/api/reply.h"
#include "scheduler/api/route.h"
#include "scheduler/api/view.h"

/* What a request says beside its path; NULL where it says nothing. */
struct page_query {
    const char *model, *class_name, *include; /* of the load */
    const char *fail_on_overload; /* of health/ready */
    const char *accept, *if_none_match, *orca_format; /* headers */
};

struct pages {
    const struct view *view; /* borrowed */
    struct view_load load; /* the newest that was read */
    uint64_t now_ns; /* monotonic; the caller sets it before each request */
    /* The whole load as JSON, written once for each snapshot and each change of the models. */
    struct page_text load_body;
    size_t age_at;
    uint64_t body_sequence, body_change_count;
    char etag[64];
    struct page_text text; /* of all other pages */
    struct page_text orca; /* the header's value */
    uint64_t render_count; /* how often load_body was written */
};

void pages_init(struct pages *pages, const struct view *view);
void pages_fini(struct pages *pages); /* accepts NULL and zeroed */

/* What stands there; its body lives until the next call. */
struct reply pages_get(struct pages *pages, const struct route_match *match,
                       const struct page_query *query);
/* For a path that has no route. */
struct reply pages_missing(struct pages *pages, enum route_result result);

/* Looks for a newer load; false: none was published yet. */
bool pages_read_newest(struct pages *pages);
/* Of the load that was read last. */
uint64_t pages_age_ns(const struct pages *pages);
/* enum load_json_part of the names in a list with commas, all for NULL; 0: one is unknown. */
unsigned pages_parts(const char *list);
/* The newest load; NULL: there is none yet. */
const struct view_load *pages_load(struct pages *pages);

/* The value of endpoint-load-metrics in this format ("JSON", else TEXT); NULL: no load yet. */
const char *pages_orca(struct pages *pages, const char *format);

#endif
