/* Reads the kernel's files below a root folder. */
#include "scheduler/check/host.h"
#include "scheduler/config/value_list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_TEXT_BYTES = 16 << 20, CORES_TEXT_BYTES = 65536 };

int host_init(struct host *host, const char *root)
{
    *host = (struct host){.root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC)};
    host->is_live = strcmp(root, "/") == 0;
    return host->root_fd < 0 ? -errno : 0;
}

void host_fini(struct host *host)
{
    if (host && host->root_fd >= 0)
        close(host->root_fd);
    if (host)
        host->root_fd = -1;
}

static const char *below_root(const char *path)
{
    return path[0] == '/' ? path + strspn(path, "/") : path;
}

static int folder_of(const struct host *host, const char *path)
{
    return path[0] == '/' ? host->root_fd : AT_FDCWD;
}

bool host_has(const struct host *host, const char *path)
{
    return faccessat(folder_of(host, path), below_root(path), F_OK, 0) == 0;
}

static int open_file(const struct host *host, const char *path)
{
    int fd = openat(folder_of(host, path), below_root(path), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

/* Up to bytes of the file; the length or -errno. */
static long read_all(int fd, char *text, size_t bytes)
{
    size_t length = 0;
    while (length < bytes) {
        ssize_t count = read(fd, text + length, bytes - length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -errno;
        if (count == 0)
            break;
        length += (size_t)count;
    }
    return (long)length;
}

long host_read(const struct host *host, const char *path, char *text, size_t bytes)
{
    int fd = open_file(host, path);
    if (fd < 0)
        return fd;
    long length = read_all(fd, text, bytes - 1);
    close(fd);
    if (length < 0)
        return length;
    while (length > 0 && text[length - 1] == '\n')
        length--;
    text[length] = '\0';
    return length;
}

char *host_text(const struct host *host, const char *path)
{
    /* The kernel's files do not say how long they are. */
    for (size_t bytes = 65536; bytes <= MAX_TEXT_BYTES; bytes *= 4) {
        char *text = malloc(bytes);
        long length = text ? host_read(host, path, text, bytes) : -ENOMEM;
        if (length >= 0 && (size_t)length < bytes - 2)
            return text;
        free(text);
        if (length < 0)
            return NULL;
    }
    return NULL;
}

static int read_number(const char *text, uint64_t *number)
{
    if (*text < '0' || *text > '9')
        return -EINVAL;
    errno = 0;
    *number = strtoull(text, NULL, 10);
    return errno ? -EINVAL : 0;
}

int host_number(const struct host *host, const char *path, uint64_t *number)
{
    char text[32];
    long length = host_read(host, path, text, sizeof(text));
    return length < 0 ? (int)length : read_number(text, number);
}

int host_cores(const struct host *host, const char *path, struct config_cores *cores)
{
    *cores = (struct config_cores){0};
    char *text = malloc(CORES_TEXT_BYTES), why[320];
    long length = text ? host_read(host, path, text, CORES_TEXT_BYTES) : -ENOMEM;
    int error = length < 0 ? (int)length : config_cores_parse(cores, text, why, sizeof(why));
    free(text);
    if (error) {
        free(cores->items);
        *cores = (struct config_cores){0};
    }
    return error;
}

long host_link(const struct host *host, const char *path, char *text, size_t bytes)
{
    char target[1024];
    ssize_t length = readlinkat(folder_of(host, path), below_root(path), target, sizeof(target));
    if (length < 0)
        return -errno;
    const char *slash = memrchr(target, '/', (size_t)length);
    const char *last = slash ? slash + 1 : target;
    size_t count = (size_t)(target + length - last);
    if (count >= bytes)
        return -ENAMETOOLONG;
    memcpy(text, last, count);
    text[count] = '\0';
    return (long)count;
}

int host_field(const struct host *host, const char *path, const char *name, uint64_t *number)
{
    char *text = host_text(host, path);
    if (!text)
        return -ENOENT;
    int error = -ENOENT;
    size_t length = strlen(name);
    for (const char *line = text; line && error == -ENOENT;) {
        if (strncmp(line, name, length) == 0 && strchr(": \t", line[length])) {
            const char *value = line + length + strspn(line + length, ": \t");
            if (strncmp(value, "unlimited", 9) == 0) {
                *number = UINT64_MAX;
                error = 0;
            } else {
                error = read_number(value, number);
            }
        }
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    free(text);
    return error;
}
