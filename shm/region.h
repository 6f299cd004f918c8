/* A region: a sealed memfd with a header, mapped into each process that was given it.
 *
 * The creator (jointd) calls region_init, fills what must be filled, seals, and hands descriptors
 * of region_share_fd over a socket (fd_pass.h). The others call region_attach. The size never
 * changes after region_init: no peer can make another's access fault by shrinking the file. */
#ifndef SHM_REGION_H
#define SHM_REGION_H

#include "shm/layout.h"

#include <stdbool.h>

enum region_kind {
    REGION_CHANNEL = 1,
    REGION_SLAB,
    REGION_COUNTERS,
    REGION_LOAD_PAGE,
    REGION_WEIGHTS,
    REGION_MODEL, /* model_table.h */
    REGION_STATISTICS, /* model_statistics.h */
};

enum region_pages {
    REGION_PAGES_ANY, /* huge if the region fills one and there are enough, else small */
    REGION_PAGES_SMALL, /* never huge */
    REGION_PAGES_HUGE, /* huge, or -ENOMEM */
};

enum region_access {
    REGION_READ_ONLY,
    REGION_READ_WRITE,
};

enum region_seal {
    REGION_SEAL_SEALS, /* no more seals: writers stay writers, and more may come */
    REGION_SEAL_NEW_WRITERS, /* writable mappings that exist stay; nobody gets another */
    REGION_SEAL_CONTENT, /* nobody writes any more, this process included */
};

struct region_config {
    const char *name; /* seen in /proc/PID/maps; cut to 31 bytes */
    enum region_kind kind; /* no default */
    uint32_t epoch; /* 0 */
    uint64_t payload_bytes; /* no default; > 0 */
    enum region_pages pages; /* REGION_PAGES_ANY */
};

struct region_expect {
    enum region_kind kind;
    enum region_access access;
    uint32_t epoch;
    uint64_t min_payload_bytes;
    bool is_content_sealed; /* refuse it unless its content cannot change any more */
    bool is_lazy; /* map it at once and take each page's fault later: small pages cost 0.1 s/GiB */
};

struct region {
    int fd; /* owned; meaningful while base is not NULL */
    unsigned char *base; /* the header; the mapping is owned */
    uint64_t bytes; /* of the mapping; this process's own copy, as are all below */
    uint64_t payload_bytes; /* from base + SHM_PAYLOAD_OFFSET */
    uint64_t page_bytes; /* what it got: 4096, or the size of a huge page */
    uint32_t epoch;
    enum region_access access;
};

/* Zeroed memory, every page present, mapped read-write. 0 or -errno: -EINVAL, -ENOMEM, ... */
int region_init(struct region *region, const struct region_config *config);

/* Maps what a peer handed over, after checking seals and header. Takes fd on success only.
 * -EPERM: its size is not sealed, or its content when that is expected; -EBADMSG: not a region, or
 * its sizes contradict each other or are less than expected; -EPROTO: another build or kind;
 * -ESTALE: another epoch; or what mmap says (-EACCES: it may not be written by us). */
int region_attach(struct region *region, int fd, const struct region_expect *expect);

/* Accepts NULL, a zeroed region, and one that is finished. */
void region_fini(struct region *region);

/* Each seal is final, no other can follow. REGION_SEAL_CONTENT makes the mapping read-only where it
 * stands; -EBUSY if another process has it mapped writable, and then it stays unsealed. */
int region_seal(struct region *region, enum region_seal seal);

/* A descriptor to hand over, owned by the caller, or -errno. A read-only one cannot be mapped
 * writable; its holder could open the file anew only as the creator's user. */
int region_share_fd(const struct region *region, enum region_access access);

bool region_is_huge(const struct region *region);

/* The bytes at an offset into the payload, NULL unless all of them lie inside it. */
static inline void *region_at(const struct region *region, uint64_t offset, uint64_t bytes)
{
    if (offset > region->payload_bytes || bytes > region->payload_bytes - offset)
        return NULL;
    return region->base + SHM_PAYLOAD_OFFSET + offset;
}

#endif
