/* Lists of axes, sizes or steps that are an attribute in early opsets and an input in later ones.
 */
#ifndef COMPUTE_OPS_LIST_H
#define COMPUTE_OPS_LIST_H

#include "compute/ops/op.h"

enum { LIST_MAX = 2 * TENSOR_MAX_RANK };

struct list {
    bool is_given; /* an empty list may be given too */
    size_t count;
    int64_t numbers[LIST_MAX];
};

/* Reads input i where it is present, otherwise the attribute; neither is not an error. */
int list_read(const struct op_call *call, uint32_t i, const char *attribute, struct list *list);

/* The list as a set of axes of this rank, bit d for axis d; an axis given twice is an error. */
int list_axes(const struct op_call *call, const struct list *list, uint32_t rank, uint32_t *mask);

#endif
