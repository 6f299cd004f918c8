/* What infer leaves for the plan about MaxPool, AveragePool and LpPool. */
#ifndef COMPUTE_OPS_POOL_H
#define COMPUTE_OPS_POOL_H

#include "compute/ops/window.h"

/* call->params of the three. */
struct pool_params {
    struct window window;
    bool ceil_mode;
    bool count_include_pad; /* AveragePool: padding counts, but not what ceil_mode adds after it */
    bool column_major; /* MaxPool: storage_order of Indices */
    int64_t p; /* LpPool */
};

/* Rows of the output along the last axis, and the rows of the input that they cover. */
struct pool_row {
    const struct pool_params *params;
    const int64_t *in_dims, *out_dims; /* spatial */
    size_t plane; /* batch * channels + channel */
    int64_t at[WINDOW_MAX_RANK]; /* the row's coordinates; the last is 0 */
    int64_t first[WINDOW_MAX_RANK],
        last[WINDOW_MAX_RANK]; /* taps inside the input, but last axis */
    int64_t tap[WINDOW_MAX_RANK]; /* the next tap */
    bool is_done;
};

/* Reads the attributes and sets the output's shape; shared by the three. */
int pool_infer_window(struct op_call *call, uint32_t types);

/* Row number of the output; then each row of the input under it, as an element offset within the
 * plane; false when there is none left. */
void pool_row_init(struct pool_row *row, const struct op_call *call, size_t number);
bool pool_row_next(struct pool_row *row, size_t *offset);
/* Rows of the whole output. */
size_t pool_row_count(const struct op_call *call);

extern const struct op op_pool_max[];
extern const struct op op_pool_average[];

#endif
