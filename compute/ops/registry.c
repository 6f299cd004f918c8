/* The list of all operators: one table for each family's file, each ended by a NULL type. */
#include "compute/ops/op.h"

#include <string.h>

/* One line per family here, and one in the list; each table stands in FAMILY.c. */
extern const struct op op_batch_norm[];
extern const struct op op_binary[];
extern const struct op op_clip[];
extern const struct op op_conv[];
extern const struct op op_conv_transpose[];
extern const struct op op_global_pool[];
extern const struct op op_lrn[];
extern const struct op op_pool_average[];
extern const struct op op_pool_max[];
extern const struct op op_unary[];
extern const struct op op_variadic[];

static const struct op *const families[] = {
    op_batch_norm, op_binary,       op_clip,     op_conv,  op_conv_transpose, op_global_pool,
    op_lrn,        op_pool_average, op_pool_max, op_unary, op_variadic,       NULL,
};

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
