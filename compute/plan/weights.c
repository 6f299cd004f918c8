/* Layout and packing of a model's weights. */
#include "compute/plan/weights.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ALIGNMENT 64
#define WEIGHTS_MAGIC UINT64_C(0x315748544E494F4A) /* "JOINTHW1" */

struct weights_header {
    uint64_t magic;
    uint64_t bytes;
    uint32_t piece_count;
    uint32_t isa;
    uint8_t key[16];
    uint8_t reserved[24];
};
_Static_assert(sizeof(struct weights_header) == ALIGNMENT, "the header fills one cache line");

static size_t round_up(size_t bytes)
{
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

void weights_fini(struct weights *weights)
{
    if (!weights)
        return;
    for (uint32_t i = 0; i < weights->count; i++) {
        free(weights->pieces[i].scale);
        free(weights->pieces[i].shift);
    }
    free(weights->pieces);
    *weights = (struct weights){0};
}

uint32_t weights_find(const struct weights *weights, uint32_t node)
{
    for (uint32_t i = weights->count; i-- > 0;)
        if (weights->pieces[i].node == node)
            return i;
    return UINT32_MAX;
}

uint32_t weights_add(struct weights *weights, const struct piece *piece)
{
    if (weights->count == weights->capacity) {
        size_t capacity = weights->capacity ? weights->capacity * 2 : 32;
        struct piece *grown = reallocarray(weights->pieces, capacity, sizeof(*grown));
        if (!grown) {
            free(piece->scale);
            free(piece->shift);
            return UINT32_MAX;
        }
        weights->pieces = grown;
        weights->capacity = capacity;
    }
    weights->pieces[weights->count] = *piece;
    return weights->count++;
}

/* Sets the offsets of the piece's packed weights from `at` on; returns where they end. */
static size_t lay_out_packed(const struct weights *weights, struct piece *piece, size_t at)
{
    if (piece->kind == PIECE_LINEAR) {
        piece->packed_offset[0] = at;
        return at + round_up(linear_packed_bytes(weights->isa, &piece->linear));
    }
    for (unsigned a = 0; a < CONV_ALGORITHM_COUNT; a++) {
        if (!(piece->algorithms & (1u << a)))
            continue;
        piece->packed_offset[a] = at;
        at += round_up(conv_packed_bytes((enum conv_algorithm)a, weights->isa, &piece->conv));
    }
    return at;
}

void weights_lay_out(struct weights *weights)
{
    size_t at = sizeof(struct weights_header);
    for (uint32_t i = 0; i < weights->count; i++) {
        struct piece *piece = &weights->pieces[i];
        size_t vector = round_up((size_t)piece->channels * sizeof(float));
        piece->start = at;
        piece->shift_offset = lay_out_packed(weights, piece, at);
        piece->scale_offset = piece->shift_offset + (piece->shift ? vector : 0);
        bool has_scale = piece->scale && piece->kind == PIECE_AFFINE;
        at = piece->end = piece->scale_offset + (has_scale ? vector : 0);
    }
    weights->bytes = weights->count > 0 ? at : 0;
}

/* Gives back the pages of mapped files that have been packed: they can be read again. */
static void release(const struct graph *graph, const void *start, size_t bytes)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t first = ((uintptr_t)start + page - 1) / page * page;
    uintptr_t last = ((uintptr_t)start + bytes) / page * page;
    if (last <= first)
        return;
    for (size_t i = 0; i < graph->mapping_count; i++) {
        uintptr_t from = (uintptr_t)graph->mappings[i].address;
        if (graph->mappings[i].is_file && first >= from && last <= from + graph->mappings[i].bytes)
            madvise((void *)first, last - first, MADV_DONTNEED);
    }
}

static void pack_piece(const struct weights *weights, const struct piece *piece, char *memory,
                       struct thread_pool *pool)
{
    size_t vector = (size_t)piece->channels * sizeof(float);
    for (unsigned a = 0; a < CONV_ALGORITHM_COUNT; a++)
        if (piece->algorithms & (1u << a))
            conv_pack((enum conv_algorithm)a, weights->isa, &piece->conv, piece->weights,
                      piece->scale, memory + piece->packed_offset[a], pool);
    if (piece->kind == PIECE_LINEAR)
        linear_pack(weights->isa, &piece->linear, piece->weights, piece->depth_stride,
                    piece->column_stride, piece->scale, piece->alpha,
                    memory + piece->packed_offset[0], pool);
    if (piece->shift)
        memcpy(memory + piece->shift_offset, piece->shift, vector);
    if (piece->scale && piece->kind == PIECE_AFFINE)
        memcpy(memory + piece->scale_offset, piece->scale, vector);
}

static struct weights_header make_header(const struct weights *weights, const uint8_t key[16])
{
    struct weights_header header = {.magic = WEIGHTS_MAGIC,
                                    .bytes = weights->bytes,
                                    .piece_count = weights->count,
                                    .isa = weights->isa};
    memcpy(header.key, key, sizeof(header.key));
    return header;
}

static size_t piece_bytes(const struct piece *piece)
{
    return piece->end - piece->start;
}

static int compare_sources(const void *a, const void *b)
{
    const struct piece *const *x = a, *const *y = b;
    if ((*x)->weights_bytes != (*y)->weights_bytes)
        return (*x)->weights_bytes < (*y)->weights_bytes ? 1 : -1;
    return (*x)->start < (*y)->start ? -1 : 1;
}

/* The pieces with the largest sources first: while one is packed, it is in memory twice, so that
 * the peak is least when little else is there yet. NULL when out of memory. */
static const struct piece **largest_first(const struct weights *weights)
{
    const struct piece **order = calloc(weights->count, sizeof(*order));
    for (uint32_t i = 0; order && i < weights->count; i++)
        order[i] = &weights->pieces[i];
    if (order)
        qsort(order, weights->count, sizeof(*order), compare_sources);
    return order;
}

void weights_pack(const struct weights *weights, const uint8_t key[16], void *memory,
                  struct thread_pool *pool, void (*progress)(void *arg, double fraction), void *arg)
{
    size_t header_bytes = sizeof(struct weights_header);
    if (weights->bytes < header_bytes)
        return; /* nothing to pack */
    const struct piece **order = largest_first(weights);
    size_t done = 0;
    for (uint32_t i = 0; i < weights->count; i++) {
        const struct piece *piece = order ? order[i] : &weights->pieces[i];
        pack_piece(weights, piece, memory, pool);
        if (piece->weights)
            release(weights->graph, piece->weights, piece->weights_bytes);
        done += piece_bytes(piece);
        if (progress)
            progress(arg, (double)done / (double)weights->bytes);
    }
    free(order);
    struct weights_header header = make_header(weights, key);
    atomic_thread_fence(memory_order_release); /* a reader that sees the header sees all */
    memcpy(memory, &header, header_bytes);
}

bool weights_check(const struct weights *weights, const uint8_t key[16], const void *memory,
                   size_t bytes)
{
    if (weights->bytes == 0)
        return true;
    if (bytes < weights->bytes)
        return false;
    struct weights_header wanted = make_header(weights, key);
    return memcmp(memory, &wanted, sizeof(wanted)) == 0;
}
