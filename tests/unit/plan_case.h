/* A small network on its way through compute/plan: built with onnx_model.h, loaded, analysed.
 *
 *     struct plan_case c;
 *     plan_case_init(&c);
 *     onnx_model_input(c.model, "x", TENSOR_F32, ...); onnx_model_node(c.model, ...); ...
 *     plan_case_load(&c);       the graph, nothing folded
 *     plan_case_analyse(&c, 1); static nodes, instances at batch 1 and 2, layers, cuts
 *     plan_case_fini(&c);
 *
 * Whatever goes wrong on the way fails the test. */
#ifndef TESTS_UNIT_PLAN_CASE_H
#define TESTS_UNIT_PLAN_CASE_H

#include "compute/plan/cuts.h"
#include "tests/unit/onnx_model.h"

#define PLAN_CASE_F32 1 /* ONNX's numbers of types */
#define PLAN_CASE_I64 7

struct plan_case {
    struct onnx_model *model;
    struct graph graph;
    bool is_loaded, has_batch;
    bool *is_static;
    struct instance one, two;
    struct layers layers;
    struct cuts cuts;
};

void plan_case_init(struct plan_case *c);
void plan_case_load(struct plan_case *c);
void plan_case_analyse(struct plan_case *c, uint32_t max_cut_tensors);
void plan_case_fini(struct plan_case *c);

/* Adds a constant of that many dimensions, all elements 0.5. */
void plan_case_floats(struct plan_case *c, const char *name, size_t rank, const int64_t *dims);
void plan_case_ints(struct plan_case *c, const char *name, size_t count, const int64_t *ints);

/* Number of a value by name; the test fails where there is none. */
uint32_t plan_case_value(const struct plan_case *c, const char *name);
/* The layers' types, separated by blanks: "Conv+Relu Conv". */
const char *plan_case_layers(const struct plan_case *c, char text[512]);

#endif
