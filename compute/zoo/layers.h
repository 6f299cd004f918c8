/* The layers that the zoo's networks are made of; each returns its output. */
#ifndef COMPUTE_ZOO_LAYERS_H
#define COMPUTE_ZOO_LAYERS_H

#include "compute/zoo/builder.h"

/* Of every spatial dimension alike. Zero means 1 for stride and groups. */
struct zoo_convolution {
    uint32_t channels, kernel, stride, pad, groups;
    uint32_t output_pad; /* zoo_add_conv_transpose only */
    bool has_no_bias;
};

struct zoo_pool {
    uint32_t kernel, stride, pad;
    bool rounds_up; /* a last window may hang over the edge */
};

/* The network's only input; dims include the batch. */
const struct zoo_value *zoo_add_input(struct zoo_builder *builder, const char *name, uint32_t rank,
                                      const int64_t dims[]);
/* The common case: N x 3 x size x size. */
const struct zoo_value *zoo_add_image(struct zoo_builder *builder, uint32_t published_size);
/* Says which value the network gives back. */
void zoo_set_output(struct zoo_builder *builder, const struct zoo_value *value);

const struct zoo_value *zoo_add_conv(struct zoo_builder *builder, const char *name,
                                     const struct zoo_value *x, struct zoo_convolution shape);
const struct zoo_value *zoo_add_conv_transpose(struct zoo_builder *builder, const char *name,
                                               const struct zoo_value *x,
                                               struct zoo_convolution shape);
/* Gemm with weights as outputs x inputs; x is N x inputs. */
const struct zoo_value *zoo_add_dense(struct zoo_builder *builder, const char *name,
                                      const struct zoo_value *x, uint32_t outputs);
/* The same for x of more dimensions: MatMul, then Add of the bias under name + "_bias". */
const struct zoo_value *zoo_add_matmul(struct zoo_builder *builder, const char *name,
                                       const struct zoo_value *x, uint32_t outputs);
/* Vanilla RNN in both directions, which share input weights and bias; activation
 * min(max(z, 0), clip); x is T x N x inputs, the output T x 2 x N x hidden. */
const struct zoo_value *zoo_add_bidirectional_rnn(struct zoo_builder *builder, const char *name,
                                                  const struct zoo_value *x, uint32_t hidden,
                                                  float clip);

const struct zoo_value *zoo_add_batch_norm(struct zoo_builder *builder, const char *name,
                                           const struct zoo_value *x);
/* alpha as ONNX means it: divided by size. */
const struct zoo_value *zoo_add_lrn(struct zoo_builder *builder, const char *name,
                                    const struct zoo_value *x, uint32_t size, float alpha,
                                    float beta, float bias);
const struct zoo_value *zoo_add_relu(struct zoo_builder *builder, const char *name,
                                     const struct zoo_value *x);
const struct zoo_value *zoo_add_leaky_relu(struct zoo_builder *builder, const char *name,
                                           const struct zoo_value *x, float slope);
/* min(max(x, 0), most): ReLU6 and the clipped ReLU of Deep Speech. */
const struct zoo_value *zoo_add_clipped_relu(struct zoo_builder *builder, const char *name,
                                             const struct zoo_value *x, float most);
const struct zoo_value *zoo_add_tanh(struct zoo_builder *builder, const char *name,
                                     const struct zoo_value *x);
/* Over the last dimension. */
const struct zoo_value *zoo_add_softmax(struct zoo_builder *builder, const char *name,
                                        const struct zoo_value *x);
const struct zoo_value *zoo_add_sum(struct zoo_builder *builder, const char *name,
                                    const struct zoo_value *a, const struct zoo_value *b);

const struct zoo_value *zoo_add_max_pool(struct zoo_builder *builder, const char *name,
                                         const struct zoo_value *x, struct zoo_pool shape);
const struct zoo_value *zoo_add_average_pool(struct zoo_builder *builder, const char *name,
                                             const struct zoo_value *x, struct zoo_pool shape);
const struct zoo_value *zoo_add_global_average_pool(struct zoo_builder *builder, const char *name,
                                                    const struct zoo_value *x);

/* Along dimension 1. */
const struct zoo_value *zoo_add_concat(struct zoo_builder *builder, const char *name,
                                       uint32_t count, const struct zoo_value *const parts[]);
/* Along dimension 1; parts[i] has sizes[i] and is called names[i]. */
void zoo_add_split(struct zoo_builder *builder, const char *name, const struct zoo_value *x,
                   uint32_t count, const char *const names[], const int64_t sizes[],
                   const struct zoo_value *parts[]);
/* To N x everything else. */
const struct zoo_value *zoo_add_flatten(struct zoo_builder *builder, const char *name,
                                        const struct zoo_value *x);
/* dims without the batch. */
const struct zoo_value *zoo_add_reshape(struct zoo_builder *builder, const char *name,
                                        const struct zoo_value *x, uint32_t rank,
                                        const int64_t dims[]);
const struct zoo_value *zoo_add_transpose(struct zoo_builder *builder, const char *name,
                                          const struct zoo_value *x, const int64_t order[]);
/* Sums over one dimension, which goes away. */
const struct zoo_value *zoo_add_reduce_sum(struct zoo_builder *builder, const char *name,
                                           const struct zoo_value *x, uint32_t dimension);

#endif
