/* Opening, mapping and slicing files of external data.
 *
 * The location comes from the model and is not trusted: it must be a plain relative path, and the
 * kernel resolves it beneath the model's folder, so that no ".." and no symbolic link leads out. */
#include "compute/onnx/onnx_external.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Why the location is not a plain path inside the folder, or NULL. */
static const char *problem_of(const char *location)
{
    if (location[0] == '\0')
        return "is empty";
    if (location[0] == '/')
        return "is absolute";
    for (const char *part = location; part; part = strchr(part, '/') ? strchr(part, '/') + 1 : NULL)
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0'))
            return "has a '..'";
    return NULL;
}

/* For kernels without openat2 (before 5.6): compare where the path really leads. */
static int open_beneath_by_name(int folder_fd, const char *location, int flags)
{
    char link[64], folder[PATH_MAX], target[PATH_MAX];
    int fd = openat(folder_fd, location, flags);
    if (fd < 0)
        return -errno;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", folder_fd);
    ssize_t folder_length = readlink(link, folder, sizeof(folder));
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, target, sizeof(target));
    /* The folder "/" ends in the slash that every other one is followed by. */
    size_t prefix = folder_length > 1 ? (size_t)folder_length : 0;
    if (folder_length > 0 && length > (ssize_t)prefix && length < (ssize_t)sizeof(target) &&
        memcmp(folder, target, prefix) == 0 && target[prefix] == '/')
        return fd;
    close(fd);
    return -EXDEV;
}

static int open_beneath(int folder_fd, const char *location)
{
    int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK; /* a FIFO must not hold us up */
    struct open_how how = {.flags = (uint64_t)flags,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    long fd = syscall(SYS_openat2, folder_fd, location, &how, sizeof(how));
    if (fd >= 0)
        return (int)fd;
    if (errno == ENOSYS || errno == EPERM) /* some sandboxes answer EPERM */
        return open_beneath_by_name(folder_fd, location, flags);
    return -errno;
}

static int map_file(struct onnx_reader *reader, const char *location, const char *what,
                    struct onnx_slice *file)
{
    int fd = open_beneath(reader->folder_fd, location);
    if (fd == -EXDEV || fd == -ELOOP)
        return onnx_fail(reader, -EACCES,
                         "%s has external data in '%s', which leads out of the model's folder; "
                         "place the file beside the model",
                         what, location);
    if (fd < 0)
        return onnx_fail(reader, fd, "%s has external data in '%s', which cannot be opened: %s",
                         what, location, strerror(-fd));
    struct stat status;
    void *address = NULL;
    int rc = 0;
    if (fstat(fd, &status))
        rc = -errno;
    else if (!S_ISREG(status.st_mode))
        rc = -EINVAL;
    else if (status.st_size > 0) {
        address = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        rc = address == MAP_FAILED ? -errno : 0;
    }
    close(fd);
    if (rc)
        return onnx_fail(reader, rc, "%s has external data in '%s', which cannot be mapped: %s",
                         what, location, rc == -EINVAL ? "not a regular file" : strerror(-rc));
    *file = (struct onnx_slice){.data = address, .size = address ? (size_t)status.st_size : 0};
    if (address && graph_own_mapping(reader->graph, address, file->size, true))
        return onnx_no_memory(reader);
    return 0;
}

/* The file at location, mapped at its first use. */
static int find_file(struct onnx_reader *reader, const char *location, const char *what,
                     struct onnx_slice *file)
{
    uint32_t number;
    if (name_map_find(&reader->externals, location, &number)) {
        *file = reader->external_files[number];
        return 0;
    }
    int rc = map_file(reader, location, what, file);
    if (rc)
        return rc;
    if (reader->external_count == reader->external_capacity) {
        size_t larger = reader->external_capacity ? reader->external_capacity * 2 : 4;
        struct onnx_slice *grown = reallocarray(reader->external_files, larger, sizeof(*grown));
        if (!grown)
            return onnx_no_memory(reader);
        reader->external_files = grown;
        reader->external_capacity = larger;
    }
    char *name = onnx_copy_string(reader, location);
    if (!name || name_map_add(&reader->externals, name, (uint32_t)reader->external_count))
        return onnx_no_memory(reader);
    reader->external_files[reader->external_count++] = *file;
    return 0;
}

/* A decimal number without sign or space; fallback where text is NULL. */
static bool parse_size(const char *text, uint64_t fallback, uint64_t *size)
{
    *size = text ? 0 : fallback;
    for (const char *c = text; c && *c; c++)
        if (*c < '0' || *c > '9' || __builtin_mul_overflow(*size, 10, size) ||
            __builtin_add_overflow(*size, (uint64_t)(*c - '0'), size))
            return false;
    return !text || *text;
}

int onnx_external_find(struct onnx_reader *reader, const struct onnx_external *external,
                       size_t needed_bytes, const char *what, struct onnx_slice *bytes)
{
    if (!external->location)
        return onnx_fail(reader, -EINVAL, "%s has external data without a location", what);
    if (reader->folder_fd < 0)
        return onnx_fail(reader, -EACCES,
                         "%s has external data in '%.200s', but none is allowed here; load the "
                         "model from its file",
                         what, external->location);
    const char *problem = problem_of(external->location);
    if (problem)
        return onnx_fail(reader, -EACCES,
                         "%s has external data in '%.200s', which %s; only files in the model's "
                         "folder are read",
                         what, external->location, problem);
    uint64_t offset, length;
    if (!parse_size(external->offset, 0, &offset) ||
        !parse_size(external->length, needed_bytes, &length))
        return onnx_fail(reader, -EINVAL,
                         "%s has external data whose offset or length is not a number", what);
    struct onnx_slice file = {0};
    int rc = find_file(reader, external->location, what, &file);
    if (rc)
        return rc;
    if (offset > file.size || length > file.size - offset)
        return onnx_fail(reader, -EINVAL,
                         "%s has external data at bytes %" PRIu64 " to %" PRIu64 " + %" PRIu64
                         " of '%.200s', which has %zu bytes; the file is cut off or "
                         "another one",
                         what, offset, offset, length, external->location, file.size);
    *bytes = (struct onnx_slice){.data = file.data + offset, .size = (size_t)length};
    return 0;
}
