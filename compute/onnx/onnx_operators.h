/* Finds the operator of each node. */
#ifndef COMPUTE_ONNX_ONNX_OPERATORS_H
#define COMPUTE_ONNX_ONNX_OPERATORS_H

#include "compute/onnx/onnx_reader.h"

/* Sets each node's op. Where this engine lacks some, one error lists every one of them with its
 * nodes; a node with fewer or more inputs or outputs than its operator takes is an error too. */
int onnx_operators_find(struct onnx_reader *reader);

#endif
