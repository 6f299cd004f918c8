/* Weights that stand in files beside the model: mapped, and never outside the model's folder. */
#ifndef COMPUTE_ONNX_ONNX_EXTERNAL_H
#define COMPUTE_ONNX_ONNX_EXTERNAL_H

#include "compute/onnx/onnx_reader.h"

/* What a TensorProto's external_data says, as text; NULL where it says nothing. */
struct onnx_external {
    const char *location, *offset, *length;
};

/* Finds the tensor's bytes; the mapping belongs to the graph. what names the tensor in errors.
 * 0 or negative errno with an error. */
int onnx_external_find(struct onnx_reader *reader, const struct onnx_external *external,
                       size_t needed_bytes, const char *what, struct onnx_slice *bytes);

#endif
