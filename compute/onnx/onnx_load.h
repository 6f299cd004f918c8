/* Reads an ONNX file into a graph.
 *
 * Opsets 7 to 18 of ONNX's own domain. The file is mapped, and weights whose place in it is aligned
 * to their type are used where they lie (others are copied); external data likewise. Nodes come out
 * in topological order: the file's own wherever it is one. Nothing that the file says is trusted,
 * and memory stays within a small multiple of its size.
 *
 * While the graph lives, the mapped files must not be shortened; replace them by renaming. */
#ifndef COMPUTE_ONNX_ONNX_LOAD_H
#define COMPUTE_ONNX_ONNX_LOAD_H

#include "compute/graph/graph.h"

#define ONNX_MIN_OPSET 7
#define ONNX_MAX_OPSET 18

/* Fills *graph from the file at path; external data is looked for in and under its folder.
 * 0, or a negative errno with one line in error (may be NULL) and nothing to undo. */
int onnx_load(const char *path, struct graph *graph, struct graph_error *error);

/* The same from memory, which must outlive the graph: constants point into it. External data must
 * lie in folder or under it; NULL: none is allowed. */
int onnx_load_memory(const void *bytes, size_t size, const char *folder, struct graph *graph,
                     struct graph_error *error);

#endif
