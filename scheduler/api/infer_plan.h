/* What is to be done for an inference request: its words compared with the model's table, so that
 * each tensor has its place in the message (dataplane/PROTOCOL.md). Pure. */
#ifndef SCHEDULER_API_INFER_PLAN_H
#define SCHEDULER_API_INFER_PLAN_H

#include "scheduler/api/infer_words.h"
#include "shm/api_setup.h"
#include "shm/model_table.h"

#define INFER_MAX_DEADLINE_US UINT64_C(3600000000) /* an hour */

/* A tensor's bytes in the message that goes in. */
struct infer_piece {
    bool is_binary;
    struct json_value data; /* unless is_binary */
    uint64_t offset, bytes;
};

/* A tensor of the answer. */
struct infer_result {
    bool is_binary;
    uint32_t tensor; /* of the model's table */
    uint64_t offset, bytes; /* in the answer */
};

struct infer_plan {
    uint16_t from, to, rows;
    uint8_t encoding, answer_encoding; /* as in ingress.h: 0 or 1 */
    uint8_t class_index;
    bool has_client;
    uint64_t client;
    uint64_t deadline_us; /* 0: it says none */
    uint64_t bytes, answer_bytes; /* of the whole messages */
    struct infer_piece pieces[INFER_MAX_TENSORS]; /* in the order in which their bytes come */
    uint32_t piece_count;
    struct infer_result results[INFER_MAX_TENSORS]; /* in the order asked for */
    uint32_t result_count;
};

struct infer_limits {
    uint64_t max_bytes, max_answer_bytes; /* of a message */
    const char (*class_name)[API_NAME_BYTES]; /* [class_count] */
    uint32_t class_count;
};

/* binary_bytes: how many follow the JSON. False: `fault` says why: 400, 404 for a cut that is none,
 * 413 for what is too large. */
bool infer_plan_make(struct infer_plan *plan, const struct infer_words *words,
                     const struct model_table *table, const struct infer_limits *limits,
                     uint64_t binary_bytes, struct infer_fault *fault);

/* The word for a tensor's type in an answer of that encoding. */
const char *infer_plan_datatype(const struct model_tensor *tensor, uint8_t encoding);

#endif
