/* Tests of scheduler/supervise/notify.c against sockets as systemd makes them. */
#include "scheduler/supervise/notify.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Bound to the name; '@' stands for the 0 of an abstract one. */
static int bind_to(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, name, strlen(name));
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const socklen_t bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    CU_ASSERT_EQUAL_FATAL(bind(fd, (const struct sockaddr *)&address, bytes), 0);
    return fd;
}

static void arrives(const char *name)
{
    char text[64] = "";
    const int fd = bind_to(name);
    CU_ASSERT_EQUAL(notify_say(name, "READY=1\nSTATUS=serves"), 0);
    CU_ASSERT_TRUE(recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT) > 0);
    CU_ASSERT_STRING_EQUAL(text, "READY=1\nSTATUS=serves");
    /* One that nobody reads fills up, and is not waited for. */
    int error = 0;
    for (int i = 0; i < 100000 && !error; i++)
        error = notify_say(name, "STATUS=again");
    CU_ASSERT_EQUAL(error, -EAGAIN);
    close(fd);
}

static void a_message_arrives_at_a_path_and_at_an_abstract_name(void)
{
    char folder[] = "/tmp/joint-notify-XXXXXX";
    char name[64];
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(name, sizeof(name), "%s/notify", folder);
    arrives(name);
    unlink(name);
    rmdir(folder);
    snprintf(name, sizeof(name), "@joint-notify-%d", (int)getpid());
    arrives(name);
}

static void nobody_who_listens_is_no_harm(void)
{
    char name[200];
    memset(name, 'x', sizeof(name) - 1);
    name[0] = '/';
    name[sizeof(name) - 1] = '\0';
    CU_ASSERT_EQUAL(notify_say(NULL, "READY=1"), 0);
    CU_ASSERT_EQUAL(notify_say("", "READY=1"), 0);
    CU_ASSERT_EQUAL(notify_say("/nowhere/notify", "READY=1"), -ENOENT);
    CU_ASSERT_EQUAL(notify_say("relative", "READY=1"), -EINVAL);
    CU_ASSERT_EQUAL(notify_say(name, "READY=1"), -ENAMETOOLONG);
}

const struct cunit_test tests[] = {
    {"a message arrives, at a path and at an abstract name",
     a_message_arrives_at_a_path_and_at_an_abstract_name},
    {"nobody who listens is no harm", nobody_who_listens_is_no_harm},
    {NULL, NULL},
};
