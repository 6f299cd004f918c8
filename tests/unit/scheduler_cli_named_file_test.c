/* Tests of scheduler/cli/named_file.c. */
#include "scheduler/cli/named_file.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>

static struct named_files files_of(struct text_list *arguments)
{
    struct named_files files;
    CU_ASSERT_EQUAL_FATAL(named_files_init(&files, arguments), 0);
    return files;
}

static void a_name_claims_its_own_file(void)
{
    const char *texts[] = {"b=2.npy", "a=b=1.npy", "3.npy"};
    struct text_list arguments = {.items = texts, .count = 3};
    struct named_files files = files_of(&arguments);
    CU_ASSERT_STRING_EQUAL(named_files_claim(&files, "a=b", false)->path, "1.npy");
    CU_ASSERT_STRING_EQUAL(named_files_claim(&files, "b", true)->path, "2.npy");
    CU_ASSERT_PTR_NULL(named_files_claim(&files, "c", false));
    CU_ASSERT_STRING_EQUAL(named_files_unclaimed(&files)->text, "3.npy");
    named_files_fini(&files);
}

static void a_file_without_a_name_is_for_the_only_tensor(void)
{
    const char *texts[] = {"folder/x.npy"};
    struct text_list arguments = {.items = texts, .count = 1};
    struct named_files files = files_of(&arguments);
    CU_ASSERT_PTR_NULL(named_files_claim(&files, "x", false));
    CU_ASSERT_STRING_EQUAL(named_files_claim(&files, "x", true)->path, "folder/x.npy");
    CU_ASSERT_PTR_NULL(named_files_unclaimed(&files));
    named_files_fini(&files);
}

static void a_wrong_name_is_not_taken_for_a_path(void)
{
    const char *texts[] = {"y=x.npy"};
    struct text_list arguments = {.items = texts, .count = 1};
    struct named_files files = files_of(&arguments);
    CU_ASSERT_PTR_NULL(named_files_claim(&files, "x", true));
    CU_ASSERT_PTR_NOT_NULL(named_files_unclaimed(&files));
    named_files_fini(&files);
}

static void a_file_that_is_not_there_cannot_be_read(void)
{
    const char *texts[] = {"x=/no/such/file.npy"};
    struct text_list arguments = {.items = texts, .count = 1};
    struct named_files files = files_of(&arguments);
    struct npy_error error = {{0}};
    CU_ASSERT_EQUAL(named_file_read(named_files_claim(&files, "x", false), &error), -ENOENT);
    CU_ASSERT_NOT_EQUAL(error.text[0], '\0');
    named_files_fini(&files);
}

const struct cunit_test tests[] = {
    {"a name claims its own file", a_name_claims_its_own_file},
    {"a file without a name is for the only tensor", a_file_without_a_name_is_for_the_only_tensor},
    {"a wrong name is not taken for a path", a_wrong_name_is_not_taken_for_a_path},
    {"a file that is not there cannot be read", a_file_that_is_not_there_cannot_be_read},
    {NULL, NULL},
};
