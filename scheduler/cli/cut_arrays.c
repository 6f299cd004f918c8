/* Takes memory for a cut's tensors and points at their rows. */
#include "scheduler/cli/cut_arrays.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int take_array(const struct engine_tensor *tensor, uint32_t row_count, void **array)
{
    size_t bytes;
    if (__builtin_mul_overflow(tensor->bytes, tensor->batch_axis < 0 ? 1 : row_count, &bytes) ||
        bytes > SIZE_MAX - 64)
        return -EOVERFLOW;
    bytes = (bytes + 64) & ~(size_t)63;
    *array = aligned_alloc(64, bytes);
    if (!*array)
        return -ENOMEM;
    memset(*array, 0, bytes);
    return 0;
}

int cut_arrays_init(struct cut_arrays *arrays, const struct engine_cut *cut, uint32_t row_count,
                    void *const *given)
{
    *arrays = (struct cut_arrays){.cut = cut, .row_count = row_count, .is_owner = !given};
    arrays->arrays = calloc(cut->tensor_count + 1u, sizeof(*arrays->arrays));
    arrays->rows = calloc(cut->tensor_count + 1u, sizeof(*arrays->rows));
    int err = arrays->arrays && arrays->rows ? 0 : -ENOMEM;
    for (uint32_t i = 0; !err && i < cut->tensor_count; i++) {
        const struct engine_tensor *tensor = &cut->tensors[i];
        if (given)
            arrays->arrays[i] = given[i];
        else
            err = take_array(tensor, row_count, &arrays->arrays[i]);
        if (!err)
            err = rows_init(&arrays->rows[i], tensor, row_count, arrays->arrays[i]);
    }
    if (err)
        cut_arrays_fini(arrays);
    return err;
}

void cut_arrays_fini(struct cut_arrays *arrays)
{
    if (!arrays)
        return;
    for (uint32_t i = 0; arrays->cut && i < arrays->cut->tensor_count; i++) {
        if (arrays->rows)
            rows_fini(&arrays->rows[i]);
        if (arrays->is_owner && arrays->arrays)
            free(arrays->arrays[i]);
    }
    free(arrays->rows);
    free(arrays->arrays);
    *arrays = (struct cut_arrays){0};
}

void cut_arrays_point(const struct cut_arrays *arrays, uint32_t first, uint32_t count,
                      void **pointers)
{
    for (uint32_t i = 0; i < arrays->cut->tensor_count; i++)
        for (uint32_t row = 0; row < count; row++)
            pointers[(size_t)i * count + row] = rows_at(&arrays->rows[i], first + row);
}
