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

/* Whether jointd is to be asked before a tensor is sent. Never by an old report: then it hangs. */
bool load_view_has_to_ask(const struct load_view *view, uint64_t now_ns);

/* Whether nobody of this class is let in, and when that may have changed. */
bool load_view_is_closed(const struct load_view *view, uint32_t class_index, uint64_t now_ns,
                         uint32_t *retry_after_us);
/* When whoever finds too many here may come again. */
void load_view_retry(const struct load_view *view, uint32_t *retry_after_us);

/* Whether whoever has so many open, with this one, has more than the credits of a client. */
bool load_view_is_over_credit(const struct load_view *view, uint32_t open_count, uint64_t now_ns,
                              uint32_t *retry_after_us);

#endif
