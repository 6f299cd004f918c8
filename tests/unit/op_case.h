/* One operator over given tensors, written as text: makes the node, infers, computes, compares.
 *
 * A tensor is "f32[2,3]: 1 2 3 4 5 6" (types f32 i32 i64 u8 bool; "f32[]: 1" is a scalar; nan, inf
 * and -inf are numbers). Too few numbers are repeated from the first, so "f32[8,8]: 0" is all
 * zeros; "f32[8,8]: random 7" draws from [-1, 1) (integers from [-100, 100), or [0, 200) for u8)
 * with that seed. "" is an input or output left out. "const " before it makes its numbers known to
 * infer, as do the operator's shape_inputs; all other inputs have no data during infer.
 *
 * Attributes are "axis=1 axes=[0,-1] alpha=0.5 scales=[1.0,2.0] mode='edge' value={i64[2]: 1 2}
 * activations=['Tanh','Relu']"; a number with a point, exponent, inf or nan is a float. */
#ifndef TESTS_UNIT_OP_CASE_H
#define TESTS_UNIT_OP_CASE_H

#include "compute/ops/op.h"

#include <CUnit/CUnit.h>

#define OP_CASE_TENSORS 16

struct op_case {
    const char *name; /* for the message; may be NULL */
    const char *type; /* "Conv" */
    const char *domain; /* NULL: ONNX's own */
    int64_t opset;
    const char *attributes; /* NULL: none */
    const char *inputs[OP_CASE_TENSORS]; /* ended by NULL */
    const char *outputs[OP_CASE_TENSORS]; /* expected; ended by NULL */
    double relative, absolute; /* largest difference of floats; both 0: 1e-6 of each */
};

/* Whether infer and compute give the expected outputs: in the calling thread, over a pool of three
 * threads, and in place where the operator allows it. Says on stderr what differs. */
bool op_case_holds(const struct op_case *test);

/* Whether infer refuses the node with an error that contains words (outputs only count). */
bool op_case_refused(const struct op_case *test, const char *words);

/* CU_ASSERTs op_case_holds for each of a table. */
void op_case_check_all(const struct op_case *tests, size_t count);

/* For tests that compute the expected values themselves: parse, infer, compute, read outputs. */
struct op_run {
    struct graph graph; /* owns the memory */
    struct node node;
    struct op_call call;
    struct graph_error error;
    struct tensor inputs[OP_CASE_TENSORS], outputs[OP_CASE_TENSORS];
    const struct tensor *input_list[OP_CASE_TENSORS];
    struct tensor *output_list[OP_CASE_TENSORS];
};

/* Makes node and inputs, and one output for each entry of test->outputs; aborts on a spelling
 * mistake. */
void op_run_init(struct op_run *run, const struct op_case *test);
/* infer; the operator's return code, text in run->error. */
int op_run_infer(struct op_run *run, const struct op_case *test);
/* Allocates outputs, params' scratch and computes. */
void op_run_compute(struct op_run *run, struct thread_pool *pool);
void op_run_fini(struct op_run *run);

#endif
