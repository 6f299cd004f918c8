/* The newest snapshot of something small, for any number of readers that never delay its writer.
 *
 * One thread of one process writes. Readers map the region read-only, and copy a snapshot whole or
 * not at all. There are two buffers, so a writer that dies while writing leaves the snapshot before
 * readable. What the words mean belongs to the two ends. */
#ifndef SHM_LOAD_PAGE_H
#define SHM_LOAD_PAGE_H

#include "shm/layout.h"

struct load_page_writer {
    struct load_page_shared *shared;
    uint32_t word_count;
    uint64_t latest; /* ours; the shared one is a copy of it */
};

struct load_page_reader {
    const struct load_page_shared *shared;
    uint32_t word_count;
};

/* Snapshots of word_count 64-bit words in a zeroed payload of sizeof(struct load_page_shared).
 * -EINVAL for 0 or over LOAD_PAGE_MAX_WORDS words, or a small payload. */
int load_page_init(struct load_page_writer *writer, void *payload, uint64_t payload_bytes,
                   uint32_t word_count);

/* Makes words[0..word_count-1] the newest snapshot. Never waits. */
void load_page_publish(struct load_page_writer *writer, const uint64_t *words);

/* -EBADMSG if the payload is too small or is for another number of words. */
int load_page_attach(struct load_page_reader *reader, const void *payload, uint64_t payload_bytes,
                     uint32_t word_count);

/* Copies the newest snapshot out and numbers it, from 1 on. -ENODATA: none was published yet;
 * -EAGAIN: overtaken again and again, or the page makes no sense. words is then undefined. */
int load_page_read(const struct load_page_reader *reader, uint64_t *words, uint64_t *number);

/* The newest snapshot's number, which may say anything: whether reading it again is worth it. */
static inline uint64_t load_page_latest(const struct load_page_reader *reader)
{
    /* Nothing is read by it alone. */
    return atomic_load_explicit(&reader->shared->latest, memory_order_relaxed);
}

#endif
