/* A plan: the steps that compute a network at one batch size, and where every tensor lies.
 *
 *   value  --has-->  places (plain and/or channels last)  --lie in-->  buffers  --share-->  arena
 *
 * A place is written by one step and read by later ones; a buffer holds one place, or the places of
 * a concatenation side by side. Buffers whose lives do not overlap share memory in the arena. A
 * plan holds offsets only, so any number of contexts run over it at once. */
#ifndef COMPUTE_PLAN_PLAN_H
#define COMPUTE_PLAN_PLAN_H

#include "compute/kernels/conv.h"
#include "compute/kernels/linear.h"
#include "compute/kernels/spatial.h"
#include "compute/plan/instance.h"

#define PLAN_NONE UINT32_MAX

enum layout {
    LAYOUT_PLAIN, /* ONNX's order */
    LAYOUT_LAST, /* [image][pixel][channel] */
};

struct place {
    uint32_t value;
    enum layout layout;
    uint32_t buffer; /* PLAN_NONE: a constant */
    const void *constant; /* borrowed */
    size_t offset; /* bytes from the start of a row of the buffer */
    size_t stride; /* LAYOUT_LAST: floats between pixels */
    uint32_t written; /* step; 0 with is_input for what a run brings in */
    uint32_t last_use; /* step; the number of steps for outputs */
    bool is_input;
};

struct buffer {
    size_t row_bytes; /* of one row of the batch; the whole for what does not grow with it */
    size_t bytes; /* for all rows that lie in it at once */
    uint32_t first, last;
    size_t offset; /* in the arena */
    bool is_micro; /* lives inside one phase: holds the rows of one round only */
};

enum step_kind {
    STEP_MARK, /* computes nothing: another view of the same memory */
    STEP_TO_LAST, /* plain to channels last */
    STEP_TO_PLAIN, /* channels last to plain */
    STEP_CONV,
    STEP_LINEAR,
    STEP_POOL,
    STEP_GLOBAL_AVERAGE,
    STEP_LRN,
    STEP_AFFINE, /* per-channel scale and shift, activation */
    STEP_COMBINE, /* sum or product of two tensors of one shape */
    STEP_COPY, /* channels into a slice of a wider tensor */
    STEP_GENERIC, /* the operator's own compute */
};

struct step {
    enum step_kind kind;
    uint32_t layer;
    uint32_t node; /* the node it computes, or the last of those that it fuses */
    uint32_t input, second; /* places; second: residual or other operand */
    uint32_t output;
    size_t images_per_row; /* images, or matrix rows, that one row of the batch brings */
    size_t pixels; /* per image */
    uint32_t channels;
    uint32_t packed; /* index into the model's packed weights, or PLAN_NONE */
    bool has_bias; /* the packed weights' shift */
    bool has_scale;
    struct activation activation;
    union {
        struct {
            struct conv_shape shape;
            enum conv_algorithm algorithm;
        } conv;
        struct linear_shape linear;
        struct pool_shape pool;
        struct {
            uint32_t size;
            float alpha, beta, bias;
        } lrn;
        bool is_product;
        struct {
            uint32_t input_count, output_count;
            uint32_t *inputs, *outputs; /* places or PLAN_NONE; owned by the plan */
        } generic;
    };
    size_t scratch_bytes; /* for `rows` of its phase */
};

/* Consecutive steps that run over `rows` rows at a time, round after round, so that what they hand
 * to each other stays in the cache. */
struct phase {
    uint32_t first, end; /* steps [first, end) */
    uint32_t rows;
};

struct plan {
    uint32_t batch;
    struct instance instance;
    uint32_t step_count;
    struct step *steps;
    uint32_t place_count;
    struct place *places;
    uint32_t buffer_count;
    struct buffer *buffers;
    uint32_t phase_count;
    struct phase *phases;
    uint32_t *layer_first; /* per layer, and one more: its first step */
    uint32_t *plain, *last; /* per value: its place in that layout, or PLAN_NONE */
    size_t arena_bytes; /* buffers */
    size_t scratch_bytes; /* the largest step's */
    size_t step_capacity, place_capacity, buffer_capacity;
    size_t owned_count, owned_capacity;
    void **owned;
};

void plan_fini(struct plan *plan);

/* Appends; the pointer (or number) holds until the next append. NULL or PLAN_NONE: out of memory.
 */
struct step *plan_add_step(struct plan *plan);
uint32_t plan_add_place(struct plan *plan, const struct place *place);
uint32_t plan_add_buffer(struct plan *plan, size_t row_bytes);
/* Zeroed memory that dies with the plan; NULL when out of memory. */
void *plan_alloc(struct plan *plan, size_t bytes);

/* Calls visit for each place that a step reads (is_write false) or writes. */
void step_visit_places(const struct step *step,
                       void (*visit)(void *arg, uint32_t place, bool is_write), void *arg);

#endif
