/* DPDK's SPSC ring, inlined as its users have it. Rings of plain memory, without the EAL. */
#include "tests/bench/ring_bench_rte.h"

#include <rte_ring.h>
#include <rte_ring_elem.h>

#include <stdlib.h>

#define MAX_BATCH 64u

struct wide {
    _Alignas(64) uint64_t word[8];
};

struct rte_bench {
    bool is_wide;
    struct rte_ring *there;
    struct rte_ring *back;
};

static struct rte_ring *make_ring(uint32_t capacity, uint32_t bytes)
{
    const ssize_t size = rte_ring_get_memsize_elem(bytes, capacity);
    struct rte_ring *ring = size > 0 ? aligned_alloc(128, ((size_t)size + 127) / 128 * 128) : NULL;
    if (ring && rte_ring_init(ring, "bench", capacity, RING_F_SP_ENQ | RING_F_SC_DEQ)) {
        free(ring);
        return NULL;
    }
    return ring;
}

struct rte_bench *rte_bench_create(uint32_t capacity, bool is_wide)
{
    struct rte_bench *bench = calloc(1, sizeof(*bench));
    const uint32_t bytes = is_wide ? sizeof(struct wide) : sizeof(void *);
    if (!bench)
        return NULL;
    bench->is_wide = is_wide;
    bench->there = make_ring(capacity, bytes);
    bench->back = make_ring(capacity, bytes);
    if (!bench->there || !bench->back) {
        rte_bench_destroy(bench);
        return NULL;
    }
    return bench;
}

void rte_bench_destroy(struct rte_bench *bench)
{
    if (!bench)
        return;
    free(bench->there);
    free(bench->back);
    free(bench);
}

/* Both kinds of element, the kind a constant where it is inlined. */
static __rte_always_inline uint32_t push(struct rte_ring *ring, bool is_wide, void *elements,
                                         uint32_t count)
{
    return is_wide
               ? rte_ring_sp_enqueue_burst_elem(ring, elements, sizeof(struct wide), count, NULL)
               : rte_ring_sp_enqueue_burst(ring, elements, count, NULL);
}

static __rte_always_inline uint32_t pop(struct rte_ring *ring, bool is_wide, void *elements,
                                        uint32_t count)
{
    return is_wide
               ? rte_ring_sc_dequeue_burst_elem(ring, elements, sizeof(struct wide), count, NULL)
               : rte_ring_sc_dequeue_burst(ring, elements, count, NULL);
}

static __rte_always_inline void bounce(struct rte_bench *bench, bool is_wide, bool is_helper,
                                       uint64_t rounds)
{
    struct wide element = {0};
    struct rte_ring *in = is_helper ? bench->there : bench->back;
    struct rte_ring *out = is_helper ? bench->back : bench->there;
    for (uint64_t i = 0; i < rounds; i++) {
        if (!is_helper)
            push(out, is_wide, &element, 1);
        while (pop(in, is_wide, &element, 1) == 0)
            continue;
        if (is_helper)
            push(out, is_wide, &element, 1);
    }
}

void rte_bench_bounce(struct rte_bench *bench, bool is_helper, uint64_t rounds)
{
    if (bench->is_wide)
        bounce(bench, true, is_helper, rounds);
    else
        bounce(bench, false, is_helper, rounds);
}

static __rte_always_inline uint64_t stream(struct rte_bench *bench, bool is_wide, bool is_helper,
                                           uint64_t count, uint32_t batch)
{
    struct wide elements[MAX_BATCH] = {0};
    uint64_t sum = 0;
    for (uint64_t done = 0; done < count;) {
        uint32_t moved = is_helper ? pop(bench->there, is_wide, elements, batch)
                                   : push(bench->there, is_wide, elements, batch);
        for (uint32_t i = 0; is_helper && i < moved; i++)
            sum += is_wide ? elements[i].word[0] : (&elements[0].word[0])[i];
        done += moved;
    }
    if (is_helper)
        push(bench->back, is_wide, elements, 1);
    while (!is_helper && pop(bench->back, is_wide, elements, 1) == 0)
        continue;
    return sum;
}

uint64_t rte_bench_stream(struct rte_bench *bench, bool is_helper, uint64_t count, uint32_t batch)
{
    return bench->is_wide ? stream(bench, true, is_helper, count, batch)
                          : stream(bench, false, is_helper, count, batch);
}
