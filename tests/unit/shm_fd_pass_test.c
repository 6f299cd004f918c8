/* Tests of shm/fd_pass.c: what arrives, what is refused, and that nothing stays open. */
#include "shm/fd_pass.h"
#include "tests/unit/cunit_main.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_count(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (dir && readdir(dir))
        count++;
    closedir(dir);
    return count;
}

static void passes_files_in_order(void)
{
    const int before = open_count();
    int sockets[2];
    CU_ASSERT_EQUAL_FATAL(fd_pass_pair(sockets), 0);
    int files[FD_PASS_MAX];
    int got[FD_PASS_MAX];
    struct stat sent;
    struct stat received;
    for (unsigned i = 0; i < FD_PASS_MAX; i++)
        files[i] = memfd_create("passed", MFD_CLOEXEC);
    for (unsigned count = 0; count <= FD_PASS_MAX; count++) {
        char text[8] = "unread";
        CU_ASSERT_EQUAL(fd_pass_send(sockets[0], "message", 8, files, count), 0);
        CU_ASSERT_EQUAL(fd_pass_receive(sockets[1], text, 8, got, FD_PASS_MAX), (int)count);
        CU_ASSERT_STRING_EQUAL(text, "message");
        for (unsigned i = 0; i < count; i++) {
            fstat(files[i], &sent);
            fstat(got[i], &received);
            CU_ASSERT_EQUAL(sent.st_ino, received.st_ino);
            CU_ASSERT_TRUE(fcntl(got[i], F_GETFD) & FD_CLOEXEC);
            close(got[i]);
        }
    }
    for (unsigned i = 0; i < FD_PASS_MAX; i++)
        close(files[i]);
    close(sockets[0]);
    close(sockets[1]);
    CU_ASSERT_EQUAL(open_count(), before);
}

static void refuses_what_was_not_asked_for(void)
{
    int sockets[2];
    CU_ASSERT_EQUAL_FATAL(fd_pass_pair(sockets), 0);
    const int before = open_count();
    const int fds[3] = {0, 1, 2};
    int got[3];
    char text[16];
    fd_pass_send(sockets[0], "message", 8, fds, 3);
    CU_ASSERT_EQUAL(fd_pass_receive(sockets[1], text, 8, got, 2), -EBADMSG); /* too many */
    fd_pass_send(sockets[0], "message", 8, fds, 3);
    CU_ASSERT_EQUAL(fd_pass_receive(sockets[1], text, 9, got, 3), -EBADMSG); /* too short */
    fd_pass_send(sockets[0], "message", 8, fds, 3);
    CU_ASSERT_EQUAL(fd_pass_receive(sockets[1], text, 7, got, 3), -EBADMSG); /* too long */
    fd_pass_send(sockets[0], "message", 8, fds, 1);
    CU_ASSERT_EQUAL(fd_pass_receive(sockets[1], text, 8, NULL, 0), -EBADMSG);
    CU_ASSERT_EQUAL(open_count(), before);
    CU_ASSERT_EQUAL(fd_pass_send(sockets[0], "message", 0, NULL, 0), -EINVAL);
    CU_ASSERT_EQUAL(fd_pass_send(sockets[0], "message", 8, fds, FD_PASS_MAX + 1), -EINVAL);
    close(sockets[0]);
    CU_ASSERT_EQUAL(fd_pass_receive(sockets[1], text, 8, got, 3), -EPIPE);
    CU_ASSERT_EQUAL(fd_pass_send(sockets[1], text, 8, NULL, 0), -EPIPE); /* and no signal */
    close(sockets[1]);
}

/* More descriptors in one message than fd_pass_send would put there. */
static void refuses_a_flood_of_descriptors(void)
{
    int sockets[2];
    CU_ASSERT_EQUAL_FATAL(fd_pass_pair(sockets), 0);
    const int before = open_count();
    int fds[200];
    for (int i = 0; i < 200; i++)
        fds[i] = 0;
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(fds))] = {0};
    char message[8] = "message";
    struct iovec part = {.iov_base = message, .iov_len = 8};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control,
                            .msg_controllen = sizeof(control)};
    struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(fds));
    memcpy(CMSG_DATA(rights), fds, sizeof(fds));
    CU_ASSERT_EQUAL(sendmsg(sockets[0], &header, 0), 8);
    char text[8];
    int got[4];
    CU_ASSERT_EQUAL(fd_pass_receive(sockets[1], text, 8, got, 4), -EBADMSG);
    CU_ASSERT_EQUAL(open_count(), before);
    close(sockets[0]);
    close(sockets[1]);
}

static void never_waits_to_send(void)
{
    int sockets[2];
    CU_ASSERT_EQUAL_FATAL(fd_pass_pair(sockets), 0);
    int error = 0;
    for (int i = 0; i < 100000 && !error; i++)
        error = fd_pass_send(sockets[0], "message", 8, NULL, 0);
    CU_ASSERT_EQUAL(error, -EAGAIN);
    close(sockets[0]);
    close(sockets[1]);
}

static void knows_the_peer(void)
{
    int sockets[2];
    CU_ASSERT_EQUAL_FATAL(fd_pass_pair(sockets), 0);
    pid_t pid = 0;
    uid_t uid = 12345;
    CU_ASSERT_EQUAL(fd_pass_peer(sockets[0], &pid, &uid), 0);
    CU_ASSERT_EQUAL(pid, getpid());
    CU_ASSERT_EQUAL(uid, getuid());
    CU_ASSERT_EQUAL(fd_pass_peer(-1, &pid, &uid), -EBADF);
    close(sockets[0]);
    close(sockets[1]);
}

const struct cunit_test tests[] = {
    {"descriptors arrive in order and close on exec", passes_files_in_order},
    {"a message that was not asked for leaves nothing open", refuses_what_was_not_asked_for},
    {"a flood of descriptors leaves nothing open", refuses_a_flood_of_descriptors},
    {"sending never waits", never_waits_to_send},
    {"the kernel says who the peer is", knows_the_peer},
    {NULL, NULL},
};
