/* The server's load as jointd published it, kept by a queue so that asking costs nothing. */
#ifndef DATAPLANE_LOAD_VIEW_H
#define DATAPLANE_LOAD_VIEW_H

#include "dataplane/proto/wire.h"
#include "shm/load_report.h"
#include "shm/region.h"

struct load_view {
    struct load_page_reader reader;
    struct load_report report; /* the newest that was read */
    uint64_t seen; /* its number; 0: none yet */
    uint64_t looked_ns;
};

/* -EBADMSG: the region is no load page for this report. */
int load_view_init(struct load_view *view, const struct region *page);

/* Reads a newer report if there is one, but not more often than each 50 us. */
void load_view_refresh(struct load_view *view, uint64_t now_ns);

/* As clients are told it; age included. */
void load_view_describe(const struct load_view *view, bool is_draining, uint64_t now_ns,
                        struct jtp_load *load);

/* Whether a request of this class is better refused at the door: its class is closed, or its turn
 * would come after its deadline (in ns from now; 0: it has none). work_ns: its own computing, and
 * that of others before it which the report does not know of. An old report refuses nobody. */
bool load_view_is_overloaded(const struct load_view *view, uint32_t class_index,
                             uint64_t deadline_ns, uint64_t work_ns, uint64_t now_ns,
                             uint32_t *retry_after_us);

/* Whether whoever has so many open, with this one, has more than the credits of a client. */
bool load_view_is_over_credit(const struct load_view *view, uint32_t open_count, uint64_t now_ns,
                              uint32_t *retry_after_us);

#endif
