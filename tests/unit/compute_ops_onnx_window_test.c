/* ONNX's own cases of convolutions, pools, batch normalisation and LRN. */
#include "tests/unit/cunit_main.h"
#include "tests/unit/onnx_window_cases.h"

static void holds(void)
{
    op_case_check_all(onnx_window_cases, sizeof(onnx_window_cases) / sizeof(onnx_window_cases[0]));
}

const struct cunit_test tests[] = {
    {"ONNX's own cases of windows and normalisation hold", holds},
    {NULL, NULL},
};
