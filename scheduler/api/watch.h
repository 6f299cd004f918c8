/* Watching the load: what one watcher is sent and when, as server-sent events. No HTTP in here.
 *
 *   id: 4711                     the snapshot's number
 *   event: load
 *   data: {"schema":"joint.load/1",...}
 *
 * An event when what it asked for has changed (its number and age aside), but not sooner than its
 * interval after the last; a comment where there was nothing for WATCH_BEAT_NS. */
#ifndef SCHEDULER_API_WATCH_H
#define SCHEDULER_API_WATCH_H

#include "scheduler/api/load_json.h"
#include "scheduler/api/pages.h"

#define WATCH_BEAT_NS UINT64_C(1000000000)
#define WATCH_LEAST_NS UINT64_C(5000000) /* the shortest interval, and between two looks */

struct watch {
    unsigned parts; /* enum load_json_part */
    char model[API_NAME_BYTES], class_name[API_NAME_BYTES]; /* "": all */
    uint64_t interval_ns; /* what was asked for; load.min_poll holds as well */
    uint64_t sequence; /* the snapshot that was looked at last */
    uint64_t hash; /* of what was sent last; 0: nothing was */
    uint64_t event_ns, sent_ns; /* the last event; the last event or comment */
    uint64_t look_ns; /* there is nothing for it before */
};

/* What the query asks for was found sound by pages_get. interval_ms is its own word; NULL: none.
 * False: that is no number. */
bool watch_init(struct watch *watch, const struct page_query *query, const char *interval_ms);

/* Whether watch_next may have something now; if not, look_ns says when to look again. */
bool watch_is_due(struct watch *watch, struct pages *pages);
/* Writes what it is to be sent now; false: nothing, until look_ns. */
bool watch_next(struct watch *watch, struct pages *pages, struct page_text *text);

#endif
