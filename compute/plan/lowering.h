/* Inside of the lowering: the state that its parts hand to each other. Private to compute/plan. */
#ifndef COMPUTE_PLAN_LOWERING_H
#define COMPUTE_PLAN_LOWERING_H

#include "compute/plan/lower.h"

struct lowering {
    const struct lower_config *config;
    const struct graph *graph;
    struct plan *plan;
    struct weights *weights;
    uint32_t layer; /* being lowered */
    /* Per value: the concatenation whose output holds it as a slice, or GRAPH_NONE, and its first
     * channel there. */
    uint32_t *slice_of, *slice_channel;
    bool is_out_of_memory; /* set once, checked at the end of each layer */
};

/* An image-like view of a value: float, batch outermost, [images][channels][pixels]. */
struct image {
    size_t images_per_row;
    uint32_t channels, height, width;
    size_t pixels;
};

/* Whether a value can be seen as images (rank 3 or 4; rank 2 as one pixel), and how. */
bool lowering_image(const struct lowering *l, uint32_t value, struct image *image);

/* The value in this layout, converting it by a step if need be. PLAN_NONE only without memory. */
uint32_t lowering_need(struct lowering *l, uint32_t value, enum layout layout);
/* Whether the value is there in this layout already. */
bool lowering_has(const struct lowering *l, uint32_t value, enum layout layout);
/* A place for a value about to be written. */
uint32_t lowering_make(struct lowering *l, uint32_t value, enum layout layout);
/* Appends a step of this layer that ends with this node. */
struct step *lowering_step(struct lowering *l, enum step_kind kind, uint32_t node);
/* A step that runs the operator's own compute. */
void lowering_generic(struct lowering *l, uint32_t node);
/* The constant floats of a value (at any address where they may be packed: Conv's, Gemm's and
 * MatMul's input 1): NULL if it is not a constant of that type with count elements. */
const float *lowering_floats(const struct lowering *l, uint32_t value, size_t count);

/* What follows a root inside its layer and can be computed with it. */
struct fused {
    float *scale, *shift; /* channels each, owned; NULL: 1 and 0 */
    uint32_t residual; /* value, or GRAPH_NONE */
    struct activation activation;
    uint32_t taken; /* nodes of the layer that are covered, the root included */
    uint32_t result; /* value that the last of them makes */
};

/* Follows layer nodes from position `at` (a root whose output is `result`, with `channels` along
 * dimension axis) as far as they can be fused. bias: the root's own, or NULL. */
void lowering_fuse(struct lowering *l, const struct layer *layer, uint32_t at, uint32_t result,
                   uint32_t channels, uint32_t axis, const float *bias, struct fused *fused);

/* The same for a run of nodes with no root before them: position `at`, which reads `input`, is the
 * first to be taken. fused->taken is 0 where it cannot be. */
void lowering_fuse_affine(struct lowering *l, const struct layer *layer, uint32_t at,
                          uint32_t input, uint32_t channels, struct fused *fused);

/* The number of a piece of weights, added unless it is there; scale and shift are taken over either
 * way. */
uint32_t lowering_piece(struct lowering *l, const struct piece *piece);

/* The activation that a node is, in *activation; false if it is none that the kernels have. */
bool lowering_activation(const struct lowering *l, uint32_t node, struct activation *activation);

/* Each tries to lower the node at position `at` of the layer and returns how many nodes it covered;
 * 0: not of its kind. */
uint32_t lower_conv(struct lowering *l, const struct layer *layer, uint32_t at);
uint32_t lower_linear(struct lowering *l, const struct layer *layer, uint32_t at);
uint32_t lower_pool(struct lowering *l, const struct layer *layer, uint32_t at);
uint32_t lower_global_average(struct lowering *l, const struct layer *layer, uint32_t at);
uint32_t lower_lrn(struct lowering *l, const struct layer *layer, uint32_t at);
uint32_t lower_affine(struct lowering *l, const struct layer *layer, uint32_t at);
uint32_t lower_combine(struct lowering *l, const struct layer *layer, uint32_t at);
uint32_t lower_concat(struct lowering *l, const struct layer *layer, uint32_t at);
uint32_t lower_activation(struct lowering *l, const struct layer *layer, uint32_t at);
uint32_t lower_view(struct lowering *l, const struct layer *layer, uint32_t at);

/* Finds the values that can be written straight into a concatenation's output. */
void lowering_find_slices(struct lowering *l);

#endif
