/* Reading lists from inputs or attributes. */
#include "compute/ops/list.h"

#include <inttypes.h>

int list_read(const struct op_call *call, uint32_t i, const char *attribute, struct list *list)
{
    *list = (struct list){0};
    if (op_input(call, i)) {
        list->is_given = true;
        return op_static_ints(call, i, list->numbers, LIST_MAX, &list->count);
    }
    const struct attribute *found = node_attribute(call->node, attribute);
    if (!found)
        return 0;
    if (found->kind != ATTRIBUTE_INTS)
        return op_fail(call, "attribute %s must be a list of integers", attribute);
    if (found->count > LIST_MAX)
        return op_fail(call, "attribute %s holds %zu numbers, at most %d make sense", attribute,
                       found->count, LIST_MAX);
    list->is_given = true;
    list->count = found->count;
    for (size_t n = 0; n < found->count; n++)
        list->numbers[n] = found->ints[n];
    return 0;
}

int list_axes(const struct op_call *call, const struct list *list, uint32_t rank, uint32_t *mask)
{
    *mask = 0;
    for (size_t n = 0; n < list->count; n++) {
        uint32_t axis;
        int rc = op_axis(call, list->numbers[n], rank, &axis);
        if (rc)
            return rc;
        if (*mask & 1u << axis)
            return op_fail(call, "axis %" PRIu32 " is given twice", axis);
        *mask |= 1u << axis;
    }
    return 0;
}
