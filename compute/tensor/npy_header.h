/* The header of a .npy file: magic, version and a Python dictionary in text. */
#ifndef COMPUTE_TENSOR_NPY_HEADER_H
#define COMPUTE_TENSOR_NPY_HEADER_H

#include "compute/tensor/npy.h"

#define NPY_PREFIX_BYTES 12 /* magic, version and the longest form of the header's length */

/* No honest header comes near this; numpy itself refuses more than 10,000 bytes. */
#define NPY_HEADER_MAX_BYTES 65536

struct npy_header {
    enum tensor_type type;
    struct shape shape;
    bool is_fortran_order;
};

/* Where the header's text begins and how long it is, from the first size bytes of the file.
 * 0 or -EINVAL with what is wrong in error. */
int npy_header_span(const uint8_t *bytes, size_t size, size_t *offset, size_t *length,
                    struct npy_error *error);

/* Parses the text. 0 or -EINVAL with what is wrong in error. */
int npy_header_parse(const char *text, size_t length, struct npy_header *header,
                     struct npy_error *error);

/* Writes magic, version 1.0 and the dictionary, padded to a multiple of 64 bytes; returns the
 * number of bytes, at most 256. */
size_t npy_header_print(const struct tensor *tensor, char text[256]);

/* Writes the line (printf) into error, which may be NULL; returns code. */
int npy_fail(struct npy_error *error, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
