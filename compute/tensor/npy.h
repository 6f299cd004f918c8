/* NumPy's .npy files: one dense tensor with its type and shape.
 *
 * Reads versions 1.0, 2.0 and 3.0 of the format with elements <f4, <i4, <i8, |u1 and |b1, in C or
 * Fortran order (converted to C order); writes version 1.0. Everything else, and a file whose data
 * is shorter or longer than its shape says, is an error. Memory is bounded by the file's size. */
#ifndef COMPUTE_TENSOR_NPY_H
#define COMPUTE_TENSOR_NPY_H

#include "compute/tensor/tensor.h"

/* A tensor that owns its elements (aligned to 64 bytes). */
struct npy {
    struct tensor tensor;
};

/* What went wrong, in one line: what, where, what to do. */
struct npy_error {
    char text[1024];
};

/* Reads the file at path. 0, or a negative errno with error (may be NULL) filled and *npy zeroed.
 */
int npy_read(const char *path, struct npy *npy, struct npy_error *error);

/* The same from memory, which is copied; name stands for the file in errors. */
int npy_parse(const char *name, const void *bytes, size_t size, struct npy *npy,
              struct npy_error *error);

/* Writes tensor to path: into a new file beside it that replaces path when it is complete, so that
 * a reader never sees half a file. 0, or a negative errno with error (may be NULL) filled. */
int npy_write(const char *path, const struct tensor *tensor, struct npy_error *error);

/* Frees the elements. Accepts NULL and a zeroed npy. */
void npy_fini(struct npy *npy);

#endif
