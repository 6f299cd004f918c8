/* The list of all operators: one table for each family's file, each ended by a NULL type. */
#include "compute/ops/op.h"

#include <string.h>

/* One line per family here, and one in the list; each table stands in FAMILY.c. */
extern const struct op op_arg[];
extern const struct op op_batch_norm[];
extern const struct op op_binary[];
extern const struct op op_cast[];
extern const struct op op_clip[];
extern const struct op op_concat[];
extern const struct op op_constant[];
extern const struct op op_conv[];
extern const struct op op_conv_transpose[];
extern const struct op op_gather[];
extern const struct op op_global_pool[];
extern const struct op op_gru[];
extern const struct op op_instance_norm[];
extern const struct op op_layer_norm[];
extern const struct op op_lrn[];
extern const struct op op_lstm[];
extern const struct op op_matmul[];
extern const struct op op_mean_variance[];
extern const struct op op_move[];
extern const struct op op_pad[];
extern const struct op op_pool_average[];
extern const struct op op_pool_max[];
extern const struct op op_reduce[];
extern const struct op op_resize[];
extern const struct op op_rnn[];
extern const struct op op_slice[];
extern const struct op op_softmax[];
extern const struct op op_unary[];
extern const struct op op_variadic[];
extern const struct op op_view[];

/* One line each, so that two additions merge. */
// clang-format off
static const struct op *const families[] = {
    op_arg,
    op_batch_norm,
    op_binary,
    op_cast,
    op_clip,
    op_concat,
    op_constant,
    op_conv,
    op_conv_transpose,
    op_gather,
    op_global_pool,
    op_gru,
    op_instance_norm,
    op_layer_norm,
    op_lrn,
    op_lstm,
    op_matmul,
    op_mean_variance,
    op_move,
    op_pad,
    op_pool_average,
    op_pool_max,
    op_reduce,
    op_resize,
    op_rnn,
    op_slice,
    op_softmax,
    op_unary,
    op_variadic,
    op_view,
    NULL,
};
// clang-format on

const struct op *op_find(const char *domain, const char *type, int64_t opset)
{
    if (opset < 1)
        return NULL;
    if (strcmp(domain, "ai.onnx") == 0)
        domain = "";
    for (size_t i = 0; families[i]; i++)
        for (const struct op *op = families[i]; op->type; op++)
            if (strcmp(op->type, type) == 0 && strcmp(op->domain, domain) == 0)
                return op;
    return NULL;
}
