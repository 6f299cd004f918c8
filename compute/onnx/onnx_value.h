/* Reads a graph's declared values: initializers, inputs and outputs. */
#ifndef COMPUTE_ONNX_ONNX_VALUE_H
#define COMPUTE_ONNX_ONNX_VALUE_H

#include "compute/onnx/onnx_reader.h"

/* Each adds what one TensorProto or ValueInfoProto states to the graph. Initializers come before
 * inputs: an input that is also an initializer is a constant with a default that nobody overrides.
 * 0 or negative errno with an error. */
int onnx_value_read_initializer(struct onnx_reader *reader, struct onnx_slice message);
int onnx_value_read_input(struct onnx_reader *reader, struct onnx_slice message);
int onnx_value_read_output(struct onnx_reader *reader, struct onnx_slice message);

#endif
