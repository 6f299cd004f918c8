/* Runs the tests[] of the program it is linked into; fails if one fails or none ran. */
#include "tests/unit/cunit_main.h"

#include <CUnit/Basic.h>

int main(void)
{
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 1;
    CU_pSuite suite = CU_add_suite("tests", NULL, NULL);
    for (const struct cunit_test *test = tests; suite && test->name; test++)
        if (!CU_add_test(suite, test->name, test->run))
            return 1;
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned run = CU_get_number_of_tests_run();
    unsigned failed = CU_get_number_of_tests_failed() + CU_get_number_of_suites_failed();
    CU_cleanup_registry();
    return run == 0 || failed > 0;
}
