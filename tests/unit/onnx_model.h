/* Builds ONNX models in memory for tests, with the same schema that the loader reads.
 *
 *     struct onnx_model *model = onnx_model_create(13);
 *     onnx_model_input(model, "x", TENSOR_F32, 2, (int64_t[]){-1, 3});
 *     onnx_model_int(model, onnx_model_node(model, "Flatten", "x", "y"), "axis", 1);
 *     onnx_model_output(model, "y");
 *     bytes = onnx_model_pack(model, &size);
 *
 * The protobuf-c structs are open, so that a test can break what it wants. Everything made here,
 * packed bytes included, lives until onnx_model_destroy. Out of memory aborts. */
#ifndef TESTS_UNIT_ONNX_MODEL_H
#define TESTS_UNIT_ONNX_MODEL_H

#include "compute/tensor/tensor.h"
#include "onnx.pb-c.h"

struct onnx_model {
    Onnx__ModelProto model;
    Onnx__GraphProto graph;
    void **memory;
    size_t memory_count;
};

/* IR version 8 with this opset of ONNX's domain; no opset import for 0. */
struct onnx_model *onnx_model_create(int64_t opset);
void onnx_model_destroy(struct onnx_model *model);

/* Zeroed memory, and a copy of text, that live as long as the model. */
void *onnx_model_take(struct onnx_model *model, size_t bytes);
char *onnx_model_text(struct onnx_model *model, const char *text);

void onnx_model_opset(struct onnx_model *model, const char *domain, int64_t version);

/* A dimension of -1 is the symbol "N". type is ONNX's number: also those this engine lacks. */
Onnx__ValueInfoProto *onnx_model_input(struct onnx_model *model, const char *name, int32_t type,
                                       size_t rank, const int64_t *dims);
void onnx_model_output(struct onnx_model *model, const char *name);

/* An initializer with raw data of that many bytes (copied); none if data is NULL. */
Onnx__TensorProto *onnx_model_constant(struct onnx_model *model, const char *name, int32_t type,
                                       size_t rank, const int64_t *dims, const void *data,
                                       size_t bytes);
/* The same without adding it to the graph, for attributes. */
Onnx__TensorProto *onnx_model_tensor(struct onnx_model *model, const char *name, int32_t type,
                                     size_t rank, const int64_t *dims, const void *data,
                                     size_t bytes);
/* Makes tensor refer to a file; offset and length may be NULL. */
void onnx_model_external(struct onnx_model *model, Onnx__TensorProto *tensor, const char *location,
                         const char *offset, const char *length);

/* Inputs and outputs are names separated by blanks; "-" is one left out. */
Onnx__NodeProto *onnx_model_node(struct onnx_model *model, const char *op_type, const char *inputs,
                                 const char *outputs);
Onnx__AttributeProto *onnx_model_attribute(struct onnx_model *model, Onnx__NodeProto *node,
                                           const char *name,
                                           Onnx__AttributeProto__AttributeType type);
void onnx_model_int(struct onnx_model *model, Onnx__NodeProto *node, const char *name, int64_t i);
void onnx_model_float(struct onnx_model *model, Onnx__NodeProto *node, const char *name, float f);
void onnx_model_string(struct onnx_model *model, Onnx__NodeProto *node, const char *name,
                       const char *text);
void onnx_model_ints(struct onnx_model *model, Onnx__NodeProto *node, const char *name,
                     size_t count, const int64_t *ints);

/* The model as the bytes of a file. */
uint8_t *onnx_model_pack(struct onnx_model *model, size_t *size);

#endif
