/* Fuzz target: two bytes are how many bytes follow the JSON, the others are the JSON of an
 * inference request. What is JSON and what not is compared with jansson; a plan that is made keeps
 * to its message, its answer and the model. */
#include "tests/fuzz/fuzz.h"
#include "tests/unit/infer_case.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void check(bool is_true)
{
    if (!is_true)
        abort();
}

/* Jansson refuses numbers that no double or long long holds, and NUL in keys; nests deeper; and
 * takes a zero byte after a number for nothing. */
static void compare(const char *text, size_t size, bool is_json, const struct json_fault *fault)
{
    json_error_t error;
    if (memchr(text, 0, size)) {
        check(!is_json);
        return;
    }
    json_t *tree = json_loadb(text, size, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    if (tree)
        check(is_json || strcmp(fault->what, "nested too deeply") == 0);
    else
        check(!is_json || json_error_code(&error) == json_error_numeric_overflow ||
              json_error_code(&error) == json_error_null_byte_in_key);
    json_decref(tree);
}

/* Every byte of the message is one piece's. */
static void check_pieces(const struct infer_plan *plan, uint64_t binary_bytes)
{
    uint64_t sum = 0, binary = 0;
    for (uint32_t i = 0; i < plan->piece_count; i++) {
        const struct infer_piece *piece = &plan->pieces[i];
        check(piece->offset <= plan->bytes && piece->bytes <= plan->bytes - piece->offset);
        sum += piece->bytes;
        binary += piece->is_binary ? piece->bytes : 0;
        for (uint32_t k = 0; k < i; k++)
            check(plan->pieces[k].offset >= piece->offset + piece->bytes ||
                  piece->offset >= plan->pieces[k].offset + plan->pieces[k].bytes);
    }
    check(sum == plan->bytes && binary == binary_bytes);
}

static void check_results(const struct infer_plan *plan)
{
    check(plan->result_count > 0);
    for (uint32_t i = 0; i < plan->result_count; i++) {
        const struct infer_result *result = &plan->results[i];
        check(result->tensor < infer_case_table.tensor_count && result->bytes > 0);
        check(result->offset <= plan->answer_bytes &&
              result->bytes <= plan->answer_bytes - result->offset);
    }
}

static void read_numbers(const struct infer_plan *plan)
{
    unsigned char *message = malloc(plan->bytes);
    check(message != NULL);
    for (uint32_t i = 0; i < plan->piece_count; i++) {
        const struct infer_piece *piece = &plan->pieces[i];
        const size_t wanted = piece->bytes / sizeof(float);
        if (piece->is_binary)
            continue;
        float *numbers = (void *)(message + piece->offset);
        if (json_reader_floats(piece->data, numbers, wanted) != wanted)
            continue;
        for (size_t k = 0; k < wanted; k++)
            check(isfinite(numbers[k]));
    }
    free(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct infer_words words;
    static struct infer_plan plan;
    struct infer_fault fault = {0};
    struct json_fault json;
    if (size < 2)
        return 0;
    const uint64_t binary_bytes = (uint64_t)data[0] | (uint64_t)data[1] << 8;
    const size_t text_bytes = size - 2;
    char *text = malloc(text_bytes ? text_bytes : 1); /* so that a byte beyond it is seen */
    check(text != NULL);
    memcpy(text, data + 2, text_bytes);
    compare(text, text_bytes, json_reader_check(text, text_bytes, &json), &json);
    if (!infer_words_read(&words, text, text_bytes, &fault) ||
        !infer_plan_make(&plan, &words, &infer_case_table, &infer_case_limits, binary_bytes,
                         &fault)) {
        check(fault.status == 400 || fault.status == 404 || fault.status == 413);
        check(fault.reason && fault.what[0] && !strchr(fault.what, '\n'));
    } else {
        check(plan.from < plan.to && plan.to < infer_case_table.cut_count && plan.rows > 0);
        check(plan.bytes <= INFER_CASE_MAX_BYTES && plan.answer_bytes <= INFER_CASE_MAX_BYTES);
        check(plan.class_index < infer_case_limits.class_count && plan.encoding <= 1 &&
              plan.answer_encoding <= 1);
        check_pieces(&plan, binary_bytes);
        check_results(&plan);
        read_numbers(&plan);
    }
    free(text);
    return 0;
}
