/* Reads an AttributeProto into an attribute of a node. */
#ifndef COMPUTE_ONNX_ONNX_ATTRIBUTE_H
#define COMPUTE_ONNX_ONNX_ATTRIBUTE_H

#include "compute/onnx/onnx_reader.h"

/* Reads message into *attribute; node names the node in errors ("Conv node 'x'"). 0 or negative
 * errno with an error. */
int onnx_attribute_read(struct onnx_reader *reader, struct onnx_slice message, const char *node,
                        struct attribute *attribute);

#endif
