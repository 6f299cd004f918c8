/* Finds the control socket's place, and its folder. */
#include "scheduler/control/control_path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct control_user control_user_of_process(void)
{
    return (struct control_user){.uid = geteuid(),
                                 .runtime_folder = secure_getenv("XDG_RUNTIME_DIR")};
}

int control_path(char *path, const char *name, const struct control_user *user, bool is_client,
                 unsigned place)
{
    const char *folder = user->runtime_folder;
    int length = -1;
    if (user->uid == 0 ? place == 0 : is_client && place == 1)
        length = snprintf(path, CONTROL_PATH_BYTES, "/run/joint/%s.sock", name);
    else if (user->uid != 0 && place == 0 && folder && folder[0] == '/')
        length = snprintf(path, CONTROL_PATH_BYTES, "%s/joint-%s.sock", folder, name);
    else if (user->uid != 0 && place == 0)
        length =
            snprintf(path, CONTROL_PATH_BYTES, "/tmp/joint-%u/%s.sock", (unsigned)user->uid, name);
    if (length < 0)
        return -ENOENT;
    return (unsigned)length < CONTROL_PATH_BYTES ? 0 : -ENAMETOOLONG;
}

int control_path_make_folder(const char *path, const struct control_user *user)
{
    char folder[CONTROL_PATH_BYTES];
    const char *slash = strrchr(path, '/');
    const size_t length = slash ? (size_t)(slash - path) : 0;
    if (length == 0 || length >= sizeof(folder))
        return length ? -ENAMETOOLONG : 0;
    memcpy(folder, path, length);
    folder[length] = '\0';
    if (mkdir(folder, user->uid == 0 ? 0755 : 0700) == 0)
        return 0;
    if (errno != EEXIST)
        return -errno;
    /* lstat: a link that somebody else put there is not followed. */
    struct stat status;
    if (lstat(folder, &status))
        return -errno;
    const bool is_ours = S_ISDIR(status.st_mode) && status.st_uid == user->uid &&
                         (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
    return is_ours ? 0 : -EPERM;
}
