/* Makes the socket's file. While it looks whether the one that lies there is dead, takes it away
 * and makes its own, it holds a lock on the folder: otherwise, of two that start at once, one would
 * take the other's new file away. */
#include "scheduler/control/control_listen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define BACKLOG 16
#define LOCK_TRIES 100
#define LOCK_PAUSE_NS 10000000

static int open_socket(void)
{
    const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return fd < 0 ? -errno : fd;
}

/* The path fits: control_listen_init looked. */
static struct sockaddr_un address_of(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, strlen(path) + 1);
    return address;
}

/* The folder's descriptor with the lock, or -errno. */
static int lock_folder(const char *path)
{
    char folder[CONTROL_PATH_BYTES];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof(folder), "%.*s/", slash ? (int)(slash - path) : 1, slash ? path : ".");
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return fd;
        const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
        nanosleep(&pause, NULL);
    }
    close(fd);
    return -EBUSY;
}

/* Takes a dead one's file away: 0; -EADDRINUSE if it lives, however full its queue is. */
static int clear_path(const char *path)
{
    struct stat status;
    if (lstat(path, &status))
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(status.st_mode))
        return -EEXIST;
    const int fd = open_socket();
    if (fd < 0)
        return fd;
    const struct sockaddr_un address = address_of(path);
    const int error =
        connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 ? 0 : errno;
    close(fd);
    if (error != ECONNREFUSED)
        return -EADDRINUSE;
    return unlink(path) && errno != ENOENT ? -errno : 0;
}

static void close_both(struct control_listen *file)
{
    if (file->fd >= 0)
        close(file->fd);
    if (file->file_fd >= 0)
        close(file->file_fd);
    file->fd = file->file_fd = -1;
}

static int make_file(struct control_listen *file, bool is_for_group)
{
    const struct sockaddr_un address = address_of(file->path);
    if (bind(file->fd, (const struct sockaddr *)&address, sizeof(address)))
        return -errno;
    file->file_fd = open(file->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    /* Nobody can connect before listen, so the file has its mode in time. */
    if (file->file_fd < 0 || chmod(file->path, is_for_group ? 0660 : 0600) ||
        listen(file->fd, BACKLOG)) {
        const int error = -errno;
        unlink(file->path);
        return error;
    }
    return 0;
}

int control_listen_init(struct control_listen *file, const char *path, bool is_for_group)
{
    *file = (struct control_listen){.fd = -1, .file_fd = -1};
    if (strlen(path) >= sizeof(file->path))
        return -ENAMETOOLONG;
    memcpy(file->path, path, strlen(path) + 1);
    const int folder = lock_folder(path);
    if (folder < 0)
        return folder;
    int error = clear_path(path);
    if (!error) {
        file->fd = open_socket();
        error = file->fd < 0 ? file->fd : make_file(file, is_for_group);
    }
    close(folder); /* and the lock with it */
    if (error)
        close_both(file);
    return error;
}

static bool is_ours(const struct control_listen *file)
{
    struct stat made;
    struct stat there;
    return fstat(file->file_fd, &made) == 0 && lstat(file->path, &there) == 0 &&
           made.st_dev == there.st_dev && made.st_ino == there.st_ino;
}

void control_listen_fini(struct control_listen *file)
{
    if (!file || file->fd < 0 || !file->path[0])
        return;
    if (is_ours(file))
        unlink(file->path);
    close_both(file);
}
