/* Elementwise functions of two tensors, as loops over one run of elements. */
#ifndef COMPUTE_OPS_BINARY_H
#define COMPUTE_OPS_BINARY_H

#include "compute/tensor/tensor.h"

/* z[i] = f(x[i * x_step], y[i * y_step]) for i < n; steps are 0 or 1; z may be x or y. */
typedef void binary_loop(const void *x, size_t x_step, const void *y, size_t y_step, void *z,
                         size_t n);

/* The loop of an operator ("Add") for inputs of this type, or NULL. */
binary_loop *binary_loop_find(const char *op_type, enum tensor_type type);

/* Pow's loop: the exponent's type may differ from the base's. */
binary_loop *binary_loop_pow(enum tensor_type base, enum tensor_type exponent);

#endif
