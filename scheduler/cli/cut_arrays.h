/* The arrays of all tensors of one cut, for a number of rows: what goes into a run or comes out. */
#ifndef SCHEDULER_CLI_CUT_ARRAYS_H
#define SCHEDULER_CLI_CUT_ARRAYS_H

#include "scheduler/cli/rows.h"

struct cut_arrays {
    const struct engine_cut *cut;
    uint32_t row_count;
    bool is_owner; /* of the arrays */
    void **arrays; /* one per tensor */
    struct rows *rows; /* one per tensor */
};

/* given: one array per tensor, borrowed; NULL: takes zeroed memory for them. 0, -ENOMEM or
 * -EOVERFLOW; a failed init leaves nothing to undo. */
int cut_arrays_init(struct cut_arrays *arrays, const struct engine_cut *cut, uint32_t row_count,
                    void *const *given);
void cut_arrays_fini(struct cut_arrays *arrays); /* accepts NULL and a zeroed object */

/* Fills pointers[tensor * count + i] for the rows first .. first + count, as engine_run wants it.
 */
void cut_arrays_point(const struct cut_arrays *arrays, uint32_t first, uint32_t count,
                      void **pointers);

#endif
