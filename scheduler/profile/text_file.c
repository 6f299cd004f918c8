/* Reads a file within a limit, and replaces one whole. */
#include "scheduler/profile/text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int make_room(struct text_file *file, size_t *capacity)
{
    if (file->size < *capacity)
        return 0;
    size_t wanted = *capacity ? *capacity * 2 : 65536;
    char *bytes = realloc(file->bytes, wanted);
    if (!bytes)
        return -ENOMEM;
    file->bytes = bytes;
    *capacity = wanted;
    return 0;
}

static int read_all(struct text_file *file, int fd, size_t max_bytes)
{
    size_t capacity = 0;
    for (;;) {
        int err = make_room(file, &capacity);
        if (err)
            return err;
        ssize_t count = read(fd, file->bytes + file->size, capacity - file->size);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -errno;
        if (!count)
            return 0;
        file->size += (size_t)count;
        if (file->size > max_bytes)
            return -EFBIG;
    }
}

int text_file_read(struct text_file *file, const char *path, size_t max_bytes,
                   struct file_error *error)
{
    *file = (struct text_file){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return file_error_set(error, -errno, path, "%s", strerror(errno));
    int err = read_all(file, fd, max_bytes);
    close(fd);
    if (!err)
        return 0;
    text_file_fini(file);
    if (err == -EFBIG)
        return file_error_set(error, err, path, "is larger than %zu MiB, the most that is read",
                              max_bytes >> 20);
    return file_error_set(error, err, path, "cannot be read: %s", strerror(-err));
}

void text_file_fini(struct text_file *file)
{
    if (!file)
        return;
    free(file->bytes);
    *file = (struct text_file){0};
}

static int write_all(int fd, const char *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t written = write(fd, bytes + done, size - done);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -errno;
        done += (size_t)written;
    }
    return 0;
}

static int write_and_close(int fd, const char *bytes, size_t size)
{
    if (fd < 0)
        return -errno;
    int err = write_all(fd, bytes, size);
    if (close(fd) && !err)
        err = -errno;
    return err;
}

static int replace_beside(const char *path, const char *bytes, size_t size)
{
    char beside[PATH_MAX];
    int length = snprintf(beside, sizeof(beside), "%s.%ld.tmp", path, (long)getpid());
    if (length < 0 || (size_t)length >= sizeof(beside))
        return -ENAMETOOLONG;
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0)
        return -errno;
    int err = write_and_close(fd, bytes, size);
    if (!err && rename(beside, path))
        err = -errno;
    if (err)
        unlink(beside);
    return err;
}

int text_file_replace(const char *path, const char *bytes, size_t size, struct file_error *error)
{
    struct stat status;
    char real[PATH_MAX];
    bool has_file = stat(path, &status) == 0;
    int err;
    if (has_file && !S_ISREG(status.st_mode))
        err = write_and_close(open(path, O_WRONLY | O_CLOEXEC), bytes, size);
    else /* through a symbolic link, the file that it names is replaced, not the link */
        err = replace_beside(has_file && realpath(path, real) ? real : path, bytes, size);
    if (err)
        return file_error_set(error, err, path, "cannot be written: %s", strerror(-err));
    return 0;
}
