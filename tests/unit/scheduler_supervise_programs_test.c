/* Tests of scheduler/supervise/programs.c, in folders of its own. */
#include "scheduler/supervise/programs.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WHY_BYTES 512

struct tree {
    char top[64];
};

static const char *const folders[] = {
    "bin",       "libexec",   "compute",          "compute/worker",
    "dataplane", "scheduler", "scheduler/jointd", "else"};
static const char *const files[] = {
    "bin/joint-worker",        "bin/joint-dataplane",         "libexec/joint-worker",
    "libexec/joint-dataplane", "compute/worker/joint-worker", "dataplane/joint-dataplane",
    "else/joint-worker",       "else/joint-dataplane"};

static void path_in(const struct tree *tree, const char *name, char *path, size_t bytes)
{
    snprintf(path, bytes, "%s/%s", tree->top, name);
}

static void tree_init(struct tree *tree)
{
    char path[256];
    snprintf(tree->top, sizeof(tree->top), "/tmp/joint-programs-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(tree->top));
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        path_in(tree, folders[i], path, sizeof(path));
        CU_ASSERT_EQUAL_FATAL(mkdir(path, 0700), 0);
    }
}

static void tree_fini(const struct tree *tree)
{
    char path[256];
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        path_in(tree, files[i], path, sizeof(path));
        unlink(path);
    }
    for (size_t i = sizeof(folders) / sizeof(folders[0]); i-- > 0;) {
        path_in(tree, folders[i], path, sizeof(path));
        rmdir(path);
    }
    CU_ASSERT_EQUAL(rmdir(tree->top), 0);
}

static void put(const struct tree *tree, const char *name, mode_t mode)
{
    char path[256];
    path_in(tree, name, path, sizeof(path));
    const int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, mode);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    close(fd);
}

static struct programs found;
static char why[WHY_BYTES];

static int find_from(const struct tree *tree, const char *here, const char *libexec)
{
    char path[256];
    path_in(tree, here, path, sizeof(path));
    why[0] = '\0';
    return programs_find_from(&found, path, libexec, why, sizeof(why));
}

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text);
    return length >= strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

static void an_installation_has_them_in_libexec(void)
{
    struct tree tree;
    tree_init(&tree);
    put(&tree, "libexec/joint-worker", 0700);
    put(&tree, "libexec/joint-dataplane", 0700);
    CU_ASSERT_EQUAL(find_from(&tree, "bin", NULL), 0);
    CU_ASSERT_TRUE(ends_with(found.worker, "/bin/../libexec/joint-worker"));
    CU_ASSERT_TRUE(ends_with(found.dataplane, "/bin/../libexec/joint-dataplane"));
    put(&tree, "bin/joint-worker", 0700);
    CU_ASSERT_EQUAL(find_from(&tree, "bin", ""), 0);
    CU_ASSERT_TRUE(ends_with(found.worker, "/bin/joint-worker"));
    CU_ASSERT_TRUE(ends_with(found.dataplane, "/bin/../libexec/joint-dataplane"));
    tree_fini(&tree);
}

static void a_build_tree_has_them_where_they_are_built(void)
{
    struct tree tree;
    tree_init(&tree);
    put(&tree, "compute/worker/joint-worker", 0700);
    put(&tree, "dataplane/joint-dataplane", 0700);
    CU_ASSERT_EQUAL(find_from(&tree, "scheduler/jointd", NULL), 0);
    CU_ASSERT_TRUE(ends_with(found.worker, "/scheduler/jointd/../../compute/worker/joint-worker"));
    CU_ASSERT_TRUE(ends_with(found.dataplane, "/scheduler/jointd/../../dataplane/joint-dataplane"));
    tree_fini(&tree);
}

static void the_variable_is_the_only_place_if_it_is_set(void)
{
    struct tree tree;
    tree_init(&tree);
    char path[128];
    path_in(&tree, "else", path, sizeof(path));
    put(&tree, "bin/joint-worker", 0700);
    put(&tree, "bin/joint-dataplane", 0700);
    put(&tree, "else/joint-worker", 0700);
    CU_ASSERT_EQUAL(find_from(&tree, "bin", path), -ENOENT);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "joint-dataplane: no such program in JOINT_LIBEXEC=/tmp/"));
    put(&tree, "else/joint-dataplane", 0700);
    CU_ASSERT_EQUAL(find_from(&tree, "bin", path), 0);
    CU_ASSERT_TRUE(ends_with(found.worker, "/else/joint-worker"));
    CU_ASSERT_TRUE(ends_with(found.dataplane, "/else/joint-dataplane"));
    tree_fini(&tree);
}

static void a_file_that_is_no_program_is_passed_over(void)
{
    struct tree tree;
    tree_init(&tree);
    put(&tree, "bin/joint-worker", 0600);
    put(&tree, "libexec/joint-worker", 0700);
    put(&tree, "libexec/joint-dataplane", 0700);
    CU_ASSERT_EQUAL(find_from(&tree, "bin", NULL), 0);
    CU_ASSERT_TRUE(ends_with(found.worker, "/bin/../libexec/joint-worker"));
    tree_fini(&tree);
}

const struct cunit_test tests[] = {
    {"an installation has them in libexec", an_installation_has_them_in_libexec},
    {"a build tree has them where they are built", a_build_tree_has_them_where_they_are_built},
    {"the variable is the only place if it is set", the_variable_is_the_only_place_if_it_is_set},
    {"a file that is no program is passed over", a_file_that_is_no_program_is_passed_over},
    {NULL, NULL},
};
