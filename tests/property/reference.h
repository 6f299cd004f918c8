/* A second way to run a network, to check the engine against: node by node, each by its operator's
 * plain code, every value kept; no layers, layouts, fusion, packing or memory plan. */
#ifndef TESTS_PROPERTY_REFERENCE_H
#define TESTS_PROPERTY_REFERENCE_H

#include "compute/plan/instance.h"

struct reference {
    struct graph graph;
    bool *is_static;
    struct instance instance; /* tensors[value].data is set for every value after a run */
    size_t owned_count;
    void **owned;
};

/* Loads the file for this batch. False: error says why. */
bool reference_init(struct reference *reference, const char *path, int64_t batch,
                    struct graph_error *error);
/* Runs it; inputs[i] is the i-th graph input, dense, in the caller's memory. */
bool reference_run(struct reference *reference, void *const *inputs);
/* The tensor of this name; NULL where there is none. */
const struct tensor *reference_tensor(const struct reference *reference, const char *name);
void reference_fini(struct reference *reference);

#endif
