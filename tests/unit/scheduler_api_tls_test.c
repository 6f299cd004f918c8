/* Tests of scheduler/api/tls.c. */
#include "scheduler/api/tls.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int file_of(const char *text, size_t bytes)
{
    const int fd = memfd_create("tls", MFD_CLOEXEC);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL_FATAL(write(fd, text, bytes), (ssize_t)bytes);
    return fd;
}

static void both_files_are_read_from_their_start(void)
{
    struct tls tls = {0};
    const int fds[2] = {file_of("certificate", 11), file_of("key", 3)};
    CU_ASSERT_EQUAL(tls_read(&tls, fds), 0);
    CU_ASSERT_STRING_EQUAL(tls.certificate, "certificate");
    CU_ASSERT_STRING_EQUAL(tls.key, "key");
    CU_ASSERT_EQUAL(tls.number, 1);
    CU_ASSERT_EQUAL(tls_read(&tls, fds), 0);
    CU_ASSERT_EQUAL(tls.number, 2);
    tls_fini(&tls);
    CU_ASSERT_PTR_NULL(tls.key);
    close(fds[0]);
    close(fds[1]);
}

static void what_cannot_be_read_leaves_all_as_it_was(void)
{
    struct tls tls = {0};
    char *large = calloc(1, 1 << 20);
    int fds[2] = {file_of("certificate", 11), file_of("key", 3)};
    CU_ASSERT_EQUAL(tls_read(&tls, fds), 0);
    memset(large, 'x', 1 << 20);
    const int bad[3] = {file_of(large, 1 << 20), -1, -1};
    int pipe_fds[2];
    CU_ASSERT_EQUAL_FATAL(pipe(pipe_fds), 0);
    const int errors[3] = {-EFBIG, -EBADF, -ESPIPE};
    for (int i = 0; i < 3; i++)
        for (int which = 0; which < 2; which++) {
            int now[2] = {fds[0], fds[1]};
            now[which] = i == 2 ? pipe_fds[0] : bad[i];
            CU_ASSERT_EQUAL(tls_read(&tls, now), errors[i]);
            CU_ASSERT_STRING_EQUAL(tls.certificate, "certificate");
            CU_ASSERT_STRING_EQUAL(tls.key, "key");
            CU_ASSERT_EQUAL(tls.number, 1);
        }
    tls_fini(&tls);
    close(bad[0]);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    close(fds[0]);
    close(fds[1]);
    free(large);
}

const struct cunit_test tests[] = {
    {"both files are read from their start", both_files_are_read_from_their_start},
    {"what cannot be read leaves all as it was", what_cannot_be_read_leaves_all_as_it_was},
    {NULL, NULL},
};
