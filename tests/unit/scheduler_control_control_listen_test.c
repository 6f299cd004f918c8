/* Tests of scheduler/control/control_listen.c and control_path.c: where the socket lies, and whose.
 */
#include "scheduler/control/control_listen.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct place {
    char folder[64];
    char path[96];
};

static void place_init(struct place *place)
{
    snprintf(place->folder, sizeof(place->folder), "/tmp/joint-control-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(place->folder));
    snprintf(place->path, sizeof(place->path), "%s/edge.sock", place->folder);
}

static void place_fini(struct place *place)
{
    unlink(place->path);
    CU_ASSERT_EQUAL(rmdir(place->folder), 0);
}

static void places_follow_the_user(void)
{
    static const struct {
        struct control_user user;
        bool is_client;
        const char *places[3];
    } cases[] = {
        {{0, "/run/user/0"}, false, {"/run/joint/edge.sock"}},
        {{0, NULL}, true, {"/run/joint/edge.sock"}},
        {{7, "/run/user/7"}, false, {"/run/user/7/joint-edge.sock"}},
        {{7, "/run/user/7"}, true, {"/run/user/7/joint-edge.sock", "/run/joint/edge.sock"}},
        {{7, NULL}, false, {"/tmp/joint-7/edge.sock"}},
        {{7, ""}, true, {"/tmp/joint-7/edge.sock", "/run/joint/edge.sock"}},
    };
    char path[CONTROL_PATH_BYTES];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (unsigned j = 0; j < 3; j++) {
            const int error = control_path(path, "edge", &cases[i].user, cases[i].is_client, j);
            CU_ASSERT_EQUAL(error, cases[i].places[j] ? 0 : -ENOENT);
            if (!error && cases[i].places[j])
                CU_ASSERT_STRING_EQUAL(path, cases[i].places[j]);
        }
    char name[200];
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    CU_ASSERT_EQUAL(control_path(path, name, &cases[0].user, false, 0), -ENAMETOOLONG);
}

static void a_folder_of_others_is_refused(void)
{
    struct place place;
    char path[128];
    place_init(&place);
    snprintf(path, sizeof(path), "%s/sub/x.sock", place.folder);
    const struct control_user user = {.uid = geteuid()};
    CU_ASSERT_EQUAL(control_path_make_folder(path, &user), 0);
    CU_ASSERT_EQUAL(control_path_make_folder(path, &user), 0);
    char folder[128];
    snprintf(folder, sizeof(folder), "%s/sub", place.folder);
    CU_ASSERT_EQUAL(chmod(folder, 0770), 0);
    CU_ASSERT_EQUAL(control_path_make_folder(path, &user), -EPERM);
    rmdir(folder);
    CU_ASSERT_EQUAL(symlink("/tmp", folder), 0);
    CU_ASSERT_EQUAL(control_path_make_folder(path, &user), -EPERM);
    unlink(folder);
    place_fini(&place);
}

static void the_file_is_its_owners_alone_and_goes_with_it(void)
{
    struct place place;
    struct control_listen first;
    struct stat status;
    place_init(&place);
    CU_ASSERT_EQUAL_FATAL(control_listen_init(&first, place.path, false), 0);
    CU_ASSERT_EQUAL(lstat(place.path, &status), 0);
    CU_ASSERT_EQUAL(status.st_mode & 0777, 0600);
    struct control_listen second;
    CU_ASSERT_EQUAL(control_listen_init(&second, place.path, false), -EADDRINUSE);
    control_listen_fini(&second);
    control_listen_fini(&first);
    CU_ASSERT_EQUAL(lstat(place.path, &status), -1);
    CU_ASSERT_EQUAL_FATAL(control_listen_init(&first, place.path, true), 0);
    CU_ASSERT_EQUAL(lstat(place.path, &status), 0);
    CU_ASSERT_EQUAL(status.st_mode & 0777, 0660);
    control_listen_fini(&first);
    control_listen_fini(&first);
    control_listen_fini(NULL);
    place_fini(&place);
}

static void a_dead_ones_file_is_replaced(void)
{
    struct place place;
    struct control_listen dead;
    struct control_listen next;
    struct stat status;
    place_init(&place);
    CU_ASSERT_EQUAL_FATAL(control_listen_init(&dead, place.path, false), 0);
    close(dead.fd); /* as kill -9 leaves it */
    CU_ASSERT_EQUAL(lstat(place.path, &status), 0);
    CU_ASSERT_EQUAL(control_listen_init(&next, place.path, false), 0);
    /* What the dead one might still do to a file that is another's by now. */
    dead.fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    control_listen_fini(&dead);
    CU_ASSERT_EQUAL(lstat(place.path, &status), 0);
    control_listen_fini(&next);
    place_fini(&place);
}

static void something_else_is_not_touched(void)
{
    struct place place;
    struct control_listen file;
    struct stat status;
    place_init(&place);
    close(open(place.path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    CU_ASSERT_EQUAL(control_listen_init(&file, place.path, false), -EEXIST);
    CU_ASSERT_EQUAL(lstat(place.path, &status), 0);
    CU_ASSERT_EQUAL(control_listen_init(&file, "/nowhere/at/all.sock", false), -ENOENT);
    place_fini(&place);
}

/* Holds its socket until the go-ahead pipe is closed; its exit status says whether it had it. */
static void contend(const char *path, int start_pipe, int end_pipe)
{
    char byte;
    struct control_listen file;
    (void)!read(start_pipe, &byte, 1);
    const int error = control_listen_init(&file, path, false);
    if (!error)
        (void)!read(end_pipe, &byte, 1);
    _exit(error == 0 ? 0 : error == -EADDRINUSE ? 1 : 2);
}

static void of_many_that_start_at_once_one_has_it(void)
{
    struct place place;
    place_init(&place);
    for (int round = 0; round < 20; round++) { /* each leaves a stale file to the next */
        int begin[2];
        int end[2];
        CU_ASSERT_EQUAL_FATAL(pipe2(begin, O_CLOEXEC) | pipe2(end, O_CLOEXEC), 0);
        pid_t pids[6];
        for (int i = 0; i < 6; i++)
            if ((pids[i] = fork()) == 0) {
                close(begin[1]);
                close(end[1]);
                contend(place.path, begin[0], end[0]);
            }
        close(begin[0]);
        close(end[0]);
        close(begin[1]);
        int counts[3] = {0};
        for (int left = 6; left > 0; left--) {
            int status;
            /* Five are refused while one holds it; then it is let go. */
            if (left == 1)
                close(end[1]);
            CU_ASSERT_TRUE_FATAL(waitpid(-1, &status, 0) > 0);
            CU_ASSERT_TRUE_FATAL(WIFEXITED(status) && WEXITSTATUS(status) < 3);
            counts[WEXITSTATUS(status)]++;
        }
        CU_ASSERT_EQUAL(counts[0], 1);
        CU_ASSERT_EQUAL(counts[1], 5);
    }
    place_fini(&place);
}

const struct cunit_test tests[] = {
    {"places follow the user", places_follow_the_user},
    {"a folder of others is refused", a_folder_of_others_is_refused},
    {"the file is its owner's alone, and goes with it",
     the_file_is_its_owners_alone_and_goes_with_it},
    {"a dead one's file is replaced", a_dead_ones_file_is_replaced},
    {"something else is not touched", something_else_is_not_touched},
    {"of many that start at once, one has it", of_many_that_start_at_once_one_has_it},
    {NULL, NULL},
};
