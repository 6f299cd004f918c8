/* A seqlock over two buffers, without fences, so that checkers understand it.
 *
 * Snapshot n lives in buffer n % 2, whose sequence is 2n when it is whole and odd while n is
 * written. Each word is stored with release and loaded with acquire (Boehm, "Can seqlocks get along
 * with programming language memory models?", 2012): a reader that saw one word of snapshot n + 2
 * has, by that word's release, also the odd sequence before it, and sees the change when it looks
 * at the sequence again. On x86 these are plain moves. */
#include "shm/load_page.h"

#include <errno.h>

#define MAX_TRIES 100

int load_page_init(struct load_page_writer *writer, void *payload, uint64_t payload_bytes,
                   uint32_t word_count)
{
    if (word_count == 0 || word_count > LOAD_PAGE_MAX_WORDS ||
        payload_bytes < sizeof(struct load_page_shared))
        return -EINVAL;
    struct load_page_shared *shared = payload;
    shared->word_count = word_count;
    *writer = (struct load_page_writer){.shared = shared, .word_count = word_count};
    return 0;
}

void load_page_publish(struct load_page_writer *writer, const uint64_t *words)
{
    const uint64_t number = writer->latest + 1;
    struct load_snapshot *to = &writer->shared->snapshot[number % 2];
    atomic_store_explicit(&to->sequence, 2 * number - 1, memory_order_relaxed);
    for (uint32_t i = 0; i < writer->word_count; i++)
        /* pairs with the acquire in copy_snapshot; keeps the odd sequence before it */
        atomic_store_explicit(&to->word[i], words[i], memory_order_release);
    /* pairs with the first load in copy_snapshot */
    atomic_store_explicit(&to->sequence, 2 * number, memory_order_release);
    /* pairs with load_page_read */
    atomic_store_explicit(&writer->shared->latest, number, memory_order_release);
    writer->latest = number;
}

int load_page_attach(struct load_page_reader *reader, const void *payload, uint64_t payload_bytes,
                     uint32_t word_count)
{
    if (word_count == 0 || word_count > LOAD_PAGE_MAX_WORDS ||
        payload_bytes < sizeof(struct load_page_shared))
        return -EBADMSG;
    const struct load_page_shared *shared = payload;
    if (shared->word_count != word_count)
        return -EBADMSG;
    *reader = (struct load_page_reader){.shared = shared, .word_count = word_count};
    return 0;
}

static int copy_snapshot(struct load_snapshot *from, uint32_t count, uint64_t number,
                         uint64_t *words)
{
    if (atomic_load_explicit(&from->sequence, memory_order_acquire) != 2 * number)
        return -EAGAIN;
    for (uint32_t i = 0; i < count; i++)
        words[i] = atomic_load_explicit(&from->word[i], memory_order_acquire);
    const uint64_t after = atomic_load_explicit(&from->sequence, memory_order_relaxed);
    return after == 2 * number ? 0 : -EAGAIN;
}

int load_page_read(const struct load_page_reader *reader, uint64_t *words, uint64_t *number)
{
    /* Atomic loads want a type that is not const; the mapping is read-only all the same. */
    struct load_page_shared *shared = (struct load_page_shared *)reader->shared;
    for (int i = 0; i < MAX_TRIES; i++) {
        const uint64_t latest = atomic_load_explicit(&shared->latest, memory_order_acquire);
        if (latest == 0)
            return -ENODATA;
        if (copy_snapshot(&shared->snapshot[latest % 2], reader->word_count, latest, words) == 0) {
            *number = latest;
            return 0;
        }
    }
    return -EAGAIN;
}
