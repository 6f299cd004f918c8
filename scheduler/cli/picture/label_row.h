/* Places labels side by side: each as near as it can be to where it belongs, none over another. */
#ifndef SCHEDULER_CLI_PICTURE_LABEL_ROW_H
#define SCHEDULER_CLI_PICTURE_LABEL_ROW_H

#include <stdbool.h>
#include <stddef.h>

struct label {
    double wanted, width; /* its middle; the gap to the next one counts as width */
    double weight; /* where there is no room for all, the least go first */
    double placed; /* its middle, once it is_placed */
    bool is_placed;
};

/* Labels come ordered by wanted. Within [low, high]; the squares of the ways moved sum to the
 * least. 0 or -ENOMEM. */
int label_row_place(struct label *labels, size_t count, double low, double high);

#endif
