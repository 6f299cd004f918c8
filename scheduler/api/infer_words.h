/* What the JSON of an inference request says (Open Inference Protocol v2), before any model is
 * asked whether that can be. Pure. */
#ifndef SCHEDULER_API_INFER_WORDS_H
#define SCHEDULER_API_INFER_WORDS_H

#include "scheduler/api/infer_fault.h"
#include "scheduler/api/json_reader.h"

#define INFER_MAX_TENSORS 64u /* each way */
#define INFER_MAX_RANK 9u

enum infer_choice { INFER_UNSAID, INFER_NO, INFER_YES };

struct infer_input {
    struct json_value name, datatype; /* strings */
    int64_t shape[INFER_MAX_RANK];
    uint32_t rank;
    bool is_binary; /* its bytes follow the JSON; else data holds them */
    uint64_t binary_bytes;
    struct json_value data;
};

struct infer_output {
    struct json_value name; /* a string */
    struct json_value datatype; /* a string, or nothing */
    enum infer_choice is_binary;
};

/* All values point into the text. */
struct infer_words {
    struct json_value id; /* a string, or nothing */
    struct json_value from, to, class, client, deadline; /* any values, or nothing */
    enum infer_choice are_binary; /* of outputs that do not say */
    struct infer_input inputs[INFER_MAX_TENSORS];
    uint32_t input_count;
    struct infer_output outputs[INFER_MAX_TENSORS];
    uint32_t output_count; /* 0: all, as they come */
};

/* False: `fault` says why; it is a fault of the request (400). */
bool infer_words_read(struct infer_words *words, const char *text, size_t size,
                      struct infer_fault *fault);

#endif
