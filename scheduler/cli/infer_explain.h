/* Why a call of `joint infer` was split as it was: taken from the client, printed later. */
#ifndef SCHEDULER_CLI_INFER_EXPLAIN_H
#define SCHEDULER_CLI_INFER_EXPLAIN_H

#include "scheduler/client/joint.h"

#include <jansson.h>

struct infer_explanation {
    struct joint_explanation why;
    uint32_t count; /* 0: no call was planned */
    struct joint_candidate *candidates; /* [count], the best first */
};

/* Of the last call. An exit status, with an error line unless it is COMMAND_DONE. */
int infer_explanation_take(struct infer_explanation *taken, struct joint *joint);
void infer_explanation_fini(struct infer_explanation *taken);

/* For people: a few lines and a table. An exit status. */
int infer_explanation_print(const struct infer_explanation *taken);
json_t *infer_explanation_json(const struct infer_explanation *taken); /* null: none */

/* "0-21" or "device". */
const char *infer_range_text(uint32_t from, uint32_t to, char *text, size_t room);

#endif
