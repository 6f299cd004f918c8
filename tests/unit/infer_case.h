/* A model's table in the test's own memory, for what inference over HTTP compares requests with.
 *
 *   cut 0 input   input f32 [1,2,3]               cut 3 flat   flat f32 [5], its rows are one
 *   cut 1 two     a f32 [1,4], b f32 [1,2,1]      cut 4 prob   prob f32 [1,3]
 *   cut 2 mixed   c f32 [1,2], n 8 bytes [1,1] */
#ifndef TESTS_UNIT_INFER_CASE_H
#define TESTS_UNIT_INFER_CASE_H

#include "scheduler/api/infer_plan.h"

#define INFER_CASE_MAX_BYTES 4096u

static const struct model_table_shared infer_case_shared = {.cut_count = 5, .tensor_count = 7};
static const struct model_tensor infer_case_tensors[] = {
    {.name = "input", .bytes = 24, .elements = 6, .dims = {1, 2, 3}, .rank = 3, .is_f32 = 1},
    {.name = "a", .bytes = 16, .elements = 4, .dims = {1, 4}, .rank = 2, .is_f32 = 1},
    {.name = "b", .bytes = 8, .elements = 2, .dims = {1, 2, 1}, .rank = 3, .is_f32 = 1},
    {.name = "c", .bytes = 8, .elements = 2, .dims = {1, 2}, .rank = 2, .is_f32 = 1},
    {.name = "n", .bytes = 8, .elements = 1, .dims = {1, 1}, .rank = 2},
    {.name = "flat", .bytes = 20, .elements = 5, .dims = {5}, .rank = 1, .is_f32 = 1},
    {.name = "prob", .bytes = 12, .elements = 3, .dims = {1, 3}, .rank = 2, .is_f32 = 1},
};
#define INFER_CASE_CUT(label, bytes, count, at, tensors, rows, f32)                                \
    {                                                                                              \
        .name = label, .row_bytes = bytes, .row_elements = count, .first_tensor = at,              \
        .tensor_count = tensors, .has_rows = rows, .is_f32 = f32                                   \
    }
static const struct model_cut infer_case_cuts[] = {
    INFER_CASE_CUT("input", 24, 6, 0, 1, 1, 1), INFER_CASE_CUT("two", 24, 6, 1, 2, 1, 1),
    INFER_CASE_CUT("mixed", 16, 3, 3, 2, 1, 0), INFER_CASE_CUT("flat", 20, 5, 5, 1, 0, 1),
    INFER_CASE_CUT("prob", 12, 3, 6, 1, 1, 1),
};
static const struct model_table infer_case_table = {.shared = &infer_case_shared,
                                                    .cuts = infer_case_cuts,
                                                    .tensors = infer_case_tensors,
                                                    .cut_count = 5,
                                                    .tensor_count = 7};
static const char infer_case_classes[2][API_NAME_BYTES] = {"fast", "batch"};
static const struct infer_limits infer_case_limits = {.max_bytes = INFER_CASE_MAX_BYTES,
                                                      .max_answer_bytes = INFER_CASE_MAX_BYTES,
                                                      .class_name = infer_case_classes,
                                                      .class_count = 2};

#endif
