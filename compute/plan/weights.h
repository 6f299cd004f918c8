/* The packed weights of a model: one block of memory, written once, shared by every context and
 * process.
 *
 *   header | piece 0: packed weights, shift[channels], scale[channels] | piece 1 | ...
 *
 * A piece belongs to a layer's root node. A convolution's weights are packed once for each
 * algorithm that a plan of some batch size chose. */
#ifndef COMPUTE_PLAN_WEIGHTS_H
#define COMPUTE_PLAN_WEIGHTS_H

#include "compute/graph/graph.h"
#include "compute/kernels/conv.h"
#include "compute/kernels/linear.h"

enum piece_kind {
    PIECE_CONV,
    PIECE_LINEAR,
    PIECE_AFFINE, /* shift and scale only */
};

struct piece {
    enum piece_kind kind;
    uint32_t node;
    unsigned algorithms; /* PIECE_CONV: bit per conv_algorithm that is wanted */
    struct conv_shape conv;
    struct linear_shape linear;
    size_t depth_stride, column_stride;
    float alpha;
    const packable_float *weights; /* the graph's constant */
    size_t weights_bytes;
    uint32_t channels;
    float *scale, *shift; /* owned, channels each, or NULL: 1 and 0 */
    /* Bytes from the start of the block, set by weights_lay_out; packed: by algorithm for
     * convolutions, at 0 otherwise. */
    size_t packed_offset[CONV_ALGORITHM_COUNT];
    size_t start, shift_offset, scale_offset, end;
};

struct weights {
    const struct graph *graph; /* the sources' owner */
    enum isa isa;
    uint32_t count;
    size_t capacity;
    struct piece *pieces;
    size_t bytes;
};

void weights_fini(struct weights *weights);

/* The piece of this node, or UINT32_MAX. */
uint32_t weights_find(const struct weights *weights, uint32_t node);

/* Adds a piece and takes over scale and shift, also when it fails. Its number, or UINT32_MAX when
 * out of memory. */
uint32_t weights_add(struct weights *weights, const struct piece *piece);

/* Sets every piece's offsets and weights->bytes, once all plans have said what they want. */
void weights_lay_out(struct weights *weights);

/* Writes the header and every piece. progress may be NULL. Pages of file-backed sources are given
 * back as they have been packed. */
void weights_pack(const struct weights *weights, const uint8_t key[16], void *memory,
                  struct thread_pool *pool, void (*progress)(void *arg, double fraction),
                  void *arg);

/* Whether memory holds what weights_pack would write for this key, as far as its header tells. */
bool weights_check(const struct weights *weights, const uint8_t key[16], const void *memory,
                   size_t bytes);

#endif
