/* An operator: how its output shapes follow from its inputs, and how to compute it plainly.
 *
 * This is the general form, over dense C-order tensors of any rank; it is the reference that every
 * fast path is tested against, and what runs where no fast path applies. Adding an operator: one
 * entry in the table of its family's file, which registry.c lists. */
#ifndef COMPUTE_OPS_OP_H
#define COMPUTE_OPS_OP_H

#include "compute/graph/graph.h"
#include "compute/run/thread_pool.h"

#define OP_ANY UINT32_MAX /* max_inputs, max_outputs: no limit */

enum op_flags {
    OP_VIEW = 1 << 0, /* output 0 holds the bytes of input 0 under another shape */
    OP_INPLACE = 1 << 1, /* output 0 may be the very memory of input 0 (same type and shape) */
    OP_UNARY = 1 << 2, /* elementwise over one tensor, so the layout does not matter */
    OP_OF_SHAPE = 1 << 3, /* reads only its inputs' shapes, never their data (Shape) */
};

/* One node with its tensors. During infer, a tensor's data is NULL unless it is known already:
 * an operator that needs an input's numbers for its shape (Reshape) calls op_static(). */
struct op_call {
    const struct node *node;
    uint32_t input_count, output_count;
    const struct tensor **inputs; /* NULL where an optional input is left out */
    struct tensor **outputs; /* NULL where an optional output is left out */
    void *params; /* op->params_bytes, zeroed before infer; infer writes, compute reads */
    size_t scratch_bytes; /* infer sets it; compute finds that much in scratch */
    void *scratch; /* aligned to 64 bytes, contents undefined; compute only */
    struct thread_pool *pool; /* compute only; NULL: run in the calling thread */
    struct graph_error *error; /* infer only */
};

struct op {
    const char *type; /* "Conv" */
    const char *domain; /* "" */
    uint32_t min_inputs, max_inputs;
    uint32_t min_outputs, max_outputs;
    uint32_t flags;
    size_t params_bytes;
    /* Bit i set: input i's values decide the output's shape (Reshape's second input). They must be
     * known before a run. */
    uint32_t shape_inputs;
    /* Checks attributes, types and shapes, and writes type and shape of every output that is not
     * NULL. 0, or a negative errno with call->error saying what is wrong (use op_fail). Never
     * trusts its input: it runs on whatever a file says. */
    int (*infer)(struct op_call *call);
    /* Computes every output that is not NULL. Cannot fail; does not allocate; input and output
     * shapes are those that infer saw and set. */
    void (*compute)(const struct op_call *call);
};

/* The operator for this type, domain and opset, or NULL. */
const struct op *op_find(const char *domain, const char *type, int64_t opset);

/* Sets call->error to "TYPE node 'NAME': " followed by the message; returns -EINVAL. */
int op_fail(const struct op_call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Input i, or NULL when left out or beyond the end. */
const struct tensor *op_input(const struct op_call *call, uint32_t i);
/* Output i, or NULL when left out or beyond the end. */
struct tensor *op_output(const struct op_call *call, uint32_t i);

/* Fails unless input i is present with one of the types in the mask (1u << TENSOR_F32 | ...). */
int op_require(const struct op_call *call, uint32_t i, uint32_t type_mask);
#define OP_F32 (1u << TENSOR_F32)
#define OP_U8 (1u << TENSOR_U8)
#define OP_I32 (1u << TENSOR_I32)
#define OP_I64 (1u << TENSOR_I64)
#define OP_BOOL (1u << TENSOR_BOOL)
#define OP_NUMBER (OP_F32 | OP_U8 | OP_I32 | OP_I64)
#define OP_ALL (OP_NUMBER | OP_BOOL)

/* Writes type and shape of output i, if it is not left out. Fails when the size is negative or
 * does not fit, so that compute may multiply dimensions freely, and when one of the op's first
 * min_outputs is left out, so that compute may count on them. */
int op_output_set(const struct op_call *call, uint32_t i, enum tensor_type type,
                  const struct shape *shape);

/* Reads input i, a known int64 or int32 vector or scalar, into list (at most capacity numbers).
 * 0, or -EINVAL with an error when it is not known before the run, of a wrong type or too long. */
int op_static_ints(const struct op_call *call, uint32_t i, int64_t *list, size_t capacity,
                   size_t *count);

/* axis in [-rank, rank) to [0, rank) in *out; an error that names the attribute otherwise. */
int op_axis(const struct op_call *call, int64_t axis, uint32_t rank, uint32_t *out);

/* Multidirectional broadcasting of a and b into *out (NumPy's rule). 0 or -EINVAL. */
int op_broadcast(const struct op_call *call, const struct shape *a, const struct shape *b,
                 struct shape *out);

#endif
