/* Reads a TensorProto: a constant's type, shape and elements, in place where that is possible. */
#ifndef COMPUTE_ONNX_ONNX_TENSOR_H
#define COMPUTE_ONNX_ONNX_TENSOR_H

#include "compute/onnx/onnx_reader.h"

/* Reads message into *tensor; its name, borrowed from the graph, into *name ("" for none). what
 * names the tensor in errors; NULL: it is the initializer with its own name. 0 or negative errno
 * with an error. */
int onnx_tensor_read(struct onnx_reader *reader, struct onnx_slice message, const char *what,
                     struct tensor *tensor, char **name);

/* ONNX's spelling of an element type, also of those that this engine does not have. */
const char *onnx_type_name(int32_t type);

/* True for the element types that this engine has. */
bool onnx_type_is_known(int32_t type);

#endif
