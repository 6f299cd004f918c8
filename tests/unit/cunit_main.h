/* Each test program defines tests[]; cunit_main.c runs them. A test's name is the sentence it
 * proves. */
#ifndef TESTS_UNIT_CUNIT_MAIN_H
#define TESTS_UNIT_CUNIT_MAIN_H

#include <CUnit/CUnit.h>

struct cunit_test {
    const char *name;
    void (*run)(void);
};

extern const struct cunit_test tests[]; /* ends with {NULL, NULL} */

#endif
