/* Reads a NodeProto into a node of the graph. */
#ifndef COMPUTE_ONNX_ONNX_NODE_H
#define COMPUTE_ONNX_ONNX_NODE_H

#include "compute/onnx/onnx_reader.h"

/* Adds the node that message states, with its values; producers are set. node->op stays NULL. 0 or
 * negative errno with an error. */
int onnx_node_read(struct onnx_reader *reader, struct onnx_slice message);

/* "Conv node 'x'", cut off at size; returns text. */
const char *onnx_node_print(const struct node *node, char *text, size_t size);

#endif
