/* Puts a graph's nodes into topological order. */
#ifndef COMPUTE_ONNX_ONNX_ORDER_H
#define COMPUTE_ONNX_ONNX_ORDER_H

#include "compute/onnx/onnx_reader.h"

/* Sorts the nodes so that each stands after those whose outputs it reads; of all such orders, the
 * one nearest to the file's (its own if that is one). Producers follow. An error for a value that
 * nothing makes, and for a cycle, which it names. */
int onnx_order_nodes(struct onnx_reader *reader);

#endif
